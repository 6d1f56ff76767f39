"""The driver against a real mosquitto, with a base station that is an MQTT client of its own."""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import numpy as np
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import TypeAdapter
from structlog.testing import capture_logs

from radio_drivers.interface import (
    RATE,
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioSettingsError,
    TextReceived,
    TransmitEnded,
    TransmitStarted,
    TransmitTimeout,
)
from radio_drivers.keying import KeyDropped
from radio_drivers.mqtt.driver import MqttRadioDriver
from radio_drivers.mqtt.settings import MqttRadioSettings
from radio_drivers.mqtt.wav import read_wav, write_wav
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers.broker_side import Listener, running

pytestmark = pytest.mark.broker

BASE = "huecry/radio/town"
QUICK = KeyingRules(lead_in_s=0.02, tail_s=0.02, clear_for_s=0.05, busy_wait_s=0.5, time_out_s=5.0)


def quick_delays() -> Iterator[float]:
    while True:
        yield 0.05


def tone(seconds: float, rate: int = RATE) -> bytes:
    t = np.arange(int(seconds * rate)) / rate
    pcm: bytes = (8000 * np.sin(2 * np.pi * 700 * t)).astype("<i2").tobytes()
    return pcm


class BaseStation:
    """What a second program on the broker sees and says."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.heard: list[tuple[str, bytes]] = []
        self.answers = True
        self.refuses = ""

    async def say(self, part: str, payload: bytes | dict[str, Any], *, retain: bool = False, **user: str) -> None:
        body = json.dumps(payload).encode() if isinstance(payload, dict) else payload
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        if user:
            properties.UserProperty = list(user.items())
        await self.client.publish(f"{BASE}/{part}", body, qos=1, retain=retain, properties=properties)

    async def listen(self) -> None:
        async for message in self.client.messages:
            part = message.topic.value.removeprefix(f"{BASE}/")
            self.heard.append((part, message.payload))
            if part == "tx/wav" and (self.answers or self.refuses):
                tag = dict(getattr(message.properties, "UserProperty", ()))["id"]
                state = {"v": 1, "id": tag, "state": "refused" if self.refuses else "played", "reason": self.refuses}
                await self.say("tx/state", state)

    def parts(self, *names: str) -> list[str]:
        return [part for part, _ in self.heard if part in names]

    def keys(self) -> list[bool]:
        return [json.loads(body)["down"] for part, body in self.heard if part == "tx/key"]

    def released(self) -> bool:
        return True in self.keys() and self.keys()[-1] is False

    def last(self, name: str) -> bytes:
        return next((body for part, body in reversed(self.heard) if part == name), b"")


async def until(true: Callable[[], bool], within_s: float = 8.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # a test watches from outside; it has no event to wait for
            await asyncio.sleep(0.01)


@asynccontextmanager
async def base_station(
    broker: Mosquitto, trust: ssl.SSLContext | None = None, login: tuple[str, str] = ("", "")
) -> AsyncIterator[BaseStation]:
    async with aiomqtt.Client(
        "127.0.0.1",
        broker.port,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=trust,
        username=login[0] or None,
        password=login[1] or None,
    ) as client:
        station = BaseStation(client)
        await client.subscribe([(f"{BASE}/tx/+", 1), (f"{BASE}/gateway", 1)])
        listening = asyncio.create_task(station.listen())
        try:
            yield station
        finally:
            listening.cancel()
            await asyncio.wait({listening})


def make_driver(broker: Mosquitto, rules: KeyingRules = QUICK, **settings: object) -> MqttRadioDriver:
    options = TypeAdapter(MqttRadioSettings).validate_python({"host": "127.0.0.1", "port": broker.port, **settings})
    return MqttRadioDriver("town", options, rules, delays=quick_delays)


@asynccontextmanager
async def on_air(
    broker: Mosquitto, rules: KeyingRules = QUICK, **settings: object
) -> AsyncIterator[tuple[MqttRadioDriver, Listener, BaseStation]]:
    driver = make_driver(broker, rules, **settings)
    async with base_station(broker) as station, running(driver) as listener:
        await until(lambda: driver.connected)
        yield driver, listener, station


@pytest.fixture(name="broker")
def _broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as broker:
        yield broker


async def test_a_transmission_in_pieces_comes_in_whole(broker: Mosquitto) -> None:
    said = tone(1.0, 8000)
    async with on_air(broker) as (driver, listener, station):
        await station.say("rx/keyup", {"v": 1, "unit": "U7", "strength_dbm": -87.5, "rate": 8000})
        await until(lambda: driver.busy)
        for begin in range(0, len(said), 1600):
            await station.say("rx/audio", said[begin : begin + 1600])
        await station.say("rx/keydown", {"v": 1, "strength_dbm": -90})
        await until(lambda: bool(listener.of(KeyDown)))
        assert not driver.busy
        restored, up, *audio, down = listener.events
        assert isinstance(restored, LinkRestored)
        assert isinstance(up, KeyUp)
        assert (up.channel, up.unit, up.strength_dbm) == ("town", "U7", -87.5)
        assert all(isinstance(event, Audio) for event in audio)
        assert abs(len(listener.pcm()) / 2 - RATE) < 20
        assert isinstance(down, KeyDown)
        assert down.strength_dbm == -90
        assert abs((down.at - up.at).total_seconds() - 1.0) < 0.01
        assert driver.bad_payloads == 0


async def test_one_wav_is_a_whole_transmission(broker: Mosquitto) -> None:
    said = tone(2.5)
    async with on_air(broker) as (driver, listener, station):
        await station.say("rx/wav", write_wav(said, RATE), unit="U9", strength_dbm="-71")
        await until(lambda: bool(listener.of(KeyDown)))
        (up,) = listener.of(KeyUp)
        assert isinstance(up, KeyUp)
        assert (up.unit, up.strength_dbm) == ("U9", -71.0)
        assert listener.pcm() == said
        assert not driver.busy


async def test_text_and_emergency(broker: Mosquitto) -> None:
    async with on_air(broker) as (_, listener, station):
        await station.say("rx/text", {"v": 1, "unit": 4711, "text": "all quiet"})
        await station.say("rx/emergency", {"v": 1, "unit": "U3"})
        await until(lambda: bool(listener.of(EmergencyPressed)))
        (text,), (emergency,) = listener.of(TextReceived), listener.of(EmergencyPressed)
        assert isinstance(text, TextReceived)
        assert (text.text, text.unit) == ("all quiet", "4711")
        assert isinstance(emergency, EmergencyPressed)
        assert emergency.unit == "U3"


async def test_voice_goes_out_keyed_as_one_wav(broker: Mosquitto) -> None:
    said = tone(0.3)
    async with on_air(broker) as (driver, listener, station):
        await driver.send_voice(said)
        await until(station.released)
        order = station.parts("tx/key", "tx/wav")
        assert order[-3:] == ["tx/key", "tx/wav", "tx/key"]
        assert station.keys() == [False, True, False]
        assert read_wav(station.last("tx/wav")).pcm == said
        kinds = [type(event) for event in listener.of(TransmitStarted, TransmitEnded)]
        assert kinds == [TransmitStarted, TransmitEnded]


async def test_voice_goes_out_as_a_stream_in_real_time(broker: Mosquitto) -> None:
    said = tone(0.5)
    async with on_air(broker, transmit="stream") as (driver, _, station):
        began = asyncio.get_running_loop().time()
        await driver.send_voice(said)
        took = asyncio.get_running_loop().time() - began
        await until(station.released)
        assert b"".join(body for part, body in station.heard if part == "tx/audio") == said
        assert took >= 0.5


async def test_text_goes_out(broker: Mosquitto) -> None:
    async with on_air(broker, text_max=20) as (driver, _, station):
        await driver.send_text("Alert 12: café", to="U7")
        await until(lambda: bool(station.parts("tx/text")))
        sent = json.loads(station.last("tx/text"))
        assert (sent["v"], sent["text"], sent["to"]) == (1, "Alert 12: café", "U7")
        with pytest.raises(NotSupported, match="text_max is 20"):
            await driver.send_text("x" * 21)
    async with on_air(broker, text_out=False) as (driver, _, station):
        assert not driver.abilities.text_out
        with pytest.raises(NotSupported, match="text_out"):
            await driver.send_text("hello")


async def test_never_keys_while_somebody_talks(broker: Mosquitto) -> None:
    async with on_air(broker, silence_s=30) as (driver, listener, station):
        await station.say("rx/keyup", {"v": 1})
        await until(lambda: driver.busy)
        sending = asyncio.create_task(driver.send_voice(tone(0.1)))
        await asyncio.sleep(0.2)
        assert not station.parts("tx/wav")
        await station.say("rx/keydown", {"v": 1})
        await sending
        await until(lambda: bool(station.parts("tx/wav")))
        order = [type(event) for event in listener.of(KeyDown, TransmitStarted)]
        assert order == [KeyDown, TransmitStarted]


async def test_another_systems_carrier_counts_as_busy(broker: Mosquitto) -> None:
    async with on_air(broker) as (driver, listener, station):
        await station.say("rx/busy", {"v": 1, "busy": True})
        await until(lambda: driver.busy)
        await station.say("rx/busy", {"v": 1, "busy": False})
        await until(lambda: not driver.busy)
        assert not listener.of(KeyUp, KeyDown)


async def test_a_base_station_that_never_confirms_is_named(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radio_drivers.mqtt.driver.CONFIRM_S", 0.1)
    async with on_air(broker) as (driver, _, station):
        station.answers = False
        with pytest.raises(LinkDown, match="confirms = false"):
            await driver.send_voice(tone(0.1))
        await until(station.released)
    async with on_air(broker, confirms=False) as (driver, _, station):
        station.answers = False
        await driver.send_voice(tone(0.1))


async def test_a_refusal_reaches_the_caller_with_its_reason(broker: Mosquitto) -> None:
    async with on_air(broker) as (driver, _, station):
        station.refuses = "transmitter too hot"
        with pytest.raises(LinkDown, match="transmitter too hot"):
            await driver.send_voice(tone(0.1))
        await until(station.released)


async def test_time_out_and_drop_key_release_the_key(broker: Mosquitto) -> None:
    short = KeyingRules(lead_in_s=0.01, tail_s=0.01, clear_for_s=0.01, busy_wait_s=0.5, time_out_s=0.3)
    async with on_air(broker, short, transmit="stream") as (driver, _, station):
        with pytest.raises(TransmitTimeout):
            await driver.send_voice(tone(5.0))
        await until(station.released)
    async with on_air(broker, transmit="stream") as (driver, _, station):
        sending = asyncio.create_task(driver.send_voice(tone(5.0)))
        await until(lambda: bool(station.parts("tx/audio")))
        await driver.drop_key()
        with pytest.raises(KeyDropped):
            await sending
        await until(station.released)


async def test_stopping_in_mid_word_releases_the_key_and_says_goodbye(broker: Mosquitto) -> None:
    driver = make_driver(broker, transmit="stream")
    async with base_station(broker) as station:
        async with running(driver):
            await until(lambda: driver.connected)
            sending = asyncio.create_task(driver.send_voice(tone(5.0)))
            await until(lambda: bool(station.parts("tx/audio")))
        assert not driver.busy
        await until(lambda: station.parts("gateway")[-1:] == ["gateway"] and b"false" in station.last("gateway"))
        assert station.keys()[-1] is False
        with pytest.raises(KeyDropped):
            await sending


GATEWAY = """
import asyncio, sys
from radio_drivers.interface import KeyingRules
from radio_drivers.mqtt.driver import MqttRadioDriver
from radio_drivers.mqtt.settings import MqttRadioSettings

async def main():
    options = MqttRadioSettings(host="127.0.0.1", port=int(sys.argv[1]), transmit="stream")
    driver = MqttRadioDriver("town", options, KeyingRules(clear_for_s=0.01))
    run = asyncio.create_task(driver.run())
    while not driver.connected:
        await asyncio.sleep(0.01)
    await driver.send_voice(bytes(60 * 32000))

asyncio.run(main())
"""


async def test_kill_9_in_mid_word_reaches_the_base_station_by_the_last_will(broker: Mosquitto) -> None:
    """What makes the base station let go of the key when our process dies."""
    async with base_station(broker) as station:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", GATEWAY, str(broker.port))
        try:
            await until(lambda: bool(station.parts("tx/audio")), within_s=20)
            assert station.keys()[-1] is True
            assert json.loads(station.last("gateway")) == {"v": 1, "online": True}
        finally:
            process.kill()
            await process.wait()
        await until(lambda: json.loads(station.last("gateway")) == {"v": 1, "online": False})


async def test_tls_and_password(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, users={"gateway": "a secret", "station": "s"}, tls=True) as broker:
        trust = ssl.create_default_context(cafile=str(broker.ca_file))
        options = MqttRadioSettings(
            host="127.0.0.1", port=broker.port, tls=True, ca_file=str(broker.ca_file), username="gateway"
        )
        driver = MqttRadioDriver("town", options, QUICK, password="a secret")
        async with (
            base_station(broker, trust, ("station", "s")) as station,
            running(driver) as listener,
        ):
            await until(lambda: driver.connected)
            await station.say("rx/text", {"text": "over TLS"})
            await until(lambda: bool(listener.of(TextReceived)))


@pytest.mark.parametrize(
    ("change", "password", "message"),
    [
        ({}, "guess", "refuses user 'gateway' .* check username and the password"),
        ({"username": ""}, None, "without a user name"),
        ({"ca_file": ""}, "a secret", "certificate .* not trusted .* check host and ca_file"),
        ({"ca_file": "/nowhere/ca.crt"}, "a secret", "/nowhere/ca.crt.*give readable PEM files"),
    ],
)
async def test_settings_that_cannot_work_are_refused_with_what_to_do(
    tmp_path: Path, change: dict[str, Any], password: str | None, message: str
) -> None:
    with Mosquitto(tmp_path, users={"gateway": "a secret"}, tls=True) as broker:
        options: dict[str, Any] = {"username": "gateway", "ca_file": str(broker.ca_file), **change}
        settings = MqttRadioSettings(host="127.0.0.1", port=broker.port, tls=True, **options)
        driver = MqttRadioDriver("town", settings, QUICK, password=password)
        with pytest.raises(RadioSettingsError, match=message):
            await driver.run()


async def test_an_access_list_that_forbids_our_topics_is_named(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text(f"user gateway\ntopic read {BASE}/#\n")
    with Mosquitto(tmp_path, users={"gateway": "a secret"}, extra=[f"acl_file {rules}"]) as broker:
        settings = MqttRadioSettings(host="127.0.0.1", port=broker.port, username="gateway")
        driver = MqttRadioDriver("town", settings, QUICK, password="a secret")
        with pytest.raises(
            RadioSettingsError, match=r"does not let gateway publish on .*tx/key .* mend its access list"
        ):
            await driver.run()


async def test_the_access_list_of_the_documentation_is_enough(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "radios" / "mqtt.md").read_text()
    rules = tmp_path / "acl"
    documented = "user huecry-town\n" + page.split("user huecry-town\n")[1].split("```")[0]
    rules.write_text(f"{documented}\nuser station\ntopic readwrite {BASE}/#\n")
    users = {"huecry-town": "a secret", "station": "s"}
    with Mosquitto(tmp_path, users=users, extra=[f"acl_file {rules}"]) as broker:
        settings = MqttRadioSettings(host="127.0.0.1", port=broker.port, username="huecry-town")
        driver = MqttRadioDriver("town", settings, QUICK, password="a secret")
        async with base_station(broker, None, ("station", "s")) as station, running(driver) as listener:
            await until(lambda: driver.connected)
            await station.say("rx/wav", write_wav(tone(0.2), RATE))
            await driver.send_voice(tone(0.1))
            await driver.send_text("hello")
            await station.say("status", b"offline")
            await until(lambda: bool(listener.of(LinkLost)))
            assert listener.pcm() == tone(0.2)


async def test_a_second_gateway_with_our_client_id_is_named(broker: Mosquitto) -> None:
    async with on_air(broker) as (driver, listener, _):
        async with aiomqtt.Client(
            "127.0.0.1", broker.port, identifier="huecry-town", protocol=aiomqtt.ProtocolVersion.V5
        ):
            await until(lambda: bool(listener.of(LinkLost)))
        (lost,) = listener.of(LinkLost)
        assert isinstance(lost, LinkLost)
        assert "another program use the client id 'huecry-town'" in lost.reason
        await until(lambda: driver.connected)


async def test_a_shell_script_can_be_a_base_station(broker: Mosquitto, tmp_path: Path) -> None:
    """The commands of docs/radios/mqtt.md, with the programs of Debian's mosquitto-clients."""
    file = tmp_path / "call.wav"
    file.write_bytes(write_wav(tone(0.5), RATE))

    async def publish(part: str, *arguments: str) -> None:
        command = ["mosquitto_pub", "-V", "5", "-p", str(broker.port), "-q", "1", "-t", f"{BASE}/{part}", *arguments]
        process = await asyncio.create_subprocess_exec(*command)
        assert await process.wait() == 0

    async with on_air(broker) as (driver, listener, _):
        await publish("rx/keyup", "-m", '{"v":1,"unit":"U7","audio":"wav"}')
        await publish("rx/keydown", "-m", "{}")
        await publish("rx/wav", "-f", str(file))
        await publish("rx/wav", "-f", str(file), "-D", "publish", "user-property", "unit", "U8")
        await publish("status", "-r", "-m", "online")
        await until(lambda: len(listener.of(KeyDown)) == 2)
        units = [event.unit for event in listener.events if isinstance(event, KeyUp)]
        assert units == ["U7", "U8"]
        assert listener.pcm() == tone(0.5) * 2
        assert driver.bad_payloads == 0


async def test_plain_broker_asked_for_tls_is_a_lost_link_with_a_hint(broker: Mosquitto) -> None:
    driver = make_driver(broker, tls=True)
    async with running(driver) as listener:
        await until(lambda: bool(listener.of(LinkLost)))
        (lost,) = listener.of(LinkLost)
        assert isinstance(lost, LinkLost)
        assert "TLS" in lost.reason


async def test_broker_restart_is_one_loss_and_one_return(broker: Mosquitto) -> None:
    async with on_air(broker) as (driver, listener, _):
        broker.kill()
        await until(lambda: not driver.connected)
        with pytest.raises(LinkDown, match="no connection to the broker"):
            await driver.send_voice(tone(0.1))
        await asyncio.sleep(0.4)  # several failed attempts
        broker.start()
        await until(lambda: driver.connected)
        async with base_station(broker) as again:
            await again.say("rx/wav", write_wav(tone(0.5), RATE))
            await until(lambda: bool(listener.of(KeyDown)))
            await driver.send_voice(tone(0.1))
        kinds = [type(event) for event in listener.of(LinkLost, LinkRestored)]
        assert kinds == [LinkRestored, LinkLost, LinkRestored]


async def test_no_broker_at_first_is_one_loss(broker: Mosquitto) -> None:
    broker.stop()
    driver = make_driver(broker)
    async with running(driver) as listener:
        await asyncio.sleep(0.3)
        broker.start()
        await until(lambda: driver.connected)
        kinds = [type(event) for event in listener.of(LinkLost, LinkRestored)]
        assert kinds == [LinkLost, LinkRestored]


async def test_key_down_published_while_we_were_away_still_arrives(tmp_path: Path) -> None:
    """The broker keeps QoS 1 messages for our session: a short loss tears no transmission."""
    said = tone(0.6)
    with Mosquitto(tmp_path) as broker:
        async with on_air(broker, silence_s=0.3, session_s=60) as (driver, listener, station):
            await station.say("rx/keyup", {"v": 1, "unit": "U7"})
            await station.say("rx/audio", said[:6400])
            await until(lambda: len(listener.pcm()) == 6400)
            connection = driver._connection
            assert connection is not None
            connection._client._client.socket().shutdown(2)  # type: ignore[union-attr]
            await station.say("rx/audio", said[6400:])
            await station.say("rx/keydown", {"v": 1})
            await until(lambda: bool(listener.of(KeyDown)))
            assert listener.pcm() == said
            assert len(listener.of(KeyUp)) == len(listener.of(KeyDown)) == 1
            await until(lambda: driver.connected)
            assert len(listener.of(LinkLost)) == 1


async def test_base_station_that_vanishes_ends_its_transmission(broker: Mosquitto) -> None:
    async with on_air(broker, silence_s=0.2) as (driver, listener, station):
        await station.say("rx/keyup", {"v": 1})
        await station.say("rx/audio", tone(0.5))
        await until(lambda: bool(listener.of(KeyDown)))
        up, down = listener.of(KeyUp, KeyDown)
        assert isinstance(up, KeyUp)
        assert isinstance(down, KeyDown)
        assert (down.at - up.at).total_seconds() == pytest.approx(0.5)
        assert not driver.busy


async def test_base_station_offline_is_a_lost_link(broker: Mosquitto) -> None:
    async with on_air(broker) as (driver, listener, station):
        await station.say("rx/keyup", {"v": 1})
        await station.say("status", {"v": 1, "online": False}, retain=True)
        await until(lambda: bool(listener.of(LinkLost)))
        assert [type(event) for event in listener.events] == [LinkRestored, KeyUp, KeyDown, LinkLost]
        with pytest.raises(LinkDown, match="base station is offline"):
            await driver.send_voice(tone(0.1))
        await station.say("status", b"online", retain=True)
        await until(lambda: driver.connected)
        assert len(listener.of(LinkLost)) == 1


async def test_base_station_that_dies_while_transmitting_ends_the_wait(broker: Mosquitto) -> None:
    async with on_air(broker) as (driver, _, station):
        station.answers = False
        sending = asyncio.create_task(driver.send_voice(tone(3.0)))
        await until(lambda: bool(station.parts("tx/wav")))
        await station.say("status", b"offline")
        with pytest.raises(LinkDown, match="went offline during a transmission"):
            await sending


async def test_garbage_is_reported_once_and_reception_goes_on(broker: Mosquitto) -> None:
    wav = write_wav(tone(1.0), RATE)
    garbage: list[tuple[str, bytes]] = [
        ("rx/keyup", b""),
        ("rx/keyup", b"\xff\xfe\x00"),
        ("rx/keyup", b"[1, 2]"),
        ("rx/keyup", b'{"v":1,"strength_dbm":"loud"}'),
        ("rx/keyup", b'{"v":2}'),
        ("rx/text", b'{"text":17}'),
        ("rx/busy", b'{"busy":"yes"}'),
        ("rx/wav", b""),
        ("rx/wav", b"RIFF\x00\x00\x00\x00WAVE"),
        ("rx/wav", bytes(50_000_000)),
        ("rx/audio", bytes(2_000_000)),
        ("tx/state", b"{}"),
        ("status", b"perhaps"),
    ]
    async with on_air(broker) as (driver, listener, station):
        with capture_logs() as logs:
            for part, payload in garbage:
                await station.say(part, payload)
            await until(lambda: driver.bad_payloads == len(garbage), within_s=20)
            assert listener.of(KeyUp, Audio, KeyDown, TextReceived) == []
            for _ in range(20):
                await station.say("rx/keyup", b"{")
            await station.say("rx/wav", wav[: 44 + 16_000])  # cut: what is there is kept
            await until(lambda: bool(listener.of(KeyDown)))
        assert listener.pcm() == wav[44 : 44 + 16_000]
        told = [entry for entry in logs if entry["event"] == "the base station sent something wrong"]
        assert len(told) == len(garbage) + 2
        assert any("50000000 bytes are too many, the limit is 24000000" in entry["reason"] for entry in told)
        assert any("cut off: 16000 bytes are missing" in entry["reason"] for entry in told)
        assert driver.connected


async def test_retained_transmissions_are_not_news(broker: Mosquitto) -> None:
    async with base_station(broker) as early:
        await early.say("rx/keyup", {"v": 1}, retain=True)
    async with on_air(broker) as (_, listener, station):
        await station.say("rx/text", {"text": "now"})
        await until(lambda: bool(listener.of(TextReceived)))
        assert listener.of(KeyUp) == []


async def test_cancel_while_the_broker_does_not_answer(broker: Mosquitto) -> None:
    """A connect that hangs must neither delay the stop for long nor leave anything behind."""
    broker.pause()
    driver = make_driver(broker)
    run = asyncio.create_task(driver.run())
    await asyncio.sleep(0.2)
    run.cancel()
    await asyncio.wait({run}, timeout=4.0)
    assert run.cancelled()
