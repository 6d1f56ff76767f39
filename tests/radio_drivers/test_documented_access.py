"""The access lists in the guides are enough for what they are for, and no more than the guides say."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import aiomqtt
import pytest

from radio_drivers.hermes.driver import HermesDriver
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import RATE, Audio, KeyDown, KeyingRules
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.trunk_recorder.driver import TrunkRecorderDriver
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers import trunk_recorder_says as tr
from tests.radio_drivers.broker_side import quick_delays, running, tone, until

pytestmark = pytest.mark.broker

DOCS = Path(__file__).parents[2] / "docs"
RULES = KeyingRules(lead_in_s=0, tail_s=0, clear_for_s=0)


def documented(page: str, user: str) -> str:
    """The list in a guide, from its user's line to the end of the block."""
    text = (DOCS / page).read_text()
    return f"user {user}\n" + text.split(f"user {user}\n")[1].split("```")[0]


def guarded(folder: Path, rules: str, *users: str) -> Mosquitto:
    """A broker with these rules, and another user who may do anything."""
    file = folder / "acl"
    file.write_text(f"{rules}\nuser other\ntopic readwrite #\n")
    return Mosquitto(folder, users=dict.fromkeys((*users, "other"), "a secret"), extra=[f"acl_file {file}"])


def other(broker: Mosquitto) -> aiomqtt.Client:
    return aiomqtt.Client("127.0.0.1", broker.port, username="other", password="a secret")


async def test_hermes(tmp_path: Path) -> None:
    with guarded(tmp_path, documented("radios/hermes.md", "huecry-annex"), "huecry-annex") as broker:
        settings = HermesSettings(
            host="127.0.0.1", port=broker.port, username="huecry-annex", site="annex-base", frames_missing_s=0
        )
        driver = HermesDriver("annex", settings, RULES, password="a secret", delays=quick_delays)
        async with other(broker) as site, running(driver) as listener:
            await site.subscribe("hermes/audioServer/annex-base/playBytes/+")
            await until(lambda: driver.connected)
            await site.publish("hermes/audioServer/annex-base/audioFrame", write_wav(bytes(640), RATE), qos=1)
            await until(lambda: bool(listener.of(Audio)))
            sending = asyncio.create_task(driver.send_voice(tone(0.1)))
            message = await anext(aiter(site.messages))
            receipt = json.dumps({"id": str(message.topic).rsplit("/", 1)[1]})
            await site.publish("hermes/audioServer/annex-base/playFinished", receipt, qos=1)
            await sending


async def test_trunk_recorder(tmp_path: Path) -> None:
    with guarded(tmp_path, documented("radios/trunk-recorder.md", "huecry-town"), "huecry-town") as broker:
        settings = TrunkRecorderSettings(host="127.0.0.1", port=broker.port, username="huecry-town")
        driver = TrunkRecorderDriver("town", settings, RULES, password="a secret", delays=quick_delays)
        async with other(broker) as recorder, running(driver) as listener:
            await until(lambda: driver.connected)
            start = datetime.now(UTC).replace(microsecond=0)
            await recorder.publish("trunk-recorder/call_start", tr.call("call_start", start), qos=1)
            await until(lambda: driver.busy)
            await recorder.publish("trunk-recorder/call_end", tr.call("call_end", start), qos=1)
            await until(lambda: not driver.busy)
            await recorder.publish("trunk-recorder/audio", tr.audio(start, write_wav(tone(0.1), RATE), 1), qos=1)
            await until(lambda: bool(listener.of(KeyDown)))
            await recorder.publish("trunk-recorder/trunk_recorder/status", tr.status("disconnected"), qos=1)
            await until(lambda: not driver.connected)
