"""Running numbers that several programs share."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.store.tables import CounterRow

ALERT_NUMBER = "alert_number"
REGISTER_VERSION = "register_version"
MEMBERS_VERSION = "members_version"
PLACES_VERSION = "places_version"


async def next_value(session: AsyncSession, name: str) -> int:
    """Count up and give the new value; other programs wait until this transaction ends."""
    query = (
        update(CounterRow)
        .where(CounterRow.name == name)
        .values(value=CounterRow.value + 1)
        .returning(CounterRow.value)
        .execution_options(synchronize_session=False)
    )
    return (await session.execute(query)).scalar_one()


async def value(session: AsyncSession, name: str) -> int:
    """The value now: one small indexed read."""
    return (await session.execute(select(CounterRow.value).where(CounterRow.name == name))).scalar_one()
