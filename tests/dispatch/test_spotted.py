"""Names by their sounds alone: how near each comes, who else claims the moment, and which words stood there."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.heard import HeardWord, Spotted
from dispatch.matching import Register
from dispatch.matching.context import Wording, prepare
from dispatch.matching.register import Form
from dispatch.matching.sounds import sounds, unbroken
from dispatch.matching.spotted import (
    DENIALS,
    DENIED,
    MOST_WORDS,
    SPARE,
    WORST,
    Sounded,
    Spot,
    sounded,
    ways_of_denial,
    ways_of_words,
    words_at,
)
from tests.dispatch.rules_town import PEOPLE, TOWN, person

REGISTER = Register.of(PEOPLE)
NOWHERE = Spotted(1e6, 1, 0.0, 0.0)


def key_of(spoken: str, register: Register = REGISTER) -> int:
    return next(at for at, form in enumerate(register.forms) if form.spoken == spoken)


def ways_of(spoken: str, register: Register = REGISTER) -> list[str]:
    return [way for way, keys in register.ways.items() if key_of(spoken, register) in keys]


def at(cost: float, start_s: float, end_s: float, sounds: int = 10) -> Spotted:
    return Spotted(cost, sounds, start_s, end_s)


def held(spots: Mapping[str, Spotted], register: Register = REGISTER) -> Sounded:
    return sounded(spots, register.ways, register.forms)


def heard(**spots: Spotted) -> Sounded:
    """Every way of saying each name at one place; "_" is a blank."""
    return held({way: spot for name, spot in spots.items() for way in ways_of(name.replace("_", " "))})


def unlikeness(cost: float, sounds: int = 10) -> float:
    return (cost + SPARE) / sounds


def test_a_name_is_as_far_as_its_sounds_cost_and_short_ones_are_never_near() -> None:
    near = heard(Kevin_Marchwood=at(2.5, 1.0, 2.0))
    spot = near.spots[key_of("Kevin Marchwood")]
    assert (spot.unlikeness, spot.start_s, spot.end_s) == pytest.approx((unlikeness(2.5), 1.0, 2.0))
    short = heard(Kes=at(0.0, 1.0, 1.3, sounds=3)).spots[key_of("Kes")]
    long = heard(Tommo=at(0.0, 1.0, 1.3, sounds=12)).spots[key_of("Tommo")]
    assert short.unlikeness == pytest.approx(SPARE / 3)
    assert short.unlikeness > long.unlikeness


def test_what_is_too_far_or_was_not_looked_for_is_not_there() -> None:
    far = 10 * WORST - SPARE
    near = heard(Kevin_Marchwood=at(far, 1.0, 2.0), Lena_Castle=at(far - 0.01, 1.0, 2.0), Mark_King=NOWHERE)
    assert set(near.spots) == {key_of("Lena Castle")}
    assert near.margin(key_of("Kevin Marchwood")) == 0.0
    assert held({}).spots == {}
    assert held({"nQbɒdi": at(0.0, 1.0, 2.0)}).spots == {}


def test_of_several_ways_of_saying_a_name_the_nearest_counts() -> None:
    register = Register.of([person(300, "Siobhan Maughan", sex="f")])
    ways = ways_of("Maughan", register)
    assert len(ways) > 1
    for best in ways:
        spots = {way: at(2.0 if way == best else 9.0, float(number), number + 0.5) for number, way in enumerate(ways)}
        spot = held(spots, register).spots[key_of("Maughan", register)]
        assert spot.unlikeness == pytest.approx(unlikeness(2.0))
        assert spot.start_s == ways.index(best)


def test_who_shares_a_surname_is_found_with_everybody_who_has_it() -> None:
    spots = heard(Tillwater=at(1.0, 1.0, 2.0)).spots
    (key,) = spots
    assert {entry.person.offender_id for entry in REGISTER.forms[key].entries} == {151, 152}


def test_the_margin_is_against_others_at_the_same_moment_only() -> None:
    marchwood, castle, king = (key_of(name) for name in ("Kevin Marchwood", "Lena Castle", "Mark King"))
    alone = heard(Kevin_Marchwood=at(2.0, 1.0, 2.0))
    assert alone.margin(marchwood) == pytest.approx(WORST - unlikeness(2.0))
    both = heard(Kevin_Marchwood=at(2.0, 1.0, 2.0), Lena_Castle=at(6.0, 1.2, 1.9), Mark_King=at(3.0, 2.0, 2.6))
    assert both.margin(marchwood) == pytest.approx(unlikeness(6.0) - unlikeness(2.0))
    assert both.margin(castle) == pytest.approx(unlikeness(2.0) - unlikeness(6.0))
    assert both.margin(king) == pytest.approx(WORST - unlikeness(3.0)), "said at another time"


def test_who_comes_nearer_at_the_same_moment_is_told_if_it_is_by_enough() -> None:
    near = heard(
        Kevin_Marchwood=at(6.0, 1.0, 2.0), Marchwood=at(0.0, 1.0, 2.0), Lena_Castle=at(4.0, 1.2, 1.9),
        Mark_King=at(2.0, 1.1, 2.1), Jodie_Mill=at(0.0, 3.0, 4.0),
    )  # fmt: skip
    marchwood, king = key_of("Kevin Marchwood"), key_of("Mark King")
    assert near.nearer(marchwood, 0.1) == king
    assert near.nearer(marchwood, 0.39) == king
    assert near.nearer(marchwood, 0.41) is None
    assert near.nearer(key_of("Jodie Mill"), 0.0) is None
    assert near.nearer(key_of("Ryan Tillwater"), 0.1) is None, "it was not near anywhere"


def test_references_are_held_against_the_sounds_like_names() -> None:
    way, keys = next(iter(REGISTER.number_ways.items()))
    near = sounded({way: at(1.0, 1.0, 2.0)}, REGISTER.number_ways, REGISTER.numbers)
    assert set(near.spots) == set(keys)
    assert near.nearest(1, 1.0)[0] in keys


def test_the_same_person_by_another_name_is_no_rival() -> None:
    near = heard(Kevin_Marchwood=at(2.0, 1.0, 2.0), Marchwood=at(1.0, 1.5, 2.0), Kes=at(1.0, 1.0, 1.4))
    assert near.margin(key_of("Kevin Marchwood")) == pytest.approx(WORST - unlikeness(2.0))


def test_brothers_are_rivals_and_the_surname_that_both_have_is_neither_ones() -> None:
    near = heard(Ryan_Tillwater=at(2.0, 1.0, 2.0), Bryan_Tillwater=at(3.0, 1.0, 2.0), Tillwater=at(0.0, 1.4, 2.0))
    assert near.margin(key_of("Ryan Tillwater")) == pytest.approx(unlikeness(3.0) - unlikeness(2.0))
    assert near.margin(key_of("Tillwater")) == pytest.approx(WORST - unlikeness(0.0))


@pytest.mark.parametrize(
    ("start_s", "end_s", "same"),
    [(1.0, 2.0, True), (1.5, 2.5, True), (1.6, 2.6, False), (1.4, 1.5, True), (0.0, 9.0, True), (2.0, 3.0, False)],
)
def test_two_names_meet_when_half_of_the_shorter_is_common(start_s: float, end_s: float, same: bool) -> None:
    one, other = Spot(0.2, 1.0, 2.0), Spot(0.2, start_s, end_s)
    assert one.meets(other) == other.meets(one) == same


def test_the_nearest_come_first_and_no_more_than_were_asked_for() -> None:
    near = heard(
        Kevin_Marchwood=at(4.0, 1.0, 2.0),
        Lena_Castle=at(2.0, 3.0, 4.0),
        Mark_King=at(3.0, 5.0, 6.0),
        Jodie_Mill=at(20.0, 7, 8),
    )
    names = [near.forms[key].spoken for key in near.nearest(9, 1.0)]
    assert names == ["Lena Castle", "Mark King", "Kevin Marchwood"]
    assert near.nearest(1, 1.0) == [key_of("Lena Castle")]
    assert near.nearest(9, 0.1) == []


@given(st.lists(st.tuples(st.floats(0, 29), st.floats(0, 5), st.floats(0.1, 2)), min_size=2, max_size=6))
def test_of_two_who_meet_at_most_one_has_a_margin(places: list[tuple[float, float, float]]) -> None:
    forms: list[Form] = [REGISTER.forms[key_of(one.name)] for one in PEOPLE[: len(places)]]
    spots = {key: Spot(cost / 10, start, start + length) for key, (cost, start, length) in enumerate(places)}
    near = Sounded(spots, forms, {})
    for key, spot in spots.items():
        assert near.margin(key) <= WORST - spot.unlikeness + 1e-9
        for other, its in spots.items():
            if other != key and spot.meets(its):
                assert not (near.margin(key) > 1e-9 and near.margin(other) > 1e-9)


def test_a_name_is_held_against_the_words_that_were_written_at_its_moment() -> None:
    (way, *_) = ways_of_words(["very"])
    lost = [*ways_of_words(["very", "lost"])]
    assert way in lost
    said = {way: at(2.5, 1.0, 2.0) for way in ways_of("Kevin Marchwood")}
    key, own = key_of("Kevin Marchwood"), unlikeness(2.5)
    for cost in (1.0, 9.0, 200.0):
        near = held(said | dict.fromkeys(lost, at(cost, 1.0, 2.0)))
        assert near.against_words(key, ["very", "lost"]) == pytest.approx(min(WORST, unlikeness(cost)) - own)
        assert near.against_words(key, ["not", "asked"]) == 0.0
        assert near.against_words(key, ["very"] * (MOST_WORDS + 1)) == 0.0
        assert near.against_words(key, []) == 0.0
        assert near.against_words(key_of("Lena Castle"), ["very", "lost"]) == 0.0, "she is not there"


@pytest.mark.parametrize(("more", "denied"), [(0.0, True), (DENIED, True), (DENIED + 0.1, False), (7.0, False)])
def test_a_name_right_behind_a_denial_is_denied(more: float, denied: bool) -> None:
    name = "Kevin Marchwood"
    form = REGISTER.forms[key_of(name)]
    assert list(unbroken(form.spoken)) == ways_of(name)
    ways = {*ways_of_denial([form])}
    assert ways == {denial + way for denial in DENIALS for way in unbroken(form.spoken)}
    said = {way: at(4.0, 1.0, 2.0) for way in unbroken(form.spoken)}
    behind = {f"{DENIALS[1]}{way}": at(4.0 + more * len(DENIALS[1]), 0.6, 2.0) for way in unbroken(form.spoken)}
    assert held(said | behind).denied(key_of(name)) is denied
    assert not held(said).denied(key_of(name)), "nobody asked"
    assert not held(behind).denied(key_of(name))


def test_every_run_of_words_is_looked_for_but_no_long_ones() -> None:
    words = ["me", "to", "sleep", "and", "is", "by"]
    ways = set(ways_of_words(words))
    assert set(ways_of_words(words[1:5])) <= ways
    assert not set(ways_of_words(words[:MOST_WORDS])) - ways
    assert max(map(len, ways)) < len("".join(sounds(word) for word in words))
    assert list(ways_of_words([])) == []


def wording(text: str) -> Wording:
    return prepare(text, TOWN, opening_words=0, biased=False)


def timed(text: str, length_s: float = 0.4) -> list[HeardWord]:
    """Each word of the text for so long, one right after the other."""
    return [
        HeardWord(word, number * length_s, (number + 1) * length_s, 0.9) for number, word in enumerate(text.split())
    ]


TEXT = "Control, me to sleep and is by the door."


@pytest.mark.parametrize(
    ("start_s", "end_s", "words"),
    [
        (0.4, 2.0, "me to sleep and"),
        (0.5, 1.9, "me to sleep and"),
        (0.55, 1.05, "me to"),  # more than half of each
        (0.0, 0.4, "Control"),
        (2.45, 2.5, "by"),  # touched only, and no other
        (50.0, 51.0, "door"),  # after everything: the nearest
    ],
)
def test_the_words_that_stood_at_that_moment(start_s: float, end_s: float, words: str) -> None:
    best = wording(TEXT)
    found = words_at(best, timed(TEXT), Spot(0.2, start_s, end_s))
    assert found is not None
    first, last = found
    assert " ".join(best.text[word.start : word.end] for word in best.words[first:last]) == words


def test_without_times_there_are_no_words() -> None:
    assert words_at(wording(TEXT), [], Spot(0.2, 1.0, 2.0)) is None
    assert words_at(wording(""), timed(TEXT), Spot(0.2, 1.0, 2.0)) is None


def test_what_the_engine_counts_as_one_word_may_be_two_of_ours() -> None:
    text = "That well-known Lowther-Pike is here."
    best = wording(text)
    found = words_at(best, timed(text), Spot(0.2, 0.8, 1.2))
    assert found is not None
    assert best.text[best.words[found[0]].start : best.words[found[1] - 1].end] == "Lowther-Pike"


def test_words_that_the_best_wording_does_not_have_are_passed_over() -> None:
    best = wording("Lena Castle is here.")
    times = [
        HeardWord("erm", 0.0, 0.4, 0.2),
        *(HeardWord(one.text, one.start_s + 0.4, one.end_s + 0.4, 0.9) for one in timed("Lena Castle is here.")),
    ]
    assert words_at(best, times, Spot(0.2, 0.4, 1.2)) == (0, 2)
