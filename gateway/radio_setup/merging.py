"""Puts a `[[radio]]` table into a settings file without losing a comment. Pure: text in, text out.

tomlkit changes values and keeps the comments beside them. It gets the lines of the one radio only: given the whole file it would
put `[[radio]]` tables together that stand apart, and away from the comments above them.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from gateway.toml_lines import lines_of

Values = Mapping[str, Any]
"""Keys with values, and tables of them by name: `{"driver": "line", "line": {"port": "/dev/ttyUSB0"}}`."""


class CanNotMerge(ValueError):
    """The file can't be changed: what is wrong with it, and what to do."""


def radio_names(text: str) -> tuple[str, ...]:
    """The channels of the radios that a file has.

    Raises:
        CanNotMerge: it is no TOML.
    """
    found = _parsed(text).get("radio")
    if found is not None and not isinstance(found, AoT):
        raise CanNotMerge(
            "`radio` is written inline in the settings file; write [[radio]] tables, then this can add to them"
        )
    return tuple(str(radio.get("name", "")) for radio in found or ())


def merged(text: str, name: str, values: Values) -> str:
    """The file with this radio in it.

    A radio of that name gets the given keys and keeps its others; keys given as None go. Otherwise a new `[[radio]]` table is
    put at the end of the file.

    Args:
        text: the file as it is; may be empty.
        name: the channel.
        values: of the radio, without its name.

    Raises:
        CanNotMerge: it is no TOML, or written so that it can't be changed safely.
    """
    number = next((number for number, known in enumerate(radio_names(text)) if known == name), None)
    if number is None:
        gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
        after = text + gap + _radio_table({"name": name, **values})
    else:
        lines = text.splitlines(keepends=True)
        first, last = _lines_of_radio(text, number)
        document = _parsed("".join(lines[first:last]))
        _put(document["radio"][0], values)  # these lines are one [[radio]] table
        after = "".join([*lines[:first], tomlkit.dumps(document), *lines[last:]])
    _check(text, after, name, values)
    return after


def _radio_table(values: Values) -> str:
    array = tomlkit.aot()
    array.append(tomlkit.table())
    _put(array[0], values)
    return tomlkit.dumps({"radio": array}).lstrip("\n")


def _lines_of_radio(text: str, number: int) -> tuple[int, int]:
    """The lines of one radio and its tables, without the comment above whatever comes next: first, and one past the last."""
    at, lines = lines_of(text), text.splitlines()
    first = at["radio", number] - 1
    heads = {
        line - 1
        for path, line in at.items()
        if path[:2] != ("radio", number) and lines[line - 1].lstrip().startswith("[")
    }
    last = min((line for line in heads if line > first), default=len(lines))
    while last > first + 1 and (not lines[last - 1].strip() or lines[last - 1].lstrip().startswith("#")):
        last -= 1
    return first, last


def _check(before: str, after: str, name: str, values: Values) -> None:
    """Never hand out a file that says something else than it should."""
    wanted = tomllib.loads(before)
    radios = wanted.setdefault("radio", [])
    radio = next((radio for radio in radios if radio.get("name") == name), None)
    if radio is None:
        radio = {"name": name}
        radios.append(radio)
    _merge(radio, values)
    try:
        said: object = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        said = None
    if said != wanted:
        raise CanNotMerge("the settings file is written in a way that can't be changed safely; add the table by hand")


def _says_something(values: Values) -> bool:
    return any(value is not None for value in values.values())


def _merge(into: dict[str, Any], values: Values) -> None:
    for key, value in values.items():
        if value is None:
            into.pop(key, None)
        elif isinstance(value, Mapping):
            if key in into or _says_something(value):
                _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value


def difference(before: str, after: str, name: str) -> str:
    """What changes, as `diff -u` shows it; empty when nothing does."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"{name} (as it is)",
        f"{name} (as it would be)",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def _parsed(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise CanNotMerge(f"the settings file can't be read: {error}; put it right first") from error


def _put(table: Table, values: Values) -> None:
    for key, value in values.items():
        known = table.get(key)
        if value is None:
            table.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(known, Mapping):
            _put(known, value)  # type: ignore[arg-type]  # tomlkit's inline tables and tables share what is used here
        elif isinstance(value, Mapping):
            if _says_something(value):
                inner = tomlkit.table()
                _put(inner, value)
                table.add(key, inner)
        elif known != value:
            table[key] = value
