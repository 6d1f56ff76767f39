"""The nightly drill's units: valid, sandboxed, out of the gateway's way, and quiet about names."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
SERVICE = FOLDER / "huecry-drill.service"
TIMER = FOLDER / "huecry-drill.timer"
GATEWAY = FOLDER / "huecry.service"


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "", "LC_ALL": "C.UTF-8"}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=50)


def settings(path: Path) -> dict[str, list[str]]:
    """Every key of a unit with its values, in order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith(("#", "[")):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def units(tmp_path: Path) -> tuple[Path, Path]:
    """Copies of service and timer side by side; the service starts a program which exists."""
    text, count = re.subn(r"(?m)^ExecStart=/opt/huecry/bin/huecry ", "ExecStart=/bin/true ", SERVICE.read_text())
    assert count == 1
    service, timer = tmp_path / SERVICE.name, tmp_path / TIMER.name
    service.write_text(text)
    timer.write_text(TIMER.read_text())
    return service, timer


def test_the_units_are_valid(units: tuple[Path, Path]) -> None:
    done = run("systemd-analyze", "verify", "--man=no", *map(str, units))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_sandbox_is_tight(units: tuple[Path, Path]) -> None:
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(units[0]))
    found = re.search(r"Overall exposure level for huecry-drill\.service: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= 2.5, done.stdout


def test_it_can_reach_no_radio_and_no_sound_card() -> None:
    unit = settings(SERVICE)
    assert unit["PrivateDevices"] == ["yes"]
    assert unit["DevicePolicy"] == ["closed"]
    assert "DeviceAllow" not in unit
    assert "SupplementaryGroups" not in unit


def test_the_gateway_goes_first() -> None:
    unit = settings(SERVICE)
    assert unit["Nice"] == ["19"]
    assert unit["CPUWeight"] == ["idle"]
    assert unit["IOSchedulingClass"] == ["idle"]
    assert int(unit["OOMScoreAdjust"][0]) > 0 > int(settings(GATEWAY)["OOMScoreAdjust"][0])
    assert unit["RemoveIPC"] == ["no"], "the gateway's shared memory belongs to the same user"


def test_it_speaks_of_the_same_register_as_the_gateway() -> None:
    unit, gateway = settings(SERVICE), settings(GATEWAY)
    for key in ("User", "Group", "StateDirectory", "StateDirectoryMode", "LoadCredential", "SystemCallFilter"):
        assert unit[key] == gateway[key], key
    assert unit["Environment"][0].split()[0] == gateway["Environment"][0].split()[0]


def test_names_stay_out_of_the_journal_and_the_night_ends() -> None:
    unit = settings(SERVICE)
    assert unit["StandardOutput"] == ["null"]
    minutes = re.fullmatch(r"/opt/huecry/bin/huecry drill --minutes (\d+)", unit["ExecStart"][0])
    limit = re.fullmatch(r"(\d+)min", unit["TimeoutStartSec"][0])
    assert minutes
    assert limit
    assert int(minutes[1]) < int(limit[1]), "the drill ends by itself first"
    assert unit["Type"] == ["oneshot"]


def test_it_starts_at_night() -> None:
    timer = settings(TIMER)
    assert timer["Persistent"] == ["no"]
    done = run("systemd-analyze", "calendar", "--iterations=2", timer["OnCalendar"][0])
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r" 0[2-4]:\d\d:00", done.stdout)) >= 2, done.stdout
