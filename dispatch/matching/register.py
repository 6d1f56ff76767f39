"""The register made ready for matching: every way each person may be named, folded, with what is shared among several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dispatch.calls import MentionKind
from dispatch.matching.sound_index import SoundIndex
from dispatch.matching.sounds import unbroken
from dispatch.people import Person
from dispatch.phrases import fold
from dispatch.reading.spelling import spell

LEAST_PART = 5
"""Letters of one part of a double-barrelled surname that is looked for by sound: "Tull" is in "tall"."""
LEAST_DIGITS = 2
"""Digits of a reference that may be said without the noughts before them: "seven" alone is no reference."""
LEAST_SPELLED, MOST_SPELLED = 3, 14
"""Letters of a name that is looked for spelled out."""
_FOR, _WEAK_FOR = "fɔ", "fə"
READINGS_SPELLED = 1
"""Everybody says the alphabet of the radio much alike, and it is long."""


@lru_cache(maxsize=32768)
def letters(name: str) -> str:
    """Only the letters of a name: "O'Neill-Frost" is "oneillfrost"."""
    return re.sub(r"[^a-z]", "", fold(name))


@dataclass(frozen=True, slots=True)
class Entry:
    """One person with folded names."""

    person: Person
    first: str
    last: str
    aliases: tuple[tuple[str, ...], ...]
    """Each as its words."""
    number: str
    """Digits of the reference without leading zeros."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way of naming people, as it is said."""

    kind: MentionKind
    spoken: str
    entries: tuple[Entry, ...]
    """Whom it may mean: several where they share a surname or an alias."""


@dataclass(frozen=True, slots=True)
class Register:
    """Everybody, by each kind of name."""

    entries: tuple[Entry, ...]
    by_last: Mapping[str, tuple[Entry, ...]]
    by_first: Mapping[str, tuple[Entry, ...]]
    by_alias: Mapping[str, tuple[Entry, ...]]
    """Alias letters, without spaces."""
    by_number: Mapping[str, tuple[Entry, ...]]
    parts: Mapping[str, tuple[Entry, ...]]
    """Single parts of double-barrelled surnames of four letters or more."""
    forms: tuple[Form, ...]
    """Everything that may be said of anybody, but for first names alone and references."""
    sounds: SoundIndex
    """The forms by sound; their places in `forms` are the keys."""
    ways: dict[str, tuple[int, ...]]
    """How the forms may be said, as phonemes without blanks, and which of `forms` are said so."""
    numbers: tuple[Form, ...]
    """References, by their digits."""
    number_ways: dict[str, tuple[int, ...]]
    """As `ways`, for `numbers`."""
    whole_number_ways: dict[str, tuple[int, ...]]
    """The same without the short ones: two digits are soon met by chance."""
    spelled: tuple[Form, ...]
    """Surnames spelled in the alphabet of the radio: "Papa Oscar Sierra Tango"."""
    spelled_sounds: SoundIndex
    spelled_ways: dict[str, tuple[int, ...]]
    """As `ways`, for `spelled`."""
    given: tuple[Form, ...]
    """First names spelled in the alphabet of the radio, or "Bravo for Bryan": that is how brothers are told apart."""
    given_ways: dict[str, tuple[int, ...]]
    """As `ways`, for `given`."""

    @classmethod
    def of(cls, people: Iterable[Person]) -> Register:
        """Prepare people for matching. About 0.3 ms a person; keep it as long as the register stays the same."""
        entries = tuple(
            Entry(
                person,
                letters(person.first_name),
                letters(person.last_name),
                tuple(words for alias in person.aliases if (words := tuple(re.findall(r"[a-z0-9]+", fold(alias))))),
                re.sub(r"\D", "", person.reference).lstrip("0"),
            )
            for person in people
        )
        parts = [
            (letters(part), entry)
            for entry in entries
            for part in re.split(r"[\s\-]+", entry.person.last_name)
            if letters(part) != entry.last and len(letters(part)) >= 4
        ]
        forms, numbers = _forms(entries), _numbers(entries)
        spelled = _spelled(MentionKind.SPELLED, ((entry.last, entry) for entry in entries))
        given = (*_spelled(MentionKind.FIRST, ((entry.first, entry) for entry in entries)), *_initials(entries))
        return cls(
            entries,
            _grouped((entry.last, entry) for entry in entries),
            _grouped((entry.first, entry) for entry in entries),
            _grouped(("".join(alias), entry) for entry in entries for alias in entry.aliases),
            _grouped((entry.number, entry) for entry in entries),
            _grouped(parts),
            forms,
            SoundIndex.of([(i, form.spoken) for i, form in enumerate(forms)]),
            _ways((at, form.spoken) for at, form in enumerate(forms)),
            numbers,
            number_ways(numbers),
            number_ways(numbers, short=False),
            spelled,
            SoundIndex.of([(i, form.spoken) for i, form in enumerate(spelled)]),
            _ways(((at, form.spoken) for at, form in enumerate(spelled)), READINGS_SPELLED),
            given,
            _weakened(_ways(((at, form.spoken) for at, form in enumerate(given)), READINGS_SPELLED)),
        )

    @property
    def all_ways(self) -> tuple[str, ...]:
        """Everything that an engine is asked to look for by its sounds, each once."""
        return tuple(self.ways | self.number_ways | self.spelled_ways | self.given_ways)


def _forms(entries: Iterable[Entry]) -> tuple[Form, ...]:
    said: dict[tuple[MentionKind, str], list[Entry]] = {}

    def add(kind: MentionKind, spoken: str, entry: Entry) -> None:
        if len(letters(spoken)) >= 2:
            said.setdefault((kind, spoken.strip()), []).append(entry)

    for entry in entries:
        person = entry.person
        if person.first_name and person.last_name:
            add(MentionKind.FULL, person.name, entry)
        if person.last_name:
            add(MentionKind.LAST, person.last_name, entry)
            for part in re.split(r"[\s\-]+", person.last_name):
                if letters(part) != entry.last and len(letters(part)) >= LEAST_PART:
                    add(MentionKind.LAST, part, entry)
        for alias in dict.fromkeys(person.aliases):
            add(MentionKind.ALIAS, alias, entry)
            if person.last_name and " " not in alias.strip():
                add(MentionKind.FULL, f"{alias} {person.last_name}", entry)
    return tuple(Form(kind, spoken, tuple(whom)) for (kind, spoken), whom in said.items())


def _ways(forms: Iterable[tuple[int, str]], readings: int | None = None) -> dict[str, tuple[int, ...]]:
    """From what is said, with the place of its form, to how it is said; the likeliest so many readings of each."""
    ways: dict[str, dict[int, None]] = {}
    for at, text in forms:
        for said in unbroken(text)[:readings]:
            ways.setdefault(said, {})[at] = None
    return {said: tuple(places) for said, places in ways.items()}


def _numbers(entries: Iterable[Entry]) -> tuple[Form, ...]:
    said: dict[str, list[Entry]] = {}
    for entry in entries:
        if digits := re.sub(r"\D", "", entry.person.reference):
            said.setdefault(digits, []).append(entry)
    return tuple(Form(MentionKind.REF, digits, tuple(whom)) for digits, whom in said.items())


def number_ways(numbers: Sequence[Form], *, short: bool = True) -> dict[str, tuple[int, ...]]:
    """How references may be said, digit by digit, as `Register.ways`; `short`: without the noughts before them as well."""
    said = {(at, form.spoken) for at, form in enumerate(numbers)}
    if short:
        bare = ((at, form.spoken.lstrip("0")) for at, form in enumerate(numbers))
        said |= {(at, digits) for at, digits in bare if len(digits) >= LEAST_DIGITS}
    return _ways(sorted(said))


def _spelled(kind: MentionKind, names: Iterable[tuple[str, Entry]]) -> tuple[Form, ...]:
    return tuple(
        Form(kind, " ".join(word.capitalize() for word in spell(name)), whom)
        for name, whom in _grouped(names).items()
        if LEAST_SPELLED <= len(name) <= MOST_SPELLED
    )


def _weakened(ways: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """With "bravo f'bryan" beside "bravo for bryan": hardly anybody says the whole word."""
    return {way: keys for said, keys in ways.items() for way in (said, said.replace(_FOR, _WEAK_FOR))}


def _initials(entries: Iterable[Entry]) -> tuple[Form, ...]:
    return tuple(
        Form(MentionKind.FIRST, f"{spell(name[0])[0].capitalize()} for {name.capitalize()}", whom)
        for name, whom in _grouped((entry.first, entry) for entry in entries).items()
        if len(name) >= LEAST_SPELLED
    )


def _grouped(pairs: Iterable[tuple[str, Entry]]) -> dict[str, tuple[Entry, ...]]:
    groups: dict[str, list[Entry]] = {}
    for key, entry in pairs:
        if key:
            groups.setdefault(key, []).append(entry)
    return {key: tuple(group) for key, group in groups.items()}


def prepared(people: Sequence[Person] | Register) -> Register:
    """The register, prepared now unless it already is."""
    return people if isinstance(people, Register) else Register.of(people)
