"""Sentences for the network that reads sounds: calls with names put in, and words in no order, so that it learns no sentences.

Half are the frames of the fitting calls (`bench._names_fit_calls`), with other shops and places, half a few bits of radio talk with names and
words between them. Names are common ones, words of the lexicon that nobody is called by, and short ones like nicknames: a name
on a register may be anything.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench._names_corpus import DATA
from bench._names_environment import REPOSITORY
from bench._names_fit_calls import (
    DENIALS,
    ENDINGS,
    INCIDENTS,
    LOOKS,
    NOBODY,
    PLACES,
    REQUESTS,
    SHOPS,
    SIGHTINGS,
    STAFF,
)  # fmt: skip

FRAMES = (*SIGHTINGS, *INCIDENTS, *ENDINGS, *REQUESTS, *DENIALS, *(text for _, text in NOBODY), *STAFF)
STREETS = ("Street", "Road", "Lane", "Way", "car park")
COLOURS = ("red", "blue", "black", "grey", "green", "brown")
BITS = (
    "he's", "she's", "they're", "has just", "is now", "was in", "walked past", "came out of", "near", "by the", "outside", "in the", "with",
    "and", "with a", "wearing", "carrying", "a blue", "a red", "the man", "the woman", "the lad", "two of them", "going towards", "heading for",
    "down", "up", "over by", "please", "thanks", "copy that", "can you", "have you seen", "do you know", "on the corner of", "next to", "behind",
    "we've got", "I've got", "it's", "that's", "tell", "ask for", "watch out for", "look for", "not", "isn't", "wasn't", "over", "received", "again",
)  # fmt: skip
GIVEN = (
    "James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David", "Elizabeth", "William", "Barbara", "Richard",
    "Susan", "Joseph", "Jessica", "Thomas", "Sarah", "Chris", "Karen", "Charles", "Nancy", "Daniel", "Lisa", "Matthew", "Betty", "Anthony",
    "Helen", "Mark", "Sandra", "Donald", "Ashley", "Steven", "Kim", "Paul", "Emily", "Andrew", "Donna", "Josh", "Michelle", "Ken", "Carol",
    "Kevin", "Amanda", "Brian", "Dot", "George", "Melissa", "Ed", "Deborah", "Ron", "Steph", "Tim", "Rebecca", "Jason", "Sharon", "Jeff",
    "Laura", "Ryan", "Cynthia", "Jake", "Kath", "Gary", "Amy", "Nick", "Angela", "Eric", "Shirley", "Jon", "Anna", "Stephen", "Brenda",
    "Larry", "Pamela", "Justin", "Emma", "Scott", "Nicole", "Brandon", "Ben", "Sam", "Gemma", "Craig", "Darren", "Wayne", "Lee", "Dean",
    "Kieran", "Connor", "Callum", "Jordan", "Tyler", "Kyle", "Liam", "Declan", "Sean", "Siobhan", "Niamh", "Aoife", "Gethin", "Rhys",
    "Owain", "Bronwen", "Mohammed", "Ahmed", "Ali", "Hassan", "Fatima", "Aisha", "Priya", "Raj", "Sanjay", "Anil", "Piotr", "Pawel",
    "Kasia", "Agnieszka", "Jakub", "Marek", "Dragan", "Ivan", "Olga", "Svetlana", "Nikolai", "Viktor", "Emeka", "Chidi", "Kwame", "Kofi",
    "Femi", "Tunde", "Yusuf", "Ibrahim", "Omar", "Khalid", "Zainab", "Wei", "Ming", "Nguyen", "Hiroshi", "Jose", "Carlos", "Maria", "Luis",
    "Pedro", "Giovanni", "Marco", "Luca", "Francesca", "Sofia", "Jean", "Pierre", "Marie", "Hans", "Jurgen", "Ingrid", "Lars", "Bjorn",
)  # fmt: skip
"""First names of people who live in British towns, from many countries."""

_WORD = re.compile("[a-z]{2,12}")


@dataclass(frozen=True, slots=True)
class Stock:
    """What names and words are drawn from."""

    surnames: tuple[str, ...]
    said: tuple[str, ...]
    """Names whose sounds don't follow from their letters."""
    nicknames: tuple[str, ...]
    words: tuple[str, ...]
    """Of the lexicon: four to eight sounds."""
    short: tuple[str, ...]
    """Of the lexicon: two to four."""

    @classmethod
    def of(cls, lexicon: Mapping[str, str], alphabet: str) -> Stock:
        """From our own lists of names, and a lexicon of words and their sounds."""
        sayable = {
            word: sounds
            for word, sounds in lexicon.items()
            if _WORD.fullmatch(word) and len(sounds) >= 2 and not set(sounds) - set(alphabet)
        }
        names = REPOSITORY / "dispatch/data"
        return cls(
            tuple(_lines(names / "common_surnames.txt")),
            tuple(line.split(",")[0] for line in _lines(names / "said_names.csv")),
            tuple(_lines(DATA / "nicknames.txt")),
            tuple(word for word, sounds in sayable.items() if 4 <= len(sounds) <= 8),
            tuple(word for word, sounds in sayable.items() if len(sounds) <= 4),
        )


def sentences(stock: Stock, count: int, seed: int) -> Iterator[str]:
    """So many sentences; the same ones for the same seed, and a longer list begins with the shorter one."""
    writer = _Writer(stock, random.Random(seed))
    for _ in range(count):
        yield writer.call() if writer.draw.random() < 0.5 else writer.talk()


@dataclass(frozen=True, slots=True)
class _Writer:
    stock: Stock
    draw: random.Random

    def call(self) -> str:
        """A frame with everything put in."""
        draw, either = self.draw, self._either
        place = f"{self._odd()} {draw.choice(STREETS)}"
        text = draw.choice(FRAMES).format(
            shop=either(SHOPS, self._odd()), place=either(PLACES, place), name=self.name(), looks=draw.choice(LOOKS),
            colour=draw.choice(COLOURS), first=self._first(),
        )  # fmt: skip
        return text[0].upper() + text[1:]

    def talk(self) -> str:
        """Two to five bits, each with a name or a word after it."""
        parts: list[str] = []
        for _ in range(self.draw.randint(2, 5)):
            word = self.name() if self.draw.random() < 0.5 else self.draw.choice(self.stock.words)
            parts += [self.draw.choice(BITS), word + ("," if self.draw.random() < 0.2 else "")]
        text = " ".join(parts).rstrip(",")
        return text[0].upper() + text[1:] + "."

    def name(self) -> str:
        """Full, a surname alone, a short one like a nickname, or two words as a name."""
        kind = self.draw.random()
        if kind < 0.35:
            return f"{self._first()} {self._last()}"
        if kind < 0.6:
            return self._last()
        if kind < 0.85:
            return self._either(self.stock.nicknames, self.draw.choice(self.stock.short).capitalize(), 0.3)
        return f"{self._odd()} {self._odd()}"

    def _either(self, usual: Sequence[str], other: str, share: float = 0.5) -> str:
        return self.draw.choice(usual) if self.draw.random() < share else other

    def _odd(self) -> str:
        return self.draw.choice(self.stock.words).capitalize()

    def _first(self) -> str:
        other = self._either(self.stock.said, self._odd()).capitalize()
        return self._either(GIVEN, other, 0.7)

    def _last(self) -> str:
        other = self._either(self.stock.said, self._odd(), 0.3).capitalize()
        return self._either(self.stock.surnames, other, 0.3)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
