"""Two base stations of different makes on one daemon, each with its own signalling: both are heard, known and logged."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from gateway.audio import wav_bytes
from radio_drivers.signalling.mdc1200 import Packet
from radio_drivers.signalling.mdc1200_sound import sound_of
from radio_drivers.signalling.tables import TONE_SETS
from radio_drivers.signalling.tones import five_tone, to_pcm
from tests.end_to_end.conftest import Say
from tests.end_to_end.town import ROOT, Town
from tests.peers.mosquitto import Mosquitto

pytestmark = [pytest.mark.broker, pytest.mark.speech]

RADIOS = """
[radio.signalling]
mdc1200 = true

[[radio]]
name = "hill"
driver = "mqtt"
[radio.mqtt]
port = {port}
[radio.signalling]
five_tone = "ccir"
unit_digits = ["3uuuu"]
emergency = ["3uuuu9"]
"""
MEMBERS = "member,site,radio_unit\nGarden Flowers,Mill Lane,1009\n"


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    running = await asyncio.to_thread(Mosquitto, tmp_path / "broker")
    await asyncio.to_thread(running.start)
    yield running
    await asyncio.to_thread(running.stop)


def entries(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.timeout(240)
async def test_both_are_heard_known_and_logged(town: Town, say: Say, broker: Mosquitto) -> None:
    with town.config.open("a") as config:
        config.write(RADIOS.format(port=broker.port))
    members = town.folder / "hill.csv"
    members.write_text(MEMBERS)
    await town.command("members", "import", str(members))
    await town.start()
    call = to_pcm(0.5 * five_tone("31009", TONE_SETS["ccir"])) + say("Radio check please, over.")
    async with aiomqtt.Client("127.0.0.1", broker.port) as hill, town.radio("1002") as guard:
        # At the same moment, on both channels.
        await hill.publish("huecry/radio/hill/rx/keyup", json.dumps({"audio": "wav", "strength_dbm": -83.5}), qos=1)
        await hill.publish("huecry/radio/hill/rx/wav", wav_bytes(call), qos=1)
        await asyncio.gather(
            hill.publish("huecry/radio/hill/rx/keydown", "{}", qos=1),
            guard.say(to_pcm(0.5 * sound_of(Packet(0x01, 0x80, 0x1002))) + say("Thanks, see you tomorrow, over.")),
        )
        await town.until(lambda: len(town.rows("select id from calls")) == 2, 60)
        await hill.publish("huecry/radio/hill/rx/keyup", json.dumps({"audio": "wav"}), qos=1)
        await hill.publish(
            "huecry/radio/hill/rx/wav",
            wav_bytes(to_pcm(0.5 * five_tone("310099", TONE_SETS["ccir"])) + bytes(64_000)),
            qos=1,
        )
        await hill.publish("huecry/radio/hill/rx/keydown", "{}", qos=1)
        await town.until(lambda: town.rows("select id from alerts where kind = 'emergency'"), 60)
        await town.until(lambda: len(town.rows("select id from calls")) == 4, 60)
    monitor = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "--config", str(town.config), "radio", "monitor", "--channel", "hill",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=ROOT,
    )  # fmt: skip
    refused, _ = await monitor.communicate()
    assert (monitor.returncode, b"the radio hill is in use by huecry run" in refused) == (2, True), refused
    found = entries(await town.command("log", "search", "--json", "--channel", "town"))
    (seen,) = found
    assert (seen["unit"], seen["unit_member"], seen["unit_site"]) == ("1002", "Corner Books", "Market Square")
    assert seen["signalling"] == ["MDC-1200: PTT ID 1002"]
    assert "tomorrow" in seen["text"].lower()
    on_hill = entries(await town.command("log", "search", "--json", "--channel", "hill"))
    check = next(entry for entry in on_hill if entry["signalling"] == ["5-tone CCIR: 31009"])
    assert (check["unit"], check["unit_member"], check["unit_site"]) == ("1009", "Garden Flowers", "Mill Lane")
    assert (check["strength_dbm"], check["caller"], check["decision"]) == (-83.5, "Garden Flowers", "log")
    assert "check" in check["text"].lower()
    (help_wanted,) = [entry for entry in on_hill if entry["alert_kind"] == "emergency"]
    assert (help_wanted["unit"], help_wanted["place"]) == ("1009", "Garden Flowers")
    assert help_wanted["text"] == "Emergency button pressed on radio 1009."
    code, _ = await town.stop()
    assert code == 0
