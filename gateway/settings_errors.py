"""What is wrong with the settings, in words for the person who has to mend it.

SettingsError      one or more `Problem`s; the text lists them all
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from typing_extensions import override

from gateway.nearest import nearest
from gateway.settings_keys import Key
from gateway.toml_lines import line_of


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    file: str
    """The file, or "environment"."""
    line: int | None
    """Counted from 1; None when it is not written anywhere (a missing key, a variable)."""
    key: str
    """Dotted path, `radio[0].line.port` for the first radio; or the variable's name."""
    reason: str
    nearest: str | None = None
    """The valid key that was probably meant."""

    @override
    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        hint = f' (did you mean "{self.nearest}"?)' if self.nearest else ""
        return f"{where}: {self.key}: {self.reason}{hint}" if self.key else f"{where}: {self.reason}{hint}"


class SettingsError(Exception):
    """The settings can't be used.

    Attributes:
        problems: everything that is wrong, not only the first.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def dotted(loc: Iterable[str | int]) -> str:
    """`("radio", 0, "line", "port")` as `radio[0].line.port`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def nearest_key(loc: tuple[str | int, ...], keys: Iterable[Key]) -> str | None:
    """The valid key that an unknown one was probably meant to be: a neighbour first, then one of another section."""
    names = tuple(part for part in loc if isinstance(part, str))
    keys = list(keys)
    neighbours = {key.path[-1]: key for key in keys if key.path[:-1] == names[:-1]}
    if near := nearest(names[-1], neighbours):
        return neighbours[near].dotted
    same_name = [key.dotted for key in keys if key.path[-1] == names[-1]]
    if same_name:
        return nearest(".".join(names), same_name) or same_name[0]
    return nearest(".".join(names), [key.dotted for key in keys])


_UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden", "dataclass_unexpected_arguments"}


def _reason(kind: str, message: str, given: object, key: Key | None) -> str:
    if kind in _UNKNOWN:
        return "there is no such setting"
    if kind in {"missing", "missing_argument"}:
        return "is missing and has no default"
    if kind in {"dataclass_type", "dataclass_exact_type", "model_type"}:
        return "must be a table of settings"
    message = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message[:1].lower() + message[1:]
    # Only plain values are echoed, and never a secret: a table may hold one further down.
    if isinstance(given, str | int | float) and not isinstance(given, bool) and not (key is None or key.secret):
        shown = repr(given) if len(repr(given)) <= 60 else f"{given!r:.57}..."
        return f"{message}, but it is {shown}"
    return message


def problems_of(
    error: ValidationError, keys: Iterable[Key], file: str, text: str, variables: Mapping[tuple[str, ...], str]
) -> list[Problem]:
    """Translate what pydantic found.

    Args:
        error: as raised.
        keys: every valid key.
        file: name of the TOML file, or what the values came from.
        text: its text, to find lines in.
        variables: which keys an environment variable gave.
    """
    by_path = {key.path: key for key in keys}
    found = []
    for entry in error.errors(include_url=False):
        loc = tuple(part for part in entry["loc"] if not (isinstance(part, str) and part.endswith(("]", ")"))))
        names = tuple(part for part in loc if isinstance(part, str))
        kind = entry["type"]
        reason = _reason(kind, entry["msg"], entry["input"], by_path.get(names))
        near = nearest_key(loc, by_path.values()) if kind in _UNKNOWN and names else None
        if names in variables:
            found.append(Problem("environment", None, variables[names], reason, near))
        else:
            found.append(Problem(file, line_of(text, loc), dotted(loc), reason, near))
    return found


def file_problem(path: Path, reason: str, line: int | None = None) -> SettingsError:
    """One problem with the file as a whole."""
    return SettingsError([Problem(str(path), line, "", reason)])
