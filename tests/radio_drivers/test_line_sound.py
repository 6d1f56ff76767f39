"""The whole driver with a real sound system: PortAudio on PulseAudio, a serial port server, tones out and back."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from radio_drivers.interface import (
    Audio,
    ChannelBusy,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioDriver,
    RadioEvent,
    RadioSettingsError,
    TransmitEnded,
    TransmitStarted,
    TransmitTimeout,
)
from radio_drivers.line import LineDriver, LineSettings, SoundDevice, list_sound_devices
from radio_drivers.line.portaudio import choose_device
from radio_drivers.line.squelch import Samples, level_dbfs
from tests.peers.pulse import RATE, Pulse, pulse
from tests.peers.rfc2217 import RadioServer, radio_server

pytestmark = [
    pytest.mark.sound,
    pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning"),  # in pyserial 3.5 itself
]

QUICK = KeyingRules(lead_in_s=0.1, tail_s=0.05, clear_for_s=0.1, busy_wait_s=0.5, time_out_s=5.0)


@pytest.fixture(scope="module")
def sound_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    with pulse(tmp_path_factory.mktemp("pulse")) as server:
        yield server


@pytest.fixture
def card(sound_server: Pulse, monkeypatch: pytest.MonkeyPatch) -> Pulse:
    """The sound card, as PortAudio in this process sees it."""
    for key, value in sound_server.environment.items():
        monkeypatch.setenv(key, value)
    return sound_server


@pytest.fixture
async def server() -> AsyncIterator[RadioServer]:
    manager = radio_server()
    server = await asyncio.to_thread(manager.__enter__)
    yield server
    await asyncio.to_thread(manager.__exit__, None, None, None)


def tone(hertz: float, seconds: float, dbfs: float, rate: int) -> bytes:
    """A sine whose RMS is `dbfs`."""
    amplitude = 32768 * 10 ** (dbfs / 20) * np.sqrt(2)
    wave = amplitude * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)
    return bytes(wave.astype("<i2").tobytes())


def sounding(pcm: bytes, rate: int) -> tuple[float, float, float]:
    """Of the part that isn't silence: hertz, RMS dBFS, seconds."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], np.int16)
    loud = np.flatnonzero(np.abs(samples) > 500)
    assert len(loud), "silence"
    part: Samples = samples[loud[0] : loud[-1] + 1]
    hertz = float(np.argmax(np.abs(np.fft.rfft(part)))) * rate / len(part)
    return hertz, level_dbfs(part), len(part) / rate


class Station:
    """A running driver and everything it has told."""

    def __init__(self, driver: RadioDriver) -> None:
        self.driver = driver
        self.events: list[RadioEvent] = []

    async def read(self) -> None:
        async for event in self.driver.events():
            self.events.append(event)

    @property
    def kinds(self) -> list[type[RadioEvent]]:
        return [type(event) for event in self.events if not isinstance(event, Audio)]

    def call(self) -> bytes:
        """The audio between the first key-up and its key-down."""
        up = next(number for number, event in enumerate(self.events) if isinstance(event, KeyUp))
        down = next(number for number, event in enumerate(self.events) if isinstance(event, KeyDown))
        return b"".join(event.pcm for event in self.events[up:down] if isinstance(event, Audio))

    async def until(self, kind: type[RadioEvent], count: int = 1, within_s: float = 10.0) -> None:
        await until(lambda: self.kinds.count(kind) >= count, within_s)


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def on_air(settings: LineSettings, rules: KeyingRules = QUICK) -> AsyncIterator[Station]:
    driver = LineDriver("shops", settings, rules)
    station = Station(driver)
    tasks = [asyncio.create_task(driver.run()), asyncio.create_task(station.read())]
    try:
        await station.until(LinkRestored)
        assert driver.connected
        await until(lambda: any(isinstance(event, Audio) for event in station.events))
        yield station
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def wired(server: RadioServer) -> LineSettings:
    return LineSettings(
        port=server.url, ptt="rts", squelch="cts", hang_ms=50, sound_in="radio_hears", sound_out="RADIO_says"
    )


VOX = LineSettings(sound_in="radio_hears", vox_hang_ms=300)


async def test_a_voice_on_the_air_becomes_key_up_audio_key_down(card: Pulse) -> None:
    async with on_air(VOX) as station:
        await asyncio.to_thread(card.say, tone(1000, 1.0, -20, RATE))
        await station.until(KeyUp)
        assert station.driver.busy
        await station.until(KeyDown)
        assert not station.driver.busy
        assert station.kinds == [LinkRestored, KeyUp, KeyDown]
        hertz, dbfs, seconds = sounding(station.call(), 16_000)
        assert hertz == pytest.approx(1000, abs=3)
        assert dbfs == pytest.approx(-20, abs=1)
        assert seconds == pytest.approx(1.0, abs=0.15), "but for what came before it was sure"
        up, down = (event for event in station.events if isinstance(event, KeyUp | KeyDown))
        assert (down.at - up.at).total_seconds() == pytest.approx(1.0, abs=0.1)


async def test_gain_makes_the_voice_louder(card: Pulse) -> None:
    async with on_air(LineSettings(sound_in="radio_hears", vox_hang_ms=300, gain_in_db=10)) as station:
        await asyncio.to_thread(card.say, tone(600, 0.5, -25, RATE))
        await station.until(KeyDown)
        assert sounding(station.call(), 16_000)[1] == pytest.approx(-15, abs=1)


async def test_the_squelch_line_frames_what_the_sound_card_hears(card: Pulse, server: RadioServer) -> None:
    async with on_air(wired(server)) as station:
        server.radio.talking = True
        await station.until(KeyUp)
        with pytest.raises(ChannelBusy):
            await station.driver.send_voice(bytes(3200))
        assert not server.radio.keyed
        await asyncio.to_thread(card.say, tone(440, 0.5, -20, RATE))
        await asyncio.sleep(1.0)
        server.radio.talking = False
        await station.until(KeyDown)
        hertz, dbfs, seconds = sounding(station.call(), 16_000)
        assert hertz == pytest.approx(440, abs=4)
        assert dbfs == pytest.approx(-20, abs=1)
        assert seconds == pytest.approx(0.5, abs=0.02), "no sample missing"


async def test_what_we_send_goes_on_the_air_whole_with_the_key_held(card: Pulse, server: RadioServer) -> None:
    async with on_air(wired(server)) as station:
        air = await asyncio.to_thread(card.record)
        await station.driver.send_voice(tone(700, 1.0, -12, 16_000))
        await asyncio.sleep(0.3)
        hertz, dbfs, seconds = sounding(await asyncio.to_thread(air.stop), RATE)
        assert hertz == pytest.approx(700, abs=2)
        assert dbfs == pytest.approx(-12, abs=0.5)
        assert seconds == pytest.approx(1.0, abs=0.01), "no sample missing"
        (_, idle), (pressed, on), (released, off) = server.radio.keyings[-3:]
        assert (idle, on, off) == (False, True, False)
        assert 1.15 <= released - pressed <= 1.9, "lead-in, voice, tail"
        sounds = [arrived for arrived, pcm in air.blocks if np.abs(np.frombuffer(pcm, np.int16)).max() > 500]
        assert sounds[0] - pressed >= QUICK.lead_in_s
        assert released >= sounds[-1] - 0.1, "the key was held to the last sample, but for the recorder's own delay"
        assert station.kinds == [LinkRestored, TransmitStarted, TransmitEnded]


async def test_half_duplex_our_own_voice_is_never_a_call(card: Pulse, server: RadioServer) -> None:
    server.radio.hears_itself = True
    async with on_air(wired(server)) as station:
        await asyncio.to_thread(card.say, tone(300, 0.8, -10, RATE))  # sidetone
        sending = asyncio.create_task(station.driver.send_voice(tone(700, 1.2, -12, 16_000)))
        await station.until(TransmitStarted)
        assert not station.driver.busy
        await sending
        await asyncio.sleep(0.5)
        assert station.kinds == [LinkRestored, TransmitStarted, TransmitEnded]
        server.radio.talking = True
        await station.until(KeyUp)


@pytest.mark.usefixtures("card")
async def test_the_time_out_timer_and_drop_key_release_a_real_line(server: RadioServer) -> None:
    async with on_air(wired(server), KeyingRules(0.05, 0.05, 0.1, 5.0, time_out_s=0.5)) as station:
        with pytest.raises(TransmitTimeout):
            await station.driver.send_voice(bytes(32_000 * 20))
        assert not server.radio.keyed
        await station.driver.drop_key()
        assert not server.radio.keyed


@pytest.mark.usefixtures("card")
async def test_the_serial_cable_is_pulled_while_we_talk_and_put_back(server: RadioServer) -> None:
    with capture_logs() as logs:
        async with on_air(wired(server)) as station:
            sending = asyncio.create_task(station.driver.send_voice(bytes(32_000 * 3)))
            await until(lambda: server.radio.keyed)
            await asyncio.to_thread(server.stop)
            with pytest.raises(LinkDown):
                await sending
            await station.until(LinkLost)
            assert not station.driver.connected
            with pytest.raises(LinkDown):
                await station.driver.send_voice(bytes(320))
            await asyncio.sleep(1.2)  # several tries
            await asyncio.to_thread(server.start)
            await station.until(LinkRestored, 2)
            assert station.kinds == [LinkRestored, TransmitStarted, TransmitEnded, LinkLost, LinkRestored] or (
                station.kinds == [LinkRestored, TransmitStarted, LinkLost, TransmitEnded, LinkRestored]
            )
            await station.driver.send_voice(bytes(3200))
            assert server.radio.keyings[-2][1]
            assert not server.radio.keyed
    links = [entry["event"] for entry in logs if entry["event"].startswith("radio link")]
    assert len(links) == 3, "each change logged once, not each try"


async def test_the_sound_system_dies_and_comes_back(card: Pulse) -> None:
    async with on_air(VOX) as station:
        await asyncio.to_thread(card.stop)
        await station.until(LinkLost)
        await asyncio.sleep(0.7)
        await asyncio.to_thread(card.start)
        await station.until(LinkRestored, 2)
        assert station.kinds == [LinkRestored, LinkLost, LinkRestored]
        await asyncio.sleep(0.3)
        await asyncio.to_thread(card.say, tone(1000, 0.5, -20, RATE))
        await station.until(KeyDown)


@pytest.mark.usefixtures("card")
async def test_stopped_while_we_talk_the_key_comes_up(server: RadioServer) -> None:
    async with on_air(wired(server)) as station:
        sending = asyncio.create_task(station.driver.send_voice(bytes(32_000 * 4)))
        await until(lambda: server.radio.keyed)
    assert not server.radio.keyed
    with pytest.raises(LinkDown):
        await sending


DIES = """
import asyncio, sys
from radio_drivers.line import LineDriver, LineSettings

async def main() -> None:
    driver = LineDriver("shops", LineSettings(port=sys.argv[1], ptt="rts", squelch="cts"))
    async with asyncio.TaskGroup() as group:
        group.create_task(driver.run())
        while not driver.connected:
            await asyncio.sleep(0.01)
        await driver.send_voice(bytes(32_000 * 20))

asyncio.run(main())
"""


async def test_the_key_comes_up_when_the_process_is_killed(card: Pulse, server: RadioServer) -> None:
    process = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-c", DIES, server.url],
        env={**os.environ, **card.environment},
        cwd=Path(__file__).parents[2],
    )
    await until(lambda: server.radio.keyed, within_s=20)
    process.kill()
    await asyncio.to_thread(process.wait)
    await until(lambda: not server.radio.keyed, within_s=2)


@pytest.mark.usefixtures("card")
async def test_a_radio_that_only_listens_does_not_talk() -> None:
    driver = LineDriver("shops", VOX)
    assert not driver.abilities.voice_out
    assert driver.abilities.idle_audio
    with pytest.raises(NotSupported, match="only listens"):
        await driver.send_voice(bytes(320))
    with pytest.raises(NotSupported, match="no text"):
        await driver.send_text("hello")


async def test_a_radio_that_keys_itself_hears_us_without_a_line(card: Pulse) -> None:
    async with on_air(LineSettings(ptt="vox", sound_in="radio_hears", sound_out="radio_says")) as station:
        air = await asyncio.to_thread(card.record)
        await station.driver.send_voice(tone(900, 0.4, -12, 16_000))
        await asyncio.sleep(0.2)
        assert sounding(await asyncio.to_thread(air.stop), RATE)[2] == pytest.approx(0.4, abs=0.01)


@pytest.mark.usefixtures("card")
async def test_a_sound_device_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(RadioSettingsError, match=r"sound_in: sound device 'foo' not found; there are: .*radio_hears"):
        await LineDriver("shops", LineSettings(sound_in="foo")).run()
    names = [device.name for device in await asyncio.to_thread(list_sound_devices)]
    assert {"radio_hears", "radio_says", "default"} <= set(names)


@pytest.mark.usefixtures("card")
async def test_a_missing_speaker_is_found_before_the_key_goes_down(server: RadioServer) -> None:
    settings = LineSettings(port=server.url, ptt="rts", squelch="cts", sound_in="radio_hears", sound_out="foo")
    async with on_air(settings) as station:
        server.radio.keyings.clear()
        with pytest.raises(LinkDown, match="sound_out: sound device 'foo' not found"):
            await station.driver.send_voice(bytes(3200))
        assert not any(on for _, on in server.radio.keyings)


CARDS = [
    SoundDevice("Intel PCH: ALC (hw:0,0)", 2, 2, 44_100),
    SoundDevice("USB Audio: Mono (hw:1,0)", 1, 0, 48_000),
    SoundDevice("USB Audio: Mono (hw:1,1)", 0, 2, 48_000),
    SoundDevice("USB", 1, 1, 48_000),
]


def test_devices_are_chosen_by_part_of_the_name_among_those_that_can() -> None:
    assert choose_device(CARDS, "input", None) is None
    assert choose_device(CARDS, "input", "usb audio") == 1
    assert choose_device(CARDS, "output", "usb audio") == 2
    assert choose_device(CARDS, "input", "USB") == 3, "the whole name wins"


@pytest.mark.parametrize(
    ("name", "says"),
    [("hw:1,1", "not found; there are: Intel"), ("hw:", "fits several sound devices"), ("", "fits several")],
)
def test_a_name_that_fits_none_or_several_is_refused(name: str, says: str) -> None:
    with pytest.raises(RadioSettingsError, match=says):
        choose_device(CARDS, "input", name)


def test_a_machine_without_sound_says_so() -> None:
    with pytest.raises(RadioSettingsError, match="no sound device here has an output"):
        choose_device([], "output", None)


def test_without_portaudio_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoLibrary:
        """An import hook that fails as `import sounddevice` does without libportaudio."""

        @staticmethod
        def find_spec(name: str, _path: object, _target: object = None) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoLibrary, *sys.meta_path])
    with pytest.raises(RadioSettingsError, match="apt-get install libportaudio2"):
        list_sound_devices()
