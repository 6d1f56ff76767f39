"""Every sentence sounds a little different each time it is learnt from: pure, on mel spectra.

Values are Whisper's: (log10 of the power + 4) / 4, nothing more than 8 in log10 under the loudest (openai/whisper, `audio.py`), so a tenth
is four decibels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Draw = np.random.Generator

DEPTH = 2.0
"""How far under the loudest a value may be."""
TEMPO = (0.9, 1.12)
THROAT = (0.92, 1.08)
"""Talkers' throats are of different lengths: their spectra lie higher or lower."""
TILT = 0.15
"""Up or down at both ends of the spectrum: no two microphones are the same."""
NOISY = 0.5
"""How many of the sentences get noise."""
BANDS, MOMENTS = 12, 14
"""Mel bands and frames blanked at most at a time (Park et al. 2019)."""


def between_rows(values: Floats, at: Floats) -> Floats:
    """Rows at places that need not be whole numbers, in a straight line between their neighbours."""
    low = np.minimum(at.astype(int), len(values) - 1)
    part = (at - low)[:, None].astype(np.float32)
    return np.asarray(values[low] * (1 - part) + values[np.minimum(low + 1, len(values) - 1)] * part, np.float32)


def tempo(mels: Floats, factor: float) -> Floats:
    """As if said in `factor` times the time; whole steps of four frames."""
    frames = int(len(mels) * factor) // 4 * 4
    return between_rows(mels, np.linspace(0, len(mels) - 1, frames, dtype=np.float32))


def throat(mels: Floats, factor: float) -> Floats:
    """Every band takes what was `factor` times as high."""
    bands = mels.shape[1]
    places = np.clip(np.arange(bands, dtype=np.float32) * np.float32(factor), 0, bands - 1)
    return between_rows(mels.T, places).T


def with_noise(mels: Floats, noise: Floats) -> Floats:
    """Both at once: their powers added."""
    both = np.log10(10.0 ** (4 * mels) + 10.0 ** (4 * noise)) / 4
    return np.asarray(np.maximum(both, both.max() - DEPTH), np.float32)


def noise(frames: int, bands: int, level: float, draw: Draw, rough: float = 0.12, slope: float = 0.01) -> Floats:
    """Static of some colour around a level, shape (frames, bands)."""
    colour = np.cumsum(draw.standard_normal(bands)) * slope
    return np.asarray(level + colour - colour.mean() + rough * draw.standard_normal((frames, bands)), np.float32)


def nothing_said(frames: int, bands: int, draw: Draw) -> Floats:
    """Static that swells, with a few tones in it: from this the network learns to read nothing out of noise."""
    made = noise(frames, bands, draw.uniform(-0.4, 0.6), draw, draw.uniform(0.05, 0.15), 0.02)
    made += (draw.uniform(0, 0.15) * np.repeat(draw.standard_normal(frames // 20 + 1), 20)[:frames, None]).astype(
        np.float32
    )
    for _ in range(int(draw.integers(0, 3))):
        band, start = int(draw.integers(2, bands - 2)), int(draw.integers(0, frames))
        made[start : start + int(draw.integers(5, 80)), band - 1 : band + 2] += draw.uniform(0.2, 0.8)
    return np.asarray(np.maximum(made, made.max() - DEPTH), np.float32)


def varied(mels: Floats, shortest: int, draw: Draw) -> Floats:
    """A sentence, said once more.

    Args:
        mels: shape (frames, bands), whole steps of four frames.
        shortest: frames that its sounds need at least.
        draw: where chance comes from.
    """
    factor = draw.uniform(*TEMPO)
    if len(mels) * factor // 4 * 4 > shortest:
        mels = tempo(mels, factor)
    mels = throat(mels, draw.uniform(*THROAT))
    frames, bands = mels.shape
    if draw.random() < NOISY:
        mels = with_noise(mels, noise(frames, bands, float(mels.mean()) + draw.uniform(-0.55, 0.15), draw))
    mels = mels + np.float32(draw.uniform(-TILT, TILT)) * np.linspace(-1, 1, bands, dtype=np.float32)
    middle = mels.mean()
    for _ in range(2):
        wide = int(draw.integers(0, BANDS))
        start = int(draw.integers(0, bands - wide))
        mels[:, start : start + wide] = middle
    for _ in range(2 + frames // 400):
        long = int(draw.integers(0, MOMENTS))
        start = int(draw.integers(0, max(1, frames - long)))
        mels[start : start + long] = middle
    return mels
