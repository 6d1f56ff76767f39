"""Squelch and sound turned into events; our own transmission leaves no trace in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from radio_drivers.interface import Audio, KeyDown, KeyUp, RadioEvent
from radio_drivers.line import LineSettings
from radio_drivers.line.reception import Reception
from radio_drivers.line.serialcontrol import SerialControl
from radio_drivers.line.squelch import Change

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BLOCK = (4243 * np.sin(2 * np.pi * np.arange(640) / 16)).astype(np.int16)  # 40 ms of 1 kHz, -20.8 dBFS
QUIET = np.zeros(640, np.int16)
BY_LINE = LineSettings(port="loop://", ptt="rts", squelch="cts", hang_ms=200)
BY_VOX = LineSettings(squelch="vox", vox_hang_ms=400)


class Ear:
    """A reception on a clock of its own."""

    def __init__(self, settings: LineSettings) -> None:
        self.clock = 100.0
        self.events: list[RadioEvent] = []
        control = SerialControl(settings)
        self.reception = Reception(
            "shops",
            settings,
            self.events.append,
            squelch_late_s=control.squelch_late_s if control.tells_squelch else None,
            now=self.now,
            clock=lambda: self.clock,
        )
        self.reception.link_up()

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.clock - 100)

    def hear(self, block: np.ndarray[tuple[int], np.dtype[np.int16]], seconds: float) -> None:
        for _ in range(round(seconds / 0.04)):
            at = self.now()
            self.clock += 0.04
            self.reception.audio(block, at)

    def line(self, level: bool, ago_s: float = 0.03) -> None:
        self.reception.line(Change(level, self.clock - ago_s))

    @property
    def kinds(self) -> list[type]:
        return [type(event) for event in self.events if not isinstance(event, Audio)]

    @property
    def audio_s(self) -> float:
        return sum(len(event.pcm) for event in self.events if isinstance(event, Audio)) / 32_000


def test_a_call_by_the_line_is_framed_at_the_times_the_line_changed() -> None:
    ear = Ear(BY_LINE)
    ear.hear(QUIET, 1.0)
    ear.line(level=True)
    assert ear.reception.busy
    assert ear.reception.quiet_since is None
    ear.hear(BLOCK, 1.0)
    ear.line(level=False, ago_s=0.2)
    assert ear.kinds == [KeyUp, KeyDown]
    up, down = (event for event in ear.events if not isinstance(event, Audio))
    assert up.at == T0 + timedelta(seconds=0.97)
    assert down.at == pytest.approx(T0 + timedelta(seconds=1.8), abs=timedelta(milliseconds=1))
    assert ear.audio_s == pytest.approx(2.0), "idle audio is passed on, for the pre-roll"
    assert not ear.reception.busy
    assert ear.reception.quiet_since == pytest.approx(102.0)


def test_a_call_by_voice_holds_its_audio_between_key_up_and_key_down() -> None:
    ear = Ear(BY_VOX)
    ear.hear(QUIET, 1.0)
    ear.hear(BLOCK, 1.0)
    ear.hear(QUIET, 1.0)
    assert ear.kinds == [KeyUp, KeyDown]
    up, down = (event for event in ear.events if not isinstance(event, Audio))
    assert (up.at - T0).total_seconds() == pytest.approx(1.0, abs=0.03)
    assert (down.at - T0).total_seconds() == pytest.approx(2.0, abs=0.03)
    inside = ear.events[ear.events.index(up) : ear.events.index(down)]
    loud = [event for event in inside if isinstance(event, Audio) and any(event.pcm)]
    assert len(loud) >= 23, "all but what came before it was sure"


@pytest.mark.parametrize("settings", [BY_LINE, BY_VOX])
def test_our_own_voice_and_carrier_make_no_event_at_all(settings: LineSettings) -> None:
    ear = Ear(settings)
    ear.reception.we_talk()
    if settings.squelch != "vox":
        ear.line(level=True)
    ear.hear(BLOCK, 2.0)
    ear.reception.we_stopped()
    ear.hear(BLOCK, 0.08)  # still in the sound card's buffers
    ear.hear(QUIET, 0.12)
    if settings.squelch != "vox":
        ear.line(level=False, ago_s=0.2)  # the squelch hangs
    ear.hear(QUIET, 1.0)
    assert ear.kinds == []
    assert all(not any(event.pcm) for event in ear.events if isinstance(event, Audio))


def test_whoever_talked_over_us_and_goes_on_is_heard() -> None:
    ear = Ear(BY_LINE)
    ear.reception.we_talk()
    ear.line(level=True)
    ear.hear(BLOCK, 1.0)
    ear.reception.we_stopped()
    ear.hear(BLOCK, 1.0)
    assert ear.kinds == [KeyUp]


def test_a_quick_answer_is_heard_from_its_first_moment() -> None:
    ear = Ear(BY_LINE)
    ear.reception.we_talk()
    ear.hear(BLOCK, 1.0)
    ear.reception.we_stopped()
    ear.hear(QUIET, 0.08)
    ear.line(level=True)
    ear.hear(BLOCK, 0.4)
    assert ear.kinds == [KeyUp]
    assert ear.audio_s == pytest.approx(0.4)


def test_our_key_ends_a_call_that_is_still_open() -> None:
    ear = Ear(BY_LINE)
    ear.line(level=True)
    ear.reception.we_talk()
    assert ear.kinds == [KeyUp, KeyDown]


@pytest.mark.parametrize("settings", [BY_LINE, BY_VOX])
def test_a_lost_link_ends_the_call_and_leaves_nothing_open(settings: LineSettings) -> None:
    ear = Ear(settings)
    if settings.squelch != "vox":
        ear.line(level=True)
    ear.hear(BLOCK, 1.0)
    ear.reception.link_down()
    assert ear.kinds == [KeyUp, KeyDown]
    assert not ear.reception.busy
    assert ear.reception.quiet_since is None, "nothing is known about the channel"
    ear.reception.link_up()
    ear.hear(QUIET, 1.0)
    assert ear.kinds == [KeyUp, KeyDown]


def test_the_tail_is_cut_before_key_down() -> None:
    ear = Ear(LineSettings(port="loop://", ptt="rts", squelch="cts", hang_ms=200, tail_cut_ms=150))
    ear.line(level=True)
    ear.hear(BLOCK, 2.0)
    ear.line(level=False, ago_s=0.2)
    assert ear.audio_s == pytest.approx(1.65, abs=0.001)
    assert isinstance(ear.events[-1], KeyDown)
