"""Trains the network that reads sounds (gateway/speech/data/sounds.onnx), from the encoder of the bundled Whisper tiny.en.

    ./run bench fit_sounds                      make the speech, train, write, print

Speech: sentences full of names (`bench._sounds_texts`) by voices of many kinds (`bench._sounds_speech`). The calls that the names
model is fitted on are not among them, so that the fit sees sounds read as they will be of calls nobody knows. Figures: phoneme error rates on the tuning half
of our own calls, of whose voices `gongitsune` was never heard in training. Some six hours the first time, on two cores, the speech among them;
speech is kept: 3 GB of .cache, and torch.
"""

from __future__ import annotations

import argparse
import importlib
import json
import wave
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.table import Table

from bench import _names_environment, _sounds_environment, _sounds_mels
from bench._names_corpus import PROFILES, Row, own_plan
from bench._names_corpus import make as make_calls
from bench._names_hear import truth_of
from bench._sounds_speech import make as make_speech
from bench._sounds_texts import Stock, sentences
from bench._town import keep, progress
from dispatch.matching.lexicon import known_words
from dispatch.matching.phonemes import ALPHABET, from_misaki
from gateway.speech.models import find_model
from gateway.speech.settings import SpeechSettings
from gateway.speech.sound_reader import SOUNDS_FILE, SoundReader, mels

DATA = _names_environment.REPOSITORY / "gateway/speech/data"
CACHE = _names_environment.REPOSITORY / ".cache/sounds"
SENTENCES = 7000
"""Of hibari's voice."""
SEEDS = {"hibari": 11, "joe": 12, "kokoro": 13}
SHARES = {"hibari": (1, 1), "joe": (17, 2), "kokoro": (9, 4)}
"""Each voice says one sentence where hibari's says so many (the others are far slower), through so many channels."""
UNSEEN = "gongitsune"
HELD_OUT = "own-tune"
"""For the figures only."""
THREADS = 2

Figures = dict[str, dict[str, float]]
"""Phoneme error rates by voice, then by channel; "all" for all of them."""


def sounds_of(misaki: str) -> str:
    """Misaki's phonemes as a string of our alphabet; stress, pauses and everything else are left out."""
    return "".join(sound for sound in from_misaki(misaki) if sound in ALPHABET)


def likeliest(log_probabilities: npt.NDArray[np.float32], alphabet: str) -> str:
    """The sounds that are likeliest step by step: one that lasts counts once, "no sound" not at all."""
    lasting = (column for column, _ in groupby(log_probabilities.argmax(axis=1).tolist()))
    return "".join(alphabet[column - 1] for column in lasting if column)


def error_rates(read: Iterator[tuple[str, str, str, str]]) -> Figures:
    """Sounds put in, left out or exchanged, for each that was said.

    Args:
        read: voice, channel, what was said, what was read.
    """
    wrong: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for voice, channel, said, got in read:
        for key in ((voice, channel), (voice, "all"), ("all", channel), ("all", "all")):
            wrong[key][0] += Levenshtein.distance(said, got)
            wrong[key][1] += len(said)
    rates: Figures = {}
    for (voice, channel), (errors, count) in sorted(wrong.items()):
        rates.setdefault(voice, {})[channel] = round(errors / max(1, count), 3)
    return rates


def show(console: Console, rates: Mapping[str, Mapping[str, float]]) -> None:
    """Error rates in per cent, by voice and channel."""
    channels = [*PROFILES, "all"]
    table = Table("voice", *channels, title="phonemes read wrong, %")
    for voice in sorted(rates, key=lambda one: (one == "all", one)):
        cells = [f"{100 * rates[voice][channel]:.1f}" if channel in rates[voice] else "" for channel in channels]
        table.add_row(f"{voice} (unseen)" if voice == UNSEEN else voice, *cells)
    console.print(table)


def clips_of(folder: Path, rows: Sequence[Row], said: Callable[[str], str]) -> Iterator[_sounds_mels.Clip]:
    """The clips of a folder with their sounds: as their truth says, else by `said`, a text to Misaki's phonemes."""
    for row in rows:
        with wave.open(str(folder / row["file"])) as sound:
            pcm = sound.readframes(sound.getnframes())
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
        sounds = sounds_of(row.get("said") or said(row["text"]))
        yield _sounds_mels.Clip(samples, sounds, row["voice"], row["profile"])


def make_everything(count: int, cache: Path) -> dict[str, Path]:
    """The folders of speech, made where they are not there yet; `HELD_OUT`, for the figures only, is the last."""
    python = _names_environment.prepare_environment()
    stock = Stock.of(dict(line.split("\t") for line in known_words().text.split("\n") if line), ALPHABET)
    folders = {}
    for voice, seed in SEEDS.items():
        for_one, channels = SHARES[voice]
        texts = list(sentences(stock, max(1, count // for_one), seed))
        folders[voice] = make_speech(texts, voice, channels, cache / voice, python)
    return folders | {HELD_OUT: make_calls(own_plan("tune"), python)}


def spectra_of_all(folders: Mapping[str, Path], cache: Path, most: int) -> list[Path]:
    """The mel spectra of every folder that is trained on; at most so many clips of each."""
    british: Callable[[str], str] = _british()
    kept = []
    for name, folder in folders.items():
        if name == HELD_OUT:
            continue
        rows = truth_of(folder)[:most]
        path, stamp = cache / "mels" / name, f"{zlib.crc32(json.dumps(rows).encode()):08x}\n"
        for done in _sounds_mels.write(path, clips_of(folder, rows, british), mels, stamp):
            progress(f"{name}: spectra of {done} of {len(rows)} clips")
        kept.append(path)
    return kept


def _british() -> Callable[[str], str]:
    package: Any = importlib.import_module("hibari.g2p")
    said: Callable[[str], str] = package.G2P(british=True)
    return said


def measure(reader: SoundReader, folder: Path, rows: Sequence[Row]) -> Figures:
    """Error rates on clips that the network was not trained on, as the gateway reads them."""
    clips = clips_of(folder, rows, _british())
    return error_rates(
        (one.voice, one.channel, one.sounds, likeliest(reader(one.samples), reader.alphabet)) for one in clips
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Make, train, measure, write; figures go to bench/results/sounds.json where the data goes to its place."""
    parser = argparse.ArgumentParser(prog="bench fit_sounds", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=174.0, help="of training, on two threads")
    parser.add_argument("--sentences", type=int, default=SENTENCES, help="fewer are for trying the whole way")
    parser.add_argument("--kept", type=Path, default=CACHE, help="where speech is kept between runs")
    parser.add_argument("--out", type=Path, default=DATA)
    options = parser.parse_args(argv)
    folders = make_everything(options.sentences, options.kept)
    python = _sounds_environment.prepare_environment()
    spectra = spectra_of_all(folders, options.kept, options.sentences)
    made = options.kept / SOUNDS_FILE
    whisper, _ = find_model(SpeechSettings())
    _names_environment.run_inside(
        python, "bench._sounds_train",
        ["--mels", *spectra, "--whisper", Path(whisper) / "model.bin",
         "--alphabet", ALPHABET, "--out", made, "--minutes", options.minutes, "--threads", THREADS],
        threads=THREADS,
    )  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / SOUNDS_FILE).write_bytes(made.read_bytes())
    rates = measure(SoundReader.load(1, made.read_bytes()), folders[HELD_OUT], truth_of(folders[HELD_OUT]))
    show(Console(), rates)
    if options.out == DATA:
        trained = json.loads(made.with_suffix(".json").read_text(encoding="utf-8"))
        figures = {"minutes": options.minutes, **trained, "phoneme_error_rates": rates}
        keep("sounds", {"held_out": "own calls, tuning half", "unseen_voice": UNSEEN, **figures})
    return 0
