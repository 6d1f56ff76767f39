"""The tables as SQLAlchemy maps them. Rows never leave `dispatch.store`: its modules hand out frozen values."""

from dispatch.store.tables.alerts import (
    AlertNoticeRow,
    AlertOffenderRow,
    AlertRow,
    DeliveryRow,
    ReceiptRow,
)
from dispatch.store.tables.base import AuditRow, Base, CounterRow
from dispatch.store.tables.heard import CallRow, MatchRow, TranscriptRow, TransmissionRow
from dispatch.store.tables.scheme import (
    AliasRow,
    ContactRow,
    MemberRow,
    NoticeRow,
    OffenderRow,
    PlaceRow,
    SiteRow,
)

__all__ = [
    "AlertNoticeRow",
    "AlertOffenderRow",
    "AlertRow",
    "AliasRow",
    "AuditRow",
    "Base",
    "CallRow",
    "ContactRow",
    "CounterRow",
    "DeliveryRow",
    "MatchRow",
    "MemberRow",
    "NoticeRow",
    "OffenderRow",
    "PlaceRow",
    "ReceiptRow",
    "SiteRow",
    "TranscriptRow",
    "TransmissionRow",
]
