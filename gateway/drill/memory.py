"""What the last nights found, in a small JSON file: references and outcomes, no names.

A record counts as long as the person's names are the ones that were drilled; who left the register leaves the file with
the next night. Each channel quality has records of its own: they can't be compared.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from dispatch.people import NoticeState, Person
from gateway.drill.channel import Quality
from gateway.drill.findings import FormResult, Outcome, PersonResult

log = structlog.get_logger()

VERSION = 1
FILE_NAME = "drill.json"


def fingerprint(person: Person) -> str:
    """Changes when a name, an alias or the reference does."""
    names = "|".join((person.reference, person.first_name, person.last_name, *person.aliases))
    return hashlib.sha256(names.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Record:
    """The last drill of one person."""

    fingerprint: str
    result: PersonResult


@dataclass(slots=True)
class Memory:
    """Records by quality and reference. Changed by `remember`, kept by `save`."""

    records: dict[Quality, dict[str, Record]] = field(default_factory=dict)

    def of(self, person: Person, quality: Quality) -> PersonResult | None:
        """What was found about a person whose names are still the same."""
        record = self.records.get(quality, {}).get(person.reference)
        return record.result if record and record.fingerprint == fingerprint(person) else None

    def before(self, person: Person, label: str, quality: Quality) -> Outcome | None:
        """How this form ended the last time."""
        last = self.of(person, quality)
        return next((form.outcome for form in last.forms if form.label == label), None) if last else None

    def remember(self, person: Person, result: PersonResult, quality: Quality) -> None:
        """Replace what was known."""
        self.records.setdefault(quality, {})[person.reference] = Record(fingerprint(person), result)

    def forget_all_but(self, people: Iterable[Person]) -> None:
        """Drop who is no longer on the register."""
        known = {person.reference for person in people}
        for of_quality in self.records.values():
            for reference in of_quality.keys() - known:
                del of_quality[reference]


def queue(
    people: Iterable[Person], memory: Memory, quality: Quality, states: Mapping[int, NoticeState]
) -> list[Person]:
    """In which order to drill: who was never drilled under these names, notices in force first; then the oldest result.

    Args:
        people: the register.
        memory: what is known.
        quality: of the channel.
        states: how the notice of each offender id stands.
    """

    def turn(person: Person) -> tuple[int, int, str, str]:
        last = memory.of(person, quality)
        lapsed = int(states.get(person.offender_id) is not NoticeState.ACTIVE)
        if last is None:
            return 0, lapsed, "", person.reference
        return 1, 0, last.drilled_at.isoformat(), person.reference

    return sorted(people, key=turn)


def load(path: Path) -> Memory:
    """Read the file. One that is missing or can't be understood gives an empty memory: a night's work is all that is lost."""
    try:
        return _parsed(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("what earlier drills found can't be read; beginning anew", path=str(path), why=repr(error))
        return Memory()


def save(memory: Memory, path: Path) -> None:
    """Write the file, whole or not at all, readable by its owner only.

    Raises:
        OSError: it can't be written.
    """
    part = path.with_name(f"{path.name}.part")
    text = json.dumps(_written(memory), separators=(",", ":"), sort_keys=True)
    handle = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    part.replace(path)


def _written(memory: Memory) -> dict[str, Any]:
    return {
        "version": VERSION,
        "drills": {
            quality.value: {reference: _record(record) for reference, record in records.items()}
            for quality, records in memory.records.items()
        },
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "names": record.fingerprint,
        "at": record.result.drilled_at.isoformat(),
        "forms": [
            [form.label, form.outcome.value, form.heard, form.calls, list(form.others), form.before]
            for form in record.result.forms
        ],
    }


def _parsed(data: Any) -> Memory:  # noqa: ANN401 - whatever the file holds
    if data["version"] != VERSION:
        raise ValueError(f"version {data['version']}")
    return Memory(
        {
            Quality(quality): {
                str(reference): Record(str(entry["names"]), _result(str(reference), entry))
                for reference, entry in records.items()
            }
            for quality, records in data["drills"].items()
        }
    )


def _result(reference: str, entry: Mapping[str, Any]) -> PersonResult:
    at = datetime.fromisoformat(entry["at"])
    if at.tzinfo is None:
        raise ValueError(f"{reference}: a time without its zone")
    forms = tuple(
        FormResult(
            str(label), Outcome(outcome), int(heard), int(calls), tuple(map(str, others)), before and Outcome(before)
        )
        for label, outcome, heard, calls, others, before in entry["forms"]
    )
    return PersonResult(reference, at, forms)
