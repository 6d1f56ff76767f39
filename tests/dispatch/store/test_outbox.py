"""Leases, receipts, retries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import permutations

import pytest
from sqlalchemy import text

from dispatch.calls import AlertKind, Priority
from dispatch.deliveries import ChannelKind, DeliveryState, LeasedDelivery, Receipt, ReceiptKind
from dispatch.outbox_rules import DeliveryStore
from dispatch.store.errors import NotFound
from dispatch.store.store import Store, open_store
from tests.dispatch.store.making import NOON, VOICE, Clock, raise_alert, seconds, sms

LATER = NOON + seconds(30)


async def lease(store: Store, now: object = NOON, owner: str = "box:1", limit: int = 10) -> list[LeasedDelivery]:
    """Take what is due, with a lease of a minute."""
    assert hasattr(now, "tzinfo")
    return list(await store.outbox.lease(now, owner, 60, limit))  # type: ignore[arg-type]  # shown by the assert


async def states(store: Store) -> dict[str, int]:
    """States that are in use."""
    return {state.value: count for state, count in (await store.outbox.counts()).items() if count}


async def test_it_is_what_the_sender_wants(store: Store) -> None:
    wanted: DeliveryStore = store.outbox  # mypy is the test
    assert await wanted.next_due(NOON) is None


async def test_a_lease_says_everything_that_a_channel_needs(store: Store) -> None:
    committed = await raise_alert(store, sms())
    (taken,) = await lease(store)
    assert taken == LeasedDelivery(
        delivery_id=committed.delivery_ids[0],
        idempotency_key="1:sms:+447700900001",
        alert_id=committed.alert_id or 0,
        alert_number=1,
        alert_kind=AlertKind.SIGHTING,
        priority=Priority.NORMAL,
        channel=ChannelKind.SMS,
        recipient="+447700900001",
        body="HC1 DT-0142 Superdrug",
        created_at=NOON,
        expires_at=NOON + seconds(600),
        attempts=0,
        half_sent=False,
    )
    assert await states(store) == {"sending": 1}


async def test_nobody_else_gets_what_is_leased(store: Store) -> None:
    await raise_alert(store)
    assert len(await lease(store)) == 2
    assert await lease(store, LATER, "other:1") == []


async def test_urgent_first_then_endings_then_newest(store: Store) -> None:
    old = await raise_alert(store, sms(1), at=NOON)
    new = await raise_alert(store, sms(2), at=NOON + seconds(5))
    high = await raise_alert(store, sms(3), at=NOON + seconds(1), priority=Priority.HIGH)
    ending = await raise_alert(store, sms(4), at=NOON + seconds(2), kind=AlertKind.STAND_DOWN)
    urgent = await raise_alert(store, sms(5), at=NOON + seconds(3), priority=Priority.URGENT, kind=AlertKind.EMERGENCY)
    wanted = [urgent, ending, new, high, old]
    assert [d.alert_id for d in await lease(store, LATER)] == [committed.alert_id for committed in wanted]


async def test_only_the_kinds_asked_for_and_no_more_than_the_limit(store: Store) -> None:
    await raise_alert(store, VOICE, sms(1), sms(2), sms(3))
    first = await store.outbox.lease(NOON, "box:1", 60, 2, (ChannelKind.SMS,))
    assert [d.recipient for d in first] == ["+447700900001", "+447700900002"]
    assert [d.channel for d in await store.outbox.lease(NOON, "box:1", 60, 9, (ChannelKind.RADIO_VOICE,))] == [
        ChannelKind.RADIO_VOICE
    ]
    assert await store.outbox.lease(NOON, "box:1", 60, 9, (ChannelKind.MQTT,)) == ()


async def test_a_lease_that_ran_out_is_handed_out_as_half_sent(store: Store) -> None:
    await raise_alert(store, sms())
    await lease(store)
    assert await lease(store, NOON + seconds(59), "other:1") == []
    (again,) = await lease(store, NOON + seconds(60), "other:1")
    assert again.half_sent
    assert again.attempts == 1


async def test_a_restart_takes_back_its_own_at_once_and_nobody_elses(store: Store) -> None:
    await raise_alert(store, sms(1), sms(2), sms(3), sms(4))
    for owner in ("box:1", "box2:1", "box%:1", "box"):
        await lease(store, owner=owner, limit=1)
    assert await store.outbox.reclaim("box") == 2
    taken = await lease(store, owner="box:2")
    assert [(d.recipient, d.half_sent) for d in taken] == [("+447700900001", True), ("+447700900004", True)]
    assert await store.outbox.reclaim("nobody") == 0


async def test_what_is_too_old_is_not_sent_and_the_trail_says_so(store: Store) -> None:
    committed = await raise_alert(store, sms(1), sms(2))
    (held,) = await lease(store, limit=1)
    assert await lease(store, NOON + seconds(600)) == []
    assert await states(store) == {"expired": 2}
    trail = await store.audit.list(action="expired")
    sure = {entry.subject: entry.detail["may_have_been_sent"] for entry in trail}
    assert sure == {
        f"delivery {held.delivery_id}": True,
        f"delivery {committed.delivery_ids[1]}": False,
    }


async def test_what_is_being_sent_does_not_expire_under_the_sender(store: Store) -> None:
    await raise_alert(store, sms(), life_s=30)
    await lease(store)
    assert await lease(store, NOON + seconds(40), "other:1") == []
    assert await states(store) == {"sending": 1}


async def test_retry_waits_and_counts(store: Store) -> None:
    await raise_alert(store, sms())
    (taken,) = await lease(store)
    await store.outbox.retry(taken.delivery_id, LATER, "the provider is busy")
    assert await lease(store, LATER - seconds(1)) == []
    assert await store.outbox.next_due(NOON) == LATER
    (again,) = await lease(store, LATER)
    assert (again.attempts, again.half_sent) == (1, False)


async def test_retry_and_fail_come_too_late_for_what_has_arrived(store: Store) -> None:
    await raise_alert(store, sms())
    (taken,) = await lease(store)
    await store.outbox.record_receipt(taken.delivery_id, Receipt(ReceiptKind.DELIVERED, NOON, "SM1"))
    await store.outbox.retry(taken.delivery_id, LATER, "no answer")
    await store.outbox.fail(taken.delivery_id, "no answer")
    assert await states(store) == {"delivered": 1}


async def test_failed_is_final_and_in_the_trail(store: Store) -> None:
    await raise_alert(store, sms())
    (taken,) = await lease(store)
    await store.outbox.fail(taken.delivery_id, "not a mobile number")
    assert await states(store) == {"failed": 1}
    assert await lease(store, NOON + seconds(300)) == []
    (entry,) = await store.audit.list(action="failed")
    assert entry.detail == {"reason": "not a mobile number"}


async def test_next_due(store: Store) -> None:
    assert await store.outbox.next_due(NOON) is None
    await raise_alert(store, sms())
    assert await store.outbox.next_due(NOON) == NOON
    (taken,) = await lease(store)
    assert await store.outbox.next_due(NOON) == NOON + seconds(60)
    assert await store.outbox.next_due(NOON + seconds(90)) == NOON + seconds(90)
    await store.outbox.record_receipt(taken.delivery_id, Receipt(ReceiptKind.ACCEPTED, NOON))
    assert await store.outbox.next_due(NOON) is None


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ((ReceiptKind.ACCEPTED,), DeliveryState.SENT),
        ((ReceiptKind.ACCEPTED, ReceiptKind.DELIVERED), DeliveryState.DELIVERED),
        ((ReceiptKind.ACCEPTED, ReceiptKind.DELIVERED, ReceiptKind.SEEN), DeliveryState.DELIVERED),
        ((ReceiptKind.ACCEPTED, ReceiptKind.FAILED), DeliveryState.FAILED),
        ((ReceiptKind.FAILED, ReceiptKind.SEEN, ReceiptKind.ACCEPTED), DeliveryState.DELIVERED),
    ],
)
async def test_receipts_in_any_order_end_in_the_same_state(
    store: Store, kinds: Sequence[ReceiptKind], state: DeliveryState
) -> None:
    orders = list(permutations(kinds))
    await raise_alert(store, *(sms(number) for number in range(len(orders))))
    for taken, order in zip(await lease(store), orders, strict=True):
        for kind in order:
            await store.outbox.record_receipt(taken.delivery_id, Receipt(kind, NOON, f"SM{taken.delivery_id}"))
    assert await states(store) == {state.value: len(orders)}


async def test_a_receipt_by_the_providers_own_id(store: Store) -> None:
    await raise_alert(store, sms())
    (taken,) = await lease(store)
    delivered = Receipt(ReceiptKind.DELIVERED, NOON, "SM1")
    assert not await store.outbox.record_receipt_by_provider("SM1", delivered)
    await store.outbox.record_receipt(taken.delivery_id, Receipt(ReceiptKind.ACCEPTED, NOON, "SM1"))
    assert await store.outbox.record_receipt_by_provider("SM1", delivered)
    assert await states(store) == {"delivered": 1}


async def test_an_earlier_attempts_receipt_still_finds_its_delivery(store: Store) -> None:
    await raise_alert(store, sms())
    (taken,) = await lease(store)
    await store.outbox.record_receipt(taken.delivery_id, Receipt(ReceiptKind.ACCEPTED, NOON, "SM1"))
    await store.outbox.record_receipt(taken.delivery_id, Receipt(ReceiptKind.ACCEPTED, NOON, "SM2"))
    assert await store.outbox.record_receipt_by_provider("SM1", Receipt(ReceiptKind.DELIVERED, NOON, "SM1"))
    assert await states(store) == {"delivered": 1}


async def test_a_text_that_turns_out_to_have_gone_counts_as_sent(store: Store) -> None:
    """Expired while nobody knew; then the provider says that it took it."""
    await raise_alert(store, sms())
    (taken,) = await lease(store)
    await lease(store, NOON + seconds(600))
    assert await states(store) == {"expired": 1}
    await store.outbox.record_receipt(taken.delivery_id, Receipt(ReceiptKind.ACCEPTED, NOON, "SM1"))
    assert await states(store) == {"sent": 1}


async def test_receipts_need_a_delivery(store: Store) -> None:
    with pytest.raises(NotFound, match="no delivery 7"):
        await store.outbox.record_receipt(7, Receipt(ReceiptKind.ACCEPTED, NOON))


async def test_two_programs_never_hold_the_same_delivery(url: str, clock: Clock) -> None:
    async with open_store(url, clock=clock) as one, open_store(url, clock=clock) as other:
        await raise_alert(one, *(sms(number) for number in range(60)))
        rounds = await asyncio.gather(
            *(
                store.outbox.lease(NOON, owner, 60, 7)
                for _ in range(6)
                for store, owner in ((one, "a:1"), (other, "b:1"))
            )
        )
        taken = [delivery.delivery_id for leased in rounds for delivery in leased]
        assert len(taken) == len(set(taken))
        rest = await one.outbox.lease(NOON, "a:1", 60, 100)
        assert len(taken) + len(rest) == 60


async def test_an_idle_look_does_not_take_the_write_lock(store: Store, url: str, clock: Clock) -> None:
    """A gateway with nothing to send asks often; another program's long import must not make it wait."""
    async with open_store(url, clock=clock) as other, other.database.write() as session:
        await session.execute(text("SELECT 1"))
        async with asyncio.timeout(2):
            assert await lease(store) == []
            assert await store.outbox.next_due(NOON) is None
