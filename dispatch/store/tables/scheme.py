"""The scheme's own records: members, sites, contacts, places, offenders, aliases, notices."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.people import NoticeStatus
from dispatch.store.tables.base import Base
from dispatch.store.types import Id


class MemberRow(Base):
    """A business in the scheme."""

    __tablename__ = "members"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    sites: Mapped[list[SiteRow]] = relationship(back_populates="member", order_by="SiteRow.id")
    contacts: Mapped[list[ContactRow]] = relationship(back_populates="member", order_by="ContactRow.id")


class SiteRow(Base):
    """A place of a member, with a position, opening hours, a radio."""

    __tablename__ = "sites"
    __table_args__ = (UniqueConstraint("member_id", "name"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"))
    name: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    hours: Mapped[str]
    radio_unit: Mapped[str | None]

    member: Mapped[MemberRow] = relationship(back_populates="sites")


class ContactRow(Base):
    """A telephone that belongs to a member."""

    __tablename__ = "contacts"

    id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    site_id: Mapped[Id | None] = mapped_column(ForeignKey("sites.id", ondelete="SET NULL"))
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(unique=True)
    """E.164."""
    wants_sms: Mapped[bool]
    opted_out: Mapped[bool]
    """Sent STOP. Only START takes it back, never an import."""
    opted_out_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    member: Mapped[MemberRow] = relationship(back_populates="contacts")
    site: Mapped[SiteRow | None] = relationship()


class PlaceRow(Base):
    """A place people name on the radio."""

    __tablename__ = "places"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    said_as: Mapped[list[str]]
    misheard: Mapped[list[str]]
    kind: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    adjacent: Mapped[list[str]]
    """Names of places next to it."""
    cameras: Mapped[list[str]]
    open_from: Mapped[date | None]
    closed_on: Mapped[date | None]
    retired_at: Mapped[datetime | None]


class OffenderRow(Base):
    """A person on the register."""

    __tablename__ = "offenders"

    id: Mapped[Id] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    sex: Mapped[str | None]
    born_on: Mapped[date | None]
    ethnicity_code: Mapped[str | None]
    """As the scheme writes it; never expanded."""
    height_cm: Mapped[int | None]
    build: Mapped[str]
    hair: Mapped[str]
    marks: Mapped[str]
    offences: Mapped[list[str]]
    notes: Mapped[str]
    show_until: Mapped[date | None]
    """Members see the person up to this day (inclusive)."""
    delete_after: Mapped[date | None]
    """The record is erased after this day unless something newer moves it."""
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    aliases: Mapped[list[AliasRow]] = relationship(
        back_populates="offender", order_by="AliasRow.position", cascade="all, delete-orphan"
    )
    notices: Mapped[list[NoticeRow]] = relationship(
        back_populates="offender", order_by="NoticeRow.id", cascade="all, delete-orphan"
    )


class AliasRow(Base):
    """Another name of an offender."""

    __tablename__ = "aliases"

    id: Mapped[Id] = mapped_column(primary_key=True)
    offender_id: Mapped[Id] = mapped_column(ForeignKey("offenders.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    alias: Mapped[str]

    offender: Mapped[OffenderRow] = relationship(back_populates="aliases")


class NoticeRow(Base):
    """An exclusion notice. An extension is a row of its own that points at the notice and the breach behind it."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_offender_id_expires_on", "offender_id", "expires_on"),)

    id: Mapped[Id] = mapped_column(primary_key=True)
    offender_id: Mapped[Id] = mapped_column(ForeignKey("offenders.id", ondelete="CASCADE"))
    status: Mapped[NoticeStatus]
    served_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    served_by: Mapped[str]
    """The member that served it, as the scheme's list writes it."""
    extends_id: Mapped[Id | None] = mapped_column(ForeignKey("notices.id", ondelete="SET NULL"))
    breach_call_id: Mapped[Id | None] = mapped_column(ForeignKey("calls.id", ondelete="SET NULL"))
    """The call that reported the breach, where it is known."""
    created_at: Mapped[datetime]

    offender: Mapped[OffenderRow] = relationship(back_populates="notices")
