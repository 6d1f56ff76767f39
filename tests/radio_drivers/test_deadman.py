"""The key comes up when the process that holds it is killed: real processes, real kills."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from radio_drivers import deadman
from radio_drivers.deadman import DeadMan
from tests.peers.card import until
from tests.peers.rigctld import Rigctld
from tests.peers.svxlink import Svxlink
from tests.peers.tait import TaitRadio, on_a_pty
from tests.peers.terminals import Terminal

DIES = """
import asyncio, json, sys
from radio_drivers.cm108 import Cm108Control, Cm108Settings
from radio_drivers.control import Told
from radio_drivers.hamlib import RigctldControl, RigctldSettings
from radio_drivers.svxlink import SvxlinkControl, SvxlinkSettings
from radio_drivers.tait.control import TaitControl
from radio_drivers.tait.settings import TaitSettings

async def main() -> None:
    settings = json.loads(sys.argv[2])
    control = {
        "rigctld": lambda: RigctldControl("town", RigctldSettings(**settings)),
        "cm108": lambda: Cm108Control(Cm108Settings(**settings)),
        "svxlink": lambda: SvxlinkControl(SvxlinkSettings(**settings)),
        "tait": lambda: TaitControl("town", TaitSettings(**settings)),
    }[sys.argv[1]]()
    await control.open(Told(lambda _: None, lambda _: None, lambda _: None))
    await control.key(on=True)
    print("pressed", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@asynccontextmanager
async def pressing(kind: str, settings: str) -> AsyncIterator[subprocess.Popen[str]]:
    """Another process with the key down."""
    process = await asyncio.to_thread(
        lambda: subprocess.Popen(
            [sys.executable, "-c", DIES, kind, settings],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
    )
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    assert await asyncio.to_thread(lambda: "pressed\n" in lines), "it logs, too, while it opens the link"
    yield process
    process.kill()
    await asyncio.to_thread(process.wait)
    process.stdout.close()


@pytest.fixture
def node() -> Iterator[Terminal]:
    with Terminal() as node:
        yield node


async def test_rigctld_lets_go_when_the_gateway_is_killed() -> None:
    with Rigctld("-P", "RIG") as hamlib:

        async def answer() -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", hamlib.port)
            writer.write(b"t\n")
            said = await reader.readline()
            writer.close()
            return said

        async with pressing("rigctld", f'{{"port": {hamlib.port}, "squelch": "vox"}}') as process:
            assert await answer() == b"1\n"
            process.kill()
            deadline = time.monotonic() + 10
            while await answer() != b"0\n":
                assert time.monotonic() < deadline


async def test_a_gpio_goes_low_when_the_gateway_is_killed(node: Terminal) -> None:
    off, on = bytes.fromhex("00 00 00 04 00"), bytes.fromhex("00 00 04 04 00")
    async with pressing("cm108", f'{{"device": "{node.path}"}}') as process:
        await node.receives(off + on)
        process.kill()
        await node.receives(off + on + off)


async def test_svxlink_hears_the_end_when_the_gateway_is_killed(tmp_path: Path) -> None:
    with Svxlink(tmp_path) as svxlink:
        sound = asyncio.create_task(svxlink.hears())
        settings = f'{{"ptt_pty": "{svxlink.ptt}", "squelch_pty": "{svxlink.squelch}"}}'
        async with pressing("svxlink", settings) as process:
            await until(lambda: any("squelch is OPEN" in line for line in svxlink.log))
            await asyncio.sleep(0.3)  # svxlink looks at its squelch with each block of sound
            process.kill()
            await until(lambda: any("squelch is CLOSED" in line for line in svxlink.log))
        sound.cancel()
        await asyncio.wait({sound})


async def test_a_tait_radio_stops_transmitting_when_the_gateway_is_killed() -> None:
    """Its own timer does not end what a command began."""
    radio = TaitRadio()
    async with on_a_pty(radio) as port, pressing("tait", f'{{"port": "{port.path}", "baud": 28800}}') as process:
        assert radio.keyed
        process.kill()
        await until(lambda: not radio.keyed)


async def test_an_interrupt_from_the_keyboard_does_not_reach_it(node: Terminal) -> None:
    watching, link = DeadMan(), os.open(node.path, os.O_RDWR | os.O_NOCTTY)
    await watching.watch(link, b"up")
    assert watching._child is not None
    assert os.getpgid(watching._child.pid) != os.getpgid(0)
    await watching.stand_down()
    os.close(link)
    assert node.received == b"", "an orderly end releases the key itself"


async def test_any_bytes_are_said_as_they_are_and_at_once() -> None:
    read, write = os.pipe()
    watching = DeadMan()
    await watching.watch(write, bytes(range(256)))
    assert watching._child is not None
    assert watching._child.stdin is not None
    watching._child.stdin.close()  # as the kernel does it for the dead
    assert await asyncio.to_thread(os.read, read, 1000) == bytes(range(256))
    await watching.stand_down()
    os.close(read)
    os.close(write)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadman, "END_S", 0.05)


@pytest.mark.usefixtures("no_waiting")
async def test_one_that_does_not_end_is_killed() -> None:
    read, write = os.pipe()
    watching = DeadMan()
    await watching.watch(write, b"up")
    assert watching._child is not None
    child = watching._child.pid
    os.kill(child, signal.SIGSTOP)
    await watching.stand_down()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    os.close(read)
    os.close(write)


async def test_without_a_shell_the_gateway_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    watching = DeadMan()
    with capture_logs() as logs, monkeypatch.context() as patch:
        patch.setattr(asyncio, "create_subprocess_exec", refused)
        await watching.watch(1, b"up")
        await watching.stand_down()
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_one_that_was_killed_before_is_no_trouble() -> None:
    read, write = os.pipe()
    watching = DeadMan()
    await watching.watch(write, b"up")
    assert watching._child is not None
    os.kill(watching._child.pid, signal.SIGKILL)
    await watching._child.wait()
    await watching.stand_down()
    await watching.stand_down()
    os.close(write)
    assert await asyncio.to_thread(os.read, read, 10) == b""
    os.close(read)
