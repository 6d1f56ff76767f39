"""Names by their sounds alone: what an engine that reads single sounds says about every name on the register.

Words don't come into it. A name that the engine wrote as other words ("me to sleep and" for Mulcahy) is found here all the same,
and one that only looks like a word that was said is seen not to fit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dispatch.heard import HeardWord, Spotted
from dispatch.matching.context import Wording
from dispatch.matching.register import Form
from dispatch.matching.sounds import unbroken

Spots = Mapping[str, Spotted]
"""Where each sequence of phonemes fits best."""

SPARE = 1.5
"""Added to what a name costs before it is divided by its sounds: three sounds are met somewhere in every call."""
WORST = 3.0
"""Unlikeness from which a name was not said."""
MOST_WORDS = 4
"""Words that may stand for one name; more of them are another sentence."""
DENIALS = ("nɒt", "ɪzənt", "ɪznt", "wɒzənt", "wɒznt")
"""Not, isn't, wasn't: how they are said right before the name of somebody who is not there."""
DENIED = 1.6
"""What each sound of one of them may cost. In the fitting calls no denial that was spoken cost more than 1.4, and "got", which is one sound off, costs 2.3."""
_READINGS = 2
_SAME_TIME = 0.5
"""Share of the shorter one from which two names claim the same moment."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A name where its sounds fit best."""

    unlikeness: float
    """Per sound, from 0 (as likely as the likeliest sounds there) to `WORST`."""
    start_s: float
    end_s: float
    sounds: int = 1
    """How many its name has, said in the nearest way."""

    @property
    def cost(self) -> float:
        """Of all sounds, as the engine gave it."""
        return self.unlikeness * self.sounds - SPARE

    def meets(self, other: Spot) -> bool:
        """They claim the same moment."""
        common = min(self.end_s, other.end_s) - max(self.start_s, other.start_s)
        return common >= _SAME_TIME * min(self.end_s - self.start_s, other.end_s - other.start_s)


@dataclass(frozen=True, slots=True, eq=False)
class Sounded:
    """Every name of the register held against the sounds of one call; empty where the engine can't tell."""

    spots: Mapping[int, Spot]
    """By the name's place in `Register.forms`, for names that come near."""
    forms: Sequence[Form]
    words: Spots
    """Everything that was looked for, the words that were written among it."""

    def margin(self, key: int) -> float:
        """How much nearer it comes than the nearest name of somebody else at the same moment; at most `WORST`."""
        spot = self.spots.get(key)
        return min(self._rivals(key, spot), default=(WORST, key))[0] - spot.unlikeness if spot else 0.0

    def nearer(self, key: int, by: float) -> int | None:
        """The name of somebody else that comes nearest at the same moment, if it comes nearer than this one by so much."""
        return None if self.margin(key) > -by else min(self._rivals(key, self.spots[key]))[1]

    def _rivals(self, key: int, spot: Spot) -> Iterator[tuple[float, int]]:
        """Names of others at the same moment: how far each is, and its place in `forms`."""
        own = _people(self.forms[key])
        for at, other in self.spots.items():
            if other.meets(spot) and not own & _people(self.forms[at]):
                yield other.unlikeness, at

    def against_words(self, key: int, written: Sequence[str]) -> float:
        """How much nearer the sounds come to the name than to the words that were written at its moment, from -`WORST` to `WORST`.

        0 where the words are the name, or where they were too many to be looked for.
        """
        spot = self.spots.get(key)
        if spot is None or not 0 < len(written) <= MOST_WORDS:
            return 0.0
        there = [_unlikeness(self.words[way]) for way in _ways_of(written) if way in self.words]
        return min(WORST, *there) - spot.unlikeness if there else 0.0

    def denied(self, key: int) -> bool:
        """A denial was said right before the name, whatever words became of it; False where that was not looked for."""
        near = [(self.words[way].cost, way) for way in unbroken(self.forms[key].spoken) if way in self.words]
        if not near:
            return False
        cost, nearest = min(near)
        return any(
            self.words[denial + nearest].cost - cost <= DENIED * len(denial)
            for denial in DENIALS
            if denial + nearest in self.words
        )

    def nearest(self, most: int, unlikeness: float) -> list[int]:
        """The names that come nearest, at most so many."""
        near = [(spot.unlikeness, key) for key, spot in self.spots.items() if spot.unlikeness <= unlikeness]
        return [key for _, key in sorted(near)[:most]]


def sounded(spots: Spots, ways: Mapping[str, Sequence[int]], forms: Sequence[Form]) -> Sounded:
    """What the sounds say about every name: of several ways of saying one, the nearest.

    Args:
        spots: where each way fits best.
        ways: which of `forms` are said so.
        forms: names, or references.
    """
    nearest: dict[int, Spot] = {}
    for way, keys in ways.items():
        place = spots.get(way)
        if place is None:
            continue
        unlikeness = _unlikeness(place)
        if unlikeness >= WORST:
            continue
        for key in keys:
            if key not in nearest or unlikeness < nearest[key].unlikeness:
                nearest[key] = Spot(unlikeness, place.start_s, place.end_s, place.sounds)
    return Sounded(nearest, forms, spots)


def ways_of_denial(forms: Iterable[Form]) -> Iterator[str]:
    """Each name with each denial right before it."""
    for form in forms:
        for way in unbroken(form.spoken):
            yield from (denial + way for denial in DENIALS)


def ways_of_words(words: Sequence[str]) -> Iterator[str]:
    """What the words of a wording sound like, every run of up to `MOST_WORDS` of them: to be looked for beside the names."""
    for first in range(len(words)):
        for last in range(first + 1, min(first + MOST_WORDS, len(words)) + 1):
            yield from _ways_of(words[first:last])


def words_at(wording: Wording, heard: Iterable[HeardWord], spot: Spot) -> tuple[int, int] | None:
    """Which words of the best wording were said at that moment: first and last (exclusive); None where it has no times.

    Times of words are good to a tenth of a second or two, so a word that is only touched does not count unless no other does.
    """
    times = list(_timed(wording, heard))
    if not times:
        return None
    inside = [at for at, start, end in times if _share(start, end, spot) >= 0.5]
    if not inside:
        middle = (spot.start_s + spot.end_s) / 2
        inside = [min(times, key=lambda one: abs((one[1] + one[2]) / 2 - middle))[0]]
    return min(inside), max(inside) + 1


def _timed(wording: Wording, heard: Iterable[HeardWord]) -> Iterable[tuple[int, float, float]]:
    """The times of a wording's words. What the engine counts as a word may be several of ours ("well-known")."""
    at, character = 0, 0
    for word in heard:
        start = wording.text.find(word.text, character)
        if start < 0:
            continue
        character = start + len(word.text)
        while at < len(wording.words) and wording.words[at].start < character:
            if wording.words[at].start >= start:
                yield at, word.start_s, word.end_s
            at += 1


def _unlikeness(place: Spotted) -> float:
    return (place.cost + SPARE) / max(1, place.sounds)


def _ways_of(words: Sequence[str]) -> tuple[str, ...]:
    return unbroken(" ".join(words))[:_READINGS]


def _share(start: float, end: float, spot: Spot) -> float:
    """How much of a word lies in a name's moment, 0-1."""
    common = min(end, spot.end_s) - max(start, spot.start_s)
    return max(0.0, common) / max(0.04, end - start)


def _people(form: Form) -> frozenset[int]:
    return frozenset(entry.person.offender_id for entry in form.entries)
