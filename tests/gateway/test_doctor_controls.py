"""What `huecry doctor` says about controls beside a sound card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.doctor import Level
from gateway.doctor_controls import cm108_checks, rig_checks, svxlink_checks
from gateway.settings import RadioSettings
from radio_drivers.cm108 import Cm108Settings
from radio_drivers.hamlib import RigctldSettings
from radio_drivers.svxlink import SvxlinkSettings
from tests.peers.ports import free_port
from tests.peers.rigctld import Rigctld
from tests.peers.terminals import Terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with Terminal() as terminal:
        yield terminal


def rig(port: int) -> RadioSettings:
    return RadioSettings("town", "rigctld", rigctld=RigctldSettings(port=port))


async def test_a_real_rigctld_is_asked_but_not_keyed() -> None:
    with Rigctld("-P", "RIG") as hamlib:
        (found,) = await rig_checks(rig(hamlib.port))
    assert (found.level, found.text) == (Level.OK, f"rigctld at 127.0.0.1:{hamlib.port} answers")


async def test_a_rigctld_that_may_not_be_able_to_key_is_a_warning() -> None:
    with Rigctld() as hamlib:
        found = await rig_checks(rig(hamlib.port))
    assert [finding.level for finding in found] == [Level.OK, Level.WARN]
    assert "-P RIG" in found[1].mend


async def test_a_rigctld_that_is_away() -> None:
    (found,) = await rig_checks(rig(free_port()))
    assert found.level is Level.FAIL
    assert "radio.rigctld.host" in found.mend


async def test_a_cm108_interface_that_is_there_away_or_not_ours(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = RadioSettings("town", "cm108", cm108=Cm108Settings(device=terminal.path))
    assert [found.level for found in await cm108_checks(there)] == [Level.OK]
    (away,) = await cm108_checks(RadioSettings("town", "cm108"), tmp_path)
    assert (away.level, "radio.cm108.device" in away.mend) == (Level.FAIL, True)
    (gone,) = await cm108_checks(RadioSettings("town", "cm108", cm108=Cm108Settings(device="/dev/hidraw99")))
    assert (gone.level, gone.text) == (Level.FAIL, "/dev/hidraw99 does not exist")
    monkeypatch.setattr("gateway.doctor_controls.os.access", lambda *_: False)
    (foreign,) = await cm108_checks(there)
    assert (foreign.level, "60-huecry-radio.rules" in foreign.mend) == (Level.FAIL, True)


async def test_terminals_of_svxlink_that_are_there_away_or_not_ours(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SvxlinkSettings(ptt_pty=terminal.path, squelch_pty=str(tmp_path / "squelch"))
    found = await svxlink_checks(RadioSettings("town", "svxlink", svxlink=settings))
    assert [finding.level for finding in found] == [Level.OK, Level.FAIL]
    assert "radio.svxlink.squelch_pty" in found[1].mend
    monkeypatch.setattr("gateway.doctor_controls.os.access", lambda *_: False)
    (foreign,) = await svxlink_checks(RadioSettings("town", "svxlink", svxlink=SvxlinkSettings(ptt_pty=terminal.path)))
    assert (foreign.level, "svxlink.md" in foreign.mend) == (Level.FAIL, True)


async def test_terminals_to_be_made_need_a_folder_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SvxlinkSettings(we_are="svxlink", ptt_pty=str(tmp_path / "ptt"), squelch_pty="/nowhere/squelch")
    radio = RadioSettings("town", "svxlink", svxlink=settings)
    assert [finding.level for finding in await svxlink_checks(radio)] == [Level.OK, Level.FAIL]
    assert list(tmp_path.iterdir()) == [], "looked at only"
