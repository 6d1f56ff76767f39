"""A base station behind an MQTT broker, as the gateway sees every base station. Topics: `radio_drivers.mqtt.protocol`."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog

from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import (
    RATE,
    Abilities,
    KeyingRules,
    LinkDown,
    NotSupported,
    RadioEvent,
    RadioSettingsError,
)
from radio_drivers.keying import Keying
from radio_drivers.mqtt import protocol
from radio_drivers.mqtt.broker import Connection, LoginRefused, Received, Will, connect, tls_context
from radio_drivers.mqtt.complaints import Complaints
from radio_drivers.mqtt.protocol import BadPayload, StateFrame, StatusFrame
from radio_drivers.mqtt.reception import Moment, Reception
from radio_drivers.mqtt.session import LARGE_BYTES, end_task
from radio_drivers.mqtt.settings import MqttRadioSettings, topic_part
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.reconnect import LinkState, backoff, utc_now

log = structlog.get_logger(__name__)

STREAM_S = 0.1
"""Seconds in one piece of a stream."""

AHEAD_S = 0.2
"""A stream runs this far ahead of the clock, so that a slow network leaves no gaps."""

CONFIRM_S = 5.0
"""A base station must say that it has played a WAV at most this long after the WAV's own length."""

KEY_EXPIRES_S = 3
"""A key command older than this is not delivered any more: nobody may be keyed up by a message from a while ago."""

TEXT_EXPIRES_S = 600


class MqttRadioDriver:
    """One base station on one channel; see `radio_drivers.interface.RadioDriver` for the contract.

    Args:
        channel: the channel's name in the configuration.
        settings: broker and topics.
        rules: manners on the channel.
        password: of `settings.username`, already taken from its secret.
        now: the time in UTC.
        delays: makes a fresh back-off for reconnecting.
    """

    def __init__(
        self,
        channel: str,
        settings: MqttRadioSettings,
        rules: KeyingRules,
        password: str | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        delays: Callable[[], Iterator[float]] = backoff,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._rules = rules
        self._password = password
        self._now = now
        self._base = settings.topic or f"huecry/radio/{topic_part(channel)}"
        self._client_id = settings.client_id or f"huecry-{topic_part(channel)}"
        self._queue = EventQueue(max_audio_s=protocol.WAV_MAX_S + 60.0)  # a long WAV comes all at once
        self._link = LinkState(channel, self._queue.put, now=now, delays=delays)
        self._reception = Reception(
            channel,
            silence_s=settings.silence_s,
            longest_s=settings.longest_s,
            session_s=settings.session_s,
            clock_error_s=settings.clock_error_s,
        )
        self._keying = Keying(channel, rules, self, busy=lambda: self.busy, put=self._queue.put, now=now)
        self._connection: Connection | None = None
        self._let_in = False
        self._base_offline = False
        self._timer: asyncio.TimerHandle | None = None
        self._transmission_id = ""
        self._key_sent = False
        self._waiting: tuple[str, asyncio.Future[None]] | None = None
        self._complaints = Complaints(channel)

    @property
    def channel(self) -> str:
        """The channel's name in the configuration."""
        return self._channel

    @property
    def abilities(self) -> Abilities:
        """What can be asked of it."""
        return Abilities(text_out=self._settings.text_out, text_max=self._settings.text_max)

    @property
    def connected(self) -> bool:
        """The broker is there, and the base station hasn't said that it is away."""
        return self._link.connected

    @property
    def busy(self) -> bool:
        """Somebody else is talking now."""
        return self._reception.busy

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
        context = await tls_context(self._settings)
        will = Will(self._topic(protocol.GATEWAY), protocol.encode(online=False))
        try:
            while True:
                try:
                    async with connect(
                        self._settings, self._password, context, client_id=self._client_id, will=will
                    ) as connection:
                        await self._use(connection)
                except LinkDown as error:
                    if isinstance(error, LoginRefused) and not self._let_in:
                        raise RadioSettingsError(f"radio channel {self._channel}: {error}") from error
                    # Once let in, a refusal is somebody at work on the broker: try on.
                    wait_s = self._lost(str(error))
                    await asyncio.sleep(wait_s)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    async def send_voice(self, pcm: bytes) -> None:
        """Wait for a clear channel, key, lead in, play, tail, release. See the interface for the errors."""
        self._reachable()
        await self._keying.transmit(pcm)

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Send text to one unit, or to all.

        Raises:
            NotSupported: the base station takes no text, or not as much.
            LinkDown: it can't be reached.
        """
        if not self._settings.text_out:
            raise NotSupported(f"{self._channel}: this base station takes no text (text_out = false)")
        if len(text) > self._settings.text_max:
            raise NotSupported(f"{self._channel}: {len(text)} characters, text_max is {self._settings.text_max}")
        connection = self._reachable()
        at = protocol.encode_time(self._now())
        payload = protocol.encode(id=uuid.uuid4().hex, at=at, text=protocol.clean(text), to=to)
        await connection.publish(self._topic(protocol.TX_TEXT), payload, expires_s=TEXT_EXPIRES_S)

    async def drop_key(self) -> None:
        """Release the key now."""
        await self._keying.drop()

    # What `Keying` asks of a base station.

    async def key(self, on: bool) -> None:
        """Press or release talk.

        Raises:
            LinkDown: the broker doesn't have the command.
        """
        if on:
            connection = self._reachable()
            self._transmission_id = uuid.uuid4().hex
            self._key_sent = True
        elif not self._key_sent:
            return
        elif self._connection is None:
            raise LinkDown(
                f"{self._channel}: no connection to the broker; the base station releases by itself, "
                "because the broker tells it that we are away and by time_out_s"
            )
        else:
            connection = self._connection
        await self._publish_key(connection, down=on)
        self._key_sent = on

    async def play(self, pcm: bytes) -> None:
        """Hand over audio and wait until it has been played.

        Raises:
            LinkDown: the base station went away, refused, or never said that it has played.
        """
        connection = self._reachable()
        whole = self._settings.transmit == "wav"
        seconds = len(pcm) / 2 / RATE
        with self._answer_to(self._transmission_id) as answer:
            send = self._send_wav(connection, pcm) if whole else self._send_stream(connection, pcm)
            sending = asyncio.create_task(send, name=f"mqtt play {self._channel}")
            try:
                await asyncio.wait({sending, answer}, return_when=asyncio.FIRST_COMPLETED)
                if answer.done():
                    answer.result()
                await asyncio.wait({sending})
                sending.result()
                if whole and self._settings.confirms:
                    await asyncio.wait({answer}, timeout=seconds + CONFIRM_S)
                    if not answer.done():
                        raise LinkDown(
                            f"{self._channel}: the base station never published {self._topic(protocol.STATE)} after a "
                            f"WAV of {seconds:.1f} s; if it can't, set confirms = false"
                        )
                    answer.result()
            finally:
                await end_task(sending)

    async def _send_wav(self, connection: Connection, pcm: bytes) -> None:
        began = time.monotonic()
        await connection.publish(
            self._topic(protocol.TX_WAV),
            write_wav(pcm, RATE),
            expires_s=KEY_EXPIRES_S,
            properties={"id": self._transmission_id},
            content_type="audio/wav",
        )
        if not self._settings.confirms:
            await asyncio.sleep(max(0.0, began + len(pcm) / 2 / RATE - time.monotonic()))

    async def _send_stream(self, connection: Connection, pcm: bytes) -> None:
        began = time.monotonic()
        step = int(STREAM_S * RATE) * 2
        for begin in range(0, len(pcm), step):
            due = began + begin / 2 / RATE - AHEAD_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await connection.publish(
                self._topic(protocol.TX_AUDIO),
                pcm[begin : begin + step],
                expires_s=KEY_EXPIRES_S,
                properties={"id": self._transmission_id},
            )
        await asyncio.sleep(max(0.0, began + len(pcm) / 2 / RATE - time.monotonic()))

    @contextmanager
    def _answer_to(self, transmission_id: str) -> Iterator[asyncio.Future[None]]:
        """Waited for from before the sending on, so that a quick answer is not missed."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = (transmission_id, answer)
        try:
            yield answer
        finally:
            self._waiting = None
            if answer.done() and not answer.cancelled():
                answer.exception()  # seen, also where another error won

    def _fail_answer(self, reason: str) -> None:
        if self._waiting is not None and not self._waiting[1].done():
            self._waiting[1].set_exception(LinkDown(f"{self._channel}: {reason}"))

    # The link.

    async def _use(self, connection: Connection) -> None:
        reading = asyncio.create_task(self._read(connection), name=f"mqtt read {self._channel}")
        try:
            await connection.subscribe(
                {self._topic(part): part == protocol.STATUS for part in protocol.FROM_BASE_STATION}
            )
            # An earlier life of ours may have ended with the key down.
            await self._publish_key(connection, down=False)
            self._key_sent = False
            await connection.publish(self._topic(protocol.GATEWAY), protocol.encode(online=True), retain=True)
            self._connection = connection
            self._let_in = True
            self._reception.go_on(self._moment())
            self._set_timer()
            if not self._base_offline:
                self._link.up()
            await asyncio.shield(reading)
        finally:
            await self._leave(connection)
            await end_task(reading)

    async def _leave(self, connection: Connection) -> None:
        if connection.lost:
            self._connection = None
            self._fail_answer("the connection to the broker was lost during a transmission")
            return
        try:
            await self._keying.drop()
            await connection.publish(self._topic(protocol.GATEWAY), protocol.encode(online=False), retain=True)
        except LinkDown as error:
            log.warning("no goodbye to the base station", channel=self._channel, reason=str(error))
        finally:
            self._connection = None

    def _lost(self, reason: str) -> float:
        self._reception.hold(self._moment())
        self._set_timer()
        return self._link.down(reason)

    async def _publish_key(self, connection: Connection, *, down: bool) -> None:
        await connection.publish(
            self._topic(protocol.TX_KEY),
            protocol.encode(id=self._transmission_id, down=down, time_out_s=self._rules.time_out_s),
            expires_s=KEY_EXPIRES_S if down else None,
        )

    async def _read(self, connection: Connection) -> None:
        async for message in connection.messages():
            part = message.topic.removeprefix(f"{self._base}/")
            if message.retained and part != protocol.STATUS:
                reason = "retained, so nobody knows when it was said; ignored. Publish without the retain flag"
                self._complaints.report(BadPayload(part, reason))
                continue
            for frame in await self._decode(part, message):
                self._take(frame)
            self._set_timer()

    async def _decode(self, part: str, message: Received) -> tuple[protocol.Frame | BadPayload, ...]:
        wav_max = self._settings.wav_max_bytes
        if LARGE_BYTES < len(message.payload) <= wav_max:
            return await asyncio.to_thread(protocol.decode, part, message.payload, message.properties, wav_max=wav_max)
        return protocol.decode(part, message.payload, message.properties, wav_max=wav_max)

    def _take(self, frame: protocol.Frame | BadPayload) -> None:
        match frame:
            case BadPayload():
                self._complaints.report(frame)
            case StatusFrame(online):
                self._base_station_is(online=online)
            case StateFrame():
                self._answered(frame)
            case _:
                self._give(self._reception.take(frame, self._moment()))

    def _answered(self, frame: StateFrame) -> None:
        if self._waiting is None or self._waiting[0] != frame.id:
            if frame.outcome is protocol.Outcome.REFUSED:
                log.warning("the base station refused", channel=self._channel, id=frame.id, reason=frame.reason)
            return
        answer = self._waiting[1]
        if frame.outcome is protocol.Outcome.REFUSED:
            self._fail_answer(f"the base station refused to transmit: {frame.reason or 'it gave no reason'}")
        elif not answer.done():
            answer.set_result(None)

    def _base_station_is(self, *, online: bool) -> None:
        self._base_offline = not online
        if online:
            if self._connection is not None:
                self._link.up()
            return
        self._give(self._reception.vanish(self._moment()))
        self._fail_answer("the base station went offline during a transmission")
        self._link.down(f"the base station published offline on {self._topic(protocol.STATUS)}")

    def _give(self, outcomes: Iterator[RadioEvent | BadPayload]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, BadPayload):
                self._complaints.report(outcome)
            else:
                self._queue.put(outcome)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._reception.deadline
        if deadline is not None:
            wait_s = max(0.0, deadline - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._tick)

    def _tick(self) -> None:
        self._give(self._reception.tick(self._moment()))
        self._set_timer()

    def _moment(self) -> Moment:
        return Moment(self._now(), time.monotonic())

    def _reachable(self) -> Connection:
        if self._connection is None:
            raise LinkDown(f"{self._channel}: no connection to the broker at {self._settings.broker}")
        if self._base_offline:
            raise LinkDown(
                f"{self._channel}: the base station is offline (it says so on {self._topic(protocol.STATUS)})"
            )
        return self._connection

    def _topic(self, part: str) -> str:
        return f"{self._base}/{part}"
