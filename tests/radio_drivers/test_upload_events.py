"""Calls to events, duplicates, rates: times that are the call's own, nothing twice, nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.interface import RATE, Audio, EmergencyPressed, KeyDown, KeyUp, RadioEvent, Signalled
from radio_drivers.upload.call import Call, Talker
from radio_drivers.upload.duplicates import REMEMBERED, Known, Taken, print_of
from radio_drivers.upload.events import begin_of, events_of, parts_of
from radio_drivers.upload.rate import Rate

AT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


def sound(seconds: float) -> bytes:
    return bytes(int(seconds * RATE) * 2)


def call(*talkers: Talker, emergency: bool = False) -> Call:
    return Call(1, 9001, AT, b"", talkers=talkers, talkgroup_label="TOWN", strength_dbm=-91.5, emergency=emergency)


def events(made: Call, pcm: bytes, *, split: bool = True) -> list[RadioEvent]:
    return list(events_of("town", made, parts_of(made, AT, pcm, split=split)))


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_one_talker() -> None:
    assert events(call(Talker(0.0, "12345", "Rosa")), sound(1.5)) == [
        KeyUp("town", AT, "12345", -91.5),
        Signalled("town", AT, "call upload", "talkgroup 9001 TOWN, radio 12345 Rosa", unit="12345", to="9001"),
        Audio("town", AT, sound(1.0)),
        Audio("town", after(1), sound(0.5)),
        KeyDown("town", after(1.5), -91.5),
    ]


def test_an_emergency_comes_before_any_speech() -> None:
    first, *rest = events(call(Talker(0.0, "12345"), emergency=True), sound(1.0))
    assert first == EmergencyPressed("town", AT, "12345")
    assert not any(isinstance(event, EmergencyPressed) for event in rest)


def test_nobody_known() -> None:
    made = events(call(), sound(1.0))
    assert made[:2] == [
        KeyUp("town", AT, None, -91.5),
        Signalled("town", AT, "call upload", "talkgroup 9001 TOWN", to="9001"),
    ]


def test_each_talker_gets_a_transmission_of_its_own() -> None:
    made = events(call(Talker(0.0, "1"), Talker(2.25, "2"), Talker(3.5, "2"), Talker(5.0, "1")), sound(7.0))
    turns = [(event.at, event.unit) for event in made if isinstance(event, KeyUp)]
    assert turns == [(AT, "1"), (after(2.25), "2"), (after(5.0), "1")]
    assert [event.at for event in made if isinstance(event, KeyDown)] == [after(2.25), after(5.0), after(7.0)]


def test_positions_in_whole_seconds_would_cut_words_and_are_not_used() -> None:
    made = events(call(Talker(0.0, "1"), Talker(2.0, "2")), sound(7.0))
    assert [event.unit for event in made if isinstance(event, KeyUp)] == ["1"]


def test_a_recording_stays_whole_where_that_is_asked_for() -> None:
    made = events(call(Talker(0.0, "1"), Talker(2.25, "2")), sound(7.0), split=False)
    assert [event.unit for event in made if isinstance(event, KeyUp)] == ["1"]


@given(
    st.lists(st.tuples(st.floats(0, 1e9), st.sampled_from([None, "1", "2"])), max_size=12),
    st.integers(1, 10 * RATE),
    st.booleans(),
)
def test_every_sample_is_told_once_in_order_whatever_the_positions(
    turns: list[tuple[float, str | None]], samples: int, split: bool
) -> None:
    talkers = [Talker(at_s, who) for at_s, who in sorted(turns, key=lambda turn: turn[0])]
    pcm = b"".join(i.to_bytes(2, "little") for i in (n % 65_536 for n in range(samples)))
    made = events(call(*talkers), pcm, split=split)
    assert b"".join(event.pcm for event in made if isinstance(event, Audio)) == pcm
    kinds = [type(event) for event in made if not isinstance(event, Audio)]
    assert kinds == [KeyUp, Signalled, KeyDown] * (len(kinds) // 3)
    assert [event.at for event in made] == sorted(event.at for event in made)
    keys = [event for event in made if isinstance(event, KeyUp | KeyDown)]
    if len(keys) > 2:
        lengths = [(down.at - up.at).total_seconds() for up, down in zip(keys[::2], keys[1::2], strict=True)]
        assert min(lengths) >= 1.0 - 1e-3


def test_an_old_call_keeps_its_time_and_a_future_one_does_not() -> None:
    assert begin_of(call(), 3.0, after(3600 * 5), 300) == AT
    assert begin_of(call(), 3.0, after(-290), 300) == AT
    assert begin_of(call(), 3.0, after(-400), 300) is None


# Duplicates.


def known(begin: float, end: float, source: str = "roof", talkgroup: int = 9001) -> Known:
    return Known(source, 1, talkgroup, after(begin), after(end))


def test_the_same_recording_is_known_whoever_sends_it() -> None:
    taken = Taken(2.0)
    taken.add(print_of(1, 9001, AT, b"audio"), known(0, 3))
    assert taken.same_recording(print_of(1, 9001, AT, b"audio"))
    assert not taken.same_recording(print_of(1, 9002, AT, b"audio"))
    assert not taken.same_recording(print_of(1, 9001, AT, b"audi0"))
    assert not taken.same_recording(print_of(1, 9001, after(1), b"audio"))


@pytest.mark.parametrize(
    ("call_", "same"),
    [
        (known(0.4, 3.2, "hill"), True),
        (known(-1.0, 2.0, "hill"), True),
        (known(0.4, 3.2, "roof"), False),  # one recorder's times are whole seconds: a click and a call share one
        (known(0.4, 3.2, "hill", 9002), False),
        (known(0.4, 6.0, "hill"), False),  # it has more of the call
        (known(-4.0, 3.0, "hill"), False),  # it has more of the call
        (known(2.5, 4.5, "hill"), False),  # the answer that follows at once
        (known(100, 103, "hill"), False),
    ],
)
def test_the_same_time_counts_between_recorders(call_: Known, same: bool) -> None:
    taken = Taken(2.0)
    taken.add(b"1", known(0, 3))
    assert taken.same_time(call_) is same
    never = Taken(0.0)
    never.add(b"1", known(0, 3))
    assert not never.same_time(call_)


def test_the_memory_is_bounded() -> None:
    taken = Taken(2.0)
    for number in range(REMEMBERED + 10):
        taken.add(number.to_bytes(4, "big"), known(number, number + 1))
    assert len(taken) == REMEMBERED
    assert taken.same_recording((REMEMBERED + 9).to_bytes(4, "big"))


# Rates.


def test_a_minutes_worth_at_once_then_steadily() -> None:
    now = 0.0
    rate = Rate(60, lambda: now)
    assert [rate.wait_s() for _ in range(60)] == [0.0] * 60
    assert rate.wait_s() == pytest.approx(1.0)
    now = 0.25
    assert rate.wait_s() == pytest.approx(0.75)
    now = 1.0
    assert rate.wait_s() == 0.0
    assert rate.wait_s() > 0
    now = 1000.0
    assert sum(rate.wait_s() == 0.0 for _ in range(100)) == 60
