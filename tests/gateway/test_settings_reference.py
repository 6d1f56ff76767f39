"""Documentation is tested: the page and the default file say exactly what the settings are."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from gateway.resources import config_file
from gateway.settings import Settings, all_keys, load_settings
from gateway.settings_keys import REQUIRED
from gateway.settings_reference import FILE, PAGE, default_file, described, main, reference_page
from gateway.settings_texts import MORE, RADIO_EXAMPLE

MEND = "run: python -m gateway.settings_reference"


def test_every_setting_is_described() -> None:
    bare = [key.dotted for key in all_keys() if len(described(key)) < 5]
    assert not bare, f"add a docstring under these fields: {bare}"


def test_descriptions_from_elsewhere_are_needed() -> None:
    known = {key.dotted: key for key in all_keys()}
    assert set(MORE) <= set(known), "descriptions of settings that are gone"
    twice = [name for name in MORE if known[name].description]
    assert not twice, "described where they are defined by now: take them out of settings_texts.MORE"


def test_the_page_and_the_file_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert PAGE.read_text() == reference_page(), MEND
    assert FILE.read_text() == default_file(), MEND
    assert main(["--check"]) == 0


def test_the_page_names_every_key() -> None:
    page = PAGE.read_text()
    for key in all_keys():
        name = f"[{key.dotted}]" if key.section is not None else f"| `{key.path[-1]}` |"
        assert name in page, key.dotted


def test_every_key_of_the_default_file_is_valid_and_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [*os.environ]:
        if name.startswith("HUECRY_"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("gateway.settings_file.SYSTEM_FILE", tmp_path / "none.toml")
    from_file, from_nothing = load_settings(config_file("huecry.toml")), load_settings()
    for name in Settings.model_fields:
        assert getattr(from_file, name) == getattr(from_nothing, name)
    written = tomllib.loads(default_file())
    for key in all_keys():
        if key.path[0] == "radio" or key.section is not None:
            continue
        table: object = written
        for part in key.path[:-1]:
            assert isinstance(table, dict)
            table = table[part]
        assert isinstance(table, dict)
        assert key.default is None or key.path[-1] in table, f"{key.dotted} is not in the default file"


def test_every_key_that_is_commented_out_is_valid() -> None:
    """A line such as `#state_dir = ""` must work once the # is taken away."""
    section: tuple[str, ...] = ()
    keys = {key.path for key in all_keys()} | {(*k.path[:-1], f"{k.path[-1]}_file") for k in all_keys() if k.secret}
    for line in default_file().split(RADIO_EXAMPLE.strip())[1].splitlines():
        if table := re.fullmatch(r"\[([\w.]+)\]", line):
            section = tuple(table[1].split("."))
        elif commented := re.fullmatch(r"#(\w+) = (.+)", line):
            assert (*section, commented[1]) in keys
            tomllib.loads(f"x = {commented[2]}")


def test_the_examples_of_radios_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [line[1:] for line in RADIO_EXAMPLE.splitlines() if re.match(r"#(\[|\w+ = )", line)]
    file = tmp_path / "h.toml"
    file.write_text("\n".join(lines))
    settings = load_settings(file)
    assert {radio.driver for radio in settings.radio} >= {"line", "mqtt", "hermes", "trunk-recorder", "simulator"}
    assert any(radio.mmdvm.topic for radio in settings.radio)


def test_what_is_required_is_said_so() -> None:
    required = {key.dotted for key in all_keys() if key.default is REQUIRED}
    assert required == {"radio.name", "radio.driver"}
    assert reference_page().count("| required |") == len(required)
