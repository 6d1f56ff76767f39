"""Names spelled out: the NATO alphabet with the mistakes people and speech engines make, "S for sugar", single letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from dispatch.calls import Span
from dispatch.phrases import Token

ALPHABET = [
    "alpha",
    "bravo",
    "charlie",
    "delta",
    "echo",
    "foxtrot",
    "golf",
    "hotel",
    "india",
    "juliet",
    "kilo",
    "lima",
    "mike",
    "november",
    "oscar",
    "papa",
    "quebec",
    "romeo",
    "sierra",
    "tango",
    "uniform",
    "victor",
    "whiskey",
    "xray",
    "yankee",
    "zulu",
]
"""ITU phonetic alphabet (Radio Regulations, Appendix 14), as commonly spelled."""

_HEARD_AS = {
    "alfa": "a", "apha": "a", "bravo's": "b", "charley": "c", "charly": "c", "eco": "e", "ecko": "e", "fox": "f", "goff": "g",
    "motel": "h", "indian": "i", "juliett": "j", "juliette": "j", "julia": "j", "keylo": "k", "killo": "k", "keelo": "k",
    "leema": "l", "lema": "l", "lemur": "l", "mic": "m", "oskar": "o", "poppa": "p", "pappa": "p", "pop": "p", "kebec": "q",
    "ciara": "s", "ciera": "s", "siera": "s", "sarah": "s", "tangle": "t", "tangoes": "t", "unicorn": "u", "vector": "v",
    "whisky": "w", "wisky": "w", "whisk": "w", "x": "x", "exray": "x", "yanky": "y", "yankie": "y", "zooloo": "z",
}  # fmt: skip
_BY_WORD = {word: word[0] for word in ALPHABET} | _HEARD_AS
_TWO_WORDS = {"xray": "x", "exray": "x", "foxtrot": "f", "uniform": "u", "whiskey": "w"}
_SILENT = frozenset({"hyphen", "dash", "space", "comma", "then", "and"})
_VEHICLE = frozenset({"plate", "reg", "registration", "index", "plates"})


@dataclass(frozen=True, slots=True)
class Spelled:
    """Letters spelled one after the other; "?" where a word could not be understood."""

    letters: str
    span: Span
    first: int
    last: int
    """Tokens `first` to `last` (exclusive)."""


def spell(letters: str) -> list[str]:
    """Words of the alphabet for letters a to z; anything else is left out."""
    by_letter = {word[0]: word for word in ALPHABET}
    return [by_letter[letter] for letter in letters if letter in by_letter]


@lru_cache(maxsize=4096)
def letter_of(word: str) -> str | None:
    """The letter a word of the alphabet stands for, also slightly misheard; None for any other word."""
    known = _BY_WORD.get(word)
    if known is not None:
        return known
    if len(word) < 4:
        return None
    best = max(ALPHABET, key=lambda right: fuzz.ratio(word, right))
    return best[0] if fuzz.ratio(word, best) >= 83 and word[0] == best[0] else None


def spelled(folded: str, words: Sequence[Token]) -> list[Spelled]:
    """Everything spelled in three letters or more, in order; number plates left out."""
    found: list[Spelled] = []
    i = 0
    while i < len(words):
        run = _run_at(folded, words, i)
        if run is None:
            i += 1
            continue
        before = {token.text for token in words[max(0, i - 2) : i]}
        followed_by_digit = run.last < len(words) and (words[run.last].text.isdigit() or words[run.last].text == "one")
        if not before & _VEHICLE and not (followed_by_digit and len(run.letters) <= 3):
            found.append(run)
        i = run.last
    return found


def _run_at(folded: str, words: Sequence[Token], first: int) -> Spelled | None:
    """The run that starts at token `first`, if one does."""
    letters = ""
    alphabet_words = 0
    i = last = first
    while i < len(words):
        if i > first and any(mark in folded[words[i - 1].after : words[i].start] for mark in ".!?;"):
            single = len(words[i - 1].text) == 1 and len(words[i].text) == 1
            if not single:
                break
        word = words[i].text
        letter = letter_of(word)
        if i + 1 < len(words) and word + words[i + 1].text in _TWO_WORDS:
            letters += _TWO_WORDS[word + words[i + 1].text]
            alphabet_words += 1
            i += 2
        elif _for_example(words, i):
            letters += word if len(word) == 1 else word[0]
            alphabet_words += 1
            i += 3
        elif letter is not None:
            letters += letter
            alphabet_words += 1
            i += 1
        elif len(word) == 1 and word.isalpha() and not words[i].ending:
            letters += word
            i += 1
        elif letters and word in _SILENT and i + 1 < len(words) and letter_of(words[i + 1].text):
            i += 1
            continue
        elif word == "double" and i + 1 < len(words) and (doubled := letter_of(words[i + 1].text)):
            letters += doubled * 2
            alphabet_words += 1
            i += 2
        elif alphabet_words >= 2 and all(k < len(words) and letter_of(words[k].text) for k in (i + 1, i + 2)):
            letters += "?"  # one word not understood amid the spelling
            i += 1
            continue
        else:
            break
        last = i
    letters = letters.rstrip("?")
    # Single letters alone ("I C one") are too common: four of them, or words of the alphabet.
    if len(letters) < 3 or (alphabet_words < 2 and len(letters) < 4):
        return None
    last = min(last, len(words))
    return Spelled(letters, Span(words[first].start, words[last - 1].end), first, last)


def _for_example(words: Sequence[Token], i: int) -> bool:
    """Such as "S for sugar", "b for bravo": the letter and a word that begins with it."""
    if i + 2 >= len(words) or words[i + 1].text not in ("for", "as", "four"):
        return False
    letter, word = words[i].text, words[i + 2].text
    return len(letter) == 1 and letter.isalpha() and word.startswith(letter) and len(word) > 1
