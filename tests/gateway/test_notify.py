"""What systemd hears, over a real datagram socket."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.notify import Notifier


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield sock


def notifier(sock: socket.socket, **more: str) -> Notifier:
    name = sock.getsockname()
    address = "@" + name[1:].decode() if isinstance(name, bytes) else name
    return Notifier({"NOTIFY_SOCKET": address, **more})


async def test_each_message_is_one_datagram(systemd: socket.socket) -> None:
    told = notifier(systemd)
    told.ready("listening on town")
    told.status("2 waiting\nfor\tspeech")
    told.alive()
    told.stopping()
    assert [systemd.recv(4096).decode() for _ in range(4)] == [
        "READY=1\nSTATUS=listening on town",
        "STATUS=2 waiting for speech",
        "WATCHDOG=1",
        "STOPPING=1\nSTATUS=stopping",
    ]
    with pytest.raises(BlockingIOError):
        systemd.recv(4096)


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0huecry-test-{os.getpid()}")
        sock.setblocking(False)
        notifier(sock).alive()
        assert sock.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("address", [None, "", "/nowhere/at/all", "@huecry-nobody-listens"])
def test_without_systemd_nothing_happens(address: str | None) -> None:
    told = Notifier({} if address is None else {"NOTIFY_SOCKET": address})
    told.ready("listening")
    told.alive()
    assert told.watchdog_s is None


def test_a_systemd_that_does_not_read_blocks_nobody(systemd: socket.socket) -> None:
    told = notifier(systemd)
    for _ in range(5000):
        told.alive()


@pytest.mark.parametrize(
    ("usec", "pid", "seconds"),
    [
        ("60000000", "", 60.0),
        ("60000000", str(os.getpid()), 60.0),
        ("500000", "", 0.5),
        ("60000000", "1", None),
        ("", "", None),
        ("soon", "", None),
    ],
)
def test_the_watchdog_interval_is_ours_only_if_meant_for_us(usec: str, pid: str, seconds: float | None) -> None:
    environ = {"WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}
    assert Notifier(environ).watchdog_s == seconds
