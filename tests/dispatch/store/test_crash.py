"""kill -9 at each hand-over: a process of its own works on the store and is killed; another one goes on."""

from __future__ import annotations

import asyncio

import pytest

from dispatch.deliveries import DeliveryState
from dispatch.store.check import check
from dispatch.store.store import open_store
from dispatch.store.transmissions import TransmissionState
from tests.dispatch.store.dying import killed_at
from tests.dispatch.store.making import NOON, seconds


@pytest.mark.parametrize(
    ("step", "state"),
    [
        ("recorded", TransmissionState.RECORDED),
        ("transcribed", TransmissionState.TRANSCRIBED),
        ("numbered", TransmissionState.TRANSCRIBED),
        ("deciding", TransmissionState.TRANSCRIBED),
    ],
)
async def test_what_was_not_decided_is_found_where_it_stood(url: str, step: str, state: TransmissionState) -> None:
    await asyncio.to_thread(killed_at, url, step)
    async with open_store(url) as store:
        (left,) = await store.transmissions.unfinished()
        assert left.state is state
        assert (await store.transmissions.transcript(left.transmission_id) is None) == (step == "recorded")
        assert sum((await store.outbox.counts()).values()) == 0
        assert (await check(store.database)).problems == ()
        if step in {"numbered", "deciding"}:
            assert await store.decisions.reserve_number() == 2  # the number is spent: it may have been spoken


async def test_what_was_decided_is_sent_by_the_next_run(url: str) -> None:
    await asyncio.to_thread(killed_at, url, "decided")
    async with open_store(url) as store:
        assert await store.transmissions.unfinished() == ()
        assert await store.outbox.reclaim("box") == 0
        (taken,) = await store.outbox.lease(NOON, "box:2", 60, 9)
        assert (taken.half_sent, taken.attempts) == (False, 0)


async def test_what_was_being_sent_comes_back_as_half_sent(url: str) -> None:
    await asyncio.to_thread(killed_at, url, "sending")
    async with open_store(url) as store:
        assert (await store.outbox.counts())[DeliveryState.SENDING] == 1
        assert await store.outbox.lease(NOON + seconds(10), "other:1", 60, 9) == ()
        assert await store.outbox.reclaim("box") == 1
        (taken,) = await store.outbox.lease(NOON + seconds(10), "box:2", 60, 9)
        assert (taken.half_sent, taken.attempts, taken.idempotency_key) == (True, 1, "1:sms:+447700900001")
