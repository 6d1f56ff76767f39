"""Sounds of signalling, made: five-tone calls, DTMF, sub-audible tones. Pure numpy, at `RATE`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from radio_drivers.interface import RATE
from radio_drivers.signalling.tables import DTMF_HIGH, DTMF_KEYS, DTMF_LOW, REPEAT, ToneSet

Wave = npt.NDArray[np.float32]
"""Samples between -1 and 1."""

RAMP_S = 0.003
"""Tones begin and end softly: a click is wide-band."""

DTMF_ON_S = 0.100
DTMF_OFF_S = 0.050
"""As svxlink sends keys."""


def amplitude(dbfs: float) -> float:
    """Peak of a sine with this RMS level; a full-scale sine has -3 dBFS."""
    peak: float = 10 ** (dbfs / 20) * 2**0.5
    return min(peak, 1.0)


def silence(seconds: float) -> Wave:
    """Nothing."""
    return np.zeros(round(seconds * RATE), np.float32)


def tones(parts: Sequence[tuple[float, float]], ramp_s: float = RAMP_S) -> Wave:
    """Sines of (Hertz, seconds), one after the other, without a jump in phase; peak 1."""
    ends = np.cumsum([0.0, *(seconds for _, seconds in parts)])
    phases = np.cumsum([0.0, *(hertz * seconds for hertz, seconds in parts)])
    at = np.arange(round(ends[-1] * RATE)) / RATE
    wave: Wave = np.sin(2 * np.pi * np.interp(at, ends, phases)).astype(np.float32)
    return softened(wave, ramp_s)


def softened(wave: Wave, ramp_s: float = RAMP_S) -> Wave:
    """The same with soft ends."""
    n = min(round(ramp_s * RATE), len(wave) // 2)
    if n:
        ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / n)).astype(np.float32)
        wave[:n] *= ramp
        wave[-n:] *= ramp[::-1]
    return wave


def with_repeats(digits: str) -> str:
    """Digits as they are sent: the second of two equal ones becomes E. 34433 -> 34E3E, 22222 -> 2E2E2."""
    sent = digits[:1]
    for before, digit in pairwise(digits):
        sent += REPEAT if digit == before and sent[-1] != REPEAT else digit
    return sent


def five_tone(digits: str, tone_set: ToneSet, first_s: float | None = None) -> Wave:
    """A call, peak 1.

    Args:
        digits: without repeat tones; they are put in.
        tone_set: whose tones.
        first_s: a longer first tone, to wake radios that save their batteries.

    Raises:
        KeyError: the set has no tone for a digit.
    """
    parts = [(tone_set.hertz[digit], tone_set.tone_s) for digit in with_repeats(digits)]
    if first_s is not None:
        parts[0] = (parts[0][0], first_s)
    return tones(parts)


def dtmf(keys: str, on_s: float = DTMF_ON_S, off_s: float = DTMF_OFF_S) -> Wave:
    """Keys of a telephone, peak 1, with a pause after each.

    Raises:
        ValueError: there is no such key.
    """
    parts = []
    for key in keys:
        row = next((index for index, row in enumerate(DTMF_KEYS) if key in row), None)
        if row is None:
            raise ValueError(f"{key!r} is no DTMF key")
        low, high = DTMF_LOW[row], DTMF_HIGH[DTMF_KEYS[row].index(key)]
        both = 0.5 * (tones([(low, on_s)], 0) + tones([(high, on_s)], 0))
        parts += [softened(both.astype(np.float32)), silence(off_s)]
    return np.concatenate(parts) if parts else silence(0)


def sub_audible(hertz: float, samples: int) -> Wave:
    """A CTCSS tone, peak 1."""
    return softened(np.sin(2 * np.pi * hertz / RATE * np.arange(samples)).astype(np.float32), 0.02)


def to_pcm(wave: npt.NDArray[np.floating]) -> bytes:
    """Mono int16 little-endian, limited at full scale."""
    pcm: bytes = np.clip(np.rint(wave * 32767), -32768, 32767).astype("<i2").tobytes()
    return pcm
