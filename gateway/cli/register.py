"""`huecry register`: the people on the register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from dispatch.people import NoticeState
from dispatch.register.csv_import import RegisterRow, parse_register
from dispatch.register.plan import RegisterEntry
from dispatch.register.report import ImportReport
from dispatch.store.store import Store
from gateway.cli import alike
from gateway.cli.common import ConfigOption, start
from gateway.cli.db import with_store
from gateway.cli.imports import DryRunOption, FileArgument, PartialOption, RetireOption, import_file, who
from gateway.cli.tables import add, table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The people on the register: import, list, show, who sounds alike.",
)


@app.command("import")
def import_register(
    file: FileArgument,
    dry_run: DryRunOption = False,
    partial: PartialOption = False,
    retire_missing: RetireOption = False,
    config: ConfigOption = None,
) -> None:
    """Bring the register up to a CSV file: all of it, or nothing. Columns: docs/store.md."""
    settings = start(config, quiet=True)

    async def work(store: Store, console: Console) -> int:
        importer = store.register.import_people

        async def advise(done: ImportReport, rows: Sequence[RegisterRow]) -> None:
            await alike.advise_on_import(store, settings, console, done, rows)

        return await import_file(
            console,
            file,
            parse_register,
            importer,
            dry_run=dry_run,
            partial=partial,
            retire_missing=retire_missing,
            afterwards=advise,
        )

    raise typer.Exit(with_store(settings, work))


@app.command("list")
def list_register(
    state: Annotated[NoticeState | None, typer.Option(help="Only those whose notice stands so today.")] = None,
    config: ConfigOption = None,
) -> None:
    """List people with how their notice stands today."""
    settings = start(config, quiet=True)

    async def work(store: Store, console: Console) -> int:
        return await show_list(store, console, datetime.now(UTC), settings.scheme.zone, state)

    raise typer.Exit(with_store(settings, work))


@app.command("show")
def show_person(
    reference: Annotated[str, typer.Argument(help="For instance DT-0142.")], config: ConfigOption = None
) -> None:
    """Show one person with all notices. The look is written to the audit trail."""
    settings = start(config, quiet=True)

    async def work(store: Store, console: Console) -> int:
        return await show_entry(store, console, reference, datetime.now(UTC), settings.scheme.zone)

    raise typer.Exit(with_store(settings, work))


@app.command("alike")
def show_alike(
    references: Annotated[list[str] | None, typer.Argument(metavar="[REF]...", help="Without: everybody.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="All of them, not only the most serious.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="All of them as JSON, for other programs.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say whose names can be mistaken on the air, for what, and what to say instead."""
    settings = start(config, quiet=True)
    wanted = None if not references else ["".join(reference.split()).upper() for reference in references]

    async def work(store: Store, console: Console) -> int:
        people = await store.register.people()
        unknown = set(wanted or ()) - {person.reference for person in people}
        if unknown:
            console.print(f"not on the register: {', '.join(sorted(unknown))}", markup=False, highlight=False)
            return 1
        found = await alike.who_sounds_alike(store, settings, people, wanted)
        await store.audit.note(
            datetime.now(UTC), who(), "looked at who sounds alike", "register", {"shown": len(found)}
        )
        if as_json:
            print(alike.as_json(found))
        elif found:
            alike.show(console, found, None if everyone else alike.SHOWN)
        else:
            console.print("Nobody's names can be mistaken for anything else that is known.")
        return 0

    raise typer.Exit(with_store(settings, work))


async def show_list(store: Store, console: Console, now: datetime, zone: ZoneInfo, state: NoticeState | None) -> int:
    """A table of people; the audit trail notes the look."""
    listed = await store.register.list_entries(now, zone, state)
    await store.audit.note(now, who(), "listed register", "register", {"state": state, "shown": len(listed)})
    rows = table("reference", "name", "also", "notice", "until", title=f"{len(listed)} on the register")
    for entry, stands in listed:
        add(rows, entry.reference, entry.name, "; ".join(entry.aliases), stands, _last_day(entry))
    console.print(rows)
    return 0


async def show_entry(store: Store, console: Console, reference: str, now: datetime, zone: ZoneInfo) -> int:
    """Everything that is held about one person."""
    entry = await store.register.find(reference)
    if entry is None:
        console.print(f"{reference} is not on the register", markup=False, highlight=False)
        return 1
    await store.audit.note(now, who(), "looked at", f"offender {entry.reference}")
    facts = table("", "", title=f"{entry.reference} {entry.name}", header=False)
    shown = {
        "also called": "; ".join(entry.aliases),
        "sex": entry.sex,
        "born": entry.born_on,
        "ethnicity code": entry.ethnicity_code,
        "height": entry.height_cm and f"{entry.height_cm} cm",
        "build": entry.build,
        "hair": entry.hair,
        "marks": entry.marks,
        "offences": "; ".join(entry.offences),
        "notes": entry.notes,
        "shown to members until": entry.show_until,
        "deleted after": entry.delete_after,
        "retired": "yes" if entry.retired else None,
    }
    for name, value in shown.items():
        if value not in {None, ""}:
            add(facts, name, value)
    console.print(facts)
    notices = table("status", "served", "until", "served by", "extends", title="Notices")
    served = {notice.notice_id: notice.served_on for notice in entry.notices}
    for notice in entry.notices:
        extends = "" if notice.extends_id is None else f"that of {served.get(notice.extends_id)}"
        add(notices, notice.status, notice.served_on, notice.expires_on, notice.served_by, extends)
    console.print(notices)
    stands = await _stands(store, entry, now, zone)
    console.print(f"Today: {stands.value}", highlight=False)
    return 0


async def _stands(store: Store, entry: RegisterEntry, now: datetime, zone: ZoneInfo) -> NoticeState:
    for person in await store.register.people():
        if person.offender_id == entry.offender_id:
            return person.notice(now, zone)[0]
    return NoticeState.NONE


def _last_day(entry: RegisterEntry) -> str:
    ends = [notice.expires_on for notice in entry.notices if notice.expires_on]
    return str(max(ends)) if ends else ""
