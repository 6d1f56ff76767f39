"""What the rules of policy look at: one call with its matches, the live alerts, the Board's settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from dispatch.calls import AlertKind, Call, Intent, Match, MentionKind
from dispatch.deliveries import LiveAlert
from dispatch.people import NoticeState
from dispatch.phrases import fold
from dispatch.reading.numbers import alert_numbers

RAISES = (AlertKind.SIGHTING, AlertKind.INCIDENT, AlertKind.EMERGENCY)


@dataclass(frozen=True, slots=True)
class PolicyRules:
    """The Board's settings."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    alert_at: float = 0.85
    """From this confidence an alert goes out by itself."""
    review_at: float = 0.5
    """From this confidence a person is asked."""
    end_at: float = 0.4
    """From this confidence a denied person ends a live alert: taking back is cheaper than leaving a wrong name."""
    repeat_quiet_s: float = 120.0
    """The same person, with no news, is not announced again within these seconds."""
    live_s: float = 7200.0
    """Older alerts can't be meant by "stand down"."""
    unnamed_end_s: float = 1800.0
    """A "stand down" that names nobody can't mean an alert older than this."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the rules look at."""

    call: Call
    matches: tuple[Match, ...]
    live: tuple[LiveAlert, ...]
    """Young enough, newest first."""
    now: datetime
    zone: ZoneInfo
    rules: PolicyRules
    channel: str | None

    @property
    def denied(self) -> tuple[Match, ...]:
        """People the speaker says it is not."""
        return tuple(m for m in self.matches if m.mention.negated)

    @property
    def meant(self) -> tuple[Match, ...]:
        """People the speaker may mean: likely enough to ask about, and not denied."""
        return tuple(m for m in self.matches if not m.mention.negated and m.confidence >= self.rules.review_at)

    def may_be_said(self, match: Match) -> bool:
        """Whether an alert may name this person without anybody looking first."""
        return (
            not match.mention.negated
            and not match.mention.hedged
            and match.mention.kind is not MentionKind.FIRST
            and match.confidence >= self.rules.alert_at
            and match.notice is NoticeState.ACTIVE
            and not match.person.is_minor(self.now, self.zone)
        )

    @property
    def sayable(self) -> tuple[Match, ...]:
        """Who an alert may name."""
        return tuple(m for m in self.matches if self.may_be_said(m))

    @property
    def to_review(self) -> tuple[Match, ...]:
        """Who a person must look at."""
        return tuple(m for m in self.meant if not self.may_be_said(m) and m.notice is NoticeState.ACTIVE)

    @property
    def ends(self) -> tuple[LiveAlert, ...]:
        """Live alerts that this call takes back or closes."""
        return _ends(self)


def _surely_denied(match: Match, rules: PolicyRules) -> bool:
    """Surely enough to take back a live alert: for that a first name will do, as long as it is exactly this one."""
    exact = fold(match.mention.said) == fold(match.mention.wanted)
    return match.confidence >= rules.end_at or (exact and match.mention.kind is MentionKind.FIRST)


def _ends(case: Case) -> tuple[LiveAlert, ...]:
    """By number, else by the people denied or named, else the newest of this caller, else of this channel."""
    call = case.call
    open_alerts = [alert for alert in case.live if alert.kind in RAISES or alert.offender_ids]
    open_alerts = [alert for alert in open_alerts if alert.kind is not AlertKind.STAND_DOWN]
    by_number = [alert for alert in open_alerts if alert.number in alert_numbers(call.text)]
    closing = call.intent in (Intent.CORRECTION, Intent.STAND_DOWN)
    if by_number and closing:
        return tuple(by_number)
    denied = {m.person.offender_id for m in case.denied if _surely_denied(m, case.rules)}
    by_denied = [alert for alert in open_alerts if denied & set(alert.offender_ids)]
    if by_denied or (denied and call.intent is not Intent.STAND_DOWN):
        return tuple(by_denied)
    if not closing:
        return ()
    named = {m.person.offender_id for m in case.matches if m.confidence >= case.rules.review_at}
    if named and call.intent is Intent.STAND_DOWN:
        by_name = [alert for alert in open_alerts if named & set(alert.offender_ids)]
        if by_name or not denied:
            return tuple(by_name)
    oldest = case.now - timedelta(seconds=case.rules.unnamed_end_s)
    here = [a for a in open_alerts if a.created_at >= oldest and case.channel in (None, a.radio_channel)]
    own = [alert for alert in here if call.caller is not None and alert.caller == call.caller]
    if own:
        return (own[0],)
    # An emergency is ended by whoever raised it, by number or by name: not by anybody's "stand down".
    others = [alert for alert in here if alert.kind is not AlertKind.EMERGENCY]
    if call.intent is Intent.CORRECTION and call.caller is not None and named:
        return ()
    return (others[0],) if others else ()
