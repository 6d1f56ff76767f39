"""Who on the register may have been named, by sound: in every wording of a call, whatever the engine made of the name.

Candidates only. What was heard is looked up in the index of everything that may be said of anybody; whether a name was really
spoken is settled afterwards, by the sound itself (`claims`, `evidence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.calls import MentionKind, Span
from dispatch.matching.context import Wording, calls_for_a_name, common_word, is_staff
from dispatch.matching.register import Form, Register
from dispatch.scheme import Scheme

_HITS = 220
_PLACES = 8
_LEAST_LIKE = {MentionKind.FULL: 0.5, MentionKind.LAST: 0.58, MentionKind.ALIAS: 0.62}
_MASKED_FROM = 0.93
"""A full name this like what was heard counts even inside a shop's or street's name."""
_UNHEARD = 0.35
"""Likeness in a wording where the index found nothing like it."""
MOST = 14


@dataclass(frozen=True, slots=True)
class Place:
    """Words `first` to `last` (exclusive) of one wording, and how like the name they sound."""

    wording: int
    first: int
    last: int
    likeness: float
    context: float
    """How much the words around call for a name, about -7 to 2."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """One way of naming somebody, and where it may have been said."""

    form: Form
    places: tuple[Place, ...]
    """Likeliest first, each in another wording."""
    likeness: float
    """Of the likeliest place, 0-1."""
    agreement: float
    """Mean likeness over all wordings in which no name was suggested, 0-1."""
    sounds: int
    """Phonemes of the name."""
    common: bool
    """The name is an everyday word."""

    @property
    def rank(self) -> float:
        """The likelier the higher; only for choosing whom to ask about."""
        short = 0.05 * max(0, 5 - self.sounds)
        return self.likeness + self.agreement + 0.015 * min(self.sounds, 14) - short


def find_suspects(wordings: Sequence[Wording], register: Register, scheme: Scheme) -> tuple[Suspect, ...]:
    """Who may have been named, likeliest first, at most `MOST`.

    Args:
        wordings: all of a call, the best first; looping ones left out by the caller.
        register: everybody.
        scheme: phrases, for what stands around a name.
    """
    if not register.forms or not wordings:
        return ()
    hits = register.sounds.search([wording.text for wording in wordings], most=_HITS, places=_PLACES)
    places: dict[int, list[Place]] = {}
    sounds: dict[int, int] = {}
    for hit in hits:
        form, wording = register.forms[hit.key], wordings[hit.text]
        if hit.likeness < _LEAST_LIKE[form.kind] or hit.last > len(wording.words):
            continue
        span = Span(wording.words[hit.first].start, wording.words[hit.last - 1].end)
        if wording.is_masked(span) and (form.kind is not MentionKind.FULL or hit.likeness < _MASKED_FROM):
            continue
        sounds.setdefault(hit.key, len(hit.sounds.replace(" ", "")))
        places.setdefault(hit.key, []).append(
            Place(hit.text, hit.first, hit.last, hit.likeness, _context(wording, hit.first, hit.last, scheme))
        )
    found = [_suspect(register.forms[key], found, sounds[key], wordings, scheme) for key, found in places.items()]
    found.sort(key=lambda suspect: -suspect.rank)
    return tuple(found[:MOST])


def _context(wording: Wording, first: int, last: int, scheme: Scheme) -> float:
    score = calls_for_a_name(wording, first, last, scheme)
    return score - 2.5 if is_staff(wording, first, last, scheme) else score


def _suspect(form: Form, found: Sequence[Place], sounds: int, wordings: Sequence[Wording], scheme: Scheme) -> Suspect:
    ordered = sorted(found, key=lambda place: (-place.likeness, wordings[place.wording].biased, place.wording))
    kept: dict[int, Place] = {}
    for place in ordered:
        kept.setdefault(place.wording, place)
    said = {_words(wordings[place.wording], place): place.likeness for place in reversed(ordered)}
    unbiased = [wording for wording in wordings if not wording.biased]
    total = weight = 0.0
    for wording in unbiased:
        inside = f" {' '.join(token.text for token in wording.words)} "
        total += wording.weight * max(
            (like for words, like in said.items() if f" {words} " in inside), default=_UNHEARD
        )
        weight += wording.weight
    return Suspect(
        form,
        tuple(kept.values()),
        ordered[0].likeness,
        total / weight if weight else 0.0,
        sounds,
        common_word(form.spoken.casefold().split(), scheme),
    )


def _words(wording: Wording, place: Place) -> str:
    return " ".join(token.text for token in wording.words[place.first : place.last])
