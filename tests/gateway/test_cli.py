"""The root of the command line: quick, complete, and readable when something is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from gateway import __version__
from gateway.cli import app as root
from gateway.cli.app import COMMANDS, Entry, app, main
from gateway.resources import ResourceMissingError, config_file, config_folder
from gateway.settings import load_settings

HUECRY = [sys.executable, "-m", "gateway"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("HUECRY_")}


def huecry(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HUECRY, *words], capture_output=True, text=True, check=False, env=ENVIRONMENT | environment, timeout=50
    )


def test_help_names_every_command_without_importing_any() -> None:
    probe = (
        "import sys, gateway.cli.app as a\n"
        "try: a.main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'pydantic', 'sqlalchemy', 'numpy', 'rich', 'twilio', 'structlog', 'gateway.settings'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


def test_help_is_quick() -> None:
    """The best of five: what the program costs, not what else the machine does."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        assert huecry("--help").returncode == 0
        times.append(time.perf_counter() - began)
    assert min(times) < 0.5, times


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"huecry {__version__}\n"


@pytest.mark.parametrize(
    "words", [["doctr"], ["--nonsense"], ["doctor", "--nonsense"], ["log", "search", "--limit", "x"]]
)
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 2


def test_a_misspelt_command_is_put_right() -> None:
    assert "Did you mean 'doctor'?" in CliRunner().invoke(app, ["doctr"]).output


def ended(*words: str) -> int:
    """The exit code of a command run in this process."""
    with pytest.raises(SystemExit) as caught:
        main([*words])
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.mark.parametrize("how", ["before", "after", "variable"])
def test_wrong_settings_are_exit_code_2_with_a_message(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "h.toml"
    file.write_text("[scheme]\nnam = 'x'\n")
    option = ["--config", str(file)]
    monkeypatch.setenv("HUECRY_CONFIG", str(file))
    if how != "variable":
        monkeypatch.delenv("HUECRY_CONFIG")
    command = ["log", "search"]
    code = ended(*(option if how == "before" else []), *command, *(option if how == "after" else []))
    said = capsys.readouterr()
    assert code == 2
    assert f'{file}:2: scheme.nam: there is no such setting (did you mean "scheme.name"?)' in said.err
    assert not said.out


def test_errors_made_for_people_come_without_traceback(tmp_path: Path) -> None:
    done = huecry("log", "search", HUECRY_PATHS__STATE_DIR=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("huecry: there is no database yet at ")
    assert "Traceback" not in done.stderr


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(sys.modules, "gateway.cli.broken", type(sys)("gateway.cli.broken"))
    monkeypatch.setattr(sys.modules["gateway.cli.broken"], "broken", broken, raising=False)
    monkeypatch.setitem(COMMANDS, "broken", Entry("", "gateway.cli.broken", "broken"))
    with pytest.raises(ZeroDivisionError):
        main(["broken"])


def test_the_config_option_reaches_the_command_and_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "h.toml"
    file.write_text("[scheme]\nname = 'Fernleigh'\n")
    monkeypatch.setenv("HUECRY_CONFIG", "before.toml")
    seen = []

    def peek() -> None:
        seen.append(load_settings().scheme.name)

    monkeypatch.setitem(sys.modules, "gateway.cli.peek", type(sys)("gateway.cli.peek"))
    monkeypatch.setattr(sys.modules["gateway.cli.peek"], "peek", peek, raising=False)
    monkeypatch.setitem(COMMANDS, "peek", Entry("", "gateway.cli.peek", "peek"))
    result = CliRunner().invoke(app, ["--config", str(file), "peek"])
    assert (result.exit_code, seen) == (0, ["Fernleigh"])
    assert os.environ["HUECRY_CONFIG"] == "before.toml"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_there_and_explains_itself(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0, result.exception
    assert "Usage" in result.output
    assert COMMANDS[name].help.endswith(".")


def test_one_broken_command_does_not_break_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "gone", Entry("Not there.", "gateway.cli.not_there", "app"))
    assert "gone" in CliRunner().invoke(app, ["--help"]).output
    assert isinstance(CliRunner().invoke(app, ["gone"]).exception, ModuleNotFoundError)
    assert isinstance(root.app, typer.Typer)


def test_packaged_files_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_file("huecry.toml").is_file()
    with pytest.raises(ResourceMissingError, match="no-such-file"):
        config_file("no-such-file")
    # As installed: the wheel carries config/ as gateway/_config.
    installed = tmp_path / "gateway"
    (installed / "_config").mkdir(parents=True)
    monkeypatch.setattr("gateway.resources._HERE", installed)
    assert config_folder() == installed / "_config"
    (installed / "_config").rmdir()
    with pytest.raises(ResourceMissingError, match="install huecry again"):
        config_folder()
