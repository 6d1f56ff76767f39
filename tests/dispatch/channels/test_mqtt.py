"""The MQTT channel against a real mosquitto."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from dispatch.channels.mqtt import MqttChannel, MqttSettings, MqttSettingsError, event_payload
from dispatch.deliveries import ChannelKind, DeliveryFailed, LeasedDelivery, ReceiptKind
from dispatch.outbox import DeliveryEvent, DeliveryStep
from tests.dispatch.deliveries_in_hand import NOW, SetClock, leased
from tests.peers.mosquitto import Mosquitto
from tests.peers.ports import free_port

pytestmark = pytest.mark.broker

PREFIX = "huecry/fernleigh"


def settings(broker: Mosquitto, **changes: Any) -> MqttSettings:  # noqa: ANN401 - fields of the settings
    usual = {"enabled": True, "host": "127.0.0.1", "port": broker.port, "topic_prefix": PREFIX, "longest_retry_s": 0.1}
    return MqttSettings(**{**usual, **changes})


def alert(**changes: object) -> LeasedDelivery:
    body = json.dumps({"alert": 731, "summary": "Ref 0199 seen"})
    return leased(1, ChannelKind.MQTT, **{"recipient": f"{PREFIX}/alert", "body": body, **changes})


@asynccontextmanager
async def running(channel: MqttChannel) -> AsyncIterator[MqttChannel]:
    task = asyncio.create_task(channel.run(), name="mqtt")
    try:
        async with asyncio.timeout(10):
            await channel.until_connected()
        yield channel
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def listening(broker: Mosquitto, **how: Any) -> AsyncIterator[aiomqtt.Client]:  # noqa: ANN401 - aiomqtt's own
    async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, **how) as client:
        await client.subscribe(f"{PREFIX}/#", qos=1)
        yield client


async def heard(client: aiomqtt.Client, topic: str) -> aiomqtt.Message:
    async with asyncio.timeout(10):
        async for message in client.messages:
            if str(message.topic) == f"{PREFIX}/{topic}":
                return message
    raise AssertionError("unreachable")


def payload(message: aiomqtt.Message) -> dict[str, Any]:
    assert isinstance(message.payload, bytes)
    read: dict[str, Any] = json.loads(message.payload)
    return read


async def test_an_alert_is_published_once_with_its_time_to_live(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        clock = SetClock(NOW + timedelta(minutes=1))
        async with listening(broker) as screen, running(MqttChannel(settings(broker), "", clock)) as channel:
            receipt = await channel.deliver(alert())
            message = await heard(screen, "alert")
    assert receipt.kind is ReceiptKind.ACCEPTED
    assert payload(message)["alert"] == 731
    assert message.qos == 1
    assert message.properties is not None
    sent = message.properties.json()  # type: ignore[no-untyped-call]  # paho's
    assert sent["UserProperty"] == [("delivery", "key-1")]
    assert 530 < sent["MessageExpiryInterval"] <= 540


async def test_status_is_retained_and_says_offline_in_an_orderly_way(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with running(MqttChannel(settings(broker), "", SetClock())) as channel, listening(broker) as screen:
            assert payload(await heard(screen, "status"))["state"] == "online"
            channel.publish_status({"backlog": 3})
            told = payload(await heard(screen, "status"))
            assert told == {"state": "online", "at": NOW.isoformat(), "backlog": 3}
        async with listening(broker) as late:
            message = await heard(late, "status")
    assert message.retain
    assert payload(message)["state"] == "offline"


async def test_the_last_will_speaks_for_a_dead_gateway(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with listening(broker) as screen:
            program = (
                "import asyncio, sys\n"
                "from datetime import UTC, datetime\n"
                "from dispatch.channels.mqtt import MqttChannel, MqttSettings\n"
                "s = MqttSettings(True, '127.0.0.1', int(sys.argv[1]), topic_prefix=sys.argv[2])\n"
                "asyncio.run(MqttChannel(s, '', lambda: datetime.now(UTC)).run())\n"
            )
            gateway = await asyncio.create_subprocess_exec(sys.executable, "-c", program, str(broker.port), PREFIX)
            assert payload(await heard(screen, "status"))["state"] == "online"
            gateway.kill()
            await gateway.wait()
            assert payload(await heard(screen, "status"))["state"] == "offline"


async def test_a_broker_that_is_away_is_worth_another_try_and_is_found_again(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with running(MqttChannel(settings(broker), "", SetClock())) as channel:
            broker.kill()
            async with asyncio.timeout(10):
                while channel.connected:
                    await asyncio.sleep(0.01)
            with pytest.raises(DeliveryFailed, match="not connected") as failure:
                await channel.deliver(alert())
            assert failure.value.retryable
            broker.start()
            async with asyncio.timeout(10):
                await channel.until_connected()
            async with listening(broker) as screen:
                await channel.deliver(alert())
                assert payload(await heard(screen, "alert"))["alert"] == 731


async def test_a_silent_broker_is_given_up(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with running(MqttChannel(settings(broker, timeout_s=0.3), "", SetClock())) as channel:
            broker.pause()
            with pytest.raises(DeliveryFailed) as failure:
                await channel.deliver(alert())
            broker.resume()
    assert failure.value.retryable


async def test_a_topic_that_nobody_may_publish_to_is_hopeless(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        async with running(MqttChannel(settings(broker), "", SetClock())) as channel:
            with pytest.raises(DeliveryFailed) as failure:
                await channel.deliver(alert(recipient="huecry/#"))
    assert not failure.value.retryable


async def test_tls_and_password(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, users={"gateway": "a secret"}, tls=True) as broker:
        assert broker.ca_file is not None
        wanted = settings(broker, tls=True, ca_file=str(broker.ca_file), username="gateway")
        async with running(MqttChannel(wanted, "a secret", SetClock())) as channel:
            assert (await channel.deliver(alert())).kind is ReceiptKind.ACCEPTED
        wrong = MqttChannel(wanted, "another", SetClock())
        task = asyncio.create_task(wrong.run())
        await asyncio.sleep(0.3)
        assert not wrong.connected
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_missing_ca_file_is_no_reason_to_try_for_ever(tmp_path: Path) -> None:
    nowhere = MqttSettings(True, "127.0.0.1", free_port(), tls=True, ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(MqttSettingsError, match="ca_file"):
        await MqttChannel(nowhere, "", SetClock()).run()


async def test_delivery_events_are_published_without_whole_numbers(tmp_path: Path) -> None:
    event = DeliveryEvent(DeliveryStep.SENT, NOW, leased(1), "Twilio: queued")
    with Mosquitto(tmp_path) as broker:
        async with listening(broker) as screen, running(MqttChannel(settings(broker), "", SetClock())) as channel:
            channel.publish_event(event)
            read = payload(await heard(screen, "delivery"))
    assert read == {
        "alert": 731,
        "kind": "sighting",
        "channel": "sms",
        "recipient": "+44...123",
        "step": "sent",
        "at": NOW.isoformat(),
        "tries": 1,
        "detail": "Twilio: queued",
    }


def test_events_wait_in_bounded_room() -> None:
    channel = MqttChannel(MqttSettings(), "", SetClock())
    for number in range(1000):
        channel.publish_event(DeliveryEvent(DeliveryStep.SENT, NOW, leased(number)))
    assert channel._events.qsize() == 200


def test_radio_channels_keep_their_names_in_events() -> None:
    event = DeliveryEvent(DeliveryStep.SENT, NOW, leased(1, ChannelKind.RADIO_VOICE, recipient="town"))
    assert event_payload(event)["recipient"] == "town"


def test_settings_say_what_is_wrong() -> None:
    assert MqttSettings().problems() == ()
    assert MqttSettings(enabled=True).problems() == ()
    for wrong in ({"host": ""}, {"port": 0}, {"ca_file": "x"}, {"topic_prefix": "a/#"}, {"topic_prefix": "/a"}):
        assert len(MqttSettings(enabled=True, **wrong).problems()) == 1
