"""The broker that other tests lean on: does what its docstring says, also after a stop."""

from __future__ import annotations

import ssl
from pathlib import Path

import aiomqtt
import pytest

from tests.peers.mosquitto import Mosquitto

pytestmark = pytest.mark.broker


async def round_trip(client: aiomqtt.Client) -> bytes:
    async with client:
        await client.subscribe("a/b")
        await client.publish("a/b", b"hello")
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            return message.payload
    raise AssertionError("no message came")


async def test_anyone_may_connect_and_the_port_stays_over_a_restart(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        port = broker.port
        assert await round_trip(aiomqtt.Client("127.0.0.1", port)) == b"hello"
        broker.stop()
        assert not broker.running
        with pytest.raises(aiomqtt.MqttError):
            await round_trip(aiomqtt.Client("127.0.0.1", port))
        broker.start()
        assert await round_trip(aiomqtt.Client("127.0.0.1", port)) == b"hello"
    assert not broker.running


async def test_tls_and_passwords(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, users={"gateway": "a secret"}, tls=True) as broker:
        trust = ssl.create_default_context(cafile=str(broker.ca_file))
        good = aiomqtt.Client("localhost", broker.port, username="gateway", password="a secret", tls_context=trust)
        assert await round_trip(good) == b"hello"
        wrong = aiomqtt.Client("127.0.0.1", broker.port, username="gateway", password="guess", tls_context=trust)
        with pytest.raises(aiomqtt.MqttError):
            await round_trip(wrong)
