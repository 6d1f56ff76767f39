"""`huecry db`: the database's version, health and backups."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dispatch.store.backup import backup as make_backup
from dispatch.store.check import check as look_over
from dispatch.store.database import Database, open_database
from dispatch.store.errors import StoreError
from dispatch.store.migrate import upgrade as bring_up_to_date
from dispatch.store.migrate import version as stands_at
from dispatch.store.store import Store, open_store
from gateway.cli.common import ConfigOption, start
from gateway.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The database: version, upgrade, check, backup.",
)


@app.command()
def upgrade(config: ConfigOption = None) -> None:
    """Bring the database to this version of huecry. `huecry run` does the same when it starts."""
    raise typer.Exit(with_database(config, upgrade_database))


@app.command()
def version(config: ConfigOption = None) -> None:
    """Show where the database is and which version it has."""
    raise typer.Exit(with_database(config, show_version))


@app.command()
def check(config: ConfigOption = None) -> None:
    """Look the database over: damage, missing rows, differences from what this version makes."""
    raise typer.Exit(with_database(config, check_database))


@app.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="Where to. Without it: beside the database, with the time.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Copy the whole database to a file, while huecry runs."""
    raise typer.Exit(
        with_database(config, lambda database, console: back_up(database, console, file, datetime.now(UTC)))
    )


def with_database(config: Path | None, work: Callable[[Database, Console], Awaitable[int]]) -> int:
    """Do something with the configured database as it is, and give the exit code."""
    settings = start(config, quiet=True)

    async def run(console: Console) -> int:
        async with open_database(settings.database_url) as database:
            return await work(database, console)

    return guarded(run)


def with_store(settings: Settings, work: Callable[[Store, Console], Awaitable[int]]) -> int:
    """Do something with the configured store, migrated, and give the exit code."""

    async def run(console: Console) -> int:
        async with open_store(settings.database_url) as store:
            return await work(store, console)

    return guarded(run)


def guarded(run: Callable[[Console], Awaitable[int]]) -> int:
    """Exit code of an async command: the store's errors become a message, without a traceback."""

    async def main() -> int:
        return await run(Console())

    try:
        return asyncio.run(main())
    except StoreError as error:
        Console(stderr=True, soft_wrap=True).print(str(error), markup=False, highlight=False)
        return 1 if error.retryable else 2


async def upgrade_database(database: Database, console: Console) -> int:
    """Migrate, and say from where to where."""
    await database.prepare()
    before = await bring_up_to_date(database)
    if before.pending:
        console.print(f"{database.address.name}: {before.found or 'empty'} -> {before.wanted}", highlight=False)
        for step in before.pending:
            console.print(f"  {step}", highlight=False)
    else:
        console.print(f"{database.address.name} is up to date ({before.wanted})", highlight=False)
    return 0


async def show_version(database: Database, console: Console) -> int:
    """Where the database stands."""
    if not await database.exists():
        console.print(f"{database.address.name} is not there yet: huecry db upgrade makes it", highlight=False)
        return 1
    stands = await stands_at(database)
    console.print(f"database  {database.address.name}", highlight=False, soft_wrap=True)
    console.print(f"version   {stands.found or 'empty'}", highlight=False)
    console.print(f"wanted    {stands.wanted}", highlight=False)
    for step in stands.pending:
        console.print(f"pending   {step}", highlight=False)
    return 1 if stands.pending else 0


async def check_database(database: Database, console: Console) -> int:
    """Say what is wrong, or that all is well."""
    if not await database.exists():
        console.print(f"{database.address.name} is not there yet: huecry db upgrade makes it", highlight=False)
        return 1
    health = await look_over(database)
    for problem in health.problems:
        console.print(problem, markup=False, highlight=False, soft_wrap=True)
    if not health.problems:
        console.print(f"{database.address.name} is whole (version {health.version.wanted})", highlight=False)
    return 1 if health.problems else 0


async def back_up(database: Database, console: Console, file: Path | None, now: datetime) -> int:
    """Make a copy, and say how to put it back."""
    if not await database.exists():
        console.print(f"{database.address.name} is not there yet: nothing to copy", highlight=False)
        return 1
    path = database.address.path
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    usual = path.with_name(f"{path.stem}-{stamp}.db") if path else Path(f"huecry-{stamp}.dump")
    target = file or usual
    size = await make_backup(database, target)
    put_back = "stop huecry and copy it over the database" if path else "pg_restore --clean"
    console.print(f"{target}: {size / 1e6:.1f} MB. To put it back: {put_back}", highlight=False, soft_wrap=True)
    return 0
