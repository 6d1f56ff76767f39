"""Works through the recordings in order and remembers how far it has got. Nothing waits for it.

What holds: every recording made on a named channel while this is enabled is uploaded at least once, oldest first,
however long the archive or we are away, unless it is older than `keep_days` by then, its file is gone, the archive
refuses it for good, or has failed on it `STUMBLES_MAX` times with status 500. The number of the last one done is on disk before the next begins; a crash between upload and number
uploads one recording a second time, which the archive recognises by its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from dispatch.store.errors import StoreError
from dispatch.store.recorded import SETTLE, Recording
from gateway.archive.client import Archived, Later, Outcome, Refused
from gateway.archive.progress import read_progress, write_progress
from gateway.archive.settings import ArchiveSettings
from gateway.health import Health

log = structlog.get_logger()

FAULT = "archive"
STUMBLES_MAX = 10
"""A server that breaks on one recording (status 500) this often must not hold up all that come after it."""

LOOK_S = 30.0
"""Looks at the store at least this often, woken or not."""


class Recordings(Protocol):
    """What this needs of the store."""

    async def newest(self) -> int:
        """The id of the last transmission."""
        ...

    async def after(self, transmission_id: int, channels: Iterable[str], limit: int = 20) -> tuple[Recording, ...]:
        """What was recorded on these channels after that transmission, oldest first."""
        ...


class Client(Protocol):
    """What sends."""

    async def upload(self, recording: Recording) -> Outcome:
        """Send one."""
        ...


class Uploader:
    """Uploads what is recorded.

    Args:
        settings: which channels, how patient.
        recordings: the store's side.
        client: sends.
        progress: the file that remembers.
        health: gets a fault while the archive is away.
        news: set when something was recorded.
        clock: aware UTC now.
        sleep: waits; for tests.
    """

    def __init__(
        self,
        settings: ArchiveSettings,
        *,
        recordings: Recordings,
        client: Client,
        progress: Path,
        health: Health,
        news: asyncio.Event,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._recordings = recordings
        self._client = client
        self._progress = progress
        self._health = health
        self._clock = clock
        self._sleep = sleep
        self._after: int | None = None
        self._failures = 0
        self._stumbles = 0
        self._news = news

    async def run(self) -> None:
        """Upload for ever. Ends only by cancellation."""
        while True:
            try:
                wait_s = await self._work()
            except (StoreError, OSError) as error:
                wait_s = self._failed(str(error), 0.0)
            except Exception as error:  # the boundary of a side job: reception and decisions go on
                log.exception("the archive's uploader stumbled")
                wait_s = self._failed(f"{type(error).__name__}: {error}", 0.0)
            if wait_s:
                await self._sleep(wait_s)
            else:
                await self._until_news()

    async def _until_news(self) -> None:
        """Until something was recorded, and a moment longer: only then is it sure to be seen in the store."""
        try:
            async with asyncio.timeout(LOOK_S):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()  # before the moment: what is recorded meanwhile is news again
        await self._sleep(SETTLE.total_seconds())

    async def _work(self) -> float:
        """Everything that can be done now; seconds to wait before more can, 0 where there is no more."""
        after = self._after = await self._begin() if self._after is None else self._after
        while batch := await self._recordings.after(after, self._settings.talkgroups):
            for recording in batch:
                if wait_s := await self._one(recording):
                    return wait_s
                after = self._after = recording.transmission_id
                self._stumbles = 0
                await asyncio.to_thread(write_progress, self._progress, after)
        return 0.0

    async def _begin(self) -> int:
        """Where an earlier run stopped; at the first start with what is recorded from now on."""
        known, newest = await asyncio.to_thread(read_progress, self._progress), await self._recordings.newest()
        if known is not None and known <= newest:
            return known
        log.info("the archive gets what is recorded from now on", after=newest)
        await asyncio.to_thread(write_progress, self._progress, newest)
        return newest

    async def _one(self, recording: Recording) -> float:
        """0, and it is done with; or seconds to wait before another try."""
        number = recording.transmission_id
        if self._clock() - recording.started_at > timedelta(days=self._settings.keep_days):
            log.error("not archived: it is older than archive.keep_days", transmission=number)
            return 0.0
        match await self._client.upload(recording):
            case Archived():
                log.debug("archived", transmission=number)
                self._failures = 0
                self._health.clear_fault(FAULT)
                return 0.0
            case Refused(why):
                log.error("not archived: refused for good", transmission=number, why=why)
                return 0.0
            case Later(why, after_s, doubtful):
                self._stumbles += doubtful
                if self._stumbles >= STUMBLES_MAX:
                    log.error("not archived: the archive fails on it again and again", transmission=number, why=why)
                    return 0.0
                return self._failed(why, after_s)

    def _failed(self, why: str, after_s: float) -> float:
        self._failures += 1
        self._health.raise_fault(FAULT, f"can't upload to {self._settings.url}: {why}")
        doubled = self._settings.first_retry_s * 2.0 ** min(self._failures - 1, 30)
        return min(max(doubled, after_s), self._settings.longest_retry_s)
