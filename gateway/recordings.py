"""Takes onto disk: temporary name, synced, renamed, row committed. Only then is anything transcribed.

A file is named `20260307T140000.120Z_town_U7_<uid>.wav` in a folder a day, so that a recording whose row was never
committed (the power failed in between) can be entered from its name alone when the gateway starts again.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import uuid
import wave
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import structlog

from dispatch.store.errors import StoreError
from dispatch.store.transmissions import NewTransmission
from gateway.audio import wav_bytes
from gateway.health import Health
from gateway.transmission import Take, Transmission
from radio_drivers.interface import RATE

log = structlog.get_logger()

_NAME = re.compile(
    r"(?P<at>\d{8}T\d{6}\.\d{3})Z_(?P<channel>[^_]+)_(?P<unit>[^_]*)_(?P<uid>[0-9a-f]{32})(?P<split>_part)?\.wav"
)
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")


class TransmissionRows(Protocol):
    """What this module needs of the store."""

    async def record(self, new: NewTransmission) -> int:
        """Commit a row and give its id."""
        ...

    async def known_uids(self, uids: Iterable[str]) -> set[str]:
        """Which of these have a row."""
        ...


def file_name(take: Take, uid: str) -> str:
    """Name of a take's file. Channel and unit lose what a file name can't carry."""
    at = take.started_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3]
    channel, unit = (_UNSAFE.sub("-", text) for text in (take.channel, take.unit or ""))
    return f"{at}Z_{channel}_{unit}_{uid}{'_part' if take.split else ''}.wav"


def write_wav(path: Path, pcm: bytes) -> str:
    """Write a WAV so that it is whole or not there at all; returns the SHA-256 of the file.

    Raises:
        OSError: disk full, read-only, gone. No half file is left behind under either name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".wav.part")
    try:
        whole = wav_bytes(pcm)
        with temporary.open("wb") as raw:
            raw.write(whole)
            raw.flush()
            os.fsync(raw.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return hashlib.sha256(whole).hexdigest()


def read_wav(path: Path) -> bytes:
    """Samples of a recording made by `write_wav`.

    Raises:
        OSError: not there.
        wave.Error, EOFError: not a whole recording of ours.
    """
    with wave.open(str(path), "rb") as wav:
        if (wav.getnchannels(), wav.getsampwidth(), wav.getframerate()) != (1, 2, RATE):
            raise wave.Error(f"{path} is not 16 kHz mono 16-bit")
        return wav.readframes(wav.getnframes())


def _sync_folder(folder: Path) -> None:
    """A rename survives a power cut only once its folder is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Recordings:
    """Keeps takes. While the disk or the database refuses, they wait in memory and reception goes on."""

    FAULT = "recordings"
    WAITING_MAX = 64
    """Takes kept in memory while nothing can be written: at most 64 x 3.8 MB, usually about 10 MB."""

    def __init__(self, folder: Path, rows: TransmissionRows, health: Health, *, source: str = "radio") -> None:
        self._source = source
        self._folder = folder
        self._rows = rows
        self._health = health
        self._waiting: list[Take] = []
        self._storing = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Takes that are only in memory so far."""
        return len(self._waiting)

    async def keep(self, take: Take) -> list[Transmission]:
        """Put a take on disk and commit its row, together with any that had to wait; oldest first.

        Never raises for a full disk or an unreachable database: the take waits, a health fault says so, and the next
        call (or `retry`) tries again.
        """
        if len(self._waiting) >= self.WAITING_MAX:
            lost = self._waiting.pop(0)
            log.error("recording lost: nothing can be written and memory is full", started_at=lost.started_at)
        self._waiting.append(take)
        return await self.retry()

    async def retry(self) -> list[Transmission]:
        """Keep what waits. One at a time: two that look at the same take would each enter it, as two transmissions."""
        async with self._storing:
            return await self._store_waiting()

    async def _store_waiting(self) -> list[Transmission]:
        kept: list[Transmission] = []
        while self._waiting:
            take = self._waiting[0]
            try:
                kept.append(await self._keep(take))
            except (OSError, StoreError) as error:
                self._health.raise_fault(
                    self.FAULT, f"{len(self._waiting)} recordings can't be stored in {self._folder}: {error}"
                )
                return kept
            if self._waiting and self._waiting[0] is take:
                self._waiting.pop(0)
        self._health.clear_fault(self.FAULT)
        return kept

    async def _keep(self, take: Take) -> Transmission:
        uid = uuid.uuid4().hex
        path = self._folder / take.started_at.astimezone(UTC).strftime("%Y/%m/%d") / file_name(take, uid)
        digest = await asyncio.to_thread(write_wav, path, take.pcm)
        try:
            return await self._enter(take, uid, path, digest)
        except StoreError:
            # Without its row the file would be entered a second time at the next start, after the retry kept it.
            await asyncio.to_thread(path.unlink, missing_ok=True)
            raise

    async def _enter(self, take: Take, uid: str, path: Path, digest: str) -> Transmission:
        new = NewTransmission(
            uid=uid,
            channel=take.channel,
            unit=take.unit,
            strength_dbm=take.strength_dbm,
            started_at=take.started_at,
            ended_at=take.ended_at,
            duration_s=take.duration_s,
            audio_path=str(path),
            sha256=digest,
            split=take.split,
            source=self._source,
            signalling=take.signalling,
        )
        row = await self._rows.record(new)
        return Transmission(
            transmission_id=row,
            uid=uid,
            channel=take.channel,
            unit=take.unit,
            started_at=take.started_at,
            ended_at=take.ended_at,
            duration_s=take.duration_s,
            path=path,
            urgent=take.urgent,
            source=self._source,
            strength_dbm=take.strength_dbm,
            signalling=take.signalling,
        )

    async def adopt_orphans(self, today: datetime) -> list[Transmission]:
        """Enter recordings of today and yesterday that have a file but no row: the process died in between."""
        days = [(today - timedelta(days=back)).astimezone(UTC).strftime("%Y/%m/%d") for back in (0, 1)]
        found = await asyncio.to_thread(_recordings_in, [self._folder / day for day in days])
        known = await self._rows.known_uids([uid for uid, _ in found])
        adopted = []
        for uid, path in found:
            if uid in known:
                continue
            try:
                take, digest = await asyncio.to_thread(_take_from, path)
                adopted.append(await self._enter(take, uid, path, digest))
            except (OSError, EOFError, wave.Error, StoreError) as error:
                log.warning("a recording without a row can't be read; left where it is", path=str(path), why=str(error))
        if adopted:
            log.info("recordings entered that an earlier run had not", count=len(adopted))
        return adopted


def _recordings_in(folders: Iterable[Path]) -> list[tuple[str, Path]]:
    found = []
    for folder in folders:
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if path.name.endswith(".wav.part"):
                path.unlink(missing_ok=True)  # never renamed, so never promised to anyone
            elif name := _NAME.fullmatch(path.name):
                found.append((name["uid"], path))
    return found


def _take_from(path: Path) -> tuple[Take, str]:
    name = _NAME.fullmatch(path.name)
    if name is None:
        raise wave.Error(f"{path.name} is not named like a recording")
    at = datetime.strptime(name["at"], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    take = Take(name["channel"], at, read_wav(path), name["unit"] or None, split=bool(name["split"]))
    return take, hashlib.sha256(path.read_bytes()).hexdigest()
