"""Sound for measuring signalling: hours of speech and noise that hold none, and calls with noise and speech over them.

Speech is spoken by espeak-ng (every variant of its voices, speeds and pitches at random, no two pieces alike), by the packaged
voice, and by the few people in Debian's pocketsphinx-testdata; the last two are short and are used again and again, slowed down or
sped up by up to 15 %, so they are hours only by name. Noise is of the kinds that open a squelch. Everything goes through a
300-3000 Hz radio channel with a limiter and noise of its own.
"""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.encoder import FRESH_SENTENCES, SENTENCES

RATE = 16_000
Sound = npt.NDArray[np.float32]
SPHINX = Path("/usr/share/pocketsphinx/test/data")
CALLS = Path(__file__).parent / "names_data"

VARIANTS = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5", "whisper", "whisperf", "croak",
    "klatt", "klatt2", "klatt3", "klatt4", "klatt5", "klatt6", "grandma", "grandpa", "Adam", "Alex", "Alicia",
    "Andrea", "Andy", "Annie", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david", "Denis",
    "Diogo", "ed", "edward", "edward2", "Gene", "Gene2", "gustave", "Henrique", "Hugo", "iven", "iven2", "iven3",
    "iven4", "Jacky", "Lee", "linda", "marcelo", "Marco", "Mario", "max", "Michael", "michel", "miguel", "Mike",
    "Nguyen", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph", "steph2", "steph3",
    "Storm", "travis", "Tweaky", "victor", "Zac", "anika", "AnxiousAndy",
)  # fmt: skip
"""espeak-ng's, without the robots, which speak in one tone: no radio carries those."""
LANGUAGES = ("en-gb", "en-gb-scotland", "en-us", "en-gb-x-rp", "en-gb-x-gbclan", "en-029", "en-gb-x-gbcwmd")


@cache
def sentences() -> tuple[str, ...]:
    """What is said: written radio calls."""
    rows = [
        json.loads(line)["text"]
        for name in ("calls-tune.jsonl", "calls-report.jsonl")
        for line in (CALLS / name).read_text().splitlines()
    ]
    return (*rows, *SENTENCES, *FRESH_SENTENCES)


def in_band(sound: npt.NDArray[np.floating], low: float = 300, high: float = 3000) -> Sound:
    """The voice band of a radio channel."""
    padded = 1 << max(4, (len(sound) - 1).bit_length())
    spectrum = np.fft.rfft(sound, padded)
    hertz = np.fft.rfftfreq(padded, 1 / RATE)
    spectrum *= 1 / (1 + (low / np.maximum(hertz, 1)) ** 8) / (1 + (hertz / high) ** 8)
    return np.fft.irfft(spectrum, padded)[: len(sound)].astype(np.float32)


def rms(sound: npt.NDArray[np.floating]) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if len(sound) else 0.0


def spoken(dice: np.random.Generator, count: int = 6) -> Sound:
    """Some sentences by espeak-ng, by a voice, speed and pitch at random."""
    import soundfile
    import soxr

    text = " ".join(dice.choice(sentences(), count))
    voice = f"{dice.choice(LANGUAGES)}+{dice.choice(VARIANTS)}"
    command = [
        "espeak-ng",
        "-v",
        voice,
        "-s",
        str(dice.integers(120, 240)),
        "-p",
        str(dice.integers(5, 95)),
        "--stdout",
    ]
    wave = subprocess.run([*command, text], capture_output=True, check=True).stdout
    samples, rate = soundfile.read(io.BytesIO(wave), dtype="float32")
    made: Sound = soxr.resample(samples, rate, RATE).astype(np.float32)
    return made


@cache
def packaged_voice() -> Sound:
    """Two minutes or so of the packaged neural voice."""
    import hibari
    import soxr

    voice = hibari.Hibari()
    parts = [np.asarray(voice(text, speed=1.0, seed=n), np.float32) for n, text in enumerate(SENTENCES[:30])]
    made: Sound = soxr.resample(np.concatenate(parts), 24_000, RATE).astype(np.float32)
    return made


@cache
def people() -> Sound:
    """The readings of Debian's pocketsphinx-testdata, one after the other."""
    import soundfile
    import soxr

    parts: list[Sound] = []
    for path in sorted([*SPHINX.rglob("*.wav"), *SPHINX.rglob("*.raw")]):
        if path.suffix == ".raw":
            samples, rate = np.fromfile(path, "<i2").astype(np.float32) / 32768, 16_000
        else:
            samples, rate = soundfile.read(path, dtype="float32")
        part = soxr.resample(samples, rate, RATE).astype(np.float32)
        parts.append(part / max(rms(part), 1e-6) * 0.1)
    return np.concatenate(parts)


def again(base: Sound, dice: np.random.Generator, seconds: float) -> Sound:
    """A piece of a recording, at another speed and pitch."""
    import soxr

    quicker = dice.uniform(0.87, 1.15)
    need = min(len(base), round(seconds * RATE * quicker))
    start = int(dice.integers(0, len(base) - need + 1))
    made: Sound = soxr.resample(base[start : start + need], RATE, RATE / quicker).astype(np.float32)
    return made


def through_radio(sound: Sound, dice: np.random.Generator) -> npt.NDArray[np.int16]:
    """Limiter, band, noise 3 to 30 dB below, at any level from -36 to -8 dBFS."""
    loud = np.tanh(dice.uniform(0.5, 5) * sound / (np.abs(sound).max() + 1e-9))
    clean, noise = in_band(loud), in_band(dice.standard_normal(len(sound)))
    noise *= rms(clean) / max(rms(noise), 1e-9) * 10 ** (-dice.uniform(3, 30) / 20)
    both = clean + noise
    both *= 10 ** (dice.uniform(-36, -8) / 20) / max(rms(both), 1e-9)
    made: npt.NDArray[np.int16] = np.clip(both * 32768, -32768, 32767).astype(np.int16)
    return made


def noises(dice: np.random.Generator, seconds: float) -> Sound:
    """One kind of noise."""
    n = round(seconds * RATE)
    at = np.arange(n) / RATE
    white = dice.standard_normal(n).astype(np.float32)
    match int(dice.integers(0, 8)):
        case 0:  # an open squelch
            return white
        case 1:  # squelch bursts
            on = np.repeat(dice.random(n // 800 + 1) < 0.3, 800)[:n]
            return white * on
        case 2:  # wind and rumble
            spectrum = np.fft.rfft(white)
            spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20))
            return np.fft.irfft(spectrum, n).astype(np.float32)
        case 3:  # crackle of ignitions
            hits = (dice.random(n) < dice.uniform(20, 400) / RATE) * white * 20
            return np.convolve(hits, np.exp(-np.arange(80) / 15), "same").astype(np.float32)
        case 4:  # hum of a bad power supply, with many harmonics
            hum = sum(np.sin(2 * np.pi * 50 * k * at + dice.uniform(0, 6)) / k for k in range(1, 50))
            return (hum + 0.1 * white).astype(np.float32)
        case 5:  # whistles that wander: another carrier close by
            wander = np.interp(
                at,
                np.arange(0, seconds + 1, 0.5),
                dice.uniform(300, 3000, int(seconds * 2) + 3)[: len(np.arange(0, seconds + 1, 0.5))],
            )
            made: Sound = (np.sin(2 * np.pi * np.cumsum(wander) / RATE) + 0.2 * white).astype(np.float32)
            return made
        case 6:  # machines: harmonics of something between 60 and 200 Hz that changes slowly
            base = np.interp(at, [0, seconds / 2, seconds], dice.uniform(60, 200, 3))
            turns = 2 * np.pi * np.cumsum(base) / RATE
            return (sum(np.sin(k * turns + dice.uniform(0, 6)) / k for k in range(1, 15)) + 0.2 * white).astype(
                np.float32
            )
        case _:  # sirens and shop alarms: two or three tones by turns, or a rising one
            pitch = dice.uniform(500, 2500, int(dice.integers(2, 4)))
            step = dice.uniform(0.05, 0.6)
            tone = pitch[(at / step).astype(int) % len(pitch)]
            alarm: Sound = (np.sin(2 * np.pi * np.cumsum(tone) / RATE) + 0.1 * white).astype(np.float32)
            return alarm


def innocent(seed: int, seconds: float) -> Iterator[tuple[str, npt.NDArray[np.int16]]]:
    """So many seconds of sound without signalling, in pieces of half a minute: what it is, and the samples.

    Of twenty pieces ten are by espeak-ng, two by the packaged voice, two by people, six are noise.
    """
    dice = np.random.default_rng(seed)
    made, number = 0.0, 0
    while made < seconds:
        turn = number % 20
        number += 1
        if turn < 10:
            kind, sound = "espeak-ng", spoken(dice)
        elif turn < 12:
            kind, sound = "packaged voice", again(packaged_voice(), dice, 25)
        elif turn < 14:
            kind, sound = "people", again(people(), dice, 25)
        else:
            kind, sound = "noise", noises(dice, 30)
        made += len(sound) / RATE
        yield kind, through_radio(sound, dice)


def mixed(
    burst: Sound, dice: np.random.Generator, snr_db: float, speech: Sound | None, speech_db: float
) -> npt.NDArray[np.int16]:
    """A burst with silence around it, noise over everything, and speech over everything.

    Args:
        burst: what is sent.
        dice: of the silences and the noise.
        snr_db: the burst's power to the noise's in 300-3000 Hz, while the burst lasts.
        speech: talked over it; None: nobody.
        speech_db: power of the burst to that of the speech (its mean while somebody talks).
    """
    level = rms(burst[np.abs(burst) > 0.01 * np.abs(burst).max()])
    lead, tail = round(dice.uniform(0.15, 0.3) * RATE), round(0.5 * RATE)
    sound = np.concatenate([np.zeros(lead), burst, np.zeros(tail)])
    noise = in_band(dice.standard_normal(len(sound)))
    sound = sound + noise * (level / rms(noise) * 10 ** (-snr_db / 20))
    if speech is not None:
        start = int(dice.integers(0, max(1, len(speech) - len(sound))))
        piece = speech[start : start + len(sound)]
        sound[: len(piece)] += piece / rms(speech) * level * 10 ** (-speech_db / 20)
    sound *= 10 ** (dice.uniform(-30, -12) / 20) / level
    made: npt.NDArray[np.int16] = np.clip(sound * 32768, -32768, 32767).astype(np.int16)
    return made


def talking(dice: np.random.Generator) -> Sound:
    """Speech without pauses, as it comes out of a radio, for laying over bursts."""
    sound = in_band(np.tanh(3 * (base := spoken(dice, 12)) / np.abs(base).max()))
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    level = np.sqrt((frames**2).mean(axis=1))
    made: Sound = frames[level > 0.25 * np.sqrt((level**2).mean())].reshape(-1)
    return made
