"""The engine: connections that survive power cuts, one writer at a time, typed errors.

SQLite: WAL, so that readers never wait for the writer; `synchronous=FULL`, because in WAL mode NORMAL may lose the last
commits at a power cut (https://www.sqlite.org/pragma.html#pragma_synchronous); write transactions begin IMMEDIATE,
because a read transaction that turns into a write one fails at once with "locked" instead of waiting.
PostgreSQL: as the server is set (`synchronous_commit=on` by default).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext

import asyncpg  # type: ignore[import-untyped]  # comes without types; only its errors are named here
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from dispatch.store.address import Address, parse_address
from dispatch.store.errors import FOREIGN, translated

_FOREIGN = (*FOREIGN, asyncpg.PostgresError, asyncpg.InterfaceError)
_WRITES = "huecry_writes"


class Database:
    """One database and its connections. Constructing it connects to nothing.

    Args:
        address: where it is.
        busy_timeout_s: how long to wait for another program that holds SQLite's write lock.
    """

    def __init__(self, address: Address, busy_timeout_s: float = 5.0) -> None:
        self.address = address
        self.is_sqlite = address.path is not None
        self.engine = _sqlite_engine(address, busy_timeout_s) if self.is_sqlite else _postgres_engine(address)
        self._writes = self.engine.execution_options(**{_WRITES: True})
        self._readers = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writers = async_sessionmaker(self._writes, expire_on_commit=False)
        # SQLite's own waiting is a poll that isn't fair; within one process a queue is better.
        self._turn: asyncio.Lock | nullcontext[None] = asyncio.Lock() if self.is_sqlite else nullcontext()

    async def exists(self) -> bool:
        """Whether there is something to ask: an SQLite file, or a server's name in the URL."""
        return self.address.path is None or await asyncio.to_thread(self.address.path.exists)

    async def prepare(self) -> None:
        """Make the folder and the file of an SQLite database, readable by its owner and group only."""
        path = self.address.path
        if path is None:
            return
        try:
            await asyncio.to_thread(_make_file, path)
        except OSError as error:
            raise translated(error, self.address.name) from error

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A read-only unit of work.

        Raises:
            StoreError: translated, see `dispatch.store.errors`.
        """
        try:
            async with self._readers() as session:
                yield session
        except _FOREIGN as error:
            raise translated(error, self.address.name) from error

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends well, rolled back in any other case.

        Raises:
            StoreError: translated; nothing of the block was kept.
        """
        try:
            async with self._turn, self._writers.begin() as session:
                yield session
        except _FOREIGN as error:
            raise translated(error, self.address.name) from error

    @asynccontextmanager
    async def connection(self, *, writes: bool) -> AsyncIterator[AsyncConnection]:
        """A bare connection in a transaction, for migrations and checks."""
        try:
            async with (self._writes if writes else self.engine).begin() as connection:
                yield connection
        except _FOREIGN as error:
            raise translated(error, self.address.name) from error

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


@asynccontextmanager
async def open_database(url: str, busy_timeout_s: float = 5.0) -> AsyncIterator[Database]:
    """The database as it is: nothing is made or migrated.

    Raises:
        StoreSettingsError: the URL can't work.
    """
    # SQLAlchemy looks at the file system when it makes an engine.
    database = await asyncio.to_thread(Database, parse_address(url), busy_timeout_s)
    try:
        yield database
    finally:
        await database.close()


def _make_file(path: os.PathLike[str]) -> None:
    folder = os.path.dirname(os.path.abspath(path))  # noqa: PTH100, PTH120 - Path would follow links
    os.makedirs(folder, mode=0o750, exist_ok=True)  # noqa: PTH103
    # SQLite gives its -wal and -shm files the rights of the database file.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o640))


def _sqlite_engine(address: Address, busy_timeout_s: float) -> AsyncEngine:
    engine = create_async_engine(address.url, connect_args={"timeout": busy_timeout_s}, pool_size=5, max_overflow=5)

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # None: Python's sqlite3 begins no transactions of its own, which would be DEFERRED ones and never around DDL.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres_engine(address: Address) -> AsyncEngine:
    # pre-ping: a connection that a server restart killed is noticed before it costs a transaction.
    return create_async_engine(
        address.url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=5,
        connect_args={"timeout": 10, "command_timeout": 60, "server_settings": {"application_name": "huecry"}},
    )
