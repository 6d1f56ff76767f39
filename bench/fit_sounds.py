"""Trains the network that reads sounds off Whisper's encoder (gateway/speech/data/sounds-*.npz), from nothing.

    ./run bench fit_sounds                      make the speech, encode it, train for each model, write, print
    ./run bench fit_sounds --models tiny        for the bundled model only

Speech: sentences full of names (`bench._sounds_texts`) by voices of many kinds (`bench._sounds_speech`), and the calls that the names
model is fitted on. Figures: phoneme error rates on the tuning half of our own calls, of whose voices `gongitsune` was never heard in
training. Some two hours the first time, on one core; speech and what the encoders made of it are kept: 4 GB of .cache, and torch.
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

from bench import _names_environment, _sounds_encoded, _sounds_environment
from bench._names_corpus import PROFILES, Row, own_plan
from bench._names_corpus import make as make_calls
from bench._names_fit_calls import MIXES, fit_plan
from bench._names_hear import engine, truth_of
from bench._sounds_speech import make as make_speech
from bench._sounds_texts import Stock, sentences
from bench._town import keep, progress
from dispatch.matching.lexicon import known_words
from dispatch.matching.phonemes import ALPHABET, from_misaki
from gateway.speech.sound_reader import SoundReader, probe
from gateway.speech.whisper import WhisperEngine

DATA = _names_environment.REPOSITORY / "gateway/speech/data"
CACHE = _names_environment.REPOSITORY / ".cache/sounds"
SENTENCES = 4800
"""Of hibari's voice."""
SEEDS = {"hibari": 11, "joe": 12, "kokoro": 13}
OTHERS = 12
"""The other voices say one sentence where hibari's says so many (they are far slower), each through two channels."""
UNSEEN = "gongitsune"

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


def show(console: Console, model: str, rates: Mapping[str, Mapping[str, float]]) -> None:
    """Error rates in per cent, by voice and channel."""
    channels = [*PROFILES, "all"]
    table = Table("voice", *channels, title=f"Whisper {model}: phonemes read wrong, %")
    for voice in sorted(rates, key=lambda one: (one == "all", one)):
        cells = [f"{100 * rates[voice][channel]:.1f}" if channel in rates[voice] else "" for channel in channels]
        table.add_row(f"{voice} (unseen)" if voice == UNSEEN else voice, *cells)
    console.print(table)


def clips_of(folder: Path, rows: Sequence[Row], said: Callable[[str], str]) -> Iterator[_sounds_encoded.Clip]:
    """The clips of a folder with their sounds: as their truth says, else by `said`, a text to Misaki's phonemes."""
    for row in rows:
        with wave.open(str(folder / row["file"])) as sound:
            pcm = sound.readframes(sound.getnframes())
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
        sounds = sounds_of(row.get("said") or said(row["text"]))
        yield _sounds_encoded.Clip(samples, sounds, row["voice"], row["profile"])


def make_everything(count: int, cache: Path) -> dict[str, Path]:
    """The folders of speech, made where they are not there yet; "own-tune", for the figures only, is the last."""
    python = _names_environment.prepare_environment()
    stock = Stock.of(dict(line.split("\t") for line in known_words().text.split("\n") if line), ALPHABET)
    folders = {}
    for voice, seed in SEEDS.items():
        several = voice != "hibari"
        texts = list(sentences(stock, max(1, count // OTHERS) if several else count, seed))
        folders[voice] = make_speech(texts, voice, 2 if several else 1, cache / voice, python)
    for mix in MIXES:
        folders[mix.name] = make_calls(fit_plan(mix), python)
    return folders | {"own-tune": make_calls(own_plan("tune"), python)}


def encode_all(
    folders: Mapping[str, Path], whisper: WhisperEngine, label: str, cache: Path, most: int
) -> dict[str, Path]:
    """Every folder through one model's encoder; at most so many clips of each."""
    british: Callable[[str], str] = _british()
    encoded = {}
    for name, folder in folders.items():
        rows = truth_of(folder)[:most] if name in _FEW else truth_of(folder)
        path = cache / f"encoded-{label}" / name
        stamp = f"{whisper.label} {zlib.crc32(json.dumps(rows).encode()):08x}\n"
        for done in _sounds_encoded.write(path, clips_of(folder, rows, british), whisper.positions_of, stamp):
            progress(f"{label}: {name}, {done} of {len(rows)} clips encoded")
        encoded[name] = path
    np.save(cache / f"encoded-{label}" / "probe.npy", whisper.positions_of(probe()))
    return encoded


_FEW = ("fit", "short", "own-tune")
"""Folders that are as large as they are, whatever number of sentences was asked for."""


def _british() -> Callable[[str], str]:
    package: Any = importlib.import_module("hibari.g2p")
    said: Callable[[str], str] = package.G2P(british=True)
    return said


def measure(file: Path, held_out: Path) -> Figures:
    """Error rates of a data file on clips that it was not trained on."""
    with np.load(file) as arrays:
        reader = SoundReader.parse(arrays)

    def read() -> Iterator[tuple[str, str, str, str]]:
        for one in _sounds_encoded.read(held_out):
            got = likeliest(reader(np.asarray(one.encoded, np.float32)), reader.alphabet)
            yield one.voice, one.channel, one.sounds, got

    return error_rates(read())


def main(argv: Sequence[str] | None = None) -> int:
    """Make, encode, train, measure, write; figures go to bench/results/sounds.json where the data goes to its place."""
    parser = argparse.ArgumentParser(prog="bench fit_sounds", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--models", default="tiny,base")
    parser.add_argument("--minutes", type=float, default=12.0, help="of training, for each model, on one thread")
    parser.add_argument("--sentences", type=int, default=SENTENCES, help="fewer are for trying the whole way")
    parser.add_argument("--kept", type=Path, default=CACHE, help="where speech is kept between runs")
    parser.add_argument("--out", type=Path, default=DATA)
    options = parser.parse_args(argv)
    folders = make_everything(options.sentences, options.kept)
    python = _sounds_environment.prepare_environment()
    console, figures = Console(), {}
    options.out.mkdir(parents=True, exist_ok=True)
    for label in options.models.split(","):
        whisper = engine(None if label == "tiny" else _names_environment.whisper_base())
        encoded = encode_all(folders, whisper, label, options.kept, options.sentences)
        held_out = encoded.pop("own-tune")
        made = options.kept / f"sounds-{label}.npz"
        _names_environment.run_inside(
            python, "bench._sounds_train",
            ["--encoded", *encoded.values(), "--probe", held_out.with_name("probe.npy"), "--alphabet", ALPHABET,
             "--out", made, "--minutes", options.minutes],
        )  # fmt: skip
        (options.out / made.name).write_bytes(made.read_bytes())
        rates = measure(made, held_out)
        trained = json.loads(made.with_suffix(".json").read_text(encoding="utf-8"))
        figures[label] = {"model": whisper.label, "minutes": options.minutes, **trained, "phoneme_error_rates": rates}
        show(console, label, rates)
    if options.out == DATA:
        keep("sounds", {"held_out": "own calls, tuning half", "unseen_voice": UNSEEN, "models": figures})
    return 0
