"""Names that the engine wrote as other words, and references with a digit misheard: what the single sounds add."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.calls import Match
from dispatch.heard import Heard, HeardWord, Spotted
from dispatch.matching import Fit, Register, conclude, look_for, ways_to_spot
from dispatch.matching.codes import DOUBTED_CAP
from dispatch.matching.evidence import SOUNDED
from dispatch.matching.sounds import sounds, unbroken
from dispatch.matching.spotted import ways_of_words
from dispatch.matching.suspects import Suspect
from dispatch.matching.trees import Trees
from dispatch.matching.verified import ANOTHER_NAME_CAP, CONTRADICTED_CAP, LIKELY, Judged, beside_rivals, judge
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


def test_a_name_nearer_than_the_words_in_its_place_is_likelier_than_one_that_is_not() -> None:
    spoken = timed(LOST)
    call = read(spoken, TOWN)
    assert {*ways_of_words(["very", "lost"])} <= {*ways_to_spot(REGISTER, call, TOWN.words)}
    found = {}
    for cost in (0.1, 0.5, 2.5):
        words = {way: Spotted(cost * len(way), len(way), 1.6, 2.4) for way in ways_of_words(["very", "lost"])}
        search = look_for(spoken, call, REGISTER, TOWN, spots(LOST, Tomasz_Wyrzykowski=0.5) | words)
        (found[cost],) = (one for one in search.suspects if one.form.spoken == "Tomasz Wyrzykowski")
    assert found[0.1].gain < 0 < found[2.5].gain
    assert found[0.1].log_odds <= found[0.5].log_odds <= found[2.5].log_odds


def test_only_cries_for_help_are_looked_for_where_nothing_was_understood() -> None:
    noise = read(timed("shh shh shh shh shh shh"), TOWN)
    cries = TOWN.words["sounded.emergency"].listed
    assert set(ways_to_spot(REGISTER, noise, TOWN.words)) == {unbroken(cry)[0] for cry in cries}
    assert ways_to_spot(REGISTER, read(timed(""), TOWN), TOWN.words) == ()


def test_a_name_behind_a_denial_that_became_other_words_is_denied() -> None:
    text = "Corner Books to Control, it's a Tomasz Wyrzykowski in a grey hoodie."
    spoken = timed(text)
    call = read(spoken, TOWN)
    near = spots(text, Tomasz_Wyrzykowski=0.1)
    first = look_for(spoken, call, REGISTER, TOWN, near)
    assert {f"ɪzənt{way}" for way in ways_of("Tomasz Wyrzykowski")} <= {*first.denials}
    for cost, denied in ((0.2, True), (5.0, False)):
        behind = {
            way: Spotted(0.1 * len(way) + cost * 5, len(way), 1.0, 1.9)
            for way in first.denials
            if way.startswith("ɪzənt")
        }
        search = look_for(spoken, call, REGISTER, TOWN, near | behind)
        fits = {claim: Fit(-1.0, -1.0, -1.0, 3) for claim in search.claims()}
        found = {match.person.name: match for match in conclude(search, fits, NOW, ZONE)}["Tomasz Wyrzykowski"]
        assert found.mention.negated is denied
        assert ("a denial is heard right before it" in found.reason) is denied
    assert look_for(spoken, call, REGISTER, TOWN).denials == ()


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
    asked = ways_to_spot(REGISTER, call, TOWN.words)
    (other,) = [way for way in asked if way == sounds("0 1 5 7").replace(" ", "")]
    heard_as = {way: Spotted(9.0, len(way), 1.0, 1.8) for way in ways_of("0151")}
    search = look_for(spoken, call, REGISTER, TOWN, heard_as | {other: Spotted(1.0, len(other), 1.0, 1.8)})
    (match,) = conclude(search, {}, NOW, ZONE)
    assert match.person.reference == "FT-0151"
    assert match.confidence <= DOUBTED_CAP
    assert "0157, which nobody has" in match.reason


@pytest.mark.parametrize(("written", "decoder", "capped"), [(0.1, -9.0, True), (0.1, -1.0, False), (2.5, -9.0, False)])
def test_a_surname_that_both_sounds_and_decoder_find_less_like_than_the_words_is_for_a_person(
    written: float, decoder: float, capped: bool
) -> None:
    spoken = timed(LOST)
    words = {way: Spotted(written * len(way), len(way), 1.6, 2.4) for way in ways_of_words(["very", "lost"])}
    near = spots(LOST, Tomasz_Wyrzykowski=0.8, Wyrzykowski=0.8) | words
    search = look_for(spoken, read(spoken, TOWN), REGISTER, TOWN, near)
    fits = {
        claim: Fit(-1.0, decoder if "Wyrz" in claim.text[claim.start : claim.end] else -1.0, -1.0, 3)
        for claim in search.claims()
    }
    sure = Trees.parse({"features": list(SOUNDED), "base": 5.0, "trees": []}, tuple(SOUNDED))
    judged = judge(search.held_against(fits), search.by_text, lambda _: sure)
    by_name = {one.suspect.form.spoken: one.cap for one in judged}
    assert (by_name["Wyrzykowski"] == ANOTHER_NAME_CAP) is capped
    assert by_name["Tomasz Wyrzykowski"] > ANOTHER_NAME_CAP, (
        "no first name was written, so nobody else's name was understood"
    )


@pytest.mark.parametrize(
    ("whole", "surname", "decoder", "capped"),
    [(0.4, 1.2, -15.0, True), (0.4, 1.2, -5.0, False), (0.4, 0.3, -15.0, False), (0.9, 0.3, -9.0, True)],
)
def test_a_first_name_that_was_said_makes_nobody_of_another_surname(
    whole: float, surname: float, decoder: float, capped: bool
) -> None:
    spoken = timed("Corner Books to Control, Tomasz Wicksey is here, grey hoodie.")
    words = {way: Spotted(0.1 * len(way), len(way), 1.6, 2.4) for way in ways_of_words(["tomasz", "wicksey"])}
    words |= {way: Spotted(0.1 * len(way), len(way), 2.0, 2.4) for way in ways_of_words(["wicksey"])}
    near = {way: Spotted(whole * len(way), len(way), 1.6, 2.4) for way in ways_of("Tomasz Wyrzykowski")}
    near |= {way: Spotted(surname * len(way), len(way), 2.0, 2.4) for way in ways_of("Wyrzykowski")}
    search = look_for(spoken, read(spoken, TOWN), REGISTER, TOWN, near | words)
    fits = {
        claim: Fit(-1.0, decoder if "Wyrz" in claim.text[claim.start : claim.end] else -1.0, -1.0, 3)
        for claim in search.claims()
    }
    sure = Trees.parse({"features": list(SOUNDED), "base": 5.0, "trees": []}, tuple(SOUNDED))
    judged = judge(search.held_against(fits), search.by_text, lambda _: sure)
    (found,) = (one for one in judged if one.suspect.form.spoken == "Tomasz Wyrzykowski")
    assert (found.cap == ANOTHER_NAME_CAP) is capped


def judged_alone(near: dict[str, Spotted], decoder: float) -> dict[str, Judged]:
    """Everybody in LOST where the decoder finds a name's tokens so unlikely, and the model is sure of all of them."""
    spoken = timed(LOST)
    search = look_for(spoken, read(spoken, TOWN), REGISTER, TOWN, near)
    fits = {
        claim: Fit(-1.0, -1.0 if claim.text[claim.start : claim.end] == "very lost" else decoder, -1.0, 2)
        for claim in search.claims()
    }
    sure = Trees.parse({"features": list(SOUNDED), "base": 5.0, "trees": []}, tuple(SOUNDED))
    judged = judge(search.held_against(fits), search.by_text, lambda _: sure)
    return {one.suspect.form.spoken: one for one in judged}


def test_a_decoder_that_prefers_its_words_is_no_contradiction_where_sounds_make_a_name_likely() -> None:
    found = {}
    for cost in (0.05, 1.4):
        near = spots(
            LOST, Tomasz_Wyrzykowski=cost, Denise_Rookwell=cost + 0.2
        )  # never alone, so the margin says nothing
        found[cost] = judged_alone(near, -18.0)["Tomasz Wyrzykowski"]
    assert found[0.05].suspect.log_odds >= LIKELY > found[1.4].suspect.log_odds
    assert found[0.05].cap > CONTRADICTED_CAP >= found[1.4].cap


def test_who_is_beaten_at_the_same_words_is_no_rival() -> None:
    near = spots(LOST, Tomasz_Wyrzykowski=0.05, Denise_Rookwell=0.3)
    one, other = (judged_alone(near, -1.0)[name] for name in ("Tomasz Wyrzykowski", "Denise Rookwell"))
    best = replace(one, features={**one.features, "against_others": 6.0})
    for against, rival in ((-6.0, False), (-2.0, True)):
        second = replace(other, features={**other.features, "against_others": against})
        alone = beside_rivals(best, [best])
        assert (beside_rivals(best, [best, second]) < alone) is rival
        assert beside_rivals(second, [best, second]) < alone, "the one that fits best takes from the other"
