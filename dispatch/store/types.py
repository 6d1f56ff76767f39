"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Integer, String
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

KEY = BigInteger().with_variant(Integer(), "sqlite")
"""Row ids. SQLite gives numbers by itself only to a column declared INTEGER."""

Id = Annotated[int, "row id"]
"""How a mapped class writes a row id or a reference to one."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC times. SQLite keeps no offset, so UTC is put in and given back; naive times are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone: the store takes aware times only")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text without what PostgreSQL refuses: NUL, and halves of surrogate pairs from broken input."""

    impl = String
    cache_ok = True

    @override
    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


def clean(text: str) -> str:
    """The text without NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def clean_json(value: Any) -> Any:  # noqa: ANN401 - any value that JSON can hold
    """The same for everything inside lists and dicts; numbers that JSON can't hold become None."""
    match value:
        case str():
            return clean(value)
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {clean(str(key)): clean_json(item) for key, item in value.items()}
        case list() | tuple():
            return [clean_json(item) for item in value]
        case _:
            return value


def finite(value: float, otherwise: float) -> float:
    """The number, or another when it is not one (SQLite stores NaN as NULL)."""
    return value if math.isfinite(value) else otherwise


TEXT_ENUM = Enum(StrEnum, native_enum=False, length=24, values_callable=lambda kind: [member.value for member in kind])
"""Enums are kept as their text, so that a new member needs no migration and a dump can be read."""
