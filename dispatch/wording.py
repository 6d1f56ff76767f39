"""What an alert says on each channel.

Spoken: at most 15 s. SMS: one part of 160 GSM-7 septets, and never a date of birth, an address, an offence, health or a
photo. Nobody is told to detain anybody: a breach of an exclusion notice is no crime.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from zoneinfo import ZoneInfo

from dispatch import gsm7
from dispatch.calls import AlertKind, Call, Decision, Match, Priority
from dispatch.deliveries import LiveAlert
from dispatch.phrases import fold
from dispatch.phrasing import (
    capital,
    looks_of,
    short_reference,
    speech_seconds,
    spoken_number,
    spoken_reference,
    where,
    without_ic,
)
from dispatch.scheme import Scheme

LONGEST_VOICE_S = 15.0

_TELLING = (AlertKind.SIGHTING, AlertKind.INCIDENT, AlertKind.EMERGENCY)
_LOST = frozenset({"child", "boy", "girl", "adam"})


class Content(StrEnum):
    """How a person is named."""

    REFERENCE = "reference"
    FIRST_NAME = "first_name"
    FULL_NAME = "full_name"


@dataclass(frozen=True, slots=True)
class ContentRules:
    """The Board's setting for each channel; the default names nobody."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    radio_voice: Content = Content.REFERENCE
    radio_text: Content = Content.REFERENCE
    sms: Content = Content.REFERENCE


@dataclass(frozen=True, slots=True)
class AlertText:
    """One alert in all its forms."""

    voice: str
    radio_text: str
    sms: str
    summary: str
    """One line for logs and screens."""
    mqtt: dict[str, object] = field(default_factory=dict)
    """JSON-ready; references, never names."""


def compose(  # noqa: PLR0917 - values of the stages before, in the order of the pipeline
    decision: Decision,
    call: Call,
    number: int,
    now: datetime,
    zone: ZoneInfo,
    scheme: Scheme,
    content: ContentRules,
    ended: Sequence[LiveAlert] = (),
) -> AlertText:
    """Word an alert, a correction or a stand-down.

    Args:
        decision: kind ALERT or STAND_DOWN.
        call: what was read.
        number: of this alert.
        now: aware; texts carry the time of day in `zone`.
        zone: the scheme's own time zone.
        scheme: short name and wording.
        content: how people are named on each channel.
        ended: the alerts that a correction or stand-down ends.

    Raises:
        ValueError: the decision is neither an alert nor a stand-down.
    """
    kind = decision.alert_kind
    if kind is None:
        raise ValueError(f"a decision to {decision.kind.value} has no wording")
    parts = _Parts(decision, call, number, now.astimezone(zone), scheme, kind, tuple(ended))
    return AlertText(
        voice=parts.voice(content.radio_voice),
        radio_text=parts.radio_text(content.radio_text),
        sms=parts.sms(content.sms),
        summary=parts.summary(),
        mqtt=parts.mqtt(now),
    )


def _named(match: Match, content: Content, say: Callable[[str], str]) -> str:
    reference = say(match.person.reference)
    match content:
        case Content.REFERENCE:
            return reference
        case Content.FIRST_NAME:
            return f"{match.person.first_name}, {reference}" if match.person.first_name else reference
        case Content.FULL_NAME:
            return f"{match.person.name}, {reference}"


class _Parts:
    """The pieces of one alert; each channel takes as many as fit."""

    def __init__(  # noqa: PLR0917 - made by compose alone
        self,
        decision: Decision,
        call: Call,
        number: int,
        local: datetime,
        scheme: Scheme,
        kind: AlertKind,
        ended: tuple[LiveAlert, ...],
    ) -> None:
        self._decision = decision
        self._call = call
        self._number = number
        self._local = local
        self._scheme = scheme
        self._kind = kind
        self._ended = ended

    def _wording(self, key: str) -> str:
        return self._scheme.words.wording[key].replace("{scheme}", self._scheme.short)

    @property
    def _references(self) -> tuple[str, ...]:
        """Of the people named now."""
        return tuple(match.person.reference for match in self._decision.named)

    @property
    def _ended_references(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(reference for alert in self._ended for reference in alert.references))

    def voice(self, content: Content) -> str:
        opening = self._wording("voice_opening")
        closing = self._wording(f"voice_{self._ending}_closing")
        fixed = [opening]
        if self._kind is AlertKind.EMERGENCY:
            fixed = [self._wording("voice_emergency_opening"), opening]
        fixed.append(self._headline_voice(content))
        place, looks = "", list[str]()
        if self._kind in _TELLING or self._decision.named:
            place, looks = where(self._call, spoken=True), looks_of(self._call.description, spoken=True)
        # What does not fit in the time is left out: the least telling parts of the description first.
        while True:
            said = [*fixed, f"{place}." if place else "", f"{capital(', '.join(looks))}." if looks else "", closing]
            text = " ".join(part for part in said if part).replace("..", ".")
            if speech_seconds(text) <= LONGEST_VOICE_S or not (looks or place):
                return text
            place, looks = (place, looks[:-1]) if looks else ("", looks)

    @property
    def _ending(self) -> str:
        """Which closing words fit: those for a lost child are not those for a thief."""
        lost = self._kind is AlertKind.INCIDENT and _LOST & set(self._danger().split())
        return "missing" if lost else self._kind.value

    def _danger(self) -> str:
        """What makes it urgent, in a word of the phrase table: "knife", "missing child"; else nothing."""
        if self._decision.priority is not Priority.URGENT:
            return ""
        folded = fold(self._call.text)
        said = [folded[span.start : span.end] for span in self._scheme.words["priority.urgent"].find(folded)]
        telling = [phrase for phrase in said if phrase not in ("urgent assistance", "code red")]
        return " ".join((telling or said)[:1])

    def _danger_voice(self) -> str:
        danger = self._danger()
        return f" {capital(danger)}." if danger else ""

    def _headline_voice(self, content: Content) -> str:
        number = spoken_number(self._number)
        people = "; and ".join(_named(match, content, spoken_reference) for match in self._decision.named[:3])
        ended = " and ".join(f"alert {spoken_number(alert.number)}" for alert in self._ended[:3])
        match self._kind:
            case AlertKind.SIGHTING:
                return f"Alert {number}. {people or 'Person of interest'}, seen."
            case AlertKind.INCIDENT:
                return f"Incident, alert {number}.{self._danger_voice()}" + (f" {people}." if people else "")
            case AlertKind.EMERGENCY:
                return f"Emergency, alert {number}.{self._danger_voice()}" + (f" {people}." if people else "")
            case AlertKind.CORRECTION:
                wrong = " and ".join(spoken_reference(reference) for reference in self._ended_references[:3])
                text = f"Correction. {ended[:1].upper()}{ended[1:]} withdrawn." if ended else "Correction."
                if wrong:
                    text += f" It is not {wrong}."
                return text + (f" It is {people}." if people else "")
            case AlertKind.STAND_DOWN:
                return f"Stand down. {ended[:1].upper()}{ended[1:]} closed." if ended else "Stand down."

    def radio_text(self, content: Content) -> str:
        """Text over the radio: folded, at most 140 characters (a common limit of short data messages)."""
        return gsm7.cut(self._text(content, with_ic=True, limit=140, check=False), 140)

    def sms(self, content: Content) -> str:
        """One part of 160 septets."""
        return gsm7.cut(self._text(content, with_ic=False, limit=gsm7.ONE_PART, check=True))

    def _text(self, content: Content, *, with_ic: bool, limit: int, check: bool) -> str:
        head = gsm7.fold(self._headline_text(content))
        closing = gsm7.fold(self._wording(f"text_{self._ending}_closing"))
        telling = self._kind in _TELLING or self._decision.named
        place = gsm7.fold(where(self._call, spoken=False)) if telling else ""
        looks: list[str] = []
        if telling:
            described = looks_of(self._call.description, spoken=False)
            looks = [gsm7.fold(without_ic(part) if not with_ic else part) for part in described]
            if not with_ic:
                looks = [part for part in looks if part]
        tail = [closing]
        if check and self._kind in _TELLING:
            tail += [self._wording("sms_check") if self._references else "", self._wording("sms_answer")]
        tail = [gsm7.fold(part) for part in tail if part]
        while True:
            text = self._join_text(head, place, looks, tail)
            if gsm7.septets(text) <= limit:
                return text
            if looks:
                looks = looks[:-1]
            elif len(tail) > 1:
                tail = tail[:-1]
            elif place and gsm7.septets(head) + gsm7.septets(" ".join(tail)) + 30 < limit:
                room = limit - gsm7.septets(self._join_text(head, "", [], tail)) - 3
                shorter = gsm7.cut(place, room)
                place = shorter if shorter != place else ""
            elif place:
                place = ""
            else:
                return gsm7.cut(text, limit)

    @staticmethod
    def _join_text(head: str, place: str, looks: list[str], tail: list[str]) -> str:
        text = head
        if place:
            text += f" {place}"
        text = text.rstrip("., ") + "."
        if looks:
            text += f" {capital(', '.join(looks))}."
        return " ".join([text, *tail])

    def _headline_text(self, content: Content) -> str:
        clock = f"{self._local:%H:%M}"
        short = self._scheme.short
        number = f"Alert {self._number:04d}"
        people = " and ".join(_named(match, content, short_reference) for match in self._decision.named[:3])
        ended = " and ".join(f"Alert {alert.number:04d}" for alert in self._ended[:3])
        match self._kind:
            case AlertKind.SIGHTING:
                return f"{short} {clock} {number}: Ref {people} seen" if people else f"{short} {clock} {number}:"
            case AlertKind.INCIDENT:
                danger = f" {capital(self._danger())}," if self._danger() else ""
                return f"{short} {clock} {number} INCIDENT:{danger}" + (f" Ref {people}," if people else "")
            case AlertKind.EMERGENCY:
                danger = f" {capital(self._danger())}," if self._danger() else ""
                return f"{short} URGENT {clock} {number}:{danger}" + (f" Ref {people}," if people else "")
            case AlertKind.CORRECTION:
                wrong = " or ".join(short_reference(reference) for reference in self._ended_references[:3])
                text = f"{short} CORRECTION {clock} {ended or number}"
                text += " withdrawn" if ended else ""
                if wrong:
                    text += f": not ref {wrong}"
                return text + (f". It is ref {people}" if people else "")
            case AlertKind.STAND_DOWN:
                who = " and ".join(short_reference(reference) for reference in self._ended_references[:3])
                text = f"{short} STAND DOWN {clock}"
                return text + (f" Ref {who}." if who else "") + (f" {ended} closed" if ended else f" {number}")

    def summary(self) -> str:
        """One line with references, never names."""
        who = ", ".join(self._references) or ", ".join(f"not {r}" for r in self._ended_references) or "nobody named"
        if self._kind is AlertKind.STAND_DOWN:
            who = ", ".join(self._ended_references) or "nobody named"
        ended = f", ends {', '.join(f'{alert.number:04d}' for alert in self._ended)}" if self._ended else ""
        place = where(self._call, spoken=False)
        return (
            f"{self._kind.value.replace('_', ' ').capitalize()} {self._number:04d}: {who}"
            + (f", {place}" if place else "")
            + ended
        )

    def mqtt(self, now: datetime) -> dict[str, object]:
        """For control rooms' own software."""
        place = self._call.place
        return {
            "scheme": self._scheme.short,
            "number": self._number,
            "kind": self._kind.value,
            "priority": self._decision.priority.value,
            "at": now.isoformat(),
            "references": list(self._references),
            "place": place.name if place else None,
            "place_id": place.place_id if place else None,
            "heading": self._call.heading,
            "description": dict(self._call.description.parts()),
            "ends": [alert.number for alert in self._ended],
            "withdrawn": list(self._ended_references) if self._kind is AlertKind.CORRECTION else [],
            "summary": self.summary(),
        }
