"""What comes over a shop radio and is nobody speaking: at least 500 clips in which no name may be found.

Made by code from a seed, so nothing is recorded anywhere: static, squelch, tones and signalling, alarms, hum, tills, music, wind, clicks, shop babble
(several nonsense utterances over one another, or backwards), and a voice that hums without words. Most go through a radio channel as well, the vocoder
included, which turns tones into something like speech. Runs in the environment for audio (the babble is spoken by hibari-tts).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench._names_corpus import PROFILES, Row, Tools, corpus_folder, tools, write_truth
from bench._names_environment import CACHE, run_inside

RATE = 16_000

Samples = npt.NDArray[np.float64]
Draw = np.random.Generator

NONSENSE = (
    "two pounds fifty please, have you got a loyalty card", "mind the pram, thank you", "is this the queue for returns", "they had it in blue last week",
    "batch and glimmer, forthing wend alown", "I said no more sweets before tea", "could a supervisor come to till four", "plenter omby dascal roan",
    "excuse me where do you keep the candles", "that's never nine ninety nine", "hold my hand, don't run", "vorrin apple tesk mallow tum",
    "any size six in the back", "shall we get a coffee after", "do you want the receipt in the bag", "buy one get one free until Sunday",
)  # fmt: skip
"""Shop talk in which nobody is named, and words of no language."""

# ETSI TS 101 041-2 for DTMF; ZVEI 1 for five-tone calls: 70 ms each, a repeated digit sent as the repeat tone.
DTMF = {digit: (row, column) for row, digits in ((697, "123A"), (770, "456B"), (852, "789C"), (941, "*0#D"))
        for digit, column in zip(digits, (1209, 1336, 1477, 1633), strict=True)}  # fmt: skip
ZVEI = (2400, 1060, 1160, 1270, 1400, 1530, 1670, 1830, 2000, 2200)
ZVEI_REPEAT = 2600


def band(noise: Samples, low: float, high: float, tilt_db: float = 0.0) -> Samples:
    """Keep a band of frequencies, with a slope of `tilt_db` per octave around 1 kHz."""
    spectrum = np.fft.rfft(noise)
    hertz = np.fft.rfftfreq(len(noise), 1 / RATE)
    slope = (np.maximum(hertz, 20.0) / 1000.0) ** (tilt_db / 6.02)
    return np.fft.irfft(spectrum * slope * ((hertz >= low) & (hertz <= high)), len(noise))


def tone(hertz: float | Samples, seconds: float, harmonics: int = 1) -> Samples:
    """A tone, or a glide when an array of frequencies is given, with soft ends."""
    n = int(seconds * RATE)
    path = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, np.size(hertz)), np.atleast_1d(hertz))
    phase = 2 * np.pi * np.cumsum(path) / RATE
    sound = sum((np.sin(phase * k) / k for k in range(1, harmonics + 1)), np.zeros(n))
    edge = np.minimum(1, np.minimum(np.arange(n), np.arange(n)[::-1]) / (0.004 * RATE))
    return np.asarray(sound * edge)


def rest(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE))


def looped(parts: Sequence[Samples], seconds: float) -> Samples:
    """The parts over and over until the time is filled."""
    once = np.concatenate(list(parts))
    return np.tile(once, int(np.ceil(seconds * RATE / len(once))))[: int(seconds * RATE)]


def static(s: float, draw: Draw) -> Samples:
    noise = band(draw.standard_normal(int(s * RATE)), 300, 3400, draw.uniform(0, 6))
    return noise * (1 + draw.uniform(0, 0.8) * np.sin(2 * np.pi * draw.uniform(0.2, 3) * np.arange(len(noise)) / RATE))


def squelch(s: float, draw: Draw) -> Samples:
    """Short bursts of discriminator noise as the squelch opens and shuts."""
    sound = rest(s)
    for _ in range(int(draw.integers(1, 6))):
        burst = band(draw.standard_normal(int(draw.uniform(0.04, 0.6) * RATE)), 300, 3400, 6)
        at = int(draw.integers(0, max(1, len(sound) - len(burst))))
        sound[at : at + len(burst)] += burst[: len(sound) - at]
    return sound


def single_tone(s: float, draw: Draw) -> Samples:
    return looped([tone(draw.uniform(350, 2800), draw.uniform(0.2, s)), rest(draw.uniform(0, 0.5))], s)


def dual_tone(s: float, draw: Draw) -> Samples:
    length = draw.uniform(0.3, s)
    return looped(
        [tone(draw.uniform(350, 900), length) + tone(draw.uniform(900, 2400), length), rest(draw.uniform(0, 0.8))], s
    )


def dtmf(s: float, draw: Draw) -> Samples:
    digits = draw.choice(list(DTMF), size=int(draw.integers(3, 12)))
    parts = [part for digit in digits for part in (tone(DTMF[digit][0], 0.1) + tone(DTMF[digit][1], 0.1), rest(0.06))]
    return looped([*parts, rest(0.7)], s)


def five_tone(s: float, draw: Draw) -> Samples:
    digits = draw.integers(0, 10, size=5)
    sent = [ZVEI_REPEAT if i and digits[i] == digits[i - 1] else ZVEI[digit] for i, digit in enumerate(digits)]
    return looped([*(tone(hertz, 0.07) for hertz in sent), rest(draw.uniform(0.6, 2.0))], s)


def alarm(s: float, draw: Draw) -> Samples:
    step = draw.uniform(0.1, 0.5)
    return looped(
        [tone(draw.uniform(700, 900), step, 5), tone(draw.uniform(950, 2900), step, 3), rest(draw.choice([0.0, 0.2]))],
        s,
    )


def siren(s: float, draw: Draw) -> Samples:
    period = draw.choice([0.3, 0.35, 2.5, 4.0])
    low, high = draw.uniform(400, 650), draw.uniform(1300, 1700)
    return looped([tone(np.array([low, high, low]), period, 4)], s)


def hum(s: float, draw: Draw) -> Samples:
    n = int(s * RATE)
    sound = sum(
        (
            np.sin(2 * np.pi * 50 * k * np.arange(n) / RATE + draw.uniform(0, 6)) * draw.uniform(0.1, 1)
            for k in range(1, 16)
        ),
        np.zeros(n),
    )
    return np.asarray(sound) + 0.1 * band(draw.standard_normal(n), 50, 4000, -3)


def tills(s: float, draw: Draw) -> Samples:
    sound = 0.03 * band(draw.standard_normal(int(s * RATE)), 100, 4000, -4)
    for _ in range(int(s * draw.uniform(1, 3))):
        blip = tone(draw.choice([1950.0, 2400.0, 2800.0]), draw.uniform(0.05, 0.15), 2)
        at = int(draw.integers(0, len(sound) - len(blip)))
        sound[at : at + len(blip)] += blip
    return sound


def music(s: float, draw: Draw) -> Samples:
    """Chords, a tune and drums: what a shop's ceiling plays."""
    beat = 60 / draw.uniform(80, 140)
    root = draw.uniform(110, 220)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    bars = []
    for degree in draw.permutation([0, 3, 4, 5, 0, 3, 4, 0]):
        chord = sum(
            (tone(root * 2 ** ((scale[(degree + k) % 7]) / 12), beat * 4, 6) for k in (0, 2, 4)),
            np.zeros(int(beat * 4 * RATE)),
        )
        tune = np.concatenate([tone(2 * root * 2 ** (scale[draw.integers(0, 8)] / 12), beat, 4) for _ in range(4)])
        drums = np.zeros(len(chord))
        for hit in range(8):
            length = int(0.08 * RATE)
            at = min(int(hit * beat / 2 * RATE), len(drums) - length)
            drums[at : at + length] += draw.standard_normal(length) * np.exp(-np.arange(length) / (0.015 * RATE))
        n = min(len(chord), len(tune))
        bars.append(0.4 * np.asarray(chord)[:n] + 0.6 * tune[:n] + 0.7 * drums[:n])
    return looped(bars, s)


def humming(s: float, draw: Draw) -> Samples:
    """A voice without words: pulses at a wandering pitch through moving resonances."""
    n = int(s * RATE)
    pitch = np.interp(
        np.arange(n), np.linspace(0, n, int(s * 3) + 2), draw.uniform(90, 260) * draw.uniform(0.8, 1.25, int(s * 3) + 2)
    )
    pulses = (np.diff(np.floor(np.cumsum(pitch) / RATE), prepend=0) > 0).astype(float)
    block = 1600
    parts = []
    for start in range(0, n, block):
        piece = np.fft.rfft(pulses[start : start + block], 2 * block)
        hertz = np.fft.rfftfreq(2 * block, 1 / RATE)
        gain = sum(
            (1 / (1 + ((hertz - f) / 90) ** 2) for f in (draw.uniform(250, 800), draw.uniform(900, 2200), 2700.0)),
            np.zeros(len(hertz)),
        )
        parts.append(np.fft.irfft(piece * gain, 2 * block)[:block])
    return np.concatenate(parts)[:n]


def clicks(s: float, draw: Draw) -> Samples:
    sound = 0.01 * draw.standard_normal(int(s * RATE))
    for _ in range(int(draw.integers(1, 25))):
        length = int(draw.uniform(0.001, 0.02) * RATE)
        at = int(draw.integers(0, len(sound) - length))
        sound[at : at + length] += (
            draw.standard_normal(length) * np.exp(-np.arange(length) / (length / 4)) * draw.uniform(0.3, 2)
        )
    return sound


def wind(s: float, draw: Draw) -> Samples:
    n = int(s * RATE)
    gusts = np.interp(np.arange(n), np.linspace(0, n, int(s * 2) + 2), draw.uniform(0.05, 1, int(s * 2) + 2))
    return band(draw.standard_normal(n), 30, 1500, -6) * gusts


def silence(s: float, draw: Draw) -> Samples:
    """An open carrier with nothing on it: the least significant bits only."""
    return draw.integers(-2, 3, int(s * RATE)) / 32768


def breath(s: float, draw: Draw) -> Samples:
    """The button held by mistake: cloth and breathing."""
    n = int(s * RATE)
    slow = np.abs(np.sin(np.pi * draw.uniform(0.25, 0.5) * np.arange(n) / RATE)) ** 2
    return np.asarray(band(draw.standard_normal(n), 200, 3500, -2) * slow + 0.5 * clicks(s, draw))


Maker = Callable[[float, Draw], Samples]
WORDLESS: dict[str, Maker] = {
    "static": static, "squelch": squelch, "tone": single_tone, "dual_tone": dual_tone, "dtmf": dtmf, "five_tone": five_tone, "alarm": alarm,
    "siren": siren, "hum": hum, "till": tills, "music": music, "humming": humming, "clicks": clicks, "wind": wind, "silence": silence, "breath": breath,
}  # fmt: skip
SPOKEN = ("babble", "backwards")
AS_IT_IS = ("static", "squelch", "silence")
"""Kinds that a receiver makes by itself: no channel before them."""


def babble(s: float, draw: Draw, speak: Callable[[str], Samples], backwards: bool) -> Samples:
    """Four to six voices over one another; or two, backwards."""
    n = int(s * RATE)
    crowd = np.zeros(n)
    for text in draw.choice(NONSENSE, size=2 if backwards else int(draw.integers(4, 7)), replace=False):
        voice = np.tile(speak(str(text)), 4)
        start = int(draw.integers(0, max(1, len(voice) - n)))
        piece = voice[start : start + n]
        crowd[: len(piece)] += (piece[::-1] if backwards else piece) * draw.uniform(0.5, 1)
    return band(crowd, 200, draw.uniform(1200, 3400), -4) + 0.05 * static(s, draw)[:n]


def build(out: Path, speech: Path, given: Tools, each: int, seed: int) -> int:
    """Make the folder: WAV files, truth.jsonl, DONE. How many clips."""
    import soundfile

    from bench._names_voices import Spoken

    spoken = Spoken(speech, given.voices)
    out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for kind_number, kind in enumerate((*WORDLESS, *SPOKEN)):
        for number in range(each):
            draw = np.random.default_rng([seed, kind_number, number])
            seconds = float(draw.uniform(2, 8))
            if kind in WORDLESS:
                sound = WORDLESS[kind](seconds, draw)
            else:
                sound = babble(seconds, draw, lambda text: spoken("heart-1.0", text).astype(float), kind == "backwards")
            profile = "clean" if kind in AS_IT_IS else str(draw.choice(PROFILES))
            if kind == "silence":
                audio = sound
            else:
                audio = sound * (draw.uniform(0.03, 0.25) / max(1e-9, float(np.sqrt(np.mean(sound**2)))))
                if kind not in AS_IT_IS:
                    audio = given.channel.through(profile, audio.astype(np.float32), draw)
            name = f"N-{kind}-{number:02d}-{profile}.wav"
            soundfile.write(out / name, np.clip(audio, -1, 1), RATE, subtype="PCM_16")
            rows.append(
                {"file": name, "voice": "noise", "profile": profile, "kind": kind, "call": f"N-{kind}-{number:02d}", "segment": 0, "text": "",
                 "intent": "chatter" if kind == "babble" else "unintelligible", "people": [], "alert": [], "may_alert": []}
            )  # fmt: skip
    write_truth(out, rows)
    (out / "DONE").write_text(f"{len(rows)} clips, seed {seed}\n")
    return len(rows)


@dataclass(frozen=True, slots=True)
class Noises:
    """A set of clips."""

    folder: str
    each: int
    """Clips of each kind."""
    seed: int


REPORTED = Noises("noise", 28, 5)
"""18 kinds: 504 clips. No figure is reported on others, nothing is fitted on these."""
FITTING = Noises("noise-fit", 8, 6)
"""144 others, for the model to learn what names look like that nobody said."""


def make(python: Path, which: Noises = REPORTED, cache: Path = CACHE, corpus: Path | None = None) -> Path:
    """Bring a folder up to date with the environment whose `python` is given, and return it.

    Raises:
        CorpusMissingError: see `corpus_folder`.
        subprocess.CalledProcessError: the environment's own words are on the terminal.
    """
    folder, out = corpus_folder(corpus), cache / which.folder
    done, count = out / "DONE", which.each * (len(WORDLESS) + len(SPOKEN))
    if not (done.is_file() and done.read_text() == f"{count} clips, seed {which.seed}\n"):
        run_inside(
            python, "bench._names_noise",
            ["--out", out, "--speech", cache / "speech", "--corpus", folder, "--each", which.each, "--seed", which.seed],
        )  # fmt: skip
    return out


def main(argv: Sequence[str] | None = None) -> int:
    """The side that runs inside the environment for audio."""
    parser = argparse.ArgumentParser(prog="python -m bench._names_noise", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--each", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--speech", type=Path, default=CACHE / "speech")
    parser.add_argument("--corpus", type=Path)
    options = parser.parse_args(argv)
    from bench._names_voices import one_thread

    one_thread()
    print(
        f"{build(options.out, options.speech, tools(options.corpus), options.each, options.seed)} clips in {options.out}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
