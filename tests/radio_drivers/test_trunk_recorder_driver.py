"""The driver against a real mosquitto; trunk-recorder's messages come by `mosquitto_pub`."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from radio_drivers.interface import (
    RATE,
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioSettingsError,
    Signalled,
)
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.trunk_recorder.driver import TrunkRecorderDriver
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers import trunk_recorder_says as tr
from tests.radio_drivers.broker_side import Listener, publish, quick_delays, running, tone, until

pytestmark = pytest.mark.broker

BASE = "trunk-recorder"


def make_driver(broker: Mosquitto, **settings: Any) -> TrunkRecorderDriver:  # noqa: ANN401 - fields of the settings
    usual = {"host": "127.0.0.1", "port": broker.port, "systems": ("shopwatch",), "talkgroups": (9001,), **settings}
    return TrunkRecorderDriver("town", TrunkRecorderSettings(**usual), KeyingRules(), delays=quick_delays)


@asynccontextmanager
async def on_air(tmp_path: Path, **settings: Any) -> AsyncIterator[tuple[Mosquitto, TrunkRecorderDriver, Listener]]:  # noqa: ANN401
    with Mosquitto(tmp_path) as broker:
        driver = make_driver(broker, **settings)
        async with running(driver) as listener:
            await until(lambda: driver.connected)
            yield broker, driver, listener


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


async def test_a_call_with_its_emergency_comes_in_whole(tmp_path: Path) -> None:
    said, start = tone(65.0), now()  # 2 MB: decoded off the event loop
    async with on_air(tmp_path) as (broker, driver, listener):
        await publish(broker, f"{BASE}/call_start", tr.call("call_start", start, emergency=True))
        await until(lambda: bool(listener.of(EmergencyPressed)))
        assert driver.busy
        await publish(broker, f"{BASE}/call_end", tr.call("call_end", start, emergency=True))
        await publish(broker, f"{BASE}/audio", tr.audio(start, write_wav(said, RATE), 65, emergency=1))
        await until(lambda: bool(listener.of(KeyDown)))
        assert not driver.busy
        assert driver.bad_payloads == 0
    assert listener.names(Audio) == [
        "LinkRestored", "EmergencyPressed", "Signalled", "KeyUp", "Signalled", "KeyDown",
    ]  # fmt: skip
    (up,) = listener.of(KeyUp)
    assert isinstance(up, KeyUp)
    assert (up.unit, up.at, up.strength_dbm) == ("4401", start, -96.0)
    assert listener.pcm() == said


async def test_calls_of_others_and_calls_that_cannot_be_heard_leave_the_channel_alone(tmp_path: Path) -> None:
    start, sound = now(), write_wav(tone(1.0), RATE)
    async with on_air(tmp_path) as (broker, driver, listener):
        with capture_logs() as logs:
            await publish(broker, f"{BASE}/audio", tr.audio(start, sound, 1, talkgroup=77))
            await publish(broker, f"{BASE}/audio", tr.audio(start, sound, 1, short_name="county"))
            await publish(broker, f"{BASE}/audio", b"{}")
            await publish(broker, f"{BASE}/audio", b'{"call": {"metadata": {}, "audio_wav_base64": "!!"}}')
            await publish(broker, f"{BASE}/audio", b'{"call": {"metadata": {}}}')
            await publish(broker, f"{BASE}/audio", tr.audio(start, b"....ftypM4A ....", 1, kind="m4a"))
            await publish(broker, f"{BASE}/audio", tr.audio(start, sound, 1, encrypted=1))
            await publish(broker, f"{BASE}/audio", tr.audio(start, sound, 1), "-r")
            await publish(broker, f"{BASE}/audio", tr.audio(start, sound, 1.0))
            await until(lambda: bool(listener.of(KeyDown)))
        reasons = [entry["reason"] for entry in logs if "sent something wrong" in entry["event"]]
        assert listener.pcm() == tone(1.0)
        assert driver.bad_payloads == len(reasons) == 5
        assert any("set the plugin's audio type (mqtt_audio_type) to wav" in reason for reason in reasons)
        assert any("audio type (mqtt_audio_type) must be wav, not none" in reason for reason in reasons)


async def test_yesterdays_retained_call_is_not_news(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        await publish(broker, f"{BASE}/audio", tr.audio(now(), write_wav(tone(1.0), RATE), 1), "-r")
        driver = make_driver(broker)
        async with running(driver) as listener:
            await until(lambda: driver.connected)
            await publish(broker, f"{BASE}/call_start", tr.call("call_start", now(), emergency=True))
            await until(lambda: bool(listener.of(Signalled)))
            assert listener.of(KeyUp) == []


async def test_a_recorder_that_says_goodbye_is_a_lost_link(tmp_path: Path) -> None:
    async with on_air(tmp_path) as (broker, driver, listener):
        await publish(broker, f"{BASE}/trunk_recorder/status", tr.status("connected", "one"), "-r")
        await publish(broker, f"{BASE}/trunk_recorder/status", tr.status("disconnected", "two"), "-r")
        await publish(broker, f"{BASE}/trunk_recorder/status", tr.status("disconnected", "one"), "-r")
        await until(lambda: not driver.connected)
        (lost,) = listener.of(LinkLost)
        assert isinstance(lost, LinkLost)
        assert "says on trunk-recorder/trunk_recorder/status that it is disconnected" in lost.reason
        await publish(broker, f"{BASE}/trunk_recorder/status", tr.status("connected", "one"), "-r")
        await until(lambda: driver.connected)


async def test_a_broker_that_goes_is_one_loss_and_calls_go_on_afterwards(tmp_path: Path) -> None:
    async with on_air(tmp_path) as (broker, driver, listener):
        await publish(broker, f"{BASE}/call_start", tr.call("call_start", now()))
        await until(lambda: driver.busy)
        broker.kill()
        await until(lambda: not driver.connected)
        assert not driver.busy
        await asyncio.sleep(0.3)  # several failed attempts
        broker.start()
        await until(lambda: driver.connected)
        await publish(broker, f"{BASE}/audio", tr.audio(now(), write_wav(tone(0.5), RATE), 0.5))
        await until(lambda: bool(listener.of(KeyDown)))
    assert listener.names(Audio, Signalled) == [
        "LinkRestored", "LinkLost", "LinkRestored", "KeyUp", "KeyDown",
    ]  # fmt: skip
    assert listener.of(LinkRestored)


async def test_two_channels_of_one_recorder(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        town = make_driver(broker)
        market = TrunkRecorderDriver(
            "market",
            TrunkRecorderSettings(host="127.0.0.1", port=broker.port, talkgroups=(9002,)),
            KeyingRules(),
            delays=quick_delays,
        )
        async with running(town) as in_town, running(market) as in_market:
            await until(lambda: town.connected and market.connected)
            await publish(broker, f"{BASE}/audio", tr.audio(now(), write_wav(tone(0.5), RATE), 0.5))
            await publish(broker, f"{BASE}/audio", tr.audio(now(), write_wav(tone(0.7), RATE), 0.7, talkgroup=9002))
            await until(lambda: bool(in_town.of(KeyDown) and in_market.of(KeyDown)))
        assert (in_town.pcm(), in_market.pcm()) == (tone(0.5), tone(0.7))


async def test_it_only_listens(tmp_path: Path) -> None:
    driver = TrunkRecorderDriver("town", TrunkRecorderSettings(), KeyingRules())
    assert not driver.abilities.voice_out
    with pytest.raises(NotSupported, match="only listens"):
        await driver.send_voice(b"")
    with pytest.raises(NotSupported, match="only listens"):
        await driver.send_text("hello")
    await driver.drop_key()


async def test_a_broker_that_lets_nobody_in_is_a_matter_of_the_settings(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, users={"gateway": "a secret"}) as broker:
        driver = make_driver(broker)
        with pytest.raises(RadioSettingsError, match="check username and the password's secret"):
            await driver.run()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"topic": ""}, "topic is empty"),
        ({"topic": "tr/#"}, "give a plain topic"),
        ({"status_topic": "/status"}, "status_topic = '/status'"),
        ({"host": ""}, "host is empty"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrunkRecorderSettings(**settings)  # type: ignore[arg-type]  # texts all of them


def test_the_audio_limit_counts_before_base64() -> None:
    from radio_drivers.mqtt.protocol import BadPayload
    from radio_drivers.trunk_recorder.protocol import CallAudio, decode

    def message(size: int) -> bytes:
        return b'{"call": {"metadata": {}, "audio_wav_base64": "%s"}}' % base64.b64encode(bytes(size))

    assert isinstance(decode("audio", message(300_000), audio_max=300_000), CallAudio)
    assert isinstance(decode("audio", message(300_003), audio_max=300_000), BadPayload)
    too_much = decode("audio", message(900_000), audio_max=300_000)
    assert isinstance(too_much, BadPayload)
    assert "bytes are too many" in too_much.reason


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ({}, {}, True),
        ({"talkgroups": (1, 2)}, {}, True),
        ({"talkgroups": (1, 2)}, {"talkgroups": (2,)}, True),
        ({"talkgroups": (1,)}, {"talkgroups": (2,)}, False),
        ({"systems": ("a",)}, {"systems": ("b",)}, False),
        ({"topic": "a"}, {"topic": "b"}, False),
        ({"host": "a"}, {"host": "b"}, False),
    ],
)
def test_channels_that_would_tell_the_same_call_twice(one: dict[str, Any], other: dict[str, Any], shared: bool) -> None:
    assert TrunkRecorderSettings(**one).shares_calls_with(TrunkRecorderSettings(**other)) == shared
