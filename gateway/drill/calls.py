"""What a drill says: each way to name a person, in calls as guards make them. Pure; the same register, the same calls."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from dispatch.people import Person
from dispatch.phrasing import spoken_digits, spoken_reference
from dispatch.scheme import Scheme

CALLS = (
    "{caller} to Control, {name} has just come in, grey hoodie, over.",
    "Control from {caller}, {name} is in here again, by the tills, over.",
    "{caller} to Control, I've got {name} in the store, black coat and a rucksack.",
    "Control, {caller} here, {name} has just walked past us in blue jeans, over.",
)
"""Plain sightings, in every place that a name can have in one. `tests/gateway/test_drill.py` proves that each is read as one."""

NOBODYS_CALLER = "Security"
"""Who calls in a scheme without members."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to name a person."""

    label: str
    """"full name", "surname", "alias 1", "reference", "number": says which one without holding the name."""
    spoken: str
    """What is said."""


@dataclass(frozen=True, slots=True)
class SampleCall:
    """One call of the drill."""

    text: str
    seed: int
    """Of its noise."""


def forms_of(person: Person) -> tuple[Form, ...]:
    """Every way to name a person that may lead to an alert, the clearest first. A first name alone never does."""
    forms = []
    if person.first_name and person.last_name:
        forms.append(Form("full name", person.name))
    if person.last_name:
        forms.append(Form("surname", person.last_name))
    forms += [Form(f"alias {number}", alias) for number, alias in enumerate(person.aliases, 1)]
    if (with_letters := spoken_reference(person.reference).replace(",", "")) != _digits(person.reference):
        forms.append(Form("reference", with_letters))
    if digits := _digits(person.reference):
        forms.append(Form("number", f"number {digits}"))
    return tuple(forms)


def _digits(reference: str) -> str:
    return spoken_digits("".join(character for character in reference if character.isdigit()))


def sample_calls(person: Person, form: Form, scheme: Scheme, count: int) -> Iterator[SampleCall]:
    """`count` calls in which somebody names this person so: each of another pattern and, by and by, another member."""
    callers = scheme.members or (NOBODYS_CALLER,)
    for number in range(count):
        # Not by the order of the register: somebody new must not change what is said about everybody else.
        dice = zlib.crc32(f"{person.reference}|{form.label}|{number}".encode())
        first = zlib.crc32(f"{person.reference}|{form.label}".encode())
        pattern = CALLS[(first + number) % len(CALLS)]
        yield SampleCall(pattern.format(caller=callers[dice % len(callers)], name=form.spoken), dice)
