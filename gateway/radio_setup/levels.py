"""How loud is it? Samples in, a verdict and a gain out. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from radio_drivers.line.squelch import FRAME, MARGIN_DB, QUIETEST_DBFS, Samples, level_dbfs

WANTED_DBFS = -20.0
"""Speech of this RMS level has peaks around -6 dBFS: room for a shout, well above what 16 bits and hum can do harm to."""
QUIET_DBFS, LOUD_DBFS = -32.0, -12.0
"""Outside these the speech engine hears worse: too near the noise, or clipped."""
CLIPPED = 32_000
"""A sample this high has hit the rails; a card's own may be a little below full scale."""
CLIPPED_SHARE = 0.001
KEPT_FRAMES = 500
"""Ten seconds of talk are judged."""
ENOUGH_FRAMES = 50
"""A second of talk is needed for a verdict."""


class Verdict(StrEnum):
    """What a person is told."""

    NOTHING = "nothing heard"
    QUIET = "too quiet"
    GOOD = "good"
    LOUD = "too loud"
    CLIPPED = "clipped"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on a talker."""

    verdict: Verdict
    speech_dbfs: float
    """RMS of the frames with talk."""
    gain_db: float
    """To add to the gain so that speech comes to `WANTED_DBFS`; 0 where it is good or nothing can be said."""
    advice: str
    """What to do, for a person."""


class Meter:
    """Follows the sound of a receiver.

    Args:
        threshold_dbfs: talk is at least this loud; below it is the noise of an open cable.
    """

    def __init__(self, threshold_dbfs: float = -55.0) -> None:
        self._threshold = threshold_dbfs
        self._rest: Samples = np.zeros(0, np.int16)
        self._talk: deque[tuple[float, int]] = deque(maxlen=KEPT_FRAMES)
        self.now_dbfs = QUIETEST_DBFS
        """RMS of the last 20 ms."""
        self.peak_dbfs = QUIETEST_DBFS
        """Highest sample lately; falls by half a decibel a frame, as meters' needles do."""
        self.floor_dbfs = 0.0
        """The quietest 20 ms so far."""

    def feed(self, samples: Samples) -> None:
        """The next samples: mono int16 at 16 kHz, any number."""
        stream = np.concatenate((self._rest, samples))
        whole = len(stream) // FRAME
        self._rest = stream[whole * FRAME :].copy()
        for number in range(whole):
            self._frame(stream[number * FRAME : (number + 1) * FRAME])

    def _frame(self, frame: Samples) -> None:
        highest = int(np.max(np.abs(frame.astype(np.int32))))
        self.now_dbfs = level_dbfs(frame)
        peak = QUIETEST_DBFS if highest == 0 else 20 * float(np.log10(highest / 32768))
        self.peak_dbfs = max(peak, self.peak_dbfs - 0.5, QUIETEST_DBFS)
        self.floor_dbfs = min(self.floor_dbfs, self.now_dbfs)
        if self.now_dbfs >= max(self._threshold, self.floor_dbfs + MARGIN_DB):
            clipped = int(np.count_nonzero(np.abs(frame.astype(np.int32)) >= CLIPPED))
            self._talk.append((10 ** (self.now_dbfs / 10), clipped))

    @property
    def talk_s(self) -> float:
        """Seconds of talk judged so far."""
        return len(self._talk) * FRAME / 16_000

    def judged(self) -> Judged:
        """The verdict so far."""
        if len(self._talk) < ENOUGH_FRAMES:
            return Judged(Verdict.NOTHING, QUIETEST_DBFS, 0.0, "talk for two or three seconds")
        speech = 10 * float(np.log10(np.mean([power for power, _ in self._talk])))
        clipped = sum(count for _, count in self._talk) / (len(self._talk) * FRAME)
        gain = round(WANTED_DBFS - speech)
        if clipped > CLIPPED_SHARE:
            advice = "the sound card itself is overdriven: turn the radio or the card's input (alsamixer, capture) down"
            return Judged(Verdict.CLIPPED, speech, 0.0, advice)
        if speech < QUIET_DBFS:
            advice = f"turn the radio or the card's input up, or take a gain of {gain:+d} dB"
            return Judged(Verdict.QUIET, speech, float(gain), advice)
        if speech > LOUD_DBFS:
            advice = f"turn the radio or the card's input down, or take a gain of {gain:+d} dB"
            return Judged(Verdict.LOUD, speech, float(gain), advice)
        return Judged(Verdict.GOOD, speech, 0.0, "leave it so")
