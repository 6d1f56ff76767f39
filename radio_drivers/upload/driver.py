"""A channel that recorders upload calls to, as the gateway sees every base station. It receives only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import (
    RATE,
    EmergencyPressed,
    LinkDown,
    RadioSettingsError,
)
from radio_drivers.listening import OnlyListens
from radio_drivers.reconnect import LinkState, backoff, utc_now
from radio_drivers.upload import answers
from radio_drivers.upload.answers import Answer
from radio_drivers.upload.call import Call
from radio_drivers.upload.duplicates import Known, Taken, print_of
from radio_drivers.upload.events import LATE, Part, begin_of, events_of, parts_of
from radio_drivers.upload.server import Servers
from radio_drivers.upload.settings import Source, UploadSettings
from radio_drivers.upload.sound import SoundError, decode

log = structlog.get_logger(__name__)

WAITING_MAX = 16
"""Calls of one channel that wait for those before them to be stored."""

TURN_S = 12.0
"""Nobody waits longer for its turn. rdio-scanner gives up after 30 s, and a call takes 10 s where nothing can be stored."""


class Ledger(Protocol):
    """Knows what is stored. Without one a call counts as stored once it is told."""

    async def has(self, channel: str, at: datetime, seconds: float) -> bool:
        """A recording of this channel, begin and length is stored. False where that can't be found out now."""
        ...

    async def stored(self, channel: str, begins: tuple[datetime, ...], tell: Callable[[], None]) -> bool:
        """Call `tell`, then wait until the transmissions that begin at these moments are stored (or were no transmissions).

        Returns:
            False where that takes too long: they are still in memory only.
        """
        ...


class UploadDriver(OnlyListens):
    """One channel; see `radio_drivers.interface.RadioDriver` for the contract.

    Args:
        channel: the channel's name in the configuration.
        settings: address, keys and limits.
        servers: shared with the other `upload` channels.
        ledger: knows what is stored.
        now: the time in UTC.
        delays: makes a fresh back-off for an address that can't be had.
    """

    def __init__(
        self,
        channel: str,
        settings: UploadSettings,
        servers: Servers,
        ledger: Ledger | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        delays: Callable[[], Iterator[float]] = backoff,
    ) -> None:
        queue = EventQueue(max_audio_s=2 * settings.longest_s + 60.0)  # a call comes all at once
        super().__init__(channel, queue, LinkState(channel, queue.put, now=now, delays=delays), "a channel of uploads")
        self._settings = settings
        self._servers = servers
        self._ledger = ledger
        self._now = now
        self._taken = Taken(settings.duplicate_s)
        self._one_by_one = asyncio.Lock()
        self._waiting = 0
        self._began = now()
        self.port = 0
        """TCP port that is listened on; 0 while there is none."""

    @property
    def settings(self) -> UploadSettings:
        """What it takes."""
        return self._settings

    async def run(self) -> None:
        """Listen until cancelled.

        Raises:
            RadioSettingsError: there is no key.
        """
        if not self._settings.sources:
            raise RadioSettingsError(
                f"radio channel {self._channel}: no API key for uploads. Put one into a file and name it: "
                "[radio.upload] key_file, or the systemd credential "
                f"radio.{self._channel}.upload.key"
            )
        while True:
            try:
                async with self._servers.serving(self) as port:
                    self.port = port
                    self._link.up()
                    await asyncio.get_running_loop().create_future()
            except LinkDown as error:
                await asyncio.sleep(self._link.down(str(error)))
            finally:
                self.port = 0

    async def take(self, call: Call, source: Source) -> Answer:
        """Enter a call from the desk: decode, look whether it is known, tell, wait until it is stored."""
        if self._waiting >= WAITING_MAX:
            return self._put_off()
        self._waiting += 1
        try:
            async with asyncio.timeout(TURN_S):
                await self._one_by_one.acquire()
        except TimeoutError:
            return self._put_off()
        finally:
            self._waiting -= 1
        try:
            return await self._take(call, source)
        finally:
            self._one_by_one.release()

    def _put_off(self) -> Answer:
        log.warning("too many uploads wait to be stored; one is put off", channel=self._channel)
        return answers.BUSY

    async def _take(self, call: Call, source: Source) -> Answer:
        mark = await asyncio.to_thread(print_of, call.system, call.talkgroup, call.at, call.audio)
        if self._taken.same_recording(mark):
            return self._known(call, source, "the same recording")
        if call.encrypted:
            return self._encrypted(call, source, mark)
        try:
            pcm = await decode(call.audio, self._settings.longest_s)
        except SoundError as error:
            log.warning("an upload's audio can't be read", channel=self._channel, source=source.name, why=str(error))
            return answers.unreadable(str(error))
        seconds = len(pcm) / 2 / RATE
        known = Known(source.name, call.system, call.talkgroup, call.at, call.at + timedelta(seconds=seconds))
        if self._taken.same_time(known):
            return self._known(call, source, "another recorder has brought it")
        at = begin_of(call, seconds, self._now(), self._settings.clock_error_s)
        if at is None:
            at = self._now() - timedelta(seconds=seconds)
            log.warning("a recorder's clock is wrong and is not believed", source=source.name, says=str(call.at))
        elif self._now() - known.until > LATE:
            log.warning("a call is old: it is kept, and nobody is told", channel=self._channel, began=str(call.at))
        parts = parts_of(call, at, pcm, split=self._settings.split_talkers)
        if await self._stored_before(at, parts):
            self._taken.add(mark, known)
            return self._known(call, source, "stored by an earlier run")
        self._taken.add(mark, known)
        log.info(
            "call taken",
            channel=self._channel,
            source=source.name,
            talkgroup=call.talkgroup,
            seconds=round(seconds, 2),
            talkers=len(parts),
        )
        return answers.IMPORTED if await self._told(call, parts) else answers.NOT_STORED

    def _encrypted(self, call: Call, source: Source, mark: bytes) -> Answer:
        """There is nothing to hear. But whoever pressed the button needs help all the same."""
        if not call.emergency:
            log.warning("an encrypted call is not taken", channel=self._channel, source=source.name)
            return answers.unreadable("it is encrypted")
        at = begin_of(call, 0.0, self._now(), self._settings.clock_error_s) or self._now()
        for event in events_of(self._channel, call, (Part(at, b"", call.talkers[0] if call.talkers else None),)):
            if isinstance(event, EmergencyPressed):
                self._queue.put(event)
        self._taken.add(mark, Known(source.name, call.system, call.talkgroup, call.at, call.at))
        return answers.IMPORTED

    async def _stored_before(self, at: datetime, parts: tuple[Part, ...]) -> bool:
        """A recorder that had no answer when we stopped sends the call again when we are back."""
        if self._ledger is None or at >= self._began:
            return False
        return await self._ledger.has(self._channel, at, len(parts[0].pcm) / 2 / RATE)

    async def _told(self, call: Call, parts: tuple[Part, ...]) -> bool:
        def tell() -> None:
            for event in events_of(self._channel, call, parts):
                self._queue.put(event)

        if self._ledger is None:
            tell()
            return True
        return await self._ledger.stored(self._channel, tuple(part.at for part in parts), tell)

    def _known(self, call: Call, source: Source, why: str) -> Answer:
        log.info("duplicate call rejected", channel=self._channel, source=source.name, began=str(call.at), why=why)
        return answers.DUPLICATE
