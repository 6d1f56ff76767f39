"""Single cells as people write them: dates, lists, telephone numbers, yes and no."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import date, datetime

MAX_TEXT = 2_000
_MONTH_NAMES = ("%d %b %Y", "%d %B %Y")
_UK_MOBILE = re.compile(r"7\d{9}")


class CellError(ValueError):
    """A cell can't be used; the text says why and what would do."""


def nearest(wrong: str, valid: Iterable[str]) -> str:
    """The end of a message: the nearest valid word, or all of them."""
    known = list(valid)
    close = difflib.get_close_matches(wrong, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def text(cell: str, limit: int = MAX_TEXT) -> str:
    """Words with single spaces between them."""
    cleaned = " ".join(cell.split())
    if len(cleaned) > limit:
        raise CellError(f"too long: {len(cleaned)} characters, {limit} are the limit")
    return cleaned


def listed(cell: str) -> tuple[str, ...]:
    """Parts separated by semicolons, without empty and repeated ones."""
    parts = (text(part) for part in cell.split(";"))
    return tuple(dict.fromkeys(part for part in parts if part))


def day(cell: str) -> date | None:
    """A day, ISO (2026-11-22) or UK (22/11/2026, 22-11-2026, 22.11.2026, 22 Nov 2026); midnight after it is ignored."""
    cleaned = re.sub(r"[T ]00:00(:00)?(\.0+)?Z?$", "", cell.strip())
    if not cleaned:
        return None
    if re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", cleaned):
        year, month, day_of_month = map(int, cleaned.split("-"))
        return _calendar(year, month, day_of_month, cell)
    if re.fullmatch(r"\d{1,2}([/.-])\d{1,2}\1\d{4}", cleaned):
        day_of_month, month, year = map(int, re.split(r"[/.-]", cleaned))
        return _calendar(year, month, day_of_month, cell)
    if re.fullmatch(r"\d{1,2}([/.-])\d{1,2}\1\d{2}", cleaned):
        raise CellError("write the year with four digits")
    for pattern in _MONTH_NAMES:
        try:
            return datetime.strptime(cleaned.replace("-", " "), pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise CellError("not a date; write 2026-11-22 or 22/11/2026")


def _calendar(year: int, month: int, day_of_month: int, cell: str) -> date:
    try:
        return date(year, month, day_of_month)
    except ValueError:
        hint = "; UK dates are day/month/year" if month > 12 >= day_of_month else ""
        raise CellError(f"there is no such day as {cell.strip()}{hint}") from None


def whole(cell: str, least: int, most: int, unit: str = "") -> int | None:
    """A whole number, with or without its unit."""
    cleaned = cell.strip().casefold().removesuffix(unit).strip() if unit else cell.strip()
    if not cleaned:
        return None
    if not re.fullmatch(r"\d{1,9}", cleaned, re.ASCII):
        raise CellError(f"not a whole number{f' of {unit}' if unit else ''}")
    number = int(cleaned)
    if not least <= number <= most:
        raise CellError(f"{number} is outside {least} to {most}{f' {unit}' if unit else ''}")
    return number


def degrees(cell: str, limit: float) -> float | None:
    """Latitude or longitude in degrees (WGS 84)."""
    cleaned = cell.strip()
    if not cleaned:
        return None
    if not re.fullmatch(r"[+-]?\d{1,3}(\.\d{1,15})?", cleaned, re.ASCII):
        raise CellError("not a number of degrees, such as 51.4462")
    number = float(cleaned)
    if abs(number) > limit:
        raise CellError(f"outside -{limit:.0f} to {limit:.0f} degrees")
    return number


def yes_no(cell: str) -> bool | None:
    """Yes or no; None for an empty cell."""
    match cell.strip().casefold():
        case "":
            return None
        case "yes" | "y" | "true" | "1" | "x":
            return True
        case "no" | "n" | "false" | "0" | "-":
            return False
        case _:
            raise CellError("write yes or no")


def phone(cell: str) -> str:
    """A telephone number as E.164 (+447700900123). Numbers without a country are British.

    Raises:
        CellError: no number, or not a possible one.
    """
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", cell.strip()):
        raise CellError("a spreadsheet turned the number into scientific notation: format the column as text")
    digits = re.sub(r"[\s().-]", "", cell.replace("(0)", ""))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if _UK_MOBILE.fullmatch(digits):
        digits = f"0{digits}"  # a spreadsheet that took it for a number dropped the 0
    if digits.startswith("0"):
        digits = f"+44{digits[1:]}"
    # ITU-T E.164: at most 15 digits, the country code does not begin with 0.
    if not re.fullmatch(r"\+[1-9]\d{7,14}", digits, re.ASCII):
        raise CellError("not a telephone number; write +447700900123 or 07700 900123")
    if digits.startswith("+44") and len(digits) not in {12, 13}:
        raise CellError("a British number has 10 digits after the 0, a few have 9")
    return digits


def is_uk_mobile(number: str) -> bool:
    """A British mobile number, E.164: the only ones that text messages go to."""
    return re.fullmatch(r"\+447\d{9}", number, re.ASCII) is not None
