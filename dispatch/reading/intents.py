"""What a transmission is for, and how urgent: a row of rules from the most pressing to the least, first one wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dispatch.calls import Description, Intent, PlaceRead, Priority
from dispatch.phrases import tokens
from dispatch.reading.callers import Parties, is_control
from dispatch.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Read:
    """What the other rules have found out so far."""

    folded: str
    scheme: Scheme
    parties: Parties
    place: PlaceRead | None
    heading: str | None
    description: Description
    names_somebody: bool
    """A reference or a spelled name was read."""
    gives_reference: bool
    """A reference was read. A name spelled and nothing else rather answers a question."""

    def said(self, key: str) -> str | None:
        """The first phrase of a list that stands in the text outside the opening formula."""
        start = self.parties.span.end if self.parties.span and self.parties.called else 0
        return self.scheme.words[key].first(self.folded[start:])


Rule = tuple[Intent, Callable[[Read], str | None]]


def _emergency(read: Read) -> str | None:
    words = tokens(read.folded)
    opening = " ".join(token.text for token in words[:2])
    first = read.scheme.words["intent.emergency_first"].first(opening) if words else None
    if first and opening.startswith(first) and not read.said("intent.radio_check"):
        after = read.folded[words[0].after :].strip(" ,!.")
        if first != "help" or not after.startswith(("with", "needed with", "on till", "on the till")):
            return first
    return read.said("intent.emergency")


def _correction(read: Read) -> str | None:
    said = read.said("intent.correction")
    if said and read.said("intent.stand_down") and said in _WEAK_CORRECTIONS:
        return None
    return said


_WEAK_CORRECTIONS = frozenset({"wasn't him", "wasn't her", "false alarm", "it wasn't him", "it wasn't her"})


def _request(read: Read) -> str | None:
    said = read.said("intent.request")
    if said is None:
        return None
    # "Keep an eye out" and the like go with sightings; a question is one only if nobody is seen anywhere.
    worn = {"upper", "lower", "headwear", "vehicle", "carrying"} & set(read.description.parts())
    if said in _WEAK_REQUESTS and (worn or read.heading):
        return None
    return said


_WEAK_REQUESTS = frozenset(
    {"keep an eye out", "look out for", "if you see", "can you check", "could you check", "phone number", "what time"}
)


def _weak_request(read: Read) -> str | None:
    said = read.said("intent.request_weak")
    return said if said and not _somebody_somewhere(read) else None


def _chatter(read: Read) -> str | None:
    said = read.said("intent.chatter")
    if said is None:
        return None
    return None if _somebody_somewhere(read, weak=False) or read.names_somebody else said


_WEAK_PRESENCE = frozenset(
    {
        "it's",
        "that's",
        "'s in",
        "is in",
        "outside",
        "inside",
        "coming in",
        "running",
        "with",
        "is on",
        "are in",
        "come in",
    }
)


def _somebody_somewhere(read: Read, *, weak: bool = True) -> bool:
    parts = set(read.description.parts()) - {"sex"}
    if parts or read.heading:
        return True
    presence = read.said("intent.presence")
    return presence is not None and (weak or presence not in _WEAK_PRESENCE)


def _sighting(read: Read) -> str | None:
    presence = read.said("intent.presence")
    if presence:
        return presence
    if read.heading:
        return read.heading
    parts = read.description.parts()
    if set(parts) - {"sex"}:
        return ", ".join(str(part) for part in parts.values())
    if read.gives_reference:
        return "a reference"
    # A place at the very start is rather who calls.
    if read.place and read.parties.caller is None and read.folded.find(read.place.said) > 4:
        return read.place.said
    return None


def read_back(read: Read) -> bool:
    """Control repeats what it was told."""
    said = read.scheme.words["intent.read_back"].first(read.folded)
    return said is not None and (
        is_control(read.parties.caller, read.scheme) or read.folded.startswith((said, "yes " + said))
    )


RULES: tuple[Rule, ...] = (
    (Intent.EMERGENCY, _emergency),
    (Intent.CORRECTION, _correction),
    (Intent.STAND_DOWN, lambda read: read.said("intent.stand_down")),
    (Intent.RADIO_CHECK, lambda read: read.said("intent.radio_check")),
    (Intent.INCIDENT, lambda read: read.said("intent.incident")),
    (Intent.REQUEST, _request),
    (Intent.REQUEST, _weak_request),
    (Intent.CHATTER, _chatter),
    (Intent.SIGHTING, _sighting),
)


def intent_of(read: Read) -> tuple[Intent, str]:
    """The intent and the sentence that says why."""
    for intent, rule in RULES:
        said = rule(read)
        if said is not None:
            return intent, f'Read as {intent.value.replace("_", " ")} because of "{said.strip()}".'
    return Intent.CHATTER, "Read as chatter: nobody is said to be anywhere, and nothing happened."


def priority_of(read: Read, intent: Intent) -> tuple[Priority, str | None]:
    """The priority and, unless it is normal, the sentence that says why."""
    if intent is Intent.EMERGENCY:
        return Priority.URGENT, "Urgent because it is an emergency."
    urgent = read.said("priority.urgent")
    if urgent and intent in (Intent.INCIDENT, Intent.SIGHTING):
        return Priority.URGENT, f'Urgent because of "{urgent.strip()}".'
    if intent in (Intent.INCIDENT, Intent.SIGHTING, Intent.CORRECTION):
        high = read.said("priority.high")
        if high and not read.said("priority.low"):
            return Priority.HIGH, f'High priority because of "{high.strip()}".'
    return Priority.NORMAL, None
