"""Copies that can be put back, whole or not at all."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path

import pytest

from dispatch.store.backup import backup
from dispatch.store.check import check
from dispatch.store.database import open_database
from dispatch.store.errors import StoreSettingsError, StoreUnavailable
from dispatch.store.store import Store, open_store
from tests.dispatch.store.making import fill_register, record
from tests.peers.postgres import PostgresServer, programs_folder


async def test_a_copy_made_in_the_middle_of_work_is_whole(store: Store, tmp_path: Path) -> None:
    people = await fill_register(store)
    target = tmp_path / "copies" / "monday"
    writing = asyncio.create_task(keep_writing(store), name="writes during the backup")
    size = await backup(store.database, target)
    writing.cancel()
    await asyncio.wait({writing})
    assert size == target.stat().st_size > 0
    assert [path.name for path in target.parent.iterdir()] == ["monday"]
    assert target.stat().st_mode & 0o077 == 0
    if not store.database.is_sqlite:
        assert target.read_bytes().startswith(b"PGDMP")
        return
    async with open_store(f"sqlite:///{target}") as copy:
        assert await copy.register.people() == people
        assert (await check(copy.database)).problems == ()


async def keep_writing(store: Store) -> None:
    """Until cancelled."""
    number = 0
    while True:
        number += 1
        await record(store, f"w{number}")


@pytest.mark.postgres
async def test_a_dump_is_put_back_into_an_empty_database(postgres: PostgresServer, tmp_path: Path) -> None:
    first, second = await postgres.create_database(), await postgres.create_database()
    target = tmp_path / "monday.dump"
    async with open_store(postgres.url(first)) as store:
        people = await fill_register(store)
        await backup(store.database, target)
    restore = [str(programs_folder() / "pg_restore"), f"--dbname={postgres.url(second)}", "--no-owner", str(target)]
    await asyncio.to_thread(subprocess.run, restore, check=True)
    async with open_store(postgres.url(second)) as store:
        assert await store.register.people() == people
    for name in (first, second):
        await postgres.drop_database(name)


async def test_a_backup_never_replaces_a_file(store: Store, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    with pytest.raises(StoreSettingsError, match="exists already"):
        await backup(store.database, target)
    assert target.read_text() == "kept"


async def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    gone = tmp_path / "gone.db"
    async with open_database(f"sqlite:///{gone}") as database:
        with pytest.raises(StoreUnavailable, match="can't be opened"):
            await backup(database, tmp_path / "copy")
    async with open_database("postgresql://huecry@127.0.0.1:1/none") as database:
        with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1"):
            await backup(database, tmp_path / "copy")
    async with open_database(f"sqlite:///{gone}") as database:
        with pytest.raises(StoreUnavailable, match="/proc"):
            await backup(database, Path("/proc/nowhere/copy"))
    assert list(tmp_path.iterdir()) == []


async def test_without_pg_dump_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    async with open_database("postgresql://huecry@127.0.0.1:1/none") as database:
        with pytest.raises(StoreSettingsError, match="apt-get install postgresql-client"):
            await backup(database, tmp_path / "copy")
