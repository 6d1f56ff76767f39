"""Trains the network of `gateway.speech.sound_reader` on encoded speech; runs inside the environment of `bench/sounds-requirements.txt`.

Connectionist temporal classification (Graves et al. 2006): what was said is given, not when each sound was. Before it, a hundred
steps go by sounds laid evenly over the sentence; without them the network says "no sound" everywhere and stays there for long.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import _sounds_encoded

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Untyped = Any
"""torch and its tensors: that environment's, not the one in which types are checked."""

INNER = 192
TAPS = 5
"""Steps that one layer looks at: 0.2 s."""
AT_ONCE = 16
EVEN_STEPS = 100
RISE_STEPS = 100
RATE = 3e-3
"""Highest learning rate, after `RISE_STEPS`; then half a cosine down to a hundredth of it."""
DROPPED = 0.15
NOISE = 0.15
"""Added to what the encoder says, in its own spreads: with that and `DROPPED`, a few hours of speech are enough."""
BLANKED = 3
"""Steps that are blanked at most, in two places of each sentence."""
SEED = 1
DENSEST = 0.9
"""Sounds a step: a sentence that has more can't be read in so many steps."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One sentence to learn from."""

    encoded: npt.NDArray[np.float16]
    """Shape (positions, width)."""
    sounds: tuple[int, ...]
    """Columns of the probabilities, from 1 on."""

    @property
    def steps(self) -> int:
        """Pairs of positions."""
        return len(self.encoded) // 2


def lessons(paths: Sequence[Path], alphabet: str) -> list[Lesson]:
    """All sentences of some encoded sets that can be learnt from."""
    columns = {sound: column for column, sound in enumerate(alphabet, 1)}
    found = [
        Lesson(one.encoded, tuple(columns[sound] for sound in one.sounds if sound in columns))
        for path in paths
        for one in _sounds_encoded.read(path)
    ]
    return [one for one in found if 2 < len(one.sounds) < DENSEST * one.steps]


def spread(given: Sequence[Lesson], most: int = 300) -> tuple[Floats, Floats]:
    """Mean and standard deviation of what the encoder says, each of shape (width,), by some of the sentences."""
    some = np.concatenate([np.asarray(one.encoded, np.float32) for one in given[:: max(1, len(given) // most)]])
    return some.mean(axis=0), some.std(axis=0) + 1e-3


def batches(given: Sequence[Lesson], size: int = AT_ONCE) -> list[list[Lesson]]:
    """Sentences of about the same length together."""
    ordered = sorted(given, key=lambda one: one.steps)
    return [ordered[at : at + size] for at in range(0, len(ordered), size)]


def as_data(weights: Mapping[str, Array], mean: Array, scale: Array, alphabet: str, probe: Array) -> dict[str, Array]:
    """The arrays of a data file as `SoundReader.parse` reads them, at half precision.

    Args:
        weights: torch's: `inward.weight` (inner, 2 * width), `inner1.weight` and `inner2.weight` (out, in, taps), `outward.weight`
            (1 + sounds, inner), and for each a `.bias`.
        mean: of what the encoder says, shape (width,).
        scale: its spread, shape (width,).
        alphabet: the sounds of the columns from 1 on.
        probe: what the encoder made of `sound_reader.probe`, shape (positions, width).
    """
    arrays = {"mean": mean, "scale": scale, "probe": np.asarray(probe, np.float64).mean(axis=0)}
    for layer in ("inward", "outward"):
        arrays[layer] = np.asarray(weights[f"{layer}.weight"]).T
    for layer in ("inner1", "inner2"):
        arrays[layer] = np.asarray(weights[f"{layer}.weight"]).transpose(2, 1, 0)
    for layer in ("inward", "inner1", "inner2", "outward"):
        arrays[f"{layer}_bias"] = weights[f"{layer}.bias"]
    halves = {name: np.asarray(array, np.float16) for name, array in arrays.items()}
    return {**halves, "alphabet": np.array([ord(sound) for sound in alphabet])}


class _Trainer:
    """The network while it learns."""

    def __init__(self, given: Sequence[Lesson], sounds: int) -> None:
        self.torch: Untyped = importlib.import_module("torch")
        self.torch.manual_seed(SEED)
        self.draw = np.random.default_rng(SEED)
        self.mean, self.scale = spread(given)
        nn, width = self.torch.nn, len(self.mean)
        self.layers = nn.ModuleDict(
            {
                "inward": nn.Linear(2 * width, INNER),
                "inner1": nn.Conv1d(INNER, INNER, TAPS, padding=TAPS // 2),
                "inner2": nn.Conv1d(INNER, INNER, TAPS, padding=TAPS // 2),
                "outward": nn.Linear(INNER, 1 + sounds),
            }
        )
        self.optimiser = self.torch.optim.AdamW(self.layers.parameters(), lr=RATE, weight_decay=0.01)
        self.steps = 0

    def read(self, encoded: Untyped) -> Untyped:
        """Log-probabilities, shape (sentences, steps, 1 + sounds), of pairs, shape (sentences, steps, 2 * width)."""
        functional, layers = self.torch.nn.functional, self.layers
        inner = functional.relu(layers["inward"](functional.dropout(encoded, DROPPED)))
        inner = inner + functional.relu(layers["inner1"](inner.transpose(1, 2))).transpose(1, 2)
        dropped = functional.dropout(inner, DROPPED).transpose(1, 2)
        inner = inner + functional.relu(layers["inner2"](dropped)).transpose(1, 2)
        return layers["outward"](functional.dropout(inner, DROPPED)).log_softmax(-1)

    def learn(self, batch: Sequence[Lesson], done: float) -> float:
        """One step; its loss.

        Args:
            batch: sentences.
            done: how much of the training is over, 0-1.
        """
        for group in self.optimiser.param_groups:
            cosine = 0.5 * (1 + math.cos(math.pi * done)) + 0.01
            group["lr"] = RATE * min(1.0, self.steps / RISE_STEPS) * cosine
        read = self.read(self.torch.from_numpy(self._input(batch)))
        loss = self._even_loss(read, batch) if self.steps < EVEN_STEPS else self._free_loss(read, batch)
        self.optimiser.zero_grad()
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.layers.parameters(), 5.0)
        self.optimiser.step()
        self.steps += 1
        return float(loss.detach())

    def _input(self, batch: Sequence[Lesson]) -> Floats:
        """Pairs of positions with noise on them, and a few steps blanked."""
        most, width = max(one.steps for one in batch), len(self.mean)
        pairs = np.zeros((len(batch), most, 2 * width), np.float32)
        for row, one in enumerate(batch):
            scaled = (np.asarray(one.encoded[: 2 * one.steps], np.float32) - self.mean) / self.scale
            pairs[row, : one.steps] = scaled.reshape(one.steps, 2 * width)
        pairs += NOISE * self.draw.standard_normal(pairs.shape, np.float32)
        for row, one in enumerate(batch):
            for _ in range(2):
                length = int(self.draw.integers(0, BLANKED + 1))
                start = int(self.draw.integers(0, max(1, one.steps - length)))
                pairs[row, start : start + length] = 0.0
        return pairs

    def _even_loss(self, read: Untyped, batch: Sequence[Lesson]) -> Untyped:
        nowhere = -100
        wanted = np.full(read.shape[:2], nowhere, np.int64)
        for row, one in enumerate(batch):
            wanted[row, : one.steps] = np.array(one.sounds)[np.arange(one.steps) * len(one.sounds) // one.steps]
        functional = self.torch.nn.functional
        return functional.nll_loss(read.transpose(1, 2), self.torch.from_numpy(wanted), ignore_index=nowhere)

    def _free_loss(self, read: Untyped, batch: Sequence[Lesson]) -> Untyped:
        tensor = self.torch.tensor
        return self.torch.nn.functional.ctc_loss(
            read.transpose(0, 1),
            tensor([sound for one in batch for sound in one.sounds]),
            tensor([one.steps for one in batch]),
            tensor([len(one.sounds) for one in batch]),
            zero_infinity=True,
        )

    def weights(self) -> dict[str, Array]:
        """As `as_data` takes them."""
        return {name: tensor.detach().numpy() for name, tensor in self.layers.state_dict().items()}


def train(given: Sequence[Lesson], alphabet: str, minutes: float) -> Iterator[tuple[_Trainer, float]]:
    """Learn for so long; gives the trainer and the mean loss every hundred steps and at the end.

    The time decides how much is learnt, so that a slow machine ends as surely as a quick one; what is drawn by chance has fixed seeds.
    """
    trainer, ordered = _Trainer(given, len(alphabet)), batches(given)
    began, losses = time.monotonic(), list[float]()
    while True:
        for number in trainer.draw.permutation(len(ordered)):
            done = (time.monotonic() - began) / (60 * minutes)
            if done >= 1:
                yield trainer, sum(losses) / max(1, len(losses))
                return
            if trainer.steps % 100 == 0 and trainer.steps:
                yield trainer, sum(losses) / max(1, len(losses))
                losses = []
            losses.append(trainer.learn(ordered[number], done))


def main(argv: Sequence[str] | None = None) -> int:
    """Train, write the data file, and beside it NAME.json: steps, sentences, hours, the last loss."""
    parser = argparse.ArgumentParser(
        prog="python -m bench._sounds_train", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--encoded", type=Path, nargs="+", required=True, help="sets of bench._sounds_encoded")
    parser.add_argument("--probe", type=Path, required=True, help=".npy: what the encoder made of the fixed sound")
    parser.add_argument("--alphabet", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    options = parser.parse_args(argv)
    importlib.import_module("torch").set_num_threads(1)
    given = lessons(options.encoded, options.alphabet)
    hours = sum(one.steps for one in given) * 0.04 / 3600
    print(f"{len(given)} sentences, {hours:.1f} hours", flush=True)
    trainer, loss = None, 0.0
    for trainer, loss in train(given, options.alphabet, options.minutes):
        print(f"step {trainer.steps}: loss {loss:.3f}", flush=True)
    if trainer is None:
        return 1
    data: dict[str, Any] = {
        **as_data(trainer.weights(), trainer.mean, trainer.scale, options.alphabet, np.load(options.probe))
    }
    np.savez_compressed(options.out, **data)
    figures = {"sentences": len(given), "hours": round(hours, 2), "steps": trainer.steps, "loss": round(loss, 4)}
    options.out.with_suffix(".json").write_text(json.dumps(figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
