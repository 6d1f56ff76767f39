"""The scheme as the rules see it: its names, its places, its members, its phrases.

Text in, values out; files are read by the caller.
"""

from __future__ import annotations

import csv
import difflib
import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from dispatch.phrases import PhraseError, Phrases

PHRASE_KEYS: Mapping[str, tuple[str, ...]] = {
    "caller": ("links", "control_misheard", "openings", "everyone", "kinds", "no_station"),
    "intent": (
        "emergency",
        "emergency_first",
        "emergency_not",
        "emergency_signs",
        "incident",
        "incident_signs",
        "correction",
        "correction_signs",
        "stand_down",
        "stand_down_weak",
        "stand_down_signs",
        "request",
        "request_weak",
        "request_signs",
        "radio_check",
        "radio_check_signs",
        "sighting_signs",
        "chatter",
        "presence",
        "presence_weak",
        "read_back",
    ),
    "priority": ("urgent", "weapon", "violence", "child", "medical", "fire", "high", "low"),
    "denial": ("before", "not_denials", "after", "absent", "absent_beside", "relatives", "ends"),
    "hedge": ("before", "after"),
    "correction": ("opens", "said", "meant", "right", "both"),
    "references": ("cues", "others", "units"),
    "names": (
        "common",
        "given",
        "alike",
        "ordinary",
        "brands",
        "staff_before",
        "staff_after",
        "called_before",
        "called_after",
        "ordinary_before",
    ),
    "noise": ("invented", "sounds", "stock"),
    "sounded": ("emergency", "correction", "stand_down", "incident", "radio_check", "request"),
    "place": ("at", "heading"),
    "description": (
        "male",
        "female",
        "male_pronouns",
        "female_pronouns",
        "build",
        "height",
        "hair",
        "colours",
        "upper",
        "lower",
        "headwear",
        "misheard_garments",
        "carrying",
        "vehicle",
        "plate",
        "other",
        "age",
    ),
}
LEAST_SOUNDED = 7
"""Letters below which a phrase sounds like too much else."""
WORDING_KEYS = (
    "voice_opening",
    "voice_sighting_closing",
    "voice_incident_closing",
    "voice_missing_closing",
    "text_missing_closing",
    "voice_emergency_opening",
    "voice_emergency_closing",
    "voice_correction_closing",
    "voice_stand_down_closing",
    "text_sighting_closing",
    "text_incident_closing",
    "text_emergency_closing",
    "text_correction_closing",
    "text_stand_down_closing",
    "sms_check",
    "sms_answer",
)
PLACE_COLUMNS = (
    "name",
    "said_as",
    "misheard",
    "kind",
    "lat",
    "lon",
    "adjacent",
    "cameras",
    "open_from",
    "closed_on",
)


class SchemeError(ValueError):
    """Phrase tables or places can't be used; the text says where (key or line), why, and what would do."""


@dataclass(frozen=True, slots=True, eq=False)
class PhraseTables:
    """Everything in words.toml. Compared and hashed by identity: one is loaded and shared."""

    lists: Mapping[str, Phrases]
    """By "section.key", for instance "intent.emergency"."""
    wording: Mapping[str, str]

    def __getitem__(self, key: str) -> Phrases:
        """The phrases of "section.key"."""
        return self.lists[key]

    def words(self, key: str) -> frozenset[str]:
        """The list as a set of plain entries."""
        return self.lists[key].entries


@dataclass(frozen=True, slots=True)
class Place:
    """A place people speak of. Latitude and longitude in degrees (WGS 84)."""

    name: str
    said_as: tuple[str, ...] = ()
    misheard: tuple[str, ...] = ()
    kind: str = ""
    lat: float | None = None
    lon: float | None = None
    adjacent: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    open_from: date | None = None
    closed_on: date | None = None
    """Last day open. A closed place is still spoken of: "the old ..."."""
    place_id: int | None = None

    def is_open(self, on: date) -> bool:
        """Whether it is open on that day."""
        return not (self.open_from and on < self.open_from) and not (self.closed_on and on > self.closed_on)


@dataclass(frozen=True, slots=True)
class RadioUnit:
    """A radio that has a home."""

    unit: str
    """Its id, as the base station or the signalling writes it."""
    member: str
    """Whose it is."""
    place: str
    """Where that is: the member, and which of its sites where it has several ("Sprockets, Mill Lane")."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """One town's scheme."""

    short: str
    """As it calls itself on the air, for instance "FTAC"."""
    name: str
    words: PhraseTables
    places: tuple[Place, ...] = ()
    members: tuple[str, ...] = ()
    control_names: tuple[str, ...] = ("Control", "CCTV", "Town Control")
    reference_prefixes: tuple[str, ...] = ("DT",)
    """Letters of its references: "DT" of "DT-0142"."""
    reference_digits: int = 4
    units: tuple[RadioUnit, ...] = ()
    """Radios whose home is known."""
    _by_name: dict[str, Place] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._by_name.update({place.name: place for place in self.places})

    def radio(self, unit: str | None) -> RadioUnit | None:
        """Whose radio it is; letters in an id in either case, for signalling ids are hexadecimal."""
        wanted = unit.casefold() if unit else None
        return next((known for known in self.units if known.unit.casefold() == wanted), None)

    def place(self, name: str) -> Place | None:
        """The place with this name."""
        return self._by_name.get(name)


def _nearest(wrong: str, valid: Sequence[str]) -> str:
    close = difflib.get_close_matches(wrong, valid, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(valid)}"


def _phrase_list(where: str, value: object) -> Phrases:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise SchemeError(f'{where}: a list of phrases in quotes is wanted, for instance ["heads up", "is about"]')
    try:
        return Phrases.of(value)
    except PhraseError as error:
        raise SchemeError(f"{where}: {error}") from None


def parse_words(text: str, source: str = "words.toml") -> PhraseTables:
    """Read the phrase tables.

    Raises:
        SchemeError: no TOML, a missing or unknown table or key, or a phrase that can't be used.
    """
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemeError(f"{source}: {error}") from None
    sections = (*PHRASE_KEYS, "wording")
    for section in parsed:
        if section not in sections:
            raise SchemeError(f"{source}, [{section}]: no such table{_nearest(section, sections)}")
    lists: dict[str, Phrases] = {}
    for section, keys in PHRASE_KEYS.items():
        table = _table(parsed, section, keys, source)
        for key in keys:
            lists[f"{section}.{key}"] = _phrase_list(f"{source}, [{section}] {key}", table[key])
            if section == "sounded":
                _check_sounded(f"{source}, [{section}] {key}", lists[f"{section}.{key}"])
    wording: dict[str, str] = {}
    for key, value in _table(parsed, "wording", WORDING_KEYS, source).items():
        if not isinstance(value, str):
            raise SchemeError(f"{source}, [wording] {key}: text in quotes is wanted")
        if set("{}") & set(value.replace("{scheme}", "")):
            raise SchemeError(f"{source}, [wording] {key}: the only thing in braces can be {{scheme}}")
        wording[key] = value
    return PhraseTables(lists, wording)


def _check_sounded(where: str, phrases: Phrases) -> None:
    for phrase in phrases.listed:
        if any(mark in phrase for mark in "/?*"):
            raise SchemeError(
                f'{where}: "{phrase}" is looked for in the sound, as plain words: write each way of saying it out'
            )
        if len(phrase.replace(" ", "")) < LEAST_SOUNDED:
            raise SchemeError(
                f'{where}: "{phrase}" is too short to be looked for in the sound; {LEAST_SOUNDED} letters are the least'
            )


def _table(parsed: Mapping[str, object], section: str, keys: Sequence[str], source: str) -> dict[str, object]:
    table = parsed.get(section)
    if not isinstance(table, dict):
        raise SchemeError(f"{source}: the table [{section}] is missing; copy it from the default words.toml")
    for key in table:
        if key not in keys:
            raise SchemeError(f"{source}, [{section}] {key}: no such key{_nearest(key, keys)}")
    for key in keys:
        if key not in table:
            raise SchemeError(f"{source}, [{section}]: {key} is missing; an empty list ([]) turns it off")
    return table


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _degrees(cell: str, limit: float, where: str) -> float | None:
    if not cell:
        return None
    try:
        value = float(cell)
    except ValueError:
        raise SchemeError(f"{where}: {cell!r} is no number of degrees") from None
    if not -limit <= value <= limit:
        raise SchemeError(f"{where}: {cell} is outside -{limit:.0f} to {limit:.0f} degrees")
    return value


def _day(cell: str, where: str) -> date | None:
    if not cell:
        return None
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(cell, pattern).date()  # noqa: DTZ007 - a calendar day has no time zone
        except ValueError:
            continue
    raise SchemeError(f"{where}: {cell!r} is no date; write 2026-11-22 or 22/11/2026")


def parse_places(text: str, source: str = "places.csv") -> tuple[Place, ...]:
    """Read a gazetteer: columns `PLACE_COLUMNS` in any order, lists separated by semicolons; only `name` must be filled.

    Raises:
        SchemeError: a column or cell that can't be used, a name twice, a neighbour that isn't there.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="", strict=True)
    places: dict[str, Place] = {}
    lines: dict[str, int] = {}
    try:
        columns = [(name or "").strip() for name in rows.fieldnames or ()]
        if "name" not in columns:
            raise SchemeError(f"{source}, line 1: the column name is missing; columns are {', '.join(PLACE_COLUMNS)}")
        for column in columns:
            if column not in PLACE_COLUMNS:
                raise SchemeError(f"{source}, line 1: no such column {column!r}{_nearest(column, PLACE_COLUMNS)}")
        rows.fieldnames = columns
        for row in rows:
            where = f"{source}, line {rows.line_num}"
            if "" in row:
                raise SchemeError(f"{where}: more cells than columns; put cells with commas in quotes")
            cells = {key: (value or "").strip() for key, value in row.items()}
            name = cells["name"]
            if not name:
                raise SchemeError(f"{where}: the name is missing")
            if name in places:
                raise SchemeError(f"{where}: {name} is already on line {lines[name]}")
            lines[name] = rows.line_num
            places[name] = Place(
                name=name,
                said_as=_listed(cells.get("said_as", "")),
                misheard=_listed(cells.get("misheard", "")),
                kind=cells.get("kind", ""),
                lat=_degrees(cells.get("lat", ""), 90, f"{where}, lat"),
                lon=_degrees(cells.get("lon", ""), 180, f"{where}, lon"),
                adjacent=_listed(cells.get("adjacent", "")),
                cameras=_listed(cells.get("cameras", "")),
                open_from=_day(cells.get("open_from", ""), f"{where}, open_from"),
                closed_on=_day(cells.get("closed_on", ""), f"{where}, closed_on"),
            )
    except csv.Error as error:
        raise SchemeError(f"{source}, line {rows.line_num + 1}: {error}; is a quote left open?") from None
    for place in places.values():
        for neighbour in place.adjacent:
            if neighbour not in places:
                where = f"{source}, line {lines[place.name]}, adjacent"
                raise SchemeError(f"{where}: no place {neighbour!r}{_nearest(neighbour, tuple(places))}")
    return tuple(places.values())
