"""Modem lines: over `loop://`, over pyserial's RFC 2217 server, through a real ser2net, and on what has none."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import termios
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import serial

from radio_drivers.interface import LinkDown, RadioSettingsError
from radio_drivers.line import LineSettings, lines, list_serial_ports
from radio_drivers.line.lines import Lines
from radio_drivers.line.ports import keep_hangup, ptt_level
from radio_drivers.line.squelch import Change
from tests.peers.ports import free_port, wait_until_bound
from tests.peers.rfc2217 import RadioServer, radio_server

pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")  # in pyserial 3.5 itself


class Watcher:
    """What lines tell."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.lost: list[str] = []


@asynccontextmanager
async def opened(settings: LineSettings) -> AsyncIterator[tuple[Lines, Watcher]]:
    watcher = Watcher()
    port = Lines(settings)
    for attempt in range(20):  # a server may still be busy with whoever was there before
        try:
            await port.open(watcher.changes.append, watcher.lost.append)
        except LinkDown:
            assert attempt < 19
            await asyncio.sleep(0.1)
        else:
            break
    try:
        yield port, watcher
    finally:
        await port.close()


async def until(true: Callable[[], object], within_s: float = 5.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.005)


@pytest.fixture
async def server() -> AsyncIterator[RadioServer]:
    manager = radio_server()
    server = await asyncio.to_thread(manager.__enter__)
    yield server
    await asyncio.to_thread(manager.__exit__, None, None, None)


@pytest.mark.parametrize(("ptt", "squelch"), [("rts", "cts"), ("dtr", "dsr"), ("rts-dtr", "cts"), ("rts+dtr", "dsr")])
async def test_a_looped_port_hears_its_own_key(ptt: str, squelch: str) -> None:
    settings = LineSettings(port="loop://", ptt=ptt, squelch=squelch, debounce_ms=10, hang_ms=20, poll_ms=5)  # type: ignore[arg-type]  # parametrized literals
    async with opened(settings) as (port, watcher):
        await port.key(on=True)
        await until(lambda: len(watcher.changes) == 1)
        await port.key(on=False)
        await until(lambda: len(watcher.changes) == 2)
    assert [change.open for change in watcher.changes] == [True, False]
    assert watcher.lost == []


async def test_a_line_may_mean_its_opposite() -> None:
    settings = LineSettings(port="loop://", ptt="none", squelch="cts", squelch_invert=True, debounce_ms=0, poll_ms=5)
    async with opened(settings) as (_, watcher):
        await until(lambda: watcher.changes)
    assert watcher.changes[0].open


@pytest.mark.parametrize(
    ("settings", "up", "down"),
    [
        (LineSettings(port="loop://", ptt="rts"), (False, False), (True, False)),
        (LineSettings(port="loop://", ptt="dtr"), (False, False), (False, True)),
        (LineSettings(port="loop://", ptt="rts", ptt_invert=True), (True, False), (False, False)),
        (LineSettings(port="loop://", ptt="rts", hold="dtr"), (False, True), (True, True)),
        (LineSettings(port="loop://", ptt="dtr", hold="rts", ptt_invert=True), (True, True), (True, False)),
        (LineSettings(port="loop://", ptt="rts-dtr"), (False, True), (True, False)),
        (LineSettings(port="loop://", ptt="rts-dtr", ptt_invert=True), (True, False), (False, True)),
        (LineSettings(port="loop://", ptt="rts+dtr"), (False, False), (True, True)),
        (LineSettings(port="loop://", ptt="none"), (False, False), (False, False)),
    ],
)
def test_levels_of_rts_and_dtr(settings: LineSettings, up: tuple[bool, bool], down: tuple[bool, bool]) -> None:
    assert (ptt_level(settings, "rts", keyed=False), ptt_level(settings, "dtr", keyed=False)) == up
    assert (ptt_level(settings, "rts", keyed=True), ptt_level(settings, "dtr", keyed=True)) == down


async def test_over_the_network_keying_and_squelch_arrive(server: RadioServer) -> None:
    settings = LineSettings(port=server.url, ptt="rts", squelch="cts", debounce_ms=10, hang_ms=20, poll_ms=5)
    async with opened(settings) as (port, watcher):
        assert not server.radio.keyed
        await port.key(on=True)
        assert server.radio.keyed, "key() returns when the server has done it"
        await port.key(on=False)
        assert not server.radio.keyed
        server.radio.talking = True
        await until(lambda: len(watcher.changes) == 1)
        server.radio.talking = False
        await until(lambda: len(watcher.changes) == 2)
        await port.key(on=True)
    await until(lambda: not server.radio.keyed)
    assert [change.open for change in watcher.changes] == [True, False]


async def test_a_pulled_cable_is_told_once_and_orders_are_refused(server: RadioServer) -> None:
    settings = LineSettings(port=server.url, ptt="rts", squelch="cts")
    async with opened(settings) as (port, watcher):
        await port.key(on=True)
        await asyncio.to_thread(server.stop)
        await until(lambda: watcher.lost)
        with pytest.raises(LinkDown):
            await port.key(on=True)
        await port.key(on=False)  # a closed port has released it
        assert not server.radio.keyed
        await asyncio.sleep(0.05)
        assert len(watcher.lost) == 1
        await asyncio.to_thread(server.start)
        await port.close()
        await port.open(watcher.changes.append, watcher.lost.append)
        await port.key(on=True)
        assert server.radio.keyed
    assert len(watcher.lost) == 1


async def test_a_network_that_died_silently_is_noticed(server: RadioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "PROOF_S", 0.1)
    async with opened(LineSettings(port=f"{server.url}?timeout=0.3", ptt="rts", squelch="cts")) as (_, watcher):
        server.fall_silent()
        await until(lambda: watcher.lost)


async def test_nobody_listening_may_change() -> None:
    port = Lines(LineSettings(port=f"rfc2217://127.0.0.1:{free_port()}", ptt="rts"))
    with pytest.raises(LinkDown, match="refused"):
        await port.open(lambda _: None, lambda _: None)
    with pytest.raises(LinkDown):
        await port.key(on=True)
    await port.key(on=False)


async def test_cancelled_while_opening_leaves_nothing_behind(server: RadioServer) -> None:
    server.fall_silent()
    port = Lines(LineSettings(port=f"{server.url}?timeout=0.3", ptt="rts"))
    opening = asyncio.create_task(port.open(lambda _: None, lambda _: None))
    await until(lambda: server.connections)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening


async def test_an_order_of_somebody_who_has_gone_is_not_obeyed(server: RadioServer) -> None:
    async with opened(LineSettings(port=server.url, ptt="rts")) as (port, _):
        wanted = asyncio.create_task(port.key(on=True))
        await asyncio.sleep(0)
        wanted.cancel()
        await port.key(on=False)
        assert not server.radio.keyed


async def test_a_port_that_does_not_exist_is_answered_with_those_that_do() -> None:
    port = Lines(LineSettings(port="/dev/ttyNOWHERE", ptt="rts"))
    with pytest.raises(RadioSettingsError, match=r"'/dev/ttyNOWHERE' not found; there are: ") as refused:
        await port.open(lambda _: None, lambda _: None)
    assert all(port.device in str(refused.value) for port in await asyncio.to_thread(list_serial_ports))


@pytest.mark.parametrize("url", ["gopher://radio", "loop://?colour=blue", "rfc2217://radio"])
async def test_an_address_nobody_understands(url: str) -> None:
    with pytest.raises(RadioSettingsError, match="rfc2217://host:port"):
        await Lines(LineSettings(port=url, ptt="rts")).open(lambda _: None, lambda _: None)


@pytest.fixture
def terminal() -> Iterator[str]:
    """A pseudo-terminal: opens like a serial port, but has no modem lines."""
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


async def test_a_pseudo_terminal_is_refused_with_the_reason(terminal: str) -> None:
    with pytest.raises(RadioSettingsError, match="no modem lines"):
        await Lines(LineSettings(port=terminal, ptt="rts")).open(lambda _: None, lambda _: None)


async def test_what_is_no_terminal_at_all_is_refused_too(tmp_path: Path) -> None:
    port = tmp_path / "ttyS0"
    port.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
    with pytest.raises(RadioSettingsError, match="no modem lines"):
        await Lines(LineSettings(port=str(port), ptt="rts")).open(lambda _: None, lambda _: None)


def test_the_kernel_is_told_to_drop_the_lines_when_we_die(terminal: str) -> None:
    with serial.Serial(terminal) as port:
        attributes = termios.tcgetattr(port.fd or 0)
        attributes[2] &= ~termios.HUPCL
        termios.tcsetattr(port.fd or 0, termios.TCSANOW, attributes)
        keep_hangup(port)
        assert termios.tcgetattr(port.fd or 0)[2] & termios.HUPCL


@pytest.fixture
async def through_ser2net(server: RadioServer, tmp_path: Path) -> AsyncIterator[str]:
    """Debian's ser2net between us and the radio: it speaks RFC 2217 on both sides."""
    port = free_port()
    config = tmp_path / "ser2net.yaml"
    config.write_text(
        "connection: &radio\n"
        f"  accepter: telnet(rfc2217),tcp,127.0.0.1,{port}\n"
        f"  connector: telnet(rfc2217),tcp,127.0.0.1,{server.port}\n"
        "  options:\n    kickolduser: true\n"
    )
    process = await asyncio.to_thread(
        subprocess.Popen, ["ser2net", "-n", "-u", "-c", str(config)], stderr=subprocess.DEVNULL
    )
    await asyncio.to_thread(wait_until_bound, port)
    yield f"rfc2217://127.0.0.1:{port}"
    process.kill()
    await asyncio.to_thread(process.wait)


async def test_through_a_real_ser2net(server: RadioServer, through_ser2net: str) -> None:
    settings = LineSettings(port=through_ser2net, ptt="rts", squelch="cts", debounce_ms=10, hang_ms=20, poll_ms=5)
    async with opened(settings) as (port, watcher):
        await port.key(on=True)
        await until(lambda: server.radio.keyed)
        await port.key(on=False)
        await until(lambda: not server.radio.keyed)
        server.radio.talking = True
        await until(lambda: len(watcher.changes) == 1)
        server.radio.talking = False
        await until(lambda: len(watcher.changes) == 2)
        await port.key(on=True)
        await until(lambda: server.radio.keyed)
    await until(lambda: not server.radio.keyed)
