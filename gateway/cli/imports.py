"""What `register import`, `members import` and `places import` share: reading the file, showing the outcome."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from dispatch.register.plan import Action
from dispatch.register.report import ImportReport
from dispatch.register.table import MAX_BYTES, Parsed, Refusal
from dispatch.store.errors import ImportRefused
from gateway.cli.tables import add, table

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV file.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]
PartialOption = Annotated[bool, typer.Option("--partial", help="Take the good rows although others are refused.")]
RetireOption = Annotated[
    bool, typer.Option("--retire-missing", help="Withdraw or retire what the file lacks. Nothing is ever deleted.")
]

Row = TypeVar("Row")
Row_contra = TypeVar("Row_contra", contravariant=True)
_COLOUR = {Action.ADDED: "green", Action.CHANGED: "yellow", Action.RETIRED: "red", Action.UNCHANGED: ""}


class Importer(Protocol[Row_contra]):
    """`store.register.import_people` and its kin."""

    def __call__(
        self,
        rows: Sequence[Row_contra],
        *,
        dry_run: bool,
        partial: bool,
        by: str,
        refusals: Sequence[Refusal],
        retire_missing: bool,
    ) -> Awaitable[ImportReport]:
        """Bring what is stored up to a list."""
        ...


async def import_file(
    console: Console,
    file: Path,
    parse: Callable[[bytes], Parsed[Row]],
    importer: Importer[Row],
    *,
    dry_run: bool,
    partial: bool,
    retire_missing: bool,
    afterwards: Callable[[ImportReport, Sequence[Row]], Awaitable[None]] | None = None,
) -> int:
    """Read a file, import it, show what happened. Exit code: 0 all taken, 1 rows refused, 2 the file can't be used.

    `afterwards` is told of the outcome and the rows, and may say more.
    """
    try:
        data = await asyncio.to_thread(_read, file)
    except OSError as error:
        console.print(f"{file}: {error.strerror or error}", markup=False, highlight=False, soft_wrap=True)
        return 2
    parsed = await asyncio.to_thread(parse, data)
    for note in parsed.notes:
        console.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)
    if any(refusal.line <= 1 for refusal in parsed.refusals):
        _show_refusals(console, file, parsed.refusals)
        console.print("Nothing was changed.")
        return 2
    try:
        done = await importer(
            parsed.rows,
            dry_run=dry_run,
            partial=partial,
            by=who(),
            refusals=parsed.refusals,
            retire_missing=retire_missing,
        )
    except ImportRefused as error:
        _show_refusals(console, file, parsed.refusals)
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return 2
    show_report(console, file, done)
    if afterwards is not None:
        await afterwards(done, parsed.rows)
    return 1 if done.refusals else 0


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def who() -> str:
    """Who does it, for the audit trail: also behind sudo."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def show_report(console: Console, file: Path, done: ImportReport) -> None:
    """What changed, what was refused, and what that means."""
    if done.records:
        rows = table("", "", "field", "before", "after", title="Changed" if done.applied else "Would change")
        for record in done.records:
            rows.add_row(Text(record.key), Text(record.action, _COLOUR[record.action]))
            for change in record.changes:
                add(rows, "", "", change.field, change.before, change.after)
        console.print(rows)
    _show_refusals(console, file, done.refusals)
    counts = f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged"
    retired = f", {done.retired} retired" if done.retired else ""
    refused = f", {done.refused} rows refused" if done.refused else ""
    console.print(f"{counts}{retired}{refused}", highlight=False)
    if done.dry_run:
        console.print("Dry run: nothing was changed.")
    elif not done.applied:
        console.print("Nothing was changed: mend the rows above, or take the good ones with --partial.")


def _show_refusals(console: Console, file: Path, refusals: Sequence[Refusal]) -> None:
    if not refusals:
        return
    rows = table("line", "column", "value", "why not", title=f"Refused in {file.name}")
    for refusal in refusals:
        add(rows, refusal.line or "file", refusal.column, refusal.value, refusal.reason)
    console.print(rows)
