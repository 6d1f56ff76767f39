"""Transmissions and their transcripts: recorded -> transcribed -> decided, or failed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.heard import Heard, HeardWord, Wording
from dispatch.store.audit import add_audit
from dispatch.store.database import Database
from dispatch.store.errors import Duplicate, DuplicateTransmission, NotFound
from dispatch.store.search import LogEntry, find_transmissions
from dispatch.store.tables import TranscriptRow, TransmissionRow
from dispatch.store.tables.heard import TransmissionState
from dispatch.store.types import clean, clean_json, finite

__all__ = [
    "LogEntry",
    "NewTranscript",
    "NewTransmission",
    "StoredTransmission",
    "TransmissionState",
    "TransmissionsStore",
]

WORST_LOGPROB = -10.0
"""What is stored for an average log-probability that is not a number."""


@dataclass(frozen=True, slots=True)
class NewTransmission:
    """A recording that is on disk."""

    uid: str
    """The recorder's own id: recording it again changes nothing."""
    channel: str
    unit: str | None
    strength_dbm: float | None
    started_at: datetime
    ended_at: datetime
    duration_s: float
    audio_path: str
    sha256: str
    """Of the audio file."""
    split: bool = False
    """A part of one long press."""
    source: str = "radio"
    signalling: tuple[str, ...] = ()
    """What was signalled with it, for a person to read: "MDC-1200: PTT ID 1234"."""


@dataclass(frozen=True, slots=True)
class StoredTransmission:
    """A transmission as the store knows it."""

    transmission_id: int
    uid: str
    channel: str
    unit: str | None
    strength_dbm: float | None
    started_at: datetime
    ended_at: datetime
    duration_s: float
    audio_path: str
    sha256: str
    split: bool
    source: str
    state: TransmissionState
    attempts: int
    failed_reason: str | None
    signalling: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewTranscript:
    """A transcript to keep; also what is read back."""

    text: str
    words: tuple[HeardWord, ...]
    hypotheses: tuple[Wording, ...]
    average_logprob: float
    no_speech: float
    engine: str
    took_s: float

    def heard(self, duration_s: float) -> Heard:
        """As reading and matching take it."""
        return Heard(self.text, self.words, self.hypotheses, self.average_logprob, self.no_speech, duration_s)


class TransmissionsStore:
    """Questions about transmissions.

    Args:
        database: where they are.
        clock: aware UTC now.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def record(self, new: NewTransmission) -> int:
        """Enter a recording; entering it again gives the same id.

        Raises:
            DuplicateTransmission: the uid is taken by other audio.
        """
        try:
            async with self._database.write() as session:
                known = await _by_uid(session, new.uid)
                if known is None:
                    row = TransmissionRow(
                        **(asdict(new) | {"signalling": clean_json(list(new.signalling))}),
                        state=TransmissionState.RECORDED,
                        attempts=0,
                        failed_reason=None,
                        recorded_at=self._clock(),
                    )
                    session.add(row)
                    await session.flush()
                    return row.id
        except Duplicate:  # another program entered it between our look and our insert
            async with self._database.read() as session:
                known = await _by_uid(session, new.uid)
            if known is None:
                raise
        if known.sha256 != new.sha256:
            raise DuplicateTransmission(
                f"transmission {new.uid} is already stored with other audio ({known.audio_path}, not {new.audio_path})"
            )
        return known.id

    async def known_uids(self, uids: Iterable[str]) -> set[str]:
        """Which of these have a row."""
        wanted = list(uids)
        known: set[str] = set()
        async with self._database.read() as session:
            for start in range(0, len(wanted), 500):
                query = select(TransmissionRow.uid).where(TransmissionRow.uid.in_(wanted[start : start + 500]))
                known.update(await session.scalars(query))
        return known

    async def get(self, transmission_id: int) -> StoredTransmission:
        """One transmission.

        Raises:
            NotFound
        """
        async with self._database.read() as session:
            return _stored(await _row(session, transmission_id))

    async def unfinished(self, limit: int = 100) -> tuple[StoredTransmission, ...]:
        """What is neither decided nor given up, newest first."""
        open_states = (TransmissionState.RECORDED, TransmissionState.TRANSCRIBED)
        query = (
            select(TransmissionRow)
            .where(TransmissionRow.state.in_(open_states))
            .order_by(TransmissionRow.started_at.desc(), TransmissionRow.id.desc())
            .limit(limit)
        )
        async with self._database.read() as session:
            return tuple(_stored(row) for row in await session.scalars(query))

    async def save_transcript(self, transmission_id: int, transcript: NewTranscript) -> None:
        """Keep a transcript; a newer one replaces it until the transmission is decided, then the one relied on stays.

        Raises:
            NotFound
        """
        values = {
            "text": transcript.text,
            "search_text": fold(transcript.text),
            "words": clean_json([asdict(word) for word in transcript.words]),
            "hypotheses": clean_json([asdict(wording) for wording in transcript.hypotheses]),
            "average_logprob": finite(transcript.average_logprob, WORST_LOGPROB),
            "no_speech": finite(transcript.no_speech, 1.0),
            "engine": transcript.engine,
            "took_s": finite(transcript.took_s, 0.0),
            "created_at": self._clock(),
        }
        async with self._database.write() as session:
            row = await _row(session, transmission_id, for_update=True)
            if row.state is TransmissionState.DECIDED:
                return
            kept = await session.get(TranscriptRow, transmission_id)
            if kept is None:
                session.add(TranscriptRow(transmission_id=transmission_id, **values))
            else:
                for name, value in values.items():
                    setattr(kept, name, value)
            row.state = TransmissionState.TRANSCRIBED
            row.failed_reason = None

    async def transcript(self, transmission_id: int) -> NewTranscript | None:
        """The transcript, if there is one."""
        async with self._database.read() as session:
            row = await session.get(TranscriptRow, transmission_id)
        if row is None:
            return None
        return NewTranscript(
            text=row.text,
            words=tuple(_word(word) for word in row.words),
            hypotheses=tuple(_wording(wording) for wording in row.hypotheses),
            average_logprob=row.average_logprob,
            no_speech=row.no_speech,
            engine=row.engine,
            took_s=row.took_s,
        )

    async def count_attempt(self, transmission_id: int) -> int:
        """Count an attempt to transcribe, before it is made: a crash in it counts too. Returns how many there are now.

        Raises:
            NotFound
        """
        query = (
            update(TransmissionRow)
            .where(TransmissionRow.id == transmission_id)
            .values(attempts=TransmissionRow.attempts + 1)
            .returning(TransmissionRow.attempts)
            .execution_options(synchronize_session=False)
        )
        async with self._database.write() as session:
            attempts = (await session.execute(query)).scalar_one_or_none()
        if attempts is None:
            raise _not_found(transmission_id)
        return attempts

    async def mark_failed(self, transmission_id: int, reason: str) -> None:
        """Give it up; the audio stays. One that is decided stays decided.

        Raises:
            NotFound
        """
        async with self._database.write() as session:
            row = await _row(session, transmission_id, for_update=True)
            if row.state is TransmissionState.DECIDED:
                return
            row.state = TransmissionState.FAILED
            row.failed_reason = reason
            detail = {"reason": reason, "attempts": row.attempts}
            add_audit(session, self._clock(), "speech", "gave up", f"transmission {transmission_id}", detail)

    async def search(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        reference: str | None = None,
        channel: str | None = None,
        limit: int = 100,
    ) -> tuple[LogEntry, ...]:
        """The log, newest first.

        Args:
            since: started at or after.
            until: started before.
            text: words that must all be in the transcript, each may be only the beginning of one ("stand bea").
            reference: of a person who was matched.
            channel: radio channel.
            limit: at most so many.
        """
        words = None if text is None else fold(text).split()
        return await find_transmissions(
            self._database, since=since, until=until, words=words, reference=reference, channel=channel, limit=limit
        )


def fold(text: str) -> str:
    """Lower-case words without accents or punctuation, one space between: what the full-text index holds and is asked."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", clean(text)) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", plain.casefold()))


def _word(kept: dict[str, Any]) -> HeardWord:
    # JSON holds no infinities: what was none or not a number comes back as 0.
    return HeardWord(kept["text"], kept["start_s"] or 0.0, kept["end_s"] or 0.0, kept["probability"] or 0.0)


def _wording(kept: dict[str, Any]) -> Wording:
    score = WORST_LOGPROB if kept["score"] is None else kept["score"]
    return Wording(kept["text"], score, kept["biased"], kept.get("repeats", False), kept.get("varied", False))


async def _by_uid(session: AsyncSession, uid: str) -> TransmissionRow | None:
    return (await session.scalars(select(TransmissionRow).where(TransmissionRow.uid == uid))).one_or_none()


async def _row(session: AsyncSession, transmission_id: int, *, for_update: bool = False) -> TransmissionRow:
    row = await session.get(TransmissionRow, transmission_id, with_for_update=for_update or None)
    if row is None:
        raise _not_found(transmission_id)
    return row


def _not_found(transmission_id: int) -> NotFound:
    return NotFound(f"there is no transmission {transmission_id}")


def _stored(row: TransmissionRow) -> StoredTransmission:
    return StoredTransmission(
        transmission_id=row.id,
        uid=row.uid,
        channel=row.channel,
        unit=row.unit,
        strength_dbm=row.strength_dbm,
        started_at=row.started_at,
        ended_at=row.ended_at,
        duration_s=row.duration_s,
        audio_path=row.audio_path,
        sha256=row.sha256,
        split=row.split,
        source=row.source,
        state=row.state,
        attempts=row.attempts,
        failed_reason=row.failed_reason,
        signalling=tuple(row.signalling),
    )
