"""Texts of a form to numbers, times and lists. What can't be meant is left out, never guessed. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

LABEL_MAX = 64
"""Characters of a label or an alias that are kept."""

ENTRIES_MAX = 1_000
"""Entries of a list that are looked at: a call of half an hour has fewer talkers."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Times outside are a clock that was never set. rdio-scanner's own example sends 1970 beside a good `timestamp`."""

MS_FROM = 10**11
"""A count above this is in milliseconds: as seconds it would be the year 5138."""


def whole(value: object) -> int | None:
    """A number that is not negative; texts and floats of whole numbers too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not re.fullmatch(r"\d{1,18}(\.0{1,9})?", value.strip(), re.ASCII):
            return None
        return int(value.strip().partition(".")[0])
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and 0 <= value < 1e18 and value == int(value) else None
    return value if isinstance(value, int) and 0 <= value < 10**18 else None


def real(value: object) -> float | None:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def label(value: object) -> str:
    """One line of text, at most `LABEL_MAX` characters; empty for anything but text."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in value[:1000]).split())[:LABEL_MAX]


def unit(value: object) -> str | None:
    """A radio's number. 0 and -1 are what recorders write when they don't know it."""
    number = whole(value)
    return str(number) if number else None


def moment(value: object) -> datetime | None:
    """RFC 3339 text, or seconds (or milliseconds) since 1970, as text or number; UTC."""
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    count = whole(value)
    if count is not None:
        milliseconds = count if count >= MS_FROM else count * 1000
        if milliseconds > LATEST.timestamp() * 1000:
            return None
        return _plausible(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds))
    if not isinstance(value, str) or len(value) > 64 or "T" not in value.upper():
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return _plausible(at.astimezone(UTC)) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _plausible(at: datetime) -> datetime | None:
    return at if EARLIEST <= at < LATEST else None


def strength(value: object) -> float | None:
    """A signal strength in dBm. 999 is trunk-recorder's "not known"; no receiver measures above 0 or below -200."""
    dbm = real(value)
    return dbm if dbm is not None and -200.0 <= dbm < 0.0 else None


def listed(text: str | None) -> list[Any]:
    """A JSON list; empty for anything else."""
    if not text:
        return []
    found = loaded(text)
    return found[:ENTRIES_MAX] if isinstance(found, list) else []


def loaded(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """JSON, or None where it is none (or nested as only an attack is)."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def entries(items: object) -> list[Mapping[str, Any]]:
    """The objects of a list."""
    if not isinstance(items, list):
        return []
    return [item for item in items[:ENTRIES_MAX] if isinstance(item, dict)]
