"""Coming back after a lost link: how long to wait, and telling it once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import structlog

from radio_drivers.interface import LinkLost, LinkRestored, RadioEvent

log = structlog.get_logger(__name__)

FIRST_S = 0.5
MOST_S = 30.0

STEADY_S = 10.0
"""A link must have stood this long before a new loss starts again at the shortest wait: a port that opens and fails
at once would otherwise be tried, and reported, twice a second for ever."""


_dice = random.SystemRandom()


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


def backoff(
    first_s: float = FIRST_S, most_s: float = MOST_S, jitter: Callable[[], float] = _dice.random
) -> Iterator[float]:
    """Seconds to wait before each next try: doubling from `first_s` to `most_s`, each shortened by up to a quarter.

    The jitter keeps the gateways of a county from storming one broker in step.

    Args:
        first_s: the longest first wait.
        most_s: the longest wait of all.
        jitter: gives numbers in [0, 1).
    """
    wait_s = first_s
    while True:
        yield wait_s * (1.0 - 0.25 * jitter())
        wait_s = min(most_s, wait_s * 2)


class LinkState:
    """Turns every success and failure of connecting into one event and one log line per change.

    A first connect that fails counts as a loss: somebody must hear that the base station was never there.

    Args:
        channel: the channel's name in the configuration.
        put: takes the events, usually `EventQueue.put`.
        now: the time in UTC, for the events.
        clock: seconds that never jump, for telling a steady link from a flapping one.
        delays: makes a fresh back-off.
    """

    def __init__(
        self,
        channel: str,
        put: Callable[[RadioEvent], None],
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
        delays: Callable[[], Iterator[float]] = backoff,
    ) -> None:
        self._channel = channel
        self._put = put
        self._now = now
        self._clock = clock
        self._delays = delays
        self._waits = delays()
        self._connected: bool | None = None
        self._since = 0.0

    @property
    def connected(self) -> bool:
        """The link stands."""
        return self._connected is True

    def up(self) -> None:
        """The link was made. Saying it again changes nothing."""
        if self._connected is True:
            return
        self._connected = True
        self._since = self._clock()
        log.info("radio link is up", channel=self._channel)
        self._put(LinkRestored(self._channel, self._now()))

    def down(self, reason: str) -> float:
        """The link failed, or couldn't be made.

        Args:
            reason: for the log and the operator; says what failed.

        Returns:
            Seconds to wait before the next try.
        """
        if self._connected is True and self._clock() - self._since >= STEADY_S:
            self._waits = self._delays()
        if self._connected is not False:
            self._connected = False
            log.warning("radio link is down, trying again until it is back", channel=self._channel, reason=reason)
            self._put(LinkLost(self._channel, self._now(), reason))
        return next(self._waits)
