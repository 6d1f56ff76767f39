"""Where the store is: database URLs as people write them, and as SQLAlchemy wants them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from dispatch.store.errors import StoreSettingsError

_EXAMPLES = "write sqlite:////var/lib/huecry/huecry.db or postgresql://user:password@host/huecry"
_SQLITE = {"sqlite", "sqlite+aiosqlite"}
_POSTGRES = {"postgresql", "postgres", "postgresql+asyncpg"}


@dataclass(frozen=True, slots=True)
class Address:
    """A database that can be opened."""

    url: URL
    path: Path | None
    """The file, for SQLite."""

    @property
    def name(self) -> str:
        """As it may be shown and logged: no password."""
        return str(self.path) if self.path else self.url.render_as_string(hide_password=True)


def parse_address(text: str) -> Address:
    """Read a database URL.

    Args:
        text: `sqlite:///relative`, `sqlite:////absolute`, `postgresql://...`, each with or without its driver's name.

    Raises:
        StoreSettingsError: not a URL, no file name, or a database that isn't supported.
    """
    try:
        url = make_url(text.strip())
    except (ArgumentError, ValueError) as error:
        raise StoreSettingsError(f"database.url is not a database URL: {_EXAMPLES}") from error
    if url.drivername in _SQLITE:
        if not url.database or url.database == ":memory:":
            raise StoreSettingsError(f"database.url names no file, and what is stored must last: {_EXAMPLES}")
        return Address(url.set(drivername="sqlite+aiosqlite"), Path(url.database))
    if url.drivername in _POSTGRES:
        if not url.database:
            raise StoreSettingsError(f"database.url names no database: {_EXAMPLES}")
        if url.port is not None and not 0 < url.port < 65536:
            raise StoreSettingsError(f"database.url: there is no port {url.port}: {_EXAMPLES}")
        return Address(url.set(drivername="postgresql+asyncpg"), None)
    raise StoreSettingsError(f"database.url: {url.drivername!r} is not supported: {_EXAMPLES}")
