"""The register's CSV: everything wrong is refused with its line and reason, and nothing else is."""

from __future__ import annotations

import csv
import io
import time
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dispatch.people import NoticeStatus
from dispatch.register.csv_import import COLUMNS, RegisterRow, parse_register
from dispatch.register.table import MAX_BYTES, MAX_ROWS, Refusal

FULL = ",".join(COLUMNS.known)
ROW = {
    "reference": "DT-0142",
    "first_name": "Wendell",
    "last_name": "Ackerby",
    "aliases": "Wink;Ack",
    "sex": "m",
    "date_of_birth": "1990-02-03",
    "ethnicity_code": "IC1",
    "height_cm": "175",
    "build": "slim",
    "hair": "short, brown",
    "marks": "",
    "offences": "shop theft;begging aggressively",
    "notice_status": "active",
    "notice_served_on": "2026-03-01",
    "notice_expires_on": "2027-02-28",
    "served_by_member": "Bakery on the Bridge",
    "notes": "",
}


def made(*rows: dict[str, str], columns: tuple[str, ...] = COLUMNS.known) -> bytes:
    """A file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def only_refusal(data: bytes) -> Refusal:
    """The one fault of a file that gives no rows."""
    parsed = parse_register(data)
    assert not parsed.rows
    (refusal,) = parsed.refusals
    return refusal


def faults(**changed: str) -> list[tuple[str | None, str]]:
    """What is wrong with the usual row, changed."""
    return [(refusal.column, refusal.reason) for refusal in parse_register(made(ROW | changed)).refusals]


WENDELL = RegisterRow(
    line=2,
    reference="DT-0142",
    first_name="Wendell",
    last_name="Ackerby",
    aliases=("Wink", "Ack"),
    sex="m",
    born_on=date(1990, 2, 3),
    ethnicity_code="IC1",
    height_cm=175,
    build="slim",
    hair="short, brown",
    offences=("shop theft", "begging aggressively"),
    status=NoticeStatus.ACTIVE,
    served_on=date(2026, 3, 1),
    expires_on=date(2027, 2, 28),
    served_by="Bakery on the Bridge",
)


def test_a_row_is_what_it_says() -> None:
    parsed = parse_register(made(ROW))
    assert (parsed.rows, parsed.refusals, parsed.notes) == ((WENDELL,), (), ())


@given(st.permutations(COLUMNS.known))
def test_columns_in_any_order(columns: list[str]) -> None:
    assert parse_register(made(ROW, columns=tuple(columns))).rows == (WENDELL,)


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + made(ROW),
        made(ROW).replace(b"\r\n", b"\n"),
        made(ROW).replace(b"\r\n", b"\r"),
        made(ROW) + b"\r\n,,,,,,,,,,,,,,,,\r\n\r\n",
        made(ROW).replace(b"first_name", b" First Name ").replace(b"notice_status", b"NOTICE-STATUS"),
        made(ROW).replace(b"date_of_birth", b"DOB").replace(b"1990-02-03", b"03/02/1990"),
        made(ROW).replace(b"\r\n", b",,\r\n"),
        made(ROW).replace(b"DT-0142", b" dt-0142 "),
        made(ROW).replace(b",active,", b", Active ,").replace(b",m,", b",Male,"),
    ],
    ids=["bom", "unix", "mac", "blank lines", "header", "british", "empty columns", "reference", "words"],
)
def test_what_spreadsheets_do_to_a_file_is_understood(data: bytes) -> None:
    parsed = parse_register(data)
    assert parsed.refusals == ()
    assert parsed.rows == (WENDELL,)


def test_an_old_character_set_is_read_and_noted() -> None:
    parsed = parse_register(made(ROW | {"last_name": "Bäckström"}).decode().encode("cp1252"))
    assert parsed.rows[0].last_name == "Bäckström"
    assert parsed.notes == ("line 2 is not UTF-8; the file was read as Windows-1252: check names with accents",)


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 0, "the file is empty"),
        (b"\xef\xbb\xbf", 0, "the file is empty"),
        (b"PK\x03\x04 and so on", 0, "save it as"),
        (FULL.encode("utf-16"), 0, "UTF-16"),
        (made(ROW) + b"\x00\x01\x02", 3, "NUL byte"),
        (bytes(range(1, 256)), 2, "neither UTF-8 nor Windows-1252"),
        (made(ROW).replace(b",", b";"), 1, "separated by semicolons"),
        (made(ROW).replace(b",", b"\t"), 1, "separated by tabs"),
        (b"x" * (MAX_BYTES + 1), 0, "smaller than"),
        (b"reference,notice_status,last_name,last_name\n", 1, "twice"),
        (b"reference,notice_status,,last_name\n", 1, "column 3 has no name"),
        (b"reference,last_name\n", 1, "this column is missing"),
        (b"reference,notice_status,lastname\nA,active,b", 1, "did you mean last_name"),
        (b"reference,notice_status,zzz\n", 1, "known are reference"),
        (b'reference,notice_status\nA,"active\n', 2, "check the quotes"),
        (b'reference,notice_status\nA,"act"ive\n', 2, "check the quotes"),
        (b"reference,notice_status\n" + b"x" * 200_000, 2, "field larger"),
    ],
)
def test_files_that_can_not_be_read_say_why(data: bytes, line: int, reason: str) -> None:
    refusal = only_refusal(data)
    assert refusal.line == line
    assert reason in refusal.reason


@pytest.mark.parametrize(
    ("changed", "column", "reason"),
    [
        ({"reference": ""}, "reference", "missing"),
        ({"reference": "DT 01*42"}, "reference", "such as DT-0142"),
        ({"first_name": "", "last_name": ""}, "last_name", "a first or a last name"),
        ({"first_name": "x" * 101}, "first_name", "too long"),
        ({"sex": "q"}, "sex", "write m, f, x or nothing"),
        ({"date_of_birth": "1890-01-01"}, "date_of_birth", "before 1900"),
        ({"date_of_birth": "2026-03-01"}, "date_of_birth", "born after the notice was served"),
        ({"date_of_birth": "31/02/1990"}, "date_of_birth", "no such day"),
        ({"height_cm": "1.75"}, "height_cm", "whole number of cm"),
        ({"height_cm": "17"}, "height_cm", "outside 50 to 250"),
        ({"notice_status": "actif"}, "notice_status", "did you mean active"),
        ({"notice_status": "banned"}, "notice_status", "known are active, appealed"),
        ({"notice_status": ""}, "notice_status", "dates without a status"),
        ({"notice_expires_on": ""}, "notice_expires_on", "needs the day on which it ends"),
        ({"notice_served_on": ""}, "notice_served_on", 'write "draft"'),
        ({"notice_served_on": "1026-03-01", "date_of_birth": ""}, "notice_served_on", "before there were"),
        ({"notice_expires_on": "2026-02-28"}, "notice_expires_on", "ends before it was served"),
        ({"notice_expires_on": "2062-02-28"}, "notice_expires_on", "more than 10 years"),
        ({"notes": "x" * 2001}, "notes", "too long"),
    ],
)
def test_rows_that_can_not_be_say_why(changed: dict[str, str], column: str, reason: str) -> None:
    found = faults(**changed)
    assert any(where == column and reason in why for where, why in found), found


def test_every_fault_of_a_row_is_named_at_once() -> None:
    columns = [column for column, _ in faults(reference="", sex="q", height_cm="tall", notice_status="?")]
    assert columns == ["reference", "sex", "height_cm", "notice_status"]


def test_no_notice_at_all_is_fine() -> None:
    nothing = {"notice_status": "", "notice_served_on": "", "notice_expires_on": ""}
    (row,) = parse_register(made(ROW | nothing)).rows
    assert row.status is None


def test_a_refused_row_leaves_the_others_and_names_its_line() -> None:
    good, bad = ROW, ROW | {"reference": "DT-0143", "notice_status": "?"}
    multiline = ROW | {"reference": "DT-0144", "notes": "two\nlines"}
    parsed = parse_register(made(good, bad, multiline, ROW | {"reference": "DT-0145", "sex": "q"}))
    assert [row.reference for row in parsed.rows] == ["DT-0142", "DT-0144"]
    assert [refusal.line for refusal in parsed.refusals] == [3, 6]
    assert parsed.rows[1].notes == "two lines"


def test_the_same_reference_twice_is_refused_and_names_the_first() -> None:
    (refusal,) = parse_register(made(ROW, ROW | {"reference": "dt-0142"})).refusals
    assert (refusal.line, refusal.reason) == (3, "already on line 2")


def test_wrong_numbers_of_cells() -> None:
    data = made(ROW) + b"DT-1,A\r\n" + made(ROW).splitlines()[1].replace(b'"short, brown"', b"short, brown") + b"\r\n"
    few, many = parse_register(data).refusals
    assert (few.line, few.reason) == (3, "2 cells where 17 are wanted")
    assert (many.line, many.reason) == (4, "18 cells where 17 are wanted: put cells with commas in quotes")


def test_binary_inside_a_row_is_refused() -> None:
    (refusal,) = parse_register(made(ROW | {"notes": "\x07\x1b[2J"})).refusals
    assert "control characters" in refusal.reason
    assert refusal.value.isprintable()


def test_ten_thousand_rows_are_quick_and_too_many_are_refused() -> None:
    rows = [ROW | {"reference": f"DT-{number}"} for number in range(10_000)]
    data = made(*rows)
    few = made(*rows[:1000])
    parse_register(few)
    started = time.process_time()
    parse_register(few)
    between = time.process_time()
    assert len(parse_register(data).rows) == 10_000
    # In one run, so that neither the machine nor what else it does matters: ten times the rows, about ten times the time.
    assert time.process_time() - between < 30 * (between - started)
    too_many = b"reference,last_name,notice_status\n" + b"".join(b"A%d,B,\n" % n for n in range(MAX_ROWS + 1))
    assert "more than 100000 rows" in parse_register(too_many).refusals[0].reason


def test_a_refusal_reads_as_a_sentence() -> None:
    assert str(Refusal(12, "sex", "q", "write m")) == "line 12, sex 'q': write m"
    assert str(Refusal(0, None, "", "the file is empty")) == "file: the file is empty"


@given(st.binary(max_size=400))
@example(b"reference,notice_status\n\xff\xfe")
def test_no_bytes_can_bring_it_down(data: bytes) -> None:
    parsed = parse_register(data)
    assert parsed.rows == () or not parsed.refusals or all(r.line > 1 for r in parsed.refusals)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "reference": st.sampled_from(["DT-1", "DT-2", "", "dt 1"]) | CELL,
                "last_name": st.just("Ackerby") | CELL,
                "notice_status": st.sampled_from(["active", "draft", "none", "?"]) | CELL,
                "notice_served_on": st.sampled_from(["2026-01-01", "01/02/2026", ""]) | CELL,
                "notice_expires_on": st.sampled_from(["2027-01-01", "2025-01-01", ""]) | CELL,
            }
        ),
        max_size=8,
    )
)
def test_every_row_is_taken_or_refused_with_its_line(rows: list[dict[str, str]]) -> None:
    columns = ("reference", "last_name", "notice_status", "notice_served_on", "notice_expires_on")
    parsed = parse_register(made(*rows, columns=columns))
    filled = [row for row in rows if any(cell.strip() for cell in row.values())]
    taken, refused = {row.line for row in parsed.rows}, {refusal.line for refusal in parsed.refusals}
    assert not taken & refused
    assert len(taken) + len(refused) == len(filled)
    assert all(refusal.reason for refusal in parsed.refusals)
    assert len({row.reference for row in parsed.rows}) == len(parsed.rows)
    for row in parsed.rows:
        if row.status is NoticeStatus.ACTIVE:
            assert row.served_on is not None
            assert row.expires_on is not None
            assert row.served_on <= row.expires_on
