"""Members, their sites and their telephones as CSV: one line a telephone, or a site without one.

Columns (any order, any case; only `member` must be there):

    member     the business
    site       one of its places, when it has several; empty: the business itself
    lat lon    degrees (WGS 84), both or neither
    hours      opening hours, as words
    radio_unit the id of its radio, as the base station writes it
    contact    who answers the telephone
    phone      +447700900123 or 07700 900123
    wants_sms  yes or no; empty: yes for a British mobile number
    opted_out  yes: they sent STOP. Nothing else in this column has an effect: only START takes it back
"""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.register import cells
from dispatch.register.cells import CellError
from dispatch.register.table import Cells, Columns, Line, Parsed, Refusal, read_table

COLUMNS = Columns(
    known=("member", "site", "lat", "lon", "hours", "radio_unit", "contact", "phone", "wants_sms", "opted_out"),
    required=("member",),
    also={
        "name": "member",
        "business": "member",
        "latitude": "lat",
        "longitude": "lon",
        "opening_hours": "hours",
        "radio": "radio_unit",
        "contact_name": "contact",
        "mobile": "phone",
        "telephone": "phone",
        "sms": "wants_sms",
    },
)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One line of the list."""

    line: int
    member: str
    site: str = ""
    latitude: float | None = None
    longitude: float | None = None
    hours: str = ""
    radio_unit: str | None = None
    contact: str = ""
    phone: str | None = None
    wants_sms: bool = False
    opted_out: bool = False
    given: frozenset[str] = frozenset(COLUMNS.known)
    """Columns that the file has."""


def parse_members(data: bytes) -> Parsed[MemberRow]:
    """Read a list of members. Never raises: what can't be taken is refused with its line and reason."""
    table = read_table(data, COLUMNS)
    refusals = list(table.refusals)
    rows: list[MemberRow] = []
    phones: dict[str, int] = {}
    for line in table.lines:
        row, faults = _row(line, table.columns)
        if row.phone is not None:
            first = phones.setdefault(row.phone, line.number)
            if first != line.number:
                faults.append(Refusal(line.number, "phone", row.phone, f"already on line {first}"))
        if faults:
            refusals.extend(faults)
        else:
            rows.append(row)
    return Parsed(tuple(rows), tuple(sorted(refusals, key=lambda refusal: refusal.line)), table.notes)


def _row(line: Line, given: frozenset[str]) -> tuple[MemberRow, list[Refusal]]:
    take = Cells(line)
    phone = take.take("phone", _phone, None)
    mobile = phone is not None and cells.is_uk_mobile(phone)
    wants_sms = take.take("wants_sms", cells.yes_no, None)
    row = MemberRow(
        line=line.number,
        member=take.take("member", _name, ""),
        site=take.take("site", _site, ""),
        latitude=take.take("lat", lambda cell: cells.degrees(cell, 90), None),
        longitude=take.take("lon", lambda cell: cells.degrees(cell, 180), None),
        hours=take.take("hours", cells.text, ""),
        radio_unit=take.take("radio_unit", _unit, None),
        contact=take.take("contact", _site, ""),
        phone=phone,
        wants_sms=mobile if wants_sms is None else wants_sms,
        opted_out=take.take("opted_out", cells.yes_no, None) is True,
        given=given,
    )
    if not take.faults:
        if (row.latitude is None) != (row.longitude is None):
            take.fault("lon" if row.longitude is None else "lat", "a position needs both lat and lon")
        if wants_sms and not mobile:
            take.fault("phone", "texts go to British mobile numbers only (+447...)")
        if row.contact and phone is None:
            take.fault("phone", f"{row.contact} has no telephone number")
    return row, take.faults


def _name(cell: str) -> str:
    cleaned = cells.text(cell, 100)
    if not cleaned:
        raise CellError("the member's name is missing")
    return cleaned


def _site(cell: str) -> str:
    return cells.text(cell, 100)


def _unit(cell: str) -> str | None:
    return cells.text(cell, 40) or None


def _phone(cell: str) -> str | None:
    return cells.phone(cell) if cell.strip() else None
