"""What an import would change: the stored register and the rows of a list in, a plan out. Nothing is done here.

Rules:

- A row is the person with its reference. Nobody is ever removed because a list lacks them; `retire_missing` withdraws
  their notices, which keeps the record and silences the air.
- The notice with the row's day of service is brought up to date. Another day of service is another notice, an extension:
  it gets a record of its own that points at the notice before it.
- A row says how the person stands, so "withdrawn", "quashed", "appealed" or "suspended" also applies to the person's
  older notices that would still count: a wrong name on the air is worse than silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from dispatch.people import NoticeStatus
from dispatch.register.csv_import import RegisterRow

DELETE_AFTER_DAYS = 365
"""Twelve more months for the controller alone once members no longer see somebody; then the record is erased."""

SILENCING = frozenset({NoticeStatus.WITHDRAWN, NoticeStatus.QUASHED, NoticeStatus.APPEALED, NoticeStatus.SUSPENDED})
_NEVER_COUNTS = frozenset({NoticeStatus.WITHDRAWN, NoticeStatus.QUASHED, NoticeStatus.DRAFT})


@dataclass(frozen=True, slots=True)
class NoticeEntry:
    """A stored notice."""

    notice_id: int
    status: NoticeStatus
    served_on: date | None
    expires_on: date | None
    served_by: str
    extends_id: int | None = None
    breach_call_id: int | None = None


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """A stored person, with everything that is held."""

    offender_id: int
    reference: str
    first_name: str
    last_name: str
    aliases: tuple[str, ...] = ()
    sex: str | None = None
    born_on: date | None = None
    ethnicity_code: str | None = None
    height_cm: int | None = None
    build: str = ""
    hair: str = ""
    marks: str = ""
    offences: tuple[str, ...] = ()
    notes: str = ""
    show_until: date | None = None
    delete_after: date | None = None
    retired: bool = False
    notices: tuple[NoticeEntry, ...] = ()
    """Oldest first."""

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


PERSON_FIELDS: Mapping[str, str] = {
    "first_name": "first_name",
    "last_name": "last_name",
    "aliases": "aliases",
    "sex": "sex",
    "born_on": "date_of_birth",
    "ethnicity_code": "ethnicity_code",
    "height_cm": "height_cm",
    "build": "build",
    "hair": "hair",
    "marks": "marks",
    "offences": "offences",
    "notes": "notes",
}
"""Fields of a person and the column each comes from."""


class Action(StrEnum):
    """What an import does with one record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, as text."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class NoticeStep:
    """A notice to add (`notice_id` None) or to bring up to date."""

    notice_id: int | None
    status: NoticeStatus
    served_on: date | None
    expires_on: date | None
    served_by: str
    extends_id: int | None = None


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """What happens to one person."""

    action: Action
    reference: str
    row: RegisterRow | None
    """None when retired."""
    offender_id: int | None
    """None when added."""
    changes: tuple[FieldChange, ...] = ()
    notices: tuple[NoticeStep, ...] = ()


def plan_register(
    stored: Iterable[RegisterEntry], rows: Sequence[RegisterRow], *, retire_missing: bool = False
) -> tuple[PersonPlan, ...]:
    """What importing the rows would do, in the order of the rows; those to retire follow."""
    known = {entry.reference: entry for entry in stored}
    plans = [_plan_row(known.get(row.reference), row) for row in rows]
    if retire_missing:
        listed = {row.reference for row in rows}
        plans += [
            _plan_retirement(entry) for entry in known.values() if entry.reference not in listed and not entry.retired
        ]
    return tuple(plans)


def clocks(notices: Iterable[NoticeEntry | NoticeStep], today: date) -> tuple[date, date]:
    """Until when members see a person, and after which day the record is erased.

    The last end of a notice that counts or counted; without one, today. Erased 365 days later.
    """
    ends = [notice.expires_on for notice in notices if notice.expires_on and notice.status not in _NEVER_COUNTS]
    show_until = max(ends, default=today)
    ordinal = min(show_until.toordinal() + DELETE_AFTER_DAYS, date.max.toordinal())
    return show_until, date.fromordinal(ordinal)


def _plan_row(stored: RegisterEntry | None, row: RegisterRow) -> PersonPlan:
    if stored is None:
        notices = () if row.status is None else (_step(None, row.status, row),)
        return PersonPlan(Action.ADDED, row.reference, row, None, (), notices)
    changes = [
        FieldChange(field, _shown(getattr(stored, field)), _shown(getattr(row, field)))
        for field, column in PERSON_FIELDS.items()
        if column in row.given and getattr(stored, field) != getattr(row, field)
    ]
    if stored.retired:
        changes.append(FieldChange("retired", "yes", "no"))
    steps = _plan_notices(stored.notices, row)
    by_id = {notice.notice_id: notice for notice in stored.notices}
    for step in steps:
        changes += _notice_changes(by_id.get(step.notice_id) if step.notice_id is not None else None, step)
    action = Action.CHANGED if changes else Action.UNCHANGED
    return PersonPlan(action, row.reference, row, stored.offender_id, tuple(changes), steps)


def _plan_notices(stored: Sequence[NoticeEntry], row: RegisterRow) -> tuple[NoticeStep, ...]:
    if row.status is None:
        return ()
    same = next((notice for notice in reversed(stored) if notice.served_on == row.served_on), None)
    if same is None and stored and stored[-1].served_on is None:
        same = stored[-1]  # decided before, served now
    steps: list[NoticeStep] = []
    if row.status in SILENCING:
        steps += [
            NoticeStep(old.notice_id, row.status, old.served_on, old.expires_on, old.served_by, old.extends_id)
            for old in stored
            if old is not same and old.status is NoticeStatus.ACTIVE
        ]
    if same is None:
        steps.append(_step(None, row.status, row, extends_id=stored[-1].notice_id if stored else None))
        return tuple(steps)
    wanted = _step(same, row.status, row, extends_id=same.extends_id)
    if _differs(same, wanted):
        steps.append(wanted)
    return tuple(steps)


def _step(old: NoticeEntry | None, status: NoticeStatus, row: RegisterRow, extends_id: int | None = None) -> NoticeStep:
    """The notice as the row has it; columns that the file lacks keep what was stored."""
    return NoticeStep(
        notice_id=None if old is None else old.notice_id,
        status=status,
        served_on=row.served_on if old is None or "notice_served_on" in row.given else old.served_on,
        expires_on=row.expires_on if old is None or "notice_expires_on" in row.given else old.expires_on,
        served_by=row.served_by if old is None or "served_by_member" in row.given else old.served_by,
        extends_id=extends_id,
    )


def _differs(old: NoticeEntry, new: NoticeStep) -> bool:
    fields = ("status", "served_on", "expires_on", "served_by")
    return any(getattr(old, field) != getattr(new, field) for field in fields)


def _notice_changes(old: NoticeEntry | None, new: NoticeStep) -> list[FieldChange]:
    if old is None:
        kind = "extension" if new.extends_id is not None else "notice"
        return [FieldChange(kind, "", f"{new.status}, served {_shown(new.served_on)}, ends {_shown(new.expires_on)}")]
    return [
        FieldChange(f"notice {field}", _shown(getattr(old, field)), _shown(getattr(new, field)))
        for field in ("status", "served_on", "expires_on", "served_by")
        if getattr(old, field) != getattr(new, field)
    ]


def _plan_retirement(stored: RegisterEntry) -> PersonPlan:
    """Absent from the list: whatever could still count is withdrawn."""
    live = NoticeStatus.ACTIVE, NoticeStatus.APPEALED, NoticeStatus.SUSPENDED, NoticeStatus.DRAFT, NoticeStatus.WARNING
    steps = tuple(
        NoticeStep(old.notice_id, NoticeStatus.WITHDRAWN, old.served_on, old.expires_on, old.served_by, old.extends_id)
        for old in stored.notices
        if old.status in live
    )
    changes = [FieldChange("retired", "no", "yes")]
    for step in steps:
        changes += _notice_changes(next(n for n in stored.notices if n.notice_id == step.notice_id), step)
    return PersonPlan(Action.RETIRED, stored.reference, None, stored.offender_id, tuple(changes), steps)


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return "; ".join(str(part) for part in value)
        case _:
            return str(value)
