"""A CM108 interface; a pseudo-terminal stands for the device node, so what is proven is the bytes, not the chip."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from radio_drivers.cm108 import Cm108Control, Cm108Settings
from radio_drivers.control import Told
from radio_drivers.interface import (
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioSettingsError,
)
from radio_drivers.line import LineDriver, LineSettings
from radio_drivers.line.squelch import Change
from tests.peers import card
from tests.peers.card import until
from tests.peers.terminals import Terminal

OFF = bytes.fromhex("00 00 00 04 00")
ON = bytes.fromhex("00 00 04 04 00")
TALK = bytes.fromhex("02 00 00 00")
QUIET = bytes(4)


class Watcher:
    """What a control tells."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.lost: list[str] = []
        self.told = Told(self.changes.append, lambda _: None, self.lost.append)


@pytest.fixture
def node() -> Iterator[Terminal]:
    with Terminal() as node:
        yield node


@asynccontextmanager
async def opened(settings: Cm108Settings) -> AsyncIterator[tuple[Cm108Control, Watcher]]:
    watcher = Watcher()
    interface = Cm108Control(settings)
    await interface.open(watcher.told)
    try:
        yield interface, watcher
    finally:
        await interface.close()


async def test_the_key_is_released_first_and_last(node: Terminal) -> None:
    async with opened(Cm108Settings(device=node.path)) as (interface, _):
        await node.receives(OFF)
        await interface.key(on=True)
        await node.receives(OFF + ON)
        await interface.key(on=False)
        await interface.key(on=False)
        await interface.key(on=True)
    await node.receives(OFF + ON + OFF + OFF + ON + OFF)


async def test_another_pin_and_the_other_way_round(node: Terminal) -> None:
    with capture_logs() as logs:
        async with opened(Cm108Settings(device=node.path, ptt_gpio=1, ptt_invert=True)) as (interface, _):
            await interface.key(on=True)
    await node.receives(bytes.fromhex("00 00 01 01 00  00 00 00 01 00  00 00 01 01 00"))
    assert [entry["log_level"] for entry in logs] == ["warning"]


async def test_the_squelch_on_a_button(node: Terminal) -> None:
    settings = Cm108Settings(device=node.path, squelch="volume_down", debounce_ms=0, hang_ms=0)
    async with opened(settings) as (interface, watcher):
        assert interface.tells_squelch
        node.write(TALK)
        await until(lambda: len(watcher.changes) == 1)
        node.write(TALK)  # the other button was pressed, for instance
        node.write(QUIET)
        await until(lambda: len(watcher.changes) == 2)
    assert [change.open for change in watcher.changes] == [True, False]


async def test_a_pin_may_mean_its_opposite(node: Terminal) -> None:
    settings = Cm108Settings(device=node.path, squelch="gpio1", squelch_invert=True, debounce_ms=0, hang_ms=0)
    async with opened(settings) as (_, watcher):
        node.write(bytes.fromhex("00 00 00 00"))
        await until(lambda: len(watcher.changes) == 1)
        node.write(bytes.fromhex("00 01 00 00"))
        await until(lambda: len(watcher.changes) == 2)
    assert [change.open for change in watcher.changes] == [True, False]


async def test_a_flutter_is_one_call(node: Terminal) -> None:
    settings = Cm108Settings(device=node.path, squelch="volume_down", debounce_ms=0, hang_ms=300)
    async with opened(settings) as (_, watcher):
        for report in (TALK, QUIET, TALK, QUIET, TALK, QUIET):
            node.write(report)
            await asyncio.sleep(0.005)
        await until(lambda: len(watcher.changes) == 2)
    assert [change.open for change in watcher.changes] == [True, False]
    assert watcher.changes[1].since_s - watcher.changes[0].since_s < 0.3, "when it closed, not when that was believed"


async def test_pulled_out_it_is_lost_and_orders_are_refused(node: Terminal) -> None:
    async with opened(Cm108Settings(device=node.path)) as (interface, watcher):
        node.pull()
        await until(lambda: watcher.lost)
        assert node.path in watcher.lost[0]
        with pytest.raises(LinkDown):
            await interface.key(on=True)
        await asyncio.sleep(0.02)
    assert len(watcher.lost) == 1


async def test_gone_while_it_is_read_or_written(node: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the kernel says it of a real node: ENODEV; and a node that says "nothing yet" after all."""
    async with opened(Cm108Settings(device=node.path)) as (interface, watcher):
        fd = interface._node._fd if interface._node else None
        read, write = os.read, os.write
        answers: list[OSError] = [BlockingIOError(errno.EAGAIN, "not yet"), OSError(errno.ENODEV, "No such device")]

        def refusing(asked: int, size: int) -> bytes:
            if asked == fd:
                raise answers.pop(0)
            return read(asked, size)

        def short(asked: int, data: bytes) -> int:
            return 3 if asked == fd else write(asked, data)

        with monkeypatch.context() as patch:
            patch.setattr(os, "read", refusing)
            patch.setattr(os, "write", short)
            node.write(TALK)
            await until(lambda: watcher.lost)
            with pytest.raises(LinkDown, match="took 3 of 5 bytes"):
                await interface.key(on=True)
    assert watcher.lost == [f"{node.path} has gone: No such device"]


async def test_closed_it_is_harmless_to_release_and_useless_to_press(node: Terminal) -> None:
    interface = Cm108Control(Cm108Settings(device=node.path))
    await interface.key(on=False)
    with pytest.raises(LinkDown, match="not open"):
        await interface.key(on=True)
    await interface.close()
    assert node.received == b""


async def test_one_interface_belongs_to_one_channel(node: Terminal) -> None:
    settings = Cm108Settings(device=node.path)
    async with opened(settings):
        other = Cm108Control(settings)
        with pytest.raises(LinkDown, match="held by another channel or program"):
            await other.open(Watcher().told)
        await other.close()
    async with opened(settings):
        pass


async def test_cancelled_while_pressing_the_release_still_comes_last(node: Terminal) -> None:
    async with opened(Cm108Settings(device=node.path)) as (interface, _):
        for _ in range(20):
            pressing = asyncio.create_task(interface.key(on=True))
            await asyncio.sleep(0)
            pressing.cancel()
            await interface.key(on=False)
            await asyncio.wait({pressing})
        await node.falls_quiet()
        assert node.received.endswith(OFF)


async def test_a_radio_that_only_listens_keeps_every_pin_an_input(node: Terminal) -> None:
    async with opened(Cm108Settings(device=node.path, ptt_gpio=0)) as (interface, _):
        assert not interface.transmits
        await interface.key(on=True)
    assert set(node.received) == {0}


async def test_a_device_that_does_not_exist() -> None:
    interface = Cm108Control(Cm108Settings(device="/dev/hidraw99"))
    with pytest.raises(RadioSettingsError, match=r"/dev/hidraw99 not found; HID devices here: "):
        await interface.open(Watcher().told)
    await interface.close()


async def test_what_is_no_device(tmp_path: Path) -> None:
    interface = Cm108Control(Cm108Settings(device=str(tmp_path)))
    with pytest.raises(RadioSettingsError, match="is no device"):
        await interface.open(Watcher().told)
    await interface.close()


async def test_what_is_busy_may_become_free(node: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: str, flags: int) -> int:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), path)

    interface = Cm108Control(Cm108Settings(device=node.path))
    with monkeypatch.context() as patch:
        patch.setattr("radio_drivers.cm108.node.os.open", refused)
        with pytest.raises(LinkDown, match="can't be opened: Device or resource busy"):
            await interface.open(Watcher().told)
    await interface.close()


async def test_without_permission_the_rule_to_install_is_named(node: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: str, flags: int) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    interface = Cm108Control(Cm108Settings(device=node.path))
    with monkeypatch.context() as patch:
        patch.setattr("radio_drivers.cm108.node.os.open", refused)
        with pytest.raises(
            RadioSettingsError, match=r"may not be opened.*60-huecry-radio\.rules.*group \(usually audio\)"
        ):
            await interface.open(Watcher().told)
    await interface.close()


async def test_there_is_no_text() -> None:
    interface = Cm108Control(Cm108Settings())
    assert interface.text_max is None
    with pytest.raises(NotSupported):
        await interface.send_text("hello", None)


async def test_the_driver_gets_it_back_when_it_is_plugged_in_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.use(monkeypatch, retry_s=0.02)
    link = tmp_path / "huecry-cm108"
    rules = KeyingRules(lead_in_s=0.0, tail_s=0.0, clear_for_s=0.0, busy_wait_s=5.0, time_out_s=5.0)
    settings = Cm108Settings(device=str(link), squelch="volume_down", debounce_ms=0, hang_ms=0)
    with Terminal() as first, Terminal() as second:
        link.symlink_to(first.path)
        driver = LineDriver("shops", LineSettings(), rules, Cm108Control(settings))
        async with card.on_air(driver) as events:
            first.write(TALK)
            await until(lambda: driver.busy)
            first.pull()
            await until(lambda: any(isinstance(event, LinkLost) for event in events))
            link.unlink()
            await asyncio.sleep(0.05)
            link.symlink_to(second.path)
            await until(lambda: any(isinstance(event, LinkRestored) for event in events))
            await driver.send_voice(bytes(320))
            await until(lambda: second.received == OFF + ON + OFF)
        assert [type(event) for event in events][:4] == [KeyUp, KeyDown, LinkLost, LinkRestored]
