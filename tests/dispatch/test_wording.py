"""What alerts say: complete, short, in one SMS, and never what they must not say."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dispatch import gsm7
from dispatch.calls import (
    AlertKind,
    Call,
    Decision,
    DecisionKind,
    Description,
    Intent,
    Match,
    Mention,
    MentionKind,
    PlaceRead,
    Priority,
    Span,
)
from dispatch.deliveries import LiveAlert
from dispatch.people import NoticeState, Person
from dispatch.phrasing import speech_seconds, spoken_number, spoken_reference
from dispatch.policy import which_end
from dispatch.wording import LONGEST_VOICE_S, AlertText, Content, ContentRules, compose
from tests.dispatch.rules_town import NOW, TOWN, ZONE, deciding, live_alert, person, reading

REFERENCES = ContentRules()
FULL = ContentRules(Content.FULL_NAME, Content.FULL_NAME, Content.FULL_NAME)


def _worded(text: str, live: Sequence[LiveAlert] = (), content: ContentRules = REFERENCES) -> AlertText:
    decision = deciding(text, live)
    return compose(decision, reading(text), 731, NOW, ZONE, TOWN, content, which_end(decision, live))


@pytest.mark.parametrize(
    ("text", "voice", "sms"),
    [
        (
            "Kevin Marchwood is outside Star Clothing, IC1 male, grey hoodie, heading towards the station.",
            "FTAC control, automatic message. Alert seven three one. F T, zero one four two, seen. Star Clothing, heading "
            "towards Fernley station. Ask to leave. Do not detain.",
            "FTAC 14:05 Alert 0731: Ref 0142 seen Star Clothing, heading towards Fernley station. Male, grey hoodie. "
            "Ask to leave, do not detain. Check DISC. Reply SEEN.",
        ),
        (
            "Kevin Marchwood walked out with a coat.",
            "FTAC control, automatic message. Incident, alert seven three one. F T, zero one four two. Male, coat. "
            "Do not approach. Tell control what you see.",
            "FTAC 14:05 Alert 0731 INCIDENT: Ref 0142. Male, coat. Do not approach. Check DISC. Reply SEEN.",
        ),
        (
            "Missing child, girl aged five, yellow coat, last seen in Market Square.",
            "FTAC control, automatic message. Incident, alert seven three one. Missing child. Market Square. Female, "
            "yellow coat, aged five. Check your doors. Tell control what you see.",
            "FTAC 14:05 Alert 0731 INCIDENT: Missing child, Market Sq. Female, yellow coat, aged five. Check your doors, "
            "tell control. Reply SEEN.",
        ),
        (
            "Urgent assistance, Crown Jewellers, man with a knife!",
            "Urgent, urgent. FTAC control, automatic message. Emergency, alert seven three one. Knife. Crown Jewellers. "
            "Male. Keep clear. Call nine nine nine if threatened.",
            "FTAC URGENT 14:05 Alert 0731: Knife, Crown Jewellers. Male. Keep clear. Call 999 if threatened. Reply SEEN.",
        ),
    ],
    ids=["sighting", "incident", "missing child", "emergency"],
)
def test_alerts(text: str, voice: str, sms: str) -> None:
    text = text.replace("Kevin Marchwood walked", "He did it, Kevin Marchwood walked")
    worded = _worded(text)
    assert worded.voice == voice
    assert worded.sms == sms


KEVIN = live_alert(700, 142)


@pytest.mark.parametrize(
    ("text", "voice", "sms"),
    [
        (
            "That is not Kevin Marchwood.",
            "Correction. Alert seven zero zero withdrawn. It is not F T, zero one four two. Take no action.",
            "FTAC CORRECTION 14:05 Alert 0700 withdrawn: not ref 0142. Take no action.",
        ),
        (
            "Correction, not Kevin Marchwood, it's Denise Rookwell.",
            "Correction. Alert seven zero zero withdrawn. It is not F T, zero one four two. It is F T, zero one four seven.",
            "FTAC CORRECTION 14:05 Alert 0700 withdrawn: not ref 0142. It is ref 0147.",
        ),
        (
            "Stand down on Kes.",
            "Stand down. Alert seven zero zero closed. Thank you.",
            "FTAC STAND DOWN 14:05 Ref 0142. Alert 0700 closed.",
        ),
    ],
    ids=["correction", "somebody else", "stand down"],
)
def test_endings(text: str, voice: str, sms: str) -> None:
    worded = _worded(text, [KEVIN])
    assert worded.voice.startswith("FTAC control, automatic message. " + voice)
    assert worded.sms.startswith(sms)
    assert worded.mqtt["ends"] == [700]


@pytest.mark.parametrize(
    ("content", "voice", "text", "sms"),
    [
        (REFERENCES, "F T, zero one four two", "Ref 0142", "Ref 0142"),
        (ContentRules(radio_voice=Content.FIRST_NAME), "Kevin, F T, zero one four two", "Ref 0142", "Ref 0142"),
        (ContentRules(radio_text=Content.FULL_NAME), "F T, zero", "Ref Kevin Marchwood, 0142", "Ref 0142"),
        (FULL, "Kevin Marchwood, F T, zero", "Kevin Marchwood, 0142", "Kevin Marchwood, 0142"),
    ],
)
def test_content_is_the_boards_setting_for_each_channel(content: ContentRules, voice: str, text: str, sms: str) -> None:
    worded = _worded("Kevin Marchwood is outside.", content=content)
    assert voice in worded.voice
    assert text in worded.radio_text
    assert sms in worded.sms
    assert "Marchwood" not in json.dumps(worded.mqtt) + worded.summary


def test_content_settings_refuse_unknown_keys() -> None:
    adapter = TypeAdapter(ContentRules)
    assert adapter.validate_python({"sms": "first_name"}).sms is Content.FIRST_NAME
    with pytest.raises(ValidationError):
        adapter.validate_python({"smss": "reference"})
    with pytest.raises(ValidationError):
        adapter.validate_python({"sms": "photo"})


def test_the_clock_is_the_schemes_own() -> None:
    summer = NOW.replace(month=7)
    decision = deciding("Kevin Marchwood is outside.")
    worded = compose(decision, reading("Kevin Marchwood is outside."), 731, summer, ZONE, TOWN, REFERENCES)
    assert worded.sms.startswith("FTAC 15:05 ")


def test_ic_codes_are_kept_as_spoken_and_stay_off_the_sms() -> None:
    worded = _worded("Kevin Marchwood outside, I see one male.")
    assert "I C one male" in worded.voice
    assert "IC1 male" in worded.radio_text
    assert "IC1" not in worded.sms
    assert worded.mqtt["description"] == {"sex": "male", "ic": "IC1"}


def test_mqtt_is_json_with_everything() -> None:
    worded = _worded("Kevin Marchwood is on Castle Street, grey hoodie, heading towards the station.")
    told = json.loads(json.dumps(worded.mqtt))
    assert told["references"] == ["FT-0142"]
    assert (told["scheme"], told["number"], told["kind"], told["priority"]) == ("FTAC", 731, "sighting", "normal")
    assert told["place"] == "Castle Street"
    assert told["heading"] == "towards Fernley station"
    assert told["at"] == "2026-11-20T14:05:00+00:00"


def test_a_decision_without_an_alert_has_no_wording() -> None:
    with pytest.raises(ValueError, match="log has no wording"):
        compose(deciding("Radio check."), reading("Radio check."), 1, NOW, ZONE, TOWN, REFERENCES)


def test_numbers_are_spoken_digit_by_digit() -> None:
    assert spoken_reference("DT-0142") == "D T, zero one four two"
    assert spoken_reference("0142") == "zero one four two"
    assert spoken_number(731) == "seven three one"


_words = st.text("abcdefghij klmnopqrstuvwxyzAEIOU éöß'’–“”{}[]€😀0123456789.,", max_size=60)
_maybe = st.none() | _words
_descriptions = st.builds(
    Description, sex=_maybe, ic=st.sampled_from([None, "IC1"]), age=_maybe, build=_maybe, hair=_maybe, upper=_maybe,
    lower=_maybe, headwear=_maybe, carrying=_maybe, vehicle=_maybe, count=st.none() | st.integers(0, 99),
)  # fmt: skip
_people = st.builds(
    lambda n, first, last: dataclasses.replace(person(n, "A B"), first_name=first, last_name=last),
    st.integers(0, 9999), _words, _words,
)  # fmt: skip


def _matched(who: Person) -> Match:
    mention = Mention("x", MentionKind.FULL, Span(0, 1), "x")
    return Match(mention, who, 0.99, NoticeState.ACTIVE, 1, "made up")


@given(
    st.sampled_from(AlertKind),
    st.lists(_people, max_size=4),
    _descriptions,
    _maybe,
    _maybe,
    st.sampled_from(Content),
    st.integers(1, 99999),
    st.lists(st.integers(1, 9999), max_size=5, unique=True),
)
def test_whatever_is_told_it_fits(
    kind: AlertKind,
    people: list[Person],
    description: Description,
    place: str | None,
    heading: str | None,
    content: Content,
    number: int,
    ended: list[int],
) -> None:
    named = tuple(map(_matched, people))
    decision = Decision(DecisionKind.ALERT, "made up", kind, named, priority=Priority.URGENT)
    where = PlaceRead(place, place) if place else None
    call = Call("he has a knife", Intent.SIGHTING, place=where, heading=heading, description=description)
    rules = ContentRules(content, content, content)
    live = [live_alert(one, one) for one in ended]
    worded = compose(decision, call, number, NOW, ZONE, TOWN, rules, live)
    assert gsm7.septets(worded.sms) <= gsm7.ONE_PART
    assert gsm7.septets(worded.radio_text) <= 140
    assert "automatic message" in worded.voice
    assert "\n" not in worded.summary
    json.dumps(worded.mqtt)
    assert worded.voice.count("automatic message") == 1
    for text in (worded.sms, worded.voice):
        assert not re.search(r"\b(?:END|CANCEL|STOP|QUIT)\b", text.replace("STAND DOWN", "")) or any(
            re.search(r"\b(?:END|CANCEL|STOP|QUIT)\b", str(part))
            for part in (*description.parts().values(), place, heading)
        )


@given(_descriptions, _maybe, _maybe)
def test_a_sighting_by_reference_is_said_in_time(
    description: Description, place: str | None, heading: str | None
) -> None:
    decision = Decision(DecisionKind.ALERT, "made up", AlertKind.SIGHTING, (_matched(person(142, "A B")),))
    where = PlaceRead(place, place) if place else None
    call = Call("x", Intent.SIGHTING, place=where, heading=heading, description=description)
    worded = compose(decision, call, 731, NOW, ZONE, TOWN, REFERENCES)
    assert speech_seconds(worded.voice) <= LONGEST_VOICE_S
    assert worded.voice.endswith("Ask to leave. Do not detain.")


def test_what_must_not_be_told_is_not_told() -> None:
    who = person(142, "Kevin Marchwood", born=date(1985, 4, 3))
    decision = Decision(DecisionKind.ALERT, "made up", AlertKind.SIGHTING, (_matched(who),))
    call = reading("Kevin Marchwood is outside, he has stolen six steaks, he is diabetic, he lives at 4 Weaver Street.")
    worded = compose(decision, call, 731, NOW, ZONE, TOWN, FULL)
    for told in (worded.voice, worded.sms, worded.radio_text):
        for secret in ("1985", "steak", "stolen", "diabet"):
            assert secret not in told.lower()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("plain", "plain"),
        ("“Kes” – it’s him…", '"Kes" - it\'s him...'),
        ("café Müller ñ", "café Müller ñ"),
        ("Wałęsa Čapek ŝ", "Walesa Capek s"),
        ("😀", "?"),
        ("a\u200bb\u00a0c\td\x00", "ab c d"),
        ("½ price™", "1/2 priceTM"),
    ],
)
def test_folding_for_sms(text: str, folded: str) -> None:
    assert gsm7.fold(text) == folded
    assert gsm7.is_gsm7(folded)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("abc", 3), ("€[]", 6), ("é£@", 3), ("\\|~^{}\f", 14)])
def test_septets(text: str, count: int) -> None:
    assert gsm7.septets(text) == count


def test_septets_of_what_is_not_in_the_alphabet() -> None:
    with pytest.raises(ValueError, match="fold"):
        gsm7.septets("’")


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("short", 10, "short"),
        ("one two three four", 12, "one two..."),
        ("one two, three four", 12, "one two..."),
        ("abcdefghijklmnop", 8, "abcde..."),
        ("€€€€€€", 7, "€€..."),
        ("abcdef", 2, ".."),
        ("abcdef", 0, ""),
    ],
)
def test_cutting(text: str, limit: int, kept: str) -> None:
    assert gsm7.cut(text, limit) == kept


@given(st.text())
def test_folded_text_is_always_in_the_alphabet(text: str) -> None:
    folded = gsm7.fold(text)
    assert gsm7.is_gsm7(folded)
    assert gsm7.fold(folded) == folded


@given(st.text(), st.integers(0, 200))
def test_cut_text_fits_and_begins_the_same(text: str, limit: int) -> None:
    folded = gsm7.fold(text)
    cut = gsm7.cut(folded, limit)
    assert gsm7.septets(cut) <= limit
    assert folded.startswith(cut.rstrip("."))


@given(st.text("".join(sorted(gsm7.BASIC + gsm7.EXTENSION))))
def test_septets_add_up(text: str) -> None:
    assert gsm7.septets(text) == len(text) + sum(character in gsm7.EXTENSION for character in text)
