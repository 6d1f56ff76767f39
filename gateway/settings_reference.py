"""Writes the reference page and the commented default file from the settings' own descriptions.

    python -m gateway.settings_reference            both files anew, in a checkout
    python -m gateway.settings_reference --check    1 when one of them is out of date

The page is docs/configuration.md, the file config/huecry.toml. Tests compare both, so neither can fall behind.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterable
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr

from gateway.settings import all_keys
from gateway.settings_keys import REQUIRED, Key, options
from gateway.settings_texts import FILE_HEAD, MORE, PAGE_HEAD, RADIO_EXAMPLE

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "configuration.md"
FILE = ROOT / "config" / "huecry.toml"

WIDTH = 110


def described(key: Key) -> str:
    """What a key means: from where it is defined, or from `settings_texts.MORE`; one line."""
    text = " ".join((key.description or MORE.get(key.dotted, "")).split())
    return re.sub(r"\bNone: ", "Not set: ", text)


def type_name(annotation: object) -> str:
    """A type in words an installer knows."""
    names = []
    for option in options(annotation):
        if option is types.NoneType:
            continue
        origin = get_origin(option)
        if origin is Literal:
            names += [f"`{value}`" for value in get_args(option)]
        elif origin in {tuple, list, frozenset, set}:
            inner = [part for part in get_args(option) if part is not Ellipsis]
            names.append(f"list of {type_name(inner[0])}" if inner else "list")
        elif isinstance(option, type) and issubclass(option, Enum):
            names += [f"`{member.value}`" for member in option]
        else:
            names.append(_PLAIN.get(option, "table"))
    return ", ".join(dict.fromkeys(names))


_PLAIN: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path",
    date: "date",
    SecretStr: "secret text",
    Any: "anything",
}


def toml_value(value: Any) -> str | None:  # noqa: ANN401 - whatever a setting holds
    """A default as TOML; None for what TOML can't say (no value)."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Enum():
            return toml_value(value.value)
        case int() | float():
            return repr(value)
        case date():
            return value.isoformat()
        case str() | Path():
            text = str(value).replace("\\", "\\\\").replace('"', '\\"')
            return f'"{text}"'
        case SecretStr():
            return None
        case tuple() | list() | frozenset() | set():
            items = sorted(value) if isinstance(value, frozenset | set) else value
            parts = [toml_value(item) for item in items]
            return None if any(part is None for part in parts) else f"[{', '.join(p for p in parts if p is not None)}]"
        case dict():
            pairs = [f"{toml_value(str(name))} = {toml_value(item)}" for name, item in value.items()]
            return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
        case _:
            return None


def _sections() -> Iterable[tuple[Key, list[Key]]]:
    """Each table with its own keys, in order; tables inside tables follow their parent."""
    keys = all_keys()
    for table in keys:
        if table.section is not None:
            yield table, [key for key in keys if key.path[:-1] == table.path and key.section is None]


def _shown_default(key: Key) -> str:
    if key.default is REQUIRED:
        return "required"
    value = toml_value(key.default)
    return "not set" if value is None else f"`{value}`"


def reference_page() -> str:
    """The text of docs/configuration.md."""
    lines = [PAGE_HEAD.strip(), ""]
    for table, keys in _sections():
        radio = table.path[0] == "radio"
        heading = f"[[{table.dotted}]]" if table.many else f"[{table.dotted}]"
        lines += [f"## `{heading}`", "", described(table), ""]
        if keys:
            variable = "" if radio else " Variable |"
            lines += [
                f"| key | value | default | meaning |{variable.lower()}",
                f"|---|---|---|---|{'---|' if variable else ''}",
            ]
        for key in keys:
            cells = [f"`{key.path[-1]}`", type_name(key.annotation), _shown_default(key), described(key)]
            if key.secret:
                cells[3] += f" May be given as `{key.path[-1]}_file`, or as a systemd credential."
            if not radio:
                cells.append(f"`HUECRY_{'__'.join(key.path).upper()}`")
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        if keys:
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _comment(text: str) -> list[str]:
    words, lines, line = text.split(), [], "#"
    for word in words:
        if len(line) + len(word) + 1 > WIDTH:
            lines.append(line)
            line = "#"
        line += f" {word}"
    return [*lines, line] if line != "#" else lines


def default_file() -> str:
    """The text of config/huecry.toml."""
    lines = [FILE_HEAD.strip(), ""]
    for table, keys in _sections():
        if table.path == ("radio",):
            lines += [RADIO_EXAMPLE.strip(), ""]
        if table.path[0] == "radio":
            continue
        lines += [*_comment(described(table)), f"[{table.dotted}]"]
        for key in keys:
            lines += _comment(f"{described(key)} {_choices(key)}".strip())
            value = toml_value(key.default)
            name = f"{key.path[-1]}_file" if key.secret else key.path[-1]
            lines.append(f"{name} = {value}" if value is not None else f"#{name} = {_example(key)}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _choices(key: Key) -> str:
    kinds = options(key.annotation)
    closed = any(get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, Enum)) for kind in kinds)
    return f"One of {type_name(key.annotation).replace('`', '')}." if closed else ""


def _example(key: Key) -> str:
    if key.secret:
        return f'"/etc/huecry/{key.path[-1]}"'
    if key.holds(date):
        return "2026-01-31"
    if key.holds(int) or key.holds(float):
        return "0"
    return '""'


def main(arguments: list[str]) -> int:
    """Write both files, or say which is out of date."""
    stale = 0
    for path, text in ((PAGE, reference_page()), (FILE, default_file())):
        if path.is_file() and path.read_text() == text:
            continue
        stale = 1
        if "--check" in arguments:
            sys.stderr.write(f"{path} is out of date: run python -m gateway.settings_reference\n")
        else:
            path.write_text(text)
            sys.stderr.write(f"wrote {path}\n")
    return stale if "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
