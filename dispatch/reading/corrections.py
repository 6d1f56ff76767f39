"""Calls that take something back, however they were heard: which reference was wrong, and what is not sure enough.

"I said zero one zero seven, I meant zero one four seven" loses its "meant" on a bad channel ("I met", "I'm at"), or its
"correction" ("collection"). A reference that was said to be wrong must never be announced, so in such calls nothing is taken
for right unless a word says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.calls import Span
from dispatch.phrases import fold, tokens
from dispatch.reading.denials import denials, hedges, merged
from dispatch.reading.numbers import Reference, references
from dispatch.scheme import Scheme

_SAID_WORDS = 4
"""So many words may stand between "I said" and the reference: "I said it was number ..."."""


@dataclass(frozen=True, slots=True)
class Scopes:
    """Stretches of a text in which naming somebody denies it, or is a guess."""

    denied: tuple[Span, ...]
    hedged: tuple[Span, ...]
    corrects: str | None = None
    """The words that take something back, if any do."""
    reasons: tuple[str, ...] = ()


def scopes(text: str, scheme: Scheme) -> Scopes:
    """Denials and guesses, with what a correction adds to them."""
    folded = fold(text)
    denied, hedged = denials(text, scheme), hedges(text, scheme)
    found = references(folded, tokens(folded), scheme)
    taken = _taken_back(folded, found, denied, scheme)
    if taken is None:
        alike = _suspiciously_alike(folded, found, scheme)
        if not alike:
            return Scopes(denied, hedged)
        reason = f"{found[0].digits} and {found[1].digits} may be one reference, corrected or heard twice."
        return Scopes(denied, merged([*hedged, *alike]), reasons=(reason,))
    reasons = tuple(f'Taken back: "{text[span.start : span.end]}".' for span in taken.wrong)
    unsure = Span(0, taken.right_from)
    denied = tuple(_until(span, taken.right_from) for span in denied)
    return Scopes(merged([*denied, *taken.wrong]), merged([*hedged, unsure]), taken.words, reasons)


def _until(span: Span, right_from: int) -> Span:
    """A denial ends where what was meant begins."""
    return Span(span.start, right_from) if span.start < right_from < span.end else span


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a correction takes back."""

    words: str
    """Those that do it."""
    wrong: tuple[Span, ...]
    right_from: int
    """What is said from here on is what was meant; the length of the text, where nothing says so."""


def _taken_back(folded: str, found: Sequence[Reference], denied: Sequence[Span], scheme: Scheme) -> _Taken | None:
    right_from = _right_from(folded, found, denied, scheme)
    wrong = _all_but_last(found)
    if len(found) > 1:
        first, last = found[0].span, found[-1].span
        for meant in scheme.words["correction.meant"].find(folded[first.end : last.start]):
            start, end = first.end + meant.start, first.end + meant.end
            return _Taken(folded[start:end], wrong, start)
    said = _said_before(folded, found, scheme)
    if said is not None:
        return _Taken(said, wrong, right_from)
    opening = scheme.words["correction.opens"].first(folded)
    if opening is None:
        return None
    if any(reference.span.overlaps(span) for reference in found for span in denied):
        return _Taken(opening, (), min(right_from, _first_right(folded, scheme)))
    # "Should be 0147 dot 0107" has lost its "not": which of the two was meant, nobody can tell.
    told = [_cue_before(folded, found[: k + 1], scheme) is not None for k in range(len(found))]
    return _Taken(opening, () if any(told[:-1]) and not told[-1] else wrong, right_from)


def _first_right(folded: str, scheme: Scheme) -> int:
    """Where the first word stands that says what is right; the length of the text, where none does."""
    right = scheme.words["correction.right"].find(folded)
    return right[0].start if right else len(folded)


def _right_from(folded: str, found: Sequence[Reference], denied: Sequence[Span], scheme: Scheme) -> int:
    """From where on the text is what was meant: with references, only a word right before the last one counts.

    Where nobody is denied, a "not" may be lost ("it's him, it's her"), so only the last such word counts.
    """
    if not found:
        right = scheme.words["correction.right"].find(folded)
        return right[0 if denied else -1].start if right else len(folded)
    cue = _cue_before(folded, found, scheme)
    return len(folded) if cue is None else cue


def _cue_before(folded: str, found: Sequence[Reference], scheme: Scheme) -> int | None:
    """Where the word stands that says, right before the last of these references, that this one is right."""
    earliest = found[-2].span.end if len(found) > 1 else 0
    start = found[-1].span.start
    for cue in reversed(scheme.words["correction.right"].find(folded[:start])):
        between = [token.text for token in tokens(folded[cue.end : start])]
        if cue.start >= earliest and len(between) <= _SAID_WORDS and "not" not in between:
            return cue.start
    return None


def _said_before(folded: str, found: Sequence[Reference], scheme: Scheme) -> str | None:
    """The "I said" that stands right before the first reference."""
    if not found:
        return None
    for said in scheme.words["correction.said"].find(folded[: found[0].span.start]):
        if len(tokens(folded[said.end : found[0].span.start])) <= _SAID_WORDS:
            return folded[said.start : said.end]
    return None


def _all_but_last(found: Sequence[Reference]) -> tuple[Span, ...]:
    """The last is what was meant; said twice, it was meant twice."""
    return tuple(reference.span for reference in found if reference.digits != found[-1].digits)


def _suspiciously_alike(folded: str, found: Sequence[Reference], scheme: Scheme) -> tuple[Span, ...]:
    """Two references that differ by a digit or two, with nothing between that makes them two people."""
    if len(found) != 2:
        return ()
    one, other = found
    differ = sum(a != b for a, b in zip(one.digits, other.digits, strict=False))
    between = folded[one.span.end : other.span.start]
    if not 1 <= differ <= 2 or scheme.words["correction.both"].find(between):
        return ()
    return one.span, other.span
