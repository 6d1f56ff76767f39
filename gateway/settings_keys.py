"""Walks the settings classes: every key with its type, default and description, read from where they are defined.

Descriptions are the docstrings under the fields, so that a setting is explained in one place only; the reference page,
the commented default file and the messages about wrong keys all come from here.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

REQUIRED = object()
"""Default of a key that has none."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting."""

    path: tuple[str, ...]
    """Without the numbers of arrays: `radio.line.port` is a key of each radio."""
    annotation: Any
    default: Any
    """`REQUIRED` when there is none."""
    description: str
    section: type | None
    """The dataclass behind it, when it is a table (or an array of tables)."""

    @property
    def dotted(self) -> str:
        """As written in messages and in the reference."""
        return ".".join(self.path)

    @property
    def many(self) -> bool:
        """Written as a list, or as an array of tables."""
        return any(get_origin(option) in {tuple, list, frozenset, set} for option in options(self.annotation))

    def holds(self, kind: type) -> bool:
        """Its value, or one of its values, is of this type."""
        inner = [i for option in options(self.annotation) for i in (option, *get_args(option))]
        return any(option is kind for i in inner for option in options(i))

    @property
    def secret(self) -> bool:
        """Never shown; may come from a file or a credential."""
        return any(option is SecretStr for option in options(self.annotation))


def options(annotation: object) -> tuple[Any, ...]:
    """The members of a union (without `Annotated` around them), or the type alone."""
    if get_origin(annotation) is typing.Annotated:
        return options(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return tuple(inner for option in get_args(annotation) for inner in options(option))
    return (annotation,)


def section_of(annotation: object) -> type | None:
    """The settings class that a key of this type holds: itself, optional, or one to each table of an array."""
    for option in options(annotation):
        if isinstance(option, type) and (dataclasses.is_dataclass(option) or issubclass(option, BaseModel)):
            return option
        if get_origin(option) in {tuple, list}:
            for inner in get_args(option):
                if inner is not Ellipsis and (section := section_of(inner)) is not None:
                    return section
    return None


@cache
def descriptions(cls: type) -> dict[str, str]:
    """The docstring under each field of a class, own and inherited."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base is object or base.__module__.startswith("pydantic"):
            continue
        tree = ast.parse(inspect.getsource(base))
        body = tree.body[0]
        if not isinstance(body, ast.ClassDef):
            continue
        for field, after in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                found[field.target.id] = inspect.cleandoc(after.value.value)
    return found


def _fields(cls: type) -> Iterator[tuple[str, Any, Any]]:
    hints = typing.get_type_hints(cls, include_extras=True)
    if issubclass(cls, BaseModel):
        for name, info in cls.model_fields.items():
            default = info.get_default(call_default_factory=True)
            yield name, hints[name], REQUIRED if default is PydanticUndefined else default
        return
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls} is no settings class")
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            default = field.default
        elif field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        else:
            default = REQUIRED
        yield field.name, hints[field.name], default


def keys_of(cls: type, above: tuple[str, ...] = ()) -> list[Key]:
    """Every key of a settings class and of the tables in it, each table before its keys."""
    found = []
    told = descriptions(cls)
    for name, annotation, default in _fields(cls):
        section = section_of(annotation)
        key = Key((*above, name), annotation, default, told.get(name, ""), section)
        found.append(key)
        if section is not None:
            found += keys_of(section, key.path)
    return found
