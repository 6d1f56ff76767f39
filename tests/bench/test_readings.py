"""The short calls are sound, the measurement counts what it says, and reading is as good as it was."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from bench import readings
from bench._names_hear import scheme
from dispatch.calls import Intent
from dispatch.heard import Heard
from dispatch.reading import read

TOWN = scheme()


@pytest.mark.parametrize("half", readings.HALVES)
def test_each_half_has_every_intent_about_as_often_and_denials_of_somebody_beside(half: str) -> None:
    rows = readings.calls(half)
    kinds = Counter(row["intent"] for row in rows)
    assert set(kinds) == {intent.value for intent in Intent}
    spoken = [count for intent, count in kinds.items() if intent != Intent.UNINTELLIGIBLE]
    assert min(spoken) >= 25
    assert max(spoken) <= 1.5 * min(spoken)
    beside = [row for row in rows if {person["negated"] for person in row["people"]} == {True, False}]
    assert len(beside) >= 3


@pytest.mark.parametrize("half", readings.HALVES)
def test_everybody_is_said_in_the_text_and_no_call_stands_twice(half: str) -> None:
    rows = readings.calls(half)
    assert all(None not in readings.places_of(row["text"], row["people"]) for row in rows)
    texts = [row["text"] for other in readings.HALVES for row in readings.calls(other)]
    assert len(texts) == len(set(texts))
    ids = [row["id"] for other in readings.HALVES for row in readings.calls(other)]
    assert len(ids) == len(set(ids))


def test_a_damaged_call_is_the_same_each_time_and_keeps_its_names() -> None:
    row = {"id": "X1", "text": "Control, that's not Kes, it's his brother, over.", "people": [{"said": "Kes"}]}
    damaged = [readings.damaged(row, copy) for copy in range(20)]
    assert damaged == [readings.damaged(row, copy) for copy in range(20)]
    assert len(set(damaged)) > 5
    assert all(text == text.lower() and "," not in text and "kes" in text for text in damaged)


def test_denied_people_who_come_out_present_are_counted_apart_from_guesses() -> None:
    def score(text: str, *, negated: bool) -> readings.Score:
        row: dict[str, Any] = {"intent": "sighting", "people": [{"said": "Kes", "negated": negated}]}
        counted = readings.Score()
        counted.add(row, read(Heard(text), TOWN), readings.places_of(text, row["people"]))
        return counted

    assert score("Kes is outside.", negated=True).denied_present == 1
    assert score("That might be Kes outside.", negated=True).denied_guess == 1
    assert score("That is not Kes outside.", negated=True).denied_present == 0
    assert score("That is not Kes outside.", negated=False).present_denied == 1


@pytest.mark.parametrize(("half", "least"), [("tune", 0.95), ("report", 0.88)])
def test_as_said_calls_are_read_as_well_as_they_were_and_nobody_present_is_denied(half: str, least: float) -> None:
    score = readings.Score()
    for row in readings.calls(half):
        score.add(row, read(Heard(row["text"]), TOWN), readings.places_of(row["text"], row["people"]))
    assert score.accuracy >= least, score.confusion
    assert score.present_denied <= 1
    assert score.denied_present <= 0.1 * score.denied


def test_the_command_prints_a_table_for_each_half_and_no_call_of_the_reporting_half(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "COPIES", 1)
    assert readings.main(["--half", "report"]) == 0
    printed = capsys.readouterr().out
    assert "report, as said" in printed
    assert "report, damaged" in printed
    assert "read as" not in printed
