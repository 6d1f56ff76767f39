"""When was a block of sound? Sound cards deliver in bursts; samples themselves are the steadier clock."""

from __future__ import annotations

from datetime import datetime, timedelta

DRIFT = 0.001
"""A sound card's crystal may be slow by this share of the time at most; cheap ones reach a tenth of it."""

GAP_S = 0.5
"""A block that comes later than this against the count of samples wasn't delayed: samples were lost before it."""


class BlockClock:
    """Times for the blocks of one stream.

    A block can arrive late but never early, so the earliest arrivals tell the truth and the count of samples carries it on.
    """

    def __init__(self) -> None:
        self._expected: datetime | None = None

    def at(self, arrived: datetime, length_s: float) -> datetime:
        """The time of a block's first sample.

        Args:
            arrived: when the block came, UTC.
            length_s: its length.
        """
        at = arrived - timedelta(seconds=length_s)
        if self._expected is not None and at - self._expected < timedelta(seconds=GAP_S):
            at = min(at, self._expected)
        self._expected = at + timedelta(seconds=length_s * (1 + DRIFT))
        return at
