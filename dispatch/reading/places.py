"""Where somebody is and where they are going, from the gazetteer; misheard names of places included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from dispatch.calls import PlaceRead, Span
from dispatch.phrases import Phrases, clause_end, fold, tokens
from dispatch.reading.callers import Parties, is_control
from dispatch.scheme import Place, Scheme

_NEAR_ENOUGH = 88.0
_BEFORE_NEAR_ENOUGH = 78.0
_FUZZY_FROM = 7
"""Letters from which a place may be recognised by likeness."""
_HEADING_WORDS = 9


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """A place or member in the text."""

    name: str
    said: str
    span: Span
    place_id: int | None
    member: bool
    exact: bool


@lru_cache(maxsize=16)
def _forms(places: tuple[Place, ...], members: tuple[str, ...]) -> tuple[dict[str, tuple[str, bool]], Phrases]:
    """What may be said, plainly, to name and whether it is a member; and the expression that finds them all."""
    said: dict[str, tuple[str, bool]] = {}
    for place in places:
        for form in (place.name, *place.said_as, *place.misheard):
            plain = _plain(form)
            if not plain:
                continue
            said.setdefault(plain, (place.name, False))
            if not plain.startswith("old ") and place.closed_on:
                said.setdefault(f"old {plain}", (place.name, False))
    for member in members:
        plain = _plain(member)
        if plain:
            said.setdefault(plain, (member, True))
            if plain.endswith("s") and len(plain) > 5:
                said.setdefault(plain[:-1] + "'s", (member, True))
    usable = [form for form in said if re.fullmatch(r"[a-z0-9' ]+", form)]
    return said, Phrases.of(usable)


def _plain(name: str) -> str:
    words = re.findall(r"[a-z0-9']+", fold(name))
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


def places_in(folded: str, scheme: Scheme, *, misheard: bool = True) -> list[PlaceFound]:
    """Every place and member named, in order; longer names win. `misheard`: also by likeness."""
    said, pattern = _forms(scheme.places, scheme.members)
    by_letters = {re.sub(r"[^a-z0-9]", "", plain): plain for plain in said}
    found = []
    for span in pattern.find(folded):
        words = folded[span.start : span.end]
        plain = by_letters.get(re.sub(r"[^a-z0-9]", "", words))
        if plain is None:
            continue
        name, member = said[plain]
        place = scheme.place(name)
        found.append(PlaceFound(name, words, span, place.place_id if place else None, member, exact=True))
    spoken = tokens(folded)
    long_forms = [plain for plain in said if len(plain.replace(" ", "")) >= _FUZZY_FROM]
    if misheard and long_forms:
        for size in (3, 2, 1):
            for i in range(len(spoken) - size + 1):
                span = Span(spoken[i].start, spoken[i + size - 1].end)
                window = " ".join(token.text for token in spoken[i : i + size])
                if len(window) < _FUZZY_FROM - 1 or any(span.overlaps(place.span) for place in found):
                    continue
                best = process.extractOne(window, long_forms, scorer=fuzz.ratio, score_cutoff=_NEAR_ENOUGH)
                if best and _same_kind(window, best[0]):
                    name, member = said[best[0]]
                    place = scheme.place(name)
                    found.append(PlaceFound(name, window, span, place.place_id if place else None, member, exact=False))
    return sorted(found, key=lambda place: place.span.start)


_KINDS = frozenset(
    ["street", "road", "lane", "centre", "park", "square", "hill", "hall", "gardens", "station", "place", "walk"]
)


def _same_kind(window: str, form: str) -> bool:
    """Where both end alike, what stands before must be alike as well: "the street" is not Hythe Street."""
    *before, last = window.split()
    *wanted, kind = form.split()
    if last != kind or kind not in _KINDS or not wanted:
        return True
    return fuzz.ratio(" ".join(before), " ".join(wanted)) >= _BEFORE_NEAR_ENOUGH


def heading_in(folded: str, text: str, scheme: Scheme) -> tuple[str | None, Span | None]:
    """Where they are going, in the speaker's words, and where that stands; clauses about going that name no place too."""
    for hit in scheme.words["place.heading"].find(folded):
        end = clause_end(folded, hit.end)
        stop = re.search(
            r"\b(?:over|pushing|wearing|carrying|with|he's|she's|they're|and he|and she|in a|on a|please|i see|ic)\b",
            folded[hit.end : end],
        )
        if stop:
            end = hit.end + stop.start()
        rest = tokens(folded[hit.end : end])
        if not rest:
            continue
        end = hit.end + rest[min(len(rest), _HEADING_WORDS) - 1].after
        said = folded[hit.start : hit.end]
        destination = places_in(folded[hit.end : end], scheme)
        if (
            said in ("gone in", "coming to", "going to", "heading", "headed", "gone to", "heading out", "off to")
            and not destination
        ):
            continue
        way = re.sub(
            r"^(?:heading|headed|going|gone|walking|walked|running|run|ran|cycling|out|making \w+ way|on \w+ way|making|off|coming|cut|legged it)\s+",
            "",
            text[hit.start : end].strip(),
            flags=re.IGNORECASE,
        )
        for place in destination:
            if place.name.lower() not in way.lower() and place.said and not place.member:
                way = re.sub(rf"(?:\bthe )?{re.escape(place.said)}", place.name, way, flags=re.IGNORECASE)
        return way.strip(" ,"), Span(hit.start, end)
    return None, None


def place_in(
    folded: str, found: list[PlaceFound], heading: Span | None, parties: Parties, scheme: Scheme
) -> PlaceRead | None:
    """Where they are: a place behind "in", "at", "outside" first, then any place, then the caller's own shop."""
    here = [place for place in found if heading is None or not place.span.overlaps(heading)]
    opening = parties.span
    outside = [place for place in here if opening is None or not place.span.overlaps(opening)]
    for place in outside:
        before = re.sub(r"\b(?:the|our|old)\s*$", "", folded[: place.span.start]).rstrip()
        if scheme.words["place.at"].ends_at(before, len(before)) is not None:
            return PlaceRead(place.name, place.said, place.place_id)
    if outside:
        first = outside[0]
        return PlaceRead(first.name, first.said, first.place_id)
    in_opening = [place for place in here if opening is not None and place.span.overlaps(opening) and not place.member]
    if (
        parties.caller
        and not is_control(parties.caller, scheme)
        and parties.caller not in scheme.words.words("caller.everyone")
    ):
        if in_opening:
            return PlaceRead(f"{parties.caller}, {in_opening[0].name}", in_opening[0].said, in_opening[0].place_id)
        place_row = scheme.place(parties.caller)
        return PlaceRead(parties.caller, parties.caller, place_row.place_id if place_row else None)
    return None
