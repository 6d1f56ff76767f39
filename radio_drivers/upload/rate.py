"""So many a minute, with a reserve for a burst: a recorder that was cut off brings everything at once. Pure."""

from __future__ import annotations

from collections.abc import Callable


class Rate:
    """A bucket that fills steadily and holds a minute's worth.

    Args:
        a_minute: how many may pass.
        clock: seconds that never jump.
    """

    def __init__(self, a_minute: int, clock: Callable[[], float]) -> None:
        self._each_s = 60.0 / a_minute
        self._holds = float(a_minute)
        self._left = self._holds
        self._clock = clock
        self._at = clock()

    def wait_s(self) -> float:
        """0, and one more has passed; or how long until one may."""
        now = self._clock()
        self._left = min(self._holds, self._left + (now - self._at) / self._each_s)
        self._at = now
        if self._left >= 1.0:
            self._left -= 1.0
            return 0.0
        return (1.0 - self._left) * self._each_s
