"""When each sample of a stream was received."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from radio_drivers.interface import RATE

MOST_MARKS = 1000


class Timeline:
    """Remembers the time of each block that came in, so that samples held back can go out with theirs."""

    def __init__(self) -> None:
        self._marks: deque[tuple[int, datetime]] = deque(maxlen=MOST_MARKS)

    def mark(self, sample: int, at: datetime) -> None:
        """A block begins with this sample, counted from the beginning, received at this time."""
        self._marks.append((sample, at))

    def at(self, sample: int) -> datetime:
        """When a sample was received; those before the first mark are counted back from it.

        Raises:
            LookupError: nothing was marked yet.
        """
        if not self._marks:
            raise LookupError("no block has come yet")
        while len(self._marks) > 1 and self._marks[1][0] <= sample:
            self._marks.popleft()
        start, at = self._marks[0]
        return at + timedelta(seconds=(sample - start) / RATE)
