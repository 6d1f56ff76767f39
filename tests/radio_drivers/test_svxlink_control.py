"""svxlink's pseudo-terminals: the gateway as the radio of Debian's svxlink, and in svxlink's own place."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.line import LineDriver, LineSettings
from radio_drivers.line.squelch import Change
from radio_drivers.svxlink import SvxlinkControl, SvxlinkSettings
from radio_drivers.svxlink.protocol import Side, key_letter, levels
from tests.peers import card
from tests.peers.card import Card, until
from tests.peers.svxlink import Svxlink
from tests.peers.terminals import Terminal

QUICK = KeyingRules(lead_in_s=0.0, tail_s=0.0, clear_for_s=0.0, busy_wait_s=5.0, time_out_s=5.0)


class Watcher:
    """What a control tells."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.lost: list[str] = []
        self.told = Told(self.changes.append, lambda _: None, self.lost.append)

    @property
    def levels(self) -> list[bool]:
        return [change.open for change in self.changes]


@asynccontextmanager
async def opened(settings: SvxlinkSettings) -> AsyncIterator[tuple[SvxlinkControl, Watcher]]:
    watcher = Watcher()
    station = SvxlinkControl(settings)
    try:
        await station.open(watcher.told)
        yield station, watcher
    finally:
        await station.close()


@asynccontextmanager
async def with_sound(svxlink: Svxlink) -> AsyncIterator[None]:
    sound = asyncio.create_task(svxlink.hears())
    try:
        yield
    finally:
        sound.cancel()
        await asyncio.wait({sound})


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Svxlink]:
    with Svxlink(tmp_path_factory.mktemp("svxlink")) as svxlink:
        yield svxlink


def as_radio(svxlink: Svxlink) -> SvxlinkSettings:
    return SvxlinkSettings(ptt_pty=str(svxlink.ptt), squelch_pty=str(svxlink.squelch), hang_ms=0)


async def test_real_svxlink_hears_our_key_and_its_answer_is_a_call(running: Svxlink) -> None:
    heard = len(running.log)
    async with opened(as_radio(running)) as (station, watcher), with_sound(running):
        await station.key(on=True)
        await until(lambda: any("Ear: The squelch is OPEN" in line for line in running.log[heard:]))
        assert watcher.changes == []
        await asyncio.sleep(0.3)  # svxlink looks at its squelch with each block of sound
        await station.key(on=False)
        await until(lambda: any("Ear: The squelch is CLOSED" in line for line in running.log[heard:]))
        await until(lambda: watcher.levels == [True, False])
    wrote = [line for line in running.log[heard:] if line.startswith(("Ear:", "Mouth:"))]
    assert [line.rpartition(" ")[0] for line in wrote[:2]] == ["Ear: The squelch is OPEN", "Ear: The squelch is CLOSED"]
    assert wrote[2:] == ["Mouth: Turning the transmitter ON", "Mouth: Turning the transmitter OFF"]
    assert watcher.lost == []


async def test_the_whole_driver_on_real_svxlink_is_killed_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.use(monkeypatch, retry_s=0.05)
    monkeypatch.setattr(Card, "playing_s", 0.2)  # svxlink looks at its squelch with each block of sound
    svxlink = Svxlink(tmp_path, one_terminal=True)
    driver = LineDriver("shops", LineSettings(), QUICK, SvxlinkControl(as_radio(svxlink)))
    with contextlib.ExitStack() as stack:
        await asyncio.to_thread(stack.enter_context, svxlink)
        async with card.on_air(driver) as events, with_sound(svxlink):
            await driver.send_voice(bytes(320))
            await until(lambda: any(isinstance(event, KeyDown) for event in events))
            await asyncio.to_thread(svxlink.stop)
            await until(lambda: any(isinstance(event, LinkLost) for event in events))
            with pytest.raises(LinkDown):
                await driver.send_voice(bytes(320))
            await asyncio.to_thread(svxlink.start)
            await until(lambda: any(isinstance(event, LinkRestored) for event in events))
            told = len(events)
            await driver.send_voice(bytes(320))
            await until(lambda: any(isinstance(event, KeyDown) for event in events[told:]))
        kinds = [type(event) for event in events]
        assert kinds[:4] == [TransmitStarted, TransmitEnded, KeyUp, KeyDown]
        assert kinds[-4:] == [TransmitStarted, TransmitEnded, KeyUp, KeyDown]
        stack.pop_all()
        await asyncio.to_thread(svxlink.__exit__, None, None, None)


def in_svxlinks_place(folder: Path, **more: str | int) -> SvxlinkSettings:
    return SvxlinkSettings(
        we_are="svxlink",
        ptt_pty=str(folder / "ptt"),
        squelch_pty=str(folder / "squelch"),
        hang_ms=0,
        **more,  # type: ignore[arg-type]  # keys as the test names them
    )


async def test_in_svxlinks_place_a_shell_script_works_the_radio(tmp_path: Path) -> None:
    async with opened(in_svxlinks_place(tmp_path)) as (station, watcher):
        script = await asyncio.create_subprocess_shell(
            f"echo O > {tmp_path}/squelch; head -c 3 {tmp_path}/ptt; echo Z > {tmp_path}/squelch",
            stdout=subprocess.PIPE,
        )
        await until(lambda: watcher.levels == [True])
        while True:
            with contextlib.suppress(LinkDown):  # until it has opened the terminal
                await station.key(on=True)
                break
            await asyncio.sleep(0.01)
        await station.key(on=False)
        await station.key(on=True)
        out, _ = await script.communicate()
        assert out == b"TRT"
        await until(lambda: watcher.levels == [True, False])


async def test_with_nobody_at_the_terminal_pressing_talk_is_an_error(tmp_path: Path) -> None:
    async with opened(in_svxlinks_place(tmp_path)) as (station, _):
        with pytest.raises(LinkDown, match="no program has opened this terminal"):
            await station.key(on=True)
        await station.key(on=False)
        reader = os.open(tmp_path / "ptt", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        await station.key(on=True)
        assert os.read(reader, 10) == b"T", "and nothing of what was said before"
        os.close(reader)
        with pytest.raises(LinkDown):
            await station.key(on=True)


async def test_one_terminal_for_both_functions_shows_a_late_reader_how_things_are(tmp_path: Path) -> None:
    path = tmp_path / "radio"
    settings = SvxlinkSettings(we_are="svxlink", ptt_pty=str(path), squelch_pty=str(path), hang_ms=0)
    async with opened(settings) as (station, watcher):
        for on in (True, False, True):
            await station.key(on)
        script = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        assert os.read(script, 10) == b"T"
        os.write(script, b"O")
        await until(lambda: watcher.levels == [True])
        os.close(script)


async def test_whoever_reads_nothing_is_an_error_too(tmp_path: Path) -> None:
    async with opened(in_svxlinks_place(tmp_path)) as (station, _):
        reader = os.open(tmp_path / "ptt", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)

        async def press_without_end() -> None:
            for _ in range(100_000):
                await station.key(on=True)

        with pytest.raises(LinkDown, match="doesn't read it"):
            await press_without_end()
        os.close(reader)


async def test_made_terminals_are_taken_away_and_stale_links_replaced(tmp_path: Path) -> None:
    (tmp_path / "ptt").symlink_to("/dev/pts/99999")
    async with opened(in_svxlinks_place(tmp_path)):
        assert (tmp_path / "ptt").exists()
    assert list(tmp_path.iterdir()) == []


async def test_a_group_may_use_them(tmp_path: Path) -> None:
    async with opened(in_svxlinks_place(tmp_path, group="audio")):
        terminal = (tmp_path / "ptt").resolve()
        assert terminal.group() == "audio"
        assert terminal.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize(
    ("folder", "group", "says"), [("nowhere", None, "can't be made: No such file"), ("", "nobodies", "no such group")]
)
async def test_terminals_that_cannot_be_made(tmp_path: Path, folder: str, group: str | None, says: str) -> None:
    with pytest.raises(RadioSettingsError, match=says):
        async with opened(in_svxlinks_place(tmp_path / folder, **({"group": group} if group else {}))):
            pass


async def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ptt").write_text("somebody's")
    with pytest.raises(RadioSettingsError, match="can't be made: File exists"):
        async with opened(in_svxlinks_place(tmp_path)):
            pass
    assert (tmp_path / "ptt").read_text() == "somebody's"
    assert not (tmp_path / "squelch").exists()


async def test_svxlink_that_is_not_running_yet_is_waited_for(tmp_path: Path) -> None:
    with pytest.raises(LinkDown, match="is svxlink running, with PTT_TYPE=PTY"):
        async with opened(SvxlinkSettings(ptt_pty=str(tmp_path / "ptt"))):
            pass


async def test_what_is_no_terminal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ptt").write_text("")
    with pytest.raises(RadioSettingsError, match="is no terminal"):
        async with opened(SvxlinkSettings(ptt_pty=str(tmp_path / "ptt"))):
            pass


async def test_without_permission_the_guide_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    with monkeypatch.context() as patch:
        patch.setattr("radio_drivers.svxlink.terminals.os.open", refused)
        with pytest.raises(RadioSettingsError, match=r"docs/radios/svxlink\.md says how to share"):
            async with opened(SvxlinkSettings(ptt_pty="/run/svxlink/ptt")):
                pass


async def test_what_was_said_before_we_came_is_no_call_but_how_things_are_now() -> None:
    with Terminal() as ptt:
        ptt.write(b"TRTR")
        async with opened(SvxlinkSettings(ptt_pty=ptt.path, hang_ms=0)) as (_, watcher):
            await asyncio.sleep(0.02)
            assert watcher.levels == []
            ptt.write(b"T")
            await until(lambda: watcher.levels == [True])
        ptt.write(b"RT")
        async with opened(SvxlinkSettings(ptt_pty=ptt.path, hang_ms=0)) as (_, watcher):
            assert watcher.levels == [True]


async def test_a_hang_up_is_told_once() -> None:
    with Terminal() as ptt:
        async with opened(SvxlinkSettings(ptt_pty=ptt.path)) as (_, watcher):
            ptt.pull()
            await until(lambda: watcher.lost)
            await asyncio.sleep(0.02)
        assert len(watcher.lost) == 1


@pytest.mark.parametrize("we_are", ["radio", "svxlink"])
async def test_cancelled_while_opening_leaves_nothing_behind(tmp_path: Path, we_are: Side) -> None:
    settings = SvxlinkSettings(we_are=we_are, ptt_pty=str(tmp_path / "ptt"), squelch_pty=str(tmp_path / "squelch"))
    station = SvxlinkControl(settings)
    opening = asyncio.create_task(station.open(Watcher().told))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await station.close()
    assert list(tmp_path.iterdir()) == []


async def test_one_direction_alone(tmp_path: Path) -> None:
    only_key = SvxlinkControl(SvxlinkSettings(squelch_pty=str(tmp_path / "squelch")))
    assert (only_key.transmits, only_key.tells_squelch) == (True, False)
    only_hear = SvxlinkControl(SvxlinkSettings(ptt_pty=str(tmp_path / "ptt")))
    assert (only_hear.transmits, only_hear.tells_squelch, only_hear.text_max) == (False, True, None)
    await only_hear.key(on=False)
    with pytest.raises(LinkDown):
        await only_key.key(on=True)
    with pytest.raises(NotSupported):
        await only_key.send_text("hello", None)


@given(st.binary(max_size=200), st.lists(st.booleans(), max_size=20))
def test_only_the_letters_count(rubbish: bytes, calls: list[bool]) -> None:
    letters = b"\n".join(key_letter("svxlink", on=on) for on in calls)
    quiet = rubbish.translate(None, delete=b"TROZ")
    assert levels("radio", quiet + letters + quiet) == calls
    assert levels("svxlink", quiet + letters) == [], "what our own side says"
    assert len(levels("svxlink", rubbish)) == rubbish.count(b"O") + rubbish.count(b"Z")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ptt_pty": "ptt"}, "no absolute path"),
        ({"hang_ms": -1}, "hang_ms = -1 is out of range"),
        ({"group": "audio"}, "group is for terminals that the gateway makes"),
    ],
)
def test_settings_that_cannot_work(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(RadioSettingsError, match=says):
        SvxlinkSettings(**wrong)  # type: ignore[arg-type]  # wrong on purpose
