"""The exclusion register: people for the rules, entries for the manager, imports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
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
from dispatch.store.audit import add_audit
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
        query = select(OffenderRow).options(selectinload(OffenderRow.aliases), selectinload(OffenderRow.notices))
        stored = {row.id: row for row in await session.scalars(query)}
        for plan in plans:
            if plan.action is Action.UNCHANGED:
                continue
            row = stored[plan.offender_id] if plan.offender_id is not None else _new_row(plan.reference, now)
            if plan.row is not None:
                _fill(row, plan.row)
            for step in plan.notices:
                _apply_notice(row, step, now)
            notices = [_notice_entry(notice) for notice in row.notices]
            row.show_until, row.delete_after = clocks(notices, now.date())
            row.retired_at = now if plan.action is Action.RETIRED else None
            row.updated_at = now
            session.add(row)
            # Which fields, not what they held: the trail must not keep what the record itself has to forget.
            detail = {"fields": [change.field for change in plan.changes]}
            add_audit(session, now, by, f"{plan.action} by import", f"offender {plan.reference}", detail)


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
    query = (
        select(OffenderRow)
        .options(selectinload(OffenderRow.aliases), selectinload(OffenderRow.notices))
        .order_by(OffenderRow.reference)
    )
    if reference is not None:
        query = query.where(OffenderRow.reference == reference)
    return [_entry(row) for row in await session.scalars(query)]


def _entry(row: OffenderRow) -> RegisterEntry:
    return RegisterEntry(
        offender_id=row.id,
        reference=row.reference,
        first_name=row.first_name,
        last_name=row.last_name,
        aliases=tuple(alias.alias for alias in row.aliases),
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
        notices=tuple(_notice_entry(notice) for notice in row.notices),
    )


def _notice_entry(row: NoticeRow) -> NoticeEntry:
    return NoticeEntry(
        row.id, row.status, row.served_on, row.expires_on, row.served_by, row.extends_id, row.breach_call_id
    )


def _new_row(reference: str, now: datetime) -> OffenderRow:
    return OffenderRow(
        reference=reference,
        first_name="",
        last_name="",
        build="",
        hair="",
        marks="",
        offences=[],
        notes="",
        created_at=now,
        aliases=[],
        notices=[],
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
            setattr(row, field, list(value) if isinstance(value, tuple) else value)


def _apply_notice(row: OffenderRow, step: NoticeStep, now: datetime) -> None:
    notice = next((n for n in row.notices if n.id == step.notice_id), None) if step.notice_id is not None else None
    if notice is None:
        notice = NoticeRow(created_at=now, extends_id=step.extends_id)
        row.notices.append(notice)
    notice.status = step.status
    notice.served_on = step.served_on
    notice.expires_on = step.expires_on
    notice.served_by = step.served_by
