"""Secrets: where they come from, and that they are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.settings import Settings, SettingsError, load_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [*os.environ]:
        if name.startswith("HUECRY_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def token(settings: Settings) -> str | None:
    secret = settings.secrets.sms_auth_token
    return secret.get_secret_value() if secret is not None else None


def load(tmp_path: Path, text: str) -> Settings:
    (tmp_path / "h.toml").write_text(text)
    return load_settings(tmp_path / "h.toml")


def test_a_secret_comes_from_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hunter2 \r\n")
    assert token(load(tmp_path, '[secrets]\nsms_auth_token_file = "token"')) == "hunter2 "


def test_a_secret_comes_from_a_variable_or_its_file_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUECRY_SECRETS__SMS_AUTH_TOKEN", "hunter2")
    assert token(load(tmp_path, "")) == "hunter2"
    monkeypatch.delenv("HUECRY_SECRETS__SMS_AUTH_TOKEN")
    (tmp_path / "token").write_text("hunter3\n")
    monkeypatch.setenv("HUECRY_SECRETS__SMS_AUTH_TOKEN_FILE", str(tmp_path / "token"))
    assert token(load(tmp_path, "")) == "hunter3"


@pytest.mark.parametrize("prefix", ["", "huecry_"])
def test_secrets_come_as_systemd_credentials(prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / f"{prefix}secrets.sms_auth_token").write_text("hunter2\n")
    (folder / f"{prefix}database.url").write_text("postgresql://u:hunter3@h/d\n")
    (folder / f"{prefix}radio.town.password").write_text("hunter4\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    settings = load(tmp_path, "[[radio]]\nname='town'\ndriver='mqtt'\n[[radio]]\nname='hill'\ndriver='mqtt'\n")
    assert token(settings) == "hunter2"
    assert settings.database_url == "postgresql+asyncpg://u:hunter3@h/d"
    passwords = [radio.password and radio.password.get_secret_value() for radio in settings.radio]
    assert passwords == ["hunter4", None]


def test_what_is_written_wins_over_a_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets.sms_auth_token").write_text("from systemd")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert token(load(tmp_path, "")) == "from systemd"
    assert token(load(tmp_path, '[secrets]\nsms_auth_token = "written"')) == "written"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"\n", "is empty"), (b"\xff\xfe", "is not UTF-8"), (b"x" * 70_000, "far too long")],
)
def test_a_secret_file_that_cannot_be_used_is_named(content: bytes | None, said: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    with pytest.raises(SettingsError, match=said) as caught:
        load(tmp_path, '[secrets]\nsms_auth_token_file = "token"')
    assert str(tmp_path / "token") in str(caught.value)
    assert "secrets.sms_auth_token" in str(caught.value)


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="keep one"):
        load(tmp_path, '[secrets]\nsms_auth_token_file = "token"\nsms_auth_token = "hunter2"')


def test_secrets_are_stars_wherever_settings_are_shown(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        '[secrets]\nsms_auth_token = "hunter2"\nmqtt_password = "hunter2"\n'
        '[database]\nurl = "postgresql://u:hunter2@h/d"\n[[radio]]\nname="a"\ndriver="mqtt"\npassword="hunter2"\n',
    )
    for shown in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "hunter2" not in shown
        assert "***" in shown


@pytest.mark.parametrize(
    "text",
    [
        '[database]\nurl = "mysql://u:hunter2@h/d"',
        '[database]\nurl = "postgresql://u:hunter2@h/d"\nnope = 1',
        "[secrets]\nsms_auth_token = ['hunter2']",
        "[secrets]\nsms_auth_token = { hunter2 = 'hunter2' }",
        "[secrets]\nmqtt_pasword = 'hunter2'",
        "secrets = 'hunter2'",
        "[[radio]]\nname='a'\ndriver='mqtt'\npassword=['hunter2']",
        "[[radio]]\nname='a'\npassword='hunter2'",
    ],
)
def test_no_message_shows_a_secret(text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, text)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
