"""systemd is fed only while everything that is asked answers."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.health import Health
from gateway.notify import Notifier
from gateway.watchdog import FALLBACK_S, Watchdog


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield sock


def heard(sock: socket.socket) -> list[str]:
    found = []
    while True:
        try:
            found.append(sock.recv(4096).decode())
        except BlockingIOError:
            return found


async def well() -> str | None:
    return None


async def hangs() -> str | None:
    await asyncio.Event().wait()
    return None


def watchdog(
    sock: socket.socket, health: Health, every_s: float = 0.02, **checks: Callable[[], Awaitable[str | None]]
) -> Watchdog:
    return Watchdog(Notifier({"NOTIFY_SOCKET": sock.getsockname()}), health, checks, lambda: "listening", every_s)


async def test_all_well_feeds_and_tells_the_status(systemd: socket.socket) -> None:
    assert await watchdog(systemd, Health(), speech=well).look()
    assert heard(systemd) == ["STATUS=listening", "WATCHDOG=1"]


async def test_a_complaint_is_a_fault_and_feeds_nothing(systemd: socket.socket) -> None:
    complaints: list[str | None] = ["no worker answers", None]

    async def speech() -> str | None:
        return complaints.pop(0)

    health = Health()
    dog = watchdog(systemd, health, speech=speech, store=well)
    assert not await dog.look()
    assert heard(systemd) == ["STATUS=listening; speech: no worker answers"]
    assert [fault.name for fault in health.faults] == ["speech"]
    assert await dog.look()
    assert heard(systemd) == ["STATUS=listening", "WATCHDOG=1"]
    assert health.ok


async def test_no_answer_in_time_feeds_nothing(systemd: socket.socket) -> None:
    health = Health()
    assert not await watchdog(systemd, health, speech=hangs, store=well).look()
    assert heard(systemd) == ["STATUS=listening; speech: gave no answer within 0.02 s"]


async def test_it_feeds_again_and_again_until_cancelled(systemd: socket.socket) -> None:
    running = asyncio.create_task(watchdog(systemd, Health(), every_s=0.005, speech=well).run())
    fed = 0
    while fed < 3:
        await asyncio.sleep(0.005)
        fed += heard(systemd).count("WATCHDOG=1")
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_cancelling_reaches_a_hanging_check(systemd: socket.socket) -> None:
    running = asyncio.create_task(watchdog(systemd, Health(), every_s=30, speech=hangs).run())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert heard(systemd) == []


async def test_a_blocked_event_loop_is_logged(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.watchdog.LAG_S", 0.05)
    with capture_logs() as logs:
        running = asyncio.create_task(watchdog(systemd, Health(), every_s=0.01, speech=well).run())
        while not logs:
            await asyncio.sleep(0.01)
            time.sleep(0.1)
        running.cancel()
        await asyncio.wait({running})
    assert logs[0]["event"] == "the event loop was blocked"


@pytest.mark.parametrize(("usec", "every_s"), [("60000000", 20.0), ("", FALLBACK_S)])
def test_it_looks_three_times_within_systemds_patience(usec: str, every_s: float) -> None:
    dog = Watchdog(Notifier({"WATCHDOG_USEC": usec}), Health(), {}, lambda: "")
    assert dog.every_s == every_s
