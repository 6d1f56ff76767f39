"""What a speech engine is asked about a sound: would these words, with this name in them, be said so?

A name that only looks like something that was heard is no evidence, and one that an engine wrote when it was suggested is less:
suggestions are heard where nobody spoke them. So the same wording is held against the sound with the name, with what was
heard in its place, with other names of the register and with common names of innocent people, and only the differences count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from dispatch.calls import MentionKind
from dispatch.matching.context import Wording
from dispatch.matching.sound_index import SoundIndex
from dispatch.matching.suspects import Place, Suspect

MOST_CLAIMS, LEAST_CLAIMS = 20, 8
WORDS = 240
"""Words held against one call, all claims together: a claim about a call of 20 words costs 10 to 20 ms with the smallest model."""
ASKED = 6
"""Suspects held against the sound."""
LEAST_ODDS = -5.5
"""Log-odds, by the wordings, below which nobody is asked about: once in 250 calls it would be right."""
_SECOND_PLACES = 3
_INNOCENT = 3
"""Suspects beside whom common names are asked about, two each."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A wording; characters `start` to `end` (exclusive) are the name in doubt."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a claim fits the sound: sums of log-probabilities of its tokens, each given all that is before it."""

    before: float
    claimed: float
    """Of the name."""
    after: float
    """Of the few tokens after it."""
    tokens: int
    """Of the name, at least 1."""


Fits = Mapping[Claim, Fit]


def claimed(wording: Wording, place: Place, name: str) -> Claim:
    """The wording with a name at a place of it."""
    start, end = wording.words[place.first].start, wording.words[place.last - 1].end
    return Claim(wording.text[:start] + name + wording.text[end:], start, start + len(name))


def heard_at(wording: Wording, place: Place) -> Claim:
    """The wording as it is, with the words at that place in doubt."""
    return Claim(wording.text, wording.words[place.first].start, wording.words[place.last - 1].end)


def claims_for(suspects: Sequence[Suspect], wordings: Sequence[Wording]) -> tuple[Claim, ...]:
    """What to hold against the sound, most telling first, each once, fewer for a long call."""
    asked: dict[Claim, None] = {}
    words = len(wordings[0].words) if wordings else 1
    most = max(LEAST_CLAIMS, min(MOST_CLAIMS, WORDS // max(1, words)))

    def ask(found: Iterable[Claim]) -> None:
        new = [claim for claim in found if claim not in asked]
        if len(asked) + len(new) <= most:
            asked.update(dict.fromkeys(new))

    likely = [suspect for suspect in suspects[:ASKED] if suspect.log_odds >= LEAST_ODDS]
    for rank, suspect in enumerate(likely):
        place = suspect.places[0]
        wording = wordings[place.wording]
        ask([heard_at(wording, place), claimed(wording, place, suspect.form.spoken)])
        if rank < _INNOCENT:
            ask(claimed(wording, place, name) for name in innocent_names(suspect, wording, place))
    for suspect in likely[:_SECOND_PLACES]:
        for place in suspect.places[1:2]:
            wording = wordings[place.wording]
            ask([heard_at(wording, place), claimed(wording, place, suspect.form.spoken)])
    return tuple(asked)


def innocent_names(suspect: Suspect, wording: Wording, place: Place) -> tuple[str, ...]:
    """Common names that sound like what was heard there, said as the suspect's would be; none that is the suspect's own."""
    if suspect.form.kind is MentionKind.SPELLED:
        return ()
    start, end = wording.words[place.first].start, wording.words[place.last - 1].end
    words = wording.text[start:end].split()
    first = suspect.form.entries[0].person.first_name if suspect.form.kind is MentionKind.FULL else ""
    said = " ".join(words[1:] if first and len(words) > 1 else words)
    names = _alike(said)
    own = {entry.person.last_name.casefold() for entry in suspect.form.entries}
    return tuple(f"{first} {name}".strip() for name in names if name.casefold() not in own)[:2]


@lru_cache(maxsize=1)
def common_surnames() -> tuple[str, ...]:
    """The commonest surnames of Great Britain; `dispatch/data/README.md` says where they are from."""
    text = resources.files("dispatch").joinpath("data", "common_surnames.txt").read_text(encoding="utf-8")
    return tuple(line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


@lru_cache(maxsize=1)
def _index() -> SoundIndex:
    return SoundIndex.of(list(enumerate(common_surnames())))


@lru_cache(maxsize=1024)
def _alike(said: str) -> tuple[str, ...]:
    names = common_surnames()
    return tuple(names[hit.key] for hit in _index().search([said], most=3))
