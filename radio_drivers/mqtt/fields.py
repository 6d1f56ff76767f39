"""JSON as other people's programs write it: the fields we want, checked and bounded. Pure.

Programs differ between versions in whether a number is written as 9001 or as "9001", and a truth as true, 1 or "true". All
of these are read. What is missing, null or an empty text is None (or False), never an error; what is there and is
something else altogether is a `FieldError`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from radio_drivers.mqtt.protocol import clean

DIGITS_MAX = 18
EPOCH_MAX = 4_102_444_800
"""2100-01-01; later is no time that a call can have."""


class FieldError(Exception):
    """Nothing of this payload can be used; the text says which field and why."""


def json_object(payload: bytes, most: int) -> Mapping[str, object]:
    """The object that a payload is.

    Args:
        payload: as it came.
        most: bytes.

    Raises:
        FieldError: too long, no JSON, or no object.
    """
    if len(payload) > most:
        raise FieldError(f"{len(payload)} bytes are too many, the limit is {most}; ignored")
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError) as error:  # RecursionError: ten thousand opening brackets
        raise FieldError(f"no JSON: {str(error)[:80]}; ignored") from error
    if not isinstance(value, dict):
        raise FieldError("JSON, but no object; ignored")
    return cast("dict[str, object]", value)


def part_of(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object inside.

    Raises:
        FieldError: it is missing or no object.
    """
    value = fields.get(name)
    if not isinstance(value, dict):
        raise FieldError(f'there is no object "{name}" in it; ignored')
    return cast("dict[str, object]", value)


def parts_of(fields: Mapping[str, object], name: str, most: int) -> Sequence[Mapping[str, object]]:
    """A list of objects inside, at most so many; what is no object is left out.

    Raises:
        FieldError: it is no list.
    """
    value = fields.get(name)
    if value is None or value == "":
        return ()
    if not isinstance(value, list):
        raise FieldError(f"{name} is no list; ignored")
    return [cast("dict[str, object]", one) for one in value[:most] if isinstance(one, dict)]


def text_of(fields: Mapping[str, object], name: str, most: int = 200) -> str:
    """A text without control characters, cut at `most`; empty when missing.

    Raises:
        FieldError: neither text nor number.
    """
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**DIGITS_MAX:
        return str(value)
    if not isinstance(value, str):
        raise FieldError(f"{name} is no text; ignored")
    return clean(value[: 2 * most]).strip()[:most]


def number_of(fields: Mapping[str, object], name: str) -> float | None:
    """A finite number.

    Raises:
        FieldError: something else.
    """
    value = fields.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) <= 2 * DIGITS_MAX:
        try:
            value = float(value)
        except ValueError:
            value = math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e18 < value < 1e18:
        raise FieldError(f"{name} is no number; ignored")
    return float(value)


def whole_of(fields: Mapping[str, object], name: str) -> int | None:
    """A whole number.

    Raises:
        FieldError: something else.
    """
    number = number_of(fields, name)
    if number is None:
        return None
    if not number.is_integer():
        raise FieldError(f"{name} is no whole number; ignored")
    return int(number)


def truth_of(fields: Mapping[str, object], name: str) -> bool:
    """True, 1, "true" or "1"; anything else that says no, and missing, is False.

    Raises:
        FieldError: it says neither.
    """
    value = fields.get(name)
    if isinstance(value, str):
        value = value.strip().lower()
    if value is None or value in ("", "0", "false", 0):  # not a set: a list has no hash
        return False
    if value in ("1", "true", 1):
        return True
    raise FieldError(f"{name} is neither true nor false; ignored")


def epoch_of(fields: Mapping[str, object], name: str) -> datetime | None:
    """A time given as seconds since 1970, UTC. 0 is what programs write that don't know.

    Raises:
        FieldError: no such number.
    """
    seconds = number_of(fields, name)
    if seconds is None or seconds == 0:
        return None
    if not 0 < seconds < EPOCH_MAX:
        raise FieldError(f"{name} is no time in seconds since 1970; ignored")
    return datetime.fromtimestamp(seconds, UTC)
