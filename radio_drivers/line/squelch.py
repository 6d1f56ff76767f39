"""Is somebody talking? Pure rules: line levels or samples in, opened and closed out."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radio_drivers.interface import RATE

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Change:
    """The channel opened or closed."""

    open: bool
    since_s: float
    """When it did so really, before debouncing, attack or hang; on the clock of whoever fed it."""


class LineSquelch:
    """A squelch line, debounced, with a hang after it closes.

    Args:
        debounce_s: a new level must hold for this long, either way.
        hang_s: the channel stays open for at least this long after the line closed. A line that comes back within
            it never closed: the transmission stays in one piece when a weak signal flutters.
    """

    def __init__(self, debounce_s: float, hang_s: float) -> None:
        self._open_after_s = debounce_s
        self._close_after_s = max(debounce_s, hang_s)
        self._open = False
        self._level = False
        self._level_since_s = -math.inf

    @property
    def open(self) -> bool:
        """Somebody is talking."""
        return self._open

    def feed(self, level: bool, at_s: float) -> Change | None:
        """One look at the line.

        Args:
            level: the line says "open" (polarity already dealt with).
            at_s: when, on a clock that never goes back.

        Returns:
            The change that this look settles, if any.
        """
        if level != self._level:
            self._level = level
            self._level_since_s = at_s
        if level == self._open:
            return None
        if at_s - self._level_since_s < (self._open_after_s if level else self._close_after_s):
            return None
        self._open = level
        return Change(level, self._level_since_s)


FRAME = RATE // 50
"""Levels are taken over 20 ms: shorter frames see the single periods of a deep voice."""

FRAME_S = FRAME / RATE

QUIETEST_DBFS = -96.0
"""What 16 bits can't go below; stands for digital silence."""

VOICE_HZ = (400, 3400)
"""Vox listens here only: mains hum and its first harmonics lie below, as do CTCSS tones up to 254 Hz with a window's leakage."""

MARGIN_DB = 9.0
"""Talk is at least this far above the noise floor."""

HYSTERESIS_DB = 5.0
"""Once open, this much below the opening level still counts as talk: the ends of words are soft."""

FLOOR_FRAMES = 25
"""The noise floor is the quietest half-second step ... """

FLOOR_STEPS = 10
"""... of the last five seconds. Speech has gaps in five seconds; noise that comes and goes a little has none."""

OPEN_STEPS = 30
"""While somebody talks it is that of the last fifteen: the noise around him is no silence, and his soft words must not be cut."""

STEADY_FRAMES = 100
"""Two seconds in which the level hardly moves are no speech, and become the floor at once ... """

STEADY_DB = 4.0
"""... when all but the extremes (5th to 95th percentile) lie within this. White noise and tones: 3.1 at most; read speech, also
under white noise only 3 dB softer than it: 5.3 at least (a minute of noise, six readings, two speeds of espeak)."""


def level_dbfs(samples: Samples) -> float:
    """RMS level; 0 dBFS is a full-scale square wave, so a full-scale sine is -3."""
    if not len(samples):
        return QUIETEST_DBFS
    power = float(np.mean(np.square(samples.astype(np.float32))))
    if power <= 0.0:
        return QUIETEST_DBFS
    return max(QUIETEST_DBFS, 10.0 * math.log10(power / 32768.0**2))


def voice_dbfs(frames: Samples) -> list[float]:
    """RMS level of each frame between the frequencies of `VOICE_HZ`, on the scale of `level_dbfs`.

    Args:
        frames: of `FRAME` samples each, one a row.
    """
    lines = np.fft.rfft(frames * _WINDOW, axis=1)[:, _VOICE]
    power = np.sum(lines.real**2 + lines.imag**2, axis=1) * _PER_LINE
    return [float(level) for level in 10.0 * np.log10(np.maximum(power, 10 ** (QUIETEST_DBFS / 10)))]


_WINDOW = np.hanning(FRAME).astype(np.float32)

_VOICE = slice(VOICE_HZ[0] * FRAME // RATE, VOICE_HZ[1] * FRAME // RATE + 1)

_PER_LINE = 2.0 / (FRAME * float(np.sum(_WINDOW**2)) * 32768.0**2)
"""From the squared lines of a windowed spectrum to full-scale power (Parseval; each line stands for a negative one too)."""


class Vox:
    """Voice-operated squelch: energy above a threshold and above the noise floor it has learned.

    Made for a radio that mutes its loudspeaker between transmissions. It can't work on an unsquelched FM receiver,
    whose noise is louder than its speech. Decisions don't depend on how the samples are cut into blocks.

    Args:
        threshold_dbfs: never opens below this level in the band of voices.
        attack_s: sound must last this long to open.
        hang_s: closes after this much quiet.
    """

    def __init__(self, threshold_dbfs: float, attack_s: float, hang_s: float) -> None:
        self._threshold_dbfs = threshold_dbfs
        self._attack_frames = max(1, math.ceil(attack_s / FRAME_S - 1e-9))
        self._hang_frames = max(1, math.ceil(hang_s / FRAME_S - 1e-9))
        self._rest = np.zeros(0, np.int16)
        self._frames = 0
        self.reset()

    @property
    def open(self) -> bool:
        """Somebody is talking."""
        return self._open

    @property
    def floor_dbfs(self) -> float:
        """The noise floor as learned so far."""
        return min(self._learned_dbfs, self._step_dbfs)

    def reset(self) -> None:
        """Closed, with nothing heard and nothing learned."""
        self._open = False
        self._run = 0
        self._steps: deque[float] = deque(maxlen=OPEN_STEPS)
        self._step_dbfs = 0.0
        self._step_frames = 0
        self._learned_dbfs = QUIETEST_DBFS
        self._recent: deque[float] = deque(maxlen=STEADY_FRAMES)

    def feed(self, samples: Samples) -> list[Change]:
        """The next samples of the stream.

        Args:
            samples: mono int16 at `RATE`, any number of them.

        Returns:
            What changed, oldest first. `since_s` counts from the first sample ever fed.
        """
        stream = np.concatenate((self._rest, samples))
        whole = len(stream) // FRAME
        self._rest = stream[whole * FRAME :].copy()
        changes = []
        for dbfs in voice_dbfs(stream[: whole * FRAME].reshape(whole, FRAME)):
            change = self._frame(dbfs)
            self._frames += 1
            if change is not None:
                changes.append(change)
        return changes

    def _frame(self, dbfs: float) -> Change | None:
        opens_at = max(self._threshold_dbfs, self.floor_dbfs + MARGIN_DB)
        self._learn(dbfs)
        loud = dbfs >= (opens_at - HYSTERESIS_DB if self._open else opens_at)
        if loud == self._open:
            self._run = 0
            return None
        self._run += 1
        if self._run < (self._attack_frames if loud else self._hang_frames):
            return None
        since_s = (self._frames + 1 - self._run) * FRAME_S
        self._open = loud
        self._run = 0
        self._settle_floor()
        return Change(loud, since_s)

    def _learn(self, dbfs: float) -> None:
        self._recent.append(dbfs)
        self._step_dbfs = min(self._step_dbfs, dbfs)
        self._step_frames += 1
        if self._step_frames < FLOOR_FRAMES:
            return
        if self._steady():
            self._steps.clear()  # what was quieter before has ended
        self._steps.append(self._step_dbfs)
        self._step_dbfs, self._step_frames = 0.0, 0
        self._settle_floor()

    def _settle_floor(self) -> None:
        steps = list(self._steps)[-(OPEN_STEPS if self._open else FLOOR_STEPS) :]
        self._learned_dbfs = min(steps, default=QUIETEST_DBFS)

    def _steady(self) -> bool:
        if len(self._recent) < STEADY_FRAMES:
            return False
        levels = sorted(self._recent)
        twentieth = STEADY_FRAMES // 20
        return levels[-1 - twentieth] - levels[twentieth] < STEADY_DB
