"""The line driver joined with another control than modem lines; the sound card is a stand-in here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import numpy as np
import pytest

from radio_drivers.control import Told
from radio_drivers.interface import (
    Abilities,
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioEvent,
    RadioSettingsError,
    Signalled,
    StrengthRead,
    TextReceived,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.line import LineDriver, LineSettings, LineSettingsError
from radio_drivers.line.squelch import Change
from tests.peers import card
from tests.peers.card import Card

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUICK = KeyingRules(lead_in_s=0.0, tail_s=0.0, clear_for_s=0.0, busy_wait_s=0.2, time_out_s=5.0)
LOUD = (4243 * np.sin(2 * np.pi * np.arange(640) / 16)).astype(np.int16)  # 40 ms of 1 kHz, -20.8 dBFS


class Made:
    """A control that does as the test says, and writes down what it was told to do."""

    squelch_late_s = 0.1

    def __init__(self, *, tells_squelch: bool = True, transmits: bool = True, text_max: int | None = None) -> None:
        self.tells_squelch = tells_squelch
        self.transmits = transmits
        self.text_max = text_max
        self.done: list[str] = []
        self.refuses: Exception | None = None
        self.told: Told | None = None

    @property
    def tell(self) -> Told:
        assert self.told is not None
        return self.told

    async def open(self, told: Told) -> None:
        self.done.append("open")
        if self.refuses is not None:
            raise self.refuses
        self.told = told

    async def key(self, on: bool) -> None:
        self.done.append("key" if on else "unkey")

    async def send_text(self, text: str, to: str | None) -> None:
        self.done.append(f"{to}: {text}")

    async def close(self) -> None:
        self.done.append("close")


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    card.use(monkeypatch)


@asynccontextmanager
async def on_air(
    control: Made, settings: LineSettings | None = None
) -> AsyncIterator[tuple[LineDriver, list[RadioEvent]]]:
    driver = LineDriver("shops", settings or LineSettings(), QUICK, control)
    async with card.on_air(driver) as events:
        yield driver, events


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_its_squelch_frames_what_the_card_hears_however_loud_or_quiet() -> None:
    control = Made()
    async with on_air(control) as (driver, events):
        Card.hears(LOUD, NOW)
        assert not driver.busy, "the control tells, not the level"
        control.tell.squelch(Change(open=True, since_s=time.monotonic()))
        assert driver.busy
        Card.hears(LOUD, NOW)
        control.tell.squelch(Change(open=False, since_s=time.monotonic()))
        await turns()
        assert [type(event) for event in events] == [Audio, KeyUp, Audio, KeyDown]


async def test_without_a_squelch_of_its_own_the_sound_is_judged() -> None:
    async with on_air(Made(tells_squelch=False)) as (driver, _):
        for _ in range(5):
            Card.hears(LOUD, NOW)
        assert driver.busy


async def test_whatever_else_it_tells_becomes_an_event_in_its_order() -> None:
    control = Made()
    told: list[RadioEvent] = [
        EmergencyPressed("shops", NOW, "1234"),
        Signalled("shops", NOW, "Tait", "PTT ID 1234", unit="1234"),
        StrengthRead("shops", NOW, -87.0),
        TextReceived("shops", NOW, "at the till", "1234"),
    ]
    async with on_air(control) as (_, events):
        for event in told:
            control.tell.event(event)
        await turns()
        assert events == told


async def test_it_presses_and_releases_talk() -> None:
    control = Made()
    async with on_air(control) as (driver, events):
        assert driver.abilities == Abilities(voice_out=True, text_out=False, text_max=None, idle_audio=True)
        await driver.send_voice(bytes(320))
        await turns()
        assert [type(event) for event in events] == [TransmitStarted, TransmitEnded]
    assert control.done == ["open", "key", "unkey", "close"]


async def test_a_control_that_cannot_key_only_listens_unless_the_radio_keys_itself() -> None:
    with pytest.raises(NotSupported, match="only listens"):
        await LineDriver("shops", LineSettings(), QUICK, Made(transmits=False)).send_voice(bytes(320))
    control = Made(transmits=False)
    async with on_air(control, LineSettings(ptt="vox")) as (driver, _):
        await driver.send_voice(bytes(320))
    assert control.done == ["open", "close"]


async def test_text_goes_through_it_where_it_has_text() -> None:
    control = Made(text_max=60)
    driver = LineDriver("shops", LineSettings(), QUICK, control)
    assert driver.abilities.text_out
    assert driver.abilities.text_max == 60
    with pytest.raises(LinkDown):
        await driver.send_text("not yet connected")
    async with on_air(control) as (driver, _):
        await driver.send_text("at the till", "1234")
        await driver.send_text("at the till")
    assert control.done[1:3] == ["1234: at the till", "None: at the till"]
    with pytest.raises(NotSupported, match="no text"):
        await LineDriver("shops", LineSettings(), QUICK, Made()).send_text("hello")


async def test_a_loss_it_tells_closes_and_opens_it_again() -> None:
    control = Made()
    async with on_air(control) as (driver, events):
        control.tell.squelch(Change(open=True, since_s=time.monotonic()))
        control.tell.lost("the cable is out")
        control.tell.lost("said twice")
        async with asyncio.timeout(5):
            while not any(isinstance(event, LinkRestored) for event in events):
                await asyncio.sleep(0.01)
        assert [type(event) for event in events] == [KeyUp, KeyDown, LinkLost, LinkRestored]
        assert driver.connected
    assert control.done == ["open", "close", "open", "close"]


async def test_settings_that_cannot_work_end_the_run_at_the_first_try() -> None:
    control = Made()
    control.refuses = RadioSettingsError("tait.port: no such port")
    with pytest.raises(RadioSettingsError, match=r"tait\.port"):
        await LineDriver("shops", LineSettings(), QUICK, control).run()
    assert control.done == ["open", "close"]


def test_a_serial_port_beside_another_control_is_refused() -> None:
    with pytest.raises(LineSettingsError, match=r"line\.port = '/dev/ttyUSB0'.*leave line\.port"):
        LineDriver("shops", LineSettings(port="/dev/ttyUSB0", ptt="rts"), QUICK, Made())
