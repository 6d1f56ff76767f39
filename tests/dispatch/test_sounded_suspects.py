"""Names that the engine wrote as other words, and references with a digit misheard: what the single sounds add."""

from __future__ import annotations

import pytest

from dispatch.calls import Match
from dispatch.heard import Heard, HeardWord, Spotted
from dispatch.matching import Register, conclude, look_for, ways_to_spot
from dispatch.matching.codes import DOUBTED_CAP
from dispatch.matching.sounds import sounds
from dispatch.matching.suspects import Suspect
from dispatch.reading import read
from tests.dispatch.rules_town import NOW, PEOPLE, TOWN, ZONE, heard

REGISTER = Register.of(PEOPLE)
LOST = "Corner Books to Control, we are very lost here, grey hoodie."
"""Somebody was named where "very lost" stands, and no wording has anything like it."""


def timed(text: str, each_s: float = 0.4) -> Heard:
    """The text with times: every word lasts as long."""
    words = tuple(HeardWord(word, i * each_s, (i + 1) * each_s, 0.9) for i, word in enumerate(text.split()))
    plain = heard(text)
    return Heard(text, words, plain.alternatives, -0.3, 0.05, len(words) * each_s)


def ways_of(spoken: str) -> list[str]:
    forms = (*REGISTER.forms, *REGISTER.numbers)
    ways = [*REGISTER.ways.items()] if any(form.spoken == spoken for form in REGISTER.forms) else []
    ways = ways or [(way, tuple(len(REGISTER.forms) + at for at in keys)) for way, keys in REGISTER.number_ways.items()]
    return [way for way, keys in ways if any(forms[key].spoken == spoken for key in keys)]


def spots(text: str, **costs: float) -> dict[str, Spotted]:
    """Every way of saying each name ("_" is a blank) at the words "very lost"; what it costs a sound."""
    words = text.split()
    at = words.index("very") * 0.4 if "very" in words else 1.0
    return {
        way: Spotted(cost * len(way), len(way), at, at + 0.8)
        for name, cost in costs.items()
        for way in ways_of(name.replace("_", " ").strip())
    }


def suspects(text: str, **costs: float) -> dict[str, Suspect]:
    spoken = timed(text)
    search = look_for(spoken, read(spoken, TOWN), REGISTER, TOWN, spots(text, **costs))
    return {suspect.form.spoken: suspect for suspect in search.suspects}


def test_a_name_that_became_other_words_is_suspected_where_its_sounds_were() -> None:
    assert "Tomasz Wyrzykowski" not in suspects(LOST, Kevin_Marchwood=2.9)
    found = suspects(LOST, Tomasz_Wyrzykowski=0.2)["Tomasz Wyrzykowski"]
    (place,) = found.places
    assert LOST.split()[place.first : place.last] == ["very", "lost"]
    assert found.unlikeness is not None
    assert found.unlikeness < 0.4
    assert found.log_odds > suspects(LOST, Tomasz_Wyrzykowski=1.3)["Tomasz Wyrzykowski"].log_odds


def test_sounds_that_are_not_there_speak_against_a_name_that_the_words_suggest() -> None:
    text = "Corner Books to Control, that is tomash vizhikovski very lost here."
    near = suspects(text, Tomasz_Wyrzykowski=0.2)["Tomasz Wyrzykowski"]
    far = suspects(text, Tomasz_Wyrzykowski=2.8)["Tomasz Wyrzykowski"]
    assert near.log_odds > far.log_odds + 1


def test_somebody_else_at_the_same_moment_makes_a_name_less_sure() -> None:
    alone = suspects(LOST, Tomasz_Wyrzykowski=0.5)["Tomasz Wyrzykowski"]
    beside = suspects(LOST, Tomasz_Wyrzykowski=0.5, Denise_Rookwell=0.2)["Tomasz Wyrzykowski"]
    assert beside.margin < 0 < alone.margin


def test_an_engine_that_gives_no_times_or_no_sounds_suspects_by_words_alone() -> None:
    spoken = heard(LOST)
    call = read(spoken, TOWN)
    without_times = look_for(spoken, call, REGISTER, TOWN, spots(LOST, Tomasz_Wyrzykowski=0.2))
    assert "Tomasz Wyrzykowski" not in [suspect.form.spoken for suspect in without_times.suspects]
    assert all(suspect.unlikeness is None for suspect in look_for(spoken, call, REGISTER, TOWN).suspects)


def named(text: str, **costs: float) -> dict[str, Match]:
    spoken = timed(text)
    said = {way: spot for name, cost in costs.items() for way, spot in spots(text, **{name[1:]: cost}).items()}
    search = look_for(spoken, read(spoken, TOWN), REGISTER, TOWN, said)
    return {match.person.reference: match for match in conclude(search, {}, NOW, ZONE)}


REFERENCE = "Corner Books to Control, FT 0151 has just walked in, over."


def test_a_reference_whose_sounds_are_those_of_another_is_not_announced_and_both_are_shown() -> None:
    sure = named(REFERENCE, n0151=0.1, n0152=0.8)
    assert list(sure) == ["FT-0151"]
    assert sure["FT-0151"].confidence > 0.85
    doubted = named(REFERENCE, n0151=0.9, n0152=0.1)
    assert set(doubted) == {"FT-0151", "FT-0152"}
    assert max(match.confidence for match in doubted.values()) <= DOUBTED_CAP
    assert "nearer to reference FT-0152" in doubted["FT-0151"].reason


@pytest.mark.parametrize(("own", "other"), [(0.3, 0.25), (2.9, 2.8)])
def test_a_little_nearer_or_both_far_is_no_doubt(own: float, other: float) -> None:
    assert named(REFERENCE, n0151=own, n0152=other)["FT-0151"].confidence > 0.85


def test_a_misheard_digit_is_noticed_even_where_nobody_has_the_other_number() -> None:
    spoken = timed(REFERENCE)
    call = read(spoken, TOWN)
    asked = ways_to_spot(REGISTER, call)
    (other,) = [way for way in asked if way == sounds("0 1 5 7").replace(" ", "")]
    heard_as = {way: Spotted(9.0, len(way), 1.0, 1.8) for way in ways_of("0151")}
    search = look_for(spoken, call, REGISTER, TOWN, heard_as | {other: Spotted(1.0, len(other), 1.0, 1.8)})
    (match,) = conclude(search, {}, NOW, ZONE)
    assert match.person.reference == "FT-0151"
    assert match.confidence <= DOUBTED_CAP
    assert "0157, which nobody has" in match.reason
