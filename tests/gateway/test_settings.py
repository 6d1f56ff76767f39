"""Where settings come from, and what is said about wrong ones."""

from __future__ import annotations

import tomllib
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.nearest import nearest
from gateway.settings import Settings, SettingsError, load_settings, require_radio
from gateway.settings_keys import keys_of
from gateway.toml_lines import line_of, lines_of


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No settings of this machine, an empty folder to stand in."""
    import os

    for name in [*os.environ]:
        if name.startswith("HUECRY_") or name in {"STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "XDG_STATE_HOME"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("gateway.settings_file.SYSTEM_FILE", tmp_path / "etc" / "huecry.toml")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def problems(text: str, tmp_path: Path) -> list[str]:
    file = write(tmp_path / "h.toml", text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return [str(problem).replace(str(file), "h.toml") for problem in caught.value.problems]


def test_defaults_alone_run_embedded(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.file is None
    assert settings.radio == ()
    assert settings.state_dir == tmp_path / "home/.local/state/huecry"
    assert settings.audio_dir == settings.state_dir / "audio"
    assert settings.database_url == f"sqlite+aiosqlite:///{settings.state_dir}/huecry.db"


def test_the_first_file_that_exists_counts(tmp_path: Path, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "etc" / "huecry.toml", '[scheme]\nname = "system"')
    assert load_settings().scheme.name == "system"
    write(bare / "huecry.toml", '[scheme]\nname = "here"')
    assert load_settings().scheme.name == "here"
    monkeypatch.setenv("HUECRY_CONFIG", str(write(tmp_path / "v.toml", '[scheme]\nname = "variable"')))
    assert load_settings().scheme.name == "variable"
    given_file = write(tmp_path / "g.toml", '[scheme]\nname = "given"')
    settings = load_settings(given_file)
    assert (settings.scheme.name, settings.file) == ("given", given_file)


@pytest.mark.parametrize("name", ["no.toml", "."])
def test_a_named_file_that_cannot_be_read_is_said_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no such file|can't be read"):
        load_settings(tmp_path / name)


def test_unknown_keys_are_refused_with_line_reason_and_nearest(tmp_path: Path) -> None:
    text = """
[scheme]
timezon = "Europe/London"

[recorder]
# a comment
preroll_s = 0.3

[[radio]]
name = "town"
driver = "line"
[radio.line]
prot = "/dev/ttyUSB0"

[[radio]]
name = "hill"
driver = "line"
[radio.keying]
lead_in = 0.3

[recordr]
"""
    assert sorted(problems(text, tmp_path)) == [
        'h.toml:13: radio[0].line.prot: there is no such setting (did you mean "radio.line.port"?)',
        'h.toml:19: radio[1].keying.lead_in: there is no such setting (did you mean "radio.keying.lead_in_s"?)',
        'h.toml:21: recordr: there is no such setting (did you mean "recorder"?)',
        'h.toml:3: scheme.timezon: there is no such setting (did you mean "scheme.timezone"?)',
        'h.toml:7: recorder.preroll_s: there is no such setting (did you mean "recorder.pre_roll_s"?)',
    ]


def test_a_key_in_the_wrong_section_is_sent_to_the_right_one(tmp_path: Path) -> None:
    assert problems('[sms]\nsms_auth_token = "x"', tmp_path) == [
        'h.toml:2: sms.sms_auth_token: there is no such setting (did you mean "secrets.sms_auth_token"?)'
    ]


def test_nothing_is_suggested_for_a_word_unlike_any(tmp_path: Path) -> None:
    assert problems("[xyzzy]\n", tmp_path) == ["h.toml:1: xyzzy: there is no such setting"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[recorder]\nmax_s = "long"', "h.toml:2: recorder.max_s: input should be a valid number"),
        ("[recorder]\nmax_s = nan", "h.toml:2: recorder.max_s: must be a finite number"),
        ("[recorder]\nmax_s = inf", "h.toml:2: recorder.max_s: must be a finite number"),
        (
            '[log]\nlevel = "loud"',
            "h.toml:2: log.level: input should be 'debug', 'info', 'warning' or 'error', but it is",
        ),
        ('[[radio]]\nname = "a"', "h.toml:1: radio[0].driver: is missing and has no default"),
        ('[scheme]\nshort = "a/b"', "h.toml:1: scheme: short must be 1 to 32 letters"),
        ("[[radio]]\nname = 'ch_1'\ndriver = 'line'", "h.toml:1: radio[0]: name must be 1 to 32 letters"),
        ('[scheme]\ntimezone = "Mars/Base"', "h.toml:1: scheme: timezone 'Mars/Base' is not known"),
        ('scheme = "x"', "h.toml:1: scheme: must be a table of settings"),
        ('[database]\nurl = "mysql://u:hunter2@h/d"', "h.toml:1: database: url must begin with"),
        ("[scheme]\nrecording_notice_given_on = 31.1", "h.toml:2: scheme.recording_notice_given_on: "),
        ("[policy]\nalert_at = 1.5", "h.toml:2: policy.alert_at: is a probability"),
        ("[policy]\nalert_at = 0.4", "h.toml:1: policy.review_at: must not be above policy.alert_at (0.4)"),
        (
            "[voice]\nmax_s = 25\n[[radio]]\nname='a'\ndriver='line'\n[radio.keying]\ntime_out_s = 25",
            "h.toml:7: radio[0].keying.time_out_s: is 25 s, too short for an announcement of voice.max_s",
        ),
        (
            "[[radio]]\nname='a'\ndriver='line'\n[radio.keying]\nbusy_wait_s = 90",
            "h.toml:5: radio[0].keying.busy_wait_s: and time_out_s together (120 s) are more than outbox.try_limit_s",
        ),
        ("[[radio]]\nname='a'\ndriver='svxlink'", "h.toml:1: radio[0].svxlink.ptt_pty: is not set, nor is squelch_pty"),
        (
            "[[radio]]\nname='a'\ndriver='cm108'\n[radio.line]\nport='/dev/y'",
            "h.toml:5: radio[0].line.port: must not be set with this driver: what `cm108` describes presses talk",
        ),
        (
            "[[radio]]\nname='a'\ndriver='rigctld'\nrigctld={poll_ms=1}",
            "h.toml:4: radio[0].rigctld: poll_ms = 1 is out of",
        ),
        ("[[radio]]\nname='a'\ndriver='tait'", "h.toml:1: radio[0].tait.port: is not set: give the radio's data port"),
        (
            "[[radio]]\nname='a'\ndriver='tait'\n[radio.tait]\nport='/dev/x'\n[radio.line]\nport='/dev/y'",
            "h.toml:7: radio[0].line.port: must not be set with this driver: what `tait` describes presses talk",
        ),
        (
            "[[radio]]\nname='a'\ndriver='tait'\n[radio.tait]\ntext_to='all'",
            "h.toml:4: radio[0].tait: text_to = 'all': give 8 letters, digits or *",
        ),
        ("[[radio]]\nname='a'\ndriver='tetra'", "h.toml:1: radio[0].tetra.port: is not set: give the radio's PEI"),
        (
            "[[radio]]\nname='a'\ndriver='tetra'\n[radio.tetra]\nport='/dev/x'\n[radio.line]\nport='/dev/y'",
            "h.toml:7: radio[0].line.port: must not be set with this driver",
        ),
        (
            "[[radio]]\nname='a'\ndriver='tetra'\n[radio.tetra]\nport='/dev/x'\nptt='pei'\nkey_max_s=20",
            "h.toml:7: radio[0].tetra.key_max_s: is 20 s and must be more than keying.time_out_s (30 s)",
        ),
        ("[[radio]]\nname='a'\ndriver='tetra'\ntetra={baud=1}", "h.toml:4: radio[0].tetra: baud = 1 is out of range"),
        ("[sms]\nenabled = true", "h.toml:1: sms: account_sid must be"),
        ("[[radio]]\nname='a'\ndriver='line'\n[[radio]]\nname='a'\ndriver='mqtt'", "h.toml: two radios are called 'a'"),
        ('[radio]\nname = "a"', "h.toml:1: radio: input should be a valid tuple"),
    ],
)
def test_wrong_values_are_refused_where_they_stand(text: str, said: str, tmp_path: Path) -> None:
    found = problems(text, tmp_path)
    assert any(line.startswith(said) for line in found), found


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    assert len(problems("[recorder]\nmin_s = 'x'\nmax_s = 'y'\nnope = 1\n[log]\nlevel = 3", tmp_path)) == 4


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    [said] = problems("[scheme]\nname = \n", tmp_path)
    assert said.startswith("h.toml:2: is not valid TOML: ")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(tmp_path / "b.toml")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_bytes(b'\xef\xbb\xbf[scheme]\nname = "Fernleigh"\n')
    assert load_settings(tmp_path / "b.toml").scheme.name == "Fernleigh"


def test_the_environment_wins_and_lists_are_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "h.toml", "[recorder]\nmax_s = 60\nmin_s = 0.5\n")
    monkeypatch.setenv("HUECRY_RECORDER__MAX_S", "90")
    monkeypatch.setenv("HUECRY_SCHEME__RECORDING_NOTICE_GIVEN_ON", "2026-01-31")
    monkeypatch.setenv("HUECRY_RADIO", '[{"name": "town", "driver": "simulator"}]')
    settings = load_settings(file)
    assert (settings.recorder.max_s, settings.recorder.min_s) == (90.0, 0.5)
    assert str(settings.scheme.recording_notice_given_on) == "2026-01-31"
    assert [radio.name for radio in settings.radio] == ["town"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HUECRY_RECORDER__MAX", "3", 'no such setting (did you mean "HUECRY_RECORDER__MAX_S"?)'),
        ("HUECRY_SMS_ENABLED", "true", 'no such setting (did you mean "HUECRY_SMS__ENABLED"?)'),
        ("HUECRY_RECORDER__MAX_S", "long", "environment: HUECRY_RECORDER__MAX_S: input should be a valid number"),
        ("HUECRY_RADIO", "town", "environment: HUECRY_RADIO: input should be a valid tuple"),
    ],
)
def test_wrong_variables_are_refused_by_name(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert said in str(caught.value)


def test_relative_paths_are_meant_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(
        tmp_path / "conf" / "h.toml",
        '[paths]\nstate_dir = "state"\naudio_dir = "/srv/audio"\n[tables]\nwords_file = "~/words.toml"\n'
        "[[radio]]\nname='a'\ndriver='mqtt'\n[radio.mqtt]\ntls = true\nca_file = 'ca.pem'\n",
    )
    settings = load_settings(file)
    assert settings.state_dir == tmp_path / "conf" / "state"
    assert settings.audio_dir == Path("/srv/audio")
    assert settings.tables.words_file == tmp_path / "home" / "words.toml"
    assert settings.radio[0].mqtt.ca_file == str(tmp_path / "conf" / "ca.pem")


def test_systemd_says_where_state_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/huecry:/var/lib/other")
    assert load_settings().state_dir == Path("/var/lib/huecry")


@pytest.mark.parametrize("url", ["postgresql://u:p@h/d", "postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"])
def test_the_database_url_gets_its_driver(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUECRY_DATABASE__URL", url)
    assert load_settings().database_url == "postgresql+asyncpg://u:p@h/d"


def test_sections_take_what_they_share_from_one_place(tmp_path: Path) -> None:
    file = write(tmp_path / "h.toml", '[scheme]\nshort = "fernleigh"\n[paths]\nstate_dir = "/srv/h"')
    settings = load_settings(file)
    assert settings.speech.models_folder == settings.models_dir == Path("/srv/h/models")
    assert settings.mqtt.topic_prefix == "huecry/fernleigh"
    file.write_text('[mqtt]\ntopic_prefix = "town/radio"\n[speech]\nmodels_folder = "models"')
    settings = load_settings(file)
    assert settings.speech.models_folder == settings.models_dir == tmp_path / "models"
    assert settings.mqtt.topic_prefix == "town/radio"


def test_settings_cannot_be_changed() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError):
        settings.log = settings.log  # type: ignore[misc]  # that it is frozen is the point
    with pytest.raises(FrozenInstanceError):
        settings.log.level = "debug"  # type: ignore[misc]  # as above


def test_a_gateway_without_radio_is_told_what_to_do(bare: Path) -> None:
    with pytest.raises(SettingsError, match=r"no radio is configured: add a \[\[radio\]\] table"):
        require_radio(load_settings())
    write(bare / "huecry.toml", "[[radio]]\nname = 'town'\ndriver = 'simulator'\n")
    assert [radio.name for radio in require_radio(load_settings())] == ["town"]


@pytest.mark.parametrize(
    ("word", "valid", "found"),
    [
        ("PORT", ["port", "parity"], "port"),
        ("from", ["from_number", "timeout_s"], "from_number"),
        ("sms", ["scheme", "paths"], None),
        ("", ["a"], None),
        ("x", [], None),
    ],
)
def test_nearest(word: str, valid: list[str], found: str | None) -> None:
    assert nearest(word, valid) == found


def test_lines_are_found_in_every_form_of_toml() -> None:
    text = '\n'.join([
        "top = 1",  # 1
        "[a]  # comment",  # 2
        'text = """',  # 3
        "fake = 1",  # 4
        '"""',  # 5
        "real = 2",  # 6
        "dotted.inner = 3",  # 7
        '"quoted key" = 4',  # 8
        "[[list]]",  # 9
        "x = 1",  # 10
        "[list.deep]",  # 11
        "y = 1",  # 12
        "[[list]]",  # 13
        "[list.deep]",  # 14
        "y = 2",  # 15
    ])  # fmt: skip
    tomllib.loads(text)
    found = lines_of(text)
    assert found["top",] == 1
    assert ("a", "fake") not in found
    assert [found["a", key] for key in ("text", "real", "quoted key")] == [3, 6, 8]
    assert found["a", "dotted", "inner"] == 7
    assert [found["list", n, "deep", "y"] for n in (0, 1)] == [12, 15]
    assert line_of(text, ("list", 1, "absent", "key")) == 13
    assert line_of(text, ("absent",)) is None


KEYS = st.text("abcdefghij_-", min_size=1, max_size=8)


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, st.integers(), min_size=1), min_size=1))
def test_every_key_of_plain_toml_is_found_on_its_line(tables: dict[str, dict[str, int]]) -> None:
    lines = [line for name, keys in tables.items() for line in (f"[{name}]", *(f"{k} = {v}" for k, v in keys.items()))]
    found = lines_of("\n".join(lines))
    for name, keys in tables.items():
        assert lines[found[name,] - 1] == f"[{name}]"
        assert all(lines[found[name, key] - 1] == f"{key} = {value}" for key, value in keys.items())


@given(st.text())
def test_any_text_can_be_walked(text: str) -> None:
    total = len(text.splitlines())
    assert all(1 <= line <= total for line in lines_of(text).values())


@given(
    st.dictionaries(KEYS, st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
)
def test_any_table_gives_settings_or_problems(tables: dict[str, object]) -> None:
    names = {key.path[0] for key in keys_of(Settings)}
    try:
        Settings(**tables)  # type: ignore[arg-type]  # wrong on purpose
    except ValidationError:
        return
    assert set(tables) <= names


BROKERS = """
[[radio]]
name = "town"
driver = "trunk-recorder"
[[radio]]
name = "market"
driver = "trunk-recorder"
[radio.mmdvm]
topic = "mmdvm"
[radio.keying]
busy_wait_s = 36.0
[mqtt]
announce = true
"""


def test_base_stations_on_brokers_that_cannot_work_together(tmp_path: Path) -> None:
    file = tmp_path / "h.toml"
    file.write_text(BROKERS)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    told = str(caught.value)
    assert "town and market both take the same calls, which would be told twice" in told
    assert "busy_wait_s: and time_out_s together (102 s)" in told
    assert "announce is on, but enabled is off" in told
