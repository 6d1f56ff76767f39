"""Phrases slightly misheard: "done runner" for "done a runner", "disregard my lost" for "disregard my last"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, product

import numpy as np
from rapidfuzz import fuzz, process

from dispatch.phrases import Token
from dispatch.scheme import PhraseTables

_LETTERS = (11, 26)
"""Shorter phrases are like too many others."""
_NEAR_ENOUGH = 90.0
"""Percent of rapidfuzz ratio: one letter in ten or so. Lower, "on the shop" is "done the shop", and the more phrases the sooner."""
_VARIANTS = 12
_CALLED = frozenset({"all", "everyone", "everybody"})
"""Who is called: part of no phrase that lacks the word. "Morning all" is not "morning call"."""
_OF_WHOM = frozenset({"him", "her", "them", "me", "us", "it"})
_FEWEST, _WORDS = 2, 5
"""Words of the text that are put together and compared; one word is never a phrase."""


@dataclass(frozen=True, slots=True)
class Near:
    """A phrase of `key` that is nearly in the text."""

    key: str
    phrase: str
    said: str
    likeness: float
    """Percent."""


@lru_cache(maxsize=8)
def _spoken(tables: PhraseTables, keys: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Letters of each phrase of two words or more to its key and how it is listed."""
    found: dict[str, tuple[str, str]] = {}
    relatives, ordinary = tables.words("denial.relatives"), tables.words("names.ordinary")
    for key in keys:
        for phrase in tables[key].listed:
            words = phrase.split()
            # A denial lost or gained by a letter turns the meaning round: those are exact or nothing.
            if len(words) < 2 or "*" in words or "not" in words or "n't" in phrase:
                continue
            # Of words said all day long any few are like any other few: "they've got the" is not "they've got him".
            parts = [part.split("'")[0] for word in words for part in word.rstrip("?").split("/")]
            if not _OF_WHOM.isdisjoint(parts) and ordinary.issuperset(parts):
                continue
            # "With his sister" is said of anybody: it's one letter or two from "it's his sister", and means the opposite.
            if relatives & {part for word in words for part in word.split("/")}:
                continue
            choices = [["", *word[:-1].split("/")] if word.endswith("?") else word.split("/") for word in words]
            for variant in islice(product(*choices), _VARIANTS):
                letters = "".join(variant).replace("'", "")
                if _LETTERS[0] <= len(letters) <= _LETTERS[1]:
                    found.setdefault(letters, (key, phrase))
    return found


def near_phrases(words: Sequence[Token], tables: PhraseTables, keys: tuple[str, ...]) -> list[Near]:
    """Phrases of `keys` that are nearly said, likest first, each key once."""
    spoken = _spoken(tables, keys)
    said = [word.text + word.ending.replace("'", "") for word in words]
    windows: dict[str, str] = {}
    for count in range(_FEWEST, _WORDS + 1):
        for i in range(len(said) - count + 1):
            letters = "".join(said[i : i + count])
            if _LETTERS[0] - 2 <= len(letters) <= _LETTERS[1]:
                windows.setdefault(letters, " ".join(said[i : i + count]))
    if not spoken or not windows:
        return []
    heard, listed = list(windows), list(spoken)
    table = process.cdist(heard, listed, scorer=fuzz.ratio, score_cutoff=_NEAR_ENOUGH, dtype=np.float32)
    best: dict[str, Near] = {}
    for i, k in zip(*np.nonzero(table), strict=True):
        # A phrase without its first or last word is another phrase: "the train" is not "on the train".
        if heard[int(i)] != listed[int(k)] and heard[int(i)] in listed[int(k)]:
            continue
        key, phrase = spoken[listed[int(k)]]
        if _CALLED & (set(windows[heard[int(i)]].split()) - set(phrase.split())):
            continue
        likeness = float(table[i, k])
        if key not in best or likeness > best[key].likeness:
            best[key] = Near(key, phrase, windows[heard[int(i)]], likeness)
    return sorted(best.values(), key=lambda near: -near.likeness)
