"""Leased deliveries for tests, and a store that keeps them in memory with the rules of the real one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from dispatch.calls import AlertKind, Priority
from dispatch.deliveries import ChannelKind, DeliveryState, LeasedDelivery, Receipt, ReceiptKind

NOW = datetime(2026, 3, 14, 14, 5, tzinfo=UTC)


def leased(number: int = 1, channel: ChannelKind = ChannelKind.SMS, **changes: object) -> LeasedDelivery:
    """A text about alert 731, ten minutes to live."""
    usual = LeasedDelivery(
        delivery_id=number,
        idempotency_key=f"key-{number}",
        alert_id=7,
        alert_number=731,
        alert_kind=AlertKind.SIGHTING,
        priority=Priority.NORMAL,
        channel=channel,
        recipient="+447700900123",
        body="FERN 14:05 Ref 0199 seen Quill Books, to station. F, green coat. Do not detain. Alert 0731",
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        attempts=0,
        half_sent=False,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # the names are checked at run time


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        """Forward."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Row:
    """One delivery as stored."""

    delivery: LeasedDelivery
    state: DeliveryState = DeliveryState.PENDING
    not_before: datetime = NOW
    attempts: int = 0
    lease_until: datetime | None = None
    owner: str = ""
    half_sent: bool = False
    reason: str = ""
    receipts: list[Receipt] = field(default_factory=list)


class MemoryStore:
    """`DeliveryStore` in memory. `away` makes every call fail."""

    def __init__(self, *deliveries: LeasedDelivery) -> None:
        self.rows = {one.delivery_id: Row(one, not_before=one.created_at) for one in deliveries}
        self.away = False
        self.leases = 0

    def add(self, delivery: LeasedDelivery) -> None:
        """Commit one more."""
        self.rows[delivery.delivery_id] = Row(delivery, not_before=delivery.created_at)

    def _there(self) -> None:
        if self.away:
            raise ConnectionError("the database is away")

    async def lease(
        self, now: datetime, owner: str, lease_s: float, limit: int, kinds: Sequence[ChannelKind]
    ) -> tuple[LeasedDelivery, ...]:
        self._there()
        self.leases += 1
        taken: list[LeasedDelivery] = []
        for row in self.rows.values():
            if row.delivery.channel not in kinds:
                continue
            lapsed = row.state is DeliveryState.SENDING and row.lease_until is not None and row.lease_until <= now
            if lapsed:
                row.half_sent, row.state = True, DeliveryState.PENDING
            if row.state is not DeliveryState.PENDING or row.not_before > now:
                continue
            if row.delivery.expires_at <= now and not row.half_sent:
                row.state = DeliveryState.EXPIRED
                continue
            if len(taken) == limit:
                break
            row.state, row.owner, row.lease_until = DeliveryState.SENDING, owner, now + timedelta(seconds=lease_s)
            taken.append(replace(row.delivery, attempts=row.attempts, half_sent=row.half_sent))
            row.attempts += 1
        return tuple(taken)

    async def record_receipt(self, delivery_id: int, receipt: Receipt) -> None:
        self._there()
        row = self.rows[delivery_id]
        row.receipts.append(receipt)
        delivered = receipt.kind is ReceiptKind.DELIVERED
        row.state = DeliveryState.DELIVERED if delivered else DeliveryState.SENT

    async def retry(self, delivery_id: int, not_before: datetime, reason: str) -> None:
        self._there()
        row = self.rows[delivery_id]
        row.state, row.not_before, row.reason, row.half_sent = DeliveryState.PENDING, not_before, reason, False

    async def fail(self, delivery_id: int, reason: str) -> None:
        self._there()
        row = self.rows[delivery_id]
        row.state, row.reason = DeliveryState.FAILED, reason

    async def next_due(self, now: datetime) -> datetime | None:
        self._there()
        due = [row.not_before for row in self.rows.values() if row.state is DeliveryState.PENDING]
        return min(due, default=None)

    async def reclaim(self, instance: str) -> None:
        self._there()
        for row in self.rows.values():
            if row.state is DeliveryState.SENDING and row.owner == instance:
                row.state, row.half_sent = DeliveryState.PENDING, True
