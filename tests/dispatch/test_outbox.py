"""The outbox with a store in memory: what is sent, when, how often, and what a crash leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.deliveries import (
    Channel,
    ChannelKind,
    DeliveryFailed,
    DeliveryState,
    LeasedDelivery,
    Receipt,
    ReceiptKind,
)
from dispatch.outbox import DeliveryEvent, DeliveryStep, Outbox, OutboxRules, backoff_s
from tests.dispatch.deliveries_in_hand import NOW, MemoryStore, SetClock, leased

QUICK = OutboxRules(poll_s=0.05, least_wait_s=0.005, store_retry_s=0.01, hold_s=0.01, sms_per_second=1000)
SMS, VOICE, TEXT, MQTT = ChannelKind.SMS, ChannelKind.RADIO_VOICE, ChannelKind.RADIO_TEXT, ChannelKind.MQTT


class Recorder:
    """A channel that notes what it was asked; `script` holds what the next tries do."""

    def __init__(self, kind: ChannelKind, clock: Callable[[], datetime]) -> None:
        self._kind = kind
        self._clock = clock
        self.script: list[Exception] = []
        self.sent: list[int] = []
        self.asked: list[int] = []
        self.far_side: set[int] = set()
        self.gate: asyncio.Event | None = None
        self.most_at_once = 0
        self._at_once = 0

    @property
    def kind(self) -> ChannelKind:
        return self._kind

    async def deliver(self, delivery: LeasedDelivery) -> Receipt:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.script:
                raise self.script.pop(0)
            self.sent.append(delivery.delivery_id)
            self.far_side.add(delivery.delivery_id)
            return Receipt(ReceiptKind.ACCEPTED, self._clock(), f"far-{delivery.delivery_id}")
        finally:
            self._at_once -= 1

    async def find(self, delivery: LeasedDelivery) -> Receipt | None:
        self.asked.append(delivery.delivery_id)
        if delivery.delivery_id in self.far_side:
            return Receipt(ReceiptKind.ACCEPTED, self._clock(), f"far-{delivery.delivery_id}", "found")
        return None


class House:
    """An outbox with its surroundings."""

    def __init__(
        self, *deliveries: LeasedDelivery, kinds: Sequence[ChannelKind] = (SMS,), rules: OutboxRules = QUICK
    ) -> None:
        self.clock = SetClock()
        self.store = MemoryStore(*deliveries)
        self.channels = {kind: Recorder(kind, self.clock) for kind in kinds}
        self.events: list[DeliveryEvent] = []
        self.on_air = False
        self.rules = rules
        self.outbox = self.make()

    def make(self, instance: str = "gate-1") -> Outbox:
        channels: dict[ChannelKind, Channel] = dict(self.channels)
        radio = {VOICE, TEXT}
        return Outbox(
            self.store,
            channels,
            self.rules,
            self.clock,
            instance,
            may_send=lambda one: not (self.on_air and one.channel in radio),
            listener=self.events.append,
            jitter=lambda: 0.5,
        )

    @property
    def sms(self) -> Recorder:
        return self.channels[SMS]

    @property
    def steps(self) -> list[DeliveryStep]:
        return [event.step for event in self.events]

    def state(self, number: int = 1) -> DeliveryState:
        return self.store.rows[number].state

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.outbox.run(), name="outbox")
        try:
            yield
        finally:
            await self.outbox.stop(1.0)
            await task


async def until(true: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.002)


async def test_what_is_committed_is_sent_once() -> None:
    house = House(*(leased(number) for number in range(1, 6)))
    async with house.running():
        await until(lambda: all(house.state(n) is DeliveryState.SENT for n in range(1, 6)))
        await asyncio.sleep(0.1)
    assert sorted(house.sms.sent) == [1, 2, 3, 4, 5]
    assert house.sms.asked == []
    assert house.store.rows[1].receipts[0].provider_id == "far-1"
    assert house.steps.count(DeliveryStep.SENT) == 5


async def test_a_commit_wakes_it_at_once() -> None:
    house = House(rules=OutboxRules(poll_s=60, sms_per_second=1000))
    async with house.running():
        await until(lambda: house.store.leases >= 1)
        await asyncio.sleep(0.02)
        house.store.add(leased(1))
        house.outbox.wake()
        await until(lambda: house.state() is DeliveryState.SENT, within_s=1)


async def test_due_later_is_sent_when_due_without_being_woken() -> None:
    house = House(leased(1, created_at=NOW + timedelta(seconds=30)))
    async with house.running():
        await asyncio.sleep(0.1)
        assert house.sms.sent == []
        house.clock.move(31)
        await until(lambda: house.sms.sent == [1])


async def test_a_busy_radio_does_not_delay_the_texts() -> None:
    house = House(leased(1, VOICE), leased(2, VOICE), *(leased(n) for n in range(3, 8)), kinds=(VOICE, SMS))
    gate = house.channels[VOICE].gate = asyncio.Event()
    async with house.running():
        await until(lambda: len(house.sms.sent) == 5)
        assert house.channels[VOICE].sent == []
        gate.set()
        await until(lambda: house.channels[VOICE].sent == [1, 2])
    assert house.channels[VOICE].most_at_once == 1


async def test_texts_go_a_few_at_a_time() -> None:
    house = House(*(leased(n) for n in range(1, 13)))
    house.sms.gate = asyncio.Event()
    async with house.running():
        await until(lambda: house.sms.most_at_once == QUICK.sms_at_once)
        await asyncio.sleep(0.05)
        assert house.sms.most_at_once == QUICK.sms_at_once
        house.sms.gate.set()
        await until(lambda: len(house.sms.sent) == 12)


async def test_texts_keep_the_pace() -> None:
    rules = OutboxRules(poll_s=0.05, least_wait_s=0.005, sms_per_second=50)
    house = House(*(leased(n) for n in range(1, 11)), rules=rules)
    began = asyncio.get_running_loop().time()
    async with house.running():
        await until(lambda: len(house.sms.sent) == 10)
    assert asyncio.get_running_loop().time() - began >= 9 / 50


async def test_tries_again_with_growing_patience_and_asks_first() -> None:
    house = House(leased(1))
    house.sms.script = [DeliveryFailed("busy", retryable=True), DeliveryFailed("busy", retryable=True)]
    async with house.running():
        await until(lambda: house.store.rows[1].reason == "busy")
        assert house.store.rows[1].not_before == NOW + timedelta(seconds=1.5)
        house.clock.move(1.6)
        await until(lambda: house.steps.count(DeliveryStep.RETRY) == 2)
        assert house.store.rows[1].not_before == house.clock() + timedelta(seconds=3)
        house.clock.move(3.1)
        await until(lambda: house.state() is DeliveryState.SENT)
    assert house.sms.sent == [1]
    assert house.sms.asked == [1, 1]


async def test_the_far_sides_wish_counts() -> None:
    house = House(leased(1))
    house.sms.script = [DeliveryFailed("429", retryable=True, retry_after_s=45)]
    async with house.running():
        await until(lambda: house.steps.count(DeliveryStep.RETRY) == 1)
    assert house.store.rows[1].not_before == NOW + timedelta(seconds=45)


async def test_an_answer_that_got_lost_is_not_sent_twice() -> None:
    house = House(leased(1))
    house.sms.script = [DeliveryFailed("no answer", retryable=True)]
    async with house.running():
        await until(lambda: house.steps.count(DeliveryStep.RETRY) == 1)
        house.sms.far_side.add(1)  # it had arrived all the same
        house.clock.move(10)
        await until(lambda: house.state() is DeliveryState.SENT)
    assert house.sms.sent == []
    assert house.steps[-1] is DeliveryStep.FOUND


async def test_hopeless_is_not_tried_again() -> None:
    house = House(leased(1))
    house.sms.script = [DeliveryFailed("opted out", retryable=False)]
    async with house.running():
        await until(lambda: house.state() is DeliveryState.FAILED)
    assert house.store.rows[1].reason == "opted out"
    assert house.events[-1].receipt is not None
    assert house.events[-1].receipt.kind is ReceiptKind.FAILED


async def test_tries_are_used_up() -> None:
    house = House(leased(1, expires_at=NOW + timedelta(days=1)))
    house.sms.script = [DeliveryFailed("down", retryable=True) for _ in range(50)]
    async with house.running():
        for tries in range(1, QUICK.max_tries):
            await until(lambda tries=tries: house.steps.count(DeliveryStep.RETRY) == tries)  # type: ignore[misc]
            house.clock.move(100)
        await until(lambda: house.state() is DeliveryState.FAILED)
    assert house.store.rows[1].reason == "gave up after 6 tries: down"
    assert len(house.sms.script) == 44


async def test_no_try_after_it_would_be_too_old() -> None:
    house = House(leased(1, expires_at=NOW + timedelta(seconds=40)))
    house.sms.script = [DeliveryFailed("later", retryable=True, retry_after_s=60)]
    async with house.running():
        await until(lambda: house.state() is DeliveryState.FAILED)
    assert house.store.rows[1].reason == "too old by the next try: later"


async def test_expired_between_lease_and_sending_is_not_sent() -> None:
    house = House(leased(1))

    async def slow_lease(*given: object) -> tuple[LeasedDelivery, ...]:
        taken = await MemoryStore.lease(house.store, *given)  # type: ignore[arg-type]
        house.clock.move(3600)
        return taken

    house.store.lease = slow_lease  # type: ignore[method-assign, assignment]
    async with house.running():
        await until(lambda: house.state() is DeliveryState.EXPIRED)
    assert house.sms.sent == []
    assert DeliveryStep.EXPIRED in house.steps


async def test_held_back_while_an_emergency_is_on_the_air_at_no_cost_of_tries() -> None:
    house = House(leased(1, VOICE), leased(2), kinds=(VOICE, SMS))
    house.on_air = True
    async with house.running():
        await until(lambda: house.sms.sent == [2])
        for _ in range(3 * QUICK.max_tries):
            house.clock.move(1)
            held = house.steps.count(DeliveryStep.HELD)
            await until(lambda held=held: house.steps.count(DeliveryStep.HELD) > held)  # type: ignore[misc]
        assert house.channels[VOICE].sent == []
        house.channels[VOICE].script = [DeliveryFailed("busy", retryable=True)]
        house.on_air = False
        house.clock.move(1)
        await until(lambda: house.steps.count(DeliveryStep.RETRY) == 1)
        house.clock.move(2)
        await until(lambda: house.channels[VOICE].sent == [1])


async def test_a_held_delivery_lets_others_pass() -> None:
    house = House(leased(1, VOICE, recipient="red"), leased(2, VOICE, recipient="blue"), kinds=(VOICE,))
    house.outbox = Outbox(
        house.store, dict(house.channels), QUICK, house.clock, "gate-1", may_send=lambda one: one.recipient == "blue"
    )
    async with house.running():
        await until(lambda: house.channels[VOICE].sent == [2])
    assert house.state(1) is DeliveryState.PENDING


async def test_after_a_crash_what_had_arrived_is_not_sent_again_and_the_rest_is() -> None:
    house = House(*(leased(n) for n in range(1, 4)))
    house.sms.gate = asyncio.Event()
    task = asyncio.create_task(house.outbox.run())
    await until(lambda: house.sms.most_at_once == 3)
    task.cancel()  # as a kill: nothing is recorded
    await asyncio.gather(task, return_exceptions=True)
    assert {house.state(n) for n in range(1, 4)} == {DeliveryState.SENDING}
    house.sms.far_side = {2}
    house.sms.gate = None
    house.outbox = house.make()
    async with house.running():
        await until(lambda: all(house.state(n) is DeliveryState.SENT for n in range(1, 4)))
    assert sorted(house.sms.asked) == [1, 2, 3]
    assert sorted(house.sms.sent) == [1, 3]


async def test_another_instance_waits_for_the_lease_to_lapse() -> None:
    house = House(leased(1))
    await house.store.lease(NOW, "gate-2", 120, 1, (SMS,))
    async with house.running():
        await asyncio.sleep(0.1)
        assert house.sms.sent == []
        house.clock.move(121)
        await until(lambda: house.sms.sent == [1])
    assert house.sms.asked == [1]


async def test_while_the_far_side_cannot_be_asked_nothing_is_sent_blindly() -> None:
    house = House(leased(1))
    await house.store.lease(NOW, "gate-1", 120, 1, (SMS,))
    answers: list[Exception | None] = [DeliveryFailed("no answer to look up", retryable=True), None]

    async def find(delivery: LeasedDelivery) -> Receipt | None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return Receipt(ReceiptKind.DELIVERED, NOW, "far-1", "found")

    house.sms.find = find  # type: ignore[method-assign]
    async with house.running():
        await until(lambda: house.steps == [DeliveryStep.RETRY])
        house.clock.move(10)
        await until(lambda: house.state() is DeliveryState.DELIVERED)
    assert house.sms.sent == []


async def test_an_arrived_one_is_recorded_even_when_its_time_is_over() -> None:
    house = House(leased(1))
    await house.store.lease(NOW, "gate-1", 120, 1, (SMS,))
    house.sms.far_side = {1}
    house.clock.move(3600)
    async with house.running():
        await until(lambda: house.state() is DeliveryState.SENT)


async def test_a_store_that_goes_away_only_delays() -> None:
    house = House(leased(1))
    house.store.away = True
    async with house.running():
        await asyncio.sleep(0.05)
        assert house.sms.sent == []
        house.store.away = False
        await until(lambda: house.sms.sent == [1])
        # Away in the middle of a try: the receipt waits, the text is not sent again.
        house.sms.gate = asyncio.Event()
        house.store.add(leased(2))
        house.outbox.wake()
        await until(lambda: house.outbox.in_hand == 1)
        house.store.away = True
        house.sms.gate.set()
        await until(lambda: house.sms.sent == [1, 2])
        await asyncio.sleep(0.05)
        house.store.away = False
        await until(lambda: house.state(2) is DeliveryState.SENT)
    assert house.sms.sent == [1, 2]


async def test_a_delivery_that_was_purged_meanwhile_does_not_block_the_lane() -> None:
    class RowGoneError(Exception):
        retryable = False

    house = House(leased(1), leased(2))
    record = house.store.record_receipt

    async def purged(delivery_id: int, receipt: Receipt) -> None:
        if delivery_id == 1:
            raise RowGoneError
        await record(delivery_id, receipt)

    house.store.record_receipt = purged  # type: ignore[method-assign]
    async with house.running():
        await until(lambda: house.state(2) is DeliveryState.SENT and house.outbox.in_hand == 0)


async def test_a_fault_in_one_channel_leaves_the_others_working() -> None:
    house = House(leased(1, VOICE), leased(2), kinds=(VOICE, SMS))
    house.channels[VOICE].script = [ZeroDivisionError("a mistake of ours")]
    async with house.running():
        await until(lambda: house.sms.sent == [2])
        await until(lambda: "ZeroDivisionError" in house.store.rows[1].reason)
        house.clock.move(5)
        await until(lambda: house.channels[VOICE].sent == [1])


async def test_a_try_without_end_is_cut_off() -> None:
    rules = OutboxRules(lease_s=10, try_limit_s=0.05, poll_s=0.05, sms_per_second=1000)
    house = House(leased(1), rules=rules)
    house.sms.gate = asyncio.Event()
    async with house.running():
        await until(lambda: DeliveryStep.RETRY in house.steps)
    assert "no outcome" in house.store.rows[1].reason


async def test_an_orderly_stop_lets_the_one_in_hand_finish_and_takes_no_more() -> None:
    house = House(leased(1, VOICE), leased(2, VOICE), kinds=(VOICE,))
    gate = house.channels[VOICE].gate = asyncio.Event()
    task = asyncio.create_task(house.outbox.run())
    await until(lambda: house.outbox.in_hand == 1)
    stopping = asyncio.create_task(house.outbox.stop(2.0))
    await asyncio.sleep(0.02)
    gate.set()
    await stopping
    await task
    assert house.channels[VOICE].sent == [1]
    assert house.state(1) is DeliveryState.SENT
    assert house.state(2) is DeliveryState.PENDING


async def test_a_stop_does_not_wait_for_ever_and_leaves_the_lease() -> None:
    house = House(leased(1))
    house.sms.gate = asyncio.Event()
    task = asyncio.create_task(house.outbox.run())
    await until(lambda: house.outbox.in_hand == 1)
    async with asyncio.timeout(2):
        await house.outbox.stop(0.05)
        await task
    assert house.state() is DeliveryState.SENDING
    assert house.sms.sent == []


async def test_stopping_what_never_ran() -> None:
    await House().outbox.stop(0.1)


async def test_idle_is_quiet() -> None:
    house = House(rules=OutboxRules(poll_s=60))
    async with house.running():
        await asyncio.sleep(0.1)
    assert house.store.leases == 1


async def test_work_that_another_lane_is_busy_with_does_not_make_this_one_spin() -> None:
    rules = OutboxRules(poll_s=60, least_wait_s=0.05)
    house = House(leased(1, VOICE), leased(2, VOICE), kinds=(VOICE, SMS), rules=rules)
    gate = house.channels[VOICE].gate = asyncio.Event()
    async with house.running():
        await asyncio.sleep(0.3)
        assert house.store.leases < 12
        gate.set()


@given(st.integers(1, 1000), st.floats(0, 1))
def test_backoff_is_bounded_and_never_zero(tries: int, jitter: float) -> None:
    rules = OutboxRules()
    wait = backoff_s(tries, rules, jitter)
    assert rules.first_retry_s / 2 <= wait <= rules.longest_retry_s
    if jitter < 1:
        assert backoff_s(tries, rules, jitter) <= backoff_s(tries + 1, rules, jitter)


@pytest.mark.parametrize("wrong", [{"lease_s": 10, "try_limit_s": 10}, {"max_tries": 0}, {"sms_per_second": 0}])
def test_rules_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        OutboxRules(**wrong)  # type: ignore[arg-type]
