"""Hears a sub-audible tone (CTCSS), and which one it is.

The sound below 300 Hz is looked at in windows of 200 ms, a new one every 40 ms: long enough to tell 67.0 from 69.3 Hz by the
place of the peak. Garbage to expect: mains hum, the low end of voices (radios cut it off before they add the tone, telephones
and consoles don't), a neighbour's tone 2 % away, and nothing at all where the receiver's output is filtered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radio_drivers.interface import RATE
from radio_drivers.signalling.spectra import CHUNK, Floats
from radio_drivers.signalling.tables import CTCSS_HERTZ

SLOW = 16
"""Samples are thinned by this, to 1 kHz."""
WINDOW = 200
"""Thinned samples: 200 ms."""
WINDOW_SAMPLES = WINDOW * SLOW
FFT = 1024
BIN_HZ = RATE / SLOW / FFT
LEAST_HZ, MOST_HZ = 55.0, 268.0
SHARE = 0.5
"""The tone holds at least so much of all below 270 Hz, to begin with."""
SHARE_KEPT = 0.3
"""And so much while it is there: voices and fades."""
FAINT = 5e-7
"""Mean square of a tone that is too faint to be one (-63 dBFS)."""
LOBE_HZ = 10.0
"""A tone's energy lies within this of its peak."""
OFF = 0.015
"""A tone may be off by so much, where no other tone in use is near."""

_TAPS = 161
_n = np.arange(_TAPS) - (_TAPS - 1) / 2
_LOW_PASS = (2 * 330 / RATE * np.sinc(2 * 330 / RATE * _n) * np.hamming(_TAPS)).astype(np.float32)
_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_SCALE = 2.0 / (FFT * float(np.sum(_HANN**2)))
_FIRST, _LAST = round(LEAST_HZ / BIN_HZ), round(MOST_HZ / BIN_HZ)
_LOBE = round(LOBE_HZ / BIN_HZ)


@dataclass(frozen=True, slots=True)
class SubAudible:
    """The strongest tone below the voice."""

    hertz: float
    power: float
    """Mean square of it; full scale 1."""
    share: float
    """Part of all that is there below the voice."""


def tolerance_hz(hertz: float) -> float:
    """How far off a tone may be and still be this one: 1.5 %, and never half way to another tone in use."""
    others = [abs(other - hertz) for other in CTCSS_HERTZ if abs(other - hertz) > 0.3]
    return min(OFF * hertz, 0.45 * min(others))


class SubAudibleEar:
    """Listens below the voice. Chunks come in order and are all `CHUNK` long."""

    def __init__(self) -> None:
        self._samples = np.zeros(_TAPS - SLOW + CHUNK, np.float32)
        self._slow = np.zeros(WINDOW, np.float32)

    def hear(self, chunk: Floats) -> SubAudible:
        """What the last 200 ms have, the chunk included."""
        new = CHUNK // SLOW
        self._samples[:-CHUNK] = self._samples[CHUNK:]
        self._samples[-CHUNK:] = chunk
        self._slow[:-new] = self._slow[new:]
        self._slow[-new:] = np.lib.stride_tricks.sliding_window_view(self._samples, _TAPS)[::SLOW] @ _LOW_PASS
        spectrum = np.fft.rfft(self._slow * _HANN, FFT)
        power = (spectrum.real**2 + spectrum.imag**2) * _SCALE
        at = int(power[_FIRST : _LAST + 1].argmax()) + _FIRST
        left, mid, right = (float(np.log(power[at + step] + 1e-20)) for step in (-1, 0, 1))
        bend = left - 2 * mid + right
        shift = 0.5 * (left - right) / bend if bend < -1e-9 else 0.0
        total = float(power[_FIRST - _LOBE : _LAST + _LOBE + 1].sum())
        tone = float(power[at - _LOBE : at + _LOBE + 1].sum())
        return SubAudible((at + min(max(shift, -0.5), 0.5)) * BIN_HZ, tone, tone / total if total > 0 else 0.0)


def is_tone(heard: SubAudible, hertz: float, *, kept: bool = False) -> bool:
    """It is this tone. `kept`: it has been, up to now."""
    return (
        abs(heard.hertz - hertz) <= tolerance_hz(hertz)
        and heard.share >= (SHARE_KEPT if kept else SHARE)
        and heard.power >= FAINT
    )
