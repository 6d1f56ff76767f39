"""The connection to the broker: bytes in, bytes out, every failure in our own words. Knows nothing about radios.

MQTT 5 (OASIS, 2019). The session outlives a lost connection for `session_s` (3.1.2.11.2), so what is published with
QoS 1 meanwhile arrives afterwards. Packets above `PACKET_MAX` are kept back by the broker (3.1.2.11.4); those between
the limits in `protocol` and this are received and refused with a message that says so.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiomqtt
import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions
from typing_extensions import override

from radio_drivers.interface import LinkDown, RadioSettingsError
from radio_drivers.mqtt.settings import BrokerSettings

log = structlog.get_logger(__name__)

PACKET_MAX = 64 * 1024 * 1024
"""Bytes. Memory for one message that we are going to refuse."""

QUEUED_MAX = 4096
"""Messages received and not yet looked at."""

ANSWER_S = 5.0
"""The broker must answer within this."""

GOODBYE_S = 2.0
"""A stop doesn't wait longer than this for a connection that is just being made."""

LOGIN_REFUSED = frozenset({0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x9D})
"""CONNACK reason codes (3.2.2.2) after which the same attempt fails again: version, client id, user or password,
not authorised, banned, authentication method, server moved."""

TAKEN_OVER = 0x8E

SHORT_S = 10.0
"""A connection that ends sooner than this gets a hint about the usual cause."""

T = TypeVar("T")


class LoginRefused(LinkDown):
    """The broker is there and doesn't let us in. Whether that is for good depends on whether it ever did."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message."""

    topic: str
    payload: bytes
    retained: bool
    properties: Mapping[str, str]
    """MQTT 5 user properties; of several with one name the last counts."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes for us, retained, when we are gone without a goodbye."""

    topic: str
    payload: bytes


class _Client(aiomqtt.Client):
    refusal: ReasonCode | None = None
    """Why the broker didn't want the last message; aiomqtt takes every answer to a publish for consent."""

    @override
    def _on_publish(
        self, client: mqtt.Client, userdata: object, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        self.refusal = reason_code if reason_code.is_failure else None
        super()._on_publish(client, userdata, mid, reason_code, properties)

    async def abandon(self) -> None:
        """Close a connection that was never acknowledged: aiomqtt leaves its socket open and its task running."""
        self._client.disconnect()
        if self._misc_task is not None:
            self._misc_task.cancel()
            await asyncio.wait({self._misc_task})


class _TlsSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails: paho would leave that to the garbage collector."""

    @override
    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class Connection:
    """An open connection. Made by `connect`."""

    def __init__(self, client: _Client, settings: BrokerSettings, client_id: str) -> None:
        self._client = client
        self._settings = settings
        self._client_id = client_id
        self._since = time.monotonic()
        self._turn = asyncio.Lock()
        self._lost = asyncio.Event()
        self._reason = f"the connection to the broker at {settings.broker} was lost"

    @property
    def lost(self) -> bool:
        """It has ended without our doing."""
        return self._lost.is_set()

    async def subscribe(self, topics: Mapping[str, bool], *, own: bool = True) -> None:
        """Ask for topics with QoS 1.

        Args:
            topics: whether the retained message is wanted too, by topic.
            own: what we publish there ourselves comes back to us (3.8.3.1, No Local).

        Raises:
            LinkDown: no answer.
            LoginRefused: the broker's access rules forbid one.
        """
        wanted = [
            (
                topic,
                SubscribeOptions(
                    qos=1,
                    noLocal=not own,
                    retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
                    if retained
                    else SubscribeOptions.RETAIN_DO_NOT_SEND,
                ),
            )
            for topic, retained in topics.items()
        ]
        codes = await self._answered(self._client.subscribe(wanted, timeout=ANSWER_S))
        for topic, code in zip(topics, codes, strict=False):
            if isinstance(code, ReasonCode) and code.is_failure:
                raise LoginRefused(
                    f"the broker at {self._settings.broker} does not let "
                    f"{self._settings.username or 'us'} subscribe to {topic} ({code}): mend its access list"
                )

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expires_s: int | None = None,
        properties: Mapping[str, str] | None = None,
        content_type: str | None = None,
    ) -> None:
        """Publish with QoS 1; returns when the broker has it.

        Args:
            topic: where.
            payload: what.
            retain: later subscribers get it too.
            expires_s: the broker throws it away when it couldn't be delivered within this.
            properties: user properties.
            content_type: media type.

        Raises:
            LinkDown: the broker doesn't have it, as far as we know.
            LoginRefused: its access rules forbid it.
        """
        extras = _properties(PacketTypes.PUBLISH)
        if expires_s is not None:
            extras.MessageExpiryInterval = expires_s
        if content_type is not None:
            extras.ContentType = content_type
        if properties:
            extras.UserProperty = list(properties.items())
        async with self._turn:  # one at a time, so that a refusal is that of this message
            self._client.refusal = None
            await self._answered(
                self._client.publish(topic, payload, qos=1, retain=retain, properties=extras, timeout=ANSWER_S)
            )
            refusal = self._client.refusal
        if refusal is not None:
            raise LoginRefused(
                f"the broker at {self._settings.broker} does not let {self._settings.username or 'us'} "
                f"publish on {topic} ({refusal}): mend its access list"
            )

    async def messages(self) -> AsyncIterator[Received]:
        """Everything that comes, until the connection is lost.

        Raises:
            LinkDown: it was.
        """
        try:
            async for message in self._client.messages:
                yield Received(
                    message.topic.value, message.payload, message.retain, _user_properties(message.properties)
                )
        except aiomqtt.MqttError as error:
            self._reason = self._why(error)
            raise LinkDown(self._reason) from error
        finally:
            self._lost.set()

    async def _answered(self, call: Coroutine[Any, Any, T]) -> T:
        """Wait for an answer, but not for that of a connection that is gone."""
        work = asyncio.create_task(call, name=f"mqtt call {self._client_id}")
        lost = asyncio.create_task(self._lost.wait(), name=f"mqtt lost {self._client_id}")
        try:
            await asyncio.wait({work, lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()
            if not work.done():
                work.cancel()
            await asyncio.wait({work, lost})
        if work.cancelled():
            raise LinkDown(self._reason)
        try:
            return work.result()
        except aiomqtt.MqttError as error:
            raise LinkDown(f"the broker at {self._settings.broker} did not take a message: {error}") from error

    def _why(self, error: aiomqtt.MqttError) -> str:
        cause = error.__cause__
        code = cause.rc if isinstance(cause, aiomqtt.MqttCodeError) else None
        if isinstance(code, ReasonCode) and code.value == TAKEN_OVER:
            return (
                f"another program connected to {self._settings.broker} as {self._client_id!r}: "
                "give each gateway a client_id of its own"
            )
        reason = f"the connection to the broker at {self._settings.broker} was lost: {cause or error}"
        if time.monotonic() - self._since < SHORT_S:
            # Mosquitto before 2.1 hangs up on the older of two clients with one id without saying so.
            reason += f"; if this repeats, does another program use the client id {self._client_id!r}?"
        return reason


async def tls_context(settings: BrokerSettings) -> ssl.SSLContext | None:
    """What the settings say about TLS; None without.

    Raises:
        RadioSettingsError: a certificate file can't be read.
    """
    if not settings.tls:
        return None

    def load() -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        context.sslsocket_class = _TlsSocket
        if settings.certificate_file:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
        return context

    try:
        return await asyncio.to_thread(load)
    except OSError as error:  # ssl.SSLError is one: no certificate inside
        files = ", ".join(filter(None, (settings.ca_file, settings.certificate_file, settings.key_file)))
        raise RadioSettingsError(
            f"ca_file, certificate_file or key_file can't be used ({files}): {error}; give readable PEM files"
        ) from error


@asynccontextmanager
async def connect(
    settings: BrokerSettings,
    password: str | None,
    context: ssl.SSLContext | None,
    *,
    client_id: str,
    will: Will | None = None,
) -> AsyncIterator[Connection]:
    """Connect, and say goodbye at the end.

    Raises:
        LinkDown: it can't be reached.
        LoginRefused: it doesn't let us in.
    """
    properties = _properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = settings.session_s
    properties.MaximumPacketSize = PACKET_MAX
    client = _Client(
        settings.host,
        settings.port_used,
        username=settings.username or None,
        password=password,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=False,
        properties=properties,
        will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=True) if will is not None else None,
        keepalive=settings.keepalive_s,
        tls_context=context,
        timeout=ANSWER_S,
        max_queued_incoming_messages=QUEUED_MAX,
    )
    await _enter(client, settings)
    try:
        yield Connection(client, settings, client_id)
    finally:
        try:
            await client.__aexit__(None, None, None)
        except (aiomqtt.MqttError, OSError) as error:
            # The loss itself has been reported by whoever was reading.
            log.debug("the goodbye to the broker failed", broker=settings.broker, problem=str(error))
            await client.abandon()


async def _enter(client: _Client, settings: BrokerSettings) -> None:
    # A task of its own: the connect runs in a thread that can't be cancelled, and its socket must be closed afterwards.
    entering = asyncio.create_task(client.__aenter__(), name=f"mqtt connect {settings.broker}")
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        await asyncio.wait({entering}, timeout=GOODBYE_S)
        entering.cancel()
        await asyncio.wait({entering})
        await client.abandon()
        raise
    except aiomqtt.MqttError as error:
        await client.abandon()
        raise _translated(error, settings) from error


def _translated(error: aiomqtt.MqttError, settings: BrokerSettings) -> LinkDown:
    code = error.rc if isinstance(error, aiomqtt.MqttCodeError) else None
    number = code.value if isinstance(code, ReasonCode) else None
    if number in LOGIN_REFUSED:
        who = f"user {settings.username!r}" if settings.username else "us without a user name"
        return LoginRefused(
            f"the broker at {settings.broker} refuses {who} ({code}): check username and the password's secret"
        )
    if isinstance(error.__context__, ssl.SSLCertVerificationError):
        return LoginRefused(
            f"the certificate of the broker at {settings.broker} is not trusted ({error.__context__.verify_message}): "
            "check host and ca_file"
        )
    if isinstance(error.__context__, ssl.SSLError | ConnectionResetError):
        hint = "does this port speak TLS?" if settings.tls else "does it want tls = true?"
        return LinkDown(f"the broker at {settings.broker} hung up ({error}): {hint}")
    return LinkDown(f"the broker at {settings.broker} can't be reached: {error}")


def _properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call]  # paho types its methods, not this constructor


def _user_properties(properties: Properties | None) -> dict[str, str]:
    return dict(getattr(properties, "UserProperty", ()))
