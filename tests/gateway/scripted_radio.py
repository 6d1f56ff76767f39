"""A base station that says what the test tells it to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from radio_drivers.interface import Abilities, Audio, KeyDown, KeyUp, RadioEvent


class ScriptedRadio:
    """Implements `RadioDriver`. What the gateway sends is kept in `spoken` and `written`."""

    def __init__(self, channel: str, text_max: int | None = None) -> None:
        self.channel = channel
        self.abilities = Abilities(text_out=text_max is not None, text_max=text_max)
        self.connected = True
        self.busy = False
        self.spoken: list[bytes] = []
        self.written: list[str] = []
        self._events: asyncio.Queue[RadioEvent] = asyncio.Queue()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def events(self) -> AsyncIterator[RadioEvent]:
        while True:
            yield await self._events.get()

    def happens(self, *events: RadioEvent) -> None:
        """The base station tells these now."""
        for event in events:
            self._events.put_nowait(event)

    def says(self, pcm: bytes, at: datetime, *between: RadioEvent, unit: str | None = None) -> None:
        """Somebody talks; other events come while they do."""
        self.happens(KeyUp(self.channel, at, unit), Audio(self.channel, at, pcm), *between, KeyDown(self.channel, at))

    async def send_voice(self, pcm: bytes) -> None:
        self.spoken.append(pcm)

    async def send_text(self, text: str, to: str | None = None) -> None:
        self.written.append(text)

    async def drop_key(self) -> None:
        pass
