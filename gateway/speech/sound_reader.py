"""Which sounds were said when, read off Whisper's encoder by a small network of our own.

Whisper's decoder writes words that it knows: "Mulcahy" comes out as "me to sleep and". Its encoder has heard the sounds all the
same. The network here turns every 40 ms of the encoder's output into probabilities of British phonemes; it was trained on spoken
sentences full of names (`./run bench fit_sounds`, docs/names.md) and knows no words. Each encoder needs its own; a file says
which one it was trained on by what that encoder makes of a fixed sound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

STEP_S: Final = 0.04
"""Seconds of two positions of Whisper's encoder (Radford et al. 2022, section 2.2), which are read together: no sound is shorter."""
_RATE: Final = 16_000
_ALIKE: Final = 0.98
"""Cosine between what two encoders make of the fixed sound, from which they are one model; rounding to int8 leaves 0.999."""
_LAYERS: Final = ("inner1", "inner2")


def probe() -> Floats:
    """The fixed sound: a second of a falling tone with a little noise, mono at 16 kHz."""
    time = np.arange(_RATE, dtype=np.float64) / _RATE
    noise = np.random.default_rng(7).standard_normal(_RATE)
    return np.asarray(0.3 * np.sin(2 * np.pi * (900 * time - 300 * time**2)) + 0.02 * noise, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class SoundReader:
    """The network: a linear layer over two positions, two over five steps each that add to what they get, and one to the sounds."""

    alphabet: str
    """The sounds, from column 1 on; column 0 is "no sound, or the same still"."""
    weights: Mapping[str, Floats]

    @classmethod
    def parse(cls, arrays: Mapping[str, npt.NDArray[np.generic]]) -> SoundReader:
        """From the arrays of a data file, which are kept at half precision.

        Raises:
            KeyError: one is missing.
        """
        alphabet = "".join(map(chr, np.asarray(arrays["alphabet"]).tolist()))
        names = ["probe", "mean", "scale", "inward", "inward_bias", "outward", "outward_bias"]
        names += [part for layer in _LAYERS for part in (layer, f"{layer}_bias")]
        return cls(alphabet, {name: np.asarray(arrays[name], np.float32) for name in names})

    def is_for(self, encoded_probe: Floats) -> bool:
        """Whether it was trained on the encoder that made this of `probe`, shape (positions, width)."""
        own, other = self.weights["probe"], encoded_probe.mean(axis=0)
        if own.shape != other.shape:
            return False
        return float(own @ other / (np.linalg.norm(own) * np.linalg.norm(other) + 1e-9)) >= _ALIKE

    def __call__(self, encoded: Floats) -> Floats:
        """Log-probabilities of the sounds.

        Args:
            encoded: what the encoder made of a call, shape (positions, width); an odd one at the end is left out.

        Returns:
            Shape (positions // 2, 1 + sounds): a row every `STEP_S`.
        """
        weights = self.weights
        steps = len(encoded) // 2
        scaled = (encoded[: 2 * steps] - weights["mean"]) / weights["scale"]
        # The two positions of a step side by side. Not -1: a call of one position has no step, and numpy no way to tell.
        pairs = scaled.reshape(steps, 2 * encoded.shape[1])
        inner = np.maximum(pairs @ weights["inward"] + weights["inward_bias"], 0)
        for layer in _LAYERS:
            taps = weights[layer]  # (positions, in, out)
            reach = len(taps) // 2
            padded = np.pad(inner, ((reach, reach), (0, 0)))
            summed = sum(padded[tap : tap + len(inner)] @ taps[tap] for tap in range(len(taps)))
            inner = inner + np.maximum(summed + weights[f"{layer}_bias"], 0)
        scores = inner @ weights["outward"] + weights["outward_bias"]
        scores = scores - scores.max(axis=1, keepdims=True)
        return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), np.float32)


def reader_for(encode: Callable[[Floats], Floats]) -> SoundReader | None:
    """The reader that was trained on this encoder; None where there is none, as for a model that nobody has trained one for.

    Args:
        encode: sound to the encoder's output, shape (positions, width).
    """
    encoded = encode(probe())
    folder = resources.files("gateway.speech").joinpath("data")
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if not file.name.endswith(".npz"):
            continue
        with resources.as_file(file) as path, np.load(path) as arrays:
            reader = SoundReader.parse(arrays)
        if reader.is_for(encoded):
            return reader
    return None
