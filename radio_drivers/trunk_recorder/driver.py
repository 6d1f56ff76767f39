"""A channel that trunk-recorder hears for us. It only listens: whole calls come when they are over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from typing_extensions import override

from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import KeyingRules, RadioEvent
from radio_drivers.listening import OnlyListens
from radio_drivers.mqtt.broker import Received
from radio_drivers.mqtt.complaints import Complaints
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.reception import Moment
from radio_drivers.mqtt.session import LARGE_BYTES, Session
from radio_drivers.mqtt.settings import topic_part
from radio_drivers.reconnect import LinkState, backoff, utc_now
from radio_drivers.trunk_recorder.calls import Calls
from radio_drivers.trunk_recorder.protocol import (
    AUDIO,
    CALL_END,
    CALL_START,
    CallAudio,
    CallEnded,
    CallStarted,
    Frame,
    StatusFrame,
    decode,
)
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings
from radio_drivers.trunk_recorder.sound import LONGEST_S, SoundError, read_sound

log = structlog.get_logger(__name__)

CLIENTS_MAX = 20


class TrunkRecorderDriver(OnlyListens):
    """One channel of one or more trunk-recorders; see `radio_drivers.interface.RadioDriver` for the contract.

    Args:
        channel: the channel's name in the configuration.
        settings: broker, topics, which calls are this channel's.
        rules: for nothing, as it never transmits; every driver is made alike.
        password: of `settings.username`, already taken from its secret.
        now: the time in UTC.
        delays: makes a fresh back-off for reconnecting.
    """

    def __init__(
        self,
        channel: str,
        settings: TrunkRecorderSettings,
        rules: KeyingRules,
        password: str | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        delays: Callable[[], Iterator[float]] = backoff,
    ) -> None:
        del rules
        queue = EventQueue(max_audio_s=LONGEST_S + 60.0)  # a recording comes all at once
        link = LinkState(channel, queue.put, now=now, delays=delays)
        super().__init__(channel, queue, link, "trunk-recorder")
        self._settings = settings
        self._now = now
        self._calls = Calls(channel, settings)
        self._complaints = Complaints(channel)
        self._recorders: dict[str, bool] = {}
        topics = dict.fromkeys((self._topic(part) for part in (CALL_START, CALL_END, AUDIO)), False)
        if settings.status_topic:
            topics[self._topic(settings.status_topic)] = True
        self._session = Session(
            channel,
            settings,
            password,
            client_id=settings.client_id or f"huecry-{topic_part(channel)}",
            topics=topics,
            receive=self._receive,
            link=self._link,
            lost=self._calls.gone,
            made=self._made,
            link_up=False,
        )

    @property
    @override
    def busy(self) -> bool:
        """A call of a trunked system is going on. A conventional channel's calls are known when they are over."""
        return self._calls.busy(time.monotonic())

    @property
    def bad_payloads(self) -> int:
        """Messages since the start that could not be used, wholly or in part."""
        return self._complaints.count

    async def run(self) -> None:
        """Hold the link until cancelled.

        Raises:
            RadioSettingsError: the broker never let us in, or a certificate file can't be read.
        """
        await self._session.run()

    async def _receive(self, message: Received) -> None:
        part = message.topic.removeprefix(f"{self._settings.topic}/")
        if message.retained and part != self._settings.status_topic:
            reason = "retained, so nobody knows when it was said; ignored. Publish without the retain flag"
            self._complaints.report(BadPayload(part, reason))
            return
        most = self._settings.audio_max_bytes
        if LARGE_BYTES < len(message.payload) <= 2 * most:
            frame = await asyncio.to_thread(decode, part, message.payload, audio_max=most)
        else:
            frame = decode(part, message.payload, audio_max=most)
        await self._take(frame)

    async def _take(self, frame: Frame | BadPayload) -> None:
        match frame:
            case BadPayload():
                self._complaints.report(frame)
            case StatusFrame():
                self._recorder_is(frame)
            case CallStarted() | CallEnded():
                self._give(self._calls.take(frame, self._moment()))
            case CallAudio():
                await self._recorded(frame)

    async def _recorded(self, frame: CallAudio) -> None:
        if not self._calls.ours(frame.call):
            return
        if frame.call.encrypted:
            self._complaints.report(BadPayload(AUDIO, "an encrypted call has no words for us; ignored"))
            return
        try:
            pcm, wrong = await asyncio.to_thread(read_sound, frame.audio, frame.call.length_s)
        except SoundError as error:
            self._complaints.report(BadPayload(AUDIO, f"a call could not be heard: {error}"))
            return
        if wrong:
            self._complaints.report(BadPayload(AUDIO, wrong))
        self._give(self._calls.recorded(frame, pcm, self._moment()))

    def _give(self, outcomes: Iterator[RadioEvent | BadPayload]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, BadPayload):
                self._complaints.report(outcome)
            else:
                self._queue.put(outcome)

    def _made(self) -> None:
        self._recorders.clear()  # the retained status comes again
        self._link.up()

    def _recorder_is(self, status: StatusFrame) -> None:
        """Several may share a topic: the channel is deaf when all of them have gone."""
        self._recorders[status.client] = status.online
        if len(self._recorders) > CLIENTS_MAX:
            del self._recorders[next(iter(self._recorders))]
        if any(self._recorders.values()):
            self._link.up()
            return
        self._calls.gone()
        self._link.down(f"trunk-recorder says on {self._topic(self._settings.status_topic)} that it is disconnected")

    def _moment(self) -> Moment:
        return Moment(self._now(), time.monotonic())

    def _topic(self, part: str) -> str:
        return f"{self._settings.topic}/{part}"
