"""The town's places in the store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.register.plan import Action, FieldChange
from dispatch.register.report import ImportReport, RecordChange, report
from dispatch.register.table import Refusal
from dispatch.scheme import Place
from dispatch.store import counters
from dispatch.store.audit import add_audit
from dispatch.store.database import Database
from dispatch.store.errors import ImportRefused
from dispatch.store.tables import PlaceRow

COLUMN_OF = {"lat": "latitude", "lon": "longitude"}
"""Fields of a `Place` that are called otherwise in the table."""
FIELDS = tuple(field.name for field in fields(Place) if field.name not in {"name", "place_id"})


class PlacesStore:
    """Questions about places.

    Args:
        database: where they are.
        clock: aware UTC now.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._cached: tuple[int, tuple[Place, ...]] | None = None

    async def list(self) -> tuple[Place, ...]:
        """All places by name. Read again only after they changed."""
        async with self._database.read() as session:
            version = await counters.value(session, counters.PLACES_VERSION)
            if self._cached is None or self._cached[0] != version:
                rows = await _rows(session)
                self._cached = version, tuple(_place(row) for row in rows if row.retired_at is None)
        return self._cached[1]

    async def import_places(
        self,
        rows: Sequence[Place],
        *,
        dry_run: bool,
        partial: bool,
        by: str,
        refusals: Sequence[Refusal],
        retire_missing: bool,
    ) -> ImportReport:
        """Bring the places up to a list, in one transaction.

        Raises:
            ImportRefused: `retire_missing` with refused rows, or with an empty list.
        """
        refused = tuple(refusals)
        if retire_missing and (refused or not rows):
            raise ImportRefused("--retire-missing needs a list without refused rows that is not empty")
        apply = not dry_run and (partial or not refused)
        async with self._database.write() as session:
            await counters.next_value(session, counters.PLACES_VERSION)
            now = self._clock()
            stored = {row.name: row for row in await _rows(session)}
            records = [_work_in(session, stored.get(place.name), place) for place in rows]
            if retire_missing:
                listed = {place.name for place in rows}
                for name, row in stored.items():
                    if name not in listed and row.retired_at is None:
                        row.retired_at = now
                        records.append(RecordChange(name, Action.RETIRED, (FieldChange("retired", "no", "yes"),)))
            done = report(records, refused, applied=apply, dry_run=dry_run)
            if apply and done.records:
                detail = {"added": done.added, "changed": done.changed, "retired": done.retired}
                add_audit(session, now, by, "imported places", "places", detail)
            else:
                await session.rollback()
        return done


def _work_in(session: AsyncSession, row: PlaceRow | None, place: Place) -> RecordChange:
    action = Action.UNCHANGED
    if row is None:
        action = Action.ADDED
        row = PlaceRow(name=place.name, retired_at=None)
        session.add(row)
    changes: list[FieldChange] = []
    for field in FIELDS:
        column = COLUMN_OF.get(field, field)
        value = getattr(place, field)
        stored = list(value) if isinstance(value, tuple) else value
        before = getattr(row, column)
        if action is Action.ADDED or before != stored:
            setattr(row, column, stored)
            if action is not Action.ADDED:
                changes.append(FieldChange(field, _shown(before), _shown(stored)))
    if row.retired_at is not None:
        row.retired_at = None
        changes.append(FieldChange("retired", "yes", "no"))
    if changes:
        action = Action.CHANGED
    return RecordChange(place.name, action, tuple(changes))


def _shown(value: object) -> str:
    if value is None:
        return ""
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


async def _rows(session: AsyncSession) -> Sequence[PlaceRow]:
    return (await session.scalars(select(PlaceRow).order_by(PlaceRow.name))).all()


def _place(row: PlaceRow) -> Place:
    return Place(
        name=row.name,
        said_as=tuple(row.said_as),
        misheard=tuple(row.misheard),
        kind=row.kind,
        lat=row.latitude,
        lon=row.longitude,
        adjacent=tuple(row.adjacent),
        cameras=tuple(row.cameras),
        open_from=row.open_from,
        closed_on=row.closed_on,
        place_id=row.id,
    )
