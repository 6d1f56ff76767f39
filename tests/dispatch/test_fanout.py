"""Who gets an alert."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.calls import AlertKind
from dispatch.deliveries import ChannelKind, LiveAlert, NewDelivery
from dispatch.fanout import RadioOutlet, SmsContact, Wordings, fan_out, fan_out_ending, topic_of
from tests.dispatch.deliveries_in_hand import NOW

WORDINGS = Wordings("Control. Reference zero one nine nine.", "REF 0199", "FERN Ref 0199", {"alert": 731})
OUTLETS = (RadioOutlet("town", text=True, text_max=40), RadioOutlet("retail park"))
CONTACTS = (SmsContact(1, "+447700900101"), SmsContact(2, "+447700900102"), SmsContact(3, "+447700900101"))
PREFIX = "huecry/fernleigh"
VOICE, TEXT, SMS, MQTT = ChannelKind.RADIO_VOICE, ChannelKind.RADIO_TEXT, ChannelKind.SMS, ChannelKind.MQTT


def live(*reached: NewDelivery, place: str | None = "Quill Books", age_s: float = 60) -> LiveAlert:
    made = NOW - timedelta(seconds=age_s)
    return LiveAlert(1, 730, AlertKind.SIGHTING, made, (5,), ("FN-0199",), place, "town", None, reached)


def to(deliveries: tuple[NewDelivery, ...]) -> list[tuple[ChannelKind, str]]:
    return [(one.channel, one.recipient) for one in deliveries]


def test_everyone_is_told_by_every_channel_once() -> None:
    deliveries = fan_out(AlertKind.SIGHTING, WORDINGS, OUTLETS, CONTACTS, PREFIX)
    assert to(deliveries) == [
        (VOICE, "town"),
        (TEXT, "town"),
        (VOICE, "retail park"),
        (SMS, "+447700900101"),
        (SMS, "+447700900102"),
        (MQTT, f"{PREFIX}/alert"),
    ]
    assert deliveries[3].contact_id == 1
    assert deliveries[0].body == WORDINGS.voice
    assert json.loads(deliveries[-1].body) == {"alert": 731}


def test_an_empty_wording_or_no_broker_means_not_by_this_channel() -> None:
    silent = Wordings("", "", "", {})
    assert fan_out(AlertKind.SIGHTING, silent, OUTLETS, CONTACTS, None) == ()


def test_a_repeat_only_tells_the_screens_but_an_emergency_is_never_a_repeat() -> None:
    assert to(fan_out(AlertKind.SIGHTING, WORDINGS, OUTLETS, CONTACTS, PREFIX, repeat=True)) == [
        (MQTT, f"{PREFIX}/alert")
    ]
    assert len(fan_out(AlertKind.EMERGENCY, WORDINGS, OUTLETS, CONTACTS, PREFIX, repeat=True)) == 6


@pytest.mark.parametrize(
    ("kind", "topic"), [(AlertKind.CORRECTION, "correction"), (AlertKind.STAND_DOWN, "stand_down")]
)
def test_an_ending_goes_to_exactly_those_reached(kind: AlertKind, topic: str) -> None:
    first = live(
        NewDelivery(VOICE, "town", "said"),
        NewDelivery(SMS, "+447700900101", "text", 1),
        NewDelivery(MQTT, "x/alert", "{}"),
    )
    second = live(NewDelivery(SMS, "+447700900101", "text", 1), NewDelivery(SMS, "+447700900109", "text", 9))
    deliveries = fan_out_ending(kind, WORDINGS, (first, second), PREFIX)
    assert to(deliveries) == [
        (VOICE, "town"),
        (SMS, "+447700900101"),
        (SMS, "+447700900109"),
        (MQTT, f"{PREFIX}/{topic}"),
    ]
    assert [one.contact_id for one in deliveries] == [None, 1, 9, None]
    assert {one.body for one in deliveries if one.channel is SMS} == {WORDINGS.sms}


def test_kinds_are_not_mixed_up() -> None:
    with pytest.raises(ValueError, match="fan_out_ending"):
        fan_out(AlertKind.CORRECTION, WORDINGS, OUTLETS, CONTACTS, PREFIX)
    with pytest.raises(ValueError, match="ends no alert"):
        fan_out_ending(AlertKind.INCIDENT, WORDINGS, (live(),), PREFIX)


def test_topics() -> None:
    assert [topic_of(kind, "p") for kind in AlertKind] == [
        "p/alert",
        "p/alert",
        "p/alert",
        "p/correction",
        "p/stand_down",
    ]


kinds = st.sampled_from([VOICE, TEXT, SMS])
reached_by = st.lists(st.builds(NewDelivery, kinds, st.sampled_from("abcd"), st.just("said")), max_size=8)


@given(st.lists(reached_by, max_size=4))
def test_nobody_is_left_out_and_nobody_else_is_told(reached: list[list[NewDelivery]]) -> None:
    ended = tuple(live(*one) for one in reached)
    told = to(fan_out_ending(AlertKind.CORRECTION, WORDINGS, ended, None))
    assert len(told) == len(set(told))
    assert set(told) == {(one.channel, one.recipient) for alert in reached for one in alert}
