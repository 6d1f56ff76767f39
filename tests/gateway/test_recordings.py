"""Takes onto disk: whole or not at all, and nothing is lost while disk or database refuse."""

from __future__ import annotations

import asyncio
import errno
import os
import wave
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.store.errors import StoreUnavailable
from dispatch.store.store import Store, open_store
from dispatch.store.transmissions import NewTransmission
from gateway import recordings as module
from gateway.health import Health
from gateway.recordings import Recordings, file_name, read_wav, write_wav
from gateway.transmission import Take

T0 = datetime(2026, 3, 7, 14, 0, 0, 120_000, tzinfo=UTC)
PCM = b"\x01\x00\xff\x7f" * 8000


def take(second: int = 0, *, unit: str | None = "U7", split: bool = False) -> Take:
    return Take("town", T0 + timedelta(seconds=second), PCM, unit, -70.0, split)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite:///{tmp_path / 'huecry.db'}") as opened:
        yield opened


async def test_a_take_is_a_wav_on_disk_and_a_row(tmp_path: Path, store: Store) -> None:
    kept = await Recordings(tmp_path / "audio", store.transmissions, Health()).keep(take())
    assert len(kept) == 1
    assert kept[0].path is not None
    assert kept[0].path.parent == tmp_path / "audio/2026/03/07"
    assert await asyncio.to_thread(read_wav, kept[0].path) == PCM
    row = await store.transmissions.get(kept[0].transmission_id)
    assert (row.channel, row.unit, row.started_at, row.duration_s) == ("town", "U7", T0, 1.0)
    assert not list(tmp_path.rglob("*.part"))


async def test_a_full_disk_keeps_reception_alive_and_loses_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    health = Health()
    recordings = Recordings(tmp_path / "audio", store.transmissions, health)
    stored = await recordings.keep(take(0))
    real_fsync = os.fsync

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert await recordings.keep(take(10)) == []
    assert await recordings.keep(take(20)) == []
    assert recordings.waiting == 2
    assert "No space left" in health.faults[0].text
    assert not list(tmp_path.rglob("*.part"))
    assert stored[0].path is not None
    assert await asyncio.to_thread(read_wav, stored[0].path) == PCM, "what was stored is untouched"

    monkeypatch.setattr(os, "fsync", real_fsync)
    kept = await recordings.retry()
    assert [t.started_at for t in kept] == [T0 + timedelta(seconds=10), T0 + timedelta(seconds=20)]
    assert health.ok
    assert len(await store.transmissions.unfinished()) == 3


class AwayRows:
    """A store that is away for the first calls."""

    def __init__(self, store: Store, failures: int) -> None:
        self.store = store
        self.failures = failures

    async def record(self, new: NewTransmission) -> int:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the database is locked")
        return await self.store.transmissions.record(new)

    async def known_uids(self, uids: list[str]) -> set[str]:
        return await self.store.transmissions.known_uids(uids)


async def test_an_absent_database_leaves_no_second_copy(tmp_path: Path, store: Store) -> None:
    recordings = Recordings(tmp_path / "audio", AwayRows(store, 2), Health())  # type: ignore[arg-type] # list for Iterable
    assert await recordings.keep(take()) == []
    assert await recordings.retry() == []
    assert len(await recordings.retry()) == 1
    assert len(list(tmp_path.rglob("*.wav"))) == 1


async def test_memory_is_bounded_when_nothing_can_be_written(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recordings, "WAITING_MAX", 3)
    recordings = Recordings(tmp_path / "audio", AwayRows(store, 99), Health())  # type: ignore[arg-type] # as above
    for second in range(5):
        await recordings.keep(take(second))
    assert recordings.waiting == 3


async def test_recordings_without_a_row_are_entered_at_the_next_start(tmp_path: Path, store: Store) -> None:
    audio = tmp_path / "audio"
    recordings = Recordings(audio, store.transmissions, Health())
    kept = await recordings.keep(take(0))
    lost = take(30, split=True)
    path = audio / "2026/03/07" / file_name(lost, "a" * 32)
    await asyncio.to_thread(write_wav, path, lost.pcm)
    (audio / "2026/03/07/unfinished.wav.part").write_bytes(b"RIFF")
    (audio / "2026/03/07/holiday.wav").write_bytes(b"not ours")
    broken = audio / "2026/03/07" / file_name(take(40), "b" * 32)
    broken.write_bytes(b"RIFF\x00\x00")

    adopted = await Recordings(audio, store.transmissions, Health()).adopt_orphans(T0 + timedelta(minutes=5))
    assert [(t.uid, t.channel, t.unit, t.started_at) for t in adopted] == [("a" * 32, "town", "U7", lost.started_at)]
    assert {row.uid for row in await store.transmissions.unfinished()} == {kept[0].uid, "a" * 32}
    assert broken.exists(), "what can't be read is left for a person"
    assert not (audio / "2026/03/07/unfinished.wav.part").exists()
    again = await Recordings(audio, store.transmissions, Health()).adopt_orphans(T0 + timedelta(minutes=5))
    assert again == []


def test_a_name_carries_what_a_file_name_can(tmp_path: Path) -> None:
    strange = Take("high street/2", T0, PCM, "a_b\\c")
    name = file_name(strange, "c" * 32)
    assert name == f"20260307T140000.120Z_high-street-2_a-b-c_{'c' * 32}.wav"
    assert module._NAME.fullmatch(name)


def test_other_rates_are_not_taken_for_ours(tmp_path: Path) -> None:
    path = tmp_path / "8k.wav"
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(8000)
        wav.writeframes(PCM)
    with pytest.raises(wave.Error, match="16 kHz"):
        read_wav(path)


async def test_a_write_that_stands_still_does_not_hold_up_the_loop(tmp_path: Path, store: Store) -> None:
    recordings = Recordings(tmp_path / "audio", store.transmissions, Health())
    keeping = asyncio.create_task(recordings.keep(take()))
    turns = 0
    while not keeping.done():
        turns += 1
        await asyncio.sleep(0)
    assert turns > 1
    assert len(await keeping) == 1


async def test_a_retry_beside_the_first_try_does_not_enter_a_take_twice(tmp_path: Path, store: Store) -> None:
    recordings = Recordings(tmp_path / "audio", store.transmissions, Health())
    kept, *again = await asyncio.gather(recordings.keep(take()), recordings.retry(), recordings.retry())
    assert len(kept) == 1
    assert again == [[], []]
    assert len(await store.transmissions.unfinished()) == 1
    assert len(list(tmp_path.rglob("*.wav"))) == 1
