"""Bytes over a serial port: a pseudo-terminal, a plain socket, `loop://`, and ports that aren't there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import socket
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from radio_drivers.interface import LinkDown, RadioSettingsError
from radio_drivers.serial_link import SerialLink
from tests.peers.ports import free_port


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.005)


class Ear:
    def __init__(self) -> None:
        self.data = b""
        self.lost: list[str] = []

    def take(self, data: bytes) -> None:
        self.data += data


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    with contextlib.suppress(OSError):  # a test may have hung up
        os.close(master)


async def test_bytes_go_both_ways_in_order(terminal: tuple[int, str]) -> None:
    master, path = terminal
    ear, link = Ear(), SerialLink(path, 38_400)
    await link.open(ear.take, ear.lost.append)
    wanted = bytes(range(256)) * 8
    for start in range(0, len(wanted), 100):
        os.write(master, wanted[start : start + 100])
    await until(lambda: len(ear.data) == len(wanted))
    assert ear.data == wanted
    for word in (b"one ", b"two ", b"three"):
        link.write(word)
    await link.close()  # what was given before goes out
    assert os.read(master, 100) == b"one two three"
    assert not ear.lost


async def test_a_terminal_that_hangs_up_is_told_once_and_close_is_harmless(terminal: tuple[int, str]) -> None:
    master, path = terminal
    ear, link = Ear(), SerialLink(path, 38_400)
    await link.open(ear.take, ear.lost.append)
    os.close(master)
    await until(lambda: ear.lost)
    link.write(b"nobody hears this")
    await asyncio.sleep(0.05)
    assert len(ear.lost) == 1
    assert path in ear.lost[0]
    await link.close()
    await link.close()
    link.write(b"nor this")


async def test_over_a_plain_socket_and_its_end() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    ear, link = Ear(), SerialLink(f"socket://127.0.0.1:{listener.getsockname()[1]}", 9_600)
    accepting = asyncio.create_task(asyncio.to_thread(listener.accept))
    await link.open(ear.take, ear.lost.append)
    peer, _ = await accepting
    peer.sendall(b"hello")
    await until(lambda: ear.data == b"hello")
    link.write(b"there")
    assert await asyncio.to_thread(peer.recv, 10) == b"there"
    peer.close()
    listener.close()
    await until(lambda: ear.lost)
    await link.close()


async def test_modem_lines_are_set_and_read_back() -> None:
    ear, link = Ear(), SerialLink("loop://", 9_600, low=frozenset({"rts"}))
    await link.open(ear.take, ear.lost.append)
    await link.line("rts", on=True)
    await link.line("rts", on=False)
    await link.close()
    await link.line("rts", on=False)  # a closed port has dropped it
    with pytest.raises(LinkDown):
        await link.line("rts", on=True)


async def test_a_pseudo_terminal_has_no_line_to_press_talk_with(terminal: tuple[int, str]) -> None:
    ear = Ear()
    with pytest.raises(RadioSettingsError, match="no modem lines"):
        await SerialLink(terminal[1], 9_600, low=frozenset({"dtr"})).open(ear.take, ear.lost.append)


async def test_two_programs_on_one_port_are_not_let(terminal: tuple[int, str]) -> None:
    ear = Ear()
    first, second = SerialLink(terminal[1], 9_600), SerialLink(terminal[1], 9_600)
    await first.open(ear.take, ear.lost.append)
    try:
        with pytest.raises(LinkDown, match="in use"):
            await second.open(ear.take, ear.lost.append)
    finally:
        await first.close()


@pytest.mark.parametrize("url", ["rfc2217://nowhere", "zzz://1", "rfc2217://h:1?x=1"])
async def test_an_address_that_means_nothing_is_a_mistake_in_the_settings(url: str) -> None:
    ear = Ear()
    with pytest.raises(RadioSettingsError, match=r"radio\.port"):
        await SerialLink(url, 9_600, where="radio.port").open(ear.take, ear.lost.append)


async def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    ear = Ear()
    with pytest.raises(RadioSettingsError, match="not found; there are"):
        await SerialLink(str(tmp_path / "ttyX"), 9_600).open(ear.take, ear.lost.append)
    with pytest.raises(LinkDown):
        await SerialLink(f"socket://127.0.0.1:{free_port()}", 9_600).open(ear.take, ear.lost.append)
