"""The settings file: which one counts, reading it, and what its values mean beside what they say."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from gateway.settings_errors import file_problem

SYSTEM_FILE = Path("/etc/huecry/huecry.toml")


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Systemd's `StateDirectory`, else the XDG state folder of whoever runs this."""
    if given := environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    state_home = environ.get("XDG_STATE_HOME")
    return (Path(state_home) if state_home else Path.home() / ".local" / "state") / "huecry"


def settings_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Which file counts: the given one, `$HUECRY_CONFIG`, ./huecry.toml, /etc/huecry/huecry.toml, or none."""
    if path is not None:
        return path
    if given := environ.get("HUECRY_CONFIG"):
        return Path(given)
    return next((file for file in (Path("huecry.toml"), SYSTEM_FILE) if file.is_file()), None)


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """The parsed file, and its text for finding lines.

    Raises:
        SettingsError: missing, unreadable, or no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise file_problem(path, "there is no such file") from error
    except UnicodeDecodeError as error:
        raise file_problem(path, "is not UTF-8 text") from error
    except OSError as error:
        raise file_problem(path, f"can't be read: {error.strerror or error}") from error
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column \d+\)", str(error))
        reason = str(error)[: found.start()].strip() if found else str(error)
        raise file_problem(path, f"is not valid TOML: {reason}", int(found[1]) if found else None) from error


def anchored(data: object, at: tuple[str, ...], paths: frozenset[tuple[str, ...]], folder: Path) -> object:
    """Relative paths in the file are meant from the file's own folder: a daemon's current folder is anybody's guess."""
    if isinstance(data, dict):
        return {name: anchored(value, (*at, name), paths, folder) for name, value in data.items()}
    if isinstance(data, list):
        return [anchored(value, at, paths, folder) for value in data]
    if isinstance(data, str) and at in paths and data:
        return str(folder / Path(data).expanduser())
    return data


def not_finite(value: object, loc: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    """Where the numbers are that no clock can wait for."""
    if isinstance(value, float):
        return [] if math.isfinite(value) else [loc]
    inner: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, BaseModel):
        inner = ((name, getattr(value, name)) for name in type(value).model_fields)
    elif is_dataclass(value):
        inner = ((each.name, getattr(value, each.name)) for each in fields(value))
    elif isinstance(value, tuple):
        inner = enumerate(value)
    return [found for name, part in inner for found in not_finite(part, (*loc, name))]
