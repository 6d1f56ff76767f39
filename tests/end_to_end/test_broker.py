"""Alerts, calls and the gateway's own state on a real broker."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from tests.end_to_end.conftest import Say
from tests.end_to_end.town import Town
from tests.peers.mosquitto import Mosquitto

pytestmark = [pytest.mark.broker, pytest.mark.speech]


class Screen:
    """What a screen in the control room gets."""

    def __init__(self, *, any_text: bool = False) -> None:
        self.messages: list[tuple[str, bool, Any]] = []
        self._any_text = any_text

    def on(self, topic: str) -> list[Any]:
        return [payload for name, _, payload in self.messages if name == f"huecry/FTAC/{topic}"]

    @asynccontextmanager
    async def watching(self, port: int, topics: str = "huecry/#") -> AsyncIterator[None]:
        async with aiomqtt.Client("127.0.0.1", port) as client:
            await client.subscribe(topics, qos=1)

            async def read() -> None:
                async for message in client.messages:
                    assert isinstance(message.payload, bytes)
                    is_json = message.payload.startswith(b"{") or not self._any_text
                    payload = json.loads(message.payload) if is_json else message.payload.decode()
                    self.messages.append((str(message.topic), message.retain, payload))

            reading = asyncio.create_task(read())
            try:
                yield
            finally:
                reading.cancel()
                await asyncio.wait({reading})


@pytest.mark.timeout(120)
async def test_screens_see_calls_alerts_and_whether_we_are_there(town: Town, say: Say, tmp_path: Path) -> None:
    broker = await asyncio.to_thread(Mosquitto, tmp_path / "broker")
    await asyncio.to_thread(broker.start)
    try:
        with town.config.open("a") as config:
            config.write(f'\n[mqtt]\nenabled = true\nhost = "127.0.0.1"\nport = {broker.port}\npublish_calls = true\n')
        screen = Screen()
        async with screen.watching(broker.port):
            await town.start()
            await town.until(lambda: screen.on("status"))
            assert screen.on("status")[-1]["state"] == "online"
            async with town.radio("1002") as guard:
                await guard.say(say("Corner Books to Control, radio check please, over."))
                await town.until(lambda: screen.on("call"))
                assert screen.on("call")[0]["decision"] == "log"
                assert screen.on("call")[0]["unit"] == "1002"
                await guard.say(say("Corner Books to Control, Martin Blackwood has just walked in, grey hoodie, over."))
                await town.until(lambda: screen.on("alert"))
                await town.nothing_more_to_send()
            assert len(screen.on("alert")) == 1
            assert screen.on("call")[1]["people"][0]["reference"] == "FT-0101"
            await town.stop(signal.SIGKILL)
            await town.until(lambda: screen.on("status")[-1]["state"] == "offline")
            await town.start()
            await town.until(lambda: screen.on("status")[-1]["state"] == "online")
            await asyncio.to_thread(broker.stop)
            await asyncio.to_thread(broker.start)
        after = Screen()
        async with after.watching(broker.port):
            await town.until(lambda: after.on("status") and after.on("status")[-1]["state"] == "online")
            code, _ = await town.stop()
            assert code == 0
            await town.until(lambda: after.on("status")[-1]["state"] == "offline")
    finally:
        await asyncio.to_thread(broker.stop)
