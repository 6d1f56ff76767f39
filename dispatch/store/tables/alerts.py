"""What was sent: alerts, whom and which notices they concern, deliveries, receipts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.calls import AlertKind, Priority
from dispatch.deliveries import ChannelKind, DeliveryState, ReceiptKind
from dispatch.store.tables.base import Base
from dispatch.store.types import Id


class AlertRow(Base):
    """An alert. At most one per call."""

    __tablename__ = "alerts"

    id: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    call_id: Mapped[Id] = mapped_column(ForeignKey("calls.id", ondelete="CASCADE"), unique=True)
    kind: Mapped[AlertKind]
    priority: Mapped[Priority]
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    place: Mapped[str | None]
    summary: Mapped[str]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[Id | None] = mapped_column(ForeignKey("alerts.id", ondelete="SET NULL"))
    updates_id: Mapped[Id | None] = mapped_column(ForeignKey("alerts.id", ondelete="SET NULL"))

    deliveries: Mapped[list[DeliveryRow]] = relationship(back_populates="alert", order_by="DeliveryRow.id")


class AlertOffenderRow(Base):
    """Whom an alert concerns, surest first."""

    __tablename__ = "alert_offenders"

    alert_id: Mapped[Id] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)
    offender_id: Mapped[Id] = mapped_column(
        ForeignKey("offenders.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]


class AlertNoticeRow(Base):
    """The purpose log: which notices an alert relied on."""

    __tablename__ = "alert_notices"

    alert_id: Mapped[Id] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)
    notice_id: Mapped[Id] = mapped_column(ForeignKey("notices.id", ondelete="CASCADE"), primary_key=True, index=True)


class DeliveryRow(Base):
    """One alert to one recipient by one channel."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_state_turn_created_at", "state", "turn", "created_at"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    alert_id: Mapped[Id] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[Id | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    channel: Mapped[ChannelKind]
    recipient: Mapped[str]
    body: Mapped[str]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    state: Mapped[DeliveryState]
    turn: Mapped[int]
    """0 urgent, 1 ends an alert, 2 the rest. Lower goes first."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    not_before: Mapped[datetime | None]
    attempts: Mapped[int]
    owner: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    half_sent: Mapped[bool]
    """An attempt began whose end nobody knows: it may have gone out."""
    provider_id: Mapped[str | None]
    """Of the latest attempt; earlier ones stand in the receipts."""
    detail: Mapped[str]
    """What was last said about it: why it is tried again, why it failed."""
    changed_at: Mapped[datetime]

    alert: Mapped[AlertRow] = relationship(back_populates="deliveries")


class ReceiptRow(Base):
    """What came back about a delivery. All are kept, also those that came too late to matter."""

    __tablename__ = "receipts"

    id: Mapped[Id] = mapped_column(primary_key=True)
    delivery_id: Mapped[Id] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ReceiptKind]
    at: Mapped[datetime]
    provider_id: Mapped[str | None] = mapped_column(index=True)
    detail: Mapped[str]
