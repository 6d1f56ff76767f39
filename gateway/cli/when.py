"""Times as people write them on a command line."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_AGO = re.compile(r"(\d{1,6})\s*(m|min|h|d|w)(?:\s+ago)?")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
EXAMPLES = "today, yesterday, 90m, 6h, 7d, 14:30, 2026-03-07, 2026-03-07 14:30 or 2026-03-07T14:30+00:00"


def parse_when(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """A moment, aware, in UTC.

    Args:
        text: see `EXAMPLES`. Days and times without an offset are the scheme's own.
        now: aware.
        zone: the scheme's.

    Raises:
        ValueError: it can't be read, or is beyond the calendar.
    """
    said = text.strip().lower()
    today = now.astimezone(zone).date()
    try:
        if said in {"today", "yesterday"}:
            return _midnight(today - timedelta(days=said == "yesterday"), zone)
        if ago := _AGO.fullmatch(said):
            return now.astimezone(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if re.fullmatch(r"\d{1,2}:\d\d", said):
            hour, minute = said.split(":")
            return datetime.combine(today, time(int(hour), int(minute)), zone).astimezone(UTC)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", said):
            return _midnight(date.fromisoformat(said), zone)
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time; write for instance {EXAMPLES}") from error


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
