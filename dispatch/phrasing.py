"""Small pieces of wording: digits one by one, descriptions in the order people look, places made short."""

from __future__ import annotations

from dispatch.calls import Call, Description

_WORDS_A_SECOND = 2.6
"""Of a clear announcement; measured on synthetic voices."""
_PAUSE_S = 0.3
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


_WAYS = frozenset(
    [
        "towards",
        "toward",
        "to",
        "up",
        "down",
        "into",
        "through",
        "back",
        "along",
        "out",
        "left",
        "right",
        "on",
        "off",
        "for",
        "over",
    ]
)
_SHORTER = {"Street": "St", "Road": "Rd", "Shopping Centre": "Centre", "Lane": "Ln", "Square": "Sq", "Avenue": "Ave"}


def spoken_digits(digits: str) -> str:
    """The digits as words: "0142" is "zero one four two"."""
    return " ".join(_DIGITS[int(digit)] if digit.isdigit() else digit for digit in digits)


def spoken_reference(reference: str) -> str:
    """Letters and digits apart: "DT-0142" is "D T, zero one four two"."""
    letters = " ".join(character for character in reference if character.isalpha())
    digits = "".join(character for character in reference if character.isdigit())
    return f"{letters}, {spoken_digits(digits)}".strip(", ")


def spoken_number(number: int) -> str:
    """An alert's number as it is spoken: 731 is "seven three one"."""
    return spoken_digits(str(number))


def speech_seconds(text: str) -> float:
    """About how long the text takes to say."""
    words = len(text.split()) + sum(len(word) > 9 for word in text.split()) * 0.5
    return words / _WORDS_A_SECOND + _PAUSE_S * sum(text.count(mark) for mark in ".,")


def _spoken_ic(ic: str) -> str:
    return f"I C {spoken_digits(ic[2:])}" if ic.startswith("IC") else ic


def looks_of(description: Description, *, spoken: bool) -> list[str]:
    """Description in the order people look: sex and age first, then clothes from the top. Most telling first."""
    looks: list[str] = []
    who = " ".join(
        part
        for part in (
            (_spoken_ic(description.ic) if spoken else description.ic) if description.ic else None,
            description.sex,
        )
        if part
    )
    if who:
        looks.append(who)
    for part in (
        description.upper,
        description.lower if description.lower != description.upper else None,
        description.headwear,
        description.hair,
        description.vehicle,
        description.build,
        description.height,
        description.age,
        description.carrying,
    ):
        if part and part not in looks:
            looks.append(part)
    if description.count and description.count > 1:
        looks.append(f"{description.count} of them" if not spoken else f"group of {description.count}")
    return looks


def short(place: str) -> str:
    """Street and the like shortened."""
    for long, short in _SHORTER.items():
        place = place.replace(long, short)
    return place


def capital(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]


def short_reference(reference: str) -> str:
    """A text needs only the digits: the scheme's name stands at its start."""
    digits = "".join(character for character in reference if character.isdigit())
    return digits or reference


def without_ic(part: str) -> str:
    """A part of a description without its IC code."""
    words = part.split()
    return " ".join(words[1:] if words and words[0].startswith("IC") else words)


def where(call: Call, *, spoken: bool) -> str:
    """Place and heading: "Corner Books, heading towards Fernley station"; shortened for texts."""
    place = call.place.name if call.place else ""
    heading = call.heading or ""
    if not spoken:
        place, heading = short(place), short(heading)
    if heading.strip():
        first = heading.split()[0].lower()
        verb = "" if first in ("left", "right", "out", "on") else "heading "
        heading = verb + (heading if first in _WAYS else f"to {heading}")
    return ", ".join(part for part in (place, heading) if part.strip())
