"""The outbox's side of the store: leases, receipts, retries. States: see `dispatch.deliveries`.

Two processes never hold the same delivery: PostgreSQL locks the rows it picks and skips those locked by others, SQLite
has one writer at a time. A lease that ran out means that its holder died in the middle: the delivery is handed out again
as half-sent, so that the far side is asked before anything is sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.deliveries import ChannelKind, DeliveryState, LeasedDelivery, Receipt, ReceiptKind
from dispatch.store.audit import add_audit
from dispatch.store.database import Database
from dispatch.store.errors import NotFound
from dispatch.store.tables import AlertRow, DeliveryRow, ReceiptRow

RANK: Mapping[DeliveryState, int] = {
    DeliveryState.PENDING: 0,
    DeliveryState.SENDING: 1,
    DeliveryState.EXPIRED: 2,
    DeliveryState.CANCELLED: 2,
    DeliveryState.SENT: 3,
    DeliveryState.FAILED: 4,
    DeliveryState.DELIVERED: 5,
}
"""Receipts only ever move a delivery up, so the order in which they come makes no difference. Sent outranks expired and
cancelled because it is the truth: what reached somebody must get the correction."""

_RECEIPT_STATE: Mapping[ReceiptKind, DeliveryState] = {
    ReceiptKind.ACCEPTED: DeliveryState.SENT,
    ReceiptKind.DELIVERED: DeliveryState.DELIVERED,
    ReceiptKind.SEEN: DeliveryState.DELIVERED,
    ReceiptKind.FAILED: DeliveryState.FAILED,
}
ACTOR = "outbox"


class OutboxStore:
    """Deliveries as the sender needs them: satisfies `dispatch.outbox_rules.DeliveryStore`.

    Args:
        database: where they are.
        clock: aware UTC now, for the time of changes that bring none.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def lease(
        self,
        now: datetime,
        owner: str,
        lease_s: float,
        limit: int,
        kinds: Sequence[ChannelKind] | None = None,
    ) -> tuple[LeasedDelivery, ...]:
        """Take due deliveries in hand: urgent first, then corrections and stand-downs, then newest first.

        What is past its time, of any kind, is marked expired first.

        Args:
            now: aware UTC.
            owner: who holds them: the instance's lasting name, or `instance:run`.
            lease_s: seconds until somebody else may take them.
            limit: at most so many.
            kinds: only these channels; None for all.
        """
        if not await self._anything_due(now, kinds):
            return ()
        async with self._database.write() as session:
            await _expire(session, now)
            query = (
                select(DeliveryRow, AlertRow)
                .join(AlertRow, AlertRow.id == DeliveryRow.alert_id)
                .where(_due(now))
                .order_by(DeliveryRow.turn, DeliveryRow.created_at.desc(), DeliveryRow.id)
                .limit(limit)
                .with_for_update(skip_locked=True, of=DeliveryRow)
            )
            if kinds is not None:
                query = query.where(DeliveryRow.channel.in_(kinds))
            leased: list[LeasedDelivery] = []
            for row, alert in (await session.execute(query)).all():
                row.half_sent = row.half_sent or row.state is DeliveryState.SENDING
                leased.append(_leased(row, alert))
                row.state = DeliveryState.SENDING
                row.attempts += 1
                row.owner = owner
                row.leased_until = now + timedelta(seconds=lease_s)
                row.changed_at = now
            return tuple(leased)

    async def reclaim(self, instance: str) -> int:
        """Free what an earlier run of this instance had in hand: leasable at once, half-sent. Returns how many.

        Args:
            instance: the lasting name; owners are the name itself or begin with `<instance>:`.
        """
        query = (
            update(DeliveryRow)
            .where(
                DeliveryRow.state == DeliveryState.SENDING,
                or_(DeliveryRow.owner == instance, DeliveryRow.owner.startswith(f"{instance}:", autoescape=True)),
            )
            .values(half_sent=True, leased_until=None, owner=None)
            .returning(DeliveryRow.id)
            .execution_options(synchronize_session=False)
        )
        async with self._database.write() as session:
            found = list(await session.scalars(query))
            now = self._clock()
            for delivery_id in found:
                add_audit(session, now, ACTOR, "found half-sent", f"delivery {delivery_id}", {"instance": instance})
        return len(found)

    async def record_receipt(self, delivery_id: int, receipt: Receipt) -> None:
        """Keep what came back. The state only moves forward, in whatever order receipts come; repeats are dropped.

        Raises:
            NotFound
        """
        async with self._database.write() as session:
            row = await _row(session, delivery_id)
            if row is None:
                raise NotFound(f"there is no delivery {delivery_id}")
            await _keep_receipt(session, row, receipt)

    async def record_receipt_by_provider(self, provider_id: str, receipt: Receipt) -> bool:
        """The same, found by the far side's own id. False when no delivery has it (yet): ask the far side to repeat."""
        # An earlier attempt's id counts too: its receipts may come long after the next attempt was made.
        query = select(ReceiptRow.delivery_id).where(ReceiptRow.provider_id == provider_id).limit(1)
        async with self._database.write() as session:
            delivery_id = (await session.scalars(query)).first()
            row = None if delivery_id is None else await _row(session, delivery_id)
            if row is None:
                return False
            await _keep_receipt(session, row, receipt)
            return True

    async def retry(self, delivery_id: int, not_before: datetime, reason: str) -> None:
        """Give it back, due at `not_before`. Does nothing when it is no longer being sent: a receipt was quicker."""
        async with self._database.write() as session:
            row = await _row(session, delivery_id)
            if row is None or row.state is not DeliveryState.SENDING:
                return
            row.state = DeliveryState.PENDING
            row.not_before = not_before
            row.detail = reason
            row.owner = row.leased_until = None
            row.changed_at = self._clock()

    async def fail(self, delivery_id: int, reason: str) -> None:
        """It can't be delivered. Does nothing when it has ended in another way."""
        async with self._database.write() as session:
            row = await _row(session, delivery_id)
            if row is None or row.state not in {DeliveryState.PENDING, DeliveryState.SENDING}:
                return
            row.state = DeliveryState.FAILED
            row.detail = reason
            row.owner = row.leased_until = None
            row.changed_at = self._clock()
            add_audit(session, row.changed_at, ACTOR, "failed", f"delivery {delivery_id}", {"reason": reason})

    async def next_due(self, now: datetime) -> datetime | None:
        """When something becomes due: `now` if something is already; None when nothing is pending or leased."""
        query = select(DeliveryRow.state, DeliveryRow.not_before, DeliveryRow.leased_until).where(_open())
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        due = [(until if state is DeliveryState.SENDING else not_before) or now for state, not_before, until in rows]
        return max(min(due), now) if due else None

    async def counts(self) -> Mapping[DeliveryState, int]:
        """How many deliveries there are in each state; every state is there."""
        query = select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state)
        async with self._database.read() as session:
            found = dict((await session.execute(query)).all())
        return {state: found.get(state, 0) for state in DeliveryState}

    async def _anything_due(self, now: datetime, kinds: Sequence[ChannelKind] | None) -> bool:
        """A look without the write lock: an idle gateway asks often and must not disturb others, or the disk."""
        query = (
            select(DeliveryRow.id)
            .where(or_(_due(now) if kinds is None else and_(_due(now), DeliveryRow.channel.in_(kinds)), _too_old(now)))
            .limit(1)
        )
        async with self._database.read() as session:
            return (await session.execute(query)).first() is not None


def _open() -> ColumnElement[bool]:
    return DeliveryRow.state.in_((DeliveryState.PENDING, DeliveryState.SENDING))


def _due(now: datetime) -> ColumnElement[bool]:
    pending = and_(
        DeliveryRow.state == DeliveryState.PENDING,
        or_(DeliveryRow.not_before.is_(None), DeliveryRow.not_before <= now),
    )
    return or_(pending, _abandoned(now))


def _abandoned(now: datetime) -> ColumnElement[bool]:
    return and_(
        DeliveryRow.state == DeliveryState.SENDING,
        or_(DeliveryRow.leased_until.is_(None), DeliveryRow.leased_until <= now),
    )


def _too_old(now: datetime) -> ColumnElement[bool]:
    return and_(DeliveryRow.expires_at <= now, or_(DeliveryRow.state == DeliveryState.PENDING, _abandoned(now)))


async def _expire(session: AsyncSession, now: datetime) -> None:
    query = select(DeliveryRow).where(_too_old(now)).with_for_update(skip_locked=True)
    for row in await session.scalars(query):
        unsure = row.state is DeliveryState.SENDING
        row.half_sent = row.half_sent or unsure
        row.state = DeliveryState.EXPIRED
        row.detail = "too old to be sent" + ("; an attempt before may have reached them" if unsure else "")
        row.owner = row.leased_until = None
        row.changed_at = now
        add_audit(session, now, ACTOR, "expired", f"delivery {row.id}", {"may_have_been_sent": row.half_sent})
    await session.flush()


async def _row(session: AsyncSession, delivery_id: int) -> DeliveryRow | None:
    return await session.get(DeliveryRow, delivery_id, with_for_update=True)


async def _keep_receipt(session: AsyncSession, row: DeliveryRow, receipt: Receipt) -> None:
    known = select(ReceiptRow.id).where(
        ReceiptRow.delivery_id == row.id,
        ReceiptRow.kind == receipt.kind,
        ReceiptRow.provider_id.is_not_distinct_from(receipt.provider_id),
        ReceiptRow.detail == receipt.detail,
    )
    if (await session.execute(known)).first() is not None:
        return
    session.add(
        ReceiptRow(
            delivery_id=row.id,
            kind=receipt.kind,
            at=receipt.at,
            provider_id=receipt.provider_id,
            detail=receipt.detail,
        )
    )
    if receipt.provider_id is not None:
        row.provider_id = receipt.provider_id
    state = _RECEIPT_STATE[receipt.kind]
    if RANK[state] <= RANK[row.state]:
        return
    row.state = state
    row.detail = receipt.detail
    row.owner = row.leased_until = None
    row.half_sent = False
    row.changed_at = receipt.at


def _leased(row: DeliveryRow, alert: AlertRow) -> LeasedDelivery:
    return LeasedDelivery(
        delivery_id=row.id,
        idempotency_key=row.idempotency_key,
        alert_id=alert.id,
        alert_number=alert.number,
        alert_kind=alert.kind,
        priority=alert.priority,
        channel=row.channel,
        recipient=row.recipient,
        body=row.body,
        created_at=row.created_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
        half_sent=row.half_sent,
    )
