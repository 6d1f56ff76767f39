"""The outbox on the real store, with the real SDK against a Twilio that remembers, killed at the worst moments.

As a program (`python -m tests.dispatch.test_outbox_crash DATABASE TWILIO`): sends what is committed until all is settled.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatch.channels.sms import SmsChannel, SmsSettings
from dispatch.deliveries import ChannelKind, DeliveryState, NewDelivery
from dispatch.outbox import Outbox, OutboxRules
from dispatch.store.store import Store, open_store
from tests.dispatch.store.making import raise_alert, sms
from tests.peers.twilio import ACCOUNT, TOKEN, TwilioPeer

REPOSITORY = Path(__file__).parents[2]
RULES = OutboxRules(poll_s=0.2, least_wait_s=0.02, first_retry_s=0.1, longest_retry_s=0.2, sms_per_second=100)


def now() -> datetime:
    return datetime.now(UTC)


def channel(url: str) -> SmsChannel:
    settings = SmsSettings(True, ACCOUNT, sender="+447700900999", base_url=url, timeout_s=5.0)
    return SmsChannel(settings, TOKEN, now)


async def still_open(store: Store) -> int:
    counts = await store.outbox.counts()
    return counts[DeliveryState.PENDING] + counts[DeliveryState.SENDING]


async def settle(store: Store, url: str) -> None:
    """Send until nothing is open."""
    texts = channel(url)
    outbox = Outbox(store.outbox, {ChannelKind.SMS: texts}, RULES, now, "gate-1")
    sending = asyncio.create_task(outbox.run(), name="outbox")
    try:
        while await still_open(store):
            await asyncio.sleep(0.02)
    finally:
        await outbox.stop(1.0)
        await sending
        await texts.aclose()


async def program(database: str, url: str) -> None:
    async with open_store(database) as store:
        await settle(store, url)


def text(number: int) -> NewDelivery:
    return sms(number, f"FERN 14:05 Ref 0199 seen Quill Books. Alert {number}")


@asynccontextmanager
async def gateway(database: str, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of its own, killed at the end."""
    command = (sys.executable, "-m", "tests.dispatch.test_outbox_crash", database, url)
    process = await asyncio.create_subprocess_exec(*command, cwd=REPOSITORY, stdout=asyncio.subprocess.DEVNULL)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
async def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/huecry.db"


async def test_sent_on_the_real_store(database: str) -> None:
    async with open_store(database) as store:
        with TwilioPeer() as twilio:
            await raise_alert(store, *(text(number) for number in range(1, 21)), at=now())
            twilio.fail_next("drop", times=3)
            twilio.fail_next("429", times=2, retry_after="0")
            async with asyncio.timeout(30):
                await settle(store, twilio.url)
            counts = await store.outbox.counts()
            recipients = [to for to, _ in twilio.texts]
    assert counts[DeliveryState.SENT] == 20
    assert sorted(recipients) == sorted({text(number).recipient for number in range(1, 21)})


async def test_an_opted_out_contact_fails_for_good_and_the_reason_says_so(database: str) -> None:
    async with open_store(database) as store:
        with TwilioPeer() as twilio:
            twilio.state.opted_out.add(text(1).recipient)
            await raise_alert(store, text(1), text(2), at=now())
            async with asyncio.timeout(30):
                await settle(store, twilio.url)
            counts = await store.outbox.counts()
            assert len(twilio.state.requests) == 2
    assert counts[DeliveryState.SENT] == 1
    assert counts[DeliveryState.FAILED] == 1


async def test_killed_while_sending_and_started_again_everybody_gets_it_once(database: str) -> None:
    """Killed when Twilio has taken some texts and its answers to the latest are still on their way."""
    stored = 4
    async with open_store(database) as store:
        await raise_alert(store, *(text(number) for number in range(1, 9)), at=now())
        with TwilioPeer() as twilio:
            twilio.fail_next("none", times=stored - 1)
            twilio.fail_next("hang", times=8, seconds=60)
            async with gateway(database, twilio.url), asyncio.timeout(30):
                while len(twilio.texts) < stored:
                    await asyncio.sleep(0.005)
            assert (await store.outbox.counts())[DeliveryState.SENDING] >= 1
            twilio.state.faults.clear()
            async with gateway(database, twilio.url) as again, asyncio.timeout(30):
                assert await again.wait() == 0
            counts = await store.outbox.counts()
            recipients = [to for to, _ in twilio.texts]
    assert counts[DeliveryState.SENT] == 8
    assert sorted(recipients) == sorted({text(number).recipient for number in range(1, 9)})


if __name__ == "__main__":
    asyncio.run(program(sys.argv[1], sys.argv[2]))
