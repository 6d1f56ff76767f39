"""The values that reading, matching and policy hand on: call, mention, match, decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from dispatch.people import NoticeState, Person


class Intent(StrEnum):
    """What a transmission is for. The values are the contract's."""

    SIGHTING = "sighting"
    INCIDENT = "incident"
    EMERGENCY = "emergency"
    CORRECTION = "correction"
    STAND_DOWN = "stand_down"
    REQUEST = "request"
    RADIO_CHECK = "radio_check"
    CHATTER = "chatter"
    UNINTELLIGIBLE = "unintelligible"


class Priority(StrEnum):
    """How soon it must be worked on and said."""

    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class MentionKind(StrEnum):
    """How a person was named. The values are the contract's."""

    FULL = "full"
    FIRST = "first"
    LAST = "last"
    ALIAS = "alias"
    REF = "ref"
    SPELLED = "spelled"


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of the text that was read."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """They share at least one character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that may name a person."""

    said: str
    kind: MentionKind
    span: Span
    wanted: str
    """What the words stand for: digits of a reference, letters spelled out, or the name, normalised."""
    negated: bool = False
    """Denied: "that is not ..."."""
    hedged: bool = False
    """Unsure: "might be ...", "looks like ...", or a question."""


@dataclass(frozen=True, slots=True)
class PlaceRead:
    """Where, as read: a place of the scheme, or only the words."""

    name: str
    said: str
    place_id: int | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """What the person looks like, in the speaker's words. IC codes are kept as spoken, never expanded."""

    sex: str | None = None
    ic: str | None = None
    age: str | None = None
    build: str | None = None
    height: str | None = None
    hair: str | None = None
    upper: str | None = None
    lower: str | None = None
    headwear: str | None = None
    carrying: str | None = None
    vehicle: str | None = None
    plate: str | None = None
    """Number plate, or the part of it that was said: "LT19"."""
    count: int | None = None
    other: str | None = None

    def parts(self) -> dict[str, str | int]:
        """Only what was said."""
        return {name: getattr(self, name) for name in self.__slots__ if getattr(self, name) is not None}


@dataclass(frozen=True, slots=True)
class Call:
    """What a transmission means."""

    text: str
    """The text that was read; spans point into it."""
    intent: Intent
    caller: str | None = None
    called: str | None = None
    mentions: tuple[Mention, ...] = ()
    """References and spelled names, found without the register. Matching adds names."""
    negations: tuple[Span, ...] = ()
    """Stretches of text in which naming somebody denies it."""
    hedges: tuple[Span, ...] = ()
    place: PlaceRead | None = None
    heading: str | None = None
    description: Description = field(default_factory=Description)
    priority: Priority = Priority.NORMAL
    priority_reason: str | None = None
    """What makes it urgent: weapon, violence, child, medical, fire, danger, emergency; "pressing" for a high one."""
    read_back: bool = False
    """Control repeating what it was told: not a second sighting."""
    unread: bool = False
    """Nothing in it says what it is for: chatter, or a sighting where it is long, only for want of anything else."""
    reasons: tuple[str, ...] = ()
    """Which rule read what, one sentence each."""


@dataclass(frozen=True, slots=True)
class Match:
    """A mention tied to a person on the register."""

    mention: Mention
    person: Person
    confidence: float
    """A probability, 0-1."""
    notice: NoticeState
    notice_id: int | None
    reason: str
    """One sentence a control-room operator understands."""


class DecisionKind(StrEnum):
    """What becomes of a transmission. The values are the contract's."""

    ALERT = "alert"
    REVIEW = "review"
    STAND_DOWN = "stand_down"
    LOG = "log"


class AlertKind(StrEnum):
    """What sort of message an alert is."""

    SIGHTING = "sighting"
    INCIDENT = "incident"
    EMERGENCY = "emergency"
    CORRECTION = "correction"
    STAND_DOWN = "stand_down"


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, with its reason."""

    kind: DecisionKind
    reason: str
    """One sentence a control-room operator understands."""
    alert_kind: AlertKind | None = None
    """Set when `kind` is ALERT or STAND_DOWN."""
    named: tuple[Match, ...] = ()
    """Who an alert may name, surest first. Empty: description only."""
    for_review: tuple[Match, ...] = ()
    """Who a person must look at."""
    priority: Priority = Priority.NORMAL
    ends: tuple[int, ...] = ()
    """Ids of the live alerts that this takes back or closes."""
    repeats: int | None = None
    """Id of the live alert that has just said the same: nothing is news, so nobody is disturbed again."""
