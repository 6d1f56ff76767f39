"""Speaks the sentences for the network that reads sounds: many voices, and what sounds each was given. Runs in the names environment.

hibari's voice with its throat made longer or shorter and its pitch moved; piper's `joe`; styles between two of Kokoro's. The voices on which
figures are reported (`gongitsune`, and those of the scheme's corpus) are not among them. A clip's truth has Misaki's phonemes of
what was said (`said`), beside the text.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench._names_corpus import PROFILES, Row, Tools, corpus_folder, tools, write_truth
from bench._names_environment import run_inside
from bench._names_voices import RATE, talker, to_rate

Samples = npt.NDArray[np.float32]
Draw = np.random.Generator
Untyped = Any
"""The voices' packages have no types."""
Speak = Callable[[str, Draw], tuple[Samples, str, str]]
"""A text to sound at 16 kHz, its phonemes in Misaki's alphabet, and the voice's name."""

SHORTEST_S, LONGEST_S = 0.6, 14.0
"""What is shorter or longer is left out: nobody talks so long, and it would make every batch as long."""
_MODEL_RATE = 24_000
_UNVOICED_HZ = 40.0
"""Below it the voice has no pitch: hibari's own threshold."""
_LOWEST_HZ = 45.0
_STYLE_SPREAD, _STYLE_BOUNDS = 0.35, (-0.4, 1.4)


def stretched(frames: Samples, factor: float) -> Samples:
    """Spectra of shape (bins, frames) with everything moved up by `factor`: 0.8 is a longer throat, as a man's."""
    bins = np.arange(len(frames))
    source = np.clip(bins / factor, 0, len(frames) - 1)
    low = source.astype(int)
    part = (source - low)[:, None].astype(np.float32)
    return np.asarray(frames[low] * (1 - part) + frames[np.minimum(low + 1, len(frames) - 1)] * part, np.float32)


def pitched(pitch: Samples, factor: float, melody: float) -> Samples:
    """A pitch curve in Hz (0 where there is none) moved up by `factor`, its ups and downs to the power of `melody`."""
    voiced = pitch > _UNVOICED_HZ
    middle = float(np.median(pitch[voiced])) if voiced.any() else 200.0
    moved = middle * (np.maximum(pitch, _UNVOICED_HZ) / middle) ** melody * factor
    return np.where(voiced, np.maximum(moved, _LOWEST_HZ), pitch * factor).astype(np.float32)


def hibari() -> Speak:
    """The voice `heart` of hibari-tts, turned into somebody else for every sentence; three in ten sentences with American sounds.

    Those keep the British phonemes as what was said: the talker's accent, not what is to be read.
    """
    package: Untyped = importlib.import_module("hibari")
    british, american = _phonemes(british=True), _phonemes(british=False)
    voice = package.Hibari()

    def speak(text: str, draw: Draw) -> tuple[Samples, str, str]:
        said = british(text)
        spoken = said if draw.random() < 0.7 else american(text)
        man = draw.random() < 0.55
        throat = draw.uniform(0.80, 0.93) if man else draw.uniform(0.92, 1.12)
        pitch = draw.uniform(0.45, 0.7) if man else draw.uniform(0.8, 1.25)
        melody, speed = draw.uniform(0.5, 1.3), draw.uniform(0.85, 1.35)
        inputs = {"ids": np.asarray([voice.ids(spoken)], np.int64), "speed": np.asarray([speed], np.float32)}
        *spectra, curve = (one[0] for one in voice.sess.run(None, inputs))
        shaped = [stretched(one, throat) for one in spectra]
        sound = package.dsp.synth(*shaped, pitched(curve, pitch, melody), draw)
        return to_rate(sound, _MODEL_RATE), said, f"heart-{throat:.2f}-{pitch:.2f}"

    return speak


def joe(shared: Untyped) -> Speak:
    """The voice `joe` of piper at many speeds."""
    british, say = _phonemes(british=True), talker("joe", shared)
    return lambda text, draw: (say(text, float(draw.uniform(0.85, 1.3))), british(text), "joe")


def kokoro(shared: Untyped) -> Speak:
    """Styles between Kokoro's `alpha` and `kumo` and somewhat beyond, by hibari's phonemes or espeak-ng's.

    Every number of a style lies at a place of its own between the two, around one that they share: many talkers, not one line of them.
    """
    british = _phonemes(british=True)
    session, vocabulary, styles = shared._kokoro()  # noqa: SLF001 - the corpus's own way to the model, which is no file of ours
    woman, man = styles["jf_alpha"], styles["jm_kumo"]
    tokens, _, rate = session.get_inputs()

    def speak(text: str, draw: Draw) -> tuple[Samples, str, str]:
        said = british(text) if draw.random() < 0.5 else _by_espeak(text, shared)
        share = float(draw.uniform(-0.1, 1.1))
        shares = np.clip(share + _STYLE_SPREAD * draw.standard_normal(woman.shape[-1]), *_STYLE_BOUNDS)
        ids = [vocabulary[sound] for sound in said.strip() if sound in vocabulary][:500]
        speed = draw.uniform(0.9, 1.3)
        inputs = {
            tokens.name: np.array([[0, *ids, 0]], np.int64),
            "style": (woman[len(ids)] * shares + man[len(ids)] * (1 - shares)).astype(np.float32),
            rate.name: np.array([speed], np.float32 if "float" in rate.type else np.int32),
        }
        return to_rate(np.squeeze(session.run(None, inputs)[0]), _MODEL_RATE), said, f"kokoro-{share:.2f}"

    return speak


def _phonemes(*, british: bool) -> Callable[[str], str]:
    package: Untyped = importlib.import_module("hibari.g2p")
    said: Callable[[str], str] = package.G2P(british=british)
    return said


def _by_espeak(text: str, shared: Untyped) -> str:
    """British phonemes by espeak-ng, in Kokoro's alphabet, which is Misaki's."""
    command = ["espeak-ng", "-v", "en-gb", "-q", "--ipa=3", text]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for theirs, ours in (("\n", " "), ("\u200d", ""), ("_", ""), *shared._TO_KOKORO):  # noqa: SLF001 - as above
        said = said.replace(theirs, ours)
    return said


def make_speaker(engine: str, shared: Untyped) -> Speak:
    """One of hibari, joe and kokoro.

    Raises:
        KeyError: no such voice.
    """
    makers: Mapping[str, Callable[[], Speak]] = {
        "hibari": hibari, "joe": lambda: joe(shared), "kokoro": lambda: kokoro(shared),
    }  # fmt: skip
    return makers[engine]()


def build(texts: Sequence[str], engine: str, channels: int, folder: Path, given: Tools) -> int:
    """Speak the texts, each through so many channels: WAV files (16 kHz mono 16-bit), truth.jsonl, DONE. How many clips.

    What is there already is kept, so a build that was interrupted goes on. Every clip has a seed of its own.
    """
    import soundfile

    speak = make_speaker(engine, given.voices)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    for number, text in enumerate(texts):
        kept = folder / f"{number:05d}.json"
        if not kept.exists():
            draw = np.random.default_rng([zlib.crc32(text.encode()), number])
            made = _clips(number, text, speak, channels, draw, given)
            for row, sound in made:
                soundfile.write(folder / row["file"], sound, RATE, format="WAV", subtype="PCM_16")
            half = kept.with_suffix(".part")
            half.write_text(json.dumps([row for row, _ in made], ensure_ascii=False), encoding="utf-8")
            half.rename(kept)
        rows += json.loads(kept.read_text(encoding="utf-8"))
        if (number + 1) % 200 == 0:
            print(f"{engine}: {number + 1} of {len(texts)} sentences", flush=True)
    write_truth(folder, rows)
    (folder / "DONE").write_text(_stamp(texts, engine, channels))
    return len(rows)


def _clips(
    number: int, text: str, speak: Speak, channels: int, draw: Draw, given: Tools
) -> list[tuple[Row, npt.NDArray[np.floating]]]:
    sound, said, voice = speak(text, draw)
    if not SHORTEST_S * RATE < len(sound) < LONGEST_S * RATE:
        return []
    sound = np.asarray(sound * (0.9 / max(1e-6, float(np.abs(sound).max()))), np.float32)
    made = []
    for choice in draw.permutation(len(PROFILES))[:channels]:
        profile = PROFILES[choice]
        row: Row = {
            "file": f"{number:05d}-{profile}.wav",
            "voice": voice,
            "profile": profile,
            "text": text,
            "said": said,
        }
        made.append((row, np.clip(given.channel.through(profile, sound, draw), -1, 1)))
    return made


def _stamp(texts: Sequence[str], engine: str, channels: int) -> str:
    """Changes when the folder would come out differently."""
    return f"{zlib.crc32(chr(10).join(texts).encode()):08x} {engine} {channels}\n"


def make(texts: Sequence[str], engine: str, channels: int, folder: Path, python: Path) -> Path:
    """Bring a folder of speech up to date, in the environment whose `python` is given, and return it.

    Raises:
        CorpusMissingError: see `bench._names_corpus.corpus_folder`.
        subprocess.CalledProcessError: a voice or a channel failed; its own words are on the terminal.
    """
    corpus = corpus_folder()
    wanted, done, listed = _stamp(texts, engine, channels), folder / "DONE", folder / "texts.json"
    if done.is_file() and done.read_text() == wanted:
        return folder
    written = json.dumps(list(texts), ensure_ascii=False)
    if listed.is_file() and listed.read_text(encoding="utf-8") != written:  # made from other texts
        for old in (*folder.glob("[0-9]*.json"), *folder.glob("*.wav"), *folder.glob("DONE")):
            old.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    listed.write_text(written, encoding="utf-8")
    run_inside(
        python, "bench._sounds_speech",
        ["--texts", listed, "--voice", engine, "--channels", channels, "--out", folder, "--corpus", corpus],
    )  # fmt: skip
    return folder


def main(argv: Sequence[str] | None = None) -> int:
    """The side that runs inside the environment for audio."""
    parser = argparse.ArgumentParser(
        prog="python -m bench._sounds_speech", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--texts", type=Path, required=True, help="a JSON list")
    parser.add_argument("--voice", required=True, choices=("hibari", "joe", "kokoro"))
    parser.add_argument("--channels", type=int, default=1, help="radio channels that each sentence goes through")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, help="folder with radio_channel.py")
    options = parser.parse_args(argv)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from bench._names_voices import one_thread

    one_thread()
    texts = json.loads(options.texts.read_text(encoding="utf-8"))
    count = build(texts, options.voice, options.channels, options.out, tools(options.corpus))
    print(f"{count} clips in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
