"""A phrase that the words have lost says what a call is for all the same, and nothing else does."""

from __future__ import annotations

import pytest

from dispatch.calls import Call, Intent
from dispatch.heard import Spotted
from dispatch.matching import Register, ways_to_spot, with_sounds
from dispatch.matching.sounded_phrases import OVERRULED, ways_of_phrases
from dispatch.matching.sounds import unbroken
from dispatch.reading import read
from tests.dispatch.rules_town import PEOPLE, TOWN, heard

LOST = "Corner Books to Control, sundown Kevin Marchwood has left by five, grey hoodie."
SMALL_TALK = "Thank you, little."
ASKED = "Corner Books to Control, has Kevin Marchwood been in today?"
NOISE = "shh shh shh shh shh shh"


def call_of(text: str) -> Call:
    """As the words are read."""
    return read(heard(text), TOWN)


def said(phrase: str, cost: float = 0.0) -> dict[str, Spotted]:
    """A phrase among the sounds, and what it costs a sound."""
    way = unbroken(phrase)[0]
    return {way: Spotted(cost * len(way), len(way), 1.0, 1.6)}


def test_all_that_may_overrule_the_words_is_looked_for_in_every_call() -> None:
    call = call_of(LOST)
    asked = ways_of_phrases(TOWN.words, call)
    assert {unbroken(phrase)[0] for phrase in ("stand down", "urgent assistance", "correction", "bag drop")} <= {*asked}
    assert {*asked} <= {*ways_to_spot(Register.of(PEOPLE), call, TOWN.words)}


def test_a_sighting_with_the_sounds_of_a_stand_down_is_one() -> None:
    call = call_of(LOST)
    assert call.intent is Intent.SIGHTING
    ended = with_sounds(call, said("stand down", 0.2), TOWN.words)
    assert ended.intent is Intent.STAND_DOWN
    assert not ended.unread
    assert 'the sounds are those of "stand down"' in ended.reasons[-1]
    assert with_sounds(call, said("stand down", 0.7), TOWN.words) is call
    assert with_sounds(call, {}, TOWN.words) is call


@pytest.mark.parametrize(
    ("text", "phrase", "intent"),
    [
        (LOST, "urgent assistance", Intent.EMERGENCY),
        (ASKED, "urgent assistance", Intent.EMERGENCY),
        (SMALL_TALK, "code red", Intent.EMERGENCY),
        (NOISE, "urgent assistance", Intent.EMERGENCY),
        (LOST, "correction", Intent.CORRECTION),
        (LOST, "disregard", Intent.CORRECTION),
        (LOST, "bag drop", Intent.INCIDENT),
        (SMALL_TALK, "missing child", Intent.INCIDENT),
        (SMALL_TALK, "reading five", Intent.RADIO_CHECK),
        (SMALL_TALK, "stand by", Intent.REQUEST),
    ],
)
def test_a_phrase_says_what_a_call_is_for(text: str, phrase: str, intent: Intent) -> None:
    assert with_sounds(call_of(text), said(phrase), TOWN.words).intent is intent


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        (ASKED, "stand down"),
        (ASKED, "correction"),
        ("Help, help, Corner Books, Kevin Marchwood has a knife.", "stand down"),
        ("Correction from Corner Books, it was Denise Rookwell.", "stand down"),
        (LOST, "stand by"),
        (LOST, "radio check"),
        (NOISE, "stand down"),
        (NOISE, "bag drop"),
    ],
)
def test_what_is_as_pressing_stays_what_it_is(text: str, phrase: str) -> None:
    call = call_of(text)
    assert with_sounds(call, said(phrase), TOWN.words) is call


def test_a_cry_for_help_under_noise_has_to_be_clearer_than_one_in_speech() -> None:
    assert with_sounds(call_of(SMALL_TALK), said("urgent assistance", 0.4), TOWN.words).intent is Intent.EMERGENCY
    noise = call_of(NOISE)
    assert with_sounds(noise, said("urgent assistance", 0.4), TOWN.words) is noise


def test_words_that_hold_the_phrase_have_been_read_with_it() -> None:
    call = call_of("Corner Books, Kevin Marchwood is outside by the shoplifting poster, grey hoodie.")
    again = with_sounds(Call(call.text, Intent.SIGHTING), said("shoplifting"), TOWN.words)
    assert again.intent is Intent.SIGHTING


def test_the_most_pressing_phrase_decides() -> None:
    both = said("stand down") | said("urgent assistance")
    assert with_sounds(call_of(LOST), both, TOWN.words).intent is Intent.EMERGENCY


def test_no_intent_overrules_itself_and_each_has_its_list() -> None:
    assert {f"sounded.{intent.value}" for intent in OVERRULED} == {
        key for key in TOWN.words.lists if key.startswith("sounded.")
    }
    assert all(intent not in overruled for intent, overruled in OVERRULED.items())
