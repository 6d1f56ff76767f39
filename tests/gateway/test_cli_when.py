"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli.when import parse_when

NOW = datetime(2026, 7, 7, 13, 30, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("today", "2026-07-06T23:00+00:00"),
        ("Yesterday", "2026-07-05T23:00+00:00"),
        ("90m", "2026-07-07T12:00+00:00"),
        ("6h ago", "2026-07-07T07:30+00:00"),
        ("7d", "2026-06-30T13:30+00:00"),
        ("2w", "2026-06-23T13:30+00:00"),
        ("9:05", "2026-07-07T08:05+00:00"),
        ("2026-03-07", "2026-03-07T00:00+00:00"),
        ("2026-07-01 14:30", "2026-07-01T13:30+00:00"),
        (" 2026-07-01T14:30:15+02:00 ", "2026-07-01T12:30:15+00:00"),
    ],
)
def test_times_are_the_schemes_own(text: str, moment: str) -> None:
    assert parse_when(text, NOW, LONDON) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "999999w", "5y", "-3h", "0001-01-01T00:00+14:00"])
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time; write for instance today, yesterday, 90m"):
        parse_when(text, NOW, LONDON)


@given(st.text(max_size=40))
def test_any_text_gives_an_aware_time_or_the_refusal(text: str) -> None:
    try:
        assert parse_when(text, NOW, LONDON).tzinfo is UTC
    except ValueError as error:
        assert "is not a time" in str(error)  # noqa: PT017 - either outcome is right
