"""Text made comparable, cut into words, and searched for phrases; nothing here knows what a phrase means.

Folding keeps every character at its place, so that a span found in folded text points into the text as it was heard.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
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
        else:
            out += gap + _word_pattern(word)
    return f"{out}(?![a-z0-9])"


def _first_runs(phrase: str) -> set[str]:
    """Letters with which the phrase can begin, up to an apostrophe: "it's/that" begins "it", "its" or "that"."""
    words = phrase.split(maxsplit=1)[0].split("/")
    return {part for word in words for part in (word.split("'")[0], word.replace("'", "")) if part}


_RUN = re.compile(r"(?<![a-z0-9'])[a-z0-9]+|(?<=[a-z0-9])'[a-z]+")
"""Where a phrase may begin: at a word, or at its ending ("'s in")."""


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """A list of phrases, found quickly: only those that begin with the word at hand are tried."""

    listed: tuple[str, ...]
    entries: frozenset[str]
    """The list as a set."""
    by_first: Mapping[str, re.Pattern[str]]
    """First word (or ending) to the expression for all phrases that begin so, longest first."""

    @classmethod
    def of(cls, listed: Iterable[str]) -> Phrases:
        """Compile phrases.

        Raises:
            PhraseError: a phrase is empty, or has characters a phrase can't have.
        """
        phrases = tuple(listed)
        groups: dict[str, list[str]] = {}
        # Longest first: an alternation takes the first that fits.
        for phrase in sorted(phrases, key=lambda p: (-len(p.split()), -len(p), p)):
            if not phrase.strip():
                raise PhraseError("an empty phrase: remove it")
            if not _PHRASE.fullmatch(phrase) or not re.search("[a-z0-9]", phrase):
                raise PhraseError(
                    f'"{phrase}": use lower-case letters, digits, apostrophes, and / ? * as explained on top'
                )
            first = phrase.split()[0]
            if first.endswith("?") or first == "*":
                raise PhraseError(f'"{phrase}": the first word can neither be optional nor *')
            ending = first.startswith("'")
            for run in {first} if ending else _first_runs(phrase):
                pattern = "'" + _phrase_pattern(phrase[1:]) if ending else _phrase_pattern(phrase)
                groups.setdefault(run, []).append(pattern)
        return cls(
            phrases, frozenset(phrases), {run: re.compile("|".join(patterns)) for run, patterns in groups.items()}
        )

    def find(self, folded: str) -> list[Span]:
        """Where any of the phrases stands, without overlaps, in order."""
        found: list[Span] = []
        end = 0
        for run in _RUN.finditer(folded):
            if run.start() < end:
                continue
            pattern = self.by_first.get(run.group())
            hit = pattern.match(folded, run.start()) if pattern else None
            if hit:
                end = hit.end()
                found.append(Span(hit.start(), end))
        return found

    def first(self, folded: str) -> str | None:
        """The words of the first hit."""
        for span in self.find(folded):
            return folded[span.start : span.end]
        return None

    def ends_at(self, folded: str, position: int) -> str | None:
        """The longest phrase that ends right before `position` (spaces and a comma between)."""
        before = folded[:position].rstrip(" ,")
        starts = [run.start() for run in _RUN.finditer(before, max(0, len(before) - 40))]
        for start in starts:
            pattern = self.by_first.get(_run_at(before, start))
            hit = pattern.match(before, start) if pattern else None
            if hit and hit.end() == len(before):
                return hit.group()
        return None

    def starts_at(self, folded: str, position: int) -> str | None:
        """The words of a phrase that start at `position` (spaces and a comma between)."""
        start = len(folded) - len(folded[position:].lstrip(" ,"))
        pattern = self.by_first.get(_run_at(folded, start))
        hit = pattern.match(folded, start) if pattern else None
        return hit.group() if hit else None


def _run_at(folded: str, start: int) -> str:
    run = _RUN.match(folded, start)
    return run.group() if run else ""


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
