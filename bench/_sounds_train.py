"""Trains the network of `bench._sounds_net`; runs inside the environment of `bench/sounds-requirements.txt`.

Connectionist temporal classification (Graves et al. 2006): what was said is given, not when each sound was. Before it, some
steps go by sounds laid evenly over the sentence, with the encoder left as it is; without them the network says "no sound" everywhere and stays there for long.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import _sounds_mels
from bench._sounds_mels import MELS
from bench._sounds_net import build, export
from bench._sounds_varied import nothing_said, varied
from bench._sounds_whisper import encoder_of

Floats = npt.NDArray[np.float32]
Untyped = Any
"""torch and its tensors: that environment's, not the one in which types are checked."""

AT_ONCE, FRAMES_AT_ONCE = 24, 8000
"""Sentences of a batch, and frames: whichever is reached first."""
EVEN_STEPS = 150
RISE_STEPS = 200
ENCODER_RATE, UPPER_RATE = 2.2e-4, 2e-3
"""Highest learning rates, after `RISE_STEPS`; then half a cosine down to a hundredth of them. The encoder knows speech already."""
SEED = 1
GOES = ((0.33, 0.15), (0.28, 0.4), (0.39, 0.45))
"""Of each go its share of the time, and of the mean."""
LATER_RATE = 0.7
"""What a later go's rates are of the first one's."""
DENSEST = 0.9
"""Sounds a step: a sentence that has more can't be read in so many steps."""
STEP = 4
"""Frames of one step."""
SILENCES = 0.3
"""Batches with a piece of noise in which nothing is said."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One sentence to learn from."""

    mels: npt.NDArray[np.float16]
    """Shape (frames, 80), whole steps."""
    sounds: tuple[int, ...]
    """Columns of the probabilities, from 1 on."""


def lessons(paths: Sequence[Path], alphabet: str) -> list[Lesson]:
    """All sentences of some sets that can be learnt from."""
    columns = {sound: column for column, sound in enumerate(alphabet, 1)}
    found = []
    for path in paths:
        for one in _sounds_mels.read(path):
            sounds = tuple(columns[sound] for sound in one.sounds if sound in columns)
            found.append(Lesson(one.mels[: len(one.mels) // STEP * STEP], sounds))
    return [one for one in found if 2 < len(one.sounds) < DENSEST * len(one.mels) / STEP]


def batches(given: Sequence[Lesson], most: int = AT_ONCE, frames: int = FRAMES_AT_ONCE) -> list[list[Lesson]]:
    """Sentences of about the same length together."""
    made: list[list[Lesson]] = []
    batch: list[Lesson] = []
    for one in sorted(given, key=lambda one: len(one.mels)):
        if batch and (len(batch) >= most or (len(batch) + 1) * len(one.mels) > frames):
            made.append(batch)
            batch = []
        batch.append(one)
    return [*made, batch] if batch else made


def laid_out(said: Sequence[Floats]) -> Floats:
    """Spectra as one array, (calls, frames, bands); the shorter ones end in their own silence."""
    whole = np.empty((len(said), max(map(len, said)), said[0].shape[1]), np.float32)
    for row, one in enumerate(said):
        whole[row, : len(one)] = one
        whole[row, len(one) :] = one.min()
    return whole


class _Trainer:
    """The network while it learns."""

    def __init__(self, network: Untyped, go: int) -> None:
        self.torch: Untyped = importlib.import_module("torch")
        self.draw = np.random.default_rng(SEED + go)
        self.even_steps = 0 if go else EVEN_STEPS
        self.rate = LATER_RATE if go else 1.0
        self.network = network
        upper = list(network.upper.parameters())
        lower = [one for name, one in network.named_parameters() if not name.startswith("upper.")]
        groups = [{"params": lower}, {"params": upper}]
        self.optimiser = self.torch.optim.AdamW(groups, lr=UPPER_RATE, betas=(0.9, 0.98), weight_decay=0.01)
        self.steps = 0

    def learn(self, batch: Sequence[Lesson], done: float) -> float:
        """One step; its loss.

        Args:
            batch: sentences.
            done: how much of the training is over, 0-1.
        """
        cosine = self.rate * (0.5 * (1 + math.cos(math.pi * done)) + 0.01)
        evenly = self.steps < self.even_steps
        lower, upper = self.optimiser.param_groups
        lower["lr"] = ENCODER_RATE * cosine * min(1.0, max(0, self.steps - self.even_steps) / RISE_STEPS)
        upper["lr"] = UPPER_RATE * cosine * min(1.0, 2 * self.steps / RISE_STEPS)
        said = [varied(one.mels.astype(np.float32), _shortest(one), self.draw) for one in batch]
        sounds = [one.sounds for one in batch]
        if not evenly and self.draw.random() < SILENCES:
            said.append(nothing_said(len(batch[0].mels), MELS, self.draw))
            sounds.append(())
        with self.torch.autocast("cpu", dtype=self.torch.bfloat16):
            read = self.network(self.torch.from_numpy(laid_out(said)))
        steps = [len(one) // STEP for one in said]
        loss = self._even_loss(read, sounds, steps) if evenly else self._free_loss(read, sounds, steps)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.network.parameters(), 2.0)
        self.optimiser.step()
        self.steps += 1
        return float(loss.detach())

    def _even_loss(self, read: Untyped, sounds: Sequence[Sequence[int]], steps: Sequence[int]) -> Untyped:
        nowhere = -100
        wanted = np.full(read.shape[:2], nowhere, np.int64)
        for row, (own, count) in enumerate(zip(sounds, steps, strict=True)):
            wanted[row, :count] = np.array(own)[np.arange(count) * len(own) // count]
        functional = self.torch.nn.functional
        return functional.nll_loss(read.transpose(1, 2), self.torch.from_numpy(wanted), ignore_index=nowhere)

    def _free_loss(self, read: Untyped, sounds: Sequence[Sequence[int]], steps: Sequence[int]) -> Untyped:
        tensor = self.torch.tensor
        return self.torch.nn.functional.ctc_loss(
            read.transpose(0, 1),
            tensor([sound for one in sounds for sound in one]),
            tensor(list(steps)),
            tensor([len(one) for one in sounds]),
            zero_infinity=True,
        )


def _shortest(one: Lesson) -> int:
    return int(len(one.sounds) / DENSEST * STEP)


def train(network: Untyped, given: Sequence[Lesson], minutes: float, go: int = 0) -> Iterator[tuple[int, float]]:
    """Let the network learn for so long; gives steps and mean loss every hundred steps and at the end.

    The time decides how much is learnt, so that a slow machine ends as surely as a quick one; what is drawn by chance has fixed seeds.
    Goes but the first, 0, go on from what was learnt.
    """
    trainer, ordered = _Trainer(network, go), batches(given)
    began, losses = time.monotonic(), list[float]()
    while True:
        for number in trainer.draw.permutation(len(ordered)):
            done = (time.monotonic() - began) / (60 * minutes)
            if done >= 1:
                yield trainer.steps, sum(losses) / max(1, len(losses))
                return
            if trainer.steps % 100 == 0 and trainer.steps:
                yield trainer.steps, sum(losses) / max(1, len(losses))
                losses = []
            losses.append(trainer.learn(ordered[number], done))


def learn(network: Untyped, given: Sequence[Lesson], minutes: float) -> Iterator[tuple[int, int, float]]:
    """All goes; the network becomes their mean. Gives go, steps and mean loss."""
    mean: dict[str, Untyped] = {}
    for go, (share, weight) in enumerate(GOES):
        for steps, loss in train(network, given, share * minutes, go):
            yield go, steps, loss
        for name, value in network.state_dict().items():
            mean[name] = mean.get(name, 0) + weight * value.detach().clone()
    network.load_state_dict(mean)


def main(argv: Sequence[str] | None = None) -> int:
    """Train, write the network, and beside it NAME.json: steps, sentences, hours, the last loss."""
    parser = argparse.ArgumentParser(
        prog="python -m bench._sounds_train", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--mels", type=Path, nargs="+", required=True, help="sets of bench._sounds_mels")
    parser.add_argument("--whisper", type=Path, required=True, help="model.bin of the Whisper model to begin with")
    parser.add_argument("--alphabet", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(argv)
    torch = importlib.import_module("torch")
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    given = lessons(options.mels, options.alphabet)
    hours = sum(len(one.mels) for one in given) / 360_000
    print(f"{len(given)} sentences, {hours:.1f} hours", flush=True)
    network = build(encoder_of(options.whisper), len(options.alphabet))
    last: dict[int, tuple[int, float]] = {}
    for go, steps, loss in learn(network, given, options.minutes):
        print(f"go {go + 1} of {len(GOES)}, step {steps}: loss {loss:.3f}", flush=True)
        last[go] = steps, loss
    export(network, options.alphabet, options.out)
    goes = [
        {"minutes": round(options.minutes * GOES[go][0], 1), "steps": steps, "loss": round(loss, 4)}
        for go, (steps, loss) in last.items()
    ]
    figures = {"sentences": len(given), "hours": round(hours, 2), "goes": goes}
    options.out.with_suffix(".json").write_text(json.dumps(figures), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
