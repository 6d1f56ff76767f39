"""A squelch that tells its changes by itself: settled like a polled line, without polling."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

from radio_drivers.line.squelch import Change, LineSquelch

ROUNDING_S = 0.001
"""A timer may go off a hair before the level has held for its time."""


class Timer(Protocol):
    """What we use of the event loop's timers."""

    def cancel(self) -> None:
        """Not wanted any more."""
        ...


def loop_later(delay_s: float, call: Callable[[], None]) -> Timer:
    """The running event loop's `call_later`."""
    return asyncio.get_running_loop().call_later(delay_s, call)


class PushedSquelch:
    """Debounce and hang for a base station that reports levels only when they change.

    Args:
        debounce_s, hang_s: as `LineSquelch`.
        tell: takes each change.
        clock: seconds that never jump.
        later: calls back after seconds of that clock.
    """

    def __init__(
        self,
        debounce_s: float,
        hang_s: float,
        tell: Callable[[Change], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], Timer] = loop_later,
    ) -> None:
        self._squelch = LineSquelch(debounce_s, hang_s)
        self._open_after_s = debounce_s
        self._close_after_s = max(debounce_s, hang_s)
        self._tell = tell
        self._clock = clock
        self._later = later
        self._level = False
        self._timer: Timer | None = None

    def level(self, level: bool) -> None:
        """The base station reports a level, perhaps the same again."""
        if level == self._level and self._timer is not None:
            return
        self._level = level
        self._look()

    def stop(self) -> None:
        """Nothing more is told."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self.stop()
        change = self._squelch.feed(self._level, self._clock())
        if change is not None:
            self._tell(change)
        elif self._level != self._squelch.open:
            wait_s = self._open_after_s if self._level else self._close_after_s
            self._timer = self._later(wait_s + ROUNDING_S, self._look)
