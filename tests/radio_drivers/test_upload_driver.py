"""The upload driver with curl as every documented sender; events as the recorder gets them."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import SecretStr
from structlog.testing import capture_logs

from radio_drivers.interface import (
    RATE,
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyUp,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioEvent,
    RadioSettingsError,
    Signalled,
)
from radio_drivers.upload.driver import Ledger, UploadDriver
from radio_drivers.upload.server import Servers
from radio_drivers.upload.settings import UploadSettings
from tests.peers.curl import AT_S, Said, curl, documented, sdrtrunk, sdrtrunk_probe, trunk_recorder, with_meta
from tests.peers.ports import free_port

KEY = "6f1c2d8a-roof"
AT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
IMPORTED = Said(200, "Call imported successfully.\n")
DUPLICATE = Said(200, "duplicate call rejected\n")


def now() -> datetime:
    return AT + timedelta(seconds=20)


def quick_delays() -> Iterator[float]:
    while True:
        yield 0.05


def sound_file(path: Path, seconds: float = 1.5, kind: str = "WAV", pitch: float = 700.0, rate: int = 8_000) -> Path:
    wave = 0.3 * np.sin(2 * np.pi * pitch * np.arange(int(seconds * rate)) / rate)
    out = io.BytesIO()
    soundfile.write(out, wave, rate, format=kind)
    path.write_bytes(out.getvalue())
    return path


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return sound_file(tmp_path / "9001-1795280400_453125000.wav")


class Station:
    """A driver that runs, and what it told."""

    def __init__(self, driver: UploadDriver) -> None:
        self.driver = driver
        self.events: list[RadioEvent] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.driver.port}"

    def of(self, *kinds: type) -> list[RadioEvent]:
        return [event for event in self.events if isinstance(event, kinds)]

    async def listen(self) -> None:
        async for event in self.driver.events():
            self.events.append(event)

    async def calls(self, number: int) -> list[tuple[KeyUp, Signalled, bytes, KeyDown]]:
        """So many calls, whole, once the last has ended; none more."""
        await until(lambda: len(self.of(KeyDown)) >= number)
        found: list[tuple[KeyUp, Signalled, bytes, KeyDown]] = []
        call: list[RadioEvent] = []
        for event in self.events:
            call = [event] if isinstance(event, KeyUp) else [*call, event]
            if isinstance(event, KeyDown):
                up, told, *audio = call[:-1]
                assert isinstance(up, KeyUp)
                assert isinstance(told, Signalled)
                found.append((up, told, b"".join(part.pcm for part in audio if isinstance(part, Audio)), event))
        assert len(found) == number
        return found


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(driver: UploadDriver) -> AsyncIterator[Station]:
    station = Station(driver)
    tasks = [asyncio.create_task(driver.run()), asyncio.create_task(station.listen())]
    try:
        await until(lambda: driver.connected)
        yield station
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@asynccontextmanager
async def station(ledger: Ledger | None = None, **settings: object) -> AsyncIterator[Station]:
    given: dict[str, object] = {"listen": "127.0.0.1:0", "key": SecretStr(KEY), **settings}
    driver = UploadDriver("town", UploadSettings(**given), Servers(), ledger, now=now, delays=quick_delays)  # type: ignore[arg-type]
    async with running(driver) as made:
        yield made


# Every sender.


async def test_trunk_recorder(wav: Path) -> None:
    async with station() as town:
        assert await trunk_recorder(town.url, wav, KEY) == IMPORTED
        ((up, told, pcm, down),) = await town.calls(1)
    assert up == KeyUp("town", AT, "12345", None)
    assert told == Signalled("town", AT, "call upload", "talkgroup 9001 TOWN, radio 12345", unit="12345", to="9001")
    assert len(pcm) == 3 * RATE
    assert down == KeyDown("town", AT + timedelta(seconds=1.5))


async def test_sdrtrunk_probes_then_sends_mp3(tmp_path: Path) -> None:
    mp3 = await asyncio.to_thread(sound_file, tmp_path / "call.mp3", kind="MP3")
    async with station() as town:
        probe = await sdrtrunk_probe(town.url, KEY, tmp_path)
        assert probe == Said(417, "Incomplete call data: no talkgroup\n")
        assert (await sdrtrunk_probe(town.url, "another-key", tmp_path)).status == 401
        assert not town.of(KeyUp)
        assert await sdrtrunk(town.url, mp3, KEY, tmp_path) == IMPORTED
        ((up, _, pcm, _),) = await town.calls(1)
    assert (up.at, up.unit) == (AT, "12345")
    assert abs(len(pcm) / 2 / RATE - 1.5) < 0.2


async def test_rdio_scanner_downstream_as_documented(wav: Path) -> None:
    async with station() as town:
        assert await documented(town.url, wav, KEY) == IMPORTED
        ((up, _, _, _),) = await town.calls(1)
    assert up == KeyUp("town", AT + timedelta(milliseconds=250), "12345", -91.5)


async def test_trunk_recorders_json_file_with_an_emergency(wav: Path, tmp_path: Path) -> None:
    meta = {
        "freq": 453125000,
        "start_time": AT_S,
        "stop_time": AT_S + 2,
        "emergency": 1,
        "signal": -96,
        "noise": 999,
        "call_length": 2,
        "talkgroup": 9001,
        "talkgroup_tag": "TOWN",
        "short_name": "shopwatch",
        "freqList": [{"freq": 453125000, "time": AT_S, "pos": 0.0, "len": 1.5, "error_count": 0, "spike_count": 0}],
        "srcList": [{"src": 12345, "time": AT_S, "pos": 0.0, "emergency": 1, "signal_system": "", "tag": "Rosa"}],
    }
    file = tmp_path / "call.json"
    await asyncio.to_thread(file.write_text, json.dumps(meta))
    async with station() as town:
        assert await with_meta(town.url, wav, file, KEY) == IMPORTED
        ((up, told, _, _),) = await town.calls(1)
        emergency = town.of(EmergencyPressed)
    assert emergency == [EmergencyPressed("town", AT, "12345")]
    assert town.events.index(emergency[0]) < town.events.index(up)
    assert up.strength_dbm == -96.0
    assert told.text == "talkgroup 9001 TOWN, radio 12345 Rosa"


async def test_two_talkers_in_one_recording(tmp_path: Path) -> None:
    wav = await asyncio.to_thread(sound_file, tmp_path / "a.wav", 5.0)
    async with station() as town:
        sources = '[{ "pos": 0.00, "src": 12345 }, { "pos": 2.50, "src": 77 }]'
        assert await trunk_recorder(town.url, wav, KEY, sources=sources) == IMPORTED
        calls = await town.calls(2)
    assert [(up.unit, up.at, len(pcm)) for up, _, pcm, _ in calls] == [
        ("12345", AT, 5 * RATE),
        ("77", AT + timedelta(seconds=2.5), 5 * RATE),
    ]


# What is refused.


@pytest.mark.parametrize(
    ("change", "status", "text"),
    [
        ({"key": "6f1c2d8a-roo"}, 401, "Invalid API key for system 1 talkgroup 9001.\n"),
        ({"key": ""}, 401, "Invalid API key for system 1 talkgroup 9001.\n"),
        ({"system": "2"}, 401, "Invalid API key for system 2 talkgroup 9001.\n"),
        ({"talkgroup": "9009"}, 401, "Invalid API key for system 1 talkgroup 9009.\n"),
        ({"dateTime": ""}, 417, "Incomplete call data: no timestamp\n"),
        ({"system": ""}, 417, "Incomplete call data: no system\n"),
        ({"talkgroup": ""}, 417, "Incomplete call data: no talkgroup\n"),
        ({"talkgroup": "", "dateTime": "", "system": ""}, 417, "Incomplete call data: no talkgroup\n"),
    ],
)
async def test_answers_to_what_is_wrong(change: dict[str, str], status: int, text: str, wav: Path) -> None:
    async with station(systems=(1,), talkgroups=(9001, 9002)) as town:
        form = {"key": KEY, **change}
        key = form.pop("key")
        assert await trunk_recorder(town.url, wav, key, AT_S, **form) == Said(status, text)
        assert not town.of(KeyUp, Audio)


async def test_answers_to_other_requests(tmp_path: Path) -> None:
    async with station() as town:
        url = f"{town.url}/api/call-upload"
        assert await curl(url) == Said(405, "Unsupported method\n")
        assert (await curl(town.url)).status == 404
        assert await curl("-d", "a=b", url) == Said(400, "Not a multipart content")
        assert await curl("-d", "a=b", "-H", "Content-Type:", url) == Said(400, "Invalid content-type")
        no_boundary = ("-H", "Content-Type: multipart/form-data")
        assert await curl("-d", "a=b", *no_boundary, url) == Said(400, "Invalid content-type")
        with_boundary = ("-H", "Content-Type: multipart/form-data; boundary=x")
        said = await curl("-d", "a=b", *with_boundary, url)
        assert (said.status, said.text[:11]) == (417, "multipart: ")
        assert await curl(
            "-F", f"key={KEY}", "-F", "system=1", "-F", "talkgroup=1", "-F", "dateTime=1795280400", url
        ) == Said(417, "Incomplete call data: no audio\n")


async def test_audio_that_is_none_is_answered_415_and_may_come_again(wav: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.wav"
    await asyncio.to_thread(bad.write_bytes, b"<html>" * 50)
    async with station() as town:
        for _ in range(2):
            said = await trunk_recorder(town.url, bad, KEY)
            assert said.status == 415
            assert said.text.startswith("The audio can't be read: it is neither WAV, MP3")
        assert await trunk_recorder(town.url, wav, KEY) == IMPORTED


async def test_too_large_is_answered_413_before_and_after_reading(tmp_path: Path) -> None:
    large = await asyncio.to_thread(sound_file, tmp_path / "large.wav", 200.0)  # 3.2 MB
    async with station(audio_max_mb=0.5) as town:
        said = await trunk_recorder(town.url, large, KEY)
        assert said == Said(413, "The upload is too large: at most 0.5 MB of audio are taken (audio_max_mb).\n")
        chunked = ("-H", "Transfer-Encoding: chunked", "-F", f"audio=@{large}", "-F", f"key={KEY}")
        assert (await curl(*chunked, f"{town.url}/api/call-upload")).status == 413
        assert not town.of(KeyUp)


async def test_too_many_calls_are_answered_429(tmp_path: Path) -> None:
    files = [await asyncio.to_thread(sound_file, tmp_path / f"{n}.wav", 1.0, pitch=300 + n) for n in range(4)]
    async with station(calls_per_minute=3) as town:
        said = [await trunk_recorder(town.url, file, KEY, AT_S + n) for n, file in enumerate(files)]
        assert [one.status for one in said] == [200, 200, 200, 429]
        assert "calls_per_minute" in said[3].text
        await town.calls(3)


# Duplicates.


async def test_the_same_recording_is_entered_once(wav: Path) -> None:
    async with station() as town:
        said = await asyncio.gather(*(trunk_recorder(town.url, wav, KEY) for _ in range(4)))
        assert sorted(said, key=lambda one: one.text) == [IMPORTED, DUPLICATE, DUPLICATE, DUPLICATE]
        await town.calls(1)


async def test_two_recorders_that_hear_one_call(wav: Path, tmp_path: Path) -> None:
    other = await asyncio.to_thread(sound_file, tmp_path / "other.wav", 1.4, "FLAC", 701.0)
    async with station(key=SecretStr(f"roof {KEY}\nhill another-key-here\n")) as town:
        assert await trunk_recorder(town.url, wav, KEY) == IMPORTED
        assert await trunk_recorder(town.url, other, "another-key-here") == DUPLICATE
        assert await trunk_recorder(town.url, other, "another-key-here", AT_S + 5) == IMPORTED
        await town.calls(2)


# Times.


async def test_an_old_call_keeps_its_own_time(wav: Path) -> None:
    async with station() as town:
        with capture_logs() as logs:
            assert await trunk_recorder(town.url, wav, KEY, AT_S - 7200) == IMPORTED
        ((up, _, _, _),) = await town.calls(1)
    assert up.at == AT - timedelta(hours=2)
    assert any("old" in entry["event"] for entry in logs)


async def test_a_clock_in_the_future_is_not_believed(wav: Path) -> None:
    async with station() as town:
        with capture_logs() as logs:
            assert await trunk_recorder(town.url, wav, KEY, AT_S + 7200) == IMPORTED
        ((up, _, _, down),) = await town.calls(1)
    assert (up.at, down.at) == (now() - timedelta(seconds=1.5), now())
    assert any("clock" in entry["event"] for entry in logs)


# Keys are secrets.


async def test_no_key_is_ever_shown(wav: Path) -> None:
    async with station() as town:
        with capture_logs() as logs:
            await trunk_recorder(town.url, wav, KEY)
            await trunk_recorder(town.url, wav, "wrong-" + KEY)
        shown = repr(logs) + repr(town.driver.settings)
    assert KEY not in shown


def test_settings_that_can_not_work_are_refused_without_showing_a_key() -> None:
    for key in (
        "short",
        "one two three-words",
        "same-key-1\nsame-key-1",
        "\n".join(f"key-number-{n}" for n in range(40)),
    ):
        with pytest.raises(ValueError, match="key") as refused:
            UploadSettings(key=SecretStr(key))
        assert key.split()[-1] not in str(refused.value)
    for listen in ("", "3000", "a:b", "host:70000", "::1:3000", "host:"):
        with pytest.raises(ValueError, match="listen"):
            UploadSettings(listen=listen)
    assert UploadSettings(listen="[::1]:3000").address == ("::1", 3000)


async def test_without_a_key_nothing_is_taken() -> None:
    driver = UploadDriver("town", UploadSettings(), Servers())
    with pytest.raises(RadioSettingsError, match="key_file"):
        await driver.run()


# The link, and channels that share it.


async def test_channels_share_an_address_and_each_gets_its_own(wav: Path, tmp_path: Path) -> None:
    servers, listen = Servers(), f"127.0.0.1:{free_port()}"
    other = await asyncio.to_thread(sound_file, tmp_path / "other.wav", 1.2)
    third = await asyncio.to_thread(sound_file, tmp_path / "third.wav", 1.1)

    def driver(name: str, **more: object) -> UploadDriver:
        given: dict[str, object] = {"listen": listen, "key": SecretStr(KEY), **more}
        return UploadDriver(name, UploadSettings(**given), servers, now=now)  # type: ignore[arg-type]

    async with AsyncExitStack() as stack:
        rest = await stack.enter_async_context(running(driver("rest")))
        async with running(driver("town", talkgroups=(9001,))) as town:
            assert await trunk_recorder(town.url, wav, KEY) == IMPORTED
            assert await trunk_recorder(town.url, other, KEY, talkgroup="9002") == IMPORTED
            assert await trunk_recorder(town.url, third, KEY, talkgroup="9003", patches="[9003,9001]") == IMPORTED
            await town.calls(2)
            await rest.calls(1)
        # The other goes on without it.
        assert rest.driver.connected
        assert await trunk_recorder(rest.url, third, KEY) == IMPORTED
    # And the last one closes the door.
    assert (await curl(f"http://{listen}/api/call-upload")).status == 0


async def test_an_address_that_is_taken_is_a_lost_link_until_it_is_free() -> None:
    port = free_port()
    blocker = await asyncio.start_server(lambda _, __: None, "127.0.0.1", port)
    driver = UploadDriver(
        "town",
        UploadSettings(listen=f"127.0.0.1:{port}", key=SecretStr(KEY)),
        Servers(),
        now=now,
        delays=quick_delays,
    )
    station = Station(driver)
    tasks = [asyncio.create_task(driver.run()), asyncio.create_task(station.listen())]
    await until(lambda: station.of(LinkLost))
    (lost,) = station.of(LinkLost)
    assert isinstance(lost, LinkLost)
    assert f"127.0.0.1:{port}" in lost.reason
    assert "radio.upload.listen" in lost.reason
    blocker.close()
    await blocker.wait_closed()
    await until(lambda: station.of(LinkRestored))
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert not driver.port


async def test_it_receives_only() -> None:
    async with station() as town:
        assert not town.driver.abilities.voice_out
        assert not town.driver.busy
        with pytest.raises(NotSupported):
            await town.driver.send_voice(bytes(10))
        with pytest.raises(NotSupported):
            await town.driver.send_text("hello")
        await town.driver.drop_key()


# Stored, or not.


class Books:
    """A ledger by script."""

    def __init__(self, *, stores: bool = True, has: bool = False) -> None:
        self.stores = stores
        self._has = has
        self.asked: list[tuple[str, datetime, float]] = []

    async def has(self, channel: str, at: datetime, seconds: float) -> bool:
        self.asked.append((channel, at, seconds))
        return self._has

    async def stored(self, channel: str, begins: tuple[datetime, ...], tell: Callable[[], None]) -> bool:
        tell()
        return self.stores


async def test_a_call_that_can_not_be_stored_is_told_to_come_again_and_is_then_known(wav: Path) -> None:
    async with station(Books(stores=False)) as town:
        said = await trunk_recorder(town.url, wav, KEY)
        assert said == Said(503, "The gateway can't store the call just now; try again.\n")
        # It is in memory and will be stored; the second try must not enter it again.
        assert await trunk_recorder(town.url, wav, KEY) == DUPLICATE
        await town.calls(1)


async def test_a_call_that_an_earlier_run_stored_is_known(wav: Path) -> None:
    books = Books(has=True)
    async with station(books) as town:
        assert await trunk_recorder(town.url, wav, KEY) == DUPLICATE
        assert books.asked == [("town", AT, 1.5)]
        assert not town.of(KeyUp)


async def test_wrong_keys_and_rubbish_do_not_fill_the_journal(caplog: pytest.LogCaptureFixture) -> None:
    async with station() as town:
        url = f"{town.url}/api/call-upload"
        with capture_logs() as logs:
            for words in (
                ["-F", "key=wrong-key-1"],
                ["-d", "rubbish", "-H", "Content-Type: multipart/form-data; boundary=x"],
            ):
                said = await curl(*words, *[url] * 100)
                assert said.status in {401, 417}
    assert 0 < len(logs) < 100
    assert not caplog.records
