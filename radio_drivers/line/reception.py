"""What the control's squelch and the sound card say, turned into events; nothing of it while we are talking ourselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from radio_drivers.interface import RATE, Audio, KeyDown, KeyUp, RadioEvent
from radio_drivers.line.settings import LineSettings
from radio_drivers.line.squelch import Change, Samples, Vox
from radio_drivers.line.tail import TailCut
from radio_drivers.reconnect import utc_now

AFTER_OURS_S = 0.15
"""After our key came up: what the sound card still had in its buffers, and the squelch's own delay, were ours."""


class Reception:
    """One channel's ears. Lives in the event loop; does no I/O.

    Args:
        channel: the channel's name in the configuration.
        settings: voice-operated squelch, tail.
        put: takes the events.
        squelch_late_s: the control tells when the channel opens and closes, a close at most this late. None: nothing
            tells, so the sound is judged.
        now: the time in UTC.
        clock: seconds that never jump, the clock of line changes.
    """

    def __init__(
        self,
        channel: str,
        settings: LineSettings,
        put: Callable[[RadioEvent], None],
        *,
        squelch_late_s: float | None = None,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel = channel
        self._put = put
        self._now = now
        self._clock = clock
        self._vox: Vox | None = None
        if squelch_late_s is None:
            self._vox = Vox(settings.vox_threshold_dbfs, settings.vox_attack_ms / 1000, settings.vox_hang_ms / 1000)
            self._settle_s = AFTER_OURS_S
            known_after_s = settings.vox_hang_ms / 1000
        else:
            known_after_s = squelch_late_s
            self._settle_s = AFTER_OURS_S + known_after_s
        self._tail = TailCut(settings.tail_cut_ms / 1000, known_after_s)
        self._fed = 0
        self._line_open = False
        self._open = False
        self._ours = False
        self._deaf_until = float("-inf")
        self._quiet_since: float | None = None

    @property
    def busy(self) -> bool:
        """Somebody else is talking."""
        return self._open

    @property
    def quiet_since(self) -> float | None:
        """On the clock: since when nobody talks. None while somebody does, and before anything is known."""
        return None if self._open else self._quiet_since

    def link_up(self) -> None:
        """Control and sound card are there: the channel is clear until they say otherwise."""
        self._quiet_since = self._clock()

    def link_down(self) -> None:
        """Control or sound card have gone; a transmission under way ends here."""
        self._close(self._now())
        self._line_open = False
        self._quiet_since = None
        self._tail.clear()
        if self._vox is not None:
            self._vox.reset()

    def we_talk(self) -> None:
        """Our key goes down."""
        self._close(self._now())
        self._ours = True

    def we_stopped(self) -> None:
        """Our key is up."""
        self._ours = False
        self._deaf_until = self._clock() + self._settle_s
        self._quiet_since = self._clock()
        self._tail.clear()
        if self._vox is not None:
            self._vox.reset()

    def line(self, change: Change) -> None:
        """The control tells that the squelch changed; times are of the clock."""
        self._line_open = change.open
        if self._ours:
            return
        at = self._now() - timedelta(seconds=self._clock() - change.since_s)
        if change.open:
            self._deaf_until = float("-inf")  # it closed after ours, or was never open: this is somebody else
            self._open_at(at)
        else:
            self._close(at)

    def audio(self, samples: Samples, at: datetime) -> None:
        """A block from the sound card.

        Args:
            samples: mono int16 at `RATE`.
            at: UTC time of the first.
        """
        if self._ours or self._clock() < self._deaf_until:
            return  # our own voice must not even become the pre-roll of the answer to it
        block = Audio(self._channel, at, samples.tobytes())
        if self._vox is None:
            if self._line_open:
                self._open_at(at)  # open ever since our own transmission: somebody talked over us
            self._pass_on(block)
            return
        start_s = self._fed / RATE
        self._fed += len(samples)
        changes = self._vox.feed(samples)
        for change in changes:
            if change.open:
                self._open_at(at + timedelta(seconds=change.since_s - start_s))
        self._pass_on(block)
        for change in changes:
            if not change.open:
                self._close(at + timedelta(seconds=change.since_s - start_s))

    def _pass_on(self, block: Audio) -> None:
        for audio in self._tail.feed(block):
            self._put(audio)

    def _open_at(self, at: datetime) -> None:
        if not self._open:
            self._open = True
            self._put(KeyUp(self._channel, at))

    def _close(self, at: datetime) -> None:
        if self._open:
            self._open = False
            self._quiet_since = self._clock()
            for audio in self._tail.close(at):
                self._put(audio)
            self._put(KeyDown(self._channel, at))
