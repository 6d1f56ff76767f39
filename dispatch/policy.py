"""What becomes of a transmission: a table of rules, read from top to bottom; the first that applies decides.

A wrong name is the worst thing this system can do; silence is the second worst. So only a person whose notice is in
force, who is an adult, and who was named surely, neither as a guess nor by a first name alone, gets on the air without
somebody looking first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.calls import AlertKind, Call, Decision, DecisionKind, Intent, Match, MentionKind, Priority
from dispatch.deliveries import LiveAlert
from dispatch.people import NoticeState
from dispatch.policy_case import RAISES, Case, PolicyRules

__all__ = ["RULES", "PolicyRules", "decide", "which_end"]

Rule = Callable[[Case], Decision | None]


def decide(  # noqa: PLR0917 - values of the stages before, in the order of the pipeline
    call: Call,
    matches: Sequence[Match],
    live: Sequence[LiveAlert],
    now: datetime,
    zone: ZoneInfo,
    rules: PolicyRules,
    channel: str | None = None,
) -> Decision:
    """Decide on one transmission.

    Args:
        call: what was read.
        matches: who may have been named.
        live: alerts not ended yet, in any order.
        now: aware.
        zone: the scheme's own time zone.
        rules: the Board's settings.
        channel: radio channel of the transmission; narrows down what an unnamed "stand down" means.
    """
    young = [alert for alert in live if now - alert.created_at <= timedelta(seconds=rules.live_s)]
    newest_first = tuple(sorted(young, key=lambda alert: (alert.created_at, alert.number), reverse=True))
    case = Case(call, tuple(matches), newest_first, now, zone, rules, channel)
    for rule in RULES:
        decision = rule(case)
        if decision is not None:
            return decision
    return _log("Nobody on the register was named.")


def which_end(decision: Decision, live: Sequence[LiveAlert]) -> tuple[LiveAlert, ...]:
    """The live alerts that a decision ends: a correction, a stand-down, or an alert that corrects an earlier one."""
    return tuple(alert for alert in live if alert.alert_id in decision.ends)


def _log(reason: str) -> Decision:
    return Decision(DecisionKind.LOG, reason)


def _who(matches: Sequence[Match]) -> str:
    return ", ".join(f"{m.person.name} ({m.person.reference}, {m.confidence:.0%})" for m in matches)


def _numbers(alerts: Sequence[LiveAlert]) -> str:
    return ", ".join(f"alert {alert.number:04d}" for alert in alerts)


def _ids(alerts: Sequence[LiveAlert]) -> tuple[int, ...]:
    return tuple(alert.alert_id for alert in alerts)


def _not_understood(case: Case) -> Decision | None:
    if case.call.intent is Intent.UNINTELLIGIBLE:
        return _log(case.call.reasons[0] if case.call.reasons else "Nothing was understood.")
    return None


def _danger(case: Case) -> Decision | None:
    """Somebody is in danger: everyone is told, whether or not anybody is named."""
    call = case.call
    emergency = call.intent is Intent.EMERGENCY
    if not emergency and not (call.intent is Intent.INCIDENT and call.priority is Priority.URGENT):
        return None
    if call.read_back and any(alert.kind in (AlertKind.EMERGENCY, AlertKind.INCIDENT) for alert in case.live):
        return _log("Control repeats an emergency that has been announced already.")
    named = case.sayable
    what = "An emergency" if emergency else "An urgent incident"
    reason = f"{what}: announced at once" + (f", naming {_who(named)}." if named else ", without a name.")
    return Decision(
        DecisionKind.ALERT,
        reason,
        AlertKind.EMERGENCY if emergency else AlertKind.INCIDENT,
        named,
        case.to_review,
        Priority.URGENT,
        _ids(case.ends) if case.denied else (),
    )


def _stands_down(case: Case) -> Decision | None:
    if case.call.intent is not Intent.STAND_DOWN:
        return None
    ends = case.ends
    if not ends:
        return _log("Stood down, but no alert is live that it could mean.")
    denied = {m.person.offender_id for m in case.denied}
    if any(denied & set(alert.offender_ids) for alert in ends):
        return Decision(
            DecisionKind.STAND_DOWN,
            f"It was not {_who(case.denied)}: {_numbers(ends)} is taken back.",
            AlertKind.CORRECTION,
            priority=Priority.HIGH,
            ends=_ids(ends),
        )
    return Decision(
        DecisionKind.STAND_DOWN, f"Stood down by radio: {_numbers(ends)} ends.", AlertKind.STAND_DOWN, ends=_ids(ends)
    )


def _corrects(case: Case) -> Decision | None:
    """An explicit correction, or a denial of somebody who is being looked for."""
    ends = case.ends
    if case.call.intent is not Intent.CORRECTION and not ends:
        return None
    named = case.sayable
    if named and case.call.intent is Intent.CORRECTION:
        taken_back = f"; {_numbers(ends)} is taken back" if ends else ""
        return Decision(
            DecisionKind.ALERT,
            f"A correction names {_who(named)}{taken_back}.",
            # With nothing to take back it is news to everyone, and goes to everyone.
            AlertKind.CORRECTION if ends else AlertKind.SIGHTING,
            named,
            case.to_review,
            Priority.HIGH,
            _ids(ends),
        )
    if ends:
        who = _who(case.denied) or "the person called in"
        return Decision(
            DecisionKind.STAND_DOWN,
            f"The speaker says it is not {who}: {_numbers(ends)} is taken back.",
            AlertKind.CORRECTION,
            for_review=case.to_review,
            priority=Priority.HIGH,
            ends=_ids(ends),
        )
    if case.to_review:
        return Decision(
            DecisionKind.REVIEW, f"A correction that may name {_who(case.to_review)}.", for_review=case.to_review
        )
    if case.denied:
        return _log(f"It is not {_who(case.denied)}, about whom no alert is live.")
    return _log("A correction, but no alert is live that it could mean.")


def _read_back(case: Case) -> Decision | None:
    """Control's read-back is no second sighting. When no alert is live, the sighting itself was missed: go on."""
    if not case.call.read_back:
        return None
    announced = {offender for alert in case.live for offender in alert.offender_ids}
    if all(m.person.offender_id in announced for m in case.sayable):
        return _log("Control repeats what it was told: not a second sighting.")
    return None


def _asks(case: Case) -> Decision | None:
    if case.call.intent is Intent.RADIO_CHECK:
        return _log("A radio check.")
    if case.call.intent is Intent.REQUEST:
        about = f" about {_who(case.meant)}" if case.meant else ""
        return _log(f"A question or request{about}: nobody is reported as seen.")
    return None


def _chats(case: Case) -> Decision | None:
    if case.call.intent is not Intent.CHATTER and not case.call.unread:
        return None
    strong = tuple(
        m
        for m in case.meant
        if m.notice is NoticeState.ACTIVE
        and m.mention.kind is not MentionKind.FIRST
        and m.confidence >= case.rules.alert_at
    )
    if strong:
        reason = f"{_who(strong)} seems to be named, but nobody is said to be anywhere: please listen."
        return Decision(DecisionKind.REVIEW, reason, for_review=strong)
    return _log("Nothing understood." if case.call.intent is not Intent.CHATTER else "Chatter.")


def _names(case: Case) -> Decision | None:
    named = case.sayable
    if not named:
        return None
    call = case.call
    before = _said_before(case, named)
    said = f"; alert {before.number:04d} has just said so" if before else ""
    kind = AlertKind.INCIDENT if call.intent is Intent.INCIDENT else AlertKind.SIGHTING
    others = f"; for review: {_who(case.to_review)}" if case.to_review else ""
    return Decision(
        DecisionKind.ALERT,
        f"{_who(named)}: notice in force, named surely{said}{others}.",
        kind,
        named,
        case.to_review,
        call.priority,
        repeats=before.alert_id if before else None,
    )


def _said_before(case: Case, named: Sequence[Match]) -> LiveAlert | None:
    """The alert that has just said so, if this call adds neither a person, a place, a heading nor an incident."""
    call = case.call
    quiet = case.now - timedelta(seconds=case.rules.repeat_quiet_s)
    for alert in case.live:
        if alert.created_at < quiet or alert.kind not in {*RAISES, AlertKind.CORRECTION}:
            continue
        news = (call.place and call.place.name != alert.place) or call.heading or call.intent is Intent.INCIDENT
        if {match.person.offender_id for match in named} <= set(alert.offender_ids) and not news:
            return alert
    return None


def _minors(case: Case) -> Decision | None:
    young = tuple(m for m in case.to_review if m.person.is_minor(case.now, case.zone))
    if not young:
        return None
    reason = f"{', '.join(m.person.reference for m in young)} is under 18: description only, and the manager decides."
    return Decision(DecisionKind.REVIEW, reason, for_review=case.to_review, priority=case.call.priority)


def _unsure(case: Case) -> Decision | None:
    if not case.to_review:
        return None
    first = case.to_review[0]
    if first.mention.hedged:
        why = "the speaker is not sure"
    elif first.mention.kind is MentionKind.FIRST:
        why = "only a first name was said"
    else:
        why = f"below {case.rules.alert_at:.0%}"
    return Decision(
        DecisionKind.REVIEW,
        f"May be {_who(case.to_review)}: {why}, so a person decides.",
        for_review=case.to_review,
        priority=case.call.priority,
    )


def _not_in_force(case: Case) -> Decision | None:
    lapsed = tuple(m for m in case.meant if m.notice is not NoticeState.ACTIVE)
    if not lapsed:
        return None
    states = ", ".join(f"{m.person.reference}: {_STATES[m.notice]}" for m in lapsed)
    return _log(f"{states}. Silent on air; the manager is told.")


_STATES = {
    NoticeState.ACTIVE: "notice in force",
    NoticeState.EXPIRED: "the notice has run out",
    NoticeState.APPEALED: "the notice is under appeal",
    NoticeState.WITHDRAWN: "the notice was withdrawn",
    NoticeState.WARNING: "only a warning was given",
    NoticeState.NONE: "there is no notice in force",
}


def _unnamed_incident(case: Case) -> Decision | None:
    if case.call.intent is Intent.INCIDENT and case.call.priority is not Priority.NORMAL:
        reason = "An incident with nobody named: control decides whether to announce the description."
        return Decision(DecisionKind.REVIEW, reason, priority=case.call.priority)
    return None


def _only_denied(case: Case) -> Decision | None:
    if case.denied and not case.meant:
        return _log(f"The speaker says it is not {_who(case.denied)}.")
    return None


RULES: tuple[Rule, ...] = (
    _not_understood,
    _danger,
    _stands_down,
    _corrects,
    _read_back,
    _asks,
    _chats,
    _names,
    _minors,
    _unsure,
    _not_in_force,
    _unnamed_incident,
    _only_denied,
)
"""Top to bottom; docs/rules.md has the same table in words."""
