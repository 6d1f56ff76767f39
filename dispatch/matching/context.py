"""What stands around a word: is it a name here, or a shop, a street, a colleague, an everyday word?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from dispatch.calls import Call, Span
from dispatch.phrases import Token, fold, tokens
from dispatch.reading.callers import parties
from dispatch.reading.corrections import scopes
from dispatch.reading.places import places_in
from dispatch.scheme import PhraseTables, Scheme


@dataclass(frozen=True, slots=True)
class Wording:
    """One hypothesis made ready: words, and the stretches in which words name no person."""

    text: str
    folded: str
    words: tuple[Token, ...]
    masked: tuple[Span, ...]
    """Places, members, brands, caller and called."""
    denied: tuple[Span, ...]
    hedged: tuple[Span, ...]
    has_capitals: bool
    """The engine writes capitals, so that a small letter says "no name"."""
    biased: bool
    weight: int = 1
    """How many hypotheses read exactly like this."""
    varied: bool = False
    """Heard through a little noise: shows how a name sounded."""

    def is_masked(self, span: Span) -> bool:
        """It lies in a place, a brand, a shop's name."""
        return any(span.overlaps(mask) for mask in self.masked)

    def span(self, first: int, last: int) -> Span:
        """Where words `first` to `last` (exclusive) stand."""
        return Span(self.words[first].start, self.words[last - 1].end)

    def capital(self, token: Token) -> bool:
        """Written with a capital."""
        return self.text[token.start : token.start + 1].isupper()

    def starts_sentence(self, index: int) -> bool:
        """The word begins the text or a sentence."""
        if index == 0:
            return True
        return any(mark in self.folded[self.words[index - 1].after : self.words[index].start] for mark in ".!?")


def opening_words(text: str, scheme: Scheme) -> int:
    """How many words at the start say who calls whom."""
    span = parties(text, scheme).span
    return len(tokens(fold(text[: span.end]))) if span else 0


def prepare(
    text: str,
    scheme: Scheme,
    *,
    opening_words: int,
    biased: bool,
    weight: int = 1,
    call: Call | None = None,
    varied: bool = False,
) -> Wording:
    """Make a hypothesis ready.

    Args:
        text: the wording.
        scheme: places, brands and phrases.
        opening_words: words at the start that say who calls whom; about the same in all hypotheses.
        biased: heard with names suggested.
        weight: how many hypotheses read so.
        call: what was read from this very text, if it was.
        varied: heard through a little noise.
    """
    folded = fold(text)
    words = tokens(folded)
    masks = [
        place.span
        for place in places_in(folded, scheme, misheard=call is not None)
        if place.exact or len(place.said) >= 9
    ]
    masks += scheme.words["names.brands"].find(folded)
    masks += _clothes(folded, scheme)
    if opening_words and words:
        masks.append(Span(0, words[min(opening_words, len(words)) - 1].after))
    calling = _calls_control(words, scheme)
    if calling:
        masks.append(Span(0, words[calling - 1].after))
    denied, hedged = (call.negations, call.hedges) if call else _scopes(text, scheme)
    capitals = sum(text[token.start].isupper() for token in words[1:])
    return Wording(
        text,
        folded,
        words,
        tuple(masks),
        denied,
        hedged,
        has_capitals=bool(capitals) or text[:1].isupper(),
        biased=biased,
        weight=weight,
        varied=varied,
    )


def _clothes(folded: str, scheme: Scheme) -> list[Span]:
    """Colours with the garment behind them: in "Green Parker" nobody called Green or Parker is named."""
    colours = {span.end: span.start for span in scheme.words["description.colours"].find(folded)}
    worn = [span for key in _WORN for span in scheme.words[key].find(folded)]
    return [
        Span(colours[before], garment.end)
        for garment in worn
        if (before := len(folded[: garment.start].rstrip())) in colours
    ]


_WORN = ("description.upper", "description.lower", "description.headwear", "description.misheard_garments")

WHERE = frozenset({"at", "in", "into", "near", "outside", "inside", "opposite"})
"""Before a surname or nickname alone: "at Clarks" is a shop that the list of members lacks."""
_LINKS = frozenset({"to", "the", "two", "a", "for", "into", "calling", "through", "took", "too", "at"})
_OPENING = 7


def _calls_control(words: Sequence[Token], scheme: Scheme) -> int:
    """Words up to the control room's name, where a call begins with a few words and a link, misheard or not: who calls.

    "Boost the control" is Boots to Control: whatever stands there is a shop.
    """
    control = {fold(name) for name in scheme.control_names}
    for i in range(2, min(_OPENING, len(words))):
        if words[i].text in control and words[i - 1].text in _LINKS:
            return i + 1
    return 0


def _scopes(text: str, scheme: Scheme) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    found = scopes(text, scheme)
    return found.denied, found.hedged


@lru_cache(maxsize=8)
def alike(tables: PhraseTables) -> dict[str, frozenset[str]]:
    """For each first name the others that are one and the same on the air."""
    groups: dict[str, set[str]] = {}
    for entry in tables["names.alike"].listed:
        names = {name.replace(" ", "") for name in entry.split("/")}
        for name in names:
            groups.setdefault(name, set()).update(names)
    return {name: frozenset(names - {name}) for name, names in groups.items()}


def common_word(words: Sequence[str], scheme: Scheme) -> bool:
    """All of these are everyday words."""
    common = scheme.words.words("names.common")
    return all(word in common for word in words)


def calls_for_a_name(wording: Wording, first: int, last: int, scheme: Scheme) -> float:
    """How much the surroundings of words `first` to `last` (exclusive) call for a name: about -3 to 2, added to z."""
    start, end = wording.words[first].start, wording.words[last - 1].after
    score = 0.0
    if wording.has_capitals:
        capitals = all(wording.capital(token) for token in wording.words[first:last])
        if not capitals:
            score -= 2.5
        elif not wording.starts_sentence(first):
            score += 1.0
    tables = scheme.words
    if tables["names.called_before"].ends_at(wording.folded, start):
        score += 1.0
    after = wording.words[last - 1].ending == "'s" or tables["names.called_after"].starts_at(wording.folded, end)
    if after:
        score += 0.8
    if tables["names.ordinary_before"].ends_at(wording.folded, start):
        score = min(score, 0.0) - 4.5
    return score


def is_staff(wording: Wording, first: int, last: int, scheme: Scheme) -> bool:
    """A colleague: thanked, greeted, calling, "Tracey at the bakery"; or a lost child's name."""
    start, end = wording.words[first].start, wording.words[last - 1].after
    if scheme.words["names.staff_before"].ends_at(wording.folded, start):
        return True
    if scheme.words["names.staff_after"].starts_at(wording.folded, end):
        return True
    nxt = wording.words[last].text if last < len(wording.words) else ""
    if nxt in ("at", "in", "from", "of") and first <= 3:
        rest = Span(wording.words[last].after, min(len(wording.folded), wording.words[last].after + 30))
        return any(mask.start - rest.start <= 5 and mask.overlaps(rest) for mask in wording.masked) and first <= 1
    return False
