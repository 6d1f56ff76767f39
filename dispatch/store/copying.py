"""Copies what the rules need to know, and nothing that was heard, decided or sent, into another database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select

from dispatch.store.database import Database
from dispatch.store.tables import AliasRow, MemberRow, NoticeRow, OffenderRow, PlaceRow, SiteRow

TABLES = (MemberRow, SiteRow, PlaceRow, OffenderRow, AliasRow, NoticeRow)
"""In an order in which every reference points at something that is there. No telephones: nobody is to be told."""

LEFT_OUT: dict[str, object] = {"notes": "", "marks": "", "offences": [], "extends_id": None, "breach_call_id": None}
"""What no rule looks at, or what points at calls that are not copied."""


async def copy_scheme(source: Database, target: Database) -> None:
    """Bring register, members and places into a fresh, migrated database, with the same ids. The source is only read.

    Raises:
        StoreError: the source can't be read, or the target not written.
    """
    tables: list[tuple[Any, list[dict[str, Any]]]] = []
    async with source.read() as session:
        for table in TABLES:
            rows = await session.execute(select(table.__table__).order_by(table.id))
            left_out = {name: value for name, value in LEFT_OUT.items() if name in table.__table__.columns}
            tables.append((table, [{**row._mapping, **left_out} for row in rows]))  # noqa: SLF001 - its public name
    async with target.write() as session:
        for table, values in tables:
            if values:
                await session.execute(insert(table), values)
