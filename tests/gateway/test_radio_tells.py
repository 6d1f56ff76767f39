"""What a radio tells beside speech, from the base station to log, screens and alerts."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from dispatch.calls import DecisionKind
from dispatch.deliveries import Channel, ChannelKind, LeasedDelivery, Receipt, ReceiptKind
from gateway.cli.log import came_from
from gateway.record import record_of
from radio_drivers.interface import EmergencyPressed, Signalled, StrengthRead
from tests.gateway.little_town import LittleTown, ScriptedTranscriber, little_town, said
from tests.gateway.scripted_radio import ScriptedRadio

SIGHTING = "Martin Blackwood has just walked in, grey hoodie and black cap, over."
MEMBERS = b"""member,site,radio_unit,contact,phone,wants_sms
Market Pharmacy,Market Square,1003,Pat,07700 900101,yes
Sprockets,Mill Lane,12AB,Sam,07700 900102,yes
Sprockets,Station Road,12CD,,,
"""


class Screen(Channel):
    """Keeps what is published."""

    def __init__(self) -> None:
        self.shown: list[dict[str, object]] = []

    @property
    @override
    def kind(self) -> ChannelKind:
        return ChannelKind.MQTT

    @override
    async def deliver(self, delivery: LeasedDelivery) -> Receipt:
        self.shown.append(json.loads(delivery.body))
        return Receipt(ReceiptKind.ACCEPTED, delivery.expires_at)

    @override
    async def find(self, delivery: LeasedDelivery) -> Receipt | None:
        return None


def signalled(town: LittleTown, unit: str = "12ab") -> Signalled:
    return Signalled("hill", town.channel.clock.now(), "MDC-1200", f"PTT ID {unit}", unit)


async def test_unit_signalling_and_strength_are_in_the_log_on_screens_and_in_replays_record(tmp_path: Path) -> None:
    hill, screen = ScriptedRadio("hill"), Screen()
    heard = ScriptedTranscriber({1: SIGHTING})
    async with little_town(tmp_path, heard, more_radios=[hill], more_channels=[screen], members=MEMBERS) as town:
        now = town.channel.clock.now()
        hill.says(said(1), now, signalled(town), StrengthRead("hill", now, -90.0), StrengthRead("hill", now, -71.5))
        await town.until(lambda: town.handled)
        (handled,) = town.handled
        assert handled.call.caller == "Sprockets"
        assert handled.call.place is not None
        assert handled.call.place.name == "Sprockets, Mill Lane", "which of its two"
        record = record_of(handled, 0.0, 0.5)
        told = {"unit": "12ab", "strength_dbm": -71.5, "signalling": ["MDC-1200: PTT ID 12ab"]}
        assert {name: record[name] for name in told} == told
        assert record["priority_reason"] is None
        assert handled.text is not None
        assert "Sprockets, Mill Lane" in handled.text.voice
        (entry,) = await town.parts.store.transmissions.search()
        assert (entry.unit, entry.strength_dbm, entry.signalling) == ("12ab", -71.5, ("MDC-1200: PTT ID 12ab",))
        await town.until(lambda: screen.shown)
        (alert,) = screen.shown
        assert {name: alert[name] for name in told} == told
        assert (alert["channel"], alert["caller"]) == ("hill", "Sprockets")


async def test_the_log_names_member_and_site_of_the_unit(tmp_path: Path) -> None:
    hill = ScriptedRadio("hill")
    texts = {1: "Radio check.", 2: "Radio check."}
    async with little_town(tmp_path, ScriptedTranscriber(texts), more_radios=[hill], members=MEMBERS) as town:
        hill.says(said(1), town.channel.clock.now(), unit="12CD")
        await town.until(lambda: len(town.handled) == 1)
        hill.says(said(2), town.channel.clock.now(), signalled(town, "77"))
        await town.until(lambda: len(town.handled) == 2)
        unknown, known = await town.parts.store.transmissions.search()
        assert (known.unit_member, known.unit_site) == ("Sprockets", "Station Road")
        assert came_from(known) == "12CD Sprockets, Station Road"
        assert (unknown.unit_member, unknown.unit_site) == (None, None)
        assert came_from(unknown) == "77; MDC-1200: PTT ID 77"


async def test_an_emergency_is_decided_before_any_speech_and_says_where(tmp_path: Path) -> None:
    hill = ScriptedRadio("hill", text_max=32)
    transcriber = ScriptedTranscriber({1: "Help, help."})
    async with little_town(tmp_path, transcriber, more_radios=[hill], members=MEMBERS) as town:
        now = town.channel.clock.now()
        # The burst comes in the first instants of a transmission that goes on: nothing was heard yet.
        press = EmergencyPressed("hill", now, "12AB")
        hill.happens(signalled(town), press, press)
        await town.until(lambda: town.handled)
        assert transcriber.heard == []
        (handled,) = town.handled
        assert handled.decision.kind is DecisionKind.ALERT
        assert handled.alert is not None
        assert handled.text is not None
        assert handled.alert.priority == "urgent"
        for wording in (handled.text.voice, handled.text.radio_text, handled.text.sms, handled.text.summary):
            assert "Sprockets, Mill L" in wording, "texts shorten it: Mill Ln"
        await town.until(lambda: hill.spoken)
        later = now + timedelta(seconds=20)  # however long the announcement took here
        hill.says(said(1), later, EmergencyPressed("hill", later, "12AB"))
        await town.until(lambda: len(town.handled) == 2)
        assert [one.transmission.source for one in town.handled] == ["emergency button", "radio"], (
            "repeats alert nobody"
        )
        assert town.handled[1].transmission.urgent
        await town.until(lambda: len(hill.written) >= 2)
        assert all(len(part) <= 32 for part in hill.written), "numbered parts that fit the set"
        assert hill.written[0].startswith("1/")


@pytest.mark.parametrize(("unit", "told"), [("4711", "radio 4711"), (None, "")])
async def test_an_emergency_of_nobodys_radio_tells_its_number(tmp_path: Path, unit: str | None, told: str) -> None:
    hill = ScriptedRadio("hill")
    async with little_town(tmp_path, ScriptedTranscriber({}), more_radios=[hill], members=MEMBERS) as town:
        hill.happens(EmergencyPressed("hill", town.channel.clock.now(), unit))
        await town.until(lambda: town.handled)
        text = town.handled[0].text
        assert text is not None
        assert told in text.voice.lower()
        assert told in text.sms.lower()
