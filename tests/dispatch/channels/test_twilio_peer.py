"""Our counterpart of Twilio as a program: what it accepted outlives its being killed."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from dispatch.channels.sms import SmsChannel, SmsSettings
from dispatch.deliveries import DeliveryFailed
from tests.dispatch.deliveries_in_hand import leased
from tests.peers.ports import free_port, wait_until_listening
from tests.peers.twilio import ACCOUNT, TOKEN

REPOSITORY = Path(__file__).parents[3]


async def start(port: int, state: Path) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "tests.peers.twilio", "--port", str(port), "--state", str(state))
    process = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY)
    await asyncio.to_thread(wait_until_listening, port)
    return process


async def test_a_killed_counterpart_still_knows_what_it_took(tmp_path: Path) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    port, state = free_port(), tmp_path / "twilio.json"
    delivery = leased(created_at=now(), expires_at=now() + timedelta(minutes=10))
    url = f"http://127.0.0.1:{port}"
    channel = SmsChannel(SmsSettings(True, ACCOUNT, "+447700900999", base_url=url, timeout_s=5), TOKEN, now)
    process = await start(port, state)
    try:
        async with aiohttp.ClientSession() as control:
            faults = json.dumps([{"kind": "drop"}])
            async with control.post(f"{url}/_peer/faults", data=faults) as answer:
                assert answer.status == 200
        with pytest.raises(DeliveryFailed, match="no answer"):
            await channel.deliver(delivery)
        process.kill()
        await process.wait()
        process = await start(port, state)
        assert await channel.find(delivery) is not None
        async with aiohttp.ClientSession() as control, control.get(f"{url}/_peer/messages") as answer:
            assert [one["to"] for one in await answer.json()] == [delivery.recipient]
    finally:
        await channel.aclose()
        process.kill()
        await process.wait()
