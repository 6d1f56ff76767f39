"""The exclusion register: people for the rules, entries for the manager, imports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from dispatch.people import Notice, NoticeState, Person
from dispatch.register.csv_import import RegisterRow
from dispatch.register.plan import (
    PERSON_FIELDS,
    Action,
    NoticeEntry,
    NoticeStep,
    PersonPlan,
    RegisterEntry,
    clocks,
    plan_register,
)
from dispatch.register.report import ImportReport, RecordChange, report
from dispatch.register.table import Refusal
from dispatch.store import counters
from dispatch.store.audit import AuditEntry, add_audit, add_audits
from dispatch.store.database import Database
from dispatch.store.errors import ImportRefused
from dispatch.store.tables import AliasRow, NoticeRow, OffenderRow


class RegisterStore:
    """Questions about people on the register.

    Args:
        database: where they are.
        clock: aware UTC now.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._cached: tuple[int, tuple[Person, ...]] | None = None

    async def people(self) -> tuple[Person, ...]:
        """Everybody, by reference, whatever their notice: lapsed ones are silent on air but told to the manager.

        Cheap: read again only after the register changed, by this program or another.
        """
        async with self._database.read() as session:
            # The version first: if somebody commits in between, the next call reads once more instead of never.
            version = await counters.value(session, counters.REGISTER_VERSION)
            if self._cached is None or self._cached[0] != version:
                entries = await _entries(session)
                self._cached = version, tuple(person(entry) for entry in entries)
        return self._cached[1]

    async def version(self) -> int:
        """Goes up with every change of the register."""
        async with self._database.read() as session:
            return await counters.value(session, counters.REGISTER_VERSION)

    async def find(self, reference: str) -> RegisterEntry | None:
        """The person with this reference, in any case, or None."""
        async with self._database.read() as session:
            entries = await _entries(session, "".join(reference.split()).upper())
        return entries[0] if entries else None

    async def list_entries(
        self, now: datetime, zone: ZoneInfo, state: NoticeState | None = None
    ) -> tuple[tuple[RegisterEntry, NoticeState], ...]:
        """Everybody by reference, with how their notice stands at `now`; only those in `state`, if given."""
        async with self._database.read() as session:
            entries = await _entries(session)
        listed = ((entry, person(entry).notice(now, zone)[0]) for entry in entries)
        return tuple((entry, stands) for entry, stands in listed if state is None or stands is state)

    async def import_people(
        self,
        rows: Sequence[RegisterRow],
        *,
        dry_run: bool,
        partial: bool = False,
        by: str,
        refusals: Sequence[Refusal] = (),
        retire_missing: bool = False,
    ) -> ImportReport:
        """Bring the register up to a list, in one transaction: all of it or nothing.

        Args:
            rows: what `dispatch.register.csv_import.parse_register` gave.
            dry_run: only say what would change.
            partial: take the good rows although others were refused.
            by: who does it, for the audit trail.
            refusals: what the parser refused.
            retire_missing: withdraw the notices of those that the list lacks. Not together with refused rows: somebody
                whose row can't be read is not absent.

        Raises:
            ImportRefused: `retire_missing` with refused rows, or with an empty list.
            StoreUnavailable: nothing was changed; try again.
        """
        refused = tuple(refusals)
        if retire_missing and (refused or not rows):
            what = "refused rows" if refused else "an empty list"
            raise ImportRefused(f"--retire-missing with {what} would withdraw people who are still excluded")
        if dry_run or (refused and not partial):
            async with self._database.read() as session:
                plans = plan_register(await _entries(session), rows, retire_missing=retire_missing)
            return report(map(_record, plans), refused, applied=False, dry_run=dry_run)
        async with self._database.write() as session:
            # Counting up first makes a second import wait until this one is through, and then see it.
            version = await counters.next_value(session, counters.REGISTER_VERSION)
            plans = plan_register(await _entries(session), rows, retire_missing=retire_missing)
            done = report(map(_record, plans), refused, applied=True, dry_run=False)
            if not done.records:
                await session.rollback()
                return done
            await self._apply(session, plans, by)
            detail = {"added": done.added, "changed": done.changed, "retired": done.retired, "refused": done.refused}
            add_audit(session, self._clock(), by, "imported register", f"register version {version}", detail)
        return done

    async def _apply(self, session: AsyncSession, plans: Sequence[PersonPlan], by: str) -> None:
        now = self._clock()
        await _add(session, [plan for plan in plans if plan.action is Action.ADDED], now)
        await _change(session, [plan for plan in plans if plan.action in {Action.CHANGED, Action.RETIRED}], now)
        trail = [
            AuditEntry(
                audit_id=0,
                at=now,
                actor=by,
                action=f"{plan.action} by import",
                subject=f"offender {plan.reference}",
                # Which fields, not what they held: the trail must not keep what the record itself has to forget.
                detail={"fields": [change.field for change in plan.changes]},
            )
            for plan in plans
            if plan.action is not Action.UNCHANGED
        ]
        await add_audits(session, trail)


def person(entry: RegisterEntry) -> Person:
    """What matching and policy may know of somebody."""
    return Person(
        offender_id=entry.offender_id,
        reference=entry.reference,
        first_name=entry.first_name,
        last_name=entry.last_name,
        aliases=entry.aliases,
        sex=entry.sex,
        born_on=entry.born_on,
        notices=tuple(Notice(n.notice_id, n.status, n.served_on, n.expires_on) for n in entry.notices),
    )


def _record(plan: PersonPlan) -> RecordChange:
    return RecordChange(plan.reference, plan.action, plan.changes)


async def _entries(session: AsyncSession, reference: str | None = None) -> list[RegisterEntry]:
    """Everybody, or the one person, by reference. Columns instead of mapped rows: a county's register is read in no time."""
    wanted = [] if reference is None else [OffenderRow.reference == reference]
    aliases: defaultdict[int, list[str]] = defaultdict(list)
    query = select(AliasRow.offender_id, AliasRow.alias).join(OffenderRow).where(*wanted).order_by(AliasRow.position)
    for offender_id, alias in await session.execute(query):
        aliases[offender_id].append(alias)
    notices: defaultdict[int, list[NoticeEntry]] = defaultdict(list)
    of_notice = select(NoticeRow.__table__).join(OffenderRow).where(*wanted).order_by(NoticeRow.id)
    for row in await session.execute(of_notice):
        notices[row.offender_id].append(_notice_entry(row))
    people = select(OffenderRow.__table__).where(*wanted)
    return [
        RegisterEntry(
            offender_id=row.id,
            reference=row.reference,
            first_name=row.first_name,
            last_name=row.last_name,
            aliases=tuple(aliases.get(row.id, ())),
            sex=row.sex,
            born_on=row.born_on,
            ethnicity_code=row.ethnicity_code,
            height_cm=row.height_cm,
            build=row.build,
            hair=row.hair,
            marks=row.marks,
            offences=tuple(row.offences),
            notes=row.notes,
            show_until=row.show_until,
            delete_after=row.delete_after,
            retired=row.retired_at is not None,
            notices=tuple(notices.get(row.id, ())),
        )
        for row in await session.execute(people.order_by(OffenderRow.reference))
    ]


async def _add(session: AsyncSession, plans: Sequence[PersonPlan], now: datetime) -> None:
    """Enter new people in a few statements: one a row would make a county's first import take minutes."""
    if not plans:
        return
    people = [_new_person(plan, now) for plan in plans]
    await session.execute(insert(OffenderRow), people)
    query = select(OffenderRow.reference, OffenderRow.id)
    ids = {row.reference: row.id for row in await session.execute(query)}
    aliases = [
        {"offender_id": ids[plan.reference], "position": position, "alias": alias}
        for plan in plans
        for position, alias in enumerate(plan.row.aliases if plan.row else ())
    ]
    notices = [
        {"offender_id": ids[plan.reference], "created_at": now, **_notice_values(step)}
        for plan in plans
        for step in plan.notices
    ]
    if aliases:
        await session.execute(insert(AliasRow), aliases)
    if notices:
        await session.execute(insert(NoticeRow), notices)


def _new_person(plan: PersonPlan, now: datetime) -> dict[str, Any]:
    assert plan.row is not None  # noqa: S101 - only a row can add somebody
    show_until, delete_after = clocks(plan.notices, now.date())
    values = {field: _stored(getattr(plan.row, field)) for field in PERSON_FIELDS if field != "aliases"}
    return {
        **values,
        "reference": plan.reference,
        "show_until": show_until,
        "delete_after": delete_after,
        "created_at": now,
        "updated_at": now,
    }


async def _change(session: AsyncSession, plans: Sequence[PersonPlan], now: datetime) -> None:
    """Bring people up to date, row by row."""
    query = select(OffenderRow).options(selectinload(OffenderRow.aliases), selectinload(OffenderRow.notices))
    for start in range(0, len(plans), 500):
        part = {plan.offender_id: plan for plan in plans[start : start + 500]}
        for row in await session.scalars(query.where(OffenderRow.id.in_(part))):
            plan = part[row.id]
            if plan.row is not None:
                _fill(row, plan.row)
            for step in plan.notices:
                _apply_notice(row, step, now)
            entries = [_notice_entry(notice) for notice in row.notices]
            row.show_until, row.delete_after = clocks(entries, now.date())
            row.retired_at = now if plan.action is Action.RETIRED else None
            row.updated_at = now


def _notice_entry(row: NoticeRow | Row[*tuple[Any, ...]]) -> NoticeEntry:
    return NoticeEntry(
        row.id, row.status, row.served_on, row.expires_on, row.served_by, row.extends_id, row.breach_call_id
    )


def _fill(row: OffenderRow, new: RegisterRow) -> None:
    for field, column in PERSON_FIELDS.items():
        if column not in new.given:
            continue
        value: Any = getattr(new, field)
        if field == "aliases":
            if [alias.alias for alias in row.aliases] != list(value):
                row.aliases = [AliasRow(position=position, alias=alias) for position, alias in enumerate(value)]
        else:
            setattr(row, field, _stored(value))


def _apply_notice(row: OffenderRow, step: NoticeStep, now: datetime) -> None:
    notice = next((n for n in row.notices if n.id == step.notice_id), None) if step.notice_id is not None else None
    if notice is None:
        notice = NoticeRow(created_at=now)
        row.notices.append(notice)
    for name, value in _notice_values(step).items():
        setattr(notice, name, value)


def _notice_values(step: NoticeStep) -> dict[str, Any]:
    names = ("status", "served_on", "expires_on", "served_by", "extends_id")
    return {name: getattr(step, name) for name in names}


def _stored(value: object) -> object:
    """Lists are kept as JSON."""
    return list(value) if isinstance(value, tuple) else value
