"""What the doctor finds about uploads, both ways, on real sockets."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr

from gateway.archive.settings import ArchiveSettings
from gateway.doctor import Finding, Level
from gateway.doctor_uploads import archive_checks, upload_checks
from gateway.settings import RadioSettings, SecretSettings, Settings
from radio_drivers.upload.desk import Desk
from radio_drivers.upload.http import HttpServer
from radio_drivers.upload.settings import UploadSettings
from tests.peers.archive import Archive
from tests.peers.ports import free_port


def radio(port: int, key: str | None = "roof some-long-key") -> RadioSettings:
    upload = UploadSettings(listen=f"127.0.0.1:{port}", key=SecretStr(key) if key else None)
    return RadioSettings(name="scanner", driver="upload", upload=upload)


def levels(findings: list[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


async def test_all_is_well() -> None:
    findings = await upload_checks(radio(free_port()), lambda _: "/usr/bin/ffmpeg")
    assert levels(findings) == [Level.OK, Level.OK]
    assert "some-long-key" not in repr(findings)


async def test_no_key_and_no_ffmpeg() -> None:
    findings = await upload_checks(radio(free_port(), key=None), lambda _: None)
    assert levels(findings) == [Level.FAIL, Level.OK, Level.WARN]
    assert "radio.scanner.upload.key" in findings[0].mend
    assert "ffmpeg" in findings[2].mend


async def test_a_gateway_that_listens_is_no_fault_and_another_program_is() -> None:
    async with HttpServer(Desk().handle).listening("127.0.0.1", 0) as port:
        findings = await upload_checks(radio(port), lambda _: "ffmpeg")
        assert levels(findings) == [Level.OK, Level.OK]
    other = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    findings = await upload_checks(radio(other.sockets[0].getsockname()[1]), lambda _: "ffmpeg")
    assert levels(findings) == [Level.OK, Level.FAIL]
    other.close()
    await other.wait_closed()


def settings_of(url: str, key: str = "archive-key-1") -> Settings:
    archive = ArchiveSettings(enabled=True, url=url, talkgroups={"town": 1})
    return Settings(archive=archive, secrets=SecretSettings(archive_key=SecretStr(key)))


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ((417, "Incomplete call data: no talkgroup\n"), Level.OK),
        ((417, "incomplete call data: no audio\n"), Level.OK),
        ((401, "Invalid API key for system 1 talkgroup 0.\n"), Level.FAIL),
        ((404, "nothing here"), Level.FAIL),
        ((200, "<html>"), Level.FAIL),
    ],
)
async def test_the_archive_is_probed_and_nothing_is_entered(answer: tuple[int, str], level: Level) -> None:
    with Archive(answers=[answer]) as archive:
        settings = await asyncio.to_thread(settings_of, archive.url)
        (finding,) = await archive_checks(settings)
        assert finding.level is level


async def test_an_archive_that_is_away_and_one_that_is_not_asked_for() -> None:
    port = free_port()
    settings = await asyncio.to_thread(settings_of, f"http://127.0.0.1:{port}")
    assert levels(await archive_checks(settings)) == [Level.FAIL]
    assert await archive_checks(await asyncio.to_thread(Settings)) == []
