"""Settings of uploads and of the archive, and what can only be judged across sections."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.radios import make_drivers
from gateway.settings import Settings, SettingsError, load_settings
from radio_drivers.upload.driver import UploadDriver
from radio_drivers.upload.settings import Source


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith("HUECRY_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def load(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "h.toml").write_text(text)
    return load_settings(tmp_path / "h.toml")


def radio(name: str, *lines: str) -> str:
    return "\n".join([f'[[radio]]\nname = "{name}"\ndriver = "upload"\n[radio.upload]', *lines, ""])


ARCHIVE = '[archive]\nenabled = true\nurl = "https://a.example"\ntalkgroups = {{ {channel} = 9001 }}\n'


def test_keys_come_from_a_file_beside_the_settings_one_to_a_line(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("roof 6f1c2d8a-roof\n\n  another-long-key \r\n")
    settings = load(tmp_path, radio("town", 'key_file = "keys"'))
    assert settings.radio[0].upload.sources == (
        Source("roof", "6f1c2d8a-roof"),
        Source("key 2", "another-long-key"),
    )
    assert "6f1c2d8a" not in repr(settings)


def test_keys_come_as_a_credential_named_by_the_radio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "radio.town.upload.key").write_text("6f1c2d8a-roof\n")
    (folder / "secrets.archive_key").write_text("archive-key-1\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    settings = load(tmp_path, radio("town") + ARCHIVE.format(channel="town"))
    assert [source.key for source in settings.radio[0].upload.sources] == ["6f1c2d8a-roof"]
    assert settings.secrets.archive_key is not None


def test_a_key_that_can_not_work_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="line 1") as refused:
        load(tmp_path, radio("town", 'key = "hunter2"'))
    assert "hunter2" not in str(refused.value)


SAME = 'key = "6f1c2d8a-roof"'


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([SAME], [SAME]),
        ([SAME, "talkgroups = [1, 2]"], [SAME, "talkgroups = [2, 3]"]),
        ([SAME, "systems = [1]"], [SAME, "systems = [1]"]),
    ],
)
def test_two_channels_that_take_the_same_calls_are_refused(one: list[str], other: list[str], tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="both take the same calls"):
        load(tmp_path, radio("town", *one) + radio("hill", *other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([SAME], ['key = "another-long-key"']),
        ([SAME], [SAME, 'listen = "127.0.0.1:3001"']),
        ([SAME, "talkgroups = [1]"], [SAME, "talkgroups = [2]"]),
        ([SAME, "talkgroups = [1]"], [SAME]),
        ([SAME, "systems = [1]"], [SAME, "systems = [2]"]),
    ],
)
def test_channels_that_differ_are_fine_and_share_a_server(one: list[str], other: list[str], tmp_path: Path) -> None:
    settings = load(tmp_path, radio("town", *one) + radio("hill", *other))
    drivers = make_drivers(settings.radio)
    assert [driver.channel for driver in drivers] == ["town", "hill"]
    servers = {id(driver._servers) for driver in drivers if isinstance(driver, UploadDriver)}
    assert len(servers) == 1


def test_the_archive_needs_a_key_and_channels_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="archive_key"):
        load(tmp_path, radio("town") + ARCHIVE.format(channel="town"))
    with pytest.raises(SettingsError, match="no radio of that name"):
        load(tmp_path, radio("town") + ARCHIVE.format(channel="tower") + '[secrets]\narchive_key = "archive-key-1"\n')
    with pytest.raises(SettingsError, match=r"archive\.url"):
        load(tmp_path, '[archive]\nenabled = true\nurl = "archive.example"\n')
    settings = load(
        tmp_path, radio("town") + ARCHIVE.format(channel="town") + '[secrets]\narchive_key = "archive-key-1"\n'
    )
    assert settings.archive.talkgroups == {"town": 9001}


def test_a_table_from_the_environment_is_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUECRY_ARCHIVE__TALKGROUPS", '{"town": 9100}')
    assert load(tmp_path, "").archive.talkgroups == {"town": 9100}
    monkeypatch.setenv("HUECRY_ARCHIVE__TALKGROUPS", "town")
    with pytest.raises(SettingsError, match="HUECRY_ARCHIVE__TALKGROUPS"):
        load(tmp_path, "")


def test_it_is_off_unless_asked_for() -> None:
    assert not Settings().archive.enabled
