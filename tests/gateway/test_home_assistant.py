"""The gateway as Home Assistant's device, over a real mosquitto, watched by `mosquitto_sub`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import jsonschema
import pytest
from jinja2.sandbox import SandboxedEnvironment

from dispatch.channels.home_assistant import (
    EVENT_TYPES,
    STATE_MAX,
    Device,
    alert_fields,
    config,
    config_topic,
    transcript,
)
from dispatch.channels.mqtt import MqttChannel, MqttSettings
from dispatch.store.audit import AuditEntry
from gateway.home_assistant import HomeAssistant
from radio_drivers.interface import EmergencyPressed, KeyDown, KeyUp, LinkLost, Signalled
from tests.gateway.little_town import LittleTown, ScriptedTranscriber, little_town, said
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers.broker_side import publish

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "home_assistant_device.json").read_text())
PREFIX = "huecry/fernley"
AT = datetime(2026, 3, 7, 14, 5, 9, tzinfo=UTC)
CONFIG = "homeassistant/device/huecry_huecry_fernley/config"
SIGHTING = "Corner Books to Control, Martin Blackwood has just walked in, grey hoodie and black cap, over."
EMERGENCY = "Urgent assistance, Station Newsagent, a man with a knife is at the counter."


def device(**changes: Any) -> Device:  # noqa: ANN401 - fields of the device
    usual = {
        "name": "Fernley radio", "version": "0.1.0", "prefix": PREFIX, "channels": ("town", "market.2"),
        "transcripts": True, "announce": True,
    }  # fmt: skip
    return Device(**{**usual, **changes})


@pytest.mark.parametrize("transcripts", [True, False])
@pytest.mark.parametrize("announce", [True, False])
def test_the_description_is_what_home_assistant_documents(transcripts: bool, announce: bool) -> None:
    described: Any = config(device(transcripts=transcripts, announce=announce))
    jsonschema.validate(described, SCHEMA)
    components = described["cmps"]
    assert ("state_topic" in components["transcript"]) == transcripts
    assert ("command_topic" in components["announce"]) == announce, "what is off is named by its platform: removed"
    assert components["radio"]["event_types"] == list(EVENT_TYPES)
    assert components["busy_market_2"]["name"] == "Channel busy: market.2"
    ids = [one["unique_id"] for one in components.values() if "unique_id" in one]
    assert len(ids) == len(set(ids))
    assert config_topic("homeassistant", device()) == CONFIG


@pytest.mark.parametrize(
    ("component", "message", "state"),
    [
        ("problem", {"state": "online", "faults": [{"part": "radio town", "reason": "link lost"}]}, "ON"),
        ("problem", {"state": "online", "faults": []}, "OFF"),
        ("problem", {"state": "online"}, "OFF"),
        ("waiting", {"state": "online", "waiting": 3}, "3"),
        ("waiting", {"state": "offline"}, "0"),
        ("transcript", {"short": "seen", "text": "seen at the clock tower"}, "seen"),
    ],
)
def test_its_templates_make_the_states_of_our_messages(component: str, message: dict[str, Any], state: str) -> None:
    described: Any = config(device())
    template = SandboxedEnvironment().from_string(described["cmps"][component]["value_template"])
    assert template.render(value_json=message) == state
    available = SandboxedEnvironment().from_string(described["availability_template"])
    assert available.render(value_json={"state": "offline"}) == "offline"


def test_a_state_is_never_longer_than_home_assistant_takes() -> None:
    long = transcript("town", None, AT, "x" * 400)
    assert len(str(long["short"])) == STATE_MAX
    assert long["text"] == "x" * 400
    assert transcript("town", None, AT, "seen")["short"] == "seen"


def test_an_alert_event_has_what_the_alert_has_and_nothing_else() -> None:
    payload = {"number": 7, "kind": "sighting", "references": ["FT-0101"], "place": None, "ends": [], "secret": "x"}
    assert alert_fields(payload) == {"number": 7, "kind": "sighting", "references": ["FT-0101"]}


class Watcher:
    """`mosquitto_sub`: what any other program on the broker sees."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bool, str]] = []

    @asynccontextmanager
    async def watching(self, broker: Mosquitto) -> AsyncIterator[None]:
        subscribed = "\t# (QoS 1)"
        before = broker.log.count(subscribed)
        process = await asyncio.create_subprocess_exec(
            "mosquitto_sub",
            "-p",
            str(broker.port),
            "-q",
            "1",
            "-t",
            "#",
            "-F",
            "%r %t %p",
            stdout=asyncio.subprocess.PIPE,
        )
        reading = asyncio.create_task(self._read(process))
        try:
            await until(lambda: broker.log.count(subscribed) > before)
            yield
        finally:
            process.terminate()
            await process.wait()
            await asyncio.wait({reading})

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            retained, topic, payload = line.decode().rstrip("\n").split(" ", 2)
            self.messages.append((topic, retained == "1", payload))

    def on(self, topic: str) -> list[str]:
        return [payload for name, _, payload in self.messages if name == topic]

    def events(self, kind: str) -> list[dict[str, Any]]:
        found = [json.loads(payload) for payload in self.on(f"{PREFIX}/home/event")]
        return [event for event in found if event["event_type"] == kind]


def settings(broker: Mosquitto, **changes: Any) -> MqttSettings:  # noqa: ANN401 - fields of the settings
    usual = {
        "enabled": True, "host": "127.0.0.1", "port": broker.port, "topic_prefix": PREFIX, "longest_retry_s": 0.1,
        "discovery": True, "announce": True, "publish_calls": True,
    }  # fmt: skip
    return MqttSettings(**{**usual, **changes})


@asynccontextmanager
async def running(channel: MqttChannel) -> AsyncIterator[None]:
    task = asyncio.create_task(channel.run(), name="mqtt")
    try:
        async with asyncio.timeout(10):
            await channel.until_connected()
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until(true: Callable[[], object], within_s: float = 15.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.01)


@pytest.mark.broker
async def test_it_introduces_itself_and_again_when_home_assistant_starts(tmp_path: Path) -> None:
    watcher = Watcher()
    with Mosquitto(tmp_path) as broker:
        channel = MqttChannel(settings(broker), "", lambda: AT)
        home = HomeAssistant(channel, device(), "homeassistant")
        async with watcher.watching(broker), running(channel):
            await until(lambda: watcher.on(CONFIG))
            jsonschema.validate(json.loads(watcher.on(CONFIG)[0]), SCHEMA)
            await until(lambda: watcher.on(f"{PREFIX}/home/town/busy") == ["OFF"])
            home.radio(KeyUp("town", AT, "4401"))
            home.radio(KeyUp("town", AT, "4402"))
            await until(lambda: watcher.on(f"{PREFIX}/home/town/busy") == ["OFF", "ON"])
            await publish(broker, "homeassistant/status", b"offline")
            await publish(broker, "homeassistant/status", b"online")
            await until(lambda: len(watcher.on(CONFIG)) == 2)
            await until(lambda: watcher.on(f"{PREFIX}/home/town/busy") == ["OFF", "ON", "ON"])
            home.radio(KeyDown("town", AT))
            home.radio(KeyUp("market.2", AT))
            home.radio(LinkLost("market.2", AT, "gone"))
            await until(lambda: watcher.on(f"{PREFIX}/home/town/busy")[-1] == "OFF")
            await until(lambda: watcher.on(f"{PREFIX}/home/market_2/busy") == ["OFF", "OFF", "ON", "OFF"])
        late = Watcher()
        async with late.watching(broker):  # what Home Assistant finds when it starts later
            await until(lambda: late.on(CONFIG) and late.on(f"{PREFIX}/status"))
            assert (CONFIG, True) in {(topic, retained) for topic, retained, _ in late.messages}
            assert json.loads(late.on(f"{PREFIX}/status")[0])["state"] == "offline"


@pytest.mark.broker
async def test_a_new_broker_is_told_everything_again(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        channel = MqttChannel(settings(broker), "", lambda: AT)
        home = HomeAssistant(channel, device(), "homeassistant")
        async with running(channel):
            channel.publish_status({"waiting": 3, "faults": []})
            home.radio(KeyUp("town", AT))
            await asyncio.to_thread(broker.kill)
            await until(lambda: not channel.connected)
            await asyncio.to_thread(broker.start)
            watcher = Watcher()
            async with watcher.watching(broker):
                await until(lambda: watcher.on(CONFIG) and watcher.on(f"{PREFIX}/home/town/busy"))
                assert watcher.on(f"{PREFIX}/home/town/busy")[-1] == "ON"
                await until(lambda: json.loads(watcher.on(f"{PREFIX}/status")[-1]).get("waiting") == 3)


@pytest.mark.broker
async def test_emergencies_and_statuses_are_events_and_other_signalling_is_not(tmp_path: Path) -> None:
    watcher = Watcher()
    with Mosquitto(tmp_path) as broker:
        channel = MqttChannel(settings(broker), "", lambda: AT)
        home = HomeAssistant(channel, device(), "homeassistant")
        async with watcher.watching(broker), running(channel):
            home.radio(EmergencyPressed("town", AT, "4401"))
            home.radio(EmergencyPressed("town", AT))
            home.radio(Signalled("town", AT, "MDC-1200", "PTT ID 1234", "1234"))
            home.radio(Signalled("town", AT, "MDC-1200", "status 07", "1234", status="07"))
            await until(lambda: watcher.events("status"))
    first, second = watcher.events("emergency")
    assert first == {"event_type": "emergency", "channel": "town", "at": AT.isoformat(), "unit": "4401"}
    assert "unit" not in second
    (status,) = watcher.events("status")
    assert (status["status"], status["unit"], status["system"]) == ("07", "1234", "MDC-1200")


@pytest.mark.broker
async def test_old_events_are_not_told_to_a_broker_that_comes_back(tmp_path: Path) -> None:
    now = [AT]
    with Mosquitto(tmp_path) as broker:
        channel = MqttChannel(settings(broker), "", lambda: now[0])
        home = HomeAssistant(channel, device(), "homeassistant")
        home.radio(EmergencyPressed("town", AT, "old"))
        now[0] = AT + timedelta(minutes=2)
        home.radio(EmergencyPressed("town", now[0], "new"))
        watcher = Watcher()
        async with watcher.watching(broker), running(channel):
            await until(lambda: watcher.on(CONFIG))
    assert [event["unit"] for event in watcher.events("emergency")] == ["new"]


@asynccontextmanager
async def town_on(
    broker: Mosquitto,
    folder: Path,
    transcriber: ScriptedTranscriber,
    **changes: Any,  # noqa: ANN401 - fields of the settings
) -> AsyncIterator[tuple[LittleTown, Watcher]]:
    chosen = settings(broker, **changes)
    channel = MqttChannel(chosen, "", lambda: datetime.now(UTC))
    watcher = Watcher()
    async with (
        watcher.watching(broker),
        little_town(folder, transcriber, mqtt=chosen, more_channels=[channel]) as town,
        running(channel),
    ):
        announcer = town.parts.announcer
        speaking = asyncio.create_task(announcer.run()) if announcer is not None else None
        try:
            yield town, watcher
        finally:
            if speaking is not None:
                speaking.cancel()
                await asyncio.wait({speaking})


@pytest.mark.broker
async def test_a_call_and_its_alert_are_seen(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with town_on(broker, tmp_path, ScriptedTranscriber({1: SIGHTING})) as (town, watcher):
            await town.radio("1002").say(said(1))
            await until(lambda: watcher.events("alert") and watcher.on(f"{PREFIX}/home/transcript"))
            (voice,), (alert,) = watcher.events("voice"), watcher.events("alert")
            assert (voice["unit"], voice["channel"], voice["decision"], voice["text"]) == (
                "1002",
                "town",
                "alert",
                SIGHTING,
            )
            assert alert["references"] == ["FT-0101"]
            assert "Blackwood" not in json.dumps(alert)
            assert json.loads(watcher.on(f"{PREFIX}/home/transcript")[0])["short"] == SIGHTING
            await town.until_sent()


@pytest.mark.broker
async def test_without_leave_nothing_that_was_said_is_published(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        script = ScriptedTranscriber({1: SIGHTING})
        async with town_on(broker, tmp_path, script, publish_calls=False, announce=False) as (town, watcher):
            assert town.parts.announcer is None
            await publish(broker, f"{PREFIX}/announce", b"the north gate is shut")
            guard = town.radio("1002")
            await guard.say(said(1))
            await until(lambda: watcher.events("alert"))
            await town.until_sent()
            everything = " ".join(payload for _, _, payload in watcher.messages)
            assert "Blackwood" not in everything
            assert "command_topic" not in json.loads(watcher.on(CONFIG)[0])["cmps"]["announce"]


async def spoken(town: LittleTown) -> AuditEntry:
    """The first announcement that was noted as spoken."""
    async with asyncio.timeout(20):
        while not (noted := await town.parts.store.audit.list(action="announcement spoken")):
            await asyncio.sleep(0.02)
    return noted[-1]


@pytest.mark.broker
async def test_what_is_announced_is_spoken_on_the_radio_and_noted(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        await publish(broker, f"{PREFIX}/announce", b"said yesterday", "-r")
        async with town_on(broker, tmp_path, ScriptedTranscriber({})) as (town, _):
            guard = town.radio("1002")
            by = ("-V", "5", "-D", "publish", "user-property", "by", "Jo")
            await publish(broker, f"{PREFIX}/announce", b"the north gate is shut", *by)
            await until(lambda: any("BASE" in heard.units for heard in guard.heard))
            entry = await spoken(town)
            assert (entry.actor, entry.subject) == ("announcer", "radio town")
            assert (entry.detail["by"], entry.detail["text"]) == ("Jo", "the north gate is shut")


@pytest.mark.broker
async def test_a_call_for_help_is_not_talked_over(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with town_on(broker, tmp_path, ScriptedTranscriber({1: EMERGENCY})) as (town, _):
            await town.radio("1002").say(said(1))
            await until(lambda: town.handled)
            asked = town.channel.clock.now()
            await publish(broker, f"{PREFIX}/announce", b"the north gate is shut")
            entry = await spoken(town)
            assert entry.at - town.handled[0].decided_at >= timedelta(seconds=45)
            assert entry.at - asked <= timedelta(seconds=90)
            await town.until_sent()


@pytest.mark.broker
async def test_the_access_list_of_the_guide_keeps_the_microphone_to_home_assistant(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "home-assistant.md").read_text()
    rules = tmp_path / "acl"
    rules.write_text("user huecry\n" + page.split("user huecry\n")[1].split("```")[0] + "\nuser screen\ntopic read #\n")
    users = dict.fromkeys(("huecry", "homeassistant", "screen"), "a secret")
    with Mosquitto(tmp_path, users=users, extra=[f"acl_file {rules}"]) as broker:
        channel = MqttChannel(settings(broker, username="huecry"), "a secret", lambda: AT)
        HomeAssistant(channel, device(), "homeassistant")
        asked: list[bytes] = []
        channel.listen(channel.topic("announce"), lambda heard: asked.append(heard.payload))
        async with (
            running(channel),
            aiomqtt.Client("127.0.0.1", broker.port, username="homeassistant", password="a secret") as assistant,
        ):
            await assistant.subscribe("homeassistant/#", qos=1)
            message = await anext(aiter(assistant.messages))
            assert str(message.topic) == CONFIG
            for user in ("screen", "homeassistant"):
                login = ("-u", user, "-P", "a secret")
                await publish(broker, f"{PREFIX}/announce", f"said by {user}".encode(), *login)
            await until(lambda: asked)
            assert asked == [b"said by homeassistant"]
