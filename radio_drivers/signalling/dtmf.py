"""Hears DTMF: keys of a radio's keypad.

A frame shows a key when the strongest tones below and above 1 kHz are both DTMF tones (within 2.2 %; ITU-T Q.24 accepts
senders up to 1.5 % and refuses 3.5 %), about equally loud, and hold most of the band's energy between them. A key must last
25 ms of such frames, and both its tones must be wrong by the same part, because one clock makes them; that alone refuses two
thirds of what speech offers. 15 ms without the tones end it; hidden under something else they may be for longer. Keys close to
each other make a number.

Garbage to expect: speech, which has such pairs for an instant now and then (so short numbers are none), and tones under it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from radio_drivers.interface import RATE
from radio_drivers.signalling.found import Digits, Looked, Span
from radio_drivers.signalling.settings import MOST_KEYS
from radio_drivers.signalling.spectra import BIN_HZ, FRAME, HOP, Floats, Frames, centre_of, peak_between
from radio_drivers.signalling.tables import DTMF_HIGH, DTMF_KEYS, DTMF_LOW

TOLERANCE = 0.022
SHARE = 0.50
"""Both tones together hold at least so much of the band's energy: at 6 dB they hold 0.8."""
TWIST = 10 ** (8 / 10)
"""One may be louder by 8 dB: a microphone's or receiver's emphasis."""
LEAST_FRAMES = 5
"""Of 5 ms: a key of 40 ms gives six."""
SAME_CLOCK = 0.008
"""The tones of a key are wrong by the same part, give or take this."""
GAP_FRAMES = 3
"""Without the key's tones for so long, it was let go."""
HIDDEN_FRAMES = 8
"""Something else may be louder than the key for so long."""
FAINT = 1e-7
"""Mean square of a tone (-70 dBFS) that is too faint to be one."""
FADED = 10 ** (-9 / 10)
"""A key that fell by 9 dB was let go: a 20 ms pause between two equal keys is no more than a dip to 24 ms frames."""
MARGIN = round(0.012 * RATE)
LONGEST_S = 12.0
"""Longer is no key of a number."""

_LOW = np.array(DTMF_LOW, np.float32)
_HIGH = np.array(DTMF_HIGH, np.float32)
_LOW_BINS = (int(650 / BIN_HZ), round(1000 / BIN_HZ))
_HIGH_BINS = (round(1150 / BIN_HZ), round(1710 / BIN_HZ))


@dataclass(slots=True)
class _Key:
    row: int
    column: int
    first: int
    last: int
    loudest: float
    frames: int = 0
    off: float = 0.0
    """Sum of the differences between the errors of its two tones."""
    gone: int = 0
    """Frames since its tones were last there, seen or hidden."""

    @property
    def sure(self) -> bool:
        return self.frames >= LEAST_FRAMES and abs(self.off) <= SAME_CLOCK * self.frames

    @property
    def name(self) -> str:
        return DTMF_KEYS[self.row][self.column]


@dataclass(frozen=True, slots=True)
class _Pair:
    """The tones of one frame."""

    row: int
    column: int
    power: float
    off: float


class Dtmf:
    """Decoder of keys and numbers.

    Args:
        least: fewer keys are no number.
        gap_s: a longer pause ends the number.
        at_once: says of a number that it is complete without a pause after it.
    """

    def __init__(
        self, least: int = 4, gap_s: float = 0.7, *, at_once: Callable[[str], bool] = lambda _number: False
    ) -> None:
        self._least = least
        self._at_once = at_once
        self._gap = round(gap_s * RATE / HOP)
        self._key: _Key | None = None
        self._number = ""
        self._first = self._last = 0
        self._silenced = 0

    def look(self, chunk: Floats, frames: Frames) -> Looked:  # noqa: ARG002 - a decoder's arguments
        """Hear the next chunk."""
        found: list[Digits] = []
        spans: list[Span] = []
        if not frames.quiet:
            for step, pair in enumerate(self._pairs(frames)):
                self._frame(frames.number + step, pair, frames.power[step], spans)
        elif self._key is not None:
            self._let_go()
        waited = frames.number - self._last > self._gap
        if self._number and self._key is None and (waited or self._at_once(self._number)):
            self._end(found)
        return Looked(found, spans)

    def finish(self) -> Looked:
        """The transmission has ended."""
        found: list[Digits] = []
        if self._key is not None:
            self._let_go()
        self._end(found)
        self._silenced = 0
        return Looked(found)

    def held_from(self, end: int) -> int:
        """From the first frame of a key; once it is sure, it is silenced as it goes on."""
        free = end - FRAME // 2 - MARGIN
        if self._key is None:
            return free
        return min(free, max(centre_of(self._key.first) - MARGIN, self._silenced))

    def _pairs(self, frames: Frames) -> list[_Pair | None]:
        low_hertz, low = peak_between(frames.power, *_LOW_BINS)
        high_hertz, high = peak_between(frames.power, *_HIGH_BINS)
        good = (low + high >= SHARE * frames.band) & (low < TWIST * high) & (high < TWIST * low) & (low > FAINT)
        if not good.any():
            return [None] * len(good) if self._key is not None else []
        low_off = low_hertz[:, None] / _LOW - 1
        high_off = high_hertz[:, None] / _HIGH - 1
        rows, columns = np.abs(low_off).argmin(axis=1), np.abs(high_off).argmin(axis=1)
        each = np.arange(len(good))
        low_error, high_error = low_off[each, rows], high_off[each, columns]
        good &= (np.abs(low_error) <= TOLERANCE) & (np.abs(high_error) <= TOLERANCE)
        table = zip(
            good.tolist(),
            rows.tolist(),
            columns.tolist(),
            (low + high).tolist(),
            (low_error - high_error).tolist(),
            strict=True,
        )
        return [_Pair(*pair) if ok else None for ok, *pair in table]

    def _frame(self, number: int, pair: _Pair | None, power: Floats, spans: list[Span]) -> None:
        key = self._key
        if key is not None:
            seen = pair is not None and (pair.row, pair.column) == (key.row, key.column)
            if pair is not None and seen and pair.power > FADED * key.loudest:
                self._hold(key, number, pair, spans)
                return
            # A frame that something else fills is no gap as long as both tones are there; another key is one at once, unless
            # this one is sure: the first frames of a tone can look like anything.
            hidden = pair is None and key.sure and _least_of(power, key) > FADED * key.loudest / 4
            key.gone = 0 if hidden else key.gone + 1
            if (pair is None or key.sure) and key.gone < GAP_FRAMES and number - key.last < HIDDEN_FRAMES:
                return
            self._let_go()
        if pair is not None:
            self._key = _Key(pair.row, pair.column, number, number, pair.power)
            self._hold(self._key, number, pair, spans)

    def _hold(self, key: _Key, number: int, pair: _Pair, spans: list[Span]) -> None:
        """The key is still down."""
        key.last, key.frames, key.gone = number, key.frames + 1, 0
        key.loudest, key.off = max(key.loudest, pair.power), key.off + pair.off
        if key.sure:
            start, end = max(self._silenced, centre_of(key.first) - MARGIN), centre_of(number) + MARGIN
            spans.append(Span(start, end))
            self._silenced = end

    def _let_go(self) -> None:
        key, self._key = self._key, None
        if key is None or not key.sure or (key.last - key.first) * HOP > LONGEST_S * RATE:
            return
        if not self._number:
            self._first = key.first
        self._number = (self._number + key.name)[: MOST_KEYS + 1]
        self._last = key.last

    def _end(self, found: list[Digits]) -> None:
        number, self._number = self._number, ""
        if self._least <= len(number) <= MOST_KEYS:
            found.append(
                Digits("dtmf", "DTMF", number, centre_of(self._first) - MARGIN, centre_of(self._last) + MARGIN)
            )


def _least_of(power: Floats, key: _Key) -> float:
    """Power of the weaker of a key's tones in a frame."""
    tones = (DTMF_LOW[key.row], DTMF_HIGH[key.column])
    return min(float(power[round(hertz / BIN_HZ) - 1 : round(hertz / BIN_HZ) + 2].sum()) for hertz in tones)
