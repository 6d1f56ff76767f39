"""A sound card that does nothing, for drivers whose control is what a test is about."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from itertools import repeat
from typing import ClassVar

import pytest

from radio_drivers.interface import LinkRestored, RadioEvent
from radio_drivers.line import LineDriver
from radio_drivers.line import driver as driver_module
from radio_drivers.line.squelch import Samples
from radio_drivers.reconnect import LinkState


class Card:
    """Stands for `Capture` and for `Playback`."""

    hears: ClassVar[Callable[[Samples, datetime], None]]
    """What the driver does with a block from the card."""
    playing_s: ClassVar[float] = 0.0
    """How long it takes to play, whatever is played."""

    def __init__(self, *_: object) -> None:
        pass

    async def open(self, on_audio: Callable[[Samples, datetime], None] | None = None, _lost: object = None) -> None:
        if on_audio is not None:
            Card.hears = staticmethod(on_audio)

    async def play(self, _pcm: bytes) -> None:
        await asyncio.sleep(Card.playing_s)

    async def close(self) -> None:
        pass


def use(monkeypatch: pytest.MonkeyPatch, retry_s: float = 0.0) -> None:
    """Line drivers of this test have no other card, and come back after a loss in `retry_s`."""
    monkeypatch.setattr(driver_module, "Capture", Card)
    monkeypatch.setattr(driver_module, "Playback", Card)
    monkeypatch.setattr(driver_module, "LinkState", partial(LinkState, delays=lambda: repeat(retry_s)))
    monkeypatch.setattr(Card, "playing_s", 0.0)


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    """Return as soon as it is true."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.005)


@asynccontextmanager
async def on_air(driver: LineDriver) -> AsyncIterator[list[RadioEvent]]:
    """A running driver; what it tells from the moment its link is up."""
    events: list[RadioEvent] = []

    async def read() -> None:
        async for event in driver.events():
            events.append(event)

    tasks = [asyncio.create_task(driver.run()), asyncio.create_task(read())]
    try:
        await until(lambda: any(isinstance(event, LinkRestored) for event in events) or tasks[0].done())
        events.clear()
        yield events
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
