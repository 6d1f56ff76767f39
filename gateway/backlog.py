"""What waits for the speech engine: newest and most urgent first, nothing dropped.

Everything in here is on disk already, so the queue in memory is only an order of work. It holds at most `LIMIT`
transmissions; what does not fit stays in the store and is fetched from there when the rest is done.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from gateway.transmission import Transmission

LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Arrears:
    """How far behind the speech engine is."""

    waiting: int
    oldest_s: float
    """Age of the oldest waiting transmission, seconds since its key-down."""

    @override
    def __str__(self) -> str:
        return f"{self.waiting} waiting, the oldest for {self.oldest_s:.0f} s" if self.waiting else "up to date"


class Backlog:
    """An order of work for any number of workers."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, float, int, Transmission]] = []
        self._known: set[int] = set()
        self._changed = asyncio.Condition()
        self._overflowed = False

    async def put(self, transmissions: Iterable[Transmission]) -> None:
        """Add work. One that is already here or being worked on is not added twice."""
        async with self._changed:
            for transmission in transmissions:
                key = transmission.transmission_id
                if key in self._known:
                    continue
                if len(self._heap) >= LIMIT:
                    self._overflowed = True
                    continue
                self._known.add(key)
                newest_first = -transmission.ended_at.timestamp()
                heapq.heappush(self._heap, (0 if transmission.urgent else 1, newest_first, -key, transmission))
            self._changed.notify_all()

    async def get(self) -> Transmission:
        """The next one to work on; waits for it."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._heap))
            return heapq.heappop(self._heap)[-1]

    async def done(self, transmission: Transmission) -> None:
        """It was worked on; whether it succeeded is in the store."""
        async with self._changed:
            self._known.discard(transmission.transmission_id)
            self._changed.notify_all()

    @property
    def wants_refill(self) -> bool:
        """Some work stayed in the store because the queue was full, and now there is room."""
        return self._overflowed and len(self._heap) < LIMIT // 2

    def refilled(self) -> None:
        """The store was asked for what had stayed there."""
        self._overflowed = False

    async def empty(self) -> None:
        """Wait until nothing waits and nothing is being worked on."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._known)

    def arrears(self, now: datetime) -> Arrears:
        """How far behind we are at `now`."""
        if not self._heap:
            return Arrears(0, 0.0)
        oldest = min(item[-1].ended_at for item in self._heap)
        return Arrears(len(self._heap), max(0.0, (now - oldest).total_seconds()))
