"""Errors of the store, and the one place where foreign database errors become ours.

    StoreError
    +-- StoreUnavailable     locked, disk full, server away: nothing was changed; worth another try later
    +-- StoreSettingsError   the database URL can't work as it is
    +-- StoreVersionError    the database is of a version that this program doesn't know
    +-- StoreDamaged         the file is not a database, or a broken one
    +-- NotFound             no such row
    +-- ImportRefused        an import whose options contradict each other
    +-- Duplicate            a row with that key is there already
        +-- DuplicateTransmission
        +-- DuplicateAlert

Every message says what happened and what to do next. `StoreError.retryable` says whether another try can help.
"""

from __future__ import annotations

import asyncio
import sqlite3

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class StoreError(Exception):
    """Something about the store; nothing of the transaction that raised it was kept."""

    retryable = False


class StoreUnavailable(StoreError):
    """The database can't be used just now: locked, full, or its server is away."""

    retryable = True


class StoreSettingsError(StoreError):
    """The database URL can't work as it is."""


class StoreVersionError(StoreError):
    """The database's version is not one that this program knows."""


class StoreDamaged(StoreError):
    """The database file can't be read as one."""


class NotFound(StoreError):
    """No such row."""


class ImportRefused(StoreError):
    """The import can't be done as asked; nothing was changed."""


class Duplicate(StoreError):
    """A row with that key is there already."""


class DuplicateTransmission(Duplicate):
    """A transmission with this uid, but other audio, is there already."""


class DuplicateAlert(Duplicate):
    """An alert with this number is there already."""


FOREIGN = (SQLAlchemyError, sqlite3.Error, OSError)
"""What `translated` takes. asyncpg's connect errors are not SQLAlchemy's; `Database` adds them."""

# https://www.sqlite.org/rescode.html, primary result codes (extended ones hold them in the low byte).
_SQLITE_UNAVAILABLE = {
    5: "the database is locked by another program for longer than the busy timeout; end that program or wait",
    6: "the database is locked by another connection; try again",
    7: "there is not enough memory for the database",
    8: "the database file can't be written: check its owner, its permissions and whether the disk is mounted read-only",
    10: "the disk gave an input/output error: check the disk (dmesg) and the free space",
    13: "the disk is full: free some space (huecry keeps receiving and tries again)",
    14: "the database file can't be opened: check that its folder exists and may be written",
}
_SQLITE_DAMAGED = {11, 26}
_SQLITE_CONSTRAINT_UNIQUE = {1555, 2067}

# PostgreSQL manual, appendix A, "PostgreSQL Error Codes": class (first two characters) or whole code.
_PG_UNAVAILABLE = ("08", "40001", "40P01", "53", "55P03", "57P", "57014", "58", "25006")
_PG_SETTINGS = ("28", "3D000", "3F000", "42501")


def translated(error: BaseException, name: str) -> StoreError:
    """The typed error for a foreign one.

    Args:
        error: what SQLAlchemy, the driver or the operating system raised.
        name: the database as it may be shown: no password.
    """
    if isinstance(error, StoreError):
        return error
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    for link in (cause, cause.__cause__):
        if isinstance(link, sqlite3.Error):
            return _from_sqlite(link, name)
        state = getattr(link, "sqlstate", None)
        if isinstance(state, str):
            return _from_postgres(state, str(link), name)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return StoreUnavailable(f"{name}: the connection was lost ({cause}); trying again reconnects")
    if isinstance(cause, (OSError, PoolTimeout, asyncio.TimeoutError)):
        return StoreUnavailable(f"{name}: can't be reached ({cause}); check that the server runs and the address")
    if type(cause).__module__.startswith(("asyncpg", "sqlalchemy.dialects.postgresql")):
        return StoreUnavailable(f"{name}: the connection broke ({cause}); trying again reconnects")
    return StoreError(f"{name}: {type(cause).__name__}: {cause}")


def _from_sqlite(error: sqlite3.Error, name: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None) or 0
    primary = code & 0xFF
    if code in _SQLITE_CONSTRAINT_UNIQUE:
        return Duplicate(f"{name}: {error}")
    if primary in _SQLITE_UNAVAILABLE:
        return StoreUnavailable(f"{name}: {_SQLITE_UNAVAILABLE[primary]} ({error})")
    if primary in _SQLITE_DAMAGED:
        return StoreDamaged(f"{name}: {error}; restore a backup (huecry db backup makes them)")
    return StoreError(f"{name}: {error}")


def _from_postgres(state: str, text: str, name: str) -> StoreError:
    if state == "23505":
        return Duplicate(f"{name}: {text}")
    if state.startswith(_PG_SETTINGS):
        return StoreSettingsError(f"{name}: {text}; check user, password and database name in database.url")
    if state.startswith(_PG_UNAVAILABLE):
        return StoreUnavailable(f"{name}: {text}")
    return StoreError(f"{name}: {text} (SQLSTATE {state})")
