"""People on the register as the rules see them: values, no database.

An exclusion notice counts only when it was served, is in date and is neither suspended, withdrawn nor quashed
(docs/design.md, "Words"). That is worked out here, at the moment it is asked, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class NoticeState(StrEnum):
    """How a notice stands at one moment. The values are those of the contract's `notice` field."""

    ACTIVE = "active"
    EXPIRED = "expired"
    APPEALED = "appealed"
    WITHDRAWN = "withdrawn"
    WARNING = "warning"
    NONE = "none"


class NoticeStatus(StrEnum):
    """What the scheme recorded about a notice."""

    ACTIVE = "active"
    """Served and not since touched; whether it is in date is asked of the calendar."""
    APPEALED = "appealed"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    QUASHED = "quashed"
    EXPIRED = "expired"
    WARNING = "warning"
    DRAFT = "draft"
    """Decided but not yet served: the person has not been told, so it can't be breached."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One exclusion notice. Both days are inclusive, in the scheme's own time zone."""

    notice_id: int
    status: NoticeStatus
    served_on: date | None
    expires_on: date | None

    def state(self, now: datetime, zone: ZoneInfo) -> NoticeState:
        """How it stands at `now` (aware)."""
        today = now.astimezone(zone).date()
        match self.status:
            case NoticeStatus.ACTIVE:
                if self.served_on is None or self.served_on > today or self.expires_on is None:
                    return NoticeState.NONE
                return NoticeState.ACTIVE if today <= self.expires_on else NoticeState.EXPIRED
            case NoticeStatus.APPEALED | NoticeStatus.SUSPENDED:
                return NoticeState.APPEALED
            case NoticeStatus.WITHDRAWN | NoticeStatus.QUASHED:
                return NoticeState.WITHDRAWN
            case NoticeStatus.EXPIRED:
                return NoticeState.EXPIRED
            case NoticeStatus.WARNING:
                return NoticeState.WARNING
            case NoticeStatus.DRAFT:
                return NoticeState.NONE


@dataclass(frozen=True, slots=True)
class Person:
    """One offender as matching and policy need them: no address, no offence, no health."""

    offender_id: int
    reference: str
    first_name: str
    last_name: str
    aliases: tuple[str, ...] = ()
    sex: str | None = None
    born_on: date | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def name(self) -> str:
        """First and last name as the scheme writes them."""
        return f"{self.first_name} {self.last_name}".strip()

    def notice(self, now: datetime, zone: ZoneInfo) -> tuple[NoticeState, Notice | None]:
        """The notice that counts at `now`: one in force if there is any, else the one that ends last."""
        if not self.notices:
            return NoticeState.NONE, None
        for notice in self.notices:
            if notice.state(now, zone) is NoticeState.ACTIVE:
                return NoticeState.ACTIVE, notice
        last = max(self.notices, key=lambda n: (n.expires_on or date.min, n.notice_id))
        return last.state(now, zone), last

    def is_minor(self, now: datetime, zone: ZoneInfo) -> bool:
        """Under 18 at `now`. Someone whose date of birth is not known counts as adult."""
        if self.born_on is None:
            return False
        today = now.astimezone(zone).date()
        had_birthday = (today.month, today.day) >= (self.born_on.month, self.born_on.day)
        return today.year - self.born_on.year - (0 if had_birthday else 1) < 18
