"""Where one transmission begins and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.recorder import ChannelRecorder, Dropped, Finished, OpenMicrophone, RecorderRules, Samples, Started
from gateway.transmission import Take
from radio_drivers.interface import (
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyUp,
    LinkLost,
    RadioEvent,
    TransmitEnded,
    TransmitStarted,
)

T0 = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
BLOCK_S = 0.04


class Air:
    """Makes events in order, 40 ms of audio at a time, every sample numbered so that lost ones show."""

    def __init__(self, rules: RecorderRules | None = None) -> None:
        self.recorder = ChannelRecorder("town", rules or RecorderRules())
        self.now = T0
        self.samples = 0
        self.outcomes: list[object] = []

    def feed(self, event: RadioEvent) -> None:
        self.outcomes += self.recorder.feed(event)

    def audio(self, seconds: float) -> None:
        for _ in range(round(seconds / BLOCK_S)):
            block = b"".join(
                ((self.samples + n) % 30_000).to_bytes(2, "little", signed=True) for n in range(int(BLOCK_S * 16_000))
            )
            self.feed(Audio("town", self.now, block))
            self.samples += int(BLOCK_S * 16_000)
            self.now += timedelta(seconds=BLOCK_S)

    def up(self, unit: str | None = "U7") -> None:
        self.feed(KeyUp("town", self.now, unit, -71.0))

    def down(self) -> None:
        self.feed(KeyDown("town", self.now))

    @property
    def takes(self) -> list[Take]:
        return [o.take for o in self.outcomes if isinstance(o, Finished)]


def numbers(take: Take) -> list[int]:
    return [int.from_bytes(take.pcm[i : i + 2], "little", signed=True) for i in range(0, len(take.pcm), 2)]


def test_a_take_holds_pre_roll_and_everything_until_key_down() -> None:
    air = Air()
    air.audio(2)
    air.up()
    air.audio(3)
    air.down()
    (take,) = air.takes
    assert take.duration_s == pytest.approx(3.3, abs=0.001)
    assert take.started_at == T0 + timedelta(seconds=1.7)
    assert take.ended_at == T0 + timedelta(seconds=5)
    assert (take.unit, take.strength_dbm, take.split) == ("U7", -71.0, False)
    said = numbers(take)
    assert said == [(said[0] + n) % 30_000 for n in range(len(said))], "samples lost or out of order"


def test_pre_roll_is_shorter_when_the_channel_has_just_come_up() -> None:
    air = Air()
    air.audio(0.12)
    air.up()
    air.audio(1)
    air.down()
    assert air.takes[0].duration_s == pytest.approx(1.12, abs=0.001)


def test_a_click_is_dropped_and_says_why() -> None:
    air = Air()
    air.audio(1)
    air.up()
    air.audio(0.2)
    air.down()
    assert not air.takes
    (dropped,) = [o for o in air.outcomes if isinstance(o, Dropped)]
    assert dropped.reason == "0.20 s until key-down is shorter than 0.3 s"


def test_exactly_the_minimum_is_kept() -> None:
    air = Air(RecorderRules(min_s=0.4))
    air.up()
    air.audio(0.4)
    air.down()
    assert len(air.takes) == 1


def test_an_open_microphone_is_reported_once_and_split_without_losing_a_sample() -> None:
    air = Air(RecorderRules(max_s=2.0, pre_roll_s=0.0))
    air.up()
    air.audio(7)
    air.down()
    assert [take.duration_s for take in air.takes] == pytest.approx([2.0, 2.0, 2.0, 1.0])
    assert all(take.split for take in air.takes)
    assert [o.unit for o in air.outcomes if isinstance(o, OpenMicrophone)] == ["U7"]
    said = [n for take in air.takes for n in numbers(take)]
    assert said == [n % 30_000 for n in range(7 * 16_000)]
    ends = [take.ended_at for take in air.takes]
    assert [take.started_at for take in air.takes] == [T0, *ends[:-1]]


def test_our_own_rebroadcast_is_never_a_transmission() -> None:
    air = Air()
    air.feed(TransmitStarted("town", air.now))
    air.up()
    air.audio(3)
    air.down()
    air.feed(TransmitEnded("town", air.now))
    air.up()  # the repeater's tail, inside own_tail_s
    air.audio(0.2)
    air.down()
    assert not air.takes
    assert not [o for o in air.outcomes if isinstance(o, Started)]
    air.audio(0.4)
    air.up()
    air.audio(1)
    air.down()
    assert len(air.takes) == 1, "a guard who answers after the tail is heard"
    assert air.takes[0].duration_s < 1.45, "none of our own voice in the pre-roll"


def test_what_was_said_before_we_keyed_over_it_is_kept() -> None:
    air = Air()
    air.up()
    air.audio(2)
    air.feed(TransmitStarted("town", air.now))
    assert len(air.takes) == 1


@pytest.mark.parametrize("event", [LinkLost("town", T0, "unplugged"), KeyUp("town", T0 + timedelta(seconds=2), "U9")])
def test_a_lost_key_down_loses_no_speech(event: RadioEvent) -> None:
    air = Air()
    air.up()
    air.audio(2)
    air.feed(event)
    assert air.takes[0].duration_s == pytest.approx(2)


def test_stopping_the_gateway_keeps_what_was_said_so_far() -> None:
    air = Air()
    air.up()
    air.audio(1)
    assert [type(o) for o in air.recorder.close()] == [Finished]
    assert not air.recorder.talking


def test_the_emergency_button_makes_what_follows_urgent_for_a_while() -> None:
    air = Air(RecorderRules(urgent_for_s=30))
    air.feed(EmergencyPressed("town", air.now, "U7"))
    air.audio(1)
    air.up()
    air.audio(1)
    air.down()
    air.audio(40)
    air.up()
    air.audio(1)
    air.down()
    assert [take.urgent for take in air.takes] == [True, False]


def test_engines_that_listen_along_get_the_same_samples() -> None:
    air = Air()
    air.audio(1)
    air.up()
    air.audio(2)
    air.down()
    along = b"".join(o.pcm for o in air.outcomes if isinstance(o, Samples))
    assert along == air.takes[0].pcm


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("audio"), st.integers(1, 40)),
        st.tuples(st.sampled_from(["up", "down", "lost", "ours", "ours over", "emergency"]), st.just(0)),
    ),
    max_size=40,
)


@given(EVENTS)
def test_any_order_of_events_gives_takes_within_bounds_and_in_order(script: list[tuple[str, int]]) -> None:
    rules = RecorderRules(max_s=1.0)
    air = Air(rules)
    for what, blocks in script:
        match what:
            case "audio":
                air.audio(blocks * BLOCK_S)
            case "up":
                air.up()
            case "down":
                air.down()
            case "lost":
                air.feed(LinkLost("town", air.now, "test"))
            case "ours":
                air.feed(TransmitStarted("town", air.now))
            case "ours over":
                air.feed(TransmitEnded("town", air.now))
            case _:
                air.feed(EmergencyPressed("town", air.now))
    air.outcomes += air.recorder.close()
    last_end = T0
    for take in air.takes:
        assert 0 < take.duration_s <= rules.max_s + 1e-6
        assert take.started_at >= last_end - timedelta(seconds=rules.pre_roll_s)
        last_end = take.ended_at
