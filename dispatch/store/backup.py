"""Copies of the database that can be put back: made while the program runs, whole or not at all."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from pathlib import Path

from dispatch.store.database import Database
from dispatch.store.errors import StoreSettingsError, StoreUnavailable, translated


async def backup(database: Database, target: Path) -> int:
    """Copy everything to a file; returns its size in bytes.

    SQLite: `VACUUM INTO`, a whole and compact copy of one moment; put it back by copying it over the file while huecry is
    stopped. PostgreSQL: `pg_dump` in its custom format; put it back with `pg_restore`.

    Raises:
        StoreSettingsError: the target exists, or pg_dump is not installed.
        StoreUnavailable: the copy could not be made; nothing was left behind.
    """
    if await asyncio.to_thread(target.exists):
        raise StoreSettingsError(f"{target} exists already: a backup never replaces another file")
    part = target.with_name(f"{target.name}.part")
    try:
        await asyncio.to_thread(_clear, part)
        if database.address.path is not None:
            await asyncio.to_thread(_copy_sqlite, database.address.path, part)
        else:
            await _dump_postgres(database, part)
        return await asyncio.to_thread(_keep, part, target)
    except (sqlite3.Error, OSError) as error:
        raise translated(error, str(target)) from error
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)


def _clear(part: Path) -> None:
    part.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    part.unlink(missing_ok=True)
    # The copy holds what the original holds: nobody else may read it, not even while it is made.
    os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))


def _copy_sqlite(source: Path, part: Path) -> None:
    connection = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    try:
        connection.execute("VACUUM INTO ?", (str(part),))
    finally:
        connection.close()


async def _dump_postgres(database: Database, part: Path) -> None:
    program = await asyncio.to_thread(shutil.which, "pg_dump")
    if program is None:
        raise StoreSettingsError("pg_dump is not installed: apt-get install postgresql-client")
    url = database.address.url
    given = {
        "PGHOST": url.host,
        "PGPORT": url.port and str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": url.password,  # by environment: arguments can be read by everybody on the machine
        "PGDATABASE": url.database,
    }
    environment = {**os.environ, **{name: str(value) for name, value in given.items() if value}}
    process = await asyncio.create_subprocess_exec(
        program,
        *("--format=custom", f"--file={part}", "--no-password"),
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, complaint = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode != 0:
        raise StoreUnavailable(f"{database.address.name}: {complaint.decode(errors='replace').strip()}")


def _keep(part: Path, target: Path) -> int:
    with part.open("rb") as copied:
        os.fsync(copied.fileno())
        size = copied.seek(0, os.SEEK_END)
    part.rename(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return size
