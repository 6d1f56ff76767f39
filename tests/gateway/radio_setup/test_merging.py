"""A radio's table goes into a settings file, and nothing else in it moves."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.radio_setup.merging import CanNotMerge, difference, merged, radio_names
from gateway.radio_setup.saving import read_settings, save_settings

FILE = """# Fernley, set up by Pat
[scheme]
short = "FERN"   # as on the air

# The one on the hill
[[radio]]
name = "hill"
driver = "mqtt"
# Its broker
[radio.mqtt]
host = "broker"  # in the cellar

# Alerts to the control room
[mqtt]
enabled = false

# The one in the market
[[radio]]
name = "market"
driver = "line"
[radio.line]
port = "/dev/ttyUSB0" # left socket
gain_in_db = 3.0

# Texts
[sms]
enabled = false
"""
LINE = {"driver": "line", "line": {"port": "/dev/ttyUSB1", "ptt": "rts", "gain_in_db": None}}


def lines_that_went(before: str, after: str) -> list[str]:
    return [line for line in difference(before, after, "f").splitlines() if line.startswith("-") and line[:3] != "---"]


def test_a_new_radio_comes_at_the_end_and_changes_nothing() -> None:
    after = merged(FILE, "yard", LINE)
    assert after.startswith(FILE)
    assert after.endswith(
        '\n[[radio]]\nname = "yard"\ndriver = "line"\n\n[radio.line]\nport = "/dev/ttyUSB1"\nptt = "rts"\n'
    )
    assert radio_names(after) == ("hill", "market", "yard")


@pytest.mark.parametrize("before", ["", "# only a comment", '[scheme]\nshort = "F"', '[scheme]\nshort = "F"\n\n\n'])
def test_files_that_end_anyhow_get_a_radio(before: str) -> None:
    after = merged(before, "yard", LINE)
    assert after.startswith(before)
    assert tomllib.loads(after)["radio"] == [
        {"name": "yard", "driver": "line", "line": {"port": "/dev/ttyUSB1", "ptt": "rts"}}
    ]


def test_a_known_radio_changes_where_it_stands_and_keeps_its_comments() -> None:
    after = merged(FILE, "market", LINE)
    assert lines_that_went(FILE, after) == ['-port = "/dev/ttyUSB0" # left socket', "-gain_in_db = 3.0"]
    assert 'port = "/dev/ttyUSB1" # left socket\nptt = "rts"\n\n# Texts\n[sms]' in after


def test_a_known_radio_gets_a_table_that_it_had_not() -> None:
    after = merged(FILE, "hill", LINE)
    assert lines_that_went(FILE, after) == ['-driver = "mqtt"']
    assert 'host = "broker"  # in the cellar\n\n[radio.line]\n' in after
    assert "\n# Alerts to the control room\n[mqtt]" in after
    assert tomllib.loads(after)["radio"][0]["mqtt"] == {"host": "broker"}


def test_the_same_again_changes_nothing() -> None:
    once = merged(FILE, "market", LINE)
    assert merged(once, "market", LINE) == once
    assert difference(once, merged(once, "market", LINE), "f") == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[scheme", "can't be read"),
        ('radio = [{ name = "a", driver = "line" }]', "inline"),
        ('radio = "x"', "inline"),
    ],
)
def test_files_that_can_not_be_changed_say_why(text: str, why: str) -> None:
    with pytest.raises(CanNotMerge, match=why):
        merged(text, "a", LINE)


WORDS = st.text("abcdef[]#\"'= .\n\\\N{LATIN SMALL LETTER E WITH ACUTE}", max_size=12)
NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.fixed_dictionaries(
    {"driver": st.just("line")},
    optional={
        "line": st.dictionaries(st.sampled_from(["port", "ptt", "x"]), st.one_of(WORDS, st.integers(), st.none()))
    },
)


@given(
    st.lists(st.tuples(NAMES, VALUES), max_size=5),
    st.lists(st.sampled_from(["# note\n", "\n", "[other]\nx = 1\n"]), max_size=3),
)
def test_whatever_is_merged_reads_as_intended(steps: list[tuple[str, dict[str, Any]]], parts: list[str]) -> None:
    text = "".join(dict.fromkeys(parts))
    for name, values in steps:
        after = merged(text, name, values)
        said = {radio["name"]: radio for radio in tomllib.loads(after)["radio"]}
        before = {radio["name"]: radio for radio in tomllib.loads(text).get("radio", [])}
        assert {key: value for key, value in said.items() if key != name} == {
            key: value for key, value in before.items() if key != name
        }
        for key, value in values.get("line", {}).items():
            assert said[name].get("line", {}).get(key) == value
        assert after.count("# note\n") == text.count("# note\n")
        text = after


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_mode_link_and_copy_are_kept(tmp_path: Path, mode: int) -> None:
    real = tmp_path / "real.toml"
    real.write_text("old")
    real.chmod(mode)
    link = tmp_path / "huecry.toml"
    link.symlink_to(real)
    assert save_settings(link, "new") == tmp_path / "real.toml.before-setup"
    assert link.is_symlink()
    assert read_settings(link) == "new"
    assert stat.S_IMODE(real.stat().st_mode) == mode
    copy = tmp_path / "real.toml.before-setup"
    assert (copy.read_text(), stat.S_IMODE(copy.stat().st_mode)) == ("old", mode)


def test_a_new_file_is_made_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "etc" / "huecry.toml"
    assert read_settings(file) == ""
    assert save_settings(file, "new") is None
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["huecry.toml"], "nothing temporary is left"


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "huecry.toml"
    file.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_settings(file, "new")
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["huecry.toml"]
