"""The log: transmissions with what was heard, decided and sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, column, func, literal_column, select, table
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.calls import AlertKind, DecisionKind, Intent, Priority
from dispatch.people import NoticeState
from dispatch.store.database import Database
from dispatch.store.tables import AlertRow, CallRow, MatchRow, MemberRow, SiteRow, TranscriptRow, TransmissionRow
from dispatch.store.tables.heard import MatchOutcome, TransmissionState
from dispatch.store.types import KEY, CleanText

_FULL_TEXT = table("search_transcripts", column("rowid", KEY), column("search_text", CleanText))
"""SQLite's full-text index; made by migration 0002, unknown to the models."""


@dataclass(frozen=True, slots=True)
class LogMatch:
    """A person whom a call was matched with."""

    reference: str
    name: str
    said: str
    confidence: float
    notice: NoticeState
    negated: bool
    outcome: MatchOutcome
    reason: str


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One transmission with all that came of it. What has not happened (yet) is None."""

    transmission_id: int
    uid: str
    channel: str
    unit: str | None
    strength_dbm: float | None
    signalling: tuple[str, ...]
    """What was signalled with it: "MDC-1200: PTT ID 1234"."""
    started_at: datetime
    ended_at: datetime
    duration_s: float
    audio_path: str
    state: TransmissionState
    failed_reason: str | None
    unit_member: str | None = None
    """Whose radio the unit is now."""
    unit_site: str | None = None
    """At which of the member's places it is."""
    text: str | None = None
    engine: str | None = None
    intent: Intent | None = None
    caller: str | None = None
    place: str | None = None
    heading: str | None = None
    priority: Priority | None = None
    decision: DecisionKind | None = None
    decision_reason: str | None = None
    decided_at: datetime | None = None
    timings: Mapping[str, Any] | None = None
    people: tuple[LogMatch, ...] = ()
    alert_id: int | None = None
    alert_number: int | None = None
    alert_kind: AlertKind | None = None
    alert_summary: str | None = None
    alert_ended_at: datetime | None = None


_Joined = tuple[TransmissionRow, str | None, str | None, CallRow | None, AlertRow | None]


async def find_transmissions(
    database: Database,
    *,
    since: datetime | None,
    until: datetime | None,
    words: Sequence[str] | None,
    reference: str | None,
    channel: str | None,
    limit: int,
) -> tuple[LogEntry, ...]:
    """Newest first. `words` are folded; None asks for no words, an empty list can't be found."""
    if words is not None and not words:
        return ()
    wanted: list[ColumnElement[bool]] = []
    if since is not None:
        wanted.append(TransmissionRow.started_at >= since)
    if until is not None:
        wanted.append(TransmissionRow.started_at < until)
    if channel is not None:
        wanted.append(TransmissionRow.channel == channel)
    if reference is not None:
        matched = select(CallRow.transmission_id).join(MatchRow).where(MatchRow.reference == reference.strip().upper())
        wanted.append(TransmissionRow.id.in_(matched))
    newest = (TransmissionRow.started_at.desc(), TransmissionRow.id.desc())
    page = select(TransmissionRow.id).where(*wanted).order_by(*newest).limit(limit)
    if words is not None and not database.is_sqlite:
        page = page.join(TranscriptRow, TranscriptRow.transmission_id == TransmissionRow.id).where(_in_postgres(words))
    elif words is not None:
        narrowed = since is not None or until is not None or reference is not None
        page = _narrowed_in_sqlite(page, words) if narrowed else _newest_in_sqlite(page, words)
    async with database.read() as session:
        ids = list(await session.scalars(page))
        return await _entries(session, ids)


# Words are letters and digits only (`fold`), so nothing in them can mean anything to either query language.


def _in_postgres(words: Sequence[str]) -> ColumnElement[bool]:
    asked = " & ".join(f"{word}:*" for word in words)
    vector = func.to_tsvector(literal_column("'simple'"), TranscriptRow.search_text)
    return vector.op("@@")(func.to_tsquery(literal_column("'simple'"), asked))


def _in_sqlite(words: Sequence[str]) -> ColumnElement[bool]:
    return _FULL_TEXT.c.search_text.op("MATCH")(" ".join(f'"{word}"*' for word in words))


def _narrowed_in_sqlite(page: Select[int], words: Sequence[str]) -> Select[int]:
    """Something else leaves few: all hits are collected, and looked up from there."""
    return page.where(TransmissionRow.id.in_(select(_FULL_TEXT.c.rowid).where(_in_sqlite(words))))


def _newest_in_sqlite(page: Select[int], words: Sequence[str]) -> Select[int]:
    """FTS5 hands out hits by falling id as it finds them, so a word that is in every call costs no more than a rare one.

    Ids rise with the time of recording; a recording entered late stands where it was entered.
    """
    return (
        page.join(_FULL_TEXT, _FULL_TEXT.c.rowid == TransmissionRow.id)
        .where(_in_sqlite(words))
        .order_by(None)
        .order_by(_FULL_TEXT.c.rowid.desc())
    )


async def _entries(session: AsyncSession, ids: Sequence[int]) -> tuple[LogEntry, ...]:
    if not ids:
        return ()
    query = (
        select(TransmissionRow, TranscriptRow.text, TranscriptRow.engine, CallRow, AlertRow)
        .outerjoin(TranscriptRow, TranscriptRow.transmission_id == TransmissionRow.id)
        .outerjoin(CallRow, CallRow.transmission_id == TransmissionRow.id)
        .outerjoin(AlertRow, AlertRow.call_id == CallRow.id)
        .where(TransmissionRow.id.in_(ids))
        .order_by(TransmissionRow.started_at.desc(), TransmissionRow.id.desc())
    )
    rows: list[_Joined] = list((await session.execute(query)).all())
    people: defaultdict[int, list[LogMatch]] = defaultdict(list)
    calls = [call.id for _, _, _, call, _ in rows if call is not None]
    for match in await session.scalars(select(MatchRow).where(MatchRow.call_id.in_(calls)).order_by(MatchRow.id)):
        people[match.call_id].append(_match(match))
    owners = await _owners(session, {row.unit for row, *_ in rows if row.unit is not None})
    return tuple(_entry(joined, people, owners) for joined in rows)


async def _owners(session: AsyncSession, units: Collection[str]) -> dict[str, tuple[str, str | None]]:
    """Whose these radios are: unit -> member and site. Who has left comes second to who has taken the radio over."""
    query = (
        select(SiteRow.radio_unit, MemberRow.name, SiteRow.name)
        .join(MemberRow, MemberRow.id == SiteRow.member_id)
        .where(SiteRow.radio_unit.in_(units))
        .order_by(MemberRow.retired_at.is_(None), SiteRow.id.desc())
    )
    return {unit: (member, site) for unit, member, site in await session.execute(query) if unit is not None}


def _match(row: MatchRow) -> LogMatch:
    return LogMatch(
        reference=row.reference,
        name=row.name,
        said=row.said,
        confidence=row.confidence,
        notice=row.notice,
        negated=row.negated,
        outcome=row.outcome,
        reason=row.reason,
    )


def _entry(
    joined: _Joined, people: Mapping[int, Sequence[LogMatch]], owners: Mapping[str, tuple[str, str | None]]
) -> LogEntry:
    row, said, engine, call, alert = joined
    member, site = owners.get(row.unit or "", (None, None))
    entry = LogEntry(
        transmission_id=row.id,
        uid=row.uid,
        channel=row.channel,
        unit=row.unit,
        strength_dbm=row.strength_dbm,
        signalling=tuple(row.signalling),
        unit_member=member,
        unit_site=site,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_s=row.duration_s,
        audio_path=row.audio_path,
        state=row.state,
        failed_reason=row.failed_reason,
        text=said,
        engine=engine,
    )
    if call is not None:
        entry = replace(
            entry,
            intent=call.intent,
            caller=call.caller,
            place=call.place,
            heading=call.heading,
            priority=call.priority,
            decision=call.decision,
            decision_reason=call.decision_reason,
            decided_at=call.decided_at,
            timings=call.timings,
            people=tuple(people.get(call.id, ())),
        )
    if alert is not None:
        entry = replace(
            entry,
            alert_id=alert.id,
            alert_number=alert.number,
            alert_kind=alert.kind,
            alert_summary=alert.summary,
            alert_ended_at=alert.ended_at,
        )
    return entry
