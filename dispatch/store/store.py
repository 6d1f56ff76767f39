"""The store: one database, opened, migrated and asked through a module for each kind of thing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from dispatch.store.audit import AuditStore
from dispatch.store.database import Database, open_database
from dispatch.store.decisions import DecisionsStore
from dispatch.store.members import MembersStore
from dispatch.store.migrate import upgrade
from dispatch.store.outbox import OutboxStore
from dispatch.store.recorded import RecordedStore
from dispatch.store.register import RegisterStore
from dispatch.store.transmissions import TransmissionsStore


def utc_now() -> datetime:
    """Aware UTC."""
    return datetime.now(UTC)


class Store:
    """Everything that must last. Made by `open_store`.

    Args:
        database: open and migrated.
        clock: aware UTC now.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = utc_now) -> None:
        self.register = RegisterStore(database, clock)
        self.members = MembersStore(database, clock)
        self.transmissions = TransmissionsStore(database, clock)
        self.recorded = RecordedStore(database, clock)
        self.decisions = DecisionsStore(database)
        self.outbox = OutboxStore(database, clock)
        self.audit = AuditStore(database)
        self.database = database


@asynccontextmanager
async def open_store(
    url: str, *, clock: Callable[[], datetime] = utc_now, busy_timeout_s: float = 5.0
) -> AsyncIterator[Store]:
    """Open a database, bringing it to this program's version first.

    Args:
        url: `sqlite:////path/huecry.db` or `postgresql://user:password@host/name`, with or without driver names. The
            folder of an SQLite file is made if need be.
        clock: aware UTC now.
        busy_timeout_s: how long to wait for another program that holds SQLite's write lock.

    Raises:
        StoreSettingsError: the URL can't work.
        StoreVersionError: the database is newer than this program, or not a database of ours.
        StoreUnavailable: it can't be reached or written just now.
    """
    async with open_database(url, busy_timeout_s) as database:
        await database.prepare()
        await upgrade(database)
        yield Store(database, clock)
