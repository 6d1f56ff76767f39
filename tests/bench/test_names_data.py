"""The second test set is sound: every reference exists, what is said stands in the text, and the halves share nobody and no call."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[2] / "bench/names_data"
COLUMNS = (
    "reference,first_name,last_name,aliases,sex,date_of_birth,ethnicity_code,height_cm,build,hair,marks,"
    "offences,notice_status,notice_served_on,notice_expires_on,served_by_member,notes"
)
INTENTS = {
    "sighting", "incident", "correction", "request", "emergency", "stand_down", "radio_check", "chatter"
}  # fmt: skip
NATO = {
    word: word[0]
    for word in [
        "alpha",
        "bravo",
        "charlie",
        "delta",
        "echo",
        "foxtrot",
        "golf",
        "hotel",
        "india",
        "juliet",
        "kilo",
        "lima",
        "mike",
        "november",
        "oscar",
        "papa",
        "quebec",
        "romeo",
        "sierra",
        "tango",
        "uniform",
        "victor",
        "whiskey",
        "x-ray",
        "yankee",
        "zulu",
    ]
}
HALVES = ("tune", "report")


def register() -> dict[str, dict[str, str]]:
    with (DATA / "register.csv").open(newline="", encoding="utf-8") as rows:
        return {row["reference"]: row for row in csv.DictReader(rows)}


def calls(half: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"calls-{half}.jsonl").read_text(encoding="utf-8").splitlines()]


def people(half: str) -> set[str]:
    return {person["reference"] for call in calls(half) for person in call["people"] if person["reference"]}


def test_the_register_has_the_columns_of_an_export_and_every_reference_once() -> None:
    lines = (DATA / "register.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == COLUMNS
    assert len(register()) == len(lines) - 1 >= 140
    assert all(re.fullmatch(r"DT-2\d{3}", reference) for reference in register())


def test_nobody_is_on_the_register_twice() -> None:
    names = Counter((row["first_name"], row["last_name"]) for row in register().values())
    assert max(names.values()) == 1


def test_a_notice_that_counts_does_not_run_out_while_the_measurement_is_in_use() -> None:
    for row in register().values():
        expires = dt.date.fromisoformat(row["notice_expires_on"])
        assert dt.date.fromisoformat(row["notice_served_on"]) < expires
        assert (expires.year >= 2036) == (row["notice_status"] != "expired"), row["reference"]


def test_every_kind_of_notice_and_some_minors_are_there() -> None:
    notices = Counter(row["notice_status"] for row in register().values())
    assert set(notices) == {"active", "expired", "appealed", "warning", "withdrawn"}
    assert notices["active"] > len(register()) / 2
    assert sum(row["date_of_birth"] > "2008-11-25" for row in register().values()) >= 5


@pytest.mark.parametrize("half", HALVES)
def test_each_half_has_enough_calls_of_every_kind(half: str) -> None:
    kinds = Counter(call["intent"] for call in calls(half))
    assert sum(kinds.values()) >= 60
    assert set(kinds) == INTENTS
    assert kinds["sighting"] > sum(kinds.values()) / 2
    spoken = Counter(person["kind"] for call in calls(half) for person in call["people"])
    assert {"full", "first", "last", "alias", "ref", "spelled"} <= set(spoken)


@pytest.mark.parametrize("half", HALVES)
def test_every_person_is_said_and_is_who_the_register_says(half: str) -> None:
    on_register = register()
    for call in calls(half):
        for person in call["people"]:
            assert person["said"].lower() in call["text"].lower(), call["id"]
            if person["reference"] is None:
                assert (*person["name"].split(), "")[:2] not in {
                    (row["first_name"], row["last_name"]) for row in on_register.values()
                }
            else:
                row = on_register[person["reference"]]
                assert person["name"] == f"{row['first_name']} {row['last_name']}"


@pytest.mark.parametrize("half", HALVES)
def test_what_is_spelled_is_a_name_of_the_person(half: str) -> None:
    for call in calls(half):
        for person in call["people"]:
            if person["kind"] == "spelled" and "nato_mistake" not in call["tags"]:
                letters = "".join(NATO[word] for word in person["said"].lower().split())
                assert letters in {re.sub(r"\W", "", part).lower() for part in person["name"].split()}, call["id"]


@pytest.mark.parametrize("half", HALVES)
def test_what_is_read_out_as_a_reference_is_the_persons(half: str) -> None:
    digits = {
        word: str(n)
        for n, word in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    }
    for call in calls(half):
        for person in call["people"]:
            if person["kind"] == "ref":
                said = "".join(digits.get(word, "") for word in person["said"].split())
                assert f"DT-{said}" == person["reference"], call["id"]


def test_the_halves_share_no_person_no_call_and_no_shop() -> None:
    assert not people("tune") & people("report")
    assert not {call["text"] for call in calls("tune")} & {call["text"] for call in calls("report")}
    assert not {call["place"] for call in calls("tune")} & {call["place"] for call in calls("report")} - {None}


def test_ids_are_unique_over_both_halves() -> None:
    ids = [call["id"] for half in HALVES for call in calls(half)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("half", HALVES)
def test_denials_brothers_and_people_who_are_not_on_the_register_are_among_them(half: str) -> None:
    tags = Counter(tag for call in calls(half) for tag in call["tags"])
    assert tags["negation"] >= 5
    for tag in ("confusable_pair", "not_on_register", "brand_or_place_like_name", "short_alias", "under_18", "uncertain",
                "control_readback", "expired_notice", "nato_mistake", "double_barrelled", "possessive"):  # fmt: skip
        assert tags[tag], tag
