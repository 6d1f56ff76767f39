"""A Tait control on a line in memory, with what it told; on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from radio_drivers.control import Told
from radio_drivers.interface import KeyingRules, RadioEvent
from radio_drivers.line.squelch import Change
from radio_drivers.tait import TaitControl, TaitSettings
from tests.peers import virtual_time
from tests.peers.tait import BadLine, MemoryLine, TaitRadio

E = TypeVar("E", bound=RadioEvent)

RULES = KeyingRules(clear_for_s=0.4, busy_wait_s=5.0, time_out_s=30.0)


class Ear:
    """What a control told, and when, on the loop's clock."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.changes: list[Change] = []
        self.events: list[RadioEvent] = []
        self.event_times: list[float] = []
        self.lost: list[str] = []
        self.told = Told(self.changes.append, self._event, self.lost.append)

    def _event(self, event: RadioEvent) -> None:
        self.events.append(event)
        self.event_times.append(self.loop.time())

    @property
    def open(self) -> list[bool]:
        return [change.open for change in self.changes]

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


class Bench:
    """A radio, its line, and a control that isn't open yet."""

    def __init__(
        self,
        radio: TaitRadio | None = None,
        quality: BadLine | None = None,
        *,
        paced: bool = False,
        rules: KeyingRules = RULES,
        **settings: object,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self.radio = radio or TaitRadio()
        self.line = MemoryLine(self.radio, quality, paced=paced)
        self.ear = Ear()
        wanted = TaitSettings(**({"port": "/dev/ttyTAIT"} | settings))  # type: ignore[arg-type]  # a test's own choice
        self.control = TaitControl("town", wanted, rules, make_link=self.line.make, clock=self.loop.time)

    async def open(self) -> None:
        await self.control.open(self.ear.told)

    async def reopen(self) -> None:
        await self.control.close()
        await self.open()

    @property
    def now(self) -> float:
        return self.loop.time()

    async def waits_for(self, true: Callable[[], object], within_s: float = 100.0) -> None:
        """Go on until it is true."""
        until = self.now + within_s
        while not true():
            assert self.now < until, "it never came"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(
    radio: TaitRadio | None = None,
    quality: BadLine | None = None,
    *,
    paced: bool = False,
    rules: KeyingRules = RULES,
    **settings: object,
) -> AsyncIterator[Bench]:
    bench = Bench(radio, quality, paced=paced, rules=rules, **settings)
    await bench.open()
    try:
        yield bench
    finally:
        await bench.control.close()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    virtual_time.run(test())
