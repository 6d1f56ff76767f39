"""What the doctor finds: judged from facts, and gathered from a real machine, broker and Twilio counterpart."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from blockbuster import BlockBuster
from rich.console import Console
from typer.testing import CliRunner

from dispatch.store.store import open_store
from gateway import doctor, doctor_probes
from gateway.cli.app import app
from gateway.cli.doctor import show
from gateway.doctor import Finding, Level, worst
from gateway.doctor_probes import Broker, examine, reach_broker
from gateway.settings import SchemeSettings, Settings, load_settings
from tests.conftest import OURS
from tests.peers.mosquitto import Mosquitto
from tests.peers.ports import free_port
from tests.peers.twilio import ACCOUNT, TOKEN, TwilioPeer

TODAY = date(2026, 3, 7)
NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
TOML = Path("/etc/huecry/huecry.toml")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [*os.environ]:
        if name.startswith("HUECRY_") or name in {"STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr("gateway.settings_file.SYSTEM_FILE", tmp_path / "none.toml")
    monkeypatch.chdir(tmp_path)


async def settings(tmp_path: Path, text: str) -> Settings:
    """As a command would have read them before its event loop began."""
    file = tmp_path / "h.toml"
    await asyncio.to_thread(file.write_text, text)
    return await asyncio.to_thread(load_settings, file)


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """As for all tests, but asyncpg may look for its password and certificate files, once a connection."""
    blocker = BlockBuster(OURS)
    blocker.functions.pop("os.path.abspath", None)
    for function in blocker.functions.values():
        function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
    blocker.activate()
    yield
    blocker.deactivate()


GIVEN = date(2026, 1, 31)
CASES: list[tuple[Finding, Level, str]] = [
    (doctor.check_file(None, None, holds_secret=False, packaged=TOML), Level.WARN, "copy /etc/huecry/huecry.toml"),
    (doctor.check_file(TOML, 0o100644, holds_secret=False, packaged=TOML), Level.OK, ""),
    (doctor.check_file(TOML, 0o100644, holds_secret=True, packaged=TOML), Level.WARN, "chmod 600"),
    (doctor.check_file(TOML, 0o100600, holds_secret=True, packaged=TOML), Level.OK, ""),
    (doctor.check_recording_notice(SchemeSettings(), TODAY), Level.WARN, "recording_notice_given_on"),
    (doctor.check_recording_notice(SchemeSettings(recording_notice_given_on=GIVEN), TODAY), Level.OK, ""),
    (
        doctor.check_recording_notice(SchemeSettings(recording_notice_given_on=GIVEN), date(2026, 1, 30)),
        Level.WARN,
        "correct",
    ),
    (doctor.check_policy_document(SchemeSettings(), TODAY), Level.WARN, "policy_document_accepted_on"),
    (doctor.check_policy_document(SchemeSettings(policy_document_accepted_on=GIVEN), TODAY), Level.WARN, "accepted_by"),
    (
        doctor.check_policy_document(
            SchemeSettings(policy_document_accepted_on=GIVEN, policy_document_accepted_by="the Board"), TODAY
        ),
        Level.OK,
        "",
    ),
    (doctor.check_clock(None), Level.WARN, "timesyncd"),
    (doctor.check_clock(False), Level.WARN, "set-ntp true"),
    (doctor.check_clock(True), Level.OK, ""),
    (doctor.check_disk(Path("/x"), 5 * 1000**3, writable=True), Level.OK, ""),
    (doctor.check_disk(Path("/x"), 10**9, writable=True), Level.WARN, "make room soon"),
    (doctor.check_disk(Path("/x"), 10**8, writable=True), Level.FAIL, "make room"),
    (doctor.check_disk(Path("/x"), None, writable=True), Level.WARN, "mounted"),
    (doctor.check_disk(Path("/x"), 5 * 1000**3, writable=False), Level.FAIL, "chown"),
    (doctor.check_database("h.db", None, "2", (), None), Level.OK, ""),
    (doctor.check_database("h.db", "2", "2", (), None), Level.OK, ""),
    (doctor.check_database("h.db", "1", "2", ("2 more",), None), Level.WARN, "backup"),
    (doctor.check_database("h.db", None, "", (), "locked"), Level.FAIL, "database.url"),
    (doctor.check_radios([]), Level.FAIL, "[[radio]]"),
    (doctor.check_radios(["town"]), Level.OK, ""),
    (
        doctor.check_serial("town", "/dev/x", exists=False, allowed=False, others=["/dev/y"]),
        Level.FAIL,
        "radio.line.port",
    ),
    (doctor.check_serial("town", "/dev/x", exists=True, allowed=False, others=[]), Level.FAIL, "usermod -aG dialout"),
    (doctor.check_serial("town", "/dev/x", exists=True, allowed=True, others=[]), Level.OK, ""),
    (
        doctor.check_serial("town", "/dev/x", key="tetra.port", exists=False, allowed=False, others=[]),
        Level.FAIL,
        "radio.tetra.port",
    ),
    (doctor.check_sound("town", "input", "sound_in", None, "not found"), Level.FAIL, "radio.line.sound_in"),
    (doctor.check_sound("town", "input", "sound_in", None, None), Level.OK, ""),
    (doctor.check_model("whisper", None, "no such model"), Level.FAIL, "huecry models fetch"),
    (doctor.check_elsewhere("speech elsewhere", "speech.url (tcp://b:1)", "wyoming x", 0.1, None), Level.OK, ""),
    (
        doctor.check_elsewhere("voice elsewhere", "voice.url (tcp://b:1)", None, None, "off"),
        Level.WARN,
        "correct voice.url",
    ),
    (doctor.check_voice(None, "nothing", fallback=False), Level.FAIL, "espeak-ng"),
    (doctor.check_voice("espeak", None, fallback=True), Level.WARN, "install huecry again"),
    (doctor.check_voice("hibari", None, fallback=False), Level.OK, ""),
    (doctor.check_sms(enabled=False, token=False, answer=None, error=None), Level.OK, ""),
    (doctor.check_sms(enabled=True, token=False, answer=None, error=None), Level.FAIL, "sms_auth_token_file"),
    (doctor.check_sms(enabled=True, token=True, answer=None, error=None), Level.OK, ""),
    (doctor.check_sms(enabled=True, token=True, answer=None, error="401"), Level.FAIL, "sms.account_sid"),
    (doctor.check_sms(enabled=True, token=True, answer="active", error=None), Level.OK, ""),
]


@pytest.mark.parametrize(("finding", "level", "mend"), CASES, ids=lambda value: str(getattr(value, "part", value))[:30])
def test_facts_are_judged_and_the_way_to_mend_is_said(finding: Finding, level: Level, mend: str) -> None:
    assert finding.level is level
    assert mend in finding.mend
    assert bool(finding.mend) is (level is not Level.OK)
    assert finding.text


@pytest.mark.parametrize("name", [name for name in dir(doctor) if name.startswith("check_")])
def test_no_check_is_left_out_of_the_table(name: str) -> None:
    source = Path(__file__).read_text()
    assert f"doctor.{name}(" in source or name == "check_reached"


def test_the_worst_counts() -> None:
    well, bad = doctor.ok("a", "b"), doctor.fail("a", "b", "c")
    assert worst([]) is Level.OK
    assert worst([well, doctor.warn("a", "b", "c")]) is Level.WARN
    assert worst([bad, well]) is Level.FAIL


def by_part(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.part: finding for finding in findings}


@pytest.mark.speech
async def test_a_bare_machine_is_told_everything_it_lacks(tmp_path: Path) -> None:
    found = by_part(await examine(await asyncio.to_thread(load_settings), online=False, now=NOW))
    assert list(found) == [
        "configuration",
        "storage",
        "radios",
        "database",
        "speech",
        "voice",
        "text messages",
        "alerts by MQTT",
        "clock",
        "recording notice",
        "policy document",
    ]
    assert found["radios"].level is Level.FAIL
    assert found["database"].text.endswith("huecry.db will be made at the first start")
    assert found["speech"].level is Level.OK, found["speech"]
    assert found["voice"].level is not Level.FAIL, found["voice"]
    assert not (tmp_path / "state").exists(), "a look must not make anything"


async def test_a_database_is_opened_and_its_version_read(tmp_path: Path) -> None:
    given = await settings(tmp_path, '[paths]\nstate_dir = "s"')
    async with open_store(given.database_url):
        pass
    assert (await doctor_probes.database(given)).level is Level.OK
    await asyncio.to_thread((tmp_path / "s" / "huecry.db").write_bytes, b"this is no database" * 100)
    found = await doctor_probes.database(given)
    assert found.level is Level.FAIL
    assert "huecry.db" in found.text


async def test_a_server_that_is_away_is_a_finding(tmp_path: Path) -> None:
    port = free_port()
    found = await doctor_probes.database(
        await settings(tmp_path, f'[database]\nurl = "postgresql://u:hunter2@127.0.0.1:{port}/h"')
    )
    assert found.level is Level.FAIL
    assert "hunter2" not in found.text


@pytest.mark.broker
async def test_brokers_are_signed_in_at(tmp_path: Path) -> None:
    mosquitto = Mosquitto(tmp_path, users={"huecry": "right"}, tls=True)
    await asyncio.to_thread(mosquitto.start)
    try:
        entry = f'host = "localhost"\nport = {mosquitto.port}\ntls = true\nca_file = "{mosquitto.ca_file}"\nusername = "huecry"\n'
        given = await settings(
            tmp_path,
            f'[mqtt]\nenabled = true\n{entry}[secrets]\nmqtt_password = "right"\n'
            f'[[radio]]\nname = "hill"\ndriver = "mqtt"\npassword = "wrong"\n[radio.mqtt]\n{entry}',
        )
        [alerts] = await doctor_probes.alert_broker(given)
        assert alerts.level is Level.OK, alerts
        [radio] = await doctor_probes.radio_checks(given.radio[0])
        assert radio.level is Level.FAIL
        assert "[radio.mqtt]" in radio.mend
        assert not {"right", "wrong"} & set(radio.text.split())
    finally:
        await asyncio.to_thread(mosquitto.stop)
    [gone] = await doctor_probes.alert_broker(given)
    assert gone.level is Level.FAIL


@pytest.mark.broker
async def test_every_broker_behind_a_radio_is_tried(tmp_path: Path) -> None:
    mosquitto = Mosquitto(tmp_path)
    await asyncio.to_thread(mosquitto.start)
    try:
        there, gone = f"port = {mosquitto.port}", f"port = {free_port()}"
        given = await settings(
            tmp_path,
            f"""
            [[radio]]
            name = "annex"
            driver = "hermes"
            [radio.hermes]
            {there}
            [radio.mmdvm]
            {gone}
            topic = "mmdvm"
            [[radio]]
            name = "market"
            driver = "trunk-recorder"
            [radio.trunk_recorder]
            {gone}
            """,
        )
        annex, market = [await doctor_probes.radio_checks(radio) for radio in given.radio]
    finally:
        await asyncio.to_thread(mosquitto.stop)
    assert [finding.level for finding in annex] == [Level.OK, Level.FAIL]
    assert "[radio.mmdvm]" in annex[1].mend
    assert "[radio.trunk_recorder]" in market[0].mend


@pytest.mark.parametrize("ca_file", ["no-such.pem", __file__])
async def test_a_certificate_that_is_none_is_a_finding(ca_file: str) -> None:
    broker = Broker("localhost", 1, tls=True, ca_file=ca_file)
    assert (await reach_broker("x", broker, "[mqtt]")).level is Level.FAIL


async def test_serial_ports_are_looked_at_without_opening_them(tmp_path: Path) -> None:
    port = free_port()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    given = await settings(
        tmp_path,
        f"""
        [[radio]]
        name = "there"
        driver = "line"
        line = {{ port = "/dev/null" }}
        [[radio]]
        name = "gone"
        driver = "line"
        line = {{ port = "/dev/ttyNONE7" }}
        [[radio]]
        name = "net"
        driver = "line"
        line = {{ port = "rfc2217://127.0.0.1:{port}" }}
        [[radio]]
        name = "loop"
        driver = "line"
        line = {{ port = "loop://" }}
        [[radio]]
        name = "drill"
        driver = "simulator"
        """,
    )
    async with server:
        found = {radio.name: (await doctor_probes.radio_checks(radio))[0] for radio in given.radio}
    assert [name for name, finding in found.items() if finding.level is Level.OK] == ["there", "net", "loop", "drill"]
    assert "serial port /dev/ttyNONE7 does not exist" in found["gone"].text
    refused = (await doctor_probes.radio_checks(given.radio[2]))[0]
    assert refused.level is Level.FAIL
    assert "ser2net" in refused.mend


async def test_a_sound_device_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    given = await settings(
        tmp_path, "[[radio]]\nname='a'\ndriver='line'\nline = { ptt = 'vox', sound_in = 'no such card 7' }\n"
    )
    found = await doctor_probes.radio_checks(given.radio[0])
    assert found[0].level is Level.FAIL
    assert {finding.part for finding in found} == {"radio a"}


async def test_twilio_is_asked_about_the_account_only_when_wanted(tmp_path: Path) -> None:
    with TwilioPeer() as twilio:

        def text(token: str) -> str:
            return (
                f'[sms]\nenabled = true\naccount_sid = "{ACCOUNT}"\nsender = "+447700900123"\n'
                f'base_url = "{twilio.url}"\n[secrets]\nsms_auth_token = "{token}"\n'
            )

        offline = await doctor_probes.text_messages(await settings(tmp_path, text("wrong")), online=False)
        assert offline.level is Level.OK
        refused = await doctor_probes.text_messages(await settings(tmp_path, text("wrong")), online=True)
        assert refused.level is Level.FAIL
        assert "401" in refused.text
    gone = await doctor_probes.text_messages(await settings(tmp_path, text(TOKEN)), online=True)
    assert gone.level is Level.FAIL


async def test_twilios_answer_about_the_account_is_read() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = b'{"sid": "AC", "status": "active"}' if b"Basic QUM6dG9rZW4=" in head else b"[]"
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        assert await doctor_probes.ask_twilio(url, "AC", "token") == ("active", None)
        said, wrong = await doctor_probes.ask_twilio(url, "AC", "other")
        assert (said, bool(wrong)) == (None, True)


@pytest.mark.parametrize(
    ("said", "level"), [("yes\n", Level.OK), ("no\n", Level.WARN), (None, Level.WARN), ("?", Level.WARN)]
)
async def test_timedatectl_is_asked(said: str | None, level: Level) -> None:
    async def ask(*argv: str) -> str | None:
        assert argv[0] == "timedatectl"
        return said

    assert (await doctor_probes.clock(ask)).level is level


async def test_programs_that_are_absent_fail_or_hang_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_probes, "PATIENCE_S", 0.05)
    assert await doctor_probes.run_program("no-such-program-here") is None
    assert await doctor_probes.run_program("false") is None
    assert await doctor_probes.run_program("sleep", "60") is None


async def test_a_check_that_breaks_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: Settings) -> Finding:
        raise ImportError("libfoo.so is missing")

    async def fine(_: Settings) -> Finding:
        return doctor.ok("voice", "x")

    monkeypatch.setattr(doctor_probes, "speech", broken)
    monkeypatch.setattr(doctor_probes, "voice", fine)
    found = by_part(await examine(await asyncio.to_thread(load_settings), online=False, now=NOW))
    assert found["speech"].level is Level.FAIL
    assert "libfoo.so" in found["speech"].text
    assert found["voice"].level is Level.OK


def fake(findings: list[Finding]) -> Callable[..., object]:
    async def examine_nothing(_: Settings, *, online: bool) -> list[Finding]:
        return findings

    return examine_nothing


@pytest.mark.parametrize(
    ("findings", "code"),
    [([doctor.ok("a", "b")], 0), ([doctor.warn("a", "b", "c")], 0), ([doctor.fail("a", "b [x]", "c [[radio]]")], 1)],
)
def test_the_exit_code_says_whether_it_works(
    findings: list[Finding], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.cli.doctor.examine", fake(findings))
    table = CliRunner().invoke(app, ["doctor"])
    assert table.exit_code == code, table.exception
    assert findings[0].text in table.output
    assert findings[0].mend in table.output
    listed = CliRunner().invoke(app, ["doctor", "--json"])
    assert listed.exit_code == code
    assert json.loads(listed.output)[0]["level"] == findings[0].level


def test_the_table_is_readable_in_a_narrow_window() -> None:
    console = Console(width=60, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123 - rich wants a file
    show([doctor.fail("radios", "none is configured", "add a [[radio]] table")], console)
    assert "add a [[radio]] table" in console.export_text()
    console.file.close()
