"""`huecry radio monitor` at a pseudo-terminal, on a software base station that other processes talk on."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from gateway.radio_lock import hold_radio
from radio_drivers.simulator.client import SimulatorClient

CONFIG = """
[paths]
state_dir = "{state}"
[[radio]]
name = "town"
driver = "simulator"
[radio.simulator]
listen = "127.0.0.1:0"
address_file = "{address}"
[[radio]]
name = "hill"
driver = "simulator"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "huecry.toml"
    (tmp_path / "state").mkdir()
    file.write_text(CONFIG.format(state=tmp_path / "state", address=tmp_path / "address"))
    return file


def plain(screen: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)


@pytest.fixture
def screen(config: Path) -> Iterator[pexpect.spawn[str]]:
    """Somebody at a terminal, watching the town's radio."""
    running: pexpect.spawn[str] = pexpect.spawn(
        sys.executable,
        ["-m", "gateway", "radio", "monitor", "--config", str(config), "--channel", "town", "--picture", "call.png"],
        env={**os.environ, "TERM": "xterm-256color"},
        dimensions=(40, 100),
        timeout=25,
        encoding="utf-8",
        cwd=config.parent,
    )
    yield running
    running.close(force=True)


def address(config: Path) -> str:
    """Where the software base station listens, once it does."""
    deadline = time.monotonic() + 20
    while not (file := config.parent / "address").exists() or not file.read_text().strip():
        assert time.monotonic() < deadline, "it never listened"
        time.sleep(0.02)
    return file.read_text().strip()


async def talk(config: Path) -> None:
    """A call of three seconds from radio 1002, an emergency from 1003, a text."""
    where = await asyncio.to_thread(address, config)
    async with SimulatorClient.connect(where, "1002") as radio:
        await radio.say((b"\x00\x10" * 10 + b"\x00\xf0" * 10) * 2400)
        await radio.send_text("all quiet")
    async with SimulatorClient.connect(where, "1003") as radio:
        await radio.press_emergency()


def until_emergency(screen: pexpect.spawn[str]) -> str:
    """All that was shown until it stands on top and, below everything else, among the events."""
    screen.expect_exact("EMERGENCY by 1003 at")
    before = str(screen.before)
    screen.expect_exact("EMERGENCY by 1003")
    return plain(before + str(screen.before))


async def test_what_happens_on_the_radio_is_on_the_screen(config: Path, screen: pexpect.spawn[str]) -> None:
    # A screen that nobody reads stops the program that draws on it.
    watching = asyncio.create_task(asyncio.to_thread(until_emergency, screen))
    await talk(config)
    shown = await watching
    assert "talk begins by 1002" in shown
    assert "talk ends by 1002 after 3.0 s" in shown
    assert "text by 1002: all quiet" in shown
    assert re.search(r"channel +busy", shown)
    assert re.search(r"sound +█{20,}", shown), "a level"
    screen.send("p")
    screen.expect_exact("saved as call.png")
    assert str(screen.before).count("▀") > 1000, "the spectrum in the terminal"
    assert (config.parent / "call.png").read_bytes()[:4] == b"\x89PNG"
    screen.send("q")
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0


def test_a_radio_that_the_gateway_has_is_left_to_it(config: Path) -> None:
    with hold_radio(config.parent / "state", "town", "huecry run"):
        done = subprocess.run(
            [sys.executable, "-m", "gateway", "radio", "monitor", "--config", str(config), "--channel", "town"],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
    assert done.returncode == 2
    assert f"the radio town is in use by huecry run (process {os.getpid()})" in done.stderr
    assert "systemctl stop huecry" in done.stderr


@pytest.mark.parametrize(
    ("words", "complaint"), [([], "which one? town, hill"), (["--channel", "yard"], "no radio is called 'yard'")]
)
def test_several_radios_are_asked_for_by_name(config: Path, words: list[str], complaint: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "radio", "monitor", "--config", str(config), *words],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.replace("│", " ").split())


def test_without_a_terminal_there_is_a_line_for_each_event(config: Path) -> None:
    monitor = subprocess.Popen(
        [sys.executable, "-m", "gateway", "radio", "monitor", "--config", str(config), "--channel", "town"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert monitor.stdout is not None
    try:
        assert "link is up" in monitor.stdout.readline()
        began = time.monotonic()
        done = subprocess.run([sys.executable, "-c", EMERGENCY, address(config)], timeout=20, check=True)
        assert done.returncode == 0
        assert monitor.stdout.readline().rstrip().endswith("EMERGENCY by 1003")
        assert time.monotonic() - began < 20
    finally:
        monitor.terminate()
        monitor.wait(10)
        monitor.stdout.close()


EMERGENCY = """
import asyncio, sys
from radio_drivers.simulator.client import SimulatorClient
async def press():
    async with SimulatorClient.connect(sys.argv[1], "1003") as radio:
        await radio.press_emergency()
asyncio.run(press())
"""
