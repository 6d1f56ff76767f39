"""Hears MDC-1200 in a stream: search for a synchronisation, wait for its blocks, read them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from radio_drivers.interface import RATE
from radio_drivers.signalling.found import Burst, Looked, Span
from radio_drivers.signalling.mdc1200 import DOUBLE_OPS, PREAMBLE, SYNC, bits_of, block, packet_of, read_block
from radio_drivers.signalling.mdc1200_sound import (
    BIT,
    FEW,
    HISTORY,
    LIKE_SYNC,
    SPEEDS,
    SYNC_BITS,
    SYNC_LENGTH,
    Complex,
    Grip,
    analytic,
    end_of_sync,
    grip,
    soft_bits,
    sync_likeness,
)
from radio_drivers.signalling.spectra import BIN_HZ, CHUNK, FRAME, HOP, Floats, Frames, centre_of, peak_between

KEPT = 9_600
"""Samples kept, 0.6 s: a synchronisation and two blocks are 0.22 s."""
PREAMBLE_HZ = (1200.0, 1800.0)
"""A preamble changes with every bit, or with none (some makers' firmware sends zeros): one steady tone."""
PREAMBLE_OFF = 0.03
PREAMBLE_SHARE = 0.45
PREAMBLE_S = 0.6
"""A longer tone is no preamble."""
AFTER_PREAMBLE = round((SYNC_BITS * BIT + FRAME) / HOP)
"""Frames after a preamble in which its synchronisation must have been found."""
MARGIN = round(0.012 * RATE)
PEAK = 7
"""Thinned values, two bits: the best within this is the synchronisation."""
AT_ONCE = 4
"""Synchronisations whose blocks are waited for; more within a fifth of a second are noise."""

BAND_SHARE = 0.55
"""A chunk without a frame that has this much of its energy in 900-2100 Hz, nor one before it, has no synchronisation: at 0 dB
it has 0.7. Most speech has less, which saves the search for it."""
_BAND = slice(round(900 / BIN_HZ), round(2100 / BIN_HZ) + 1)
_BINS = [(round((hertz - 100) / BIN_HZ), round((hertz + 100) / BIN_HZ)) for hertz in PREAMBLE_HZ]


@dataclass(frozen=True, slots=True)
class _Sync:
    """Something like a synchronisation, at its best so far."""

    value: int
    likeness: float
    speed: float


@dataclass(frozen=True, slots=True)
class _Reading:
    """A synchronisation whose blocks are being waited for. Places are samples from the beginning."""

    held: Grip
    start: int
    first: bytes | None = None
    """The first block, where this is the second that is waited for."""

    @property
    def due(self) -> int:
        """The last sample that is needed next."""
        return round(self.held.block_end + 1.5 * self.held.bit)


class Mdc1200:
    """Decoder of one stream."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._samples = np.zeros(KEPT, np.float32)
        self._seen = 0
        self._loud = False
        self._sync: _Sync | None = None
        self._readings: list[_Reading] = []
        self._tone: tuple[int, int] | None = None  # first and last frame of what may be a preamble
        self._silenced = 0

    def look(self, chunk: Floats, frames: Frames) -> Looked:
        """Hear the next chunk."""
        self._samples[:-CHUNK] = self._samples[CHUNK:]
        self._samples[-CHUNK:] = chunk
        self._seen += CHUNK
        found: list[Burst] = []
        spans: list[Span] = []
        self._watch_for_preamble(frames)
        loud = not frames.quiet and bool((frames.power[:, _BAND].sum(axis=1) >= BAND_SHARE * frames.band).any())
        if loud or self._loud or self._sync is not None:
            self._search(analytic(self._samples[-CHUNK - FEW * (SYNC_LENGTH - 1) - HISTORY :]))
        self._loud = loud
        if self._readings:
            self._readings = [left for reading in self._readings if (left := self._read(reading, found, spans))]
        return Looked(found, spans)

    def finish(self) -> Looked:
        """The transmission has ended; a packet that isn't complete now never will be."""
        self._begin()
        return Looked()

    def held_from(self, end: int) -> int:
        """From the preamble, until its packet has been read or can't come any more."""
        starts = [reading.start for reading in self._readings]
        if self._tone is not None:
            starts.append(centre_of(self._tone[0]) - MARGIN)
        return min([end - FRAME // 2 - MARGIN, *(max(start, self._silenced) for start in starts)])

    def _watch_for_preamble(self, frames: Frames) -> None:
        good = np.zeros(len(frames.power), np.bool_)
        for wanted, bins in zip(PREAMBLE_HZ, _BINS, strict=True):
            hertz, strength = peak_between(frames.power, *bins)
            good |= (np.abs(hertz / wanted - 1) <= PREAMBLE_OFF) & (strength >= PREAMBLE_SHARE * frames.band)
        if frames.quiet or (self._tone is None and not good.any()):
            good[:] = False
        for step, is_tone in enumerate(good.tolist()):
            number = frames.number + step
            if is_tone:
                self._tone = (self._tone[0] if self._tone is not None else number, number)
            if self._tone is None:
                continue
            first, last = self._tone
            if number - last > AFTER_PREAMBLE or last - first > PREAMBLE_S * RATE / HOP:
                self._tone = None

    def _search(self, values: Complex) -> None:
        likeness, speeds = sync_likeness(values)
        if self._sync is None and not bool((likeness >= LIKE_SYNC).any()):
            return
        first = (self._seen - CHUNK) // FEW
        for step, (like, speed) in enumerate(zip(likeness.tolist(), speeds.tolist(), strict=True)):
            value, best = first + step, self._sync
            if like >= LIKE_SYNC and (best is None or like > best.likeness):
                self._sync = _Sync(value, like, SPEEDS[speed])
            elif best is not None and value - best.value >= PEAK:
                self._sync = None
                self._take(best)

    def _take(self, sync: _Sync) -> None:
        oldest = self._seen - KEPT
        held = grip(self._samples, end_of_sync(sync.value) - oldest, sync.speed)
        if held is None or len(self._readings) >= AT_ONCE:
            return
        held = replace(held, end=held.end + oldest)
        start = round(held.end - (SYNC_BITS + 8 * len(PREAMBLE)) * held.bit) - MARGIN
        if self._tone is not None:
            start = min(start, centre_of(self._tone[0]) - MARGIN)
        self._readings.append(_Reading(held, max(0, start)))

    def _read(self, reading: _Reading, found: list[Burst], spans: list[Span]) -> _Reading | None:
        """What is left to be waited for."""
        if self._seen < reading.due:
            return reading
        oldest, held = self._seen - KEPT, reading.held
        data = read_block(soft_bits(self._samples, replace(held, end=held.end - oldest)))
        end = round(held.block_end) + MARGIN
        if data is not None and reading.first is None and data[0] in DOUBLE_OPS:
            # What was read is known now, and tells the sender's clock better than the synchronisation alone.
            better = grip(self._samples, held.block_end - oldest, held.speed, bits_of(SYNC + block(data)))
            if better is not None:
                return replace(reading, held=replace(better, end=better.end + oldest), first=data)
        if reading.first is not None:
            found.append(Burst(packet_of(reading.first, data), reading.start, end))
        elif data is not None:
            found.append(Burst(packet_of(data, None), reading.start, end))
        # A packet that can't be read is a packet none the less, and nothing to listen to.
        spans.append(Span(max(reading.start, self._silenced), end))
        self._silenced, self._tone = end, None
        return None
