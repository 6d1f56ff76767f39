"""Other processes on the channel: through real sockets, from real processes, killed in mid-word."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from radio_drivers.interface import (
    RATE,
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkLost,
    LinkRestored,
    RadioEvent,
    RadioSettingsError,
    TextReceived,
)
from radio_drivers.simulator.client import SimulatorClient, SimulatorGoneError
from radio_drivers.simulator.driver import SimulatorDriver
from radio_drivers.simulator.settings import SimulatorSettings

QUICK = KeyingRules(lead_in_s=0.02, tail_s=0.02, clear_for_s=0.05, busy_wait_s=1.0)


def tone(seconds: float) -> bytes:
    pcm: bytes = (8000 * np.sin(2 * np.pi * 700 * np.arange(int(seconds * RATE)) / RATE)).astype("<i2").tobytes()
    return pcm


class Gateway:
    def __init__(self, driver: SimulatorDriver) -> None:
        self.driver = driver
        self.events: list[RadioEvent] = []

    async def listen(self) -> None:
        async for event in self.driver.events():
            self.events.append(event)

    @property
    def address(self) -> str:
        assert self.driver.address is not None
        return self.driver.address

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events if not isinstance(event, Audio)]

    def of(self, *kinds: type) -> list[RadioEvent]:
        return [event for event in self.events if isinstance(event, kinds)]

    def pcm(self) -> bytes:
        return b"".join(event.pcm for event in self.events if isinstance(event, Audio))


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():  # a test watches from outside
            await asyncio.sleep(0.005)


@asynccontextmanager
async def gateway(listen: str = "127.0.0.1:0", pace: float = 0.0, address_file: str = "") -> AsyncIterator[Gateway]:
    settings = SimulatorSettings(listen=listen, pace=pace, address_file=address_file)
    driver = SimulatorDriver.alone("town", settings, QUICK)
    here = Gateway(driver)
    tasks = [asyncio.create_task(driver.run()), asyncio.create_task(here.listen())]
    try:
        await until(lambda: driver.address is not None)
        yield here
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert all(task.cancelled() for task in tasks)


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "unix:{}/air.sock"])
async def test_a_radio_in_another_process_talks_and_hears(listen: str, tmp_path: Path) -> None:
    async with (
        gateway(listen.format(tmp_path)) as here,
        SimulatorClient.connect(here.address, "U7") as one,
        SimulatorClient.connect(here.address, "U8") as two,
    ):
        assert one.channel == "town"
        await one.say(tone(1.0))
        await until(lambda: KeyDown in here.kinds())
        (up,) = here.of(KeyUp)
        assert isinstance(up, KeyUp)
        assert up.unit == "U7"
        assert here.pcm() == tone(1.0)
        await here.driver.send_voice(tone(0.5))
        (first, second) = await two.wait_heard(2)
        assert (first.units, second.units) == (("U7",), ("BASE",))
        assert tone(0.5) in second.pcm
        assert two.opened == ["U7", "BASE"]
        assert one.heard[0].units == ("BASE",)


async def test_texts_emergencies_busy_channel_and_lost_links(tmp_path: Path) -> None:
    async with (
        gateway() as here,
        SimulatorClient.connect(here.address, "U7") as one,
        SimulatorClient.connect(here.address, "U8") as two,
    ):
        await one.send_text("all quiet")
        await one.press_emergency()
        await here.driver.send_text("Alert 12", to="U8")
        texts = await two.wait_text(2)
        assert [(text.unit, text.text) for text in texts] == [("U7", "all quiet"), ("BASE", "Alert 12")]
        assert two.emergencies == ["U7"]
        await one.occupy(on=True)
        assert here.driver.busy
        await one.occupy(on=False)
        assert not here.driver.busy
        await one.occupy(on=True)
        await one.lose_link("the cable was cut")
        assert not here.driver.connected
        await one.restore_link()
        assert here.driver.connected
        await until(lambda: here.kinds()[-1] is LinkRestored)
        assert here.kinds() == [LinkRestored, TextReceived, EmergencyPressed, LinkLost, LinkRestored]
    assert not here.driver.busy  # who hangs up doesn't occupy the channel any more


async def test_a_unit_id_that_is_taken_is_refused(tmp_path: Path) -> None:
    async with gateway() as here, SimulatorClient.connect(here.address, "U7"):
        with pytest.raises(SimulatorGoneError, match="U7 is on channel town already"):
            async with SimulatorClient.connect(here.address, "U7"):
                pass
        async with SimulatorClient.connect(here.address, "U8") as other:
            await other.say(tone(0.1))


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "no JSON"),
        (b'{"do":"say","bytes":2}\nab', "the first message must be"),
        (b'{"do":"join","unit":7}\n', "unit is no text"),
        (b'{"do":"join","unit":"U1"}\n{"do":"join","unit":"U1"}\n', "joined already"),
        (b'{"do":"join","unit":"U1"}\n{"do":"dance"}\n', "unknown command 'dance'"),
        (b'{"do":"join","unit":"U1"}\n{"do":"say","bytes":99999999}\n', "bytes is no even number"),
    ],
)
async def test_nonsense_is_answered_and_the_channel_goes_on(sent: bytes, reason: str) -> None:
    async with gateway() as here:
        host, _, port = here.address.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        answers = [json.loads(line) for line in (await reader.read()).splitlines()]
        assert answers[-1]["event"] == "error"
        assert reason in answers[-1]["reason"]
        writer.close()
        await writer.wait_closed()
        async with SimulatorClient.connect(here.address, "U1") as radio:
            await radio.say(tone(0.1))
        await until(lambda: KeyDown in here.kinds())


async def test_a_radio_that_hangs_up_in_mid_word_lets_go_of_its_key() -> None:
    async with gateway(pace=1.0) as here:
        async with SimulatorClient.connect(here.address, "U7") as radio:
            talking = asyncio.create_task(radio.say(tone(60.0)))
            await until(lambda: KeyUp in here.kinds())
        await until(lambda: KeyDown in here.kinds())
        with pytest.raises(SimulatorGoneError):
            await talking


async def test_when_the_gateway_ends_the_radio_is_told() -> None:
    async with gateway(pace=1.0) as here:
        connection = SimulatorClient.connect(here.address, "U7")
        radio = await connection.__aenter__()
        talking = asyncio.create_task(radio.say(tone(60.0)))
        await until(lambda: KeyUp in here.kinds())
    with pytest.raises(SimulatorGoneError, match="the gateway"):
        await talking
    with pytest.raises(SimulatorGoneError):
        await radio.wait_heard()
    with pytest.raises(SimulatorGoneError):
        await radio.press_emergency()
    await connection.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("listen", "reason"),
    [
        ("0.0.0.0:0", "only addresses of this machine"),
        ("nonsense", "give HOST:PORT"),
        ("unix:/nowhere/at/all.sock", "No such file"),
    ],
)
async def test_an_address_that_can_not_be_used_is_a_settings_error(listen: str, reason: str) -> None:
    driver = SimulatorDriver.alone("town", SimulatorSettings(listen=listen), QUICK)
    with pytest.raises(RadioSettingsError, match=f"radio channel town: listen = .*{reason}"):
        await driver.run()


async def test_a_socket_file_left_by_a_killed_gateway_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "air.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    assert path.is_socket()
    async with gateway(f"unix:{path}") as here, SimulatorClient.connect(here.address, "U7") as radio:
        assert radio.channel == "town"


async def test_an_address_file_that_can_not_be_written() -> None:
    settings = SimulatorSettings(listen="127.0.0.1:0", address_file="/nowhere/at/all")
    with pytest.raises(RadioSettingsError, match="address_file can't be written"):
        await SimulatorDriver.alone("town", settings, QUICK).run()


async def test_a_taken_port_is_a_settings_error() -> None:
    async with gateway() as here:
        driver = SimulatorDriver.alone("other", SimulatorSettings(listen=here.address), QUICK)
        with pytest.raises(RadioSettingsError, match="can't be used"):
            await driver.run()


async def run(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_commands_say_a_file_and_write_what_is_heard(tmp_path: Path) -> None:
    file = tmp_path / "call.wav"
    t = np.arange(24_000) / 48_000
    soundfile.write(file, np.column_stack([0.3 * np.sin(2 * np.pi * 700 * t)] * 2), 48_000)
    address_file = tmp_path / "address"
    async with gateway(address_file=str(address_file)) as here:
        address = address_file.read_text().strip()
        assert address == here.address
        listening = asyncio.create_task(
            run("radio_drivers.simulator.listen", address, str(tmp_path / "heard"), "--count", "2")
        )
        await until(lambda: "LISTENER" in here.driver._channel.units)
        code, _, err = await run("radio_drivers.simulator.say", address, str(file), "--unit", "U9")
        assert (code, err) == (0, "")
        await until(lambda: KeyDown in here.kinds())
        await here.driver.send_voice(tone(0.3))
        code, out, err = await listening
        assert (code, err) == (0, "")
        first, second = (Path(line) for line in out.splitlines())
        assert first.name.endswith("Z_U9.wav")
        assert second.name.endswith("Z_BASE.wav")
        sound, rate = soundfile.read(first)
        assert (rate, len(sound)) == (RATE, RATE // 2)
        assert np.max(np.abs(sound)) == pytest.approx(0.3, abs=0.02)


async def test_the_commands_say_what_went_wrong(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"no sound")
    async with gateway() as here:
        code, _, err = await run("radio_drivers.simulator.say", here.address, str(tmp_path / "noise.wav"))
        assert code == 1
        assert "noise.wav can't be played" in err
        gone = here.address
    code, _, err = await run("radio_drivers.simulator.listen", gone, str(tmp_path))
    assert code == 1
    assert "Connect" in err


async def test_a_killed_process_lets_go_of_its_key(tmp_path: Path) -> None:
    """kill -9 of a talker is a radio whose battery fell out."""
    file = tmp_path / "long.wav"
    soundfile.write(file, np.zeros(60 * RATE), RATE)
    async with gateway(pace=1.0) as here:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "radio_drivers.simulator.say", here.address, str(file)
        )
        await until(lambda: KeyUp in here.kinds())
        process.send_signal(signal.SIGKILL)
        await process.wait()
        await until(lambda: KeyDown in here.kinds())
