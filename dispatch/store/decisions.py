"""Decisions, and everything that must stand or fall with them, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.calls import AlertKind, Call, Decision, Match, Priority
from dispatch.deliveries import ChannelKind, DeliveryState, LiveAlert, NewAlert, NewDelivery
from dispatch.store import counters
from dispatch.store.audit import add_audit
from dispatch.store.database import Database
from dispatch.store.errors import Duplicate, DuplicateAlert, NotFound
from dispatch.store.tables import (
    AlertNoticeRow,
    AlertOffenderRow,
    AlertRow,
    CallRow,
    DeliveryRow,
    MatchRow,
    OffenderRow,
    TransmissionRow,
)
from dispatch.store.tables.heard import MatchOutcome, TransmissionState
from dispatch.store.types import clean_json, finite

ENDING = (AlertKind.CORRECTION, AlertKind.STAND_DOWN)
ACTOR = "gateway"
LIVE_MAX = 100
"""So many alerts within two hours is more than a town can mean by "stand down"; every call asks for them."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit made, or had made before."""

    call_id: int
    alert_id: int | None
    delivery_ids: tuple[int, ...]
    repeated: bool = False
    """The transmission was decided before; this is the first result, and nothing was changed."""


class DecisionsStore:
    """Commits decisions and knows which alerts are live."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reserve_number(self) -> int:
        """The next alert number. It is spent even if no alert follows: a number that was spoken must stay unique."""
        async with self._database.write() as session:
            return await counters.next_value(session, counters.ALERT_NUMBER)

    async def commit(  # noqa: PLR0917 - the order in which they came to be
        self,
        transmission_id: int,
        call: Call,
        matches: Sequence[Match],
        decision: Decision,
        alert: NewAlert | None,
        decided_at: datetime,
        timings: Mapping[str, float],
    ) -> Committed:
        """Keep call, matches, decision, alert and deliveries; cancel what is still pending of alerts that it ends.

        A second call for the same transmission, here or in another process, changes nothing and gives the first result.
        A correction or stand-down also goes to recipients that one of the ended alerts reached between the caller's
        look at `live_alerts` and now.

        Raises:
            NotFound: no such transmission.
            DuplicateAlert: the alert's number is taken.
            StoreUnavailable: nothing was kept; try again.
        """
        try:
            async with self._database.write() as session:
                # The lock makes a second process wait here; then it sees the first one's call.
                transmission = await session.get(TransmissionRow, transmission_id, with_for_update=True)
                if transmission is None:
                    raise NotFound(f"there is no transmission {transmission_id}")
                first = await _first_result(session, transmission_id)
                if first is not None:
                    return first
                call_row = _call_row(transmission_id, call, decision, decided_at, timings)
                session.add(call_row)
                await session.flush()
                session.add_all(_match_row(call_row.id, match, decision) for match in matches)
                deliveries: list[DeliveryRow] = []
                alert_row = None
                if alert is not None:
                    alert_row = await _add_alert(session, call_row.id, alert)
                    deliveries = await _add_deliveries(session, alert_row, alert, decided_at)
                transmission.state = TransmissionState.DECIDED
                detail = {
                    "decision": decision.kind,
                    "reason": decision.reason,
                    "alert": alert and alert.number,
                    "deliveries": len(deliveries),
                    "named": [match.person.reference for match in decision.named],
                    "for_review": [match.person.reference for match in decision.for_review],
                }
                add_audit(session, decided_at, ACTOR, "decided", f"transmission {transmission_id}", detail)
                await session.flush()
                alert_id = None if alert_row is None else alert_row.id
                return Committed(call_row.id, alert_id, tuple(row.id for row in deliveries))
        except Duplicate as error:
            async with self._database.read() as session:
                first = await _first_result(session, transmission_id)
            if first is not None:
                return first
            if alert is not None:
                raise DuplicateAlert(f"alert number {alert.number} is taken: reserve another ({error})") from error
            raise

    async def live_alerts(self, now: datetime, young_s: float) -> tuple[LiveAlert, ...]:
        """Alerts of the last `young_s` seconds that were not ended and end nothing themselves, newest first."""
        query = (
            select(AlertRow, CallRow.caller, TransmissionRow.channel)
            .join(CallRow, AlertRow.call_id == CallRow.id)
            .join(TransmissionRow, CallRow.transmission_id == TransmissionRow.id)
            .where(
                AlertRow.created_at >= now - timedelta(seconds=young_s),
                AlertRow.ended_at.is_(None),
                AlertRow.kind.not_in(ENDING),
            )
            .order_by(AlertRow.created_at.desc(), AlertRow.id.desc())
            .limit(LIVE_MAX)
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
            ids = [alert.id for alert, _, _ in rows]
            people = await _people(session, ids)
            reached = await _reached(session, ids)
        return tuple(
            LiveAlert(
                alert_id=alert.id,
                number=alert.number,
                kind=alert.kind,
                created_at=alert.created_at,
                offender_ids=tuple(offender_id for offender_id, _ in people[alert.id]),
                references=tuple(reference for _, reference in people[alert.id]),
                place=alert.place,
                radio_channel=channel,
                caller=caller,
                reached=tuple(
                    NewDelivery(row.channel, row.recipient, row.body, row.contact_id) for row in reached[alert.id]
                ),
            )
            for alert, caller, channel in rows
        )


async def _first_result(session: AsyncSession, transmission_id: int) -> Committed | None:
    call_id = await session.scalar(select(CallRow.id).where(CallRow.transmission_id == transmission_id))
    if call_id is None:
        return None
    alert_id = await session.scalar(select(AlertRow.id).where(AlertRow.call_id == call_id))
    ids = select(DeliveryRow.id).where(DeliveryRow.alert_id == alert_id).order_by(DeliveryRow.id)
    deliveries = () if alert_id is None else tuple(await session.scalars(ids))
    return Committed(call_id, alert_id, deliveries, repeated=True)


def _call_row(
    transmission_id: int, call: Call, decision: Decision, decided_at: datetime, timings: Mapping[str, float]
) -> CallRow:
    reading = {
        "mentions": [asdict(mention) for mention in call.mentions],
        "negations": [asdict(span) for span in call.negations],
        "hedges": [asdict(span) for span in call.hedges],
        "reasons": call.reasons,
    }
    return CallRow(
        transmission_id=transmission_id,
        text=call.text,
        intent=call.intent,
        caller=call.caller,
        called=call.called,
        place_id=call.place and call.place.place_id,
        place=call.place and call.place.name,
        place_said=call.place and call.place.said,
        heading=call.heading,
        description=clean_json(call.description.parts()),
        priority=call.priority,
        read_back=call.read_back,
        reading=clean_json(reading),
        decision=decision.kind,
        decision_reason=decision.reason,
        alert_kind=decision.alert_kind,
        decided_at=decided_at,
        timings=clean_json(dict(timings)),
    )


def _match_row(call_id: int, match: Match, decision: Decision) -> MatchRow:
    outcome = MatchOutcome.CANDIDATE
    if match in decision.for_review:
        outcome = MatchOutcome.REVIEW
    if match in decision.named:
        outcome = MatchOutcome.NAMED
    return MatchRow(
        call_id=call_id,
        offender_id=match.person.offender_id,
        reference=match.person.reference,
        name=match.person.name,
        said=match.mention.said,
        wanted=match.mention.wanted,
        kind=match.mention.kind,
        start=match.mention.span.start,
        end=match.mention.span.end,
        negated=match.mention.negated,
        hedged=match.mention.hedged,
        confidence=finite(match.confidence, 0.0),
        notice=match.notice,
        notice_id=match.notice_id,
        reason=match.reason,
        outcome=outcome,
    )


async def _add_alert(session: AsyncSession, call_id: int, alert: NewAlert) -> AlertRow:
    row = AlertRow(
        number=alert.number,
        call_id=call_id,
        kind=alert.kind,
        priority=alert.priority,
        created_at=alert.created_at,
        expires_at=alert.expires_at,
        place=alert.place,
        summary=alert.summary,
        updates_id=alert.updates,
    )
    session.add(row)
    await session.flush()
    offenders = dict.fromkeys(alert.offender_ids)
    session.add_all(
        AlertOffenderRow(alert_id=row.id, offender_id=offender_id, position=position)
        for position, offender_id in enumerate(offenders)
    )
    session.add_all(
        AlertNoticeRow(alert_id=row.id, notice_id=notice_id) for notice_id in dict.fromkeys(alert.notice_ids)
    )
    return row


async def _add_deliveries(
    session: AsyncSession, row: AlertRow, alert: NewAlert, decided_at: datetime
) -> list[DeliveryRow]:
    wanted: dict[tuple[ChannelKind, str], NewDelivery] = {}
    for new in alert.deliveries:
        wanted.setdefault((new.channel, new.recipient), new)
    if alert.ends:
        await _end(session, row, alert, decided_at)
        if alert.kind in ENDING:
            for late in await _reached_since(session, alert, decided_at):
                wanted.setdefault((late.channel, late.recipient), late)
    rows = [_delivery_row(row.id, alert, new) for new in wanted.values()]
    session.add_all(rows)
    return rows


async def _end(session: AsyncSession, row: AlertRow, alert: NewAlert, decided_at: datetime) -> None:
    await session.execute(
        update(AlertRow)
        .where(AlertRow.id.in_(alert.ends), AlertRow.ended_at.is_(None))
        .values(ended_at=decided_at, ended_by_id=row.id)
        .execution_options(synchronize_session=False)
    )
    cancelled = await session.scalars(
        update(DeliveryRow)
        .where(DeliveryRow.alert_id.in_(alert.ends), DeliveryRow.state == DeliveryState.PENDING)
        .values(state=DeliveryState.CANCELLED, detail=f"alert {alert.number} ended this one", changed_at=decided_at)
        .returning(DeliveryRow.id)
        .execution_options(synchronize_session=False)
    )
    detail = {"ends": alert.ends, "cancelled": list(cancelled)}
    add_audit(session, decided_at, ACTOR, "ended alerts", f"alert {alert.number}", detail)


async def _reached_since(session: AsyncSession, alert: NewAlert, decided_at: datetime) -> list[NewDelivery]:
    """Recipients of the ended alerts whom the caller does not know of, with the wording of this alert for their channel."""
    known = {(new.channel, new.recipient) for new in alert.deliveries}
    bodies = {new.channel: new.body for new in reversed(alert.deliveries)}
    late: list[NewDelivery] = []
    for rows in (await _reached(session, alert.ends)).values():
        for row in rows:
            if (row.channel, row.recipient) in known:
                continue
            if row.channel in bodies:
                late.append(NewDelivery(row.channel, row.recipient, bodies[row.channel], row.contact_id))
            else:
                detail = {"channel": row.channel, "why": "this alert has no wording for the channel"}
                add_audit(session, decided_at, ACTOR, "not told of the end", f"delivery {row.id}", detail)
    return late


def _delivery_row(alert_id: int, alert: NewAlert, new: NewDelivery) -> DeliveryRow:
    turn = 0 if alert.priority is Priority.URGENT else 1 if alert.kind in ENDING else 2
    return DeliveryRow(
        alert_id=alert_id,
        contact_id=new.contact_id,
        channel=new.channel,
        recipient=new.recipient,
        body=new.body,
        idempotency_key=f"{alert.number}:{new.channel}:{new.recipient}",
        state=DeliveryState.PENDING,
        turn=turn,
        created_at=alert.created_at,
        expires_at=alert.expires_at,
        attempts=0,
        half_sent=False,
        detail="",
        changed_at=alert.created_at,
    )


async def _people(session: AsyncSession, alert_ids: Sequence[int]) -> defaultdict[int, list[tuple[int, str]]]:
    query = (
        select(AlertOffenderRow.alert_id, OffenderRow.id, OffenderRow.reference)
        .join(OffenderRow, OffenderRow.id == AlertOffenderRow.offender_id)
        .where(AlertOffenderRow.alert_id.in_(alert_ids))
        .order_by(AlertOffenderRow.alert_id, AlertOffenderRow.position)
    )
    people: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for alert_id, offender_id, reference in await session.execute(query):
        people[alert_id].append((offender_id, reference))
    return people


async def _reached(session: AsyncSession, alert_ids: Sequence[int]) -> defaultdict[int, list[DeliveryRow]]:
    """Deliveries that went out, are going out, or may have: an attempt whose end nobody knows counts as reached."""
    certain = DeliveryRow.state.in_((DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.DELIVERED))
    tried = DeliveryRow.state.in_((DeliveryState.PENDING, DeliveryState.EXPIRED, DeliveryState.CANCELLED)) & (
        DeliveryRow.attempts > 0
    )
    query = (
        select(DeliveryRow)
        .where(DeliveryRow.alert_id.in_(alert_ids), or_(certain, tried, DeliveryRow.half_sent))
        .order_by(DeliveryRow.id)
    )
    reached: defaultdict[int, list[DeliveryRow]] = defaultdict(list)
    for row in await session.scalars(query):
        reached[row.alert_id].append(row)
    return reached
