"""Every version of the database leads to today's, whole or not at all."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # comes without types
import pytest
from sqlalchemy import text

from dispatch.people import NoticeState
from dispatch.store import migrate
from dispatch.store.check import check, differences_from_models
from dispatch.store.database import Database, open_database
from dispatch.store.errors import StoreError, StoreVersionError
from dispatch.store.migrate import MIGRATIONS, load_migrations, upgrade, version
from dispatch.store.store import open_store
from tests.dispatch.store.making import NOON, fill_register, match, raise_alert, sms

OLD = Path(__file__).parents[2] / "databases"
"""Dumps of databases as earlier versions of the program left them."""


async def tables(database: Database) -> set[str]:
    """Names of all tables."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if database.is_sqlite
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    async with database.read() as session:
        return set(await session.scalars(text(query)))


async def test_migrations_make_what_the_models_say(url: str) -> None:
    async with open_database(url) as database, database.connection(writes=False) as connection:
        assert await connection.run_sync(differences_from_models) == []


async def test_the_comparison_would_see_a_difference(url: str) -> None:
    async with open_database(url) as database:
        async with database.connection(writes=True) as connection:
            await connection.execute(text("ALTER TABLE sites ADD COLUMN floor INTEGER"))
            await connection.execute(text("DROP INDEX ix_receipts_provider_id"))
        found = " ".join((await check(database)).problems)
        assert "floor" in found
        assert "ix_receipts_provider_id" in found


async def test_an_empty_database_gets_all_steps_and_then_none(empty_url: str) -> None:
    async with open_database(empty_url) as database:
        await database.prepare()
        before = await upgrade(database)
        assert before.found is None
        assert [step.split()[0] for step in before.pending] == ["0001", "0002", "0003"]
        assert (await upgrade(database)).pending == ()
        assert (await check(database)).problems == ()


async def test_four_programs_start_at_once(empty_url: str) -> None:
    async def start() -> None:
        async with open_store(empty_url) as store:
            assert await store.decisions.reserve_number() > 0

    await asyncio.gather(*(start() for _ in range(4)))


async def test_a_database_from_the_future_stops_the_start_and_is_left_alone(url: str) -> None:
    async with open_database(url) as database:
        async with database.connection(writes=True) as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
        with pytest.raises(StoreVersionError, match=r"0999.*newer huecry.*restore the backup"):
            async with open_store(url):
                pass
        async with database.read() as session:
            assert await session.scalar(text("SELECT version_num FROM alembic_version")) == "0999"


async def test_somebody_elses_database_stops_the_start_and_is_left_alone(empty_url: str) -> None:
    async with open_database(empty_url) as database:
        await database.prepare()
        async with database.connection(writes=True) as connection:
            await connection.execute(text("CREATE TABLE recipes (name VARCHAR)"))
        with pytest.raises(StoreVersionError, match="a database of its own"):
            async with open_store(empty_url):
                pass
        assert await tables(database) == {"recipes"}


async def test_a_step_that_fails_leaves_nothing_of_any_step(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0004_broken.py").write_text(
        "from alembic import op\n"
        "revision, down_revision, branch_labels, depends_on = '0004', '0003', None, None\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE halfway (id INTEGER)')\n"
        "    op.execute('SELECT no_such_column FROM members')\n"
    )
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "load_migrations", lambda: load_migrations(folder))
        with pytest.raises(StoreError, match="no_such_column"):
            async with open_store(empty_url):
                pass
    async with open_database(empty_url) as database:
        left = {name for name in await tables(database) if not name.startswith("sqlite_")}
        assert left == set()
        assert (await version(database)).found is None
    async with open_store(empty_url) as store:
        assert await store.register.people() == ()


async def load_dump(url: str, name: str) -> None:
    """Fill an empty database from a dump."""
    script = await asyncio.to_thread((OLD / name).read_text)
    if url.startswith("sqlite"):

        def fill() -> None:
            connection = sqlite3.connect(url.removeprefix("sqlite:///"))
            connection.executescript(script)
            connection.close()

        await asyncio.to_thread(fill)
        return
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()


@pytest.mark.parametrize("old", ["0001", "0002"])
async def test_an_old_database_keeps_all_it_held(empty_url: str, engine: str, tmp_path: Path, old: str) -> None:
    await load_dump(empty_url, f"version-{old}-{engine}.sql")
    async with open_store(empty_url) as store:
        people = await store.register.people()
        assert [person.reference for person in people] == ["DT-0142", "DT-0201"]
        (entry,) = await store.transmissions.search(text="ackerby")  # the index that 0002 brings covers what was there
        assert entry.alert_number == 1
        assert [person.reference for person in entry.people] == ["DT-0142"]
        assert entry.signalling == ()
        (live,) = await store.decisions.live_alerts(NOON, 600)
        assert [delivery.recipient for delivery in live.reached] == ["+447700900001"]
        assert await store.decisions.reserve_number() == 2
        assert len(await store.members.sms_contacts()) == 1
        assert (await store.members.places())[0].said_as == ("the arcade",)
        assert len(await store.audit.list()) > 3
        assert (await check(store.database)).problems == ()
    copies = {path.name for path in tmp_path.glob("*.version-*")}
    assert copies == ({f"huecry.db.version-{old}"} if engine == "sqlite" else set())


async def test_todays_data_survives_a_reopening(url: str) -> None:
    async with open_store(url) as store:
        people = await fill_register(store)
        await raise_alert(store, sms(), people=people[:1])
    async with open_store(url) as store:
        assert await store.register.people() == people
        (live,) = await store.decisions.live_alerts(NOON, 600)
        assert live.references == ("DT-0142",)
        assert match(people[0]).notice is NoticeState.ACTIVE
