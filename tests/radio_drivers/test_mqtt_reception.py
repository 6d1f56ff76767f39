"""Frames to events: lost, late, repeated and missing parts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio_drivers.interface import RATE, Audio, KeyDown, KeyUp, RadioEvent
from radio_drivers.mqtt.protocol import (
    AudioFrame,
    BadPayload,
    BusyFrame,
    EmergencyFrame,
    KeyDownFrame,
    KeyUpFrame,
    TextFrame,
    WavFrame,
)
from radio_drivers.mqtt.reception import BUSY_MAX_S, Moment, ReceivedFrame, Reception

START = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
SECOND = bytes(2 * RATE)


class Bench:
    """A reception with a clock in hand."""

    def __init__(self) -> None:
        self.reception = Reception("town", silence_s=3.0, longest_s=125.0, session_s=60.0, clock_error_s=300.0)
        self.seconds = 0.0
        self.events: list[RadioEvent] = []
        self.bad: list[BadPayload] = []

    @property
    def now(self) -> Moment:
        return Moment(START + timedelta(seconds=self.seconds), 1000.0 + self.seconds)

    def take(self, *frames: ReceivedFrame) -> None:
        for frame in frames:
            self._sort(self.reception.take(frame, self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass, calling `tick` exactly when it is asked for, as the driver's timer does."""
        until = self.seconds + seconds
        while (deadline := self.reception.deadline) is not None and deadline - 1000.0 <= until:
            self.seconds = max(self.seconds, deadline - 1000.0)
            self._sort(self.reception.tick(self.now))
        self.seconds = until
        self._sort(self.reception.tick(self.now))

    def vanish(self) -> None:
        self._sort(self.reception.vanish(self.now))

    def _sort(self, outcomes: Iterable[RadioEvent | BadPayload]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, BadPayload):
                self.bad.append(outcome)
            else:
                self.events.append(outcome)

    def kinds(self) -> str:
        letters = {KeyUp: "u", Audio: "a", KeyDown: "d"}
        return "".join(letters.get(type(event), "?") for event in self.events)

    def transmissions(self) -> list[tuple[float, float, int]]:
        """Start, end (seconds after `START`) and samples of each."""
        found: list[tuple[float, float, int]] = []
        start, samples = 0.0, 0
        for event in self.events:
            at = (event.at - START).total_seconds()
            match event:
                case KeyUp():
                    start, samples = at, 0
                case Audio(pcm=pcm):
                    assert at == pytest.approx(start + samples / RATE, abs=1e-5)
                    samples += len(pcm) // 2
                case KeyDown():
                    found.append((start, at, samples))
                case _:
                    pass
        return found


@pytest.fixture(name="bench")
def _bench() -> Bench:
    return Bench()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_pieces_follow_each_other_in_time(bench: Bench) -> None:
    bench.take(KeyUpFrame(at(-0.5), "U7", -80.0))
    assert bench.reception.busy
    bench.take(AudioFrame(SECOND[:16_000]), AudioFrame(SECOND[:16_000]))
    bench.seconds = 0.6
    bench.take(KeyDownFrame(at(0.55), -82.0))
    assert bench.transmissions() == [(-0.5, 0.55, RATE)]
    assert not bench.reception.busy
    assert bench.bad == []
    assert bench.reception.deadline is None


def test_other_rates_become_ours_without_losing_a_sample(bench: Bench) -> None:
    t = np.arange(8000) / 8000
    sound = (10_000 * np.sin(2 * np.pi * 700 * t)).astype("<i2").tobytes()
    bench.take(KeyUpFrame(rate=8000))
    for begin in range(0, len(sound), 322):
        bench.take(AudioFrame(sound[begin : begin + 322]))
    bench.take(KeyDownFrame())
    ((_, _, samples),) = bench.transmissions()
    assert abs(samples - RATE) <= 2
    heard = np.frombuffer(b"".join(e.pcm for e in bench.events if isinstance(e, Audio)), "<i2")
    spectrum = np.abs(np.fft.rfft(heard[2000:14_000]))
    assert np.argmax(spectrum) * RATE / 12_000 == pytest.approx(700, abs=2)
    assert np.sort(spectrum)[-3] < 0.02 * spectrum.max()  # no clicks between the pieces


def test_words_without_a_key_up_are_not_lost(bench: Bench) -> None:
    bench.seconds = 1.0
    bench.take(AudioFrame(SECOND), AudioFrame(SECOND), KeyDownFrame())
    assert bench.transmissions() == [(0.0, 2.0, 2 * RATE)]
    assert [bad.topic for bad in bench.bad] == ["rx/audio"]


def test_a_lost_key_down_ends_where_the_audio_ended(bench: Bench) -> None:
    bench.take(KeyUpFrame(), AudioFrame(SECOND))
    bench.wait(2.9)
    assert bench.reception.busy
    bench.wait(0.2)
    assert bench.transmissions() == [(0.0, 1.0, RATE)]
    assert [bad.topic for bad in bench.bad] == ["rx/keydown"]
    bench.wait(1000.0)
    assert bench.kinds() == "uad"


def test_a_second_key_up_ends_the_first(bench: Bench) -> None:
    bench.take(KeyUpFrame(unit="U1"), AudioFrame(SECOND), KeyUpFrame(unit="U2"), AudioFrame(SECOND), KeyDownFrame())
    assert bench.kinds() == "uaduad"
    assert "key-down between was lost" in bench.bad[0].reason


def test_the_same_key_up_twice_is_one(bench: Bench) -> None:
    """QoS 1 means at least once."""
    up = KeyUpFrame(at(0), "U1")
    bench.take(up, up, AudioFrame(SECOND), up, KeyDownFrame())
    assert bench.kinds() == "uad"
    assert bench.bad == []


def test_a_stray_key_down_is_reported_and_nothing_else(bench: Bench) -> None:
    bench.take(KeyDownFrame())
    assert bench.kinds() == ""
    assert [bad.topic for bad in bench.bad] == ["rx/keydown"]


def test_one_wav_is_a_transmission(bench: Bench) -> None:
    bench.seconds = 10.0
    bench.take(WavFrame(SECOND * 3, RATE))
    bench.take(WavFrame(SECOND, RATE, at(5), "U7"))
    assert bench.transmissions() == [(7.0, 10.0, 3 * RATE), (5.0, 6.0, RATE)]
    assert bench.kinds() == "uaaaduad"  # no event holds more than a second


def test_a_repeated_wav_is_one_transmission(bench: Bench) -> None:
    wav = WavFrame(SECOND, RATE, at(0), "U7")
    bench.take(wav, wav)
    assert bench.kinds() == "uad"
    bench.take(WavFrame(SECOND, RATE, at(2), "U7"))
    assert bench.kinds() == "uaduad"


@pytest.mark.parametrize("late", [0.0, 4.0, 9.0])
def test_an_announced_wav_may_come_after_the_key_down(bench: Bench, late: float) -> None:
    bench.take(KeyUpFrame(at(0), "U7", whole=True))
    bench.wait(30.0)
    assert bench.kinds() == "u"
    bench.take(KeyDownFrame(at(30), -70.0))
    assert not bench.reception.busy
    bench.wait(late)
    bench.take(WavFrame(SECOND, RATE))
    assert bench.transmissions() == [(0.0, 30.0, RATE)]
    assert bench.bad == []


def test_an_announced_wav_before_the_key_down(bench: Bench) -> None:
    bench.take(KeyUpFrame(whole=True), WavFrame(SECOND, RATE), KeyDownFrame())
    assert bench.kinds() == "uad"


def test_an_announced_wav_that_never_comes(bench: Bench) -> None:
    bench.take(KeyUpFrame(whole=True))
    bench.wait(126.0)
    assert bench.kinds() == "ud"
    bench.take(KeyUpFrame(whole=True), KeyDownFrame())
    bench.wait(11.0)
    assert bench.kinds() == "udud"
    bench.take(KeyUpFrame(whole=True), KeyDownFrame(), KeyUpFrame(), KeyDownFrame())
    assert bench.kinds() == "ududud" + "ud"
    assert {bad.topic for bad in bench.bad} == {"rx/wav"}


def test_while_we_are_cut_off_the_rest_is_waited_for(bench: Bench) -> None:
    bench.take(KeyUpFrame(), AudioFrame(SECOND))
    bench.reception.hold(bench.now)
    bench.wait(50.0)
    assert bench.kinds() == "ua"
    bench.reception.go_on(bench.now)
    bench.take(AudioFrame(SECOND), KeyDownFrame())
    assert bench.transmissions() == [(0.0, 2.0, 2 * RATE)]
    assert bench.bad == []


def test_but_not_for_ever(bench: Bench) -> None:
    bench.take(KeyUpFrame(), AudioFrame(SECOND))
    bench.reception.hold(bench.now)
    bench.wait(61.0)
    assert bench.kinds() == "uad"


def test_a_vanished_base_station_ends_what_is_open(bench: Bench) -> None:
    bench.take(BusyFrame(busy=True), KeyUpFrame(), AudioFrame(SECOND))
    bench.vanish()
    assert bench.kinds() == "uad"
    assert not bench.reception.busy
    bench.vanish()
    assert bench.kinds() == "uad"


def test_busy_without_end_is_not_believed_for_ever(bench: Bench) -> None:
    bench.take(BusyFrame(busy=True))
    bench.wait(BUSY_MAX_S - 1)
    assert bench.reception.busy
    bench.wait(2)
    assert not bench.reception.busy
    assert [bad.topic for bad in bench.bad] == ["rx/busy"]


def test_a_base_station_that_lives_in_1970_is_told_and_our_clock_counts(bench: Bench) -> None:
    past = datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    bench.take(KeyUpFrame(past), AudioFrame(SECOND), KeyDownFrame(past + timedelta(seconds=9)))
    bench.take(TextFrame("hello", past), EmergencyFrame(past))
    assert bench.transmissions() == [(0.0, 1.0, RATE)]
    assert [event.at for event in bench.events[-2:]] == [START, START]
    assert [bad.topic for bad in bench.bad] == ["rx/keyup", "rx/text", "rx/emergency"]
    assert "set the base station's clock" in bench.bad[0].reason


def test_an_end_before_its_own_audio_is_moved(bench: Bench) -> None:
    bench.take(KeyUpFrame(at(0)), AudioFrame(SECOND), KeyDownFrame(at(-5)))
    assert bench.transmissions() == [(0.0, 1.0, RATE)]


times = st.none() | st.floats(-1000, 1000).map(at)
frames = st.one_of(
    st.builds(KeyUpFrame, times, st.sampled_from([None, "U1", "U2"]), rate=st.sampled_from([8000, 16000, 44100]), whole=st.booleans()),
    st.builds(AudioFrame, st.sampled_from([b"\1\0", bytes(3200)]), st.sampled_from([None, 8000])),
    st.builds(WavFrame, st.sampled_from([b"\1\0", bytes(48_000)]), st.sampled_from([8000, 16000]), times),
    st.builds(KeyDownFrame, times),
    st.builds(BusyFrame, st.booleans()),
)  # fmt: skip
steps = st.one_of(frames, st.floats(0, 200), st.sampled_from(["hold", "go_on", "vanish"]))


@settings(deadline=None)
@given(st.lists(steps, max_size=25))
def test_whatever_comes_transmissions_are_whole(script: list[ReceivedFrame | float | str]) -> None:
    """Up, audio, down, in this order, times never going back inside one; in the end nothing stays open."""
    bench = Bench()
    for step in script:
        match step:
            case "hold":
                bench.reception.hold(bench.now)
            case "go_on":
                bench.reception.go_on(bench.now)
            case "vanish":
                bench.vanish()
            case float():
                bench.wait(step)
            case _:
                assert not isinstance(step, str)
                bench.take(step)
    bench.wait(1000.0)
    assert not bench.reception.talking
    assert not bench.reception.busy
    assert bench.reception.deadline is None
    for part in bench.kinds().split("d")[:-1]:
        assert part == "u" + "a" * (len(part) - 1)
    assert bench.kinds() == "" or bench.kinds().endswith("d")
    for start, end, samples in bench.transmissions():
        assert end >= start + samples / RATE - 1e-5
