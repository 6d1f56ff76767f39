"""Sends what was committed: takes deliveries in hand under a lease, hands them to their channel, records what came back.

Promises:

- Only what is in the store is sent, so a crash loses nothing; what was in hand when a process died comes back as
  `half_sent` and is looked up at the far side before it is sent again. The same goes for every further try, because
  "no answer" does not mean "not sent".
- Nothing is sent after its alert has expired. Nothing is tried for ever.
- One lane for each kind of channel, so a busy radio never delays the texts.
- While the store is away nothing is lost: sending pauses, receipts in hand wait.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from traceback import walk_tb

import structlog

from dispatch.deliveries import Channel, ChannelKind, DeliveryFailed, LeasedDelivery, Receipt, ReceiptKind
from dispatch.outbox_rules import DeliveryEvent, DeliveryStep, DeliveryStore, OutboxRules, backoff_s

__all__ = ["DeliveryEvent", "DeliveryStep", "DeliveryStore", "Outbox", "OutboxRules", "backoff_s"]

log = structlog.get_logger(__name__)

Clock = Callable[[], datetime]
MaySend = Callable[[LeasedDelivery], bool]
Listener = Callable[[DeliveryEvent], None]


def _always(_delivery: LeasedDelivery) -> bool:
    return True


def _nobody(_event: DeliveryEvent) -> None:
    return None


def _where(error: BaseException) -> str:
    """The innermost line of an error."""
    at, line = "", 0
    for frame, line in walk_tb(error.__traceback__):  # noqa: B007 - the last one is wanted
        at = frame.f_code.co_filename
    return f"{at}:{line}"


class Outbox:
    """The sender. Construct (no I/O), then `run()` in a task of its own until `stop()` or cancellation.

    Args:
        store: the committed deliveries.
        channels: how each kind is sent. Kinds without a channel stay pending until they expire.
        rules: leases, tries and pace.
        clock: aware UTC now.
        instance: this process's lasting name, the same after a restart, so that it takes back its own leases at once.
        may_send: False holds a delivery back for now (radio channels while an emergency is on the air). A delivery held
            back costs no try.
        listener: told of every step, inside the event loop; must be quick.
        jitter: gives 0-1, to spread tries.
    """

    def __init__(
        self,
        store: DeliveryStore,
        channels: Mapping[ChannelKind, Channel],
        rules: OutboxRules,
        clock: Clock,
        instance: str,
        *,
        may_send: MaySend = _always,
        listener: Listener = _nobody,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._store = store
        self._channels = dict(channels)
        self._rules = rules
        self._clock = clock
        self._instance = instance
        self._may_send = may_send
        self._listener = listener
        self._jitter = jitter
        self._wakers = {kind: asyncio.Event() for kind in self._channels}
        self._in_hand: set[asyncio.Task[None]] = set()
        self._held: dict[int, int] = {}
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._running = False
        self._store_away = False

    @property
    def in_hand(self) -> int:
        """Deliveries being sent at this moment."""
        return len(self._in_hand)

    def wake(self) -> None:
        """Something new was committed, or what held deliveries back is over: look at once. Call inside the event loop."""
        for waker in self._wakers.values():
            waker.set()

    async def run(self) -> None:
        """Send until `stop()`; then return. Cancelling it leaves what is in hand under its lease."""
        self._running = True
        try:
            await self._reclaim()
            async with asyncio.TaskGroup() as lanes:
                for kind in self._channels:
                    lanes.create_task(self._lane(kind), name=f"outbox {kind}")
        finally:
            self._running = False
            self._ended.set()

    async def stop(self, within_s: float) -> None:
        """Take nothing new in hand and let what is in hand finish.

        What has not finished after `within_s` seconds is cut off and stays leased: the next process finds it half-sent
        and asks the far side first.
        """
        self._stopping.set()
        self.wake()
        if not self._running:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._ended.wait()
                return
        log.warning("outbox.cut_off", in_hand=len(self._in_hand))
        for task in tuple(self._in_hand):
            task.cancel()
        await self._ended.wait()

    # -- lanes ----------------------------------------------------------------------------------------------------

    async def _reclaim(self) -> None:
        """Take back what an earlier process of this name had in hand."""
        while not self._stopping.is_set():
            try:
                await self._store.reclaim(self._instance)
            except Exception as error:  # noqa: BLE001 - the store's errors are its own; any of them means "try again"
                self._store_failed(error)
                await self._pause(self._rules.store_retry_s)
            else:
                self._store_works()
                return

    async def _lane(self, kind: ChannelKind) -> None:
        """Everything of one kind, a few at a time, with a pace."""
        at_once, gap_s = self._rules.pace(kind)
        waker = self._wakers[kind]
        mine: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while not self._stopping.is_set():
                waker.clear()
                free = at_once - len(mine)
                taken = await self._take(kind, 1 if gap_s else free) if free > 0 else ()
                for delivery in taken:
                    task = group.create_task(self._send(delivery), name=f"deliver {kind} {delivery.delivery_id}")
                    for held in (mine, self._in_hand):
                        held.add(task)
                        task.add_done_callback(held.discard)
                    task.add_done_callback(lambda _: waker.set())
                if taken:
                    await self._pause(gap_s)
                else:
                    await self._until_woken(waker, await self._idle_s() if free > 0 else self._rules.poll_s)

    async def _take(self, kind: ChannelKind, limit: int) -> tuple[LeasedDelivery, ...]:
        try:
            taken = await self._store.lease(self._clock(), self._instance, self._rules.lease_s, limit, (kind,))
        except Exception as error:  # noqa: BLE001 - as above: nothing is sent while the store can't be asked
            self._store_failed(error)
            return ()
        self._store_works()
        return taken

    async def _idle_s(self) -> float:
        """Seconds until a look is worth while, when nobody wakes us."""
        if self._store_away:
            return self._rules.store_retry_s
        try:
            due = await self._store.next_due(self._clock())
        except Exception as error:  # noqa: BLE001 - as above
            self._store_failed(error)
            return self._rules.store_retry_s
        if due is None:
            return self._rules.poll_s
        # At least a little: what is due may belong to another lane that is busy.
        return min(max((due - self._clock()).total_seconds(), self._rules.least_wait_s), self._rules.poll_s)

    async def _until_woken(self, waker: asyncio.Event, within_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await waker.wait()

    async def _pause(self, seconds: float) -> None:
        """Wait, but not beyond the wish to stop."""
        if seconds > 0:
            await self._until_woken(self._stopping, seconds)

    # -- one delivery ---------------------------------------------------------------------------------------------

    async def _send(self, delivery: LeasedDelivery) -> None:
        """One try, with its outcome recorded. Raises nothing but cancellation."""
        channel = self._channels[delivery.channel]
        try:
            async with asyncio.timeout(self._rules.try_limit_s):
                receipt, found = await self._attempt(channel, delivery)
        except DeliveryFailed as failure:
            await self._failed(delivery, failure)
        except TimeoutError:
            reason = f"no outcome within {self._rules.try_limit_s:.0f} s"
            await self._failed(delivery, DeliveryFailed(reason, retryable=True))
        except Exception as error:  # noqa: BLE001 - a fault in one channel must not silence the others
            # No full traceback: formatting one reads source files, and pretty ones show texts and numbers.
            fault = f"{type(error).__name__} at {_where(error)}"
            log.warning("outbox.channel_fault", kind=delivery.channel, delivery=delivery.delivery_id, fault=fault)
            await self._failed(delivery, DeliveryFailed(f"fault in the channel: {fault}", retryable=True))
        else:
            if receipt is None:
                return
            await self._record(lambda: self._store.record_receipt(delivery.delivery_id, receipt))
            self._held.pop(delivery.delivery_id, None)
            self._tell(delivery, DeliveryStep.FOUND if found else DeliveryStep.SENT, receipt.detail, receipt)

    async def _attempt(self, channel: Channel, delivery: LeasedDelivery) -> tuple[Receipt | None, bool]:
        """The receipt and whether it was found rather than earned; no receipt when it was held back or is too old."""
        if delivery.half_sent or delivery.attempts > 0:
            found = await channel.find(delivery)
            if found is not None:
                return found, True
        now = self._clock()
        if now >= delivery.expires_at:
            await self._expire(delivery, now)
            return None, False
        if not self._may_send(delivery):
            await self._hold(delivery, now)
            return None, False
        self._tell(delivery, DeliveryStep.SENDING)
        return await channel.deliver(delivery), False

    async def _expire(self, delivery: LeasedDelivery, now: datetime) -> None:
        """Back to the store as due now: its lease marks what is past its time as expired, so that rule has one home."""
        self._held.pop(delivery.delivery_id, None)
        await self._record(lambda: self._store.retry(delivery.delivery_id, now, "too old to be of use"))
        self._tell(delivery, DeliveryStep.EXPIRED, "too old to be of use")

    async def _hold(self, delivery: LeasedDelivery, now: datetime) -> None:
        again = min(now + timedelta(seconds=self._rules.hold_s), delivery.expires_at)
        self._held[delivery.delivery_id] = self._held.get(delivery.delivery_id, 0) + 1
        reason = "held back: the channel is kept free"
        await self._record(lambda: self._store.retry(delivery.delivery_id, again, reason))
        self._tell(delivery, DeliveryStep.HELD, reason)

    async def _failed(self, delivery: LeasedDelivery, failure: DeliveryFailed) -> None:
        tries = delivery.attempts + 1 - self._held.get(delivery.delivery_id, 0)
        now = self._clock()
        wait_s = max(backoff_s(tries, self._rules, self._jitter()), failure.retry_after_s or 0.0)
        again = now + timedelta(seconds=wait_s)
        if not failure.retryable:
            reason = failure.detail
        elif tries >= self._rules.max_tries:
            reason = f"gave up after {tries} tries: {failure.detail}"
        elif again >= delivery.expires_at:
            reason = f"too old by the next try: {failure.detail}"
        else:
            await self._record(lambda: self._store.retry(delivery.delivery_id, again, failure.detail))
            self._tell(delivery, DeliveryStep.RETRY, failure.detail)
            return
        log.warning("outbox.failed", kind=delivery.channel, delivery=delivery.delivery_id, reason=reason)
        await self._record(lambda: self._store.fail(delivery.delivery_id, reason))
        self._held.pop(delivery.delivery_id, None)
        receipt = Receipt(ReceiptKind.FAILED, now, detail=reason)
        self._tell(delivery, DeliveryStep.FAILED, reason, receipt)

    async def _record(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write an outcome, as often as it takes: forgetting it would send the alert again."""
        while True:
            try:
                await write()
            except Exception as error:  # noqa: BLE001 - as above
                if getattr(error, "retryable", True) is False:
                    log.warning("outbox.not_recorded", error=repr(error))
                    return
                self._store_failed(error)
                await asyncio.sleep(self._rules.store_retry_s)
            else:
                self._store_works()
                return

    def _tell(
        self, delivery: LeasedDelivery, step: DeliveryStep, detail: str = "", receipt: Receipt | None = None
    ) -> None:
        self._listener(DeliveryEvent(step, self._clock(), delivery, detail, receipt))

    # -- the store's health, told once ----------------------------------------------------------------------------

    def _store_failed(self, error: Exception) -> None:
        if not self._store_away:
            log.error("outbox.store_away", error=repr(error), next="nothing is sent until the database answers")
        self._store_away = True

    def _store_works(self) -> None:
        if self._store_away:
            log.info("outbox.store_back")
        self._store_away = False
