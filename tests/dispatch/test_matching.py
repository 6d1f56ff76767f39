"""Who was named: sure enough for an alert, to be asked about, or not at all."""

from __future__ import annotations

import dataclasses
import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.calls import MentionKind
from dispatch.heard import HeardWord
from dispatch.matching import Register, match
from dispatch.matching.confidence import CAPS, ONLY_BIASED, Evidence, together
from dispatch.matching.likeness import likeness
from dispatch.people import NoticeState
from dispatch.reading import read
from tests.dispatch.rules_town import NOW, PEOPLE, RULES, TOWN, ZONE, confidences, heard, matching, person

ALERT, REVIEW = RULES.alert_at, RULES.review_at


def _level(confidence: float | None) -> str:
    if confidence is None or confidence < REVIEW:
        return "no"
    return "alert" if confidence >= ALERT else "ask"


@pytest.mark.parametrize(
    ("text", "who", "level"),
    [
        # full names
        ("Kevin Marchwood has just walked in.", 142, "alert"),
        ("kevin marchwood has just walked in", 142, "alert"),
        ("Kevin March Wood has just walked in.", 142, "alert"),
        ("Kevin Marshwood has just walked in.", 142, "alert"),
        ("Kev Marchwood has just walked in.", 142, "alert"),
        ("K. Marchwood has just walked in.", 142, "alert"),
        ("Kes Marchwood has just walked in.", 142, "alert"),
        ("Shaun Applegarth is outside.", 160, "alert"),
        ("Shaun Apple Garth is outside.", 160, "alert"),
        ("Lena Castle is outside.", 170, "alert"),
        ("Mark King is outside.", 171, "alert"),
        ("Gavin Lowther Pike is outside.", 180, "alert"),
        ("Jodie Mill is on Mill Lane.", 200, "alert"),
        ("Tomas Virzikovsky is outside.", 163, "alert"),
        # somebody else of that surname
        ("Sarah Marchwood is outside.", 142, "no"),
        ("Kevin Marshall is outside.", 142, "no"),
        # nearly the same name on the register twice
        ("Ryan Tillwater is outside.", 151, "ask"),
        ("Ryan Tillwater is outside.", 152, "no"),
        ("Ryan Tillwater, Romeo Yankee Alpha November, is outside.", 151, "alert"),
        ("It was Bryan, not Ryan. Bryan Tillwater is in the shop.", 152, "alert"),
        # surnames alone
        ("Applegarth is outside with a bag.", 160, "alert"),
        ("Mr Applegarth is outside with a bag.", 160, "alert"),
        ("Apple Garth is outside with a bag.", 160, "alert"),
        ("Tillwater is outside with a bag.", 151, "no"),
        ("There is a castle on the hill outside.", 170, "no"),
        ("The king is on the telly in our window.", 171, "no"),
        ("He has gone past the castle wall, coat on.", 170, "no"),
        # aliases
        ("Kes is about, watch out.", 142, "alert"),
        ("heads up kes is about", 142, "alert"),
        ("Tommo's just come in.", 163, "alert"),
        ("That Ginge is outside again.", 171, "alert"),
        ("Male with a ginge beard outside.", 171, "no"),
        ("He has a ginger beard and is outside.", 171, "no"),
        ("A sparrow has come in the shop.", 160, "no"),
        ("Heads up, that Sparrow is outside.", 160, "alert"),
        # first names alone are for a person to look at, at most
        ("Denise is outside with a bag.", 147, "ask"),
        ("Heads up, Gavin's just come in.", 180, "ask"),
        ("Ryan is outside with a bag.", 151, "ask"),
        ("Cheers Denise, see you later.", 147, "no"),
        ("Denise at Corner Books here, a man is outside.", 147, "no"),
        ("Denise from Corner Books, a man is outside.", 147, "no"),
        ("Thanks Gavin, he is outside.", 180, "no"),
        ("Gavin speaking, he is outside.", 180, "no"),
        ("Missing child outside, boy aged four, answers to Ryan.", 151, "no"),
        ("Denise Smith is outside.", 147, "no"),
        # references: the digits or nobody
        ("FT zero one four two is outside.", 142, "alert"),
        ("FT zero one four three is outside.", 142, "no"),
        ("number one four two is outside", 142, "alert"),
        ("one four two is behind the bins", 142, "alert"),
        # spelled
        ("Surname Mike Alpha Romeo Charlie Hotel Whiskey Oscar Oscar Delta, in the shop.", 142, "alert"),
        ("Surname Mike Alpha Romeo Charlie Hotel Whiskey Oscar Delta, in the shop.", 142, "alert"),
        ("Surname Mike Echo Lima Charlie Hotel Whiskey Oscar Delta, in the shop.", 142, "no"),
        ("Spelled Kilo Echo Victor India November, in the shop.", 142, "ask"),
        ("Lima Oscar Whiskey Tango Hotel Echo Romeo, hyphen, Papa India Kilo Echo, in the shop.", 180, "alert"),
        # shops and streets are nobody
        ("He is on Weaver Street with a bag.", 201, "no"),
        ("He is on Mill Lane with a bag.", 200, "no"),
        ("Heading down Castle Street with a bag.", 170, "no"),
        ("Marks and Spencer bag, he is outside.", 171, "no"),
        ("Castle Street security to Control, he is outside.", 170, "no"),
    ],
)
def test_levels(text: str, who: int, level: str) -> None:
    assert _level(confidences(text).get(who)) == level, [m.reason for m in matching(text)]


def test_a_person_comes_once_with_the_best_evidence_first() -> None:
    found = matching("Kevin Marchwood, Kes, FT zero one four two, is outside with Denise Rookwell.")
    assert [m.person.offender_id for m in found[:2]] in ([142, 147], [147, 142])
    assert len({m.person.offender_id for m in found}) == len(found)
    assert found[0].confidence >= found[1].confidence


def test_more_evidence_makes_surer() -> None:
    spelled = "Romeo Yankee Alpha November"
    assert confidences(f"Ryan Tillwater, {spelled}, is outside.")[151] > confidences("Ryan Tillwater is outside.")[151]


def test_a_name_in_more_hypotheses_is_surer() -> None:
    alone = confidences("Applegarf is outside.", "The apple is outside.", "An app is outside.")[160]
    agreed = confidences("Applegarf is outside.", "Apple Garth is outside.", "Applegarth is outside.")[160]
    assert agreed > alone


def test_a_name_only_in_another_hypothesis_is_found_with_its_place() -> None:
    found = matching("the apple guard is outside by the till", "Sean Applegarth is outside by the till")
    seen = next(m for m in found if m.person.offender_id == 160)
    assert seen.mention.span.end <= len("the apple guard is outside by the till")
    assert seen.confidence < confidences("Sean Applegarth is outside by the till")[160]


def test_a_suggested_name_alone_is_no_evidence() -> None:
    found = matching("the man is outside by the till", biased=["Kevin Marchwood is outside by the till"] * 3)
    seen = next(m for m in found if m.person.offender_id == 142)
    assert seen.confidence <= ONLY_BIASED < REVIEW
    assert "only when the name was suggested" in seen.reason


def test_a_suggested_name_supports_what_was_heard_dimly() -> None:
    dimly = "heavy march would is outside"
    alone = confidences(dimly).get(142, 0.0)
    supported = confidences(dimly, biased=["Kevin Marchwood is outside"])[142]
    assert supported >= alone


def test_words_the_engine_doubts_make_less_sure() -> None:
    text = "Appelgarth is outside."

    def with_probability(probability: float) -> float:
        words = tuple(HeardWord(word, i, i + 1, probability) for i, word in enumerate(text.split()))
        spoken = dataclasses.replace(heard(text), words=words)
        return match(spoken, read(spoken, TOWN), PEOPLE, NOW, ZONE, TOWN)[0].confidence

    assert with_probability(0.15) < with_probability(0.95)


@pytest.mark.parametrize(
    ("text", "who", "negated", "hedged"),
    [
        ("That is not Kevin Marchwood.", 142, True, False),
        ("That is Kevin Marchwood.", 142, False, False),
        ("It might be Kevin Marchwood by the door.", 142, False, True),
        ("It was Bryan, not Ryan. Bryan Tillwater is in the shop.", 151, True, False),
        ("It was Bryan, not Ryan. Bryan Tillwater is in the shop.", 152, False, False),
        ("FT zero one four two, negative, it is not FT zero one four two.", 142, True, False),
        ("It isn't Kes. Kevin Marchwood is at home.", 142, True, False),
        ("It's Kes's brother outside.", 142, True, False),
    ],
)
def test_denied_and_guessed(text: str, who: int, *, negated: bool, hedged: bool) -> None:
    found = next(m for m in matching(text) if m.person.offender_id == who)
    assert (found.mention.negated, found.mention.hedged) == (negated, hedged)


def test_a_denial_in_another_hypothesis_counts() -> None:
    found = matching("Kevin Marchwood is outside.", "It's not Kevin Marchwood outside.")
    assert next(m for m in found if m.person.offender_id == 142).mention.kind is MentionKind.FULL


@pytest.mark.parametrize(
    ("who", "state"),
    [
        (142, NoticeState.ACTIVE),
        (190, NoticeState.APPEALED),
        (191, NoticeState.EXPIRED),
        (192, NoticeState.WITHDRAWN),
        (193, NoticeState.WARNING),
        (195, NoticeState.NONE),
    ],
)
def test_the_notice_is_looked_up_now(who: int, state: NoticeState) -> None:
    name = next(p.name for p in PEOPLE if p.offender_id == who)
    found = matching(f"{name} is outside.")[0]
    assert (found.person.offender_id, found.notice, found.notice_id) == (who, state, who)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Kevin Marchwood is outside.", '"Kevin Marchwood" is the full name of Kevin Marchwood'),
        ("Ryan Tillwater is outside.", "but Bryan Tillwater is nearly as close"),
        ("Tillwater is outside.", "shared by 2 people on the register"),
        ("FT-0142 is outside.", '"FT-0142" is reference FT-0142'),
        ("he is outside again one four two", "without a word that calls for a reference"),
        ("Mike Alpha Romeo Charlie Hotel Whiskey Oscar Delta is in", "(1 of 8 letters differ)"),
        ("It might be Kevin Marchwood.", "the speaker is unsure"),
        ("It is not Kevin Marchwood.", "denied by the speaker"),
    ],
)
def test_reasons(text: str, says: str) -> None:
    assert says in matching(text)[0].reason


def test_nobody_on_the_register_or_no_words() -> None:
    assert matching("Kevin Marchwood is outside.", people=()) == ()
    assert matching("") == ()
    empty = (person(1, ""), dataclasses.replace(person(2, "Solo"), reference="", aliases=("", "-")))
    assert all(m.person.offender_id == 2 for m in matching("Solo is outside. FT-0000", people=empty))


def test_a_prepared_register_gives_the_same() -> None:
    spoken = heard("Kevin Marchwood is outside with Denise Rookwell.")
    call = read(spoken, TOWN)
    assert match(spoken, call, Register.of(PEOPLE), NOW, ZONE, TOWN) == match(spoken, call, PEOPLE, NOW, ZONE, TOWN)


@pytest.mark.parametrize(
    ("heard_as", "name", "least", "most"),
    [
        ("marchwood", "marchwood", 1.0, 1.0),
        ("marshwood", "marchwood", 0.85, 0.97),
        ("fillips", "phillips", 0.85, 0.97),
        ("applegarf", "applegarth", 0.82, 0.97),
        ("marchwood", "applegarth", 0.0, 0.5),
        ("case", "kes", 0.0, 0.85),
    ],
)
def test_likeness(heard_as: str, name: str, least: float, most: float) -> None:
    assert least <= likeness(heard_as, name) <= most


@given(st.text("abcdefghijklmnopqrstuvwxyz", max_size=14), st.text("abcdefghijklmnopqrstuvwxyz", max_size=14))
def test_likeness_is_one_only_for_the_same(left: str, right: str) -> None:
    assert 0 <= likeness(left, right) <= 1
    assert (likeness(left, right) == 1) == (left == right)


@pytest.mark.parametrize("kind", MentionKind)
def test_confidence_grows_with_each_feature(kind: MentionKind) -> None:
    low = Evidence(kind, 0.85, 6, 0.1, 0.4, 0.3, -1.0)
    start = low.confidence()
    for change in (
        {"likeness": 0.9},
        {"letters": 9},
        {"margin": 0.2},
        {"word_probability": 0.9},
        {"share": 0.9},
        {"context": 0.5},
    ):
        assert dataclasses.replace(low, **change).confidence() > start, change
    assert dataclasses.replace(low, rivals=2).confidence() < start


@given(st.floats(0, 1), st.integers(1, 30), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1), st.floats(-9, 9))
def test_confidence_keeps_its_caps(
    alike: float, letters: int, margin: float, word: float, share: float, context: float
) -> None:
    for kind, biased in product(MentionKind, (False, True)):
        value = Evidence(kind, alike, letters, margin, word, share, context, only_biased=biased).confidence()
        assert 0 <= value <= CAPS[kind]
        assert not biased or value <= ONLY_BIASED


@given(st.lists(st.floats(0, 0.98), min_size=1, max_size=6))
def test_evidence_together_is_never_less(confidences_of: list[float]) -> None:
    assert max(confidences_of) - 0.001 <= together(confidences_of) <= 0.985


def test_it_is_quick() -> None:
    """Sixty times the people, ten hypotheses: hardly longer. In one run, so that the machine doesn't matter."""
    syllables = [a + b for a, b in product("bcdfghlmnprstvw", ("an", "el", "ir", "on", "ur"))]
    names = [f"{first}{second}ton" for first, second in product(syllables, syllables)][:983]
    people = (*PEOPLE, *(person(1000 + i, f"Alan {name.capitalize()}") for i, name in enumerate(names)))
    text = "Corner Books to Control, Kevin Marchwood walked past in a grey hoodie towards the station, number {}, over."
    others = [
        text.format(number) for number in ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    ]
    spoken = heard(others[0], *others[1:6], biased=others[6:])
    call = read(spoken, TOWN)
    register = Register.of(people)  # as the pipeline keeps it

    def seconds(listed: Register) -> float:
        match(spoken, call, listed, NOW, ZONE, TOWN)
        started = time.process_time()
        for _ in range(5):
            match(spoken, call, listed, NOW, ZONE, TOWN)
        return time.process_time() - started

    assert seconds(register) < 15 * seconds(Register.of(PEOPLE))
