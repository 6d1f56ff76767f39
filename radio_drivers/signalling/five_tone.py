"""Hears five-tone selective calls: CCIR, EEA, ZVEI and sets of a fleet's own.

Each frame's strongest tone is a digit when it lies within 2.2 % of one (a sender may be wrong by 1.5 %) and holds a good
part of the band's energy. Frames of the same digit make a run; a run is a tone when it is about as long as the set's tones.
Tones follow each other without a gap, and are all wrong by the same part, because one clock makes them: that, with the
lengths, is what speech can't imitate. Repeat tones keep two equal digits apart.

Garbage to expect: speech and noise before, after and under the tones; a stretched first tone; a burst cut off by key-up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from radio_drivers.interface import RATE
from radio_drivers.signalling.found import Digits, Looked, Span
from radio_drivers.signalling.spectra import BIN_HZ, FRAME, HOP, LOBE, Floats, Frames, centre_of, peak_between
from radio_drivers.signalling.tables import REPEAT, ToneSet

TOLERANCE = 0.022
"""A frame's peak may be off by so much: the sender's 1.5 %, and what noise adds."""
SAME_CLOCK = 0.012
"""The tones of one call are wrong by the same part, give or take this."""
SHARE = 0.42
"""A tone holds at least so much of the band's energy: at 6 dB it holds 0.8, with speech over it less."""
SHORTEST, LONGEST = 0.65, 1.45
"""A tone's length as part of the set's."""
STEADY = 0.0065
"""Standard deviation of a tone's error from frame to frame, its first and last frame left out. At 6 dB 999 of 1,000 tones stay
below 0.35 %; voices waver and whistles that wander across a digit have 0.9 %."""
AS_LOUD = 10 ** (7 / 10)
"""A tone is as loud as the one before it, give or take a receiver's emphasis."""
HIDDEN = 0.3
"""A tone that has this part of its power is there, though something else is louder."""
FILLED = 0.55
"""So many frames of a tone must show it; speech or a click may hide the others."""
MISSING_S = 0.020
"""A tone may be hidden for so long and be the same tone still."""
REMEMBERED = 400
"""Frames of a tone that are judged, 2 s."""
SURE = 3
"""So many tones in a row are silenced before the call is complete; what it says is another question."""
MARGIN = round(0.012 * RATE)
"""Silenced before the first and after the last frame of a burst: half a frame."""
HOLD_S = 1.9
"""What might become a call is held back at most so long."""


@dataclass(slots=True)
class _Run:
    """Frames of one digit."""

    digit: str
    first: int
    last: int
    frames: int = 0
    offs: list[float] = field(default_factory=list)
    """Errors of the frames that show it, as parts of the tone's frequency; the first `REMEMBERED`."""
    power: float = 0.0
    """Sum of their powers."""
    hidden: int = 0
    """Frames that something else is louder in, though the tone is there."""

    @property
    def length_s(self) -> float:
        return (self.last - self.first + 1) * HOP / RATE

    @property
    def filled(self) -> float:
        return (self.frames + self.hidden) / (self.last - self.first + 1)

    @property
    def error(self) -> float:
        return sum(self.offs) / len(self.offs)

    @property
    def steady(self) -> bool:
        """One tone, not a whistle or a voice on its way from one pitch to another."""
        inner = self.offs[1:-1] if len(self.offs) > 4 else self.offs
        mean = sum(inner) / len(inner)
        return sum((off - mean) ** 2 for off in inner) <= STEADY**2 * len(inner)

    @property
    def loudness(self) -> float:
        return self.power / self.frames

    def show(self, number: int, off: float, power: float) -> None:
        """One more frame shows it."""
        self.last, self.frames = number, self.frames + 1
        self.power += power
        if len(self.offs) < REMEMBERED:
            self.offs.append(off)


@dataclass(frozen=True, slots=True)
class _Seen:
    """The tone of one frame."""

    digit: str
    off: float
    power: float


class FiveTone:
    """Decoder of one set of tones.

    Args:
        tone_set: frequencies and tone length.
        least: fewest tones of a call.
        most: most tones of a call.
        first_s: how long the first tone may be.
    """

    def __init__(self, tone_set: ToneSet, least: int = 5, most: int = 8, first_s: float = 1.0) -> None:
        self._system = f"5-tone {tone_set.name}"
        self._digits = sorted((hertz, digit) for digit, hertz in tone_set.hertz.items())
        hertz = np.array([hertz for hertz, _ in self._digits], np.float32)
        self._hertz = hertz
        self._of_digit = dict(tone_set.hertz)
        self._edges = np.sqrt(hertz[1:] * hertz[:-1])
        spacing = float((hertz[1:] / hertz[:-1]).min()) - 1 if len(hertz) > 1 else 1.0
        self._tolerance = min(TOLERANCE, 0.45 * spacing)
        self._first_bin = max(LOBE, round(float(hertz[0]) * 0.96 / BIN_HZ))
        self._last_bin = round(float(hertz[-1]) * 1.04 / BIN_HZ)
        self._tone_s = tone_set.tone_s
        self._least, self._most = least, most
        self._longest_first_s = max(first_s, LONGEST * self._tone_s)
        frames = self._tone_s * RATE / HOP
        self._confirm = max(3, int(SHORTEST * frames) - 1)
        self._missing = max(2, min(round(MISSING_S * RATE / HOP), int(0.4 * frames)))
        self._end = max(self._missing + 1, round(frames))
        self._tones: list[_Run] = []
        self._run: _Run | None = None
        self._next: _Run | None = None
        self._silenced = 0

    def look(self, chunk: Floats, frames: Frames) -> Looked:  # noqa: ARG002 - a decoder's arguments
        """Hear the next chunk."""
        if frames.quiet and self._run is None:
            return Looked()
        hertz, strength = peak_between(frames.power, self._first_bin, self._last_bin)
        nearest = np.searchsorted(self._edges, hertz)
        off = hertz / self._hertz[nearest] - 1
        good = (np.abs(off) <= self._tolerance) & (strength >= SHARE * frames.band) & (strength > 1e-6)
        if self._run is None and not good.any():
            return Looked()
        found: list[Digits] = []
        spans: list[Span] = []
        table = zip(good.tolist(), nearest.tolist(), off.tolist(), strength.tolist(), strict=True)
        for step, (is_tone, index, error, power) in enumerate(table):
            seen = _Seen(self._digits[index][1], error, power) if is_tone else None
            self._frame(frames.number + step, seen, frames.power[step], found)
            self._silence(spans)
        return Looked(found, spans)

    def finish(self) -> Looked:
        """The transmission has ended."""
        found: list[Digits] = []
        spans: list[Span] = []
        self._close_run(found)
        self._silence(spans)
        self._close_call(found)
        self._run = self._next = None
        self._silenced = 0
        return Looked(found, spans)

    def held_from(self, end: int) -> int:
        """From the first tone of what may become a call; not for ever."""
        free = end - FRAME // 2 - MARGIN
        if self._run is None:
            return free
        first = self._tones[0] if self._tones else self._run
        held = max(centre_of(first.first) - MARGIN, self._silenced)
        return min(free, max(held, end - round(HOLD_S * RATE)))

    def _frame(self, number: int, seen: _Seen | None, power: Floats, found: list[Digits]) -> None:
        run = self._run
        if run is None:
            if seen is not None:
                self._run = _Run(seen.digit, number, number)
                self._run.show(number, seen.off, seen.power)
            return
        if seen is not None and seen.digit == run.digit:
            run.show(number, seen.off, seen.power)
            self._next = None
            return
        if seen is None and self._hides(run, power):
            run.last, run.hidden = number, run.hidden + 1
            return
        after = self._next
        if seen is not None:
            if after is None or after.digit != seen.digit or number - after.last > self._missing:
                after = self._next = _Run(seen.digit, number, number)
            after.show(number, seen.off, seen.power)
            if after.frames >= self._confirm or (after.frames > 1 and number - run.last > self._missing + 2):
                self._close_run(found)
                self._run, self._next = after, None
        if number - run.last > self._end and self._run is run:
            self._close_run(found)
            self._close_call(found)
            self._run, self._next = self._next, None

    def _hides(self, run: _Run, power: Floats) -> bool:
        """Something else is louder, but this tone, once established, is still there."""
        if run.frames < self._confirm or run.hidden > run.frames:
            return False
        at = round(self._of_digit[run.digit] * (1 + run.error) / BIN_HZ)
        return float(power[at - 1 : at + 2].sum()) > HIDDEN * run.loudness

    def _close_run(self, found: list[Digits]) -> None:
        """The current run is over: it is the call's next tone, or the call was over before it."""
        run = self._run
        if run is None:
            return
        before = self._tones[-1] if self._tones else None
        longest = LONGEST * self._tone_s if before else self._longest_first_s
        lasts = run.steady and SHORTEST * self._tone_s <= run.length_s <= longest and run.filled >= FILLED
        if before is not None:
            joined = run.first - before.last <= self._missing + 1
            errors = [tone.error for tone in (*self._tones, run)]
            as_loud = 1 / AS_LOUD <= run.loudness / before.loudness <= AS_LOUD
            if not (lasts and joined and as_loud and max(errors) - min(errors) <= SAME_CLOCK):
                self._close_call(found)
                lasts = run.steady and SHORTEST * self._tone_s <= run.length_s <= self._longest_first_s
        if lasts:
            # Alternating tones may go on for ever; more than the most is all that matters.
            self._tones = [*self._tones[-self._most :], run]

    def _close_call(self, found: list[Digits]) -> None:
        tones, self._tones = self._tones, []
        if self._least <= len(tones) <= self._most and tones[0].digit != REPEAT:
            found.append(
                Digits(
                    "five_tone",
                    self._system,
                    said([tone.digit for tone in tones]),
                    centre_of(tones[0].first) - MARGIN,
                    centre_of(tones[-1].last) + MARGIN,
                )
            )

    def _silence(self, spans: list[Span]) -> None:
        """Silence as far as it is known that this is a call."""
        run = self._run
        if run is None or len(self._tones) + (run.frames >= self._confirm) < SURE:
            return
        start = max(self._silenced, centre_of((self._tones[0] if self._tones else run).first) - MARGIN)
        end = centre_of(run.last) + MARGIN
        if end > start:
            spans.append(Span(start, end))
            self._silenced = end


def said(digits: list[str]) -> str:
    """Digits as meant: each repeat tone replaced by the digit that it repeats."""
    out = ""
    for digit in digits:
        out += out[-1] if digit == REPEAT and out else digit
    return out
