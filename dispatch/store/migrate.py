"""Brings a database to the version this program knows: all steps in one transaction, or none.

Two programs that start at once wait for each other: SQLite by its write lock, PostgreSQL by an advisory lock.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

from dispatch.store.backup import backup
from dispatch.store.database import Database
from dispatch.store.errors import StoreVersionError
from dispatch.store.tables import Base

MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x6875_6563
"""Any number that other users of the server don't take: "huec" in ASCII."""

# Alembic's `op` is one per process: two migrations in one event loop must not take turns in it.
_one_at_a_time: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Version:
    """Where a database stands."""

    found: str | None
    """The database's version; None for an empty one."""
    wanted: str
    """The version this program needs."""
    pending: tuple[str, ...]
    """Steps from the one to the other, in order, with their titles."""


async def version(database: Database) -> Version:
    """Where the database stands.

    Raises:
        StoreVersionError: it is newer than this program, or not a database of ours.
    """
    script = await _script()
    async with database.connection(writes=False) as connection:
        return await connection.run_sync(_version, script, database.address.name)


async def upgrade(database: Database) -> Version:
    """Bring the database to the wanted version.

    Returns:
        Where it stood before.

    Raises:
        StoreVersionError: it is newer than this program, or not a database of ours; nothing was touched.
        StoreUnavailable: it can't be written just now; nothing was changed.
    """
    before = await version(database)
    if not before.pending:
        return before
    await _copy_before(database, before)
    script = await _script()
    lock = _one_at_a_time.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    async with lock, database.connection(writes=True) as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        return await connection.run_sync(_upgrade, script, database.address.name)


async def _copy_before(database: Database, stands: Version) -> None:
    """Keep a copy of an SQLite database that holds something, beside it: the way back to the program of yesterday."""
    path = database.address.path
    if path is None or stands.found is None:
        return
    copy = path.with_name(f"{path.name}.version-{stands.found}")
    if not await asyncio.to_thread(copy.exists):
        await backup(database, copy)


async def _script() -> ScriptDirectory:
    """All migration files, read in a thread: nothing is left to load inside the event loop."""
    return await asyncio.to_thread(load_migrations)


def load_migrations(folder: Path = MIGRATIONS) -> ScriptDirectory:
    """Read all migration files."""
    script = ScriptDirectory(str(folder))
    script.get_heads()
    return script


def _version(connection: Connection, script: ScriptDirectory, name: str) -> Version:
    found = MigrationContext.configure(connection).get_current_heads()
    wanted = script.get_current_head()
    if wanted is None:
        raise StoreVersionError("this installation holds no migrations: install huecry again")
    if not found and inspect(connection).get_table_names():
        raise StoreVersionError(
            f"{name} holds tables, but not those of huecry: give huecry a database of its own (database.url)"
        )
    try:
        steps = script.iterate_revisions(wanted, found or None)
        pending = tuple(reversed([f"{step.revision} {step.doc}" for step in steps]))
    except (RevisionError, CommandError) as error:
        raise StoreVersionError(
            f"{name} is of version {', '.join(found)}, which this huecry does not know (it knows up to {wanted}): it was "
            "written by a newer huecry. Install that one again, or restore the backup made before it"
        ) from error
    return Version(found[0] if found else None, wanted, pending)


def _upgrade(connection: Connection, script: ScriptDirectory, name: str) -> Version:
    before = _version(connection, script, name)  # again: another program may have been quicker

    def steps(revision: str, _context: MigrationContext) -> list[RevisionStep]:
        return script._upgrade_revs(before.wanted, revision)  # noqa: SLF001 - what alembic.command.upgrade calls

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        configure(environment, connection)
        environment.run_migrations()
    return before


def configure(environment: EnvironmentContext, connection: Connection) -> None:
    """Settings that migrating, comparing and `alembic revision --autogenerate` must share."""
    environment.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,  # SQLite can, given that we send BEGIN ourselves
        render_as_batch=True,
        include_name=belongs_to_models,
    )


def belongs_to_models(name: str | None, kind: str, _parents: object) -> bool:
    """Leaves out what migrations make by hand because SQLAlchemy can't say it: the full-text index."""
    return not (kind in {"table", "index"} and name is not None and name.startswith("search_"))
