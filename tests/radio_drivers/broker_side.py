"""What tests of drivers on a broker share: running one, reading its events, publishing with a foreign program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import numpy as np

from radio_drivers.interface import RATE, Audio, RadioDriver, RadioEvent
from tests.peers.mosquitto import Mosquitto


def quick_delays() -> Iterator[float]:
    while True:
        yield 0.05


def tone(seconds: float, rate: int = RATE, hertz: float = 700.0) -> bytes:
    t = np.arange(int(seconds * rate)) / rate
    pcm: bytes = (8000 * np.sin(2 * np.pi * hertz * t)).astype("<i2").tobytes()
    return pcm


class Listener:
    """Reads the driver's events as the recorder does."""

    def __init__(self) -> None:
        self.events: list[RadioEvent] = []

    async def listen(self, driver: RadioDriver) -> None:
        async for event in driver.events():
            self.events.append(event)

    def of(self, *kinds: type) -> list[RadioEvent]:
        return [event for event in self.events if isinstance(event, kinds)]

    def pcm(self) -> bytes:
        return b"".join(event.pcm for event in self.events if isinstance(event, Audio))

    def names(self, *without: type) -> list[str]:
        return [type(event).__name__ for event in self.events if not isinstance(event, without)]


async def until(true: Callable[[], bool], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # a test watches from outside; it has no event to wait for
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(driver: RadioDriver) -> AsyncIterator[Listener]:
    listener = Listener()
    tasks = [asyncio.create_task(driver.run()), asyncio.create_task(listener.listen(driver))]
    try:
        yield listener
    finally:
        for task in tasks:
            task.cancel()
        done, _ = await asyncio.wait(tasks)
        for task in done:
            if not task.cancelled():
                task.result()


async def publish(broker: Mosquitto, topic: str, payload: bytes, *more: str) -> None:
    """With `mosquitto_pub`, as any other program's message comes."""
    what = "-s" if payload else "-n"  # from its standard input, or nothing at all
    process = await asyncio.create_subprocess_exec(
        "mosquitto_pub", "-p", str(broker.port), "-q", "1", "-t", topic, what, *more, stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(payload)
    assert process.returncode == 0
