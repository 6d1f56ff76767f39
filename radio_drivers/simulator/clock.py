"""The time on the air: as fast as the real one, slower, or as fast as the machine can.

With `pace` 1 a second is a second. With 0.1 it takes a tenth of one. With 0 nobody waits for anything: time leaps from
one wait to the next, in order, and what happens carries the times it would have had.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from radio_drivers.reconnect import utc_now

SETTLE_TURNS = 12
"""Turns of the event loop for everyone to act on one moment before time leaps to the next (pace 0)."""


class AirClock:
    """A clock that everything on the air shares.

    Args:
        pace: real seconds for one second on the air; 0 for as fast as possible.
        now: the time in UTC at the start.
        monotonic: real seconds.
    """

    def __init__(
        self,
        pace: float = 1.0,
        *,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not 0.0 <= pace <= 100.0:
            raise ValueError(f"pace = {pace}: give 1 for real time, 0 for as fast as possible, or something between")
        self.pace = pace
        self._monotonic = monotonic
        self._began = monotonic()
        self._began_utc = now()
        self._leapt = 0.0
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._leaping: asyncio.Task[None] | None = None

    def seconds(self) -> float:
        """Seconds since the start; never goes back."""
        real = self._monotonic() - self._began
        return real / self.pace if self.pace else real + self._leapt

    def now(self) -> datetime:
        """The time in UTC, on the air. With a pace other than 1 it runs away from the real one."""
        return self._began_utc + timedelta(seconds=self.seconds())

    async def sleep(self, seconds: float) -> None:
        """Wait on the air's time."""
        if self.pace:
            await asyncio.sleep(max(0.0, seconds) * self.pace)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self.seconds() + max(0.0, seconds), next(self._order), woken))
        if self._leaping is None or self._leaping.done():
            self._leaping = asyncio.create_task(self._leap(), name="air clock")
        await woken

    async def _leap(self) -> None:
        while self._waiting:
            if self._waiting[0][2].done():  # a wait that was cancelled moves nothing
                heapq.heappop(self._waiting)
                continue
            for _ in range(SETTLE_TURNS):
                await asyncio.sleep(0)
            when, _, woken = heapq.heappop(self._waiting)
            if not woken.done():
                self._leapt += max(0.0, when - self.seconds())
                woken.set_result(None)

    async def close(self) -> None:
        """Stop leaping. Whoever still waits is left waiting."""
        if self._leaping is not None:
            self._leaping.cancel()
            await asyncio.wait({self._leaping})
