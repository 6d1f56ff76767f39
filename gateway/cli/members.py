"""`huecry members` and `huecry places`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from dispatch.register.members_csv import parse_members
from dispatch.register.places_csv import parse_places_csv
from dispatch.register.report import ImportReport
from dispatch.store.store import Store
from gateway.cli import alike
from gateway.cli.common import ConfigOption, start
from gateway.cli.db import with_store
from gateway.cli.imports import DryRunOption, FileArgument, PartialOption, RetireOption, import_file
from gateway.cli.tables import add, table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Members and their sites: import, list.",
)
places_app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Places that callers speak of: import, list.",
)


@app.command("import")
def import_members(
    file: FileArgument,
    dry_run: DryRunOption = False,
    partial: PartialOption = False,
    retire_missing: RetireOption = False,
    config: ConfigOption = None,
) -> None:
    """Bring members, sites and telephones up to a CSV file: all of it, or nothing. Columns: docs/store.md."""
    settings = start(config, quiet=True)

    async def work(store: Store, console: Console) -> int:
        importer = store.members.import_members

        async def advise(done: ImportReport, _rows: object) -> None:
            await alike.advise_on_things(store, settings, console, done, "member")

        return await import_file(
            console,
            file,
            parse_members,
            importer,
            dry_run=dry_run,
            partial=partial,
            retire_missing=retire_missing,
            afterwards=advise,
        )

    raise typer.Exit(with_store(settings, work))


@app.command("list")
def list_members(
    retired: Annotated[bool, typer.Option("--all", help="Also those that left.")] = False, config: ConfigOption = None
) -> None:
    """List members with their sites and telephones."""

    async def work(store: Store, console: Console) -> int:
        return await show_members(store, console, retired=retired)

    raise typer.Exit(with_store(start(config, quiet=True), work))


@places_app.command("import")
def import_places(
    file: FileArgument,
    dry_run: DryRunOption = False,
    partial: PartialOption = False,
    retire_missing: RetireOption = False,
    config: ConfigOption = None,
) -> None:
    """Bring the places up to a CSV file: all of it, or nothing. Columns: docs/store.md."""
    settings = start(config, quiet=True)

    async def work(store: Store, console: Console) -> int:
        importer = store.members.import_places

        async def advise(done: ImportReport, _rows: object) -> None:
            await alike.advise_on_things(store, settings, console, done, "place")

        return await import_file(
            console,
            file,
            parse_places_csv,
            importer,
            dry_run=dry_run,
            partial=partial,
            retire_missing=retire_missing,
            afterwards=advise,
        )

    raise typer.Exit(with_store(settings, work))


@places_app.command("list")
def list_places(config: ConfigOption = None) -> None:
    """List the places that callers speak of."""
    raise typer.Exit(with_store(start(config, quiet=True), show_places))


async def show_members(store: Store, console: Console, *, retired: bool) -> int:
    """A table of members."""
    members = await store.members.list(retired=retired)
    rows = table("member", "sites", "telephone", "who", "texts", title=f"{len(members)} members")
    for member in members:
        sites = ", ".join(site.name for site in member.sites)
        add(rows, f"{member.name} (left)" if member.retired else member.name, sites)
        for contact in member.contacts:
            if contact.retired and not retired:
                continue
            texts = "STOP" if contact.opted_out else "yes" if contact.wants_sms else "no"
            add(rows, "", contact.site or "", contact.phone, contact.name, texts)
    console.print(rows)
    return 0


async def show_places(store: Store, console: Console) -> int:
    """A table of places."""
    places = await store.members.places()
    rows = table("place", "kind", "said as", "next to", "cameras", title=f"{len(places)} places")
    for place in places:
        add(rows, place.name, place.kind, "; ".join(place.said_as), "; ".join(place.adjacent), "; ".join(place.cameras))
    console.print(rows)
    return 0
