"""Hears a transmission while the guard is still talking, where the engine can.

A stream that falls behind or fails is given up: the recording is heard as a whole afterwards, so nothing depends on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gateway.speech.transcript import SpeechError, Transcript, TranscriptStream

log = structlog.get_logger()

BEHIND_MAX = 250
"""Blocks waiting (10 s of 40 ms blocks) after which listening along costs more than it gains."""

END = b""


class Along:
    """One stream for each channel at most."""

    def __init__(
        self,
        open_stream: Callable[[], Awaitable[TranscriptStream | None]],
        heard: Callable[[str, str], None] | None = None,
    ) -> None:
        """Args: how to open a stream, and who wants to know partial texts (channel, text)."""
        self._open = open_stream
        self._heard = heard
        self._queues: dict[str, asyncio.Queue[bytes]] = {}
        self._tasks: dict[str, asyncio.Task[Transcript]] = {}

    def start(self, channel: str) -> None:
        """A transmission begins."""
        self.abandon(channel)
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._queues[channel] = queue
        self._tasks[channel] = asyncio.create_task(self._follow(channel, queue), name=f"listening along {channel}")

    def feed(self, channel: str, pcm: bytes) -> None:
        """More of it."""
        queue = self._queues.get(channel)
        if queue is None or not pcm:
            return
        if queue.qsize() > BEHIND_MAX:
            log.warning("listening along fell behind", channel=channel)
            self.abandon(channel)
            return
        queue.put_nowait(pcm)

    def finish(self, channel: str) -> asyncio.Task[Transcript] | None:
        """It ended: a task that gives the transcript, or None when listening along had been given up."""
        task = self._tasks.pop(channel, None)
        queue = self._queues.pop(channel, None)
        if task is None or queue is None:
            return None
        queue.put_nowait(END)
        return task

    def abandon(self, channel: str) -> None:
        """It was no transmission after all."""
        self._queues.pop(channel, None)
        if task := self._tasks.pop(channel, None):
            task.cancel()

    async def _follow(self, channel: str, queue: asyncio.Queue[bytes]) -> Transcript:
        stream = await self._open()
        if stream is None:
            raise SpeechError("this engine can't listen along")
        try:
            said = ""
            while (pcm := await queue.get()) != END:
                partial = await stream.feed(pcm)
                if self._heard is not None and partial != said:
                    said = partial
                    self._heard(channel, partial)
            return await stream.finish()
        except asyncio.CancelledError:
            await stream.abandon()
            raise
