"""A Tait radio over what the kernel and the network have: pseudo-terminals, sockets, a real ser2net; under the line driver. In real time."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from radio_drivers.interface import (
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioSettingsError,
    Signalled,
    StrengthRead,
    TextReceived,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.line import LineDriver, LineSettings, LineSettingsError
from radio_drivers.tait import TaitControl, TaitSettings
from tests.peers import card
from tests.peers.card import until
from tests.peers.ports import free_port, wait_until_bound
from tests.peers.rfc2217 import BytesServer
from tests.peers.tait import BadLine, Pty, TaitRadio, TcpPort, on_a_pty
from tests.radio_drivers.tait_bench import Ear

pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # in pyserial 3.5 itself

QUICK = KeyingRules(lead_in_s=0.0, tail_s=0.0, clear_for_s=0.05, busy_wait_s=2.0, time_out_s=5.0)


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    card.use(monkeypatch, retry_s=0.05)


@asynccontextmanager
async def opened(port: str, **settings: object) -> AsyncIterator[tuple[TaitControl, Ear]]:
    wanted = TaitSettings(**({"port": port, "baud": 28_800} | settings))  # type: ignore[arg-type]  # a test's own choice
    ear, control = Ear(), TaitControl("town", wanted, QUICK)
    await control.open(ear.told)
    try:
        yield control, ear
    finally:
        await control.close()


async def talk(control: TaitControl, radio: TaitRadio, ear: Ear) -> None:
    """A bit of everything."""
    radio.carrier(on=True)
    await until(lambda: ear.of(StrengthRead))
    radio.ring(types="0100", caller="1234")
    await until(lambda: ear.of(EmergencyPressed))
    radio.carrier(on=False)
    await until(lambda: ear.open == [True, False])
    radio.text("Thanks")
    await until(lambda: ear.of(TextReceived))
    await control.key(on=True)
    assert radio.keyed
    await control.key(on=False)
    assert not radio.keyed
    await control.send_text("North gate", None)
    assert radio.sent_texts == [("5200****", "North gate")]


async def test_over_a_pseudo_terminal_which_has_no_modem_lines() -> None:
    radio = TaitRadio()
    async with on_a_pty(radio, BadLine(5, split=True)) as pty:
        async with opened(pty.path, flow="xonxoff", text_to="5200****") as (control, ear):
            await talk(control, radio, ear)
            assert (pty.speed, pty.flow) == (28_800, "xonxoff")
            await control.key(on=True)
        await until(lambda: not radio.keyed)


async def test_an_unplugged_adapter_is_told_once() -> None:
    radio = TaitRadio()
    async with on_a_pty(radio) as pty, opened(pty.path, flow="rtscts") as (control, ear):
        assert pty.flow == "rtscts"
        radio.carrier(on=True)
        await until(lambda: ear.open == [True])
        pty.hang_up()
        await until(lambda: ear.lost)
        assert ear.open == [True, False]
        with pytest.raises(LinkDown):
            await control.key(on=True)
        await control.key(on=False)
        await asyncio.sleep(0.05)
        assert len(ear.lost) == 1


async def test_a_port_that_does_not_exist_is_answered_with_the_setting() -> None:
    control = TaitControl("town", TaitSettings(port="/dev/ttyNOWHERE"))
    with pytest.raises(RadioSettingsError, match=r"tait\.port = '/dev/ttyNOWHERE' not found"):
        await control.open(Ear().told)


@asynccontextmanager
async def served(radio: TaitRadio, port: int = 0) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(lambda: TcpPort(radio), "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_over_a_plain_socket() -> None:
    radio = TaitRadio()
    async with served(radio) as port, opened(f"socket://127.0.0.1:{port}", text_to="5200****") as (control, ear):
        await talk(control, radio, ear)


@asynccontextmanager
async def behind_ser2net(radio: TaitRadio, folder: Path) -> AsyncIterator[tuple[str, BytesServer]]:
    """Debian's ser2net, in front of pyserial's own RFC 2217 server, in front of the radio: it speaks RFC 2217 on both sides.

    A pseudo-terminal won't do for ser2net: it can't set RTS on one, and then doesn't answer the client who asked for it.
    """
    async with served(radio) as far_port:
        server = BytesServer(far_port)
        await asyncio.to_thread(server.start)
        port = free_port()
        config = folder / "ser2net.yaml"
        config.write_text(
            "connection: &radio\n"
            f"  accepter: telnet(rfc2217),tcp,127.0.0.1,{port}\n"
            f"  connector: telnet(rfc2217),tcp,127.0.0.1,{server.port}\n"
            "  options:\n    kickolduser: true\n"
        )
        process = await asyncio.to_thread(
            subprocess.Popen, ["ser2net", "-n", "-u", "-c", str(config)], stderr=subprocess.DEVNULL
        )
        try:
            await asyncio.to_thread(wait_until_bound, port)
            yield f"rfc2217://127.0.0.1:{port}", server
        finally:
            process.kill()
            await asyncio.to_thread(process.wait)
            await asyncio.to_thread(server.stop)
            server.radio.close()


async def test_through_a_real_ser2net(tmp_path: Path) -> None:
    radio = TaitRadio()
    async with behind_ser2net(radio, tmp_path) as (url, server):
        async with opened(url, baud=28_800, text_to="5200****") as (control, ear):
            assert server.radio.baudrate == 28_800
            await talk(control, radio, ear)
            await control.key(on=True)
        await until(lambda: not radio.keyed)


def test_another_port_beside_it_is_refused() -> None:
    control = TaitControl("town", TaitSettings(port="/dev/ttyUSB0"))
    with pytest.raises(LineSettingsError, match=r"line\.port"):
        LineDriver("town", LineSettings(port="/dev/ttyUSB1", ptt="rts"), QUICK, control)


async def test_two_radios_at_once_under_the_line_driver() -> None:
    radios = TaitRadio(seed=1), TaitRadio("TM8200", seed=2)
    async with on_a_pty(radios[0]) as north, on_a_pty(radios[1]) as south:
        drivers = [
            LineDriver(name, LineSettings(), QUICK, TaitControl(name, TaitSettings(port=pty.path, text_to=to), QUICK))
            for name, pty, to in (("north", north, "5200****"), ("south", south, ""))
        ]
        assert drivers[0].abilities.text_max == 32
        assert not drivers[1].abilities.text_out
        async with card.on_air(drivers[0]) as heard_north, card.on_air(drivers[1]) as heard_south:
            radios[0].carrier(on=True)
            radios[1].ring(types="0100", caller="0042")
            await until(lambda: drivers[0].busy and heard_south)
            assert not drivers[1].busy
            await drivers[1].send_voice(bytes(3200))
            assert [on for _, on in radios[1].keyings] == [True, False]
            assert radios[0].keyings == []
            radios[0].carrier(on=False)
            await asyncio.gather(drivers[0].send_voice(bytes(3200)), drivers[0].send_text("North gate"))
            assert [on for _, on in radios[0].keyings] == [True, False]
            assert radios[0].sent_texts == [("5200****", "North gate")]
            with pytest.raises(NotSupported):
                await drivers[1].send_text("North gate")
            kinds = [type(event) for event in heard_north if not isinstance(event, StrengthRead)]
            assert kinds == [KeyUp, KeyDown, TransmitStarted, TransmitEnded]
            assert [type(event) for event in heard_south] == [
                EmergencyPressed, Signalled, TransmitStarted, TransmitEnded,
            ]  # fmt: skip
            assert {event.channel for event in heard_north} == {"north"}
            assert {event.channel for event in heard_south} == {"south"}


async def test_under_the_line_driver_it_comes_back_after_a_loss() -> None:
    radio = TaitRadio()
    async with served(radio) as port:
        settings = TaitSettings(port=f"socket://127.0.0.1:{port}")
        driver = LineDriver("town", LineSettings(), QUICK, TaitControl("town", settings, QUICK))
        async with card.on_air(driver) as events:
            radio.carrier(on=True)
            await until(lambda: driver.busy)
            TcpPort.cut(radio)
            await until(lambda: any(isinstance(event, LinkRestored) for event in events))
            kinds = [type(event) for event in events if not isinstance(event, StrengthRead)]
            assert kinds == [KeyUp, KeyDown, LinkLost, LinkRestored]
            radio.carrier(on=False)
            radio.carrier(on=True)
            await until(lambda: driver.busy)


async def test_the_pty_itself() -> None:
    """The far end of everything above shows what was written to it."""
    radio = TaitRadio()
    pty = Pty(radio)
    try:
        fd = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
        os.write(fd, b"q002F\r")
        await until(lambda: radio.accepted == ["q"])
        os.close(fd)
    finally:
        pty.hang_up()
