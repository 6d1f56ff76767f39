"""A TETRA radio and a sound card as one base station; the card is a stand-in here."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from radio_drivers.interface import (
    Abilities,
    Audio,
    ChannelBusy,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkLost,
    LinkRestored,
    RadioEvent,
    Signalled,
    TextReceived,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.line import LineDriver, LineSettings, LineSettingsError
from radio_drivers.tetra import TetraSettings
from radio_drivers.tetra.control import TetraControl
from radio_drivers.tetra.settings import TetraSettingsError
from tests.peers import card
from tests.peers.card import Card, until
from tests.peers.tetra import Habits, MemoryLink, TetraRadio

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUICK = KeyingRules(lead_in_s=0.0, tail_s=0.0, clear_for_s=0.0, busy_wait_s=0.2, time_out_s=5.0)
LOUD = np.full(640, 3000, np.int16)


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    card.use(monkeypatch)


def base_station(
    channel: str = "town", habits: Habits | None = None, **settings: object
) -> tuple[LineDriver, TetraRadio, MemoryLink]:
    radio = TetraRadio(habits)
    link = MemoryLink(radio)
    wanted = TetraSettings(port="memory", ptt="pei", group="500", **settings)  # type: ignore[arg-type]  # a test's own choice
    return LineDriver(channel, LineSettings(), QUICK, TetraControl(channel, wanted, link=link)), radio, link


def kinds(events: list[RadioEvent]) -> list[type[RadioEvent]]:
    return [type(event) for event in events]


async def test_what_the_radio_says_frames_what_the_card_hears() -> None:
    driver, radio, _ = base_station(strength_s=0.0)
    async with card.on_air(driver) as events:
        assert driver.abilities == Abilities(voice_out=True, text_out=True, text_max=120, idle_audio=True)
        radio.incoming(priority=15)
        radio.talks()
        await until(lambda: driver.busy)
        Card.hears(LOUD, NOW)
        with pytest.raises(ChannelBusy):
            await driver.send_voice(bytes(320))
        radio.ends()
        radio.text("020148454C50")
        await until(lambda: kinds(events)[-1:] == [TextReceived])
        assert kinds(events) == [EmergencyPressed, Signalled, KeyUp, Signalled, Audio, KeyDown, TextReceived]


async def test_announcements_and_texts_go_out() -> None:
    driver, radio, _ = base_station()
    async with card.on_air(driver) as events:
        await driver.send_voice(bytes(320))
        assert not radio.on_air
        assert {"ATD500", "AT+CUTXC=7"} <= set(radio.heard)
        await driver.send_text("Shoplifter at Tills", "1002")
        assert radio.messages[-1][0] == "1002"
        await until(lambda: kinds(events) == [TransmitStarted, TransmitEnded])


async def test_a_channel_that_the_network_keeps_from_us_is_busy() -> None:
    driver, radio, _ = base_station(habits=Habits(grant="refused"))
    async with card.on_air(driver):
        with pytest.raises(ChannelBusy, match="refused us"):
            await driver.send_voice(bytes(320))
        assert radio.heard[-1] == "AT+CUTXC=7"


async def test_a_pulled_plug_ends_the_call_and_is_told_once_each_way() -> None:
    driver, radio, link = base_station(strength_s=0.0)
    async with card.on_air(driver) as events:
        radio.incoming()
        radio.talks()
        await until(lambda: driver.busy)
        radio.reset()
        link.cut()
        await until(lambda: kinds(events)[-1:] == [LinkRestored])
        await until(lambda: radio.listening)
        assert [kind for kind in kinds(events) if kind is not Signalled] == [KeyUp, KeyDown, LinkLost, LinkRestored]


async def test_two_base_stations_at_once_are_kept_apart() -> None:
    first, first_radio, _ = base_station("north")
    second, second_radio, _ = base_station("south")
    async with card.on_air(first) as north, card.on_air(second) as south:
        first_radio.text("0201" + b"to north".hex().upper())
        second_radio.text("0201" + b"to south".hex().upper())
        await until(lambda: north and south)
        (one,), (two,) = north, south
        assert isinstance(one, TextReceived)
        assert isinstance(two, TextReceived)
        assert (one.channel, one.text, two.channel, two.text) == ("north", "to north", "south", "to south")


def test_the_sound_cards_table_must_not_name_a_port_too() -> None:
    control = TetraControl("town", TetraSettings(port="/dev/ttyACM0"))
    with pytest.raises(LineSettingsError, match=r"line\.port"):
        LineDriver("town", LineSettings(port="/dev/ttyUSB0"), QUICK, control)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"baud": 300}, "baud = 300 is out of range"),
        ({"grant_s": 0.1}, "grant_s"),
        ({"key_max_s": 1.0}, "key_max_s"),
        ({"talk_max_s": 1.0}, "talk_max_s"),
        ({"strength_s": 0.1}, "strength_s"),
        ({"emergency_priority": 16}, "emergency_priority"),
        ({"emergency_status": (70000,)}, "emergency_status"),
        ({"text_max": 1000}, "text_max"),
        ({"report_s": 0.0}, "report_s"),
        ({"keep_alive_s": 1.0}, "keep_alive_s"),
        ({"answer_s": 0.0}, "answer_s"),
        ({"group": "town"}, "group = 'town': give a number"),
        ({"groups": ("500", "x")}, "groups = 'x'"),
        ({"text_to": "-1"}, "text_to"),
        ({"call_setup": "0;ATD999"}, "call_setup"),
    ],
)
def test_what_cannot_work_is_refused_with_the_key(given: dict[str, object], says: str) -> None:
    with pytest.raises(TetraSettingsError, match=says):
        TetraSettings(**given)  # type: ignore[arg-type]  # wrong on purpose
