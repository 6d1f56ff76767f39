"""The archive beside a running gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dispatch.store.recorded import RecordedStore
from dispatch.store.store import utc_now
from gateway.archive.client import open_client
from gateway.archive.uploader import Uploader
from gateway.health import Health
from gateway.settings import Settings

PROGRESS = "archive.json"
"""In the state folder."""


@asynccontextmanager
async def archiving(
    settings: Settings, recorded: RecordedStore, health: Health, news: asyncio.Event
) -> AsyncIterator[Uploader | None]:
    """An uploader to run, where one is asked for.

    Args:
        settings: everything that is set.
        recorded: what there is to upload.
        health: gets a fault while the archive is away.
        news: set when something was recorded.
    """
    key = settings.secrets.archive_key
    if not settings.archive.enabled or key is None:
        yield None
        return
    async with open_client(settings.archive, settings.scheme.short, key.get_secret_value()) as client:
        yield Uploader(
            settings.archive,
            recordings=recorded,
            client=client,
            progress=settings.state_dir / PROGRESS,
            health=health,
            news=news,
            clock=utc_now,
        )
