"""What a drill found: how each call ended, which names get through, what to do about those that don't. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from dispatch.calls import Decision, Match, MentionKind
from dispatch.people import NoticeState, Person
from dispatch.policy import PolicyRules
from gateway.drill.calls import forms_of

CODES = ("number", "reference")
"""Labels of the ways to say a reference. Letters alone are easily misheard, so the number is suggested first."""


class Outcome(StrEnum):
    """How one call, or one way to name a person, ended; worst first."""

    WRONG = "wrong person"
    """Somebody else was named, surely enough for an alert."""
    MISSED = "missed"
    """The person was not found, or nobody would have been told."""
    UNSURE = "unsure"
    """Found, but not surely enough for an alert: a person would be asked."""
    HEARD = "heard"
    """Found, surely; and an alert, if the notice is in force."""

    @property
    def badness(self) -> int:
        """0 for heard, 3 for the wrong person."""
        return _BADNESS[self]


_FITS_FROM = 0.25
"""Brothers share the probability of their surname: each is then below what a person would be asked about."""
_BADNESS = {outcome: badness for badness, outcome in enumerate(reversed(Outcome))}


@dataclass(frozen=True, slots=True)
class CallResult:
    """One call of the drill."""

    said: str
    transcript: str
    outcome: Outcome
    confidence: float
    """That it was this person: a probability, 0 if not found."""
    others: tuple[str, ...]
    """References of other people who fit as well or well enough to be asked about, surest first."""
    decision: str
    reason: str
    """The decision's own sentence."""


@dataclass(frozen=True, slots=True)
class FormResult:
    """One way to name a person: the worst of its calls."""

    label: str
    outcome: Outcome
    heard: int
    """Of `calls`."""
    calls: int
    others: tuple[str, ...] = ()
    before: Outcome | None = None
    """What the drill before this one found; None if there was none like it."""
    details: tuple[CallResult, ...] = ()
    """Only right after the drill."""

    @property
    def worse(self) -> bool:
        """It got worse since the drill before."""
        return self.before is not None and self.outcome.badness > self.before.badness


@dataclass(frozen=True, slots=True)
class PersonResult:
    """What the last drill found about one person."""

    reference: str
    drilled_at: datetime
    forms: tuple[FormResult, ...]

    @property
    def badness(self) -> tuple[int, int]:
        """For the worst first: the worst form, then how many are not heard."""
        bad = [form.outcome.badness for form in self.forms]
        return max(bad, default=0), sum(badness > 0 for badness in bad)


def judge(
    person: Person,
    said: str,
    transcript: str,
    matches: Sequence[Match],
    decision: Decision,
    *,
    rules: PolicyRules,
    now: datetime,
    zone: ZoneInfo,
) -> CallResult:
    """How a call about `person` ended.

    Somebody whose notice is not in force, or who is under 18, must be found but not be named in an alert.
    """
    meant = [match for match in matches if not match.mention.negated]
    own = max((m.confidence for m in meant if m.person.offender_id == person.offender_id), default=0.0)
    enough = min(rules.review_at, max(own, _FITS_FROM))
    others = [m for m in meant if m.person.offender_id != person.offender_id and m.confidence >= enough]
    surely = [m for m in others if m.confidence >= rules.alert_at and m.mention.kind is not MentionKind.FIRST]
    state, _ = person.notice(now, zone)
    due = state is NoticeState.ACTIVE and not person.is_minor(now, zone)
    named = any(m.person.offender_id == person.offender_id for m in decision.named)
    asked = any(m.person.offender_id == person.offender_id for m in decision.for_review)
    if surely:
        outcome = Outcome.WRONG
    elif own < rules.review_at:
        outcome = Outcome.MISSED
    elif own < rules.alert_at:
        outcome = Outcome.UNSURE
    elif due and not named:
        outcome = Outcome.UNSURE if asked else Outcome.MISSED
    else:
        outcome = Outcome.HEARD
    return CallResult(
        said,
        transcript,
        outcome,
        round(own, 4),
        tuple(m.person.reference for m in sorted(others, key=lambda m: -m.confidence)),
        decision.kind.value,
        decision.reason,
    )


def form_result(label: str, calls: Sequence[CallResult], before: Outcome | None) -> FormResult:
    """The calls of one form together. `calls` holds at least one."""
    worst = max((call.outcome for call in calls), key=lambda outcome: outcome.badness)
    others = dict.fromkeys(reference for call in calls for reference in call.others)
    heard = sum(call.outcome is Outcome.HEARD for call in calls)
    return FormResult(label, worst, heard, len(calls), tuple(others), before, tuple(calls))


def worst_first(results: Iterable[PersonResult]) -> list[PersonResult]:
    """Wrong persons, then missed ones, then unsure ones; by reference among equals."""
    return sorted(results, key=lambda result: (*(-badness for badness in result.badness), result.reference))


def advice(person: Person, result: PersonResult, names: Mapping[str, str]) -> tuple[str, ...]:
    """What the register's keeper can do about a person whose names don't all get through.

    Args:
        person: as on the register now.
        result: what the drill found.
        names: of other people, by reference.
    """
    ends = {form.label: form.outcome for form in result.forms}
    bad = {label for label, outcome in ends.items() if outcome is not Outcome.HEARD}
    if not bad:
        return ()
    spoken = {form.label: form.spoken for form in forms_of(person)}
    aliases = {label: said for label, said in spoken.items() if label.startswith("alias ")}
    heard_codes = [spoken[label] for label in CODES if label in spoken and ends.get(label) is Outcome.HEARD]
    heard_aliases = [alias for label, alias in aliases.items() if ends.get(label) is Outcome.HEARD]
    names_bad = bad - set(CODES)
    found: list[str] = []
    for form in result.forms:
        others = " or ".join(f"{names.get(other, 'somebody else')} ({other})" for other in form.others)
        if form.outcome is Outcome.WRONG:
            found.append(f"The {_called(form.label, aliases)} is taken for {others}: ask members not to use it.")
        elif form.outcome is not Outcome.HEARD and others:
            found.append(f"The {_called(form.label, aliases)} fits {others} as well.")
    if "full name" not in bad and "surname" in bad:
        found.append("The surname alone is not enough: ask members to say first name and surname.")
    if heard_aliases and names_bad - set(aliases):
        found.append(f'The alias "{heard_aliases[0]}" is heard: make it known.')
    if heard_codes and names_bad:
        found.append(f'Ask members to say "{heard_codes[0]}", which is heard.')
    found += [
        f'The alias "{alias}" is not heard surely: give a longer one, or one that is no everyday word.'
        for label, alias in aliases.items()
        if ends.get(label) in {Outcome.MISSED, Outcome.UNSURE}
    ]
    if not heard_codes and not heard_aliases and "full name" not in ends.keys() - bad:
        found.append("Nothing gets through surely: give an alias of two or three long words.")
    elif bad & set(CODES) and heard_codes and not names_bad:
        found.append(f'Of the reference only "{heard_codes[0]}" is heard.')
    elif bad & set(CODES) and not heard_codes:
        found.append("The reference is not heard surely: ask members to say the name.")
    return tuple(found)


def _called(label: str, aliases: Mapping[str, str]) -> str:
    return f'alias "{aliases[label]}"' if label in aliases else label
