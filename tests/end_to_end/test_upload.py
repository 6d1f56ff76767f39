"""Calls that recorders upload, through the running gateway: heard, decided, told, and passed on to an archive."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import time
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Say
from tests.end_to_end.town import Town
from tests.peers.archive import Archive
from tests.peers.curl import Said, sdrtrunk, sdrtrunk_probe, trunk_recorder, with_meta
from tests.peers.ports import free_port

pytestmark = pytest.mark.speech

IMPORTED = Said(200, "Call imported successfully.\n")
DUPLICATE = Said(200, "duplicate call rejected\n")
ROOF = "6f1c2d8a-roof"

PATIENCE_S = 90.0
"""A speech engine on a busy machine."""

RADIO = """
[[radio]]
name = "{name}"
driver = "upload"
[radio.upload]
listen = "127.0.0.1:{port}"
key = "{key}"
talkgroups = [{talkgroup}]
"""
ARCHIVE = """
[archive]
enabled = true
url = "{url}"
talkgroups = {{ shops = 9100 }}
first_retry_s = 0.2
longest_retry_s = 0.5
"""


def spoken(folder: Path, pcm: bytes, name: str) -> Path:
    """A file as a recorder makes it; the ending says which."""
    source = folder / "spoken.wav"
    with wave.open(str(source), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(pcm)
    target = folder / name
    codec = {".m4a": ["-c:a", "aac", "-b:a", "32k"], ".mp3": ["-b:a", "32k"], ".wav": []}[target.suffix]
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-ar", "16000", *codec, str(target)], check=True, timeout=60
    )
    return target


def decisions(town: Town) -> list[tuple[object, ...]]:
    return town.rows(
        "select t.channel, t.unit, c.decision from transmissions t join calls c on c.transmission_id = t.id order by t.id"
    )


@pytest.mark.timeout(300)
async def test_uploaded_calls_are_heard_and_decided_once(town: Town, say: Say, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with town.config.open("a") as config:
        config.write(RADIO.format(name="shops", port=port, key=ROOF, talkgroup=9001))
    sighting = say("Corner Books to Control, Martin Blackwood has just walked in, grey hoodie, over.")
    m4a = await asyncio.to_thread(spoken, tmp_path, sighting, "9001-1_453125000.m4a")
    check = say("Corner Books to Control, radio check please, over.")
    mp3 = await asyncio.to_thread(spoken, tmp_path, check, "20261121_170000_shopwatch.mp3")
    at_s = int(time.time()) - 20

    await town.start()
    assert (await sdrtrunk_probe(url, ROOF, tmp_path)).text == "Incomplete call data: no talkgroup\n"
    assert await sdrtrunk(url, mp3, ROOF, tmp_path, at_s - 30, source="1002") == IMPORTED
    await town.until(lambda: decisions(town) == [("shops", "1002", "log")], PATIENCE_S)
    # trunk-recorder's default is M4A. The sighting goes to everyone once, though it comes twice.
    unit = {"sources": '[{ "pos": 0.00, "src": 1002 }]'}
    assert await trunk_recorder(url, m4a, ROOF, at_s, **unit) == IMPORTED
    assert await trunk_recorder(url, m4a, ROOF, at_s, **unit) == DUPLICATE
    await town.until(lambda: decisions(town) == [("shops", "1002", "log"), ("shops", "1002", "alert")], PATIENCE_S)
    (started,) = town.rows("select started_at from transmissions order by id desc limit 1")[0]
    assert str(started).startswith(datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S"))
    await town.nothing_more_to_send()
    assert len(town.twilio.texts) == 2
    code, _ = await town.stop()
    assert code == 0
    assert ROOF.encode() not in town.log.read_bytes()


@pytest.mark.timeout(300)
async def test_an_old_call_is_told_to_nobody_and_an_emergency_button_to_everyone(
    town: Town, say: Say, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with town.config.open("a") as config:
        config.write(RADIO.format(name="shops", port=port, key=ROOF, talkgroup=9001))
    sighting = say("Corner Books to Control, Martin Blackwood has just walked in, grey hoodie, over.")
    old = await asyncio.to_thread(spoken, tmp_path, sighting, "old.wav")
    wav = await asyncio.to_thread(spoken, tmp_path, say("Corner Books to Control, radio check please, over."), "1.wav")
    at_s = int(time.time()) - 20
    await town.start()
    assert await trunk_recorder(url, old, ROOF, at_s - 7200) == IMPORTED
    await town.until(lambda: len(decisions(town)) == 1, PATIENCE_S)
    await town.nothing_more_to_send()
    assert town.rows("select distinct state from deliveries") == [("expired",)]
    assert not town.twilio.texts
    meta = tmp_path / "call.json"
    emergency = {"start_time": at_s + 15, "talkgroup": 9001, "emergency": 1, "srcList": [{"src": 1002, "pos": 0}]}
    await asyncio.to_thread(meta.write_text, json.dumps(emergency))
    assert await with_meta(url, wav, meta, ROOF) == IMPORTED
    await town.until(lambda: len(decisions(town)) == 3, PATIENCE_S)
    urgent = town.rows("select count(*) from transmissions where source = 'emergency button' and unit = '1002'")
    assert urgent == [(1,)]
    await town.nothing_more_to_send()
    assert len(town.twilio.texts) == 2
    await town.stop()


@pytest.mark.timeout(300)
async def test_what_is_recorded_is_archived_even_if_we_die_while_the_archive_is_away(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(free_port())
    monkeypatch.setenv("HUECRY_SECRETS__ARCHIVE_KEY", archive.key)
    port = free_port()
    with town.config.open("a") as config:
        config.write(RADIO.format(name="shops", port=port, key=ROOF, talkgroup=9001) + ARCHIVE.format(url=archive.url))
    wav = await asyncio.to_thread(spoken, tmp_path, bytes(32_000), "1.wav")
    at_s = int(time.time()) - 60

    await town.start()
    for number in range(3):
        assert await trunk_recorder(f"http://127.0.0.1:{port}", wav, ROOF, at_s + 10 * number) == IMPORTED
    # The archive is away, and nothing waits for it.
    await town.until(lambda: b"can't upload to" in town.log.read_bytes())
    await town.until(lambda: decisions(town), PATIENCE_S)
    await town.stop(signal.SIGKILL)
    archive.start()
    try:
        await town.start()
        await town.until(lambda: len(archive.received) == 3, PATIENCE_S)
        sent = [got.fields["dateTime"] for got in archive.received]
        assert sent == [datetime.fromtimestamp(at_s + 10 * n, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") for n in range(3)]
        assert {(got.fields["talkgroup"], got.fields["source"]) for got in archive.received} == {("9100", "12345")}
        # The recorder that had no answer when we died sends its call again.
        assert await trunk_recorder(f"http://127.0.0.1:{port}", wav, ROOF, at_s) == DUPLICATE
        assert await trunk_recorder(f"http://127.0.0.1:{port}", wav, ROOF, at_s + 40) == IMPORTED
        await town.until(lambda: len(archive.received) == 4, PATIENCE_S)
        await town.stop()
    finally:
        await asyncio.to_thread(archive.stop)
    assert archive.key.encode() not in town.log.read_bytes()


@pytest.mark.timeout(300)
async def test_our_archive_client_feeds_our_own_server(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One gateway as both: what `shops` hears comes back as talkgroup 9100 and is heard on `copy`."""
    port = free_port()
    monkeypatch.setenv("HUECRY_SECRETS__ARCHIVE_KEY", "archive-key-1")
    radios = RADIO.format(name="shops", port=port, key=ROOF, talkgroup=9001)
    radios += RADIO.format(name="copy", port=port, key="archive-key-1", talkgroup=9100)
    with town.config.open("a") as config:
        config.write(radios + ARCHIVE.format(url=f"http://127.0.0.1:{port}"))
    noise = random.Random(7).randbytes(48_000)
    wav = await asyncio.to_thread(spoken, tmp_path, noise, "1.wav")
    await town.start()
    assert await trunk_recorder(f"http://127.0.0.1:{port}", wav, ROOF, int(time.time()) - 10) == IMPORTED
    await town.until(lambda: len(town.rows("select id from transmissions")) == 2, PATIENCE_S)
    heard = town.rows("select channel, unit, started_at, duration_s, sha256 from transmissions order by channel desc")
    assert [row[:2] for row in heard] == [("shops", "12345"), ("copy", "12345")]
    assert heard[0][2:] == heard[1][2:]
    await town.stop()
