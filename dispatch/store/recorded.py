"""Questions about what is recorded, asked by those who bring recordings and those who pass them on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from dispatch.store.database import Database
from dispatch.store.tables import TransmissionRow

SAME = timedelta(milliseconds=1)
"""Times are stored to the microsecond; files are named to the millisecond, and may be entered from their names."""

SAME_S = 0.05
"""Two decoders of one file may differ by a frame."""

SETTLE = timedelta(seconds=1)
"""PostgreSQL numbers a row before it is committed: the row before it may become visible a little later."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded transmission, for passing on."""

    transmission_id: int
    uid: str
    channel: str
    unit: str | None
    strength_dbm: float | None
    started_at: datetime
    duration_s: float
    audio_path: str


class RecordedStore:
    """Recordings in order.

    Args:
        database: where they are.
        clock: aware UTC now.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def has(self, channel: str, at: datetime, duration_s: float) -> bool:
        """A recording of this channel, begin and length. One that was cut at the maximum length counts by its begin."""
        query = select(TransmissionRow.duration_s, TransmissionRow.split).where(
            TransmissionRow.channel == channel,
            TransmissionRow.started_at >= at - SAME,
            TransmissionRow.started_at <= at + SAME,
            TransmissionRow.audio_path != "",
        )
        async with self._database.read() as session:
            rows = (await session.execute(query)).all()
        return any(split or abs(length - duration_s) <= SAME_S for length, split in rows)

    async def newest(self) -> int:
        """The id of the last transmission; 0 before the first."""
        async with self._database.read() as session:
            return (await session.scalars(select(func.max(TransmissionRow.id)))).one() or 0

    async def after(self, transmission_id: int, channels: Iterable[str], limit: int = 20) -> tuple[Recording, ...]:
        """What was recorded by radio on these channels after that transmission, oldest first."""
        query = (
            select(TransmissionRow)
            .where(
                TransmissionRow.id > transmission_id,
                TransmissionRow.channel.in_(list(channels)),
                TransmissionRow.audio_path != "",
                TransmissionRow.source == "radio",
                TransmissionRow.recorded_at <= self._clock() - SETTLE,
            )
            .order_by(TransmissionRow.id)
            .limit(limit)
        )
        async with self._database.read() as session:
            return tuple(
                Recording(
                    transmission_id=row.id,
                    uid=row.uid,
                    channel=row.channel,
                    unit=row.unit,
                    strength_dbm=row.strength_dbm,
                    started_at=row.started_at,
                    duration_s=row.duration_s,
                    audio_path=row.audio_path,
                )
                for row in await session.scalars(query)
            )
