"""Recordings to an archive: the form as somebody else's parser reads it, and that nothing is lost or waited for."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from dispatch.store.errors import StoreUnavailable
from dispatch.store.recorded import Recording
from dispatch.store.store import Store, open_store
from dispatch.store.transmissions import NewTransmission
from gateway.archive.client import Archived, Later, Outcome, Refused, open_client, outcome_of
from gateway.archive.progress import read_progress, write_progress
from gateway.archive.settings import ArchiveSettings
from gateway.archive.uploader import STUMBLES_MAX, Uploader
from gateway.health import Health
from gateway.recordings import write_wav
from tests.peers.archive import Archive
from tests.peers.ports import free_port

AT = datetime(2026, 11, 21, 17, 0, 0, 250_000, tzinfo=UTC)


def settings_of(url: str = "http://127.0.0.1:9", **more: object) -> ArchiveSettings:
    given: dict[str, Any] = {"enabled": True, "url": url, "talkgroups": {"town": 9001}}
    given.update(more)
    return ArchiveSettings(**given)


def note(folder: Path, after: int) -> None:
    """How far an earlier run has got."""
    (folder / "archive.json").write_text(json.dumps({"after": after}))


def recording(path: Path | str = "", unit: str | None = "12345", **more: object) -> Recording:
    given: dict[str, Any] = {
        "transmission_id": 7,
        "uid": "0123456789abcdef" * 2,
        "channel": "town",
        "unit": unit,
        "strength_dbm": -91.25,
        "started_at": AT,
        "duration_s": 1.5,
        "audio_path": str(path),
    }
    given.update(more)
    return Recording(**given)


@pytest.fixture
def archive() -> Iterator[Archive]:
    with Archive() as made:
        yield made


# The form.


async def test_the_form_as_another_parser_reads_it(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    await asyncio.to_thread(write_wav, path, bytes(range(200)) * 240)
    async with open_client(settings_of(archive.url), "FTAC", archive.key) as client:
        assert await client.upload(recording(path)) == Archived()
    (got,) = archive.received
    assert got.path == "/api/call-upload"
    assert got.audio == path.read_bytes()
    assert (got.audio_filename, got.audio_type) == ("town-20261121T170000-01234567.wav", "audio/wav")
    assert json.loads(got.fields.pop("sources")) == [{"pos": 0, "src": 12345}]
    assert json.loads(got.fields.pop("frequencies")) == [{"pos": 0, "len": 1.5, "dbm": -91.2}]
    assert got.fields == {
        "key": "archive-key-1",
        "system": "1",
        "systemLabel": "FTAC",
        "talkgroup": "9001",
        "talkgroupLabel": "town",
        "dateTime": "2026-11-21T17:00:00.250Z",
        "audioName": "town-20261121T170000-01234567.wav",
        "audioType": "audio/wav",
        "patches": "[]",
        "source": "12345",
    }


async def test_a_unit_that_is_no_number_is_left_out(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    await asyncio.to_thread(write_wav, path, bytes(100))
    async with open_client(settings_of(archive.url, system=3, system_label="Town"), "FTAC", archive.key) as client:
        assert await client.upload(recording(path, "U7", strength_dbm=None)) == Archived()
    (got,) = archive.received
    assert "source" not in got.fields
    assert (got.fields["sources"], got.fields["frequencies"]) == ("[]", "[]")
    assert (got.fields["system"], got.fields["systemLabel"]) == ("3", "Town")


@pytest.mark.parametrize(
    ("status", "text", "outcome"),
    [
        (200, "Call imported successfully.\n", Archived),
        (200, "call imported successfully", Archived),
        (200, "duplicate call rejected\n", Archived),
        (202, "Call imported successfully.\n", Archived),
        (200, "<html>Log in to the Wi-Fi", Later),
        (302, "/login", Later),
        (401, "Invalid API key for system 1 talkgroup 9001.\n", Later),
        (404, "", Later),
        (413, "", Refused),
        (417, "Incomplete call data: no talkgroup\n", Refused),
        (429, "", Later),
        (500, "", Later),
        (503, "", Later),
    ],
)
def test_what_answers_mean(status: int, text: str, outcome: type) -> None:
    assert isinstance(outcome_of(status, text), outcome)


@given(st.integers(100, 999), st.text(max_size=300), st.text(max_size=12))
def test_any_answer_means_something_in_one_line(status: int, text: str, retry_after: str) -> None:
    match outcome_of(status, text, retry_after):
        case Later(why, after_s, _):
            assert why.isprintable()
            assert 0 <= after_s < 100_000
        case Refused(why):
            assert why.isprintable()
        case Archived():
            assert 200 <= status < 300


async def test_a_redirect_is_not_followed_with_the_key(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    await asyncio.to_thread(write_wav, path, bytes(100))
    archive.answers = [(307, f"{archive.url}/elsewhere")]
    async with open_client(settings_of(archive.url), "FTAC", archive.key) as client:
        outcome = await client.upload(recording(path))
    assert isinstance(outcome, Later)
    assert archive.received == []


async def test_an_archive_that_is_away_or_never_answers_is_for_later(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    await asyncio.to_thread(write_wav, path, bytes(100))
    async with open_client(settings_of(f"http://127.0.0.1:{free_port()}"), "FTAC", "k") as client:
        assert isinstance(await client.upload(recording(path)), Later)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the system takes connections; nobody reads
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with open_client(settings_of(url, timeout_s=0.2), "FTAC", "k") as client:
            assert await client.upload(recording(path)) == Later("no answer within 0.2 s")


async def test_a_recording_that_is_gone_is_refused_and_the_network_is_not_asked(tmp_path: Path) -> None:
    async with open_client(settings_of(), "FTAC", "k") as client:
        assert isinstance(await client.upload(recording(tmp_path / "gone.wav")), Refused)


# Order, patience, restarts.


class Script:
    """A client by script: what becomes of each number, in turn."""

    def __init__(self, **outcomes: list[Outcome]) -> None:
        self.outcomes = {int(name[1:]): list(turns) for name, turns in outcomes.items()}
        self.sent: list[int] = []

    async def upload(self, recording: Recording) -> Outcome:
        number = recording.transmission_id
        turns = self.outcomes.get(number)
        outcome = turns.pop(0) if turns else Archived()
        if isinstance(outcome, Archived):
            self.sent.append(number)
        return outcome


class Desk:
    """An uploader at work on a real store, with waits that are noted and not waited for."""

    def __init__(self, folder: Path, store: Store, client: Script, settings: ArchiveSettings) -> None:
        self.folder = folder
        self.store = store
        self.client = client
        self.health = Health()
        self.news = asyncio.Event()
        self.waits: list[float] = []
        self.now = AT + timedelta(minutes=1)
        self.uploader = Uploader(
            settings,
            recordings=store.recorded,
            client=client,
            progress=folder / "archive.json",
            health=self.health,
            news=self.news,
            clock=lambda: self.now,
            sleep=self._sleep,
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)

    async def record(self, number: int, channel: str = "town", **more: object) -> None:
        new: dict[str, Any] = {
            "uid": f"{number:032x}",
            "channel": channel,
            "unit": "1",
            "strength_dbm": None,
            "started_at": AT,
            "ended_at": AT + timedelta(seconds=1),
            "duration_s": 1.0,
            "audio_path": "/nowhere.wav",
            "sha256": hashlib.sha256(b"").hexdigest(),
        }
        new.update(more)
        assert await self.store.transmissions.record(NewTransmission(**new)) == number
        self.news.set()

    def progress(self) -> int | None:
        file = self.folder / "archive.json"
        after = json.loads(file.read_text())["after"] if file.exists() else None
        assert after is None or isinstance(after, int)
        return after


@asynccontextmanager
async def desk(folder: Path, client: Script | None = None, **settings: object) -> AsyncIterator[Desk]:
    url = f"sqlite+aiosqlite:///{folder / 'db'}"
    async with open_store(url, clock=lambda: AT) as store:
        store.recorded._clock = lambda: AT + timedelta(minutes=1)
        yield Desk(folder, store, client or Script(), settings_of("http://127.0.0.1:9", **settings))


@asynccontextmanager
async def at_work(made: Desk) -> AsyncIterator[None]:
    task = asyncio.create_task(made.uploader.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.005)


async def test_it_begins_with_what_is_recorded_from_now_on(tmp_path: Path) -> None:
    async with desk(tmp_path) as made:
        await made.record(1)
        async with at_work(made):
            await until(lambda: made.progress() == 1)
            await made.record(2)
            await made.record(3, "hill")
            await made.record(4)
            await until(lambda: made.progress() == 4)
        assert made.client.sent == [2, 4]


async def test_only_named_channels_with_sound_from_the_radio_leave(tmp_path: Path) -> None:
    note(tmp_path, 0)
    async with desk(tmp_path) as made:
        await made.record(1, "hill")
        await made.record(2, audio_path="", source="emergency button")
        await made.record(3, source="replay")
        await made.record(4)
        async with at_work(made):
            await until(lambda: made.progress() == 4)
        assert made.client.sent == [4]


async def test_an_archive_that_is_away_is_tried_with_growing_waits_and_gets_all_of_it_in_order(tmp_path: Path) -> None:
    note(tmp_path, 0)
    away: list[Outcome] = [Later("away")] * 9
    async with desk(tmp_path, Script(n1=away), first_retry_s=5.0, longest_retry_s=60.0) as made:
        for number in (1, 2, 3):
            await made.record(number)
        async with at_work(made):
            await until(lambda: made.client.sent == [1, 2, 3])
            await until(lambda: made.progress() == 3)
        assert made.waits[:9] == [5, 10, 20, 40, 60, 60, 60, 60, 60]
        assert made.health.ok


async def test_the_fault_is_shown_while_it_lasts_and_the_archives_wish_is_heard(tmp_path: Path) -> None:
    note(tmp_path, 0)
    async with desk(tmp_path, Script(n1=[Later("come later", 45.0)] * 1000), longest_retry_s=50.0) as made:
        await made.record(1)
        async with at_work(made):
            await until(lambda: len(made.waits) >= 3)
        assert made.waits[0] == 45.0
        (fault,) = made.health.faults
        assert (fault.name, "come later" in fault.text) == ("archive", True)
        assert made.progress() == 0


async def test_after_a_restart_it_goes_on_where_it_was(tmp_path: Path) -> None:
    note(tmp_path, 0)
    async with desk(tmp_path, Script(n2=[Later("away")] * 100_000)) as made:
        for number in (1, 2, 3):
            await made.record(number)
        async with at_work(made):
            await until(lambda: len(made.waits) > 3)
        assert made.client.sent == [1]
    async with desk(tmp_path) as made:
        async with at_work(made):
            await until(lambda: made.progress() == 3)
        assert made.client.sent == [2, 3]


async def test_what_is_refused_too_old_or_breaks_the_archive_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    note(tmp_path, 0)
    breaks: list[Outcome] = [Later("500", doubtful=True)] * 100
    async with desk(tmp_path, Script(n1=[Refused("413")], n3=breaks), keep_days=2.0) as made:
        await made.record(1)
        await made.record(2, started_at=AT - timedelta(days=3), ended_at=AT - timedelta(days=3))
        await made.record(3)
        await made.record(4)
        with capture_logs() as logs:
            async with at_work(made):
                await until(lambda: made.progress() == 4)
        assert made.client.sent == [4]
        assert len(made.client.outcomes[3]) == 100 - STUMBLES_MAX
        assert [entry["transmission"] for entry in logs if entry["event"].startswith("not archived")] == [1, 2, 3]


async def test_a_store_that_is_away_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note(tmp_path, 0)
    async with desk(tmp_path) as made:
        await made.record(1)
        real, failures = made.store.recorded.after, 3

        async def after(number: int, channels: Iterable[str]) -> tuple[Recording, ...]:
            nonlocal failures
            failures -= 1
            if failures >= 0:
                raise StoreUnavailable("gone")
            return await real(number, channels)

        monkeypatch.setattr(made.store.recorded, "after", after)
        async with at_work(made):
            await until(lambda: made.client.sent == [1])
        assert made.waits[:3] == [5, 10, 20]


async def test_a_fault_of_ours_is_logged_and_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note(tmp_path, 0)
    async with desk(tmp_path) as made:
        await made.record(1)
        real, broken = made.client.upload, True

        async def upload(one: Recording) -> Outcome:
            nonlocal broken
            if broken:
                broken = False
                raise ValueError("a fault")
            return await real(one)

        monkeypatch.setattr(made.client, "upload", upload)
        with capture_logs() as logs:
            async with at_work(made):
                await until(lambda: made.client.sent == [1])
        assert any(entry["event"] == "the archive's uploader stumbled" for entry in logs)


async def test_another_database_begins_anew(tmp_path: Path) -> None:
    note(tmp_path, 5_000)
    async with desk(tmp_path) as made:
        await made.record(1)
        async with at_work(made):
            await until(lambda: made.progress() == 1)
            await made.record(2)
            await until(lambda: made.client.sent == [2])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"after": -1}', '{"after": true}', '{"after": "1"}', "\0" * 10_000])
def test_a_damaged_note_is_no_note(text: str, tmp_path: Path) -> None:
    (tmp_path / "archive.json").write_text(text)
    assert read_progress(tmp_path / "archive.json") is None


def test_a_note_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "state" / "archive.json"
    assert read_progress(path) is None
    write_progress(path, 7)
    assert read_progress(path) == 7
    path.with_suffix(".part").mkdir()  # the disk refuses
    with pytest.raises(OSError, match="part"):
        write_progress(path, 8)
    assert read_progress(path) == 7


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": ""}, "archive.url"),
        ({"url": "ftp://a"}, "archive.url"),
        ({"url": "https://user:word@a"}, "archive.url"),
        ({"url": "http://a:99999"}, "archive.url"),
        ({"talkgroups": {}}, "archive.talkgroups"),
        ({"talkgroups": {"town": 0}}, "archive.talkgroups"),
        ({"first_retry_s": 600.0}, "archive.first_retry_s"),
    ],
)
def test_settings_that_can_not_work(change: dict[str, Any], says: str) -> None:
    assert says in " ".join(settings_of(**{"url": "https://a", **change}).problems())


def test_settings_that_work() -> None:
    assert ArchiveSettings(url="nonsense").problems() == ()
    assert settings_of("https://a.example").problems() == ()
    assert settings_of("https://a.example/").upload_url == "https://a.example/api/call-upload"
    assert settings_of("https://a.example/rdio/api/call-upload").upload_url == "https://a.example/rdio/api/call-upload"
