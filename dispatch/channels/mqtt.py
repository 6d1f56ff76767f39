"""Alerts on an MQTT broker, for screens, sirens and other systems. Topics and payloads: docs/telling.md."""

from __future__ import annotations

import asyncio
import json
import math
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import aiomqtt
import structlog
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from typing_extensions import override

from dispatch.channels.sms import masked
from dispatch.deliveries import Channel, ChannelKind, DeliveryFailed, LeasedDelivery, Receipt, ReceiptKind
from dispatch.outbox_rules import DeliveryEvent

log = structlog.get_logger(__name__)

_WAITING_EVENTS = 200
_PACKET_MAX = 256 * 1024
"""Bytes of the largest packet that the broker may send us: nothing that is said to us is longer than a few lines."""


class MqttSettingsError(Exception):
    """The settings can't work as they are; the text names the key."""


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """The broker. The password is a secret and is handed over by itself."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    enabled: bool = False
    host: str = "localhost"
    port: int = 1883
    """8883 is usual with TLS."""
    tls: bool = False
    ca_file: str = ""
    """PEM file of the authority to trust; empty means the system's."""
    username: str = ""
    topic_prefix: str = "huecry/scheme"
    """No leading or trailing slash and no wildcards."""
    client_id: str = ""
    """Empty: made up for each connection."""
    keepalive_s: int = 30
    timeout_s: float = 10.0
    longest_retry_s: float = 30.0
    publish_calls: bool = False
    """Also publish every call as it was heard and decided, on `<prefix>/call`. It holds what was said, names included:
    only for a broker inside the control room."""
    discovery: bool = False
    """Home Assistant finds the gateway by itself: a device with sensors and events (docs/home-assistant.md)."""
    discovery_prefix: str = "homeassistant"
    """Home Assistant's own discovery prefix."""
    announce: bool = False
    """Speak on the radio what is published on `<prefix>/announce`. Whoever may publish there can then speak to every guard:
    give the topic an access list before you switch this on."""

    def problems(self) -> tuple[str, ...]:
        """What keeps these settings from working: one sentence each, naming the key."""
        if not self.enabled:
            wished = [key for key in ("discovery", "announce") if getattr(self, key)]
            return tuple(f"{key} is on, but enabled is off" for key in wished)
        found = []
        if not self.host:
            found.append("host is empty")
        if not 0 < self.port < 65536:
            found.append(f"port is {self.port}; 1-65535 works")
        if self.ca_file and not self.tls:
            found.append("ca_file is set but tls is off")
        for key, prefix in (("topic_prefix", self.topic_prefix), ("discovery_prefix", self.discovery_prefix)):
            if not prefix or prefix.strip("/") != prefix or set(prefix) & set("+#\0") or "//" in prefix:
                found.append(f"{key} must be like huecry/fernleigh: no wildcards, no slash at either end")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that was published for us."""

    payload: bytes
    by: str
    """Who says so: the MQTT 5 user property `by`, which anybody can write; the protocol itself names no sender."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """To be published when the broker is there."""

    topic: str
    payload: str
    retain: bool
    until: datetime | None


class MqttChannel(Channel):
    """Publishes alerts, a retained status, and what became of each delivery.

    Construct (no I/O), then `run()` in a task of its own: it holds the connection, reconnecting for ever.

    Args:
        settings: the broker.
        password: the broker's password for `settings.username`; empty for none.
        clock: aware UTC now.
    """

    def __init__(self, settings: MqttSettings, password: str, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._password = password
        self._clock = clock
        self._client: aiomqtt.Client | None = None
        self._events: asyncio.Queue[_Waiting] = asyncio.Queue(_WAITING_EVENTS)
        self._connected = asyncio.Event()
        self._status: dict[str, object] = {}
        self._ears: dict[str, Callable[[Heard], None]] = {}
        self._greeters: list[Callable[[], None]] = []

    @property
    @override
    def kind(self) -> ChannelKind:
        """MQTT."""
        return ChannelKind.MQTT

    @property
    def connected(self) -> bool:
        """The broker can be reached now."""
        return self._client is not None

    async def until_connected(self) -> None:
        """Return at the next moment at which the broker is connected."""
        await self._connected.wait()

    @override
    async def deliver(self, delivery: LeasedDelivery) -> Receipt:
        """Publish one alert, QoS 1: returns when the broker has acknowledged it.

        The broker drops it for late subscribers once the alert has expired (MQTT 5 message expiry), and the user
        property `delivery` stays the same over repeats, so that a subscriber can tell one from a new alert.

        Raises:
            DeliveryFailed: the broker is away or did not acknowledge.
        """
        client = self._client
        if client is None:
            raise DeliveryFailed(f"the MQTT broker {self._where} is not connected", retryable=True)
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho's
        properties.ContentType = "application/json"
        properties.UserProperty = [("delivery", delivery.idempotency_key)]
        left = math.ceil((delivery.expires_at - self._clock()).total_seconds())
        properties.MessageExpiryInterval = max(1, left)
        try:
            await client.publish(delivery.recipient, delivery.body, qos=1, properties=properties)
        except (aiomqtt.MqttError, ValueError) as error:
            # ValueError: a topic with a wildcard, or too long a payload; another try can't help.
            hopeless = isinstance(error, ValueError)
            raise DeliveryFailed(f"the MQTT broker did not take it: {error}", retryable=not hopeless) from error
        return Receipt(ReceiptKind.ACCEPTED, self._clock(), detail=f"acknowledged by {self._where}")

    @override
    async def find(self, delivery: LeasedDelivery) -> Receipt | None:
        """None: a broker can't be asked. Subscribers tell a repeat by the user property `delivery`."""
        return None

    def publish_event(self, event: DeliveryEvent) -> None:
        """Publish what became of a delivery on `<prefix>/delivery`, when the broker is there; never blocks.

        The oldest goes when too many wait. Fits `Outbox(listener=...)`.
        """
        self.publish(self.topic("delivery"), event_payload(event))

    def publish_call(self, record: Mapping[str, object]) -> None:
        """Publish what was heard and decided on `<prefix>/call`, if the settings want it: also what raises no alert.

        For screens. It is not kept for a broker that is away: the store has it (`huecry log`).
        """
        if self._settings.publish_calls:
            self.publish(self.topic("call"), record)

    def publish_status(self, status: Mapping[str, object]) -> None:
        """Replace the retained status on `<prefix>/status`. `{"state": "online"}` is added."""
        self._status = dict(status)
        self.publish(self.topic("status"), self._online(), retain=True)

    def publish(
        self,
        topic: str,
        payload: Mapping[str, object] | str,
        *,
        retain: bool = False,
        life: timedelta | None = None,
    ) -> None:
        """Publish on any topic, when the broker is there; never blocks. The oldest goes when too many wait.

        Args:
            topic: the whole topic.
            payload: a text as it is, or fields as JSON.
            retain: later subscribers get it too.
            life: not published any more when the broker has been away for longer than this.
        """
        if self._events.full():
            self._events.get_nowait()
        text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        self._events.put_nowait(_Waiting(topic, text, retain, self._clock() + life if life is not None else None))

    def listen(self, topic: str, hear: Callable[[Heard], None]) -> None:
        """Hear what is published on a topic from now on. Call it before `run`.

        What is retained there is left alone: nobody knows when it was said.

        Args:
            topic: without wildcards.
            hear: called in the event loop; quick, and never raising.
        """
        self._ears[topic] = hear

    def greet(self, greeter: Callable[[], None]) -> None:
        """Have something called each time the broker is connected, for publishing what it must know. Before `run`."""
        self._greeters.append(greeter)

    def topic(self, name: str) -> str:
        """`<prefix>/<name>`."""
        return f"{self._settings.topic_prefix}/{name}"

    async def run(self) -> None:
        """Hold the connection until cancelled; then say "offline" in an orderly way.

        Raises:
            MqttSettingsError: trying again can't help.
        """
        tls = await asyncio.to_thread(self._tls)
        wait_s, told = 1.0, False
        while True:
            try:
                async with self._connect(tls) as client:
                    wait_s, told = 1.0, False
                    log.info("mqtt.connected", broker=self._where)
                    await self._serve(client)
            except aiomqtt.MqttError as error:
                if not told:
                    log.warning("mqtt.lost", broker=self._where, reason=str(error), next="reconnecting")
                    told = True
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, self._settings.longest_retry_s)

    async def _serve(self, client: aiomqtt.Client) -> None:
        """Publish the status, then events, until the connection ends or we are cancelled."""
        await client.publish(self.topic("status"), json.dumps(self._online()), qos=1, retain=True)
        if self._ears:
            await self._subscribe(client)
        for greeter in self._greeters:
            greeter()
        self._client = client
        self._connected.set()
        lost: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._publish_events(client), name="mqtt events")
                group.create_task(self._until_lost(client), name="mqtt link")
        except* aiomqtt.MqttError as several:
            lost = several.exceptions[0]  # raised below: what is raised in here may come out wrapped in a group
        finally:
            self._client = None
            self._connected.clear()
            # Only reached with a live link when we are being stopped; a broken one has its last will.
            if (task := asyncio.current_task()) is not None and task.cancelling():
                await self._say_offline(client)
        if lost is not None:
            raise aiomqtt.MqttError(str(lost)) from lost

    async def _say_offline(self, client: aiomqtt.Client) -> None:
        try:
            async with asyncio.timeout(1.0):
                await client.publish(self.topic("status"), self._offline(), qos=1, retain=True)
        except (aiomqtt.MqttError, TimeoutError) as error:
            log.info("mqtt.no_farewell", reason=str(error))

    async def _publish_events(self, client: aiomqtt.Client) -> None:
        while True:
            waiting = await self._events.get()
            if waiting.until is not None and self._clock() > waiting.until:
                continue
            await client.publish(waiting.topic, waiting.payload, qos=1, retain=waiting.retain)

    async def _subscribe(self, client: aiomqtt.Client) -> None:
        codes = await client.subscribe([(topic, 1) for topic in self._ears])
        for topic, code in zip(self._ears, codes, strict=False):
            if isinstance(code, ReasonCode) and code.is_failure:
                log.warning("mqtt.not_heard", topic=topic, reason=str(code), next="mend the broker's access list")

    async def _until_lost(self, client: aiomqtt.Client) -> None:
        """Hear what is said to us; ends with MqttError when the link does."""
        async for message in client.messages:
            hear = self._ears.get(str(message.topic))
            if hear is None or not isinstance(message.payload, bytes):
                continue
            if message.retain:
                log.warning("mqtt.retained", topic=str(message.topic), next="ignored; publish without the retain flag")
                continue
            properties = dict(getattr(message.properties, "UserProperty", ()))
            hear(Heard(message.payload, properties.get("by", "")))

    def _connect(self, tls: ssl.SSLContext | None) -> aiomqtt.Client:
        settings = self._settings
        will = aiomqtt.Will(self.topic("status"), self._offline(), qos=1, retain=True)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        properties.MaximumPacketSize = _PACKET_MAX
        return aiomqtt.Client(
            settings.host,
            settings.port,
            username=settings.username or None,
            password=self._password or None,
            identifier=settings.client_id or None,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=will,
            keepalive=settings.keepalive_s,
            timeout=settings.timeout_s,
            tls_context=tls,
            properties=properties,
        )

    def _online(self) -> dict[str, object]:
        return {"state": "online", "at": self._clock().isoformat(), **self._status}

    def _offline(self) -> str:
        return json.dumps({"state": "offline", "at": self._clock().isoformat()})

    def _tls(self) -> ssl.SSLContext | None:
        if not self._settings.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise MqttSettingsError(f"mqtt.ca_file {self._settings.ca_file!r} can't be read: {error}") from error

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"


def event_payload(event: DeliveryEvent) -> dict[str, object]:
    """A delivery event as published: no text, and no whole telephone number."""
    delivery = event.delivery
    recipient = masked(delivery.recipient) if delivery.channel is ChannelKind.SMS else delivery.recipient
    return {
        "alert": delivery.alert_number,
        "kind": delivery.alert_kind,
        "channel": delivery.channel,
        "recipient": recipient,
        "step": event.step,
        "at": event.at.isoformat(),
        "tries": delivery.attempts + 1,
        "detail": event.detail,
    }
