"""Who sounds alike: what a person's names can be mistaken for on the air, and what to say instead. Pure.

Compared by sound (`dispatch.matching.sounds`): surnames and aliases with those of everybody else on the register, with the
first names of others (aliases only), with members, places, and everyday words. A first name alone never raises an alert, so
it needs no advice.

    >>> for advice in sounds_alike(person, people, scheme): print(advice.sentence)
    "Ryan Keston" sounds like Bryan Keston (DT-0151). Ask members to say "number zero one four two".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from rapidfuzz.distance import Levenshtein

from dispatch.matching.phonemes import VOWELS
from dispatch.matching.sounds import distance, pronunciations
from dispatch.people import Person
from dispatch.phrases import fold
from dispatch.phrasing import spoken_digits, spoken_reference
from dispatch.register.csv_import import RegisterRow
from dispatch.scheme import Scheme

NAMES_UP_TO = 0.30
"""Distance up to which two single names sound alike: Ryan and Bryan (0.28), Kelly and Kerry (0.20), Harris and Paris (0.23)."""
FULL_UP_TO = 0.16
"""The same for first name and surname together, of which most must fit: Ryan and Bryan Keston (0.12)."""
FIRST_UP_TO = 0.5
"""First names further apart than this tell two people of one surname apart."""
WORDS_UP_TO = 0.15
"""Everyday words, first names, and words inside the names of members and places: there are many, so only the nearest."""
LISTED = 4
"""No more names than this in a sentence."""
_READINGS = 2
_SOUNDS_APART = 2
"""Names that differ in more sounds than this are told apart, however cheap each of them is."""


class Seriousness(IntEnum):
    """How much a likeness costs; the most serious first."""

    FULL = 0
    """First name and surname together can be taken for somebody else's."""
    ALIAS = 1
    """An alias can be taken for another person."""
    SURNAME = 2
    """A surname alone can be taken for another person; with the first name it can't."""
    THING = 3
    """A surname or alias can be taken for a member, a place or an everyday word."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What can be mistaken, and what to do: one sentence or two for the register's keeper."""

    reference: str
    """Of the person it is about; empty for advice about a member or place."""
    name: str
    """Which of the names."""
    seriousness: Seriousness
    like: tuple[str, ...]
    """What it sounds like, nearest first: "Bryan Keston (DT-0151)", "the place Castle Street"."""
    sentence: str


@dataclass(frozen=True, slots=True)
class _Named:
    """Something that has a name."""

    name: str
    kind: str
    """"surname", "alias", "first name", "word", "member", "place" or "part of ..."."""
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class SoundTable:
    """Everything that can be said, by sound. Made in about 0.3 ms a name; keep it for many questions."""

    by_sound: Mapping[str, tuple[_Named, ...]]
    by_skeleton: Mapping[str, tuple[str, ...]]
    """Sounds by what is left of them without vowels' colour, voicing, and at most one sound."""

    @classmethod
    def of(cls, people: Iterable[Person], scheme: Scheme) -> SoundTable:
        """Prepare a register and a scheme."""
        by_sound: dict[str, list[_Named]] = {}
        for named in (*_people(people), *_things(scheme)):
            for sound in pronunciations(named.name)[:_READINGS]:
                by_sound.setdefault(sound, []).append(named)
        by_skeleton: dict[str, list[str]] = {}
        for sound in by_sound:
            for skeleton in _skeletons(sound):
                by_skeleton.setdefault(skeleton, []).append(sound)
        return cls(
            {sound: tuple(named) for sound, named in by_sound.items()},
            {skeleton: tuple(found) for skeleton, found in by_skeleton.items()},
        )

    def near(self, name: str) -> list[tuple[float, _Named]]:
        """What sounds like a name, nearest first, with the distance; each once."""
        best: dict[_Named, float] = {}
        for said in pronunciations(name)[:_READINGS]:
            plain = said.replace(" ", "")
            for other in {sound for key in _skeletons(said) for sound in self.by_skeleton.get(key, ())}:
                if Levenshtein.distance(plain, other.replace(" ", ""), score_cutoff=_SOUNDS_APART) > _SOUNDS_APART:
                    continue
                apart = distance(said, other)
                if apart <= NAMES_UP_TO:
                    for named in self.by_sound[other]:
                        best[named] = min(apart, best.get(named, 1.0))
        return sorted(((apart, named) for named, apart in best.items()), key=lambda pair: (pair[0], *_order(pair[1])))

    def about(self, person: Person) -> tuple[Advice, ...]:
        """What the names of a person can be mistaken for, most serious first; empty if nothing."""
        near = {name: self._near_others(name, person) for name in (person.last_name, *person.aliases) if name}
        clear = [alias for alias in person.aliases if alias in near and not _clashes(near[alias], alias=True)]
        found: list[Advice] = []
        if person.last_name:
            found += _about_surname(person, near[person.last_name], clear)
        for alias in dict.fromkeys(person.aliases):
            found += _about_alias(person, alias, near.get(alias, []), clear)
        return tuple(sorted(found, key=lambda advice: advice.seriousness))

    def about_thing(self, name: str, kind: str) -> tuple[Advice, ...]:
        """Whose surname or alias a new member or place (`kind`) can be mistaken for."""
        near = [
            (apart, named)
            for said in dict.fromkeys((name, *_parts(name)))
            for apart, named in self.near(said)
            if named.kind in {"surname", "alias"} and apart <= (NAMES_UP_TO if said == name else WORDS_UP_TO)
        ]
        if not near:
            return ()
        like = _listed(f"the {named.kind} of {_who(named)}" for _, named in near)
        sentence = f'The {kind} "{name}" sounds like {_joined(like)}. Ask members to say first name and surname, or the number.'
        return (Advice("", name, Seriousness.THING, like, sentence),)

    def _near_others(self, name: str, person: Person) -> list[tuple[float, _Named]]:
        return [
            (apart, named)
            for apart, named in self.near(name)
            if named.person is None or named.person.reference != person.reference
        ]


def sounds_alike(person: Person, register_people: Iterable[Person], scheme: Scheme) -> tuple[Advice, ...]:
    """What the names of one person can be mistaken for, most serious first. For many people keep a `SoundTable`."""
    return SoundTable.of(register_people, scheme).about(person)


def with_rows(people: Iterable[Person], rows: Iterable[RegisterRow]) -> tuple[Person, ...]:
    """The register as the names of a list would make it. People who are new have negative ids and no notices."""
    known = {person.reference: person for person in people}
    for number, row in enumerate(rows, 1):
        before = known.get(row.reference) or Person(-number, row.reference, "", "")
        known[row.reference] = replace(
            before,
            first_name=row.first_name if "first_name" in row.given else before.first_name,
            last_name=row.last_name if "last_name" in row.given else before.last_name,
            aliases=row.aliases if "aliases" in row.given else before.aliases,
        )
    return tuple(known.values())


def most_serious_first(found: Iterable[tuple[Person, tuple[Advice, ...]]]) -> list[tuple[Person, tuple[Advice, ...]]]:
    """People with advice by the most serious one, then by how many there are, then by reference; the others are left out."""
    some = [(person, advice) for person, advice in found if advice]
    return sorted(some, key=lambda pair: (pair[1][0].seriousness, -len(pair[1]), pair[0].reference))


Near = Sequence[tuple[float, _Named]]


def _about_surname(person: Person, near: Near, clear: Sequence[str]) -> Iterable[Advice]:
    people = [named.person for _, named in near if named.kind in {"surname", "alias"} and named.person]
    full = [other for other in dict.fromkeys(people) if _full_alike(person, other)]
    surname = person.last_name
    instead = _instead(person, clear)
    if full:
        like = _listed(f"{other.name} ({other.reference})" for other in full)
        sentence = f'"{person.name}" sounds like {_joined(like)}. {instead}'
        yield Advice(person.reference, person.name, Seriousness.FULL, like, sentence)
    how = (
        instead if full or not person.first_name else "Alone it is not enough: ask members to say the first name, too."
    )
    others = [named for _, named in near if named.kind in {"surname", "alias"} and named.person not in full]
    if others:
        same = [named for named in others if named.kind == "surname" and fold(named.name) == fold(surname)]
        shared = _listed(_who(named) for named in same)
        like = _listed(f"{_quoted(named, surname)}{_who(named)}" for named in others if named not in same)
        what = " and ".join(
            part
            for part in (shared and f"is also that of {_joined(shared)}", like and f"sounds like {_joined(like)}")
            if part
        )
        sentence = f'The surname "{surname}" {what}. {how}'
        yield Advice(person.reference, surname, Seriousness.SURNAME, (*shared, *like), sentence)
    things = _listed(_thing(named, surname) for apart, named in near if _is_thing(named, apart))
    if things:
        sentence = f'The surname "{surname}" sounds like {_joined(things)}. {how}'
        yield Advice(person.reference, surname, Seriousness.THING, things, sentence)


def _about_alias(person: Person, alias: str, near: Near, clear: Sequence[str]) -> Iterable[Advice]:
    instead = f"Give another alias. {_instead(person, [other for other in clear if other != alias])}"
    others = [named for apart, named in near if _is_other(named, apart)]
    if others:
        like = _listed(f"{_quoted(named, alias)}{_who(named)}" for named in others)
        sentence = f'The alias "{alias}" sounds like {_joined(like)}. {instead}'
        yield Advice(person.reference, alias, Seriousness.ALIAS, like, sentence)
    things = _listed(_thing(named, alias) for apart, named in near if _is_thing(named, apart))
    if things:
        sentence = f'The alias "{alias}" sounds like {_joined(things)}. {instead}'
        yield Advice(person.reference, alias, Seriousness.THING, things, sentence)


def _instead(person: Person, clear: Sequence[str]) -> str:
    digits = "".join(character for character in person.reference if character.isdigit())
    number = f"number {spoken_digits(digits)}" if digits else spoken_reference(person.reference)
    if clear:
        return f'Ask members to say "{clear[0]}", which sounds like nobody else, or "{number}".'
    return f'Ask members to say "{number}".'


def _clashes(near: Near, *, alias: bool) -> bool:
    return any((alias and _is_other(named, apart)) or _is_thing(named, apart) for apart, named in near)


def _is_other(named: _Named, apart: float) -> bool:
    """It may be taken for another person."""
    return named.kind in {"surname", "alias"} or (named.kind == "first name" and apart <= WORDS_UP_TO)


def _is_thing(named: _Named, apart: float) -> bool:
    return named.person is None and (named.kind in {"member", "place"} or apart <= WORDS_UP_TO)


def _full_alike(one: Person, other: Person) -> bool:
    """First name and surname together sound alike, the first names too."""
    if not (one.first_name and other.first_name and other.last_name):
        return False
    if _apart(one.first_name, other.first_name) > FIRST_UP_TO:
        return False
    return _apart(one.name, other.name) <= FULL_UP_TO


def _apart(name: str, other: str) -> float:
    """The distance between the nearest readings of two names."""
    ours, theirs = (pronunciations(one)[:_READINGS] for one in (name, other))
    return min((distance(said, against) for said in ours for against in theirs), default=1.0)


def _people(people: Iterable[Person]) -> Iterable[_Named]:
    for person in people:
        if person.first_name:
            yield _Named(person.first_name, "first name", person)
        if person.last_name:
            yield _Named(person.last_name, "surname", person)
        for alias in dict.fromkeys(person.aliases):
            yield _Named(alias, "alias", person)


def _things(scheme: Scheme) -> Iterable[_Named]:
    everyday = scheme.words.words("names.common") | scheme.words.words("names.ordinary")
    for word in sorted(word for word in everyday if len(word) > 1):
        yield _Named(word, "word")
    ordinary = scheme.words.words("names.ordinary")
    said: dict[str, _Named] = {}
    named: list[tuple[str, str, tuple[str, ...]]] = [(member, "member", (member,)) for member in scheme.members]
    named += [(place.name, "place", (place.name, *place.said_as)) for place in scheme.places]
    for name, kind, ways in named:
        for way in ways:
            plain = re.sub("(?i)^the ", "", way)
            said.setdefault(fold(plain), _Named(plain, kind))
        for part in _parts(name):
            if part not in ordinary:
                said.setdefault(part, _Named(part, f"part of {name}"))
    yield from said.values()


def _parts(name: str) -> tuple[str, ...]:
    """The single words of a name of several, the short ones left out."""
    words = re.findall(r"[a-z']{4,}", fold(name))
    return tuple(word.removesuffix("'s") for word in words) if len(name.split()) > 1 else ()


def _thing(named: _Named, name: str) -> str:
    if named.kind == "word" and named.name == fold(name):
        return "an everyday word"
    if named.kind == "word":
        return f'the everyday word "{named.name}"'
    if named.kind.startswith("part of "):
        return named.kind
    return f"the {named.kind} {named.name}"


def _who(named: _Named) -> str:
    assert named.person is not None  # noqa: S101 - only people's names are asked for
    return f"{named.person.name} ({named.person.reference})"


def _quoted(named: _Named, name: str) -> str:
    """The other name, where it is not said in what follows."""
    if named.kind == "surname":
        return ""
    same = fold(named.name) == fold(name)
    return f"the {named.kind} of " if same else f'the {named.kind} "{named.name}" of '


def _listed(likenesses: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(likenesses))


def _joined(like: Sequence[str]) -> str:
    shown = ", ".join(like[:LISTED])
    return f"{shown} and {len(like) - LISTED} more" if len(like) > LISTED else shown


def _order(named: _Named) -> tuple[str, str, str]:
    return (named.person.reference if named.person else "", named.kind, named.name)


_CLASSES = str.maketrans(
    {
        **dict.fromkeys("pb", "p"),
        **dict.fromkeys("td", "t"),
        **dict.fromkeys("kg", "k"),
        **dict.fromkeys("fvθðszʃʒ", "s"),
        **dict.fromkeys("ʧʤ", "ʧ"),
        **dict.fromkeys("mnŋ", "n"),
        **dict.fromkeys("lrwj", "l"),
        **dict.fromkeys(VOWELS, "a"),
        "h": "",
        " ": "",
    }
)
_VOWELS = re.compile("a+")


def _skeletons(sound: str) -> set[str]:
    """The classes of the sounds, and the same with any one or two neighbours of them left out.

    Two names that differ in vowels, in voicing, in one more sound or a weak syllable have one in common: an index by these
    finds what may sound alike without comparing everybody with everybody.
    """
    whole = _VOWELS.sub("a", sound.translate(_CLASSES))
    if len(whole) < 3:
        return {whole}
    shorter = {
        _VOWELS.sub("a", whole[:at] + whole[at + gone :])
        for gone in (1, 2)
        for at in range(len(whole) - gone + 1)
        if len(whole) - gone >= 2 * gone
    }
    return {whole, *shorter}
