"""The line to the broker breaks all along a dialogue, every few bytes; afterwards everything is as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from radio_drivers.hermes.driver import HermesDriver
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import KeyDown, KeyingRules, LinkDown, TransmitEnded, TransmitStarted
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.trunk_recorder.driver import TrunkRecorderDriver
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings
from tests.peers.cutting import Relay
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers import trunk_recorder_says as tr
from tests.radio_drivers.broker_side import publish, running, tone, until

pytestmark = pytest.mark.broker

STEP = 7
"""Bytes between two cuts: an MQTT header is two, a whole dialogue some hundreds."""
AT_ONCE = 8


def delays() -> Iterator[float]:
    while True:
        yield 0.01


async def in_turn(bytes_: int, broker: Mosquitto, once: Any) -> None:  # noqa: ANN401 - a coroutine function
    """Every cut of a dialogue, some at the same time."""
    cuts = list(range(1, bytes_ + STEP, STEP))
    for first in range(0, len(cuts), AT_ONCE):
        async with asyncio.TaskGroup() as group:
            for cut in cuts[first : first + AT_ONCE]:
                group.create_task(once(cut, broker))


async def listening(cut: int | None, broker: Mosquitto) -> int:
    """A call arrives in spite of the cut; how many bytes it took."""
    async with Relay(broker.port, cut).running() as relay:
        settings = TrunkRecorderSettings(
            host="127.0.0.1", port=relay.port, topic=f"tr{cut}", client_id=f"listening-{cut}", session_s=0
        )
        driver = TrunkRecorderDriver("town", settings, KeyingRules(), delays=delays)
        async with running(driver) as listener:
            start = datetime.now(UTC).replace(microsecond=0)
            message = tr.audio(start, write_wav(tone(0.02, 8000), 8000), 1)
            async with asyncio.timeout(30):
                while not listener.of(KeyDown):
                    await until(lambda: driver.connected)
                    await publish(broker, f"tr{cut}/audio", message)
                    for _ in range(30):
                        if listener.of(KeyDown):
                            break
                        await asyncio.sleep(0.01)
            assert len(listener.of(KeyDown)) == 1, "the same call again is the same call"
        return relay.passed


@pytest.mark.timeout(180)
async def test_cuts_all_along_listening(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        whole = await listening(None, broker)
        await in_turn(min(whole, 420), broker, listening)  # beyond that lies the base64 of the sound


async def speaking(cut: int | None, broker: Mosquitto) -> int:
    """An announcement is confirmed, or its sender told that it was not; the next one is heard."""
    site = f"base{cut}"
    rules = KeyingRules(lead_in_s=0, tail_s=0, clear_for_s=0, busy_wait_s=1.0, time_out_s=5.0)
    async with Relay(broker.port, cut).running() as relay:
        settings = HermesSettings(
            host="127.0.0.1",
            port=relay.port,
            site=site,
            client_id=f"speaking-{cut}",
            frames_missing_s=0,
            confirms=False,
        )
        driver = HermesDriver("town", settings, rules, delays=delays)
        async with running(driver) as listener:
            heard = False
            async with asyncio.timeout(30):
                while not heard:
                    await until(lambda: driver.connected)
                    try:
                        await driver.send_voice(tone(0.005))
                        heard = True
                    except LinkDown:
                        assert cut is not None
            assert not driver.busy
            assert len(listener.of(TransmitStarted)) == len(listener.of(TransmitEnded)) >= 1
        return relay.passed


@pytest.mark.timeout(180)
async def test_cuts_all_along_speaking(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        whole = await speaking(None, broker)
        assert whole > 400
        await in_turn(whole, broker, speaking)
