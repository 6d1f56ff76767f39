"""Letter to sound for words that no lexicon holds, most surnames: each letter's sounds by the letters around it.

The table was learnt from the British lexicon by `scripts/make_letter_sounds.py` (`dispatch/data/README.md` has the error rate): for
every letter, what it is said as given 0 to 9 letters of context, the nearest first; only contexts that change the answer are
kept, so a word is read with the longest context known. The method is IGTree (Daelemans, van den Bosch and Weijters 1997).
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from importlib import resources

CONTEXT = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5)
"""Positions of letters relative to the one that is read, in the order in which a context grows."""
EDGE = "#"
"""Stands for what is before a word and after it."""
_PAD = 5


def padded(word: str) -> str:
    """A word with its edges, so that every context of every letter is a plain look-up."""
    return EDGE * _PAD + word + EDGE * _PAD


def context(letters: str, at: int) -> str:
    """The whole context of the letter at `at` of a padded word, nearest letters first."""
    return "".join([letters[at + offset] for offset in CONTEXT])


def read_letters(word: str, table: Mapping[str, str]) -> str:
    """Sounds of a word of the letters a-z by a table from context to sounds; other characters have no sound."""
    letters = padded(word)
    said = []
    for at in range(_PAD, len(letters) - _PAD):
        around = context(letters, at)
        for length in range(len(around), 0, -1):
            sound = table.get(around[:length])
            if sound is not None:
                said.append(sound)
                break
    return "".join(said)


@cache
def letter_table() -> Mapping[str, str]:
    """The learnt table: context to sounds. Read once, about 0.1 s."""
    packed = resources.files("dispatch").joinpath("data", "letter_sounds.txt.gz").read_bytes()
    table: dict[str, str] = {}
    sound = ""
    before = ""
    for line in gzip.decompress(packed).decode().splitlines():
        if line.startswith("="):
            sound, before = line[1:], ""
            continue
        # Front coding: how many characters the context shares with the one before.
        before = before[: int(line[0], 16)] + line[1:]
        table[before] = sound
    return table


def sounds_of_letters(word: str) -> str:
    """How an unknown word is most likely said in British English, by its letters a-z alone."""
    return read_letters(word, letter_table())
