"""Everything of a decision is kept, or nothing; and never twice."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from dispatch.calls import (
    AlertKind,
    Call,
    Decision,
    DecisionKind,
    Description,
    Intent,
    Mention,
    MentionKind,
    PlaceRead,
    Priority,
    Span,
)
from dispatch.deliveries import ChannelKind, NewDelivery, Receipt, ReceiptKind
from dispatch.people import NoticeState
from dispatch.store.errors import DuplicateAlert, NotFound, StoreError
from dispatch.store.store import Store, open_store
from dispatch.store.tables.heard import MatchOutcome
from dispatch.store.transmissions import TransmissionState
from tests.dispatch.store.making import (
    NOON,
    VOICE,
    alert,
    call,
    decision,
    fill_register,
    match,
    raise_alert,
    record,
    seconds,
    sms,
    transcript,
)


async def count(store: Store, table: str) -> int:
    """Rows of a table."""
    async with store.database.read() as session:
        number = await session.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - names from this file
    assert isinstance(number, int)
    return number


async def test_numbers_go_up_and_are_never_given_twice(url: str) -> None:
    async with open_store(url) as one, open_store(url) as other:
        stores = [one, other] * 10
        numbers = await asyncio.gather(*(store.decisions.reserve_number() for store in stores))
    async with open_store(url) as store:
        numbers.append(await store.decisions.reserve_number())
    assert sorted(numbers) == list(range(1, 22))


async def test_everything_is_kept(store: Store) -> None:
    wendell, perpetua = await fill_register(store)
    transmission_id = await record(store)
    await store.transmissions.save_transcript(transmission_id, transcript())
    surest, unsure = match(wendell), match(perpetua, 0.55)
    said = Call(
        text="Control from Superdrug, Wendell Ackerby",
        intent=Intent.SIGHTING,
        caller="Superdrug",
        called="Control",
        mentions=(Mention("DT one four two", MentionKind.REF, Span(0, 5), "142", hedged=True),),
        negations=(Span(3, 9),),
        place=PlaceRead("Superdrug", "super drug"),
        heading="towards the station",
        description=Description(sex="male", ic="IC1", upper="grey hoodie"),
        priority=Priority.HIGH,
        reasons=("opening names the caller",),
    )
    decided = Decision(DecisionKind.ALERT, "said in full", AlertKind.SIGHTING, (surest,), (unsure,), Priority.HIGH)
    new = alert(1, people=(wendell,))
    committed = await store.decisions.commit(
        transmission_id, said, (surest, unsure), decided, new, NOON, {"speech": 0.41, "reading": 0.002}
    )
    assert len(committed.delivery_ids) == 2
    assert not committed.repeated
    (entry,) = await store.transmissions.search()
    assert entry.state is TransmissionState.DECIDED
    assert (entry.intent, entry.caller, entry.place) == (Intent.SIGHTING, "Superdrug", "Superdrug")
    assert (entry.heading, entry.priority) == ("towards the station", Priority.HIGH)
    assert (entry.decision, entry.decision_reason) == (DecisionKind.ALERT, "said in full")
    assert entry.timings == {"speech": 0.41, "reading": 0.002}
    assert (entry.alert_id, entry.alert_number, entry.alert_kind) == (committed.alert_id, 1, AlertKind.SIGHTING)
    shown = [(person.reference, person.outcome, person.confidence, person.notice) for person in entry.people]
    assert shown == [
        ("DT-0142", MatchOutcome.NAMED, 0.94, NoticeState.ACTIVE),
        ("DT-0201", MatchOutcome.REVIEW, 0.55, NoticeState.ACTIVE),
    ]
    (trail,) = await store.audit.list(action="decided")
    assert trail.detail["named"] == ["DT-0142"]
    assert trail.detail["alert"] == 1
    assert await count(store, "alert_notices") == 1


async def test_a_decision_without_alert(store: Store) -> None:
    transmission_id = await record(store)
    committed = await store.decisions.commit(
        transmission_id, call(Intent.CHATTER), (), decision(DecisionKind.LOG), None, NOON, {}
    )
    assert (committed.alert_id, committed.delivery_ids) == (None, ())
    assert await store.transmissions.unfinished() == ()


async def test_the_second_commit_gives_the_first_result(store: Store) -> None:
    transmission_id = await record(store)
    first = await store.decisions.commit(transmission_id, call(), (), decision(), alert(1), NOON, {})
    second = await store.decisions.commit(transmission_id, call(), (), decision(), alert(2, sms(9)), NOON, {})
    assert second.repeated
    assert (second.call_id, second.alert_id, second.delivery_ids) == (
        first.call_id,
        first.alert_id,
        first.delivery_ids,
    )
    assert await count(store, "alerts") == 1
    assert await count(store, "deliveries") == 2


async def test_ten_at_once_make_one_alert(url: str) -> None:
    async with open_store(url) as one, open_store(url) as other:
        transmission_id = await record(one)
        results = await asyncio.gather(
            *(
                store.decisions.commit(transmission_id, call(), (), decision(), alert(number), NOON, {})
                for number, store in enumerate((one, other) * 5)
            )
        )
        assert len({result.alert_id for result in results}) == 1
        assert sum(not result.repeated for result in results) == 1
        assert await count(one, "alerts") == await count(one, "calls") == 1
        assert await count(one, "deliveries") == 2


async def test_a_number_can_not_be_used_twice_and_nothing_is_left_of_the_try(store: Store) -> None:
    await store.decisions.commit(await record(store, "a1"), call(), (), decision(), alert(1), NOON, {})
    second = await record(store, "a2")
    with pytest.raises(DuplicateAlert, match="number 1 is taken"):
        await store.decisions.commit(second, call(), (), decision(), alert(1), NOON, {})
    assert await count(store, "calls") == 1
    assert (await store.transmissions.get(second)).state is TransmissionState.RECORDED


async def test_nothing_is_left_of_a_commit_that_breaks_in_the_middle(store: Store) -> None:
    """A delivery to a contact that does not exist: the last thing written fails, and all before it goes."""
    transmission_id = await record(store)
    broken = NewDelivery(ChannelKind.SMS, "+447700900002", "body", contact_id=999)
    with pytest.raises(StoreError):
        await store.decisions.commit(transmission_id, call(), (), decision(), alert(1, broken), NOON, {})
    for table in ("calls", "alerts", "deliveries", "matches"):
        assert await count(store, table) == 0
    assert await store.audit.list(action="decided") == ()
    assert (await store.transmissions.get(transmission_id)).state is TransmissionState.RECORDED


async def test_no_decision_without_transmission(store: Store) -> None:
    with pytest.raises(NotFound, match="no transmission 7"):
        await store.decisions.commit(7, call(), (), decision(), None, NOON, {})


async def test_the_same_recipient_twice_gets_one_delivery(store: Store) -> None:
    committed = await raise_alert(store, sms(1, "first"), sms(2), sms(1, "second"))
    leased = await store.outbox.lease(NOON, "box:1", 60, 9)
    assert [(d.recipient, d.body) for d in leased] == [
        ("+447700900001", "first"),
        ("+447700900002", "HC1 DT-0142 Superdrug"),
    ]
    assert len(committed.delivery_ids) == 2


async def test_live_alerts_are_young_not_ended_and_newest_first(store: Store) -> None:
    people = await fill_register(store)
    old = await raise_alert(store, at=NOON - seconds(700))
    first = await raise_alert(store, at=NOON - seconds(60), people=people)
    ended = await raise_alert(store, at=NOON - seconds(50))
    second = await raise_alert(store, at=NOON - seconds(40))
    assert ended.alert_id is not None
    await raise_alert(store, at=NOON - seconds(10), kind=AlertKind.STAND_DOWN, ends=(ended.alert_id,))
    live = await store.decisions.live_alerts(NOON, 600)
    assert [found.alert_id for found in live] == [second.alert_id, first.alert_id]
    assert live[1].references == ("DT-0142", "DT-0201")
    assert live[1].offender_ids == tuple(person.offender_id for person in people)
    assert (live[1].radio_channel, live[1].caller, live[1].place) == ("town", "Superdrug", "Superdrug")
    assert old.alert_id in {found.alert_id for found in await store.decisions.live_alerts(NOON, 701)}


async def test_reached_is_who_was_or_may_have_been_told(store: Store) -> None:
    """Sent, on its way, half-sent when a process died: yes. Never begun, or refused by the far side: no."""
    await raise_alert(store, *(sms(number) for number in range(1, 7)))
    taken = await store.outbox.lease(NOON, "box:1", 60, 5)
    await store.outbox.record_receipt(taken[0].delivery_id, Receipt(ReceiptKind.ACCEPTED, NOON, "SM0"))
    await store.outbox.record_receipt(taken[1].delivery_id, Receipt(ReceiptKind.DELIVERED, NOON, "SM1"))
    await store.outbox.record_receipt(taken[2].delivery_id, Receipt(ReceiptKind.FAILED, NOON, "SM2"))
    await store.outbox.retry(taken[3].delivery_id, NOON + seconds(60), "no answer within 100 s")
    (live,) = await store.decisions.live_alerts(NOON, 600)
    assert [d.recipient[-1] for d in live.reached] == ["1", "2", "4", "5"]
    await store.outbox.reclaim("box")
    await store.outbox.lease(NOON + seconds(601), "box:2", 60, 9)  # all that is left expires
    (live,) = await store.decisions.live_alerts(NOON, 600)
    assert [d.recipient[-1] for d in live.reached] == ["1", "2", "4", "5"]


async def test_an_ending_cancels_what_is_still_pending(store: Store) -> None:
    first = await raise_alert(store, sms(1), sms(2))
    assert first.alert_id is not None
    (taken,) = await store.outbox.lease(NOON, "box:1", 60, 1)
    ending = await raise_alert(store, sms(1, "stand down"), kind=AlertKind.STAND_DOWN, ends=(first.alert_id,))
    (left,) = await store.outbox.lease(NOON, "box:1", 60, 9)
    assert (left.alert_id, left.body) == (ending.alert_id, "stand down")
    await store.outbox.record_receipt(taken.delivery_id, Receipt(ReceiptKind.DELIVERED, NOON, "SM1"))
    counts = {state.value: number for state, number in (await store.outbox.counts()).items() if number}
    assert counts == {"delivered": 1, "cancelled": 1, "sending": 1}
    (trail,) = await store.audit.list(action="ended alerts")
    assert trail.detail["cancelled"] == [first.delivery_ids[1]]


async def test_an_ending_reaches_whom_the_alert_reached_in_the_meantime(store: Store) -> None:
    """Between the look at live alerts and the commit, the sender took another text in hand."""
    first = await raise_alert(store, VOICE, sms(1), sms(2))
    assert first.alert_id is not None
    await store.outbox.lease(NOON, "box:1", 60, 9)
    await raise_alert(store, VOICE, sms(1, "stand down"), kind=AlertKind.STAND_DOWN, ends=(first.alert_id,))
    told = await store.outbox.lease(NOON, "box:1", 60, 9)
    assert [(d.channel, d.recipient) for d in told] == [
        (ChannelKind.RADIO_VOICE, "town"),
        (ChannelKind.SMS, "+447700900001"),
        (ChannelKind.SMS, "+447700900002"),
    ]
    assert told[2].body == "stand down"


async def test_an_ending_without_words_for_a_channel_says_so_in_the_trail(store: Store) -> None:
    first = await raise_alert(store, VOICE, sms(1))
    assert first.alert_id is not None
    await store.outbox.lease(NOON, "box:1", 60, 9)
    await raise_alert(store, VOICE, kind=AlertKind.CORRECTION, ends=(first.alert_id,))
    (trail,) = await store.audit.list(action="not told of the end")
    assert trail.subject == f"delivery {first.delivery_ids[1]}"


async def test_an_update_leaves_the_alert_it_continues_alive(store: Store) -> None:
    first = await raise_alert(store, sms(1))
    transmission_id = await record(store, "later")
    new = alert(9, sms(1), at=NOON + seconds(60), updates=first.alert_id)
    await store.decisions.commit(transmission_id, call(), (), decision(), new, NOON + seconds(60), {})
    live = await store.decisions.live_alerts(NOON + seconds(60), 600)
    assert [found.number for found in live] == [9, 1]
