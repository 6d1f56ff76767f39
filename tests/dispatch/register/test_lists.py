"""Members and places as CSV."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.register.members_csv import parse_members
from dispatch.register.places_csv import parse_places_csv


def member_faults(header: str, line: str) -> list[tuple[str | None, str]]:
    """What is wrong with one line."""
    parsed = parse_members(f"{header}\n{line}\n".encode())
    return [(refusal.column, refusal.reason) for refusal in parsed.refusals]


@pytest.mark.parametrize(
    ("header", "line", "column", "reason"),
    [
        ("member,phone", ",07700900001", "member", "name is missing"),
        ("member,lat,lon", "Bakery,51.4,", "lon", "both lat and lon"),
        ("member,lat,lon", "Bakery,,0.2", "lat", "both lat and lon"),
        ("member,lat,lon", "Bakery,512,0.2", "lat", "outside -90 to 90"),
        ("member,phone", "Bakery,12", "phone", "not a telephone number"),
        ("member,phone,wants_sms", "Bakery,02079460001,yes", "phone", "British mobile numbers only"),
        ("member,contact", "Bakery,Ada", "phone", "Ada has no telephone number"),
        ("member,wants_sms", "Bakery,perhaps", "wants_sms", "yes or no"),
        ("member,fone", "Bakery,1", "fone", "did you mean phone"),
        ("phone", "07700900001", "member", "this column is missing"),
    ],
)
def test_members_that_can_not_be(header: str, line: str, column: str, reason: str) -> None:
    found = member_faults(header, line)
    assert any(where == column and reason in why for where, why in found), found


def test_the_same_number_twice_is_refused() -> None:
    parsed = parse_members(b"member,phone\nBakery,07700900001\nSprockets,+447700900001\n")
    (refusal,) = parsed.refusals
    assert (refusal.line, refusal.reason) == (3, "already on line 2")


def test_texts_are_wanted_on_mobiles_unless_said_otherwise() -> None:
    parsed = parse_members(
        b"Business,Mobile,SMS\nA,07700900001,\nB,07700900002,no\nC,020 7946 0001,\nD,,\nE,+33612345678,no\n"
    )
    assert [(row.member, row.wants_sms) for row in parsed.rows] == [
        ("A", True),
        ("B", False),
        ("C", False),
        ("D", False),
        ("E", False),
    ]


@pytest.mark.parametrize(
    ("header", "line", "column", "reason"),
    [
        ("name,lat,lon", ",51,0", "name", "missing"),
        ("name,lat,lon", "Arcade,51,", "lon", "both lat and lon"),
        ("name,adjacent", "Arcade,High Stret", "adjacent", "no place of this name"),
        ("name,open_from,closed_on", "Arcade,2026-01-01,2025-01-01", "closed_on", "closed before it opened"),
        ("name,open_from", "Arcade,31/02/2026", "open_from", "no such day"),
        ("name,nearby", "Arcade,x", "nearby", "no such column"),
    ],
)
def test_places_that_can_not_be(header: str, line: str, column: str, reason: str) -> None:
    found = parse_places_csv(f"{header}\n{line}\n".encode()).refusals
    assert any(refusal.column == column and reason in refusal.reason for refusal in found), found


def test_a_neighbour_is_suggested_and_a_name_is_there_once() -> None:
    parsed = parse_places_csv(b"name,adjacent\nHigh Street,\nArcade,High Stret\nArcade,\n")
    assert [str(refusal) for refusal in parsed.refusals] == [
        "line 3, adjacent 'High Stret': no place of this name in the file; did you mean High Street?",
        "line 4, name 'Arcade': already on line 3",
    ]


@given(st.binary(max_size=300))
def test_no_bytes_can_bring_them_down(data: bytes) -> None:
    for lines in (parse_members(data), parse_members(b"member,phone\n" + data)):
        assert lines.rows or lines.refusals or not lines.rows
    parse_places_csv(data)
    parse_places_csv(b"name,adjacent,lat\n" + data)
