"""Who on the register may have been named, by sound: in every wording of a call, whatever the engine made of the name.

Candidates only. What was heard is looked up in the index of everything that may be said of anybody; whether a name was really
spoken is settled afterwards, by the sound itself (`claims`, `evidence`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from dispatch.calls import MentionKind, Span
from dispatch.heard import HeardWord
from dispatch.matching.context import WHERE, Wording, calls_for_a_name, is_staff
from dispatch.matching.model import Features, fitted
from dispatch.matching.register import Form, Register
from dispatch.matching.sound_index import SoundIndex
from dispatch.matching.sounds import likeness, sounds, unbroken
from dispatch.matching.spotted import WORST, Sounded, words_at
from dispatch.matching.weighing import in_best
from dispatch.phrases import fold, tokens
from dispatch.reading.spelling import letter_of
from dispatch.scheme import Scheme

_HITS = 500
_SPELLED_HITS = 30
_LETTERS_HEARD = 3
_PLACES = 8
_LEAST_LIKE = {MentionKind.FULL: 0.35, MentionKind.LAST: 0.45, MentionKind.ALIAS: 0.5, MentionKind.SPELLED: 0.5}
_ALONE = (MentionKind.LAST, MentionKind.ALIAS)
_SAME_FIRST_NAME = 0.6
"""Likeness from which a first name may be one and the same, misheard."""
_MASKED_FROM = 0.93
"""A full name this like what was heard counts even inside a shop's or street's name."""
_WRITTEN = 0.97
"""Likeness from which a suggested name was written, and not something else that sounds a little like it."""
_UNHEARD = 0.35
"""Likeness in a wording where the index found nothing like it."""
MOST = 48
"""As many names as can be suggested to an engine that hears a call again."""
FORMS_EACH = 2
"""Names of one person that are asked about: the full name and the surname, say."""
NEAR, MOST_NEAR = 1.6, 16
"""Unlikeness up to which a name is suspected for its sounds alone, and how many names at most."""
SOUNDED_FEATURES: Mapping[str, str] = {
    "sounded": "how near the sounds of the call come to those of the name, whatever words were made of them, 0-3",
    "sounded_length": "that nearness times the phonemes of the name (at most 14)",
    "margin": "how much nearer than the name of anybody else at the same moment",
    "gain": "how much nearer they come to the name than to the words that were written at its moment",
}
"""Only where the engine reads single sounds (`dispatch.matching.spotted`)."""
PRIOR_FEATURES: Mapping[str, str] = {
    "likeness": "how like the name the likeliest words sound, 0-1",
    "length": "that likeness times the phonemes of the name (at most 14): a long name is not met by chance",
    "agreement": "mean likeness over all wordings in which no name was suggested, 0-1",
    "context": "how much the words around call for a name",
    "surname": "1 for a surname alone",
    "alias": "1 for an alias",
    "everyday": "1 for a surname or alias that is an everyday word, or part of a place's or member's name",
    "suggested": "1 where the engine wrote the name when it was suggested",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Words `first` to `last` (exclusive) of one wording, and how like the name they sound."""

    wording: int
    first: int
    last: int
    likeness: float
    context: float
    """How much the words around call for a name, about -7 to 2."""

    def overlaps(self, other: Place) -> bool:
        """They share at least one word of the same wording."""
        return self.wording == other.wording and self.first < other.last and other.first < self.last


@dataclass(frozen=True, slots=True)
class Suspect:
    """One way of naming somebody, and where it may have been said."""

    form: Form
    places: tuple[Place, ...]
    """Likeliest first, each in another wording, none of them one with suggestions."""
    likeness: float
    """Of the likeliest place where nothing was suggested, 0-1."""
    agreement: float
    """Mean likeness over all wordings in which no name was suggested, 0-1."""
    sounds: int
    """Phonemes of the name."""
    everyday: bool
    """The name is an everyday word, or part of a place's or member's name."""
    suggested: bool = False
    """The engine wrote it when it was suggested."""
    unlikeness: float | None = None
    """How far the sounds of the call are from those of the name; None where the engine can't tell."""
    margin: float = 0.0
    """How much nearer they are than to any name of somebody else at the same moment."""
    gain: float = 0.0
    """How much nearer they are than to the words that were written at that moment."""
    denied: bool = False
    """Its sounds follow those of a denial, whatever words became of them."""

    @property
    def features(self) -> Features:
        """What the wordings say for this name; `PRIOR_FEATURES` tells what each is."""
        return {
            "likeness": self.likeness,
            "length": self.likeness * min(14, self.sounds),
            "agreement": self.agreement,
            "context": max(-6.0, *(place.context for place in self.places)),
            "surname": float(self.form.kind is MentionKind.LAST),
            "alias": float(self.form.kind is MentionKind.ALIAS),
            "everyday": float(self.everyday),
            "suggested": float(self.suggested),
            **self.sounded,
        }

    @property
    def sounded(self) -> Features:
        """What the sounds alone say; nothing where the engine can't tell. `SOUNDED_FEATURES` tells what each is."""
        if self.unlikeness is None:
            return {}
        nearness = WORST - self.unlikeness
        return {
            "sounded": nearness,
            "sounded_length": nearness * min(14, self.sounds),
            "margin": max(-1.0, min(1.5, self.margin)),
            "gain": max(-1.5, min(1.5, self.gain)),
        }

    @property
    def log_odds(self) -> float:
        """Natural logarithm of the odds that this name was said, by the wordings."""
        if self.unlikeness is None:
            return fitted("prior by words", tuple(PRIOR_FEATURES)).log_odds(self.features)
        return fitted("prior", (*PRIOR_FEATURES, *SOUNDED_FEATURES)).log_odds(self.features)


def find_suspects(
    wordings: Sequence[Wording],
    register: Register,
    scheme: Scheme,
    sounded: Sounded | None = None,
    times: Sequence[HeardWord] = (),
) -> tuple[Suspect, ...]:
    """Who may have been named, likeliest first, at most `MOST`.

    Args:
        wordings: all of a call, the best first; looping ones left out by the caller.
        register: everybody.
        scheme: phrases, for what stands around a name.
        sounded: what the sounds alone say; None where the engine can't tell.
        times: when the words of the best wording were said.
    """
    if not register.forms or not wordings:
        return ()
    everyday = _everyday_words(scheme)
    found = _found(register.forms, register.sounds, wordings, scheme, everyday, _HITS)
    if sounded is not None:
        found = _with_sounds(found, sounded, wordings, scheme, everyday, times)
    if any(_spells(wording) for wording in wordings):
        found += _found(register.spelled, register.spelled_sounds, wordings, scheme, everyday, _SPELLED_HITS)
    return tuple(_likeliest(found))


def _spells(wording: Wording) -> bool:
    """Words of the radio alphabet stand in it, more than happen by chance."""
    return sum(letter_of(token.text) is not None for token in wording.words) >= _LETTERS_HEARD


def _found(  # noqa: PLR0917 - two callers, right above
    forms: Sequence[Form],
    index: SoundIndex,
    wordings: Sequence[Wording],
    scheme: Scheme,
    everyday: frozenset[str],
    most: int,
) -> list[Suspect]:
    given = scheme.words.words("names.given")
    places: dict[int, list[Place]] = {}
    lengths: dict[int, int] = {}
    for hit in index.search([wording.text for wording in wordings], most=most, places=_PLACES):
        form, wording = forms[hit.key], wordings[hit.text]
        if hit.likeness < _LEAST_LIKE[form.kind] or hit.last > len(wording.words):
            continue
        if _ruled_out(wording, hit.first, hit.last, form, given, hit.likeness):
            continue
        lengths.setdefault(hit.key, len(hit.sounds.replace(" ", "")))
        places.setdefault(hit.key, []).append(
            Place(hit.text, hit.first, hit.last, hit.likeness, _context(wording, hit.first, hit.last, scheme))
        )
    made = (_suspect(forms[key], there, lengths[key], wordings, everyday) for key, there in places.items())
    return [suspect for suspect in made if suspect.places]


def _with_sounds(  # noqa: PLR0917 - one caller, right above
    found: Iterable[Suspect],
    sounded: Sounded,
    wordings: Sequence[Wording],
    scheme: Scheme,
    everyday: frozenset[str],
    times: Sequence[HeardWord],
) -> list[Suspect]:
    """The suspects with what the sounds say of each, and those whom only the sounds point at."""
    keys = {id(form): key for key, form in enumerate(sounded.forms)}
    told = []
    best = wordings[0]
    for suspect in found:
        key = keys.pop(id(suspect.form))
        spot = sounded.spots.get(key)
        words = words_at(best, times, spot) if spot else None
        told.append(
            replace(
                suspect,
                unlikeness=spot.unlikeness if spot else WORST,
                margin=sounded.margin(key),
                gain=_gain(sounded, key, best, words),
                denied=sounded.denied(key),
            )
        )
    given = scheme.words.words("names.given")
    for key in sounded.nearest(MOST_NEAR, NEAR):
        form, spot = sounded.forms[key], sounded.spots[key]
        words = words_at(best, times, spot)
        if id(form) not in keys or words is None:
            continue
        first, last = words
        if _ruled_out(best, first, last, form, given):
            continue
        place = Place(0, first, last, _UNHEARD, _context(best, first, last, scheme))
        sounds = min(map(len, unbroken(form.spoken)))
        told.append(
            Suspect(
                form, (place,), _UNHEARD, _UNHEARD, sounds, _is_everyday(form, everyday),
                unlikeness=spot.unlikeness, margin=sounded.margin(key), gain=_gain(sounded, key, best, words),
                denied=sounded.denied(key),
            )
        )  # fmt: skip
    return told


def _gain(sounded: Sounded, key: int, best: Wording, words: tuple[int, int] | None) -> float:
    return sounded.against_words(key, [token.text for token in best.words[slice(*words)]]) if words else 0.0


def _ruled_out(  # noqa: PLR0917 - where, and what is looked for there
    wording: Wording, first: int, last: int, form: Form, given: frozenset[str], likeness: float = 1.0
) -> bool:
    """The words around say that nobody is named so there: a shop, a street, somebody else's surname.

    Args:
        wording: which one.
        first: word.
        last: word, exclusive.
        form: the name.
        given: first names.
        likeness: of the words to the name; where only its sounds are known, those count.
    """
    if wording.is_masked(wording.span(first, last)) and (form.kind is not MentionKind.FULL or likeness < _MASKED_FROM):
        return True
    if form.kind in _ALONE and first and wording.words[first - 1].text in WHERE:
        return True
    return form.kind is MentionKind.LAST and _another_first_name(wording, first, form, given)


def _another_first_name(wording: Wording, first: int, form: Form, given: frozenset[str]) -> bool:
    """A first name stands before the surname that is nobody's who bears it: somebody else was named."""
    if not first or wording.words[first - 1].text not in given:
        return False
    said = sounds(wording.words[first - 1].text)
    return all(likeness(said, sounds(entry.person.first_name)) < _SAME_FIRST_NAME for entry in form.entries)


def _likeliest(found: Iterable[Suspect]) -> Iterable[Suspect]:
    """The likeliest names first, at most `FORMS_EACH` of one person."""
    taken: Counter[int] = Counter()
    kept = 0
    for _, _, suspect in sorted(((-one.log_odds, i, one) for i, one in enumerate(found)), key=lambda row: row[:2]):
        if kept == MOST:
            return
        whom = [entry.person.offender_id for entry in suspect.form.entries]
        if all(taken[one] >= FORMS_EACH for one in whom):
            continue
        taken.update(whom)
        kept += 1
        yield suspect


@lru_cache(maxsize=8)
def _everyday_words(scheme: Scheme) -> frozenset[str]:
    names = [*scheme.members, *(said for place in scheme.places for said in (place.name, *place.said_as))]
    return scheme.words.words("names.common") | {token.text for name in names for token in tokens(fold(name))}


def _context(wording: Wording, first: int, last: int, scheme: Scheme) -> float:
    score = calls_for_a_name(wording, first, last, scheme)
    return score - 2.5 if is_staff(wording, first, last, scheme) else score


def _suspect(
    form: Form, found: Sequence[Place], sounds: int, wordings: Sequence[Wording], everyday: frozenset[str]
) -> Suspect:
    """What was heard with the name suggested is no likeness: it counts only as where to look in the best wording.

    Where the best wording has a shop or the caller there ("Boots to Control" heard "Boost the control"), a name that the engine
    writes when it is suggested is nobody.
    """
    ordered = sorted(found, key=lambda place: (-place.likeness, place.wording))
    plain = [place for place in ordered if not wordings[place.wording].biased]
    suggested = [place for place in ordered if wordings[place.wording].biased]
    kept: dict[int, Place] = {}
    for place in plain:
        kept.setdefault(place.wording, place)
    if suggested:
        there = _in_the_best(suggested[0], wordings)
        caller = wordings[0].is_masked(wordings[0].span(there.first, there.last))
        if not caller and not any(there.overlaps(place) for place in kept.values()):
            kept[-1] = there
    said = {_words(wordings[place.wording], place): place.likeness for place in reversed(plain)}
    total = weight = 0.0
    for wording in wordings:
        if wording.biased:
            continue
        inside = f" {' '.join(token.text for token in wording.words)} "
        total += wording.weight * max(
            (like for words, like in said.items() if f" {words} " in inside), default=_UNHEARD
        )
        weight += wording.weight
    return Suspect(
        form,
        tuple(kept.values()),
        plain[0].likeness if plain else _UNHEARD,
        total / weight if weight else 0.0,
        sounds,
        _is_everyday(form, everyday),
        suggested=bool(suggested) and suggested[0].likeness >= _WRITTEN,
    )


def _is_everyday(form: Form, everyday: frozenset[str]) -> bool:
    return form.kind in _ALONE and all(token.text in everyday for token in tokens(fold(form.spoken)))


def _in_the_best(place: Place, wordings: Sequence[Wording]) -> Place:
    """The words of the best wording that stand where another wording has the name."""
    best, other = wordings[0], wordings[place.wording]
    span = in_best(best, other, place.first, place.last)
    inside = [i for i, token in enumerate(best.words) if span.overlaps(Span(token.start, token.end))]
    first, last = (inside[0], inside[-1] + 1) if inside else (0, 1)
    return Place(0, first, last, _UNHEARD, place.context)


def _words(wording: Wording, place: Place) -> str:
    return " ".join(token.text for token in wording.words[place.first : place.last])
