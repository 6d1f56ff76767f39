"""The unit, judged by systemd's own programs: valid, closely sandboxed, and what it needs left open."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "systemd"
UNIT = FOLDER / "huecry.service"
MOST_EXPOSED = 2.5
"""Of 10. "OK" in systemd's own words; most services of Debian are above 9."""


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "", "LC_ALL": "C.UTF-8"}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment, timeout=50)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A copy that starts a program which exists: `verify` looks for it."""
    text, count = re.subn(r"(?m)^ExecStart=/opt/huecry/bin/huecry run$", "ExecStart=/bin/true", UNIT.read_text())
    assert count == 1
    copy = tmp_path / "huecry.service"
    copy.write_text(text)
    return copy


def settings(path: Path) -> dict[str, list[str]]:
    """Every key of a unit with its values, in order."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith(("#", "[")):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def test_the_unit_is_valid(unit: Path) -> None:
    done = run("systemd-analyze", "verify", "--man=no", str(unit))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_verify_would_notice_a_wrong_setting(unit: Path) -> None:
    unit.write_text(unit.read_text().replace("[Install]", "NoSuchSetting=yes\n[Install]"))
    assert "NoSuchSetting" in run("systemd-analyze", "verify", "--man=no", str(unit)).stderr


def test_the_sandbox_is_tight(unit: Path) -> None:
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for huecry\.service: ([\d.]+)", done.stdout)
    assert found, done.stderr
    assert float(found[1]) <= MOST_EXPOSED, done.stdout


def test_an_open_unit_would_be_called_exposed(tmp_path: Path) -> None:
    bare = tmp_path / "huecry.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    done = run("systemd-analyze", "security", "--offline=true", "--no-pager", str(bare))
    found = re.search(r"exposure level for huecry\.service: ([\d.]+)", done.stdout)
    assert found
    assert float(found[1]) > MOST_EXPOSED


def test_readiness_watchdog_and_stop_fit_the_gateway() -> None:
    unit = settings(UNIT)
    assert unit["Type"] == ["notify"]
    assert unit["NotifyAccess"] == ["main"]
    assert unit["Restart"] == ["on-failure"]
    assert 5 < int(unit["TimeoutStopSec"][0]) <= 30, "an orderly stop takes up to 5 s"
    # The pool may take 30 s to give up and replace a speech worker; only then is silence a fault.
    assert int(unit["WatchdogSec"][0]) >= 60
    assert int(unit["TimeoutStartSec"][0]) >= 120, "a large model from a slow card"


def test_radio_sound_and_network_stay_open() -> None:
    unit = settings(UNIT)
    assert {"char-ttyS rw", "char-ttyUSB rw", "char-ttyACM rw", "char-alsa rw", "char-hidraw rw", "char-pts rw"} <= set(
        unit["DeviceAllow"]
    )
    assert unit["SupplementaryGroups"] == ["dialout audio"]
    assert {"AF_INET", "AF_INET6", "AF_UNIX"} <= set(unit["RestrictAddressFamilies"][0].split())
    assert "PrivateDevices" not in unit
    assert "PrivateNetwork" not in unit
    # Kernel drivers that come with a plugged-in adapter must be known before DeviceAllow is read.
    for driver in ("usbserial", "cdc_acm", "snd", "hid"):
        assert any(f"modprobe@{driver}.service" in value for value in unit["Wants"])
        assert any(f"modprobe@{driver}.service" in value for value in unit["After"])


def test_speech_libraries_may_do_what_they_must() -> None:
    """Measured: Whisper's matrix kernels and the sound card's callbacks fail without writable executable memory."""
    unit = settings(UNIT)
    assert unit["MemoryDenyWriteExecute"] == ["no"]
    filters = unit["SystemCallFilter"]
    assert filters.index("~@privileged @resources") < next(i for i, f in enumerate(filters) if "setpriority" in f)
    assert "ProcSubset" not in unit


def test_state_logs_and_secrets_have_their_places() -> None:
    unit = settings(UNIT)
    for key in ("StateDirectory", "LogsDirectory", "RuntimeDirectory"):
        assert unit[key] == ["huecry"]
    assert unit["StateDirectoryMode"] == ["0700"]
    assert unit["LoadCredential"] == ["huecry:/etc/huecry/credentials"]
    assert unit["User"] == ["huecry"]


def test_the_backoff_drop_in_adds_only_what_older_systemd_lacks() -> None:
    drop_in = configparser.ConfigParser()
    drop_in.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's keys have capitals
    drop_in.read(FOLDER / "huecry.service.d" / "backoff.conf")
    assert dict(drop_in["Service"]) == {"RestartSteps": "8", "RestartMaxDelaySec": "300"}


def test_sysusers_makes_the_user_with_its_groups(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = run("systemd-sysusers", "--dry-run", f"--root={tmp_path}", str(FOLDER / "huecry.sysusers"))
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Creating user 'huecry'" in said
    assert "Creating group 'dialout'" in said
    assert "Creating group 'audio'" in said


def test_tmpfiles_keeps_secrets_to_root(tmp_path: Path) -> None:
    me = f"{os.getuid()} {os.getgid()}"
    lines = tmp_path / "huecry.conf"
    lines.write_text((FOLDER / "huecry.tmpfiles").read_text().replace("root root", me))
    (tmp_path / "root").mkdir()
    done = run("systemd-tmpfiles", "--create", f"--root={tmp_path / 'root'}", str(lines))
    assert done.returncode == 0, done.stderr
    etc = tmp_path / "root" / "etc" / "huecry"
    assert etc.stat().st_mode & 0o777 == 0o755
    assert (etc / "credentials").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("program", ["systemd-analyze", "systemd-sysusers", "systemd-tmpfiles"])
def test_systemds_programs_are_here(program: str) -> None:
    assert shutil.which(program), "apt-get install systemd"


def test_the_wrapper_runs_huecry_as_the_service_would(tmp_path: Path) -> None:
    """With stand-ins for `systemd-run`, `sudo` and `id`, it hands over user, groups, settings, secrets and arguments."""
    for name, text in {
        "systemd-run": 'printf "%s\\n" "$@"',
        "sudo": 'exec env NOW_ROOT=yes "$@"',
        "id": '[ -n "${NOW_ROOT:-}" ] && echo 0 || echo 1000',
    }.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "COLUMNS": "120", "SUDO_USER": "olive"}
    done = subprocess.run(
        [str(FOLDER / "huecry.sh"), "log", "search", "two words"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    given = done.stdout.splitlines()
    unit = settings(UNIT)
    assert given[given.index("--") + 1 :] == ["/opt/huecry/bin/huecry", "log", "search", "two words"]
    assert unit["ExecStart"] == ["/opt/huecry/bin/huecry run"]
    assert "--uid=huecry" in given
    assert "--setenv=LOGNAME=olive" in given
    assert f"--property=LoadCredential={unit['LoadCredential'][0]}" in given
    assert f"--property=SupplementaryGroups={unit['SupplementaryGroups'][0]}" in given
    assert "--setenv=HUECRY_CONFIG=/etc/huecry/huecry.toml" in given
    for key in ("StateDirectory", "StateDirectoryMode"):
        assert f"--property={key}={unit[key][0]}" in given


def test_the_install_guide_names_every_file_that_is_here() -> None:
    guide = (FOLDER.parent / "docs" / "install.md").read_text()
    for path in FOLDER.rglob("*"):
        if path.is_file():
            assert path.name in guide, path


def test_the_install_guides_settings_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.settings import load_settings

    for name in [*os.environ]:
        if name.startswith("HUECRY_"):
            monkeypatch.delenv(name)
    guide = (FOLDER.parent / "docs" / "install.md").read_text()
    blocks = re.findall(r"(?m)(?:^    .*\n|^\n)+", guide)
    tables = [re.sub(r"(?m)^    ", "", block) for block in blocks if re.match(r"\s*\[(scheme|\[radio)", block)]
    assert len(tables) == 2
    for number, text in enumerate(tables):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        assert load_settings(file).file == file
