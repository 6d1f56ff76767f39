"""Manners on a shared channel: wait until it is clear, key, play, and let go of the key whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import structlog

from radio_drivers.interface import (
    ChannelBusy,
    KeyingRules,
    RadioError,
    RadioEvent,
    TransmitEnded,
    TransmitStarted,
    TransmitTimeout,
)
from radio_drivers.reconnect import utc_now

log = structlog.get_logger(__name__)

LOOK_S = 0.02
"""How often a busy channel is looked at."""

RELEASE_S = 2.0
"""An unkey that was not accepted after this is tried again."""

RELEASE_TRIES = 2


class KeyDropped(RadioError):
    """`drop_key` ended the transmission before all of it was heard."""


class KeyedPort(Protocol):
    """What keying needs of a base station."""

    async def key(self, on: bool) -> None:
        """Press or release talk; returns when the base station took it. Releasing twice is harmless.

        Raises:
            LinkDown: it can't be reached.
        """
        ...

    async def play(self, pcm: bytes) -> None:
        """Play mono int16 at `RATE`; returns when the last sample has been played. Cancelling it stops the sound.

        Raises:
            LinkDown: it can't be reached, or the sound device is gone.
        """
        ...


class Keying:
    """One transmission of ours at a time, by the rules.

    Args:
        channel: the channel's name in the configuration.
        rules: times in seconds.
        port: the base station.
        busy: somebody else is talking now.
        put: takes `TransmitStarted` and `TransmitEnded`, usually `EventQueue.put`.
        quiet_since: on `clock`, since when nobody has been talking, where the driver knows it: a channel that has
            long been clear then needs no wait. Without it the wait of `clear_for_s` is counted from the asking.
        now: the time in UTC, for the events.
        clock: seconds that never jump.
        sleep: waits on that clock.
    """

    def __init__(
        self,
        channel: str,
        rules: KeyingRules,
        port: KeyedPort,
        *,
        busy: Callable[[], bool],
        put: Callable[[RadioEvent], None],
        quiet_since: Callable[[], float | None] = lambda: None,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._channel = channel
        self._rules = rules
        self._port = port
        self._busy = busy
        self._put = put
        self._quiet_since = quiet_since
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()
        self._body: asyncio.Task[None] | None = None
        self._keyed = False
        self._ended_at = float("-inf")

    @property
    def keyed(self) -> bool:
        """We pressed the key and the base station hasn't confirmed the release yet."""
        return self._keyed

    @property
    def transmitting(self) -> bool:
        """Between `TransmitStarted` and `TransmitEnded`: what is received now is our own."""
        return self._body is not None

    async def transmit(self, pcm: bytes) -> None:
        """Wait for the turn and for a clear channel, key, lead in, play, tail, release.

        Args:
            pcm: mono int16 little-endian at `RATE`.

        Raises:
            ChannelBusy: nobody let go within `busy_wait_s`; the key was never touched.
            TransmitTimeout: the key was down for `time_out_s`.
            KeyDropped: `drop` was called.
            LinkDown: from the port. In every case the key is released.
        """
        async with self._turn:
            await self._wait_until_clear()
            # Before keying: a key command whose answer gets lost must still lead to a release.
            self._keyed = True
            self._body = asyncio.create_task(self._key_and_play(pcm), name=f"transmit {self._channel}")
            self._put(TransmitStarted(self._channel, self._now()))
            await self._until_released(self._body)

    async def drop(self) -> None:
        """Release the key now and end the transmission that holds it. Safe at any time, never raises."""
        if self._body is not None:
            self._body.cancel()
        await self._to_the_end(asyncio.create_task(self._release(), name=f"drop key {self._channel}"))

    async def _wait_until_clear(self) -> None:
        asked = self._clock()
        clear_since = self._quiet_since()
        if clear_since is not None:  # between two of ours there is a gap too, for others to break in
            clear_since = max(clear_since, self._ended_at)
        while True:
            now = self._clock()
            if self._busy():
                clear_since = None
            elif clear_since is None:
                clear_since = now
            if clear_since is not None and now - clear_since >= self._rules.clear_for_s:
                return
            if now - asked >= self._rules.busy_wait_s:
                raise ChannelBusy(f"{self._channel}: somebody kept talking for {self._rules.busy_wait_s:g} s; not sent")
            await self._sleep(LOOK_S)

    async def _key_and_play(self, pcm: bytes) -> None:
        await self._port.key(on=True)
        await self._sleep(self._rules.lead_in_s)
        await self._port.play(pcm)
        await self._sleep(self._rules.tail_s)

    async def _until_released(self, body: asyncio.Task[None]) -> None:
        timer = asyncio.create_task(self._wait(self._rules.time_out_s), name=f"time-out {self._channel}")
        try:
            await asyncio.wait({body, timer}, return_when=asyncio.FIRST_COMPLETED)
            timed_out = not body.done()
        finally:
            timer.cancel()
            body.cancel()
            await self._to_the_end(asyncio.create_task(self._end(body), name=f"release {self._channel}"))
        if timed_out:
            raise TransmitTimeout(
                f"{self._channel}: the key was released after {self._rules.time_out_s:g} s (time_out_s) before the audio ended"
            )
        if body.cancelled():
            raise KeyDropped(f"{self._channel}: the key was dropped before the audio ended")
        body.result()

    async def _end(self, body: asyncio.Task[None]) -> None:
        # The key first: a body that is slow to stop must not keep the channel.
        stopped = body.done()
        await self._release()
        if not stopped:  # it may have been about to press the key
            await asyncio.wait({body})
            await self._release()
        if not body.cancelled():
            body.exception()  # seen, even where a cancellation goes on instead of it
        self._body = None
        self._ended_at = self._clock()
        self._put(TransmitEnded(self._channel, self._now()))

    async def _release(self) -> None:
        for _ in range(RELEASE_TRIES):
            release = asyncio.create_task(self._port.key(on=False), name=f"unkey {self._channel}")
            timer = asyncio.create_task(self._wait(RELEASE_S), name=f"unkey time-out {self._channel}")
            try:
                await asyncio.wait({release, timer}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                timer.cancel()
                if not release.done():
                    release.cancel()
            await asyncio.wait({release, timer})
            problem = "no answer" if release.cancelled() else release.exception()
            if problem is None:
                self._keyed = False
                return
            log.error("the key could not be released", channel=self._channel, problem=str(problem))

    async def _wait(self, seconds: float) -> None:
        await self._sleep(seconds)

    async def _to_the_end(self, task: asyncio.Task[None]) -> None:
        """Wait for `task` however often we are cancelled meanwhile; the cancellation goes on afterwards."""
        cancelled: asyncio.CancelledError | None = None
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
