"""A radio behind Hamlib's own rigctld with a real sound system, set up as a user would: from a settings file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gateway.radios import make_driver
from gateway.settings import load_settings
from radio_drivers.interface import KeyDown, KeyUp, RadioEvent, TransmitEnded, TransmitStarted
from radio_drivers.line import LineDriver
from tests.peers import card
from tests.peers.card import until
from tests.peers.pulse import RATE, Pulse, pulse
from tests.peers.rigctld import Rigctld

pytestmark = pytest.mark.sound

SETTINGS = """
[[radio]]
name = "town"
driver = "rigctld"
[radio.rigctld]
port = {port}
squelch = "vox"
[radio.line]
sound_in = "radio_hears"
sound_out = "radio_says"
vox_hang_ms = 300
[radio.keying]
lead_in_s = 0.1
clear_for_s = 0.1
"""


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulse]:
    with pulse(tmp_path) as server:
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        yield server


@pytest.fixture
def hamlib() -> Iterator[Rigctld]:
    with Rigctld("-P", "RIG") as hamlib:
        yield hamlib


def tone(hertz: float, seconds: float, rate: int) -> bytes:
    wave = 6000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    return bytes(wave.astype("<i2").tobytes())


async def transmitting(port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"t\n")
    answer = await reader.readline()
    writer.close()
    return answer == b"1\n"


async def test_a_call_comes_in_and_an_announcement_goes_out(sound: Pulse, hamlib: Rigctld, tmp_path: Path) -> None:
    file = tmp_path / "huecry.toml"
    file.write_text(SETTINGS.format(port=hamlib.port))
    driver = make_driver((await asyncio.to_thread(load_settings, file)).radio[0])
    assert isinstance(driver, LineDriver)
    async with card.on_air(driver) as events:

        def told(kind: type[RadioEvent]) -> bool:
            return any(isinstance(event, kind) for event in events)

        await asyncio.to_thread(sound.say, tone(1000, 0.8, RATE))
        await until(lambda: told(KeyUp) and told(KeyDown))
        air = await asyncio.to_thread(sound.record)
        sending = asyncio.create_task(driver.send_voice(tone(700, 1.0, 16_000)))
        await until(lambda: told(TransmitStarted))
        while not await transmitting(hamlib.port):
            assert not sending.done()
        await sending
        assert not await transmitting(hamlib.port)
        assert told(TransmitEnded)
        await asyncio.sleep(0.2)
        heard = np.frombuffer(await asyncio.to_thread(air.stop), np.int16)
        loud = np.flatnonzero(np.abs(heard) > 500)
        assert (loud[-1] - loud[0]) / RATE == pytest.approx(1.0, abs=0.02), "the whole announcement"
