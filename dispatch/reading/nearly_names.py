"""Words that are probably a name, without looking at the register: what a denial or a guess is about, whom "it's" points at.

They say what a call is for; who it is, matching says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dispatch.calls import Span
from dispatch.phrases import Token, clause_end, tokens
from dispatch.scheme import Scheme

_IS_THAT = re.compile(r"\b(?:is|was) (?:that|this|it) [a-z]")
_POINTS = re.compile(r"(?:\bit|\bthat)(?:'s| is) (?:(?:definitely|defo|only|just|that|our|young|old) )?(?=[a-z]{2,})")
_NOT = re.compile(r"(?:\bnot|n.?t|\bnever)\W*$")


def pointed_at(text: str, folded: str, scheme: Scheme) -> str | None:
    """A name right behind "it's" or "that's"."""
    for hit in _POINTS.finditer(folded):
        end = clause_end(folded, hit.end())
        if _is_name(text, hit.end(), tokens(folded[hit.end() : end])[:1], scheme):
            return text[hit.start() : end]
    return None


def denied_name(text: str, folded: str, denied: Sequence[Span], scheme: Scheme) -> str | None:
    """A name right behind "not"."""
    for span in denied:
        words = tokens(folded[span.start : span.end])
        if _NOT.search(folded[: span.start]) and _is_name(text, span.start, words[:1], scheme):
            return text[span.start + words[0].start : span.end].strip(" ,.")
    return None


def guessed_name(text: str, folded: str, hedged: Sequence[Span], scheme: Scheme) -> str | None:
    """Words in which a name is a guess; a mere question is none, "is that ...?" is."""
    if "?" in text and _IS_THAT.search(folded) is None:
        return None
    for span in hedged:
        words = tokens(folded[span.start : span.end])
        inside = [word for word in words if text[: span.start + word.start].rstrip()[-1:] not in ("", ".", "!", "?")]
        if any(_is_name(text, span.start, [word], scheme) for word in inside):
            return text[span.start : span.end].strip(" ,.?")
    return None


def _is_name(text: str, offset: int, words: Sequence[Token], scheme: Scheme) -> bool:
    """By its capital; where the engine writes none, by being no ordinary word."""
    if not words or len(words[0].text) < 2:
        return False
    if text.islower():
        return len(words[0].text) > 2 and words[0].text not in scheme.words.words("names.ordinary")
    return text[offset + words[0].start].isupper()
