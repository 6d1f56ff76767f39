"""The driver against mosquitto and Rhasspy's own microphone, loudspeaker and synthesiser."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import numpy as np
import pytest

from radio_drivers.hermes.driver import HermesDriver
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import (
    RATE,
    Audio,
    ChannelBusy,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    LinkLost,
    NotSupported,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.mqtt.wav import read_wav, write_wav
from tests.peers import rhasspy
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers.broker_side import Listener, publish, quick_delays, running, tone, until

pytestmark = pytest.mark.broker

SITE = "base1"
AUDIO = f"hermes/audioServer/{SITE}"
QUICK = KeyingRules(lead_in_s=0.02, tail_s=0.02, clear_for_s=0.05, busy_wait_s=0.5, time_out_s=20.0)

TALKER = """
import sys, time, pathlib
said, talk = pathlib.Path(sys.argv[1]).read_bytes(), pathlib.Path(sys.argv[2])
begun, at = time.monotonic(), 0
while True:
    if said and talk.exists():
        piece, said = said[:2048], said[2048:]
    else:
        piece = bytes(2048)
    sys.stdout.buffer.write(piece); sys.stdout.buffer.flush()
    at += len(piece) / 32000
    time.sleep(max(0, begun + at - time.monotonic()))
"""
"""What `arecord` would be: silence in real time, and speech once a file says so."""


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    rhasspy.prepare_environment()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as running_broker:
        yield running_broker


def make_driver(broker: Mosquitto, rules: KeyingRules = QUICK, **settings: Any) -> HermesDriver:  # noqa: ANN401
    usual = {"host": "127.0.0.1", "port": broker.port, "site": SITE, "frames_missing_s": 0.0, **settings}
    return HermesDriver("town", HermesSettings(**usual), rules, delays=quick_delays)


@asynccontextmanager
async def on_air(
    broker: Mosquitto,
    rules: KeyingRules = QUICK,
    **settings: Any,  # noqa: ANN401
) -> AsyncIterator[tuple[HermesDriver, Listener]]:
    driver = make_driver(broker, rules, **settings)
    async with running(driver) as listener:
        await until(lambda: driver.connected)
        yield driver, listener


async def test_rhasspys_microphone_is_heard(broker: Mosquitto, tmp_path: Path) -> None:
    script, said, talk = tmp_path / "talker.py", tmp_path / "said.pcm", tmp_path / "talk"
    script.write_text(TALKER)
    said.write_bytes(tone(1.5))
    command = f"{sys.executable} {script} {said} {talk}"
    driver = make_driver(broker, frames_missing_s=15.0, vox_hang_ms=300)
    async with running(driver) as listener:
        with rhasspy.microphone(broker, SITE, command):
            await until(lambda: driver.connected, within_s=30)
            talk.touch()
            await until(lambda: bool(listener.of(KeyDown)), within_s=30)
    (up,), (down,) = listener.of(KeyUp), listener.of(KeyDown)
    assert (down.at - up.at).total_seconds() == pytest.approx(1.5, abs=0.2)
    heard = np.frombuffer(listener.pcm(), "<i2").astype(float)
    loud = heard[np.abs(heard) > 4000]
    assert len(loud) / RATE == pytest.approx(
        1.5 * 2 / 3, abs=0.1
    )  # a sine is above half its peak two thirds of the time
    assert driver.bad_payloads == 0


async def test_rhasspys_loudspeaker_plays_and_its_receipt_ends_the_wait(broker: Mosquitto, tmp_path: Path) -> None:
    played, announcement = tmp_path / "played.wav", tone(0.7)
    with rhasspy.loudspeaker(broker, SITE, played):
        async with on_air(broker) as (driver, listener):
            await driver.send_voice(announcement)
            wav = read_wav(played.read_bytes())
            assert (wav.pcm, wav.rate) == (announcement, RATE)
            assert listener.names() == ["LinkRestored", "TransmitStarted", "TransmitEnded"]


async def test_rhasspys_synthesiser_speaks_our_text(broker: Mosquitto, tmp_path: Path) -> None:
    played = tmp_path / "played.wav"
    with rhasspy.loudspeaker(broker, SITE, played), rhasspy.synthesiser(broker, SITE):
        async with on_air(broker, say=True, lang="en") as (driver, listener):
            assert (driver.abilities.voice_out, driver.abilities.text_out) == (False, True)
            await driver.send_text("Reference zero one nine nine, seen at the clock tower.")
            assert read_wav(played.read_bytes()).seconds > 2.0
            assert listener.of(TransmitStarted, TransmitEnded)
            with pytest.raises(NotSupported, match="send text"):
                await driver.send_voice(tone(0.1))
            with pytest.raises(NotSupported, match="301 characters, say_max is 300"):
                await driver.send_text("x" * 301)


async def test_a_synthesiser_that_fails_says_why(broker: Mosquitto) -> None:
    with rhasspy.synthesiser(broker, SITE, "false"):
        async with on_air(broker, say=True) as (driver, _):
            with pytest.raises(LinkDown, match="the site could not play it: Non-zero exit code"):
                await driver.send_text("hello")


async def test_nobody_at_the_site_is_told_as_such(broker: Mosquitto) -> None:
    async with on_air(broker, KeyingRules(lead_in_s=0, tail_s=0, clear_for_s=0, time_out_s=0.5), say=True) as (
        driver,
        _,
    ):
        with pytest.raises(LinkDown, match=r"nobody answered tts/say with tts/sayFinished"):
            await driver.send_text("hello")
    async with on_air(broker) as (driver, _):
        with pytest.raises(NotSupported, match="say = true has it spoken"):
            await driver.send_text("hello")


async def test_a_loudspeaker_without_receipts(broker: Mosquitto) -> None:
    async with on_air(broker, confirms=False) as (driver, _):
        began = asyncio.get_running_loop().time()
        await driver.send_voice(tone(0.4))
        assert asyncio.get_running_loop().time() - began >= 0.4


async def test_what_somebody_else_plays_is_waited_for(broker: Mosquitto) -> None:
    async with on_air(broker) as (driver, _):
        await publish(broker, f"{AUDIO}/playBytes/theirs", write_wav(tone(1.0), RATE))
        await until(lambda: driver.busy)
        with pytest.raises(ChannelBusy):
            await driver.send_voice(tone(0.1))
        await publish(broker, f"{AUDIO}/playFinished", b'{"id":"theirs"}')
        await until(lambda: not driver.busy)


async def test_frames_by_hand_and_messages_that_are_wrong(broker: Mosquitto) -> None:
    async with on_air(broker, vox_hang_ms=200) as (driver, listener):
        for bad in (b"", b"RIFF", b"\xff" * 3000):
            await publish(broker, f"{AUDIO}/audioFrame", bad)
        await publish(broker, f"{AUDIO}/playFinished", b"{")
        await publish(broker, "hermes/audioServer/kitchen/audioFrame", write_wav(tone(0.5), RATE))
        await publish(broker, f"{AUDIO}/audioFrame", write_wav(bytes(3200), RATE))
        await publish(broker, f"{AUDIO}/audioFrame", write_wav(tone(0.5, 8000), 8000))
        await publish(broker, f"{AUDIO}/audioFrame", write_wav(bytes(16000), RATE))
        await until(lambda: bool(listener.of(KeyDown)))
        assert driver.bad_payloads == 4
        assert len(listener.of(KeyUp)) == 1


async def test_a_microphone_that_stops_ends_its_transmission_and_is_missed(broker: Mosquitto) -> None:
    async with on_air(broker, silence_s=0.3, frames_missing_s=0.0) as (driver, listener):
        await publish(broker, f"{AUDIO}/audioFrame", write_wav(tone(0.5), RATE))
        await until(lambda: bool(listener.of(KeyDown)))
        assert not driver.busy
    driver = make_driver(broker, frames_missing_s=0.6)
    async with running(driver) as listener:
        await until(lambda: bool(listener.of(LinkLost)))
        (lost,) = listener.of(LinkLost)
        assert isinstance(lost, LinkLost)
        assert "is its microphone service running" in lost.reason
        await publish(broker, f"{AUDIO}/audioFrame", write_wav(bytes(3200), RATE))
        await until(lambda: driver.connected)
        await until(lambda: not driver.connected)  # and missed again


async def test_a_lost_broker_ends_talk_and_announcement_and_is_found_again(broker: Mosquitto) -> None:
    async with on_air(broker, silence_s=30.0) as (driver, listener):
        await publish(broker, f"{AUDIO}/audioFrame", write_wav(tone(0.5), RATE))
        await until(lambda: driver.busy)
        broker.kill()
        await until(lambda: not driver.connected)
        assert listener.names(Audio) == ["LinkRestored", "KeyUp", "KeyDown", "LinkLost"]
        with pytest.raises(LinkDown, match="no connection to the broker"):
            await driver.send_voice(tone(0.1))
        broker.start()
        await until(lambda: driver.connected)
        sending = asyncio.create_task(driver.send_voice(tone(0.2)))
        await until(lambda: bool(listener.of(TransmitStarted)))
        broker.kill()
        with pytest.raises(LinkDown):
            await sending
        broker.start()
        await until(lambda: driver.connected)


async def test_the_payload_is_what_hermes_wants(broker: Mosquitto) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as site:
        await site.subscribe("hermes/#", qos=1)
        async with on_air(broker, say=True) as (driver, _):
            sending = asyncio.create_task(driver.send_text("hello\x00 there"))
            message = await anext(aiter(site.messages))
            assert str(message.topic) == "hermes/tts/say"
            assert isinstance(message.payload, bytes)
            said = json.loads(message.payload)
            assert said["text"] == "hello there"
            await publish(
                broker, "hermes/tts/sayFinished", json.dumps({"id": said["id"], "siteId": "kitchen"}).encode()
            )
            await publish(broker, "hermes/tts/sayFinished", json.dumps({"id": "else", "siteId": SITE}).encode())
            assert not sending.done()
            await publish(broker, "hermes/tts/sayFinished", json.dumps({"id": said["id"], "siteId": SITE}).encode())
            await sending
