"""Plays recordings through the whole pipeline as if they had just been received, one after the other, without a radio.

The fields of a line are `file` and those of `gateway.record`; measurements and bug reports rely on them.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

from dispatch.deliveries import Channel, ChannelKind
from dispatch.outbox import Outbox
from dispatch.register.csv_import import parse_register
from dispatch.register.members_csv import parse_members
from dispatch.register.report import ImportReport
from dispatch.store.store import Store, open_store, utc_now
from gateway.assembly import instance_name, mqtt_channel, rules_of, scheme_files, sms_channel
from gateway.audio import AudioError, read_pcm
from gateway.entering import Entering
from gateway.health import Health
from gateway.pipeline import Pipeline
from gateway.record import record_of
from gateway.recordings import Recordings
from gateway.replay_signalling import Heard, NoSuchRadio, listen, signalling_of
from gateway.scheme_source import SchemeSource
from gateway.settings import Settings
from gateway.speech.ears import Ears, load_transcriber
from gateway.speech.transcript import SpeechError
from gateway.transmission import Take
from radio_drivers.signalling.settings import SignallingSettings

AUDIO = {".wav", ".flac", ".mp3", ".ogg"}
SENT_WITHIN_S = 60.0
"""How long the end of a replay waits for its deliveries."""
LOOK_S = 0.1
BLOCK = 3200
"""Bytes handed to an engine that listens along: 100 ms."""


class ReplayError(Exception):
    """The replay can't begin: which file, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Lists:
    """CSV files that make up a fresh temporary store. All None: the configured store is used."""

    register: Path | None = None
    members: Path | None = None
    places: Path | None = None

    @property
    def given(self) -> bool:
        """A fresh store is wanted."""
        return any((self.register, self.members, self.places))


def recordings_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The given files, and every audio file in given folders, by name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix.lower() in AUDIO)
        else:
            yield path


async def replay(
    settings: Settings,
    files: Iterable[Path],
    out: TextIO,
    *,
    lists: Lists,
    dispatch: bool,
    radio: str | None = None,
    progress: Callable[[Path], None] = lambda _: None,
) -> int:
    """Play files and write one JSON line for each.

    Args:
        settings: engine, thresholds, channels.
        files: recordings; one that can't be read gets a line with `error`, and the rest go on.
        out: where the lines go, each as soon as it is known.
        lists: what the temporary store holds.
        dispatch: send deliveries to the configured channels.
        radio: whose signalling is listened for; None takes the first radio that listens for any.
        progress: told of each file when it is done.

    Returns:
        How many files had errors.

    Raises:
        ReplayError: a list can't be used, or there is no such radio.
    """
    errors = 0
    try:
        signalling = signalling_of(settings, radio)
    except NoSuchRadio as error:
        raise ReplayError(str(error)) from error
    async with _opened(settings, lists, signalling, dispatch=dispatch) as player:
        for path in files:
            record = await player.play(path)
            errors += "error" in record
            await asyncio.to_thread(_write_line, out, record)
            progress(path)
        await player.sent()
    return errors


def _write_line(out: TextIO, record: dict[str, Any]) -> None:
    out.write(json.dumps(record, ensure_ascii=False) + "\n")
    out.flush()


@asynccontextmanager
async def _opened(
    settings: Settings, lists: Lists, signalling: SignallingSettings | None, *, dispatch: bool
) -> AsyncIterator[_Player]:
    async with AsyncExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huecry-replay-")))
        url = f"sqlite+aiosqlite:///{scratch / 'replay.db'}" if lists.given else settings.database_url
        store = await stack.enter_async_context(open_store(url))
        await _fill(store, lists)
        speech = await stack.enter_async_context(load_transcriber(settings.speech))
        channels: dict[ChannelKind, Channel] = {}
        sms = sms_channel(settings, utc_now, store) if dispatch else None
        if sms is not None:
            stack.push_async_callback(sms.aclose)
            channels[ChannelKind.SMS] = sms
        mqtt = mqtt_channel(settings, utc_now) if dispatch else None
        if mqtt is not None:
            channels[ChannelKind.MQTT] = mqtt
        outbox = Outbox(store.outbox, channels, settings.outbox, utc_now, f"{instance_name()} replay")
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = [group.create_task(outbox.run(), name="outbox")] if channels else []
        if mqtt is not None:
            tasks.append(group.create_task(mqtt.run(), name="mqtt"))
        files = scheme_files(settings, places=lists.places)
        pipeline = Pipeline(
            store=store,
            transcriber=speech,
            scheme=SchemeSource(files, store),
            rules=rules_of(settings),
            clock=utc_now,
            texts=ChannelKind.SMS in channels,
            topic_prefix=settings.mqtt.topic_prefix if mqtt else None,
            deliveries_committed=outbox.wake,
        )
        audio = scratch / "audio" if lists.given else settings.audio_dir
        recordings = Recordings(audio, store.transmissions, Health(), source="replay")
        try:
            entering = Entering(store)
            yield _Player(settings, store, speech, recordings, pipeline, entering, signalling, sending=bool(channels))
        finally:
            for task in tasks:
                task.cancel()


async def _fill(store: Store, lists: Lists) -> None:
    """Bring the temporary store up to the given lists; refused rows stop the replay, for they would skew its figures."""
    if lists.register:
        people = parse_register(await _bytes_of(lists.register))
        _check(
            lists.register,
            await store.register.import_people(people.rows, dry_run=False, by="replay", refusals=people.refusals),
        )
    if lists.members:
        members = parse_members(await _bytes_of(lists.members))
        _check(
            lists.members,
            await store.members.import_members(members.rows, dry_run=False, by="replay", refusals=members.refusals),
        )


async def _bytes_of(path: Path) -> bytes:
    try:
        return await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise ReplayError(f"{path} can't be read: {error.strerror or error}") from error


def _check(path: Path, report: ImportReport) -> None:
    if report.refusals:
        first = report.refusals[0]
        raise ReplayError(
            f"{path}: {len(report.refusals)} rows refused, the first in line {first.line}: {first.reason}"
        )


@dataclass(frozen=True, slots=True)
class _Player:
    settings: Settings
    store: Store
    speech: Ears
    recordings: Recordings
    pipeline: Pipeline
    entering: Entering
    signalling: SignallingSettings | None
    sending: bool

    async def play(self, path: Path) -> dict[str, Any]:
        """One file's record."""
        try:
            sound = await asyncio.to_thread(read_pcm, path)
            # It ends now: the last sample has just been handed in.
            began = utc_now() - timedelta(seconds=len(sound) / 32_000)
            heard = await asyncio.to_thread(listen, sound, self.signalling, began)
            emergency = await self._emergency(heard)
            early = await self._listened_along(heard.pcm)
            handed_in = time.perf_counter()
            take = Take("replay", began, heard.pcm, heard.unit, signalling=heard.signalling)
            kept = await self.recordings.keep(take)
            if not kept:
                raise ReplayError(f"the recording can't be stored in {self.settings.audio_dir}")
            transcript = await early() if early else None
            handled = await self.pipeline.handle(kept[-1], transcript)
        except (AudioError, SpeechError, ReplayError) as error:
            return {"file": str(path), "error": str(error)}
        latency = time.perf_counter() - handed_in
        record = record_of(handled, latency, self.settings.policy.review_at)
        return {"file": str(path), **record, "emergency": emergency}

    async def _emergency(self, heard: Heard) -> dict[str, Any] | None:
        """An emergency that was signalled is decided by itself, before the speech; what came of it."""
        if heard.emergency is None:
            return None
        began = time.perf_counter()
        pressed = await self.pipeline.handle(await self.entering.emergency(heard.emergency))
        record = record_of(pressed, time.perf_counter() - began, self.settings.policy.review_at)
        return {name: record[name] for name in ("unit", "caller", "place", "decision", "decision_reason", "alert")}

    async def _listened_along(self, pcm: bytes) -> Callable[[], Any] | None:
        """Give the samples to an engine that listens along, as they would have come in while somebody talked."""
        if not self.speech.streams:
            return None
        stream = await self.speech.stream(await self.pipeline.hints())
        if stream is None:
            return None
        for start in range(0, len(pcm), BLOCK):
            await stream.feed(pcm[start : start + BLOCK])
        return stream.finish

    async def sent(self) -> None:
        """Wait until every delivery was sent, failed or expired."""
        if not self.sending:
            return
        # What is left after this stays in the configured store and is sent by the daemon.
        for _ in range(int(SENT_WITHIN_S / LOOK_S)):
            if await self.store.outbox.next_due(utc_now()) is None:
                return
            await asyncio.sleep(LOOK_S)
