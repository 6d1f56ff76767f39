"""People who are said to be elsewhere: "no Dazza with him", "Dazza isn't with him", "Dazza is not about today".

Beside them somebody else is often present ("Kes on his own, no Dazza"), so these reach no further than the words that name who is
missing. Where a text without commas doesn't tell how far that is, the words around become guesses: a person decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dispatch.calls import Span
from dispatch.phrases import Token, clause_end, sentence, tokens
from dispatch.scheme import Scheme

_NAME_WORDS = 3
"""A name has at most so many words."""
_NONE = re.compile(r"\b(?:no|without|minus) (?=[a-z])")
_CLAUSE = re.compile(r"[,;:|]|\.(?=\s)|[!?]|\b(?:and|but|with|plus|though|although|because|only)\b")
_JOINS = frozenset({"or", "nor", "and"})
_PRONOUNS = frozenset(
    {"he", "she", "they", "it", "that", "him", "her", "them", "who", "so", "now", "today", "control", "just"}
)
_VERBS = frozenset({"is", "was", "has", "are", "were", "have", "had", "just", "will", "went", "ran", "walked", "came"})
"""Behind a name: "No Kes is outside" is rather "No, Kes is outside"."""
_PAIRED = re.compile(r"\bwith (?:him|her|them|us|me)\b")


@dataclass(frozen=True, slots=True)
class Absent:
    """Stretches that name who is missing, and stretches that may."""

    denied: tuple[Span, ...]
    unsure: tuple[Span, ...]


def absent(text: str, folded: str, scheme: Scheme) -> Absent:
    """Who is said to be elsewhere, by a "no" before the name or words like "isn't with him" behind it."""
    denied: list[Span] = []
    unsure: list[Span] = []
    for hit in _NONE.finditer(folded):
        _none_of(text, folded, hit.end(), scheme, denied, unsure)
    exceptions = scheme.words["denial.not_denials"].find(folded)
    for missing in scheme.words["denial.absent"].find(folded):
        if not any(missing.overlaps(exception) for exception in exceptions):
            _who_is_missing(folded, missing, denied, unsure)
    return Absent(tuple(denied), tuple(unsure))


def _none_of(  # noqa: PLR0917 - one caller, right above
    text: str, folded: str, start: int, scheme: Scheme, denied: list[Span], unsure: list[Span]
) -> None:
    """What is named right behind a "no"."""
    words = tokens(folded[start : clause_end(folded, start)])
    plain = text.islower()
    count = 0
    while count < len(words) and (
        _named(text, start, words[count], scheme, plain=plain) or (count and words[count].text in _JOINS)
    ):
        count += 1
        if plain and count == _NAME_WORDS:
            break
    while count and words[count - 1].text in _JOINS:
        count -= 1
    if not count:
        return
    span = Span(start + words[0].start, start + words[count - 1].after)
    behind = words[count].text if count < len(words) else ""
    rest = folded[span.end : start + words[-1].after]
    if words[count - 1].ending == "'s" or behind in _VERBS:
        unsure.append(span)
    elif not plain or scheme.words["denial.absent_beside"].first(rest):
        denied.append(span)
    else:
        unsure.append(span)


def _named(text: str, start: int, word: Token, scheme: Scheme, *, plain: bool) -> bool:
    if plain:
        return len(word.text) > 2 and word.text not in scheme.words.words("names.ordinary")
    return len(word.text) > 1 and text[start + word.start].isupper()


def _who_is_missing(folded: str, missing: Span, denied: list[Span], unsure: list[Span]) -> None:
    """Who is named right before "isn't with him"; where that is only "he", what stands before the clause."""
    whole = sentence(folded, missing.start).start
    start = max([whole, *(whole + mark.end() for mark in _CLAUSE.finditer(folded[whole : missing.start]))])
    words = tokens(folded[start : missing.start])
    if all(word.text in _PRONOUNS for word in words):
        before = folded[:start].rstrip(" ,;:|.!?")
        marks = list(re.finditer(r"[,;:|.!?]", before))
        clause = marks[-1].end() if marks else 0
        short = len(tokens(before[clause:])) <= _NAME_WORDS
        # "Kes is on his own, she isn't with him" says nothing against Kes.
        if short:
            denied.append(Span(clause, missing.start))
        elif not _PAIRED.search(folded[missing.start : missing.end]):
            denied.append(Span(whole if whole < start else clause, missing.start))
        return
    names = words[-_NAME_WORDS:]
    first = start + names[0].start
    denied.append(Span(first, missing.start))
    if len(words) > _NAME_WORDS:
        unsure.append(Span(start, first))
