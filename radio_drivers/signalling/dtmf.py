"""Hears DTMF: keys of a radio's keypad.

A frame shows a key when the strongest tones below and above 1 kHz are both DTMF tones (within 2.2 %; ITU-T Q.24 accepts
senders up to 1.5 % and refuses 3.5 %), about equally loud, and hold most of the band's energy between them. A key must last
25 ms of such frames and 15 ms without it end it. Keys close to each other make a number.

Garbage to expect: speech, which has such pairs for an instant now and then (so short numbers are none), and tones under it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radio_drivers.signalling.found import Digits, Looked, Span
from radio_drivers.signalling.spectra import BIN_HZ, FRAME, HOP, Floats, Frames, centre_of, peak_between
from radio_drivers.signalling.tables import DTMF_HIGH, DTMF_KEYS, DTMF_LOW

TOLERANCE = 0.022
SHARE = 0.50
"""Both tones together hold at least so much of the band's energy: at 6 dB they hold 0.8."""
TWIST = 10 ** (8 / 10)
"""One may be louder by 8 dB: a microphone's or receiver's emphasis."""
LEAST_FRAMES = 5
"""Of 5 ms: a key of 40 ms gives six."""
GAP_FRAMES = 3
"""Without the key for so long, it was let go."""
FADED = 10 ** (-9 / 10)
"""A key that fell by 9 dB was let go: a 20 ms pause between two equal keys is no more than a dip to 24 ms frames."""
MARGIN = round(0.012 * 16_000)
LONGEST_S = 12.0
"""Longer is no key of a number."""

_LOW = np.array(DTMF_LOW, np.float32)
_HIGH = np.array(DTMF_HIGH, np.float32)
_LOW_BINS = (int(650 / BIN_HZ), round(1000 / BIN_HZ))
_HIGH_BINS = (round(1150 / BIN_HZ), round(1710 / BIN_HZ))


@dataclass(slots=True)
class _Key:
    key: str
    first: int
    last: int
    frames: int = 1
    loudest: float = 0.0


class Dtmf:
    """Decoder of keys and numbers.

    Args:
        least: fewer keys are no number.
        gap_s: a longer pause ends the number.
    """

    def __init__(self, least: int = 4, gap_s: float = 0.7) -> None:
        self._least = least
        self._gap = round(gap_s * 16_000 / HOP)
        self._key: _Key | None = None
        self._number = ""
        self._first = self._last = 0
        self._silenced = 0

    def look(self, chunk: Floats, frames: Frames) -> Looked:  # noqa: ARG002 - a decoder's arguments
        """Hear the next chunk."""
        found: list[Digits] = []
        spans: list[Span] = []
        if not frames.quiet:
            keys = self._keys(frames)
            if keys is not None:
                for step, (key, power) in enumerate(keys):
                    self._frame(frames.number + step, key, power, spans)
        elif self._key is not None:
            self._let_go()
        if self._number and self._key is None and frames.number - self._last > self._gap:
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

    def _keys(self, frames: Frames) -> list[tuple[str | None, float]] | None:
        low_hertz, low = peak_between(frames.power, *_LOW_BINS)
        high_hertz, high = peak_between(frames.power, *_HIGH_BINS)
        good = (low + high >= SHARE * frames.band) & (low < TWIST * high) & (high < TWIST * low) & (low > 1e-7)
        if self._key is None and not good.any():
            return None
        row = np.abs(low_hertz[:, None] / _LOW - 1)
        column = np.abs(high_hertz[:, None] / _HIGH - 1)
        good &= (row.min(axis=1) <= TOLERANCE) & (column.min(axis=1) <= TOLERANCE)
        rows, columns = row.argmin(axis=1).tolist(), column.argmin(axis=1).tolist()
        power = (low + high).tolist()
        return [
            (DTMF_KEYS[r][c] if ok else None, p)
            for ok, r, c, p in zip(good.tolist(), rows, columns, power, strict=True)
        ]

    def _frame(self, number: int, key: str | None, power: float, spans: list[Span]) -> None:
        now = self._key
        if now is not None and key == now.key and power > FADED * now.loudest:
            now.last, now.frames, now.loudest = number, now.frames + 1, max(now.loudest, power)
            if now.frames >= LEAST_FRAMES:
                start, end = max(self._silenced, centre_of(now.first) - MARGIN), centre_of(number) + MARGIN
                spans.append(Span(start, end))
                self._silenced = end
        elif now is not None and number - now.last >= GAP_FRAMES:
            self._let_go()
            now = None
        if now is None and key is not None:
            self._key = _Key(key, number, number, 1, power)

    def _let_go(self) -> None:
        key, self._key = self._key, None
        if key is None or key.frames < LEAST_FRAMES or (key.last - key.first) * HOP > LONGEST_S * 16_000:
            return
        if not self._number:
            self._first = key.first
        self._number += key.key
        self._last = key.last

    def _end(self, found: list[Digits]) -> None:
        number, self._number = self._number, ""
        if len(number) >= self._least:
            found.append(
                Digits("dtmf", "DTMF", number, centre_of(self._first) - MARGIN, centre_of(self._last) + MARGIN)
            )
