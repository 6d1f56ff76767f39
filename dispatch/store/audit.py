"""Who did what to what, when, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.store.database import Database
from dispatch.store.tables import AuditRow
from dispatch.store.types import clean_json


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the trail."""

    audit_id: int
    at: datetime
    actor: str
    """A person's login, or the part of the program that did it."""
    action: str
    subject: str
    """Kind and key, for instance `offender DT-0142`."""
    detail: Mapping[str, Any]


def add_audit(  # noqa: PLR0917 - the order of a sentence: when, who, what, to what
    session: AsyncSession, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Add a line within somebody else's transaction, so that the deed and its record stand or fall together."""
    session.add(AuditRow(at=at, actor=actor, action=action, subject=subject, detail=clean_json(dict(detail or {}))))


async def add_audits(session: AsyncSession, entries: Sequence[AuditEntry]) -> None:
    """Add many lines in one statement; their ids are given by the database."""
    if entries:
        rows = [
            {
                "at": entry.at,
                "actor": entry.actor,
                "action": entry.action,
                "subject": entry.subject,
                "detail": clean_json(dict(entry.detail)),
            }
            for entry in entries
        ]
        await session.execute(insert(AuditRow), rows)


class AuditStore:
    """The trail: written, read, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Add one line.

        Raises:
            StoreError: it was not written.
        """
        async with self._database.write() as session:
            add_audit(session, at, actor, action, subject, detail)

    async def list(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        subject: str | None = None,
        action: str | None = None,
        limit: int = 100,
    ) -> tuple[AuditEntry, ...]:
        """Lines, newest first. `since` is inclusive, `until` is not."""
        query = select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)
        if since is not None:
            query = query.where(AuditRow.at >= since)
        if until is not None:
            query = query.where(AuditRow.at < until)
        if subject is not None:
            query = query.where(AuditRow.subject == subject)
        if action is not None:
            query = query.where(AuditRow.action == action)
        async with self._database.read() as session:
            rows = (await session.scalars(query)).all()
        return tuple(AuditEntry(r.id, r.at, r.actor, r.action, r.subject, r.detail) for r in rows)
