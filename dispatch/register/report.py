"""What an import did, or would do: the same for register, members and places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.register.plan import Action, FieldChange
from dispatch.register.table import Refusal


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One record that was added, changed or retired."""

    key: str
    """Reference of a person, name of a member or a place."""
    action: Action
    changes: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of an import."""

    applied: bool
    """False after a dry run, and when refused rows stopped it: then nothing was changed."""
    dry_run: bool
    added: int
    changed: int
    unchanged: int
    retired: int
    refused: int
    """Rows, however many faults each has."""
    records: tuple[RecordChange, ...] = ()
    """Everything but the unchanged."""
    refusals: tuple[Refusal, ...] = ()

    @property
    def ok(self) -> bool:
        """Nothing was refused."""
        return not self.refusals


def report(
    records: Iterable[RecordChange], refusals: tuple[Refusal, ...], *, applied: bool, dry_run: bool
) -> ImportReport:
    """Count."""
    everything = tuple(records)
    counted = {action: sum(record.action is action for record in everything) for action in Action}
    return ImportReport(
        applied=applied,
        dry_run=dry_run,
        added=counted[Action.ADDED],
        changed=counted[Action.CHANGED],
        unchanged=counted[Action.UNCHANGED],
        retired=counted[Action.RETIRED],
        refused=len({refusal.line for refusal in refusals}),
        records=tuple(record for record in everything if record.action is not Action.UNCHANGED),
        refusals=refusals,
    )
