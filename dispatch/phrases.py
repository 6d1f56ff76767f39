"""Text made comparable, cut into words, and searched for phrases; nothing here knows what a phrase means.

Folding keeps every character at its place, so that a span found in folded text points into the text as it was heard.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from dispatch.calls import Span

_TYPOGRAPHIC = {"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "–": "-", "—": "-", "‐": "-", "‑": "-"}
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)*")
_GAP = r"[^a-z0-9.!?]{1,3}"
"""Between two words of one phrase: a space, a comma and a space, a hyphen; never the end of a sentence."""
_PHRASE = re.compile(r"[a-z0-9'/?* ]+")


class PhraseError(ValueError):
    """A phrase can't be used; the text says which and why."""


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    character = _TYPOGRAPHIC.get(character, character)
    if character.isascii():
        return character.lower()
    base = unicodedata.normalize("NFKD", character)[0].lower()
    return base if len(base) == 1 else character


def fold(text: str) -> str:
    """Lower case, without accents and curly quotes, character for character: `len(fold(x)) == len(x)`."""
    return "".join(map(_fold_character, text))


@dataclass(frozen=True, slots=True)
class Token:
    """One word: folded, without a possessive or contracted ending ("he's" is "he")."""

    text: str
    start: int
    end: int
    """End of `text`; the ending, if any, follows."""
    ending: str = ""
    """ "'s", "'ve", ... or nothing."""

    @property
    def after(self) -> int:
        """Where the word ends with its ending."""
        return self.end + len(self.ending)


def tokens(folded: str) -> tuple[Token, ...]:
    """Words of folded text, in order."""
    found = []
    for hit in _TOKEN.finditer(folded):
        word, _, ending = hit.group().partition("'")
        # O'Brien is one name, not "o" with an ending.
        if ending and (len(word) == 1 and len(ending) > 2):
            word, ending = hit.group().replace("'", ""), ""
            found.append(Token(word, hit.start(), hit.end()))
            continue
        found.append(Token(word, hit.start(), hit.start() + len(word), f"'{ending}" if ending else ""))
    return tuple(found)


def _word_pattern(word: str) -> str:
    alternatives = "|".join(re.escape(part).replace("'", "'?") for part in word.split("/"))
    return f"(?:{alternatives})"


def _phrase_pattern(phrase: str) -> str:
    out = ""
    for word in phrase.split():
        gap = _GAP if out else ""
        if word == "*":
            out += f"(?:{gap}[a-z0-9']+){{1,3}}"
        elif word.endswith("?"):
            out += f"(?:{gap}{_word_pattern(word[:-1])})?"
        elif word.startswith("'") and not out:
            out += _word_pattern(word)
        else:
            out += gap + _word_pattern(word)
    start = "" if phrase.startswith("'") else r"(?<![a-z0-9'])"
    return f"{start}{out}(?![a-z0-9])"


@dataclass(frozen=True, slots=True)
class Phrases:
    """A list of phrases with the one expression that finds them all."""

    listed: tuple[str, ...]
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, listed: Iterable[str]) -> Phrases:
        """Compile phrases.

        Raises:
            PhraseError: a phrase is empty, or has characters a phrase can't have.
        """
        phrases = tuple(listed)
        for phrase in phrases:
            if not phrase.strip():
                raise PhraseError("an empty phrase: remove it")
            if not _PHRASE.fullmatch(phrase) or not re.search("[a-z0-9]", phrase):
                raise PhraseError(
                    f'"{phrase}": use lower-case letters, digits, apostrophes, and / ? * as explained on top'
                )
            if phrase.split()[0].endswith("?"):
                raise PhraseError(f'"{phrase}": the first word can\'t be optional')
        # Longest first: an alternation takes the first that fits.
        longest_first = sorted(phrases, key=lambda p: (-len(p.split()), -len(p)))
        pattern = "|".join(map(_phrase_pattern, longest_first)) or r"(?!)"
        return cls(phrases, re.compile(pattern))

    def find(self, folded: str) -> list[Span]:
        """Where any of the phrases stands, without overlaps, in order."""
        return [Span(hit.start(), hit.end()) for hit in self.pattern.finditer(folded) if hit.end() > hit.start()]

    def first(self, folded: str) -> str | None:
        """The words of the first hit."""
        hit = self.pattern.search(folded)
        return hit.group() if hit else None

    def ends_at(self, folded: str, position: int) -> str | None:
        """The words of a phrase that end right before `position` (spaces and a comma between)."""
        window = folded[max(0, position - 40) : position].rstrip(" ,")
        best = None
        for hit in self.pattern.finditer(window):
            if hit.end() == len(window):
                best = hit.group()
        return best

    def starts_at(self, folded: str, position: int) -> str | None:
        """The words of a phrase that start at `position` (spaces and a comma between)."""
        rest = folded[position : position + 60]
        hit = self.pattern.match(rest, len(rest) - len(rest.lstrip(" ,")))
        return hit.group() if hit else None


def sentence(folded: str, position: int) -> Span:
    """The sentence that holds `position`: up to a full stop, question or exclamation mark that ends a word."""
    start = 0
    for hit in re.finditer(r"[.!?]+(?=\s|$)", folded):
        if hit.end() > position:
            return Span(start, hit.end())
        start = hit.end()
    return Span(start, len(folded))


def clause_end(folded: str, position: int) -> int:
    """Where the clause that holds `position` ends: at the next comma, semicolon or end of sentence."""
    hit = re.search(r"[,;:!?]|\.(?=\s|$)", folded[position:])
    return position + hit.start() if hit else len(folded)
