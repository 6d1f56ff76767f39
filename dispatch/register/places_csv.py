"""Places of the town as CSV: the columns of `dispatch.scheme.PLACE_COLUMNS`, lists separated by semicolons.

name said_as misheard kind lat lon adjacent cameras open_from closed_on
"""

from __future__ import annotations

from dispatch.register import cells
from dispatch.register.cells import CellError, nearest
from dispatch.register.table import Cells, Columns, Line, Parsed, Refusal, read_table
from dispatch.scheme import PLACE_COLUMNS, Place

COLUMNS = Columns(
    known=PLACE_COLUMNS, required=("name",), also={"place": "name", "latitude": "lat", "longitude": "lon"}
)


def parse_places_csv(data: bytes) -> Parsed[Place]:
    """Read places. Never raises: what can't be taken is refused with its line and reason."""
    table = read_table(data, COLUMNS)
    refusals = list(table.refusals)
    read = [(line.number, *_place(line)) for line in table.lines]
    names = {place.name for _, place, _ in read}
    first_line: dict[str, int] = {}
    places: list[Place] = []
    for number, place, faults in read:
        first = first_line.setdefault(place.name, number)
        if place.name and first != number:
            faults.append(Refusal(number, "name", place.name, f"already on line {first}"))
        for neighbour in place.adjacent:
            if neighbour not in names:
                reason = f"no place of this name in the file{nearest(neighbour, sorted(names))[:200]}"
                faults.append(Refusal(number, "adjacent", neighbour, reason))
        if faults:
            refusals.extend(faults)
        else:
            places.append(place)
    return Parsed(tuple(places), tuple(sorted(refusals, key=lambda refusal: refusal.line)), table.notes)


def _place(line: Line) -> tuple[Place, list[Refusal]]:
    take = Cells(line)
    place = Place(
        name=take.take("name", _name, ""),
        said_as=take.take("said_as", cells.listed, ()),
        misheard=take.take("misheard", cells.listed, ()),
        kind=take.take("kind", cells.text, ""),
        lat=take.take("lat", lambda cell: cells.degrees(cell, 90), None),
        lon=take.take("lon", lambda cell: cells.degrees(cell, 180), None),
        adjacent=take.take("adjacent", cells.listed, ()),
        cameras=take.take("cameras", cells.listed, ()),
        open_from=take.take("open_from", cells.day, None),
        closed_on=take.take("closed_on", cells.day, None),
    )
    if not take.faults:
        if (place.lat is None) != (place.lon is None):
            take.fault("lon" if place.lon is None else "lat", "a position needs both lat and lon")
        if place.open_from and place.closed_on and place.closed_on < place.open_from:
            take.fault("closed_on", f"closed before it opened ({place.open_from})")
    return place, take.faults


def _name(cell: str) -> str:
    cleaned = cells.text(cell, 100)
    if not cleaned:
        raise CellError("the name is missing")
    return cleaned
