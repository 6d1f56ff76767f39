"""What was heard and what it meant: transmissions, transcripts, calls, matches."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.calls import AlertKind, DecisionKind, Intent, MentionKind, Priority
from dispatch.people import NoticeState
from dispatch.store.tables.base import Base
from dispatch.store.types import Id


class TransmissionState(StrEnum):
    """How far one transmission has come."""

    RECORDED = "recorded"
    TRANSCRIBED = "transcribed"
    DECIDED = "decided"
    FAILED = "failed"
    """Given up: the attempts to transcribe it are used up. The audio is kept."""


class MatchOutcome(StrEnum):
    """What the decision made of a match."""

    NAMED = "named"
    REVIEW = "review"
    CANDIDATE = "candidate"


class TransmissionRow(Base):
    """One press of push-to-talk."""

    __tablename__ = "transmissions"
    __table_args__ = (
        Index("ix_transmissions_state_started_at", "state", "started_at"),
        Index("ix_transmissions_channel_started_at", "channel", "started_at"),
    )

    id: Mapped[Id] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[str]
    unit: Mapped[str | None]
    strength_dbm: Mapped[float | None]
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime]
    duration_s: Mapped[float]
    audio_path: Mapped[str]
    sha256: Mapped[str]
    split: Mapped[bool]
    source: Mapped[str]
    signalling: Mapped[list[str]]
    """What was signalled with it, for a person to read."""
    state: Mapped[TransmissionState]
    attempts: Mapped[int]
    failed_reason: Mapped[str | None]
    recorded_at: Mapped[datetime]

    transcript: Mapped[TranscriptRow | None] = relationship(back_populates="transmission")
    call: Mapped[CallRow | None] = relationship(back_populates="transmission")


class TranscriptRow(Base):
    """A transmission as text. Its key is the transmission's, which the full-text index relies on."""

    __tablename__ = "transcripts"

    transmission_id: Mapped[Id] = mapped_column(
        ForeignKey("transmissions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    text: Mapped[str]
    search_text: Mapped[str]
    """The text folded to lower-case words without accents: both engines split it in the same way."""
    words: Mapped[list[Any]]
    hypotheses: Mapped[list[Any]]
    average_logprob: Mapped[float]
    no_speech: Mapped[float]
    engine: Mapped[str]
    took_s: Mapped[float]
    created_at: Mapped[datetime]

    transmission: Mapped[TransmissionRow] = relationship(back_populates="transcript")


class CallRow(Base):
    """What a transmission means and what was decided. One per transmission: that is what stops a second alert."""

    __tablename__ = "calls"
    __table_args__ = (Index("ix_calls_decision_decided_at", "decision", "decided_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    transmission_id: Mapped[Id] = mapped_column(ForeignKey("transmissions.id", ondelete="CASCADE"), unique=True)
    text: Mapped[str]
    intent: Mapped[Intent]
    caller: Mapped[str | None]
    called: Mapped[str | None]
    place_id: Mapped[Id | None] = mapped_column(ForeignKey("places.id", ondelete="SET NULL"))
    place: Mapped[str | None]
    place_said: Mapped[str | None]
    heading: Mapped[str | None]
    description: Mapped[dict[str, Any]]
    priority: Mapped[Priority]
    read_back: Mapped[bool]
    reading: Mapped[dict[str, Any]]
    """Mentions, negated and hedged stretches, and why each was read so."""
    decision: Mapped[DecisionKind]
    decision_reason: Mapped[str]
    alert_kind: Mapped[AlertKind | None]
    decided_at: Mapped[datetime]
    timings: Mapped[dict[str, Any]]

    transmission: Mapped[TransmissionRow] = relationship(back_populates="call")
    matches: Mapped[list[MatchRow]] = relationship(back_populates="call", order_by="MatchRow.id")


class MatchRow(Base):
    """A mention tied to a person, with its confidence and the notice as it stood."""

    __tablename__ = "matches"
    __table_args__ = (Index("ix_matches_reference_call_id", "reference", "call_id"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    call_id: Mapped[Id] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), index=True)
    offender_id: Mapped[Id | None] = mapped_column(ForeignKey("offenders.id", ondelete="SET NULL"), index=True)
    reference: Mapped[str]
    name: Mapped[str]
    said: Mapped[str]
    wanted: Mapped[str]
    kind: Mapped[MentionKind]
    start: Mapped[int]
    end: Mapped[int]
    negated: Mapped[bool]
    hedged: Mapped[bool]
    confidence: Mapped[float]
    notice: Mapped[NoticeState]
    notice_id: Mapped[Id | None] = mapped_column(ForeignKey("notices.id", ondelete="SET NULL"))
    reason: Mapped[str]
    outcome: Mapped[MatchOutcome]

    call: Mapped[CallRow] = relationship(back_populates="matches")
