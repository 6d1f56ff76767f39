"""What can go wrong under the store, made to go wrong on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, text

from dispatch.store.address import parse_address
from dispatch.store.database import Database
from dispatch.store.errors import Duplicate, StoreDamaged, StoreError, StoreSettingsError, StoreUnavailable
from dispatch.store.store import Store, open_store
from tests.dispatch.store.making import NOON, record, transcript
from tests.peers.postgres import PostgresServer


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///rel.db", "sqlite+aiosqlite:///rel.db"),
        ("sqlite:////var/lib/huecry.db", "sqlite+aiosqlite:////var/lib/huecry.db"),
        ("sqlite+aiosqlite:////x.db", "sqlite+aiosqlite:////x.db"),
        ("postgresql://u:p@h:5433/d", "postgresql+asyncpg://u:p@h:5433/d"),
        (" postgres://h/d ", "postgresql+asyncpg://h/d"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
    ],
)
def test_addresses_as_people_write_them(written: str, meant: str) -> None:
    assert parse_address(written).url.render_as_string(hide_password=False) == meant


@pytest.mark.parametrize(
    "written",
    [
        "",
        "huecry.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://h/d",
        "postgresql://h",
        "http://x/y",
        "postgresql://h:99999/d",
    ],
)
def test_addresses_that_can_not_work_say_what_would(written: str) -> None:
    with pytest.raises(StoreSettingsError, match=r"sqlite:////var.*postgresql://"):
        parse_address(written)


def test_a_password_is_never_shown() -> None:
    assert "secret" not in parse_address("postgresql://u:secret@h/d").name


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a new database goes."""
    return tmp_path / "state" / "deep" / "huecry.db"


@pytest.fixture
async def sqlite(file: Path) -> AsyncIterator[Store]:
    """A store that does not wait long for others."""
    async with open_store(f"sqlite:///{file}", busy_timeout_s=0.1) as store:
        yield store


async def test_sqlite_is_set_to_survive_a_power_cut(sqlite: Store) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 100}
    async with sqlite.database.read() as session:
        for pragma, value in wanted.items():
            assert await session.scalar(text(f"PRAGMA {pragma}")) == value


async def test_the_file_and_its_folder_are_not_for_everybody(sqlite: Store, file: Path) -> None:
    await record(sqlite)
    for path in (file, *file.parent.glob("huecry.db-*"), file.parent):
        assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0, path


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


async def test_a_locked_database_is_unavailable_and_then_works(sqlite: Store, file: Path) -> None:
    with locked(file):
        with pytest.raises(StoreUnavailable, match=r"huecry\.db.*locked by another program") as caught:
            await record(sqlite)
        assert caught.value.retryable
        assert await sqlite.transmissions.unfinished() == ()  # readers never wait
    assert await record(sqlite) == 1


async def test_a_lock_held_shortly_is_waited_for(file: Path) -> None:
    async with open_store(f"sqlite:///{file}", busy_timeout_s=5) as store:
        with locked(file):
            waiting = asyncio.create_task(record(store), name="waits for the lock")
            await asyncio.sleep(0.05)
            assert not waiting.done()
        assert await waiting == 1


async def test_a_full_disk_is_unavailable_and_loses_nothing(sqlite: Store) -> None:
    first = await record(sqlite)
    full = sqlite.database.engine.sync_engine

    def no_more_pages(connection: object, _entry: object, _proxy: object = None) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # the driver's connection
        cursor.execute(f"PRAGMA max_page_count = {limit}")
        cursor.close()

    limit = 1  # SQLite takes the size that the file has now
    event.listen(full, "checkout", no_more_pages)
    big = transcript("word " * 20_000)
    with pytest.raises(StoreUnavailable, match=r"disk is full.*free some space"):
        await sqlite.transmissions.save_transcript(first, big)
    assert await sqlite.transmissions.transcript(first) is None
    limit = 1_000_000
    await sqlite.transmissions.save_transcript(first, big)
    assert await sqlite.transmissions.transcript(first) is not None


async def test_a_read_only_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="/proc/huecry"):
        async with open_store("sqlite:////proc/huecry/huecry.db"):
            pass


@pytest.mark.parametrize("content", [b"this is not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
async def test_a_file_that_is_no_database_is_said_to_be_damaged(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(StoreDamaged, match="restore a backup"):
        async with open_store(f"sqlite:///{file}"):
            pass
    assert file.read_bytes() == content


async def test_a_write_that_is_cancelled_leaves_no_lock_behind(store: Store) -> None:
    for delay in (0.0, 0.001, 0.002, 0.004, 0.008):
        task = asyncio.create_task(record(store, f"c{delay}"), name="cancelled write")
        await asyncio.sleep(delay)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    async with asyncio.timeout(3):
        assert await record(store, "after") > 0


COUNT = text("INSERT INTO counters (name, value) VALUES ('x', 1)")


async def break_off(store: Store) -> None:
    """Write, then meet an error of ours."""
    async with store.database.write() as session:
        await session.execute(COUNT)
        raise RuntimeError("in the middle")


async def write_twice(store: Store) -> None:
    """Write, then meet an error of the database's."""
    async with store.database.write() as session:
        await session.execute(COUNT)
        await session.execute(COUNT)


async def ask_for_nonsense(store: Store) -> None:
    """A mistake in a question."""
    async with store.database.read() as session:
        await session.execute(text("SELECT 1 FROM no_such_table"))


async def test_an_error_inside_a_transaction_takes_everything_back(store: Store) -> None:
    with pytest.raises(RuntimeError, match="in the middle"):
        await break_off(store)
    with pytest.raises(Duplicate):
        await write_twice(store)
    async with store.database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM counters WHERE name = 'x'")) == 0


async def test_any_other_database_error_is_a_store_error(store: Store) -> None:
    with pytest.raises(StoreError, match="no_such_table") as caught:
        await ask_for_nonsense(store)
    assert not caught.value.retryable


def test_making_a_database_connects_to_nothing() -> None:
    Database(parse_address("sqlite:////nowhere/at/all.db"))
    Database(parse_address("postgresql://nowhere.invalid/d"))


@pytest.mark.postgres
async def test_a_server_that_goes_away_and_comes_back(postgres: PostgresServer) -> None:
    server = PostgresServer()
    try:
        await asyncio.to_thread(server.start)
        async with open_store(server.url(await server.create_database())) as store:
            first = await record(store)
            await asyncio.to_thread(server.stop, at_once=True)
            for _ in range(2):
                with pytest.raises(StoreUnavailable) as caught:
                    await record(store, "a2")
                assert caught.value.retryable
            await asyncio.to_thread(server.start)
            assert await record(store, "a2") > first
            assert (await store.transmissions.get(first)).started_at == NOON
    finally:
        await asyncio.to_thread(server.remove)


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (("/postgres", "/nowhere"), StoreSettingsError, "nowhere.*check user, password and database name"),
        (("huecry@", "nobody:secret@"), StoreSettingsError, "nobody"),
        (("127.0.0.1:", "127.0.0.1:1/x?"), StoreUnavailable, "127.0.0.1:1/x.*can't be reached"),
        (("127.0.0.1", "nowhere.invalid"), StoreUnavailable, "nowhere.invalid"),
    ],
)
async def test_a_server_that_says_no(
    postgres: PostgresServer, change: tuple[str, str], error: type[StoreError], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        async with open_store(postgres.url("postgres").replace(*change)):
            pass
    assert "secret" not in str(caught.value)
