"""A base station behind Hermes, as the gateway sees every base station. Topics: `radio_drivers.hermes.protocol`."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import assert_never

import structlog

from radio_drivers.eventqueue import EventQueue
from radio_drivers.hermes import protocol
from radio_drivers.hermes.protocol import AudioFrame, Failed, Finished, NotForUs, Playing
from radio_drivers.hermes.reception import Reception
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import (
    RATE,
    Abilities,
    KeyingRules,
    LinkDown,
    NotSupported,
    RadioEvent,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.keying import Keying
from radio_drivers.mqtt.broker import Received
from radio_drivers.mqtt.complaints import Complaints
from radio_drivers.mqtt.protocol import BadPayload, clean
from radio_drivers.mqtt.session import LARGE_BYTES, Session
from radio_drivers.mqtt.settings import topic_part
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.reconnect import LinkState, backoff, utc_now

log = structlog.get_logger(__name__)

CONFIRM_S = 5.0
"""A loudspeaker must say that it has played a WAV at most this long after the WAV's own length."""
EXPIRES_S = 3
"""What was to be played a while ago is not delivered any more."""
OTHERS_MAX_S = 60.0
"""Something that somebody else plays and of which no end is told is over after its length and this."""
LOOK_S = 0.25
"""How often the driver looks whether frames still come."""


class HermesDriver:
    """One base station on one channel; see `radio_drivers.interface.RadioDriver` for the contract.

    There is no key in Hermes: whatever stands at the site keys its radio when the loudspeaker plays (VOX, or its own
    play command). So `key` does nothing here, and a transmission is what is played.

    Args:
        channel: the channel's name in the configuration.
        settings: broker, site, voice-operated squelch.
        rules: manners on the channel.
        password: of `settings.username`, already taken from its secret.
        now: the time in UTC.
        clock: seconds that never jump.
        delays: makes a fresh back-off for reconnecting.
    """

    def __init__(
        self,
        channel: str,
        settings: HermesSettings,
        rules: KeyingRules,
        password: str | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
        delays: Callable[[], Iterator[float]] = backoff,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._rules = rules
        self._now = now
        self._clock = clock
        self._site = settings.site or channel
        self._queue = EventQueue()
        self._link = LinkState(channel, self._queue.put, now=now, delays=delays)
        self._reception = Reception(channel, settings, self._queue.put, clock=clock)
        self._keying = Keying(
            channel,
            rules,
            self,
            busy=lambda: self.busy,
            put=self._put,
            quiet_since=lambda: self._reception.quiet_since,
            now=now,
            clock=clock,
        )
        self._complaints = Complaints(channel)
        self._waiting: tuple[str, asyncio.Future[None]] | None = None
        self._others: dict[str, float] = {}
        self._text: str | None = None
        self._text_turn = asyncio.Lock()
        self._heard_at = clock()
        self._session = Session(
            channel,
            settings,
            password,
            client_id=settings.client_id or f"huecry-{topic_part(channel)}",
            topics=dict.fromkeys(protocol.topics(settings.topic, self._site), False),
            receive=self._receive,
            link=self._link,
            lost=self._lost,
            made=self._made,
            own=False,
            link_up=settings.frames_missing_s == 0,
        )

    @property
    def channel(self) -> str:
        """The channel's name in the configuration."""
        return self._channel

    @property
    def abilities(self) -> Abilities:
        """What can be asked of it: sound, or text where their synthesiser speaks, never both for one announcement."""
        say = self._settings.say
        return Abilities(
            voice_out=not say, text_out=say, text_max=self._settings.say_max if say else None, idle_audio=True
        )

    @property
    def connected(self) -> bool:
        """The broker is there, and frames come."""
        return self._link.connected

    @property
    def busy(self) -> bool:
        """Somebody is talking, or somebody else's announcement is being played at this site."""
        now = self._clock()
        self._others = {request: until for request, until in self._others.items() if now < until}
        return self._reception.busy or bool(self._others)

    @property
    def bad_payloads(self) -> int:
        """Messages since the start that broke the protocol."""
        return self._complaints.count

    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received, in order."""
        return self._queue

    async def run(self) -> None:
        """Hold the link until cancelled.

        Raises:
            RadioSettingsError: the broker never let us in, or a certificate file can't be read.
        """
        watching = asyncio.create_task(self._watch(), name=f"hermes frames {self._channel}")
        try:
            await self._session.run()
        finally:
            watching.cancel()
            await asyncio.wait({watching})

    async def send_voice(self, pcm: bytes) -> None:
        """Wait for a clear channel and have it played. See the interface for the errors.

        Raises:
            NotSupported: their synthesiser speaks here.
        """
        if self._settings.say:
            raise NotSupported(f"{self._channel}: their synthesiser speaks here (say = true); send text")
        self._session.reachable()
        await self._keying.transmit(pcm)

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Wait for a clear channel and have their synthesiser say it; nobody can be addressed.

        Raises:
            NotSupported: `say` is off, or the text is too long.
            ChannelBusy, LinkDown, TransmitTimeout: nothing or only part was heard.
        """
        del to
        if not self._settings.say:
            raise NotSupported(f"{self._channel}: there is no text on a loudspeaker; say = true has it spoken")
        if len(text) > self._settings.say_max:
            raise NotSupported(f"{self._channel}: {len(text)} characters, say_max is {self._settings.say_max}")
        self._session.reachable()
        async with self._text_turn:
            self._text = clean(text)
            try:
                await self._keying.transmit(b"")
            finally:
                self._text = None

    async def drop_key(self) -> None:
        """Stop waiting for what is being played. The site can't be told to stop: Hermes has no word for it."""
        await self._keying.drop()

    # What `Keying` asks of a base station.

    async def key(self, on: bool) -> None:
        """Nothing: see the class.

        Raises:
            LinkDown: pressing, and the broker is away.
        """
        if on:
            self._session.reachable()

    async def play(self, pcm: bytes) -> None:
        """Have sound played, or the waiting text said, and wait until that is over.

        Raises:
            LinkDown: the broker went away, or the site refused or never answered.
        """
        connection = self._session.reachable()
        request = uuid.uuid4().hex
        seconds = len(pcm) / 2 / RATE
        with self._answer_to(request) as answer:
            if self._text is not None:
                topic, limit_s = protocol.SAY, self._rules.time_out_s * 0.9
                payload = protocol.encode_say(self._text, site=self._site, request=request, lang=self._settings.lang)
            else:
                topic, limit_s = f"audioServer/{self._site}/playBytes/{request}", seconds + CONFIRM_S
                payload = write_wav(pcm, RATE)
            began = self._clock()
            await connection.publish(f"{self._settings.topic}/{topic}", payload, expires_s=EXPIRES_S)
            if self._text is None and not self._settings.confirms:
                limit_s = max(0.0, began + seconds - self._clock())
            await asyncio.wait({answer}, timeout=limit_s)
            if answer.done():
                answer.result()
            elif self._text is not None:
                raise LinkDown(f"{self._channel}: nobody answered {topic} with {protocol.SAID} within {limit_s:.0f} s")
            elif self._settings.confirms:
                raise LinkDown(
                    f"{self._channel}: site {self._site} never published playFinished after a WAV of {seconds:.1f} s; "
                    "if it can't, set confirms = false"
                )

    @contextmanager
    def _answer_to(self, request: str) -> Iterator[asyncio.Future[None]]:
        """Waited for from before the sending on, so that a quick answer is not missed."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = (request, answer)
        try:
            yield answer
        finally:
            self._waiting = None
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen, also where another error won

    # What comes.

    async def _receive(self, message: Received) -> None:
        part, request = protocol.part_of_topic(message.topic, self._settings.topic, self._site)
        if message.retained:
            self._complaints.report(BadPayload(part, "retained, so nobody knows when it was said; ignored"))
            return
        if LARGE_BYTES < len(message.payload) <= protocol.PLAY_MAX:
            frame = await asyncio.to_thread(protocol.decode, part, message.payload, site=self._site, request=request)
        else:
            frame = protocol.decode(part, message.payload, site=self._site, request=request)
        self._take(frame)

    def _take(self, frame: protocol.Frame | BadPayload) -> None:
        match frame:
            case AudioFrame(pcm, rate):
                self._heard_at = self._clock()
                self._link.up()
                self._reception.frame(pcm, rate, self._now())
            case Playing(request, seconds):
                if self._waiting is None or self._waiting[0] != request:  # not what their synthesiser made for us
                    self._others[request] = self._clock() + seconds + OTHERS_MAX_S
            case Finished(request):
                self._others.pop(request, None)
                if self._waiting is not None and self._waiting[0] == request and not self._waiting[1].done():
                    self._waiting[1].set_result(None)
            case Failed(request, reason):
                self._fail_answer(request, f"the site could not play it: {reason}")
            case BadPayload():
                self._complaints.report(frame)
            case NotForUs():
                pass
            case _:
                assert_never(frame)

    def _fail_answer(self, request: str, reason: str) -> None:
        if self._waiting is not None and request in {"", self._waiting[0]} and not self._waiting[1].done():
            self._waiting[1].set_exception(LinkDown(f"{self._channel}: {reason}"))

    def _put(self, event: RadioEvent) -> None:
        match event:
            case TransmitStarted():
                self._reception.we_talk(event.at)
            case TransmitEnded():
                self._reception.we_stopped()
            case _:
                pass
        self._queue.put(event)

    # The link.

    def _made(self) -> None:
        self._heard_at = self._clock()

    def _lost(self) -> None:
        self._reception.stop()
        self._others.clear()
        self._fail_answer("", "the connection to the broker was lost during a transmission")

    async def _watch(self) -> None:
        """End what gets no more frames; say so when the microphone has gone."""
        missing_s = self._settings.frames_missing_s
        while True:
            await asyncio.sleep(LOOK_S)
            self._reception.tick()
            if missing_s and self._session.connection is not None and self._clock() - self._heard_at >= missing_s:
                self._heard_at = self._clock()
                self._link.down(
                    f"no sound from site {self._site} for {missing_s:g} s: is its microphone service running, and does it "
                    f"publish {self._settings.topic}/audioServer/{self._site}/audioFrame?"
                )
