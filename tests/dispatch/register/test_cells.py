"""Single cells, as people write them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.register import cells
from dispatch.register.cells import CellError


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-05",
        "2026-11-5",
        "05/11/2026",
        "5/11/2026",
        "05-11-2026",
        "05.11.2026",
        " 5 Nov 2026 ",
        "5 November 2026",
        "05-Nov-2026",
        "2026-11-05T00:00:00",
        "2026-11-05 00:00:00",
        "05/11/2026 00:00",
    ],
)
def test_days_iso_and_british(written: str) -> None:
    assert cells.day(written) == date(2026, 11, 5)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("31/02/2026", "no such day"),
        ("2026-02-30", "no such day"),
        ("29/02/2027", "no such day"),
        ("11/22/2026", "day/month/year"),
        ("05/11/26", "four digits"),
        ("0000-01-01", "no such day"),
        ("soon", "write 2026-11-22 or 22/11/2026"),
        ("46331", "not a date"),
        ("2026-11-05T13:30:00", "not a date"),
        ("05/11-2026", "not a date"),
        ("٠٥/١١/٢٠٢٦٠", "not a date"),
    ],
)
def test_days_that_can_not_be(written: str, why: str) -> None:
    with pytest.raises(CellError, match=why):
        cells.day(written)


@pytest.mark.parametrize(
    "written",
    [
        "+447700900123",
        "07700 900123",
        "07700-900-123",
        "+44 (0)7700 900123",
        "0044 7700 900123",
        "7700900123",
        "(07700) 900123",
    ],
)
def test_telephone_numbers(written: str) -> None:
    assert cells.phone(written) == "+447700900123"
    assert cells.is_uk_mobile(cells.phone(written))


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("4.47701E+11", "format the column as text"),
        ("07700 9001", "10 digits"),
        ("07700 90012345", "10 digits"),
        ("ask Bo", "not a telephone number"),
        ("", "not a telephone number"),
        ("+0123456789", "not a telephone number"),
        ("+1234567890123456", "not a telephone number"),
        ("999", "not a telephone number"),
    ],
)
def test_telephone_numbers_that_can_not_be(written: str, why: str) -> None:
    with pytest.raises(CellError, match=why):
        cells.phone(written)


def test_other_countries_numbers_are_numbers_but_get_no_texts() -> None:
    assert cells.phone("+33 6 12 34 56 78") == "+33612345678"
    assert not cells.is_uk_mobile("+33612345678")
    assert not cells.is_uk_mobile(cells.phone("020 7946 0001"))


def test_lists_lose_what_is_empty_and_repeated() -> None:
    assert cells.listed(" Wink ; ;Ack;Wink;  The   Hat ") == ("Wink", "Ack", "The Hat")


def test_numbers_yes_and_no_and_degrees() -> None:
    assert cells.whole(" 175 cm", 50, 250, "cm") == 175
    assert cells.whole("", 50, 250, "cm") is None
    assert [cells.yes_no(cell) for cell in ("Yes", "n", "", "TRUE", "0")] == [True, False, None, True, False]
    assert cells.degrees("-51.5", 90) == -51.5
    for parse in (
        lambda: cells.whole("1.75", 50, 250, "cm"),
        lambda: cells.whole("300", 50, 250, "cm"),
        lambda: cells.yes_no("maybe"),
        lambda: cells.degrees("91", 90),
        lambda: cells.degrees("51,4", 90),
        lambda: cells.degrees("nan", 90),
        lambda: cells.text("x" * 2001),
    ):
        with pytest.raises(CellError):
            parse()


@given(st.text())
def test_no_cell_can_bring_a_parser_down(cell: str) -> None:
    for parse in (cells.day, cells.phone, cells.listed, cells.yes_no, cells.text):
        try:
            parse(cell)
        except CellError as error:
            assert str(error)  # noqa: PT017 - most cells raise nothing; those that do must say why


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_day_written_in_any_way_is_the_same_day(day: date) -> None:
    for written in (day.isoformat(), day.strftime("%d/%m/%Y"), day.strftime("%d.%m.%Y")):
        assert cells.day(written) == day
