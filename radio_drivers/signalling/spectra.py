"""Short spectra of a stream, shared by all decoders of tones.

A frame is 24 ms under a Hann window, a new one every 5 ms: short enough for tones of 40 ms and gaps of 20 ms, and fine
enough (a peak's place between two bins is good to some 2 Hz at 6 dB) to tell tones that are 60 Hz apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radio_drivers.interface import RATE

Floats = npt.NDArray[np.float32]

HOP = 80
"""Samples from frame to frame: 5 ms."""
FRAME = 384
"""Samples in a frame: 24 ms."""
FFT = 512
BIN_HZ = RATE / FFT
CHUNK = 640
"""Samples that are looked at together: 40 ms. Always the same ones, however the stream was cut."""
FRAMES = CHUNK // HOP
LOBE = 3
"""Bins on each side of a tone's peak that hold its energy: a Hann window's main lobe is 4/24 ms wide."""

LOW_HZ, HIGH_HZ = 300.0, 3100.0
"""The voice band of a radio channel; what lies outside tells nothing about tones."""

QUIET = 1e-6
"""Mean square below this (-60 dBFS) is silence: no tone is looked for."""

_HANN = np.hanning(FRAME + 1)[:-1].astype(np.float32)
_SCALE = np.float32(2.0 / (FFT * np.sum(_HANN**2)))
_FIRST, _LAST = round(LOW_HZ / BIN_HZ), round(HIGH_HZ / BIN_HZ)


@dataclass(frozen=True, slots=True)
class Frames:
    """The frames of one chunk."""

    number: int
    """Of the first frame, counted from the beginning of the stream."""
    power: Floats
    """Frames by bins; sums of it are mean squares of the sound (full scale 1)."""
    band: Floats
    """Power in the voice band, one for each frame."""

    @property
    def quiet(self) -> bool:
        """There is nothing to hear in any of them."""
        return not bool((self.band > QUIET).any())


def centre_of(number: int) -> int:
    """The sample, counted from the beginning of the stream, in the middle of a frame. Frames end at multiples of `HOP`."""
    return HOP * (number + 1) - FRAME // 2


class Spectra:
    """Chunks in, frames out. The frames of a chunk are those whose last sample lies in it."""

    def __init__(self) -> None:
        self._samples = np.zeros(FRAME - HOP + CHUNK, np.float32)
        self._number = 0

    def of(self, chunk: Floats) -> Frames:
        """The frames that a chunk of `CHUNK` samples completes."""
        self._samples[: FRAME - HOP] = self._samples[CHUNK:]
        self._samples[FRAME - HOP :] = chunk
        view = np.lib.stride_tricks.sliding_window_view(self._samples, FRAME)[::HOP]
        spectrum = np.fft.rfft(view * _HANN, FFT)
        power: Floats = ((spectrum.real**2 + spectrum.imag**2) * _SCALE).astype(np.float32, copy=False)
        frames = Frames(self._number, power, power[:, _FIRST : _LAST + 1].sum(axis=1))
        self._number += FRAMES
        return frames


def peak_between(power: Floats, first: int, last: int) -> tuple[Floats, Floats]:
    """The strongest tone between two bins, in each frame.

    Args:
        power: frames by bins.
        first: lowest bin that may be the peak; at least `LOBE`.
        last: highest.

    Returns:
        Its frequency in Hertz (between bins, by a parabola through the logarithms) and its power.
    """
    rows = np.arange(len(power))
    at = power[:, first : last + 1].argmax(axis=1) + first
    left, mid, right = (np.log(power[rows, at + step] + 1e-20) for step in (-1, 0, 1))
    bend = left - 2 * mid + right
    shift = np.where(bend < -1e-6, 0.5 * (left - right) / np.minimum(bend, -1e-6), 0.0)
    hertz: Floats = ((at + np.clip(shift, -0.5, 0.5)) * BIN_HZ).astype(np.float32)
    lobe = at[:, None] + np.arange(-LOBE, LOBE + 1)
    strength: Floats = power[rows[:, None], lobe].sum(axis=1)
    return hertz, strength
