"""How alike two names look and sound: letters (rapidfuzz) and phonetic keys (metaphone)."""

from __future__ import annotations

from functools import lru_cache

import jellyfish
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler


@lru_cache(maxsize=65536)
def sound_key(letters: str) -> str:
    """Metaphone of the letters, without spaces."""
    return jellyfish.metaphone(letters).replace(" ", "")


_SAME_SOUND = (
    ("ph", "f"),
    ("ck", "k"),
    ("sz", "s"),
    ("cz", "ch"),
    ("ee", "i"),
    ("oo", "u"),
    ("w", "v"),
    ("y", "i"),
    ("z", "s"),
    ("q", "k"),
)


@lru_cache(maxsize=65536)
def plain_spelling(letters: str) -> str:
    """Letters that stand for one sound written alike, doubled ones once: "wyrzyk" and "virzick" are both "virsik"."""
    for written, plain in _SAME_SOUND:
        letters = letters.replace(written, plain)
    return "".join(letter for i, letter in enumerate(letters) if i == 0 or letter != letters[i - 1])


@lru_cache(maxsize=65536)
def likeness(heard: str, name: str) -> float:
    """0-1: 1 is the same letters; the better of letters and sound counts most, both agreeing counts more.

    Both are lower case without spaces. Same sound with different letters ("sean", "shaun") gives about 0.9.
    """
    if heard == name:
        return 1.0
    letters = max(fuzz.ratio(heard, name), 0.97 * fuzz.ratio(plain_spelling(heard), plain_spelling(name))) / 100
    start = JaroWinkler.similarity(heard, name)
    heard_key, name_key = sound_key(heard), sound_key(name)
    if not heard_key or not name_key:
        return 0.95 * letters
    sound = fuzz.ratio(heard_key, name_key) / 100
    # Short keys agree by chance: "kez" and "case" have the same two consonants.
    trust = min(1.0, len(name_key) / 4)
    blended = 0.5 * letters + 0.15 * start + 0.35 * sound
    best = max(letters, trust * (0.35 * letters + 0.65 * sound))
    return min(0.97, 0.5 * blended + 0.5 * best)
