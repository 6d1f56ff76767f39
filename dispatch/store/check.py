"""Looks a database over: is it whole, and is it what this program expects?"""

from __future__ import annotations

from dataclasses import dataclass

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from dispatch.store.database import Database
from dispatch.store.migrate import Version, belongs_to_models, version
from dispatch.store.tables import Base


@dataclass(frozen=True, slots=True)
class Health:
    """What a look over found."""

    version: Version
    problems: tuple[str, ...]
    """Each a sentence with what to do; none: all is well."""


async def check(database: Database) -> Health:
    """Look the database over. Changes nothing; takes seconds on a large one.

    Raises:
        StoreError: it can't be looked at, see `dispatch.store.errors`.
    """
    stands = await version(database)
    problems: list[str] = []
    async with database.connection(writes=False) as connection:
        if database.is_sqlite:
            for (line,) in await connection.execute(text("PRAGMA integrity_check")):
                if line != "ok":
                    problems.append(f"damaged: {line}; restore a backup")
            for table, row, parent, _ in await connection.execute(text("PRAGMA foreign_key_check")):
                problems.append(f"row {row} of {table} points at a row of {parent} that is gone; restore a backup")
        if stands.pending:
            problems.append(f"version {stands.found} is older than {stands.wanted}: huecry db upgrade")
        else:
            differences = await connection.run_sync(differences_from_models)
            problems += [f"differs from what this version makes: {difference}" for difference in differences]
    return Health(stands, tuple(problems))


def differences_from_models(connection: Connection) -> list[str]:
    """What Alembic would change to make the database like the models."""
    options = {"include_name": belongs_to_models, "compare_type": True, "target_metadata": Base.metadata}
    context = MigrationContext.configure(connection, opts=options)
    return [str(difference) for difference in compare_metadata(context, Base.metadata)]
