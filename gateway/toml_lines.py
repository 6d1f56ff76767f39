"""Says on which line of a TOML text a key stands, so that a message can point at it.

`tomllib` gives values without positions. This walks the lines, which is enough for pointing: a key that it can't find
(written inline, `line = { port = "x" }`) is placed at the nearest table above it.
"""

from __future__ import annotations

import re

Path = tuple[str | int, ...]

_TABLE = re.compile(r"\s*\[(?!\[)([^\[\]]+)\]\s*(?:#.*)?$")
_ARRAY_TABLE = re.compile(r"\s*\[\[([^\[\]]+)\]\]\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=\s*(.*)$""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _unclosed(value: str) -> str | None:
    """The quotes that a value opens and leaves open on its line."""
    for quotes in ('"""', "'''"):
        if value.count(quotes) % 2:
            return quotes
    return None


def lines_of(text: str) -> dict[Path, int]:
    """Every table and key of a TOML text with its line, counted from 1. Tables of an array carry their number from 0."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    until: str | None = None

    def numbered(parts: list[str]) -> Path:
        """Insert the number of the array's current table after each array name on the way."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in counts:
                path = (*path, counts[path] - 1)
        return path

    for number, line in enumerate(text.splitlines(), start=1):
        if until is not None:
            if line.count(until) % 2:
                until = None
            continue
        if match := _ARRAY_TABLE.match(line):
            *above, last = _parts(match[1])
            array: Path = (*numbered(above), last)
            counts[array] = counts.get(array, 0) + 1
            table = (*array, counts[array] - 1)
            found.setdefault(array, number)
            found[table] = number
        elif match := _TABLE.match(line):
            table = numbered(_parts(match[1]))
            found.setdefault(table, number)
        elif match := _KEY.match(line):
            found.setdefault((*table, *_parts(match[1])), number)
            until = _unclosed(match[2])
    return found


def line_of(text: str, path: Path) -> int | None:
    """The line of a key, or of the nearest table above it; None when not even that is written."""
    found = lines_of(text)
    for length in range(len(path), 0, -1):
        if path[:length] in found:
            return found[path[:length]]
    return None
