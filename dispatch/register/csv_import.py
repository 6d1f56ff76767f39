"""The exclusion register as CSV: one line a person, with the notice as it stands now.

Columns (any order, any case; only `reference` and `notice_status` must be there, and one of the names):

    reference first_name last_name aliases sex date_of_birth ethnicity_code height_cm build hair marks offences
    notice_status notice_served_on notice_expires_on served_by_member notes

`aliases` and `offences` are lists separated by semicolons. A column that the file lacks leaves what is stored alone; an
empty cell empties it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from dispatch.people import NoticeStatus
from dispatch.register import cells
from dispatch.register.cells import CellError, nearest
from dispatch.register.table import Cells, Columns, Line, Parsed, Refusal, read_table

COLUMNS = Columns(
    known=(
        "reference",
        "first_name",
        "last_name",
        "aliases",
        "sex",
        "date_of_birth",
        "ethnicity_code",
        "height_cm",
        "build",
        "hair",
        "marks",
        "offences",
        "notice_status",
        "notice_served_on",
        "notice_expires_on",
        "served_by_member",
        "notes",
    ),
    required=("reference", "notice_status"),
    also={
        "ref": "reference",
        "forename": "first_name",
        "surname": "last_name",
        "dob": "date_of_birth",
        "born_on": "date_of_birth",
        "status": "notice_status",
        "served_on": "notice_served_on",
        "expires_on": "notice_expires_on",
        "height": "height_cm",
        "ic_code": "ethnicity_code",
    },
)
LONGEST_NOTICE_YEARS = 10
"""Schemes go up to 36 months (Hastings); ten years is a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One person as the list has them."""

    line: int
    reference: str
    first_name: str
    last_name: str
    aliases: tuple[str, ...] = ()
    sex: str | None = None
    born_on: date | None = None
    ethnicity_code: str | None = None
    height_cm: int | None = None
    build: str = ""
    hair: str = ""
    marks: str = ""
    offences: tuple[str, ...] = ()
    status: NoticeStatus | None = None
    """None: on the register without a notice."""
    served_on: date | None = None
    expires_on: date | None = None
    served_by: str = ""
    notes: str = ""
    given: frozenset[str] = frozenset(COLUMNS.known)
    """Columns that the file has."""


def parse_register(data: bytes) -> Parsed[RegisterRow]:
    """Read a register. Never raises: what can't be taken is refused with its line and reason."""
    table = read_table(data, COLUMNS)
    refusals = list(table.refusals)
    rows: list[RegisterRow] = []
    lines: dict[str, int] = {}
    for line in table.lines:
        row, faults = _row(line, table.columns)
        first = lines.setdefault(row.reference, line.number)
        if row.reference and first != line.number:
            faults.append(Refusal(line.number, "reference", row.reference, f"already on line {first}"))
        if faults:
            refusals.extend(faults)
        else:
            rows.append(row)
    return Parsed(tuple(rows), tuple(sorted(refusals, key=lambda refusal: refusal.line)), table.notes)


def _row(line: Line, given: frozenset[str]) -> tuple[RegisterRow, list[Refusal]]:
    take = Cells(line)
    row = RegisterRow(
        line=line.number,
        reference=take.take("reference", reference, ""),
        first_name=take.take("first_name", _name, ""),
        last_name=take.take("last_name", _name, ""),
        aliases=take.take("aliases", cells.listed, ()),
        sex=take.take("sex", _sex, None),
        born_on=take.take("date_of_birth", cells.day, None),
        ethnicity_code=take.take("ethnicity_code", _code, None),
        height_cm=take.take("height_cm", _height, None),
        build=take.take("build", cells.text, ""),
        hair=take.take("hair", cells.text, ""),
        marks=take.take("marks", cells.text, ""),
        offences=take.take("offences", cells.listed, ()),
        status=take.take("notice_status", _status, None),
        served_on=take.take("notice_served_on", cells.day, None),
        expires_on=take.take("notice_expires_on", cells.day, None),
        served_by=take.take("served_by_member", cells.text, ""),
        notes=take.take("notes", cells.text, ""),
        given=given,
    )
    if not take.faults:
        if not row.first_name and not row.last_name:
            take.fault("last_name", "a first or a last name is wanted")
        _check_dates(row, take)
    return row, take.faults


def _check_dates(row: RegisterRow, take: Cells) -> None:
    """Days that can't be, and notices that can't count."""
    born, served, expires = row.born_on, row.served_on, row.expires_on
    if born and born.year < 1900:
        take.fault("date_of_birth", "nobody on a register was born before 1900")
    if served and served.year < 1990:
        take.fault("notice_served_on", "before there were such notices")
    if born and served and born >= served:
        take.fault("date_of_birth", f"born after the notice was served ({served})")
    if served and expires and expires < served:
        take.fault("notice_expires_on", f"ends before it was served ({served})")
    if served and expires and expires.year - served.year > LONGEST_NOTICE_YEARS:
        take.fault("notice_expires_on", f"more than {LONGEST_NOTICE_YEARS} years after it was served ({served})")
    if row.status is NoticeStatus.ACTIVE:
        if expires is None:
            take.fault("notice_expires_on", "an active notice needs the day on which it ends")
        if served is None:
            take.fault(
                "notice_served_on", 'an active notice needs the day it was served; if it was not yet, write "draft"'
            )
    if row.status is None and (served or expires):
        take.fault("notice_status", f"dates without a status{nearest('', (s.value for s in NoticeStatus))}")


def reference(cell: str) -> str:
    """A reference in upper case: letters, digits, hyphens and slashes."""
    cleaned = "".join(cell.split()).upper()
    if not cleaned:
        raise CellError("the reference is missing")
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9/-]{0,31}", cleaned):
        raise CellError("a reference is up to 32 letters, digits, hyphens and slashes, such as DT-0142")
    return cleaned


def _name(cell: str) -> str:
    return cells.text(cell, 100)


def _code(cell: str) -> str | None:
    return cells.text(cell, 20) or None


def _height(cell: str) -> int | None:
    return cells.whole(cell, 50, 250, "cm")


def _sex(cell: str) -> str | None:
    match cell.strip().casefold():
        case "" | "unknown" | "u":
            return None
        case "m" | "male":
            return "m"
        case "f" | "female":
            return "f"
        case "x" | "other":
            return "x"
        case _:
            raise CellError("write m, f, x or nothing")


def _status(cell: str) -> NoticeStatus | None:
    wanted = cell.strip().casefold()
    if wanted in {"", "none"}:
        return None
    try:
        return NoticeStatus(wanted)
    except ValueError:
        known = [status.value for status in NoticeStatus]
        raise CellError(f"no such status{nearest(wanted, known)}") from None
