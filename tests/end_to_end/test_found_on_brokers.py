"""`huecry run` with what is found on brokers: calls of trunk-recorder, talkers of MMDVMHost, Home Assistant on the other side."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from radio_drivers.interface import RATE
from radio_drivers.mqtt.wav import write_wav
from tests.end_to_end.conftest import Say
from tests.end_to_end.test_broker import Screen
from tests.end_to_end.town import Town
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers import trunk_recorder_says as tr
from tests.radio_drivers.broker_side import publish

pytestmark = [pytest.mark.broker, pytest.mark.speech]

BROKERS = """
[[radio]]
name = "market"
driver = "trunk-recorder"
[radio.trunk_recorder]
host = "127.0.0.1"
port = {port}
systems = ["shopwatch"]
talkgroups = [9001]

[mqtt]
enabled = true
host = "127.0.0.1"
port = {port}
publish_calls = true
discovery = true
announce = true
"""

MMDVM = """pace = 0.1
[radio.mmdvm]
host = "127.0.0.1"
port = {port}
topic = "mmdvm"
"""


@pytest.mark.timeout(120)
async def test_a_town_that_is_heard_by_others(town: Town, say: Say, tmp_path: Path) -> None:
    broker = await asyncio.to_thread(Mosquitto, tmp_path / "broker")
    await asyncio.to_thread(broker.start)
    try:
        settings = town.config.read_text().replace("pace = 0.1\n", MMDVM.format(port=broker.port))
        town.config.write_text(settings + BROKERS.format(port=broker.port))
        screen = Screen(any_text=True)
        async with screen.watching(broker.port, "#"):
            await town.start()
            await town.until(lambda: screen.on("home/market/busy"))
            await calls_of_trunk_recorder(town, say, broker, screen)
            await an_announcement(town, broker, screen)
            await an_emergency_by_mmdvmhost(town, broker, screen)
            await town.stop()
    finally:
        await asyncio.to_thread(broker.stop)


async def calls_of_trunk_recorder(town: Town, say: Say, broker: Mosquitto, screen: Screen) -> None:
    """What trunk-recorder heard raises an alert, which is spoken on the channel that can speak."""
    spoken = say("Corner Books to Control, Martin Blackwood has just walked in, grey hoodie, over.")
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10)
    source = tr.source(1002, start, 0.0)
    async with town.radio("1003") as listener:
        message = tr.audio(start, write_wav(spoken, RATE), len(spoken) / 2 / RATE, sources=(source,))
        await publish(broker, "trunk-recorder/audio", message)
        await town.until(lambda: screen.on("alert"))
        await town.until(lambda: any(heard.units for heard in listener.heard))
    (call,) = screen.on("call")
    assert (call["channel"], call["unit"], call["decision"]) == ("market", "1002", "alert")
    assert call["strength_dbm"] == -96.0
    assert call["people"][0]["reference"] == "FT-0101"
    events = screen.on("home/event")
    assert {event["event_type"] for event in events} == {"voice", "alert"}
    await town.nothing_more_to_send()


async def an_emergency_by_mmdvmhost(town: Town, broker: Mosquitto, screen: Screen) -> None:
    """A button that only MMDVMHost has heard calls for help on the channel beside which it stands."""
    pressed = {
        "timestamp": "2026-03-07T14:05:09.120Z", "slot": 1, "source": "rf", "action": "csbk", "source_id": 1002,
        "csbk_desc": "Emergency Call",
    }  # fmt: skip
    await publish(broker, "mmdvm/json", json.dumps({"DMR": pressed}).encode())
    await town.until(lambda: any(alert["kind"] == "emergency" for alert in screen.on("alert")))
    (event,) = [event for event in screen.on("home/event") if event["event_type"] == "emergency"]
    assert (event["channel"], event["unit"]) == ("town", "1002")


async def an_announcement(town: Town, broker: Mosquitto, screen: Screen) -> None:
    """What is published is spoken, and noted."""
    before = len(screen.on("home/town/busy"))
    await publish(broker, "huecry/FTAC/announce", b"The north gate is shut until three.")
    await town.until(lambda: town.rows("select count(*) from audit where action = 'announcement spoken'")[0][0])
    assert len(screen.on("home/town/busy")) == before, "our own voice is nobody talking"
