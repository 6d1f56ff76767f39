"""The valid word that a wrong one was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

LIKELY = 0.8
"""Below it a suggestion misleads more often than it helps: `sms` is 0.76 like `scheme`, `from` 0.87 like `from_number`."""


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """The most similar of `valid`, or None when nothing is similar. The beginning counts most, case does not."""
    found = process.extractOne(
        word, list(valid), scorer=JaroWinkler.normalized_similarity, processor=str.lower, score_cutoff=LIKELY
    )
    return found[0] if found else None
