"""The way out of every driver: events in order, bounded in audio, never blocking whoever puts one in."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Self

import structlog

from radio_drivers.interface import RATE, Audio, RadioEvent

log = structlog.get_logger(__name__)

BYTES_PER_S = 2 * RATE


class EventQueue:
    """Events for one reader. When too much audio waits, the oldest audio goes; nothing else is ever dropped.

    A reader that stalls (a full disk, a slow start) must not make reception block or eat the memory; but a lost
    `KeyDown` would leave the recorder with an open transmission, so only samples may be missing.

    Args:
        max_audio_s: seconds of audio kept for the reader.
    """

    def __init__(self, max_audio_s: float = 60.0) -> None:
        self._room_bytes = int(max_audio_s * BYTES_PER_S)
        self._events: OrderedDict[int, RadioEvent] = OrderedDict()
        self._audio: deque[int] = deque()
        self._audio_bytes = 0
        self._next = 0
        self._arrived = asyncio.Event()
        self._reading = False
        self._shedding = False
        self._dropped = 0
        self._dropped_bytes = 0

    @property
    def dropped(self) -> int:
        """Audio events dropped since the start."""
        return self._dropped

    @property
    def dropped_s(self) -> float:
        """Seconds of audio dropped since the start."""
        return self._dropped_bytes / BYTES_PER_S

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: RadioEvent) -> None:
        """Add an event. Call it in the event loop's thread; it never waits."""
        key = self._next
        self._next += 1
        self._events[key] = event
        if isinstance(event, Audio):
            self._audio.append(key)
            self._audio_bytes += len(event.pcm)
            while self._audio_bytes > self._room_bytes and len(self._audio) > 1:
                self._drop_oldest_audio()
        self._arrived.set()

    def put_threadsafe(self, loop: asyncio.AbstractEventLoop, event: RadioEvent) -> None:
        """Add an event from another thread (a sound callback). An event that comes after the loop's end is nobody's."""
        try:
            loop.call_soon_threadsafe(self.put, event)
        except RuntimeError:
            if not loop.is_closed():
                raise

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RadioEvent:
        """The next event, in the order of arrival.

        Raises:
            RuntimeError: somebody else is reading; two readers would each see half a transmission.
        """
        if self._reading:
            raise RuntimeError("the radio's events have a reader already")
        self._reading = True
        try:
            while not self._events:
                self._shedding = False
                self._arrived.clear()
                await self._arrived.wait()
        finally:
            self._reading = False
        _, event = self._events.popitem(last=False)
        if isinstance(event, Audio):
            self._audio.popleft()
            self._audio_bytes -= len(event.pcm)
        return event

    def _drop_oldest_audio(self) -> None:
        event = self._events.pop(self._audio.popleft())
        if not isinstance(event, Audio):
            raise TypeError(f"{event!r} was counted as audio")
        self._audio_bytes -= len(event.pcm)
        self._dropped += 1
        self._dropped_bytes += len(event.pcm)
        if not self._shedding:  # once for each stall, not for each block of 40 ms
            self._shedding = True
            log.warning("the reader is too slow: received audio is dropped", channel=event.channel, at=event.at)
