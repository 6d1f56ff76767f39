"""Environment variables that override settings: `HUECRY_RECORDER__PRE_ROLL_S=0.5`, lists and tables as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from os import environ as os_environ
from typing import Any, get_origin

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from typing_extensions import override

from gateway.nearest import nearest
from gateway.settings_errors import Problem
from gateway.settings_keys import Key, options

PREFIX = "HUECRY_"
NOT_SETTINGS = frozenset({"HUECRY_CONFIG"})
"""Variables of ours that name no setting."""


def _names(keys: Iterable[Key]) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Variable name to (key path, given as JSON). Tables of an array have no variables of their own."""
    keys = list(keys)
    arrays = {key.path for key in keys if key.many and key.section is not None}
    named: dict[str, tuple[tuple[str, ...], bool]] = {}
    for key in keys:
        if any(key.path[: len(array)] == array and key.path != array for array in arrays):
            continue
        if key.section is not None and not key.many:
            continue
        is_table = any(get_origin(option) is dict for option in options(key.annotation))
        named[PREFIX + "__".join(key.path).upper()] = (key.path, key.many or is_table)
        if key.secret:
            file = (*key.path[:-1], f"{key.path[-1]}_file")
            named[PREFIX + "__".join(file).upper()] = (file, False)
    return named


def variables_of(environ: Mapping[str, str], keys: Iterable[Key]) -> dict[tuple[str, ...], str]:
    """Which keys the environment gives, with the variable's name."""
    return {path: name for name, (path, _) in _names(keys).items() if name in environ}


def unknown_variables(environ: Mapping[str, str], keys: Iterable[Key]) -> list[Problem]:
    """Variables that look like settings and are none."""
    names = _names(keys)
    return [
        Problem("environment", None, name, "there is no such setting", nearest(name, names))
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in names and name not in NOT_SETTINGS
    ]


def from_environment(environ: Mapping[str, str], keys: Iterable[Key]) -> dict[str, Any]:
    """The overrides as nested tables. A list that is not JSON stays text, which validation then refuses by name."""
    data: dict[str, Any] = {}
    for name, (path, is_json) in _names(keys).items():
        if name not in environ:
            continue
        value: Any = environ[name]
        if is_json:
            try:
                value = json.loads(value)
            except ValueError:
                value = environ[name]
        table = data
        for part in path[:-1]:
            table = table.setdefault(part, {})
        table[path[-1]] = value
    return data


class EnvironmentSource(PydanticBaseSettingsSource):
    """Gives pydantic-settings the overrides; its own source knows neither dataclass sections nor their lists."""

    def __init__(self, settings_cls: type[BaseSettings], keys: tuple[Key, ...]) -> None:
        super().__init__(settings_cls)
        self._keys = keys

    @override
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return from_environment(os_environ, self._keys).get(field_name), field_name, False

    @override
    def __call__(self) -> dict[str, Any]:
        return from_environment(os_environ, self._keys)
