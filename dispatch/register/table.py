"""A CSV file as lines of named cells. Whatever is wrong gets a refusal with its line; nothing is guessed silently."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from typing_extensions import override

from dispatch.register.cells import CellError, nearest

MAX_BYTES = 16 * 1024 * 1024
MAX_ROWS = 100_000
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row, or a whole file, that can't be taken."""

    line: int
    """Of the file, from 1 (the header). 0: the file as a whole."""
    column: str | None
    value: str
    """What stood there, shortened."""
    reason: str

    @override
    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "file"
        column = f", {self.column}" if self.column else ""
        value = f" {self.value!r}" if self.value else ""
        return f"{where}{column}{value}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Line:
    """One record. `cells` has every column of the file, stripped."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What could be read of a file."""

    columns: frozenset[str]
    lines: tuple[Line, ...]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns a kind of file has."""

    known: tuple[str, ...]
    required: tuple[str, ...]
    also: Mapping[str, str]
    """Other names that people use, normalised -> known."""


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Parsed(Generic[Row]):
    """A file as values."""

    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]
    """Of the whole file if its line is 0 or 1: then there are no rows."""
    notes: tuple[str, ...] = ()
    """What the reader should know, such as an old character set."""


class Cells:
    """Takes one line's cells apart and collects what is wrong with them, so that one run shows every fault."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.faults: list[Refusal] = []

    def raw(self, column: str) -> str:
        """The cell, empty when the file has no such column."""
        return self._line.cells.get(column, "")

    T = TypeVar("T")

    def take(self, column: str, parse: Callable[[str], T], otherwise: T) -> T:
        """The parsed cell; on a fault it is noted and `otherwise` given."""
        try:
            return parse(self.raw(column))
        except CellError as error:
            self.fault(column, str(error))
            return otherwise

    def fault(self, column: str | None, reason: str) -> None:
        """Note what is wrong."""
        value = self.raw(column) if column else ""
        self.faults.append(Refusal(self._line.number, column, shortened(value), reason))


def shortened(value: str) -> str:
    """At most 60 printable characters."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[: _SHOWN + 1])
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def read_table(data: bytes, columns: Columns) -> Table:
    """Read a file: UTF-8 with or without byte order mark, else Windows-1252 with a note; commas between cells."""
    notes: list[str] = []
    try:
        if len(data) > MAX_BYTES:
            raise _Unusable(f"{len(data) / 1e6:.0f} MB: a list of people is smaller than {MAX_BYTES // 1_000_000} MB")
        content = _decoded(data, notes)
        records = _records(content)
        header = next(records, None)
        if header is None:
            raise _Unusable("the file is empty")
        names, faults = _header(header[1], columns)
    except _Unusable as fault:
        return Table(frozenset(), (), (Refusal(fault.line, None, "", fault.reason),), tuple(notes))
    if faults:
        return Table(frozenset(), (), tuple(faults), tuple(notes))
    lines: list[Line] = []
    refusals: list[Refusal] = []
    try:
        for number, cells in records:
            if not any(cells):
                continue
            reason = _row_fault(cells, len(names), len(header[1]))
            if reason:
                refusals.append(Refusal(number, None, shortened(",".join(cells)), reason))
            elif len(lines) + len(refusals) >= MAX_ROWS:
                raise _Unusable(f"more than {MAX_ROWS} rows", number)
            else:
                lines.append(Line(number, dict(zip(names, cells, strict=False))))
    except _Unusable as fault:
        refusals.append(Refusal(fault.line, None, "", fault.reason))
    return Table(frozenset(names), tuple(lines), tuple(refusals), tuple(notes))


class _Unusable(Exception):
    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


def _decoded(data: bytes, notes: list[str]) -> str:
    if data.startswith(b"PK\x03\x04"):
        raise _Unusable('this is a spreadsheet, not a CSV file: save it as "CSV UTF-8 (comma delimited)"')
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _Unusable('this is UTF-16 text: save it as "CSV UTF-8 (comma delimited)"')
    if b"\x00" in data:
        line = data[: data.index(b"\x00")].count(b"\n") + 1
        raise _Unusable("binary data (a NUL byte): this is not a CSV file", line)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        try:
            content = data.decode("cp1252")
        except UnicodeDecodeError:
            raise _Unusable("neither UTF-8 nor Windows-1252 text", line) from None
        notes.append(f"line {line} is not UTF-8; the file was read as Windows-1252: check names with accents")
        return content


def _records(content: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the line they begin on, cells stripped."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _Unusable(f"{error}: check the quotes from here on", number) from None
        yield number, [cell.strip() for cell in cells]


def _header(cells: Sequence[str], columns: Columns) -> tuple[list[str], list[Refusal]]:
    names = [_column_name(cell, columns) for cell in cells]
    while names and not names[-1]:
        names.pop()  # spreadsheets export empty columns at the right
    for other, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        split = [_column_name(part, columns) for cell in cells for part in cell.split(other)]
        if len(set(split) & set(columns.known)) > len(set(names) & set(columns.known)):
            raise _Unusable(f"cells are separated by {name}: save with commas (semicolons separate lists in a cell)", 1)
    faults: list[Refusal] = []
    for position, (cell, name) in enumerate(zip(cells, names, strict=False)):
        if not name:
            faults.append(Refusal(1, None, "", f"column {position + 1} has no name"))
        elif name not in columns.known:
            faults.append(Refusal(1, shortened(cell), "", f"no such column{nearest(name, columns.known)}"))
        elif name in names[:position]:
            faults.append(Refusal(1, name, "", "this column is there twice"))
    missing = [name for name in columns.required if name not in names]
    return names, faults + [Refusal(1, name, "", "this column is missing") for name in missing]


def _column_name(cell: str, columns: Columns) -> str:
    name = "_".join(cell.casefold().replace("-", " ").replace("_", " ").split())
    return columns.also.get(name, name)


def _row_fault(cells: Sequence[str], width: int, header_width: int) -> str | None:
    if len(cells) < width:
        return f"{len(cells)} cells where {width} are wanted"
    # An unquoted comma shifts all cells after it: an empty cell too many is as bad as a full one.
    if len(cells) > header_width or any(cells[width:]):
        return f"{len(cells)} cells where {width} are wanted: put cells with commas in quotes"
    for cell in cells:
        if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\t\r\n" for c in cell):
            return "control characters: binary data, or a broken export"
    return None
