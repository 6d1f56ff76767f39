"""Which transmission signalling and strength belong to, through the recorder as drivers feed it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.recorder import ChannelRecorder, Finished, OpenMicrophone, RecorderRules
from gateway.signalling_heard import KEPT
from gateway.transmission import Take
from radio_drivers.interface import (
    Audio,
    KeyDown,
    KeyUp,
    RadioEvent,
    Signalled,
    StrengthRead,
    TransmitEnded,
    TransmitStarted,
)

T0 = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
SECOND = bytes(32_000)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def ptt_id(seconds: float, unit: str | None = "1234") -> Signalled:
    return Signalled("town", at(seconds), "MDC-1200", f"PTT ID {unit}", unit)


def takes_of(*events: RadioEvent, rules: RecorderRules | None = None) -> list[Take]:
    recorder = ChannelRecorder("town", rules or RecorderRules())
    return [done.take for event in events for done in recorder.feed(event) if isinstance(done, Finished)]


def spoken(begin: float, end: float, unit: str | None = None, *between: RadioEvent) -> list[RadioEvent]:
    audio = [Audio("town", at(begin + n), SECOND) for n in range(int(end - begin))]
    return [KeyUp("town", at(begin), unit), *audio, *between, KeyDown("town", at(end))]


@pytest.mark.parametrize(("before_s", "belongs"), [(0.1, True), (1.9, True), (2.0, True), (2.1, False)])
def test_a_pre_id_belongs_to_what_follows_within_the_setting(before_s: float, *, belongs: bool) -> None:
    (take,) = takes_of(ptt_id(10 - before_s), *spoken(10, 13))
    assert (take.unit, take.signalling) == (("1234", ("MDC-1200: PTT ID 1234",)) if belongs else (None, ()))


def test_signalling_while_somebody_talks_is_theirs() -> None:
    (take,) = takes_of(*spoken(10, 13, None, ptt_id(11)))
    assert (take.unit, take.signalling) == ("1234", ("MDC-1200: PTT ID 1234",))


def test_the_base_station_knows_better_who_talks() -> None:
    (take,) = takes_of(*spoken(10, 13, "U7", ptt_id(11)))
    assert (take.unit, take.signalling) == ("U7", ("MDC-1200: PTT ID 1234",))


def test_the_first_signal_that_names_somebody_counts_and_each_text_is_kept_once() -> None:
    tone = Signalled("town", at(9.9), "CTCSS", "88.5 Hz")
    (take,) = takes_of(tone, *spoken(10, 13, None, ptt_id(10.5), ptt_id(11.5), ptt_id(12, "99")))
    assert take.unit == "1234"
    assert take.signalling == ("CTCSS: 88.5 Hz", "MDC-1200: PTT ID 1234", "MDC-1200: PTT ID 99")


def test_a_post_id_decoded_late_never_names_the_next_talker() -> None:
    first, second = takes_of(*spoken(10, 13, None), ptt_id(13.2), *spoken(14, 16))
    assert (first.unit, second.unit, second.signalling) == (None, None, ())


def test_a_pre_id_just_after_somebody_else_ended_still_names_its_sender() -> None:
    _, second = takes_of(*spoken(10, 13, "U7"), ptt_id(13.6), *spoken(14, 16))
    assert second.unit == "1234"


def test_what_was_signalled_is_not_carried_over_to_the_next() -> None:
    _, second = takes_of(*spoken(10, 13, None, ptt_id(12.9)), *spoken(13.5, 15))
    assert (second.unit, second.signalling) == (None, ())


def test_our_own_calling_digits_are_nobodys() -> None:
    events: list[RadioEvent] = [
        ptt_id(9),
        TransmitStarted("town", at(9.5)),
        ptt_id(9.6, "BASE"),
        TransmitEnded("town", at(10)),
        ptt_id(10.1, "BASE"),
    ]
    (take,) = takes_of(*events, *spoken(11, 13))
    assert (take.unit, take.signalling) == (None, ())


def test_the_highest_strength_while_talking_is_kept() -> None:
    readings: list[RadioEvent] = [StrengthRead("town", at(11), dbm) for dbm in (-90.0, -71.5, -95.0)]
    before, after = StrengthRead("town", at(9), -40.0), StrengthRead("town", at(14), -30.0)
    (take,) = takes_of(before, *spoken(10, 13, None, *readings), after)
    assert take.strength_dbm == -71.5


def test_strength_of_key_up_and_key_down_counts_too() -> None:
    up, down = KeyUp("town", at(10), None, -80.0), KeyDown("town", at(11), -60.0)
    (take,) = takes_of(up, Audio("town", at(10), SECOND), down)
    assert take.strength_dbm == -60.0
    (take,) = takes_of(up, Audio("town", at(10), SECOND), KeyDown("town", at(11), -99.0))
    assert take.strength_dbm == -80.0


def test_an_open_microphone_is_named_by_what_it_signalled() -> None:
    recorder = ChannelRecorder("town", RecorderRules(max_s=2.0))
    events = spoken(10, 14, None, ptt_id(11))
    events.insert(1, ptt_id(10.1))
    outcomes = [outcome for event in events for outcome in recorder.feed(event)]
    assert [o.unit for o in outcomes if isinstance(o, OpenMicrophone)] == ["1234"]
    parts = [o.take for o in outcomes if isinstance(o, Finished)]
    assert len(parts) >= 2
    assert all(part.unit == "1234" for part in parts)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["up", "down", "audio", "signal", "strength", "ours", "ours over"]),
        st.floats(0, 3, allow_nan=False),
        st.sampled_from(["1", "2", "3", None]),
    ),
    max_size=60,
)


@given(EVENTS)
def test_whatever_comes_nothing_is_named_that_was_not_heard_near_it(
    script: list[tuple[str, float, str | None]],
) -> None:
    now, recorder, signals = 0.0, ChannelRecorder("town", RecorderRules(min_s=0.0)), list[Signalled]()
    for what, wait, unit in script:
        now += wait
        event: RadioEvent
        match what:
            case "up":
                event = KeyUp("town", at(now))
            case "down":
                event = KeyDown("town", at(now))
            case "audio":
                event = Audio("town", at(now), bytes(3200))
            case "signal":
                event = ptt_id(now, unit)
                signals.append(event)
            case "strength":
                event = StrengthRead("town", at(now), -wait)
            case "ours":
                event = TransmitStarted("town", at(now))
            case _:
                event = TransmitEnded("town", at(now))
        for outcome in recorder.feed(event):
            if not isinstance(outcome, Finished):
                continue
            take = outcome.take
            assert len(take.signalling) <= KEPT
            near = {s.unit for s in signals if s.at >= take.started_at - timedelta(seconds=2.4)}
            assert take.unit is None or take.unit in near
