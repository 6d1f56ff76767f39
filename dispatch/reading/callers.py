"""Who calls whom: "Boots to Control", "Control, Control from Iceland", "Control from the bakery"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz

from dispatch.calls import Span
from dispatch.phrases import Token, clause_end, fold, tokens
from dispatch.scheme import Scheme

_NEAR_ENOUGH = 82.0
"""Percent of rapidfuzz ratio from which a misheard member still counts at the start of a call ("bootes to control")."""
_STRANGER_WORDS = 3
"""A shop's name on the air has at most so many words."""
_OPENING_WORDS = 14
"""Caller and called are said within the first words or not at all."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Caller and called, with the stretch of text that names them."""

    caller: str | None = None
    called: str | None = None
    span: Span | None = None
    """Words in it name shops and stations, not people."""


@dataclass(frozen=True, slots=True)
class Station:
    """Somebody who can call or be called, made ready for comparing."""

    name: str
    """As the scheme writes it."""
    words: tuple[str, ...]
    """Folded, without article."""
    letters: str
    usual: bool = True
    """Its own name and not what engines mishear for it, which counts only at the start of a call."""


@lru_cache(maxsize=16)
def _stations(
    members: tuple[str, ...],
    control: tuple[str, ...],
    misheard: tuple[str, ...],
    kinds: tuple[str, ...],
    everyone: tuple[str, ...],
) -> tuple[Station, ...]:
    """Everybody who can call or be called, longest name first."""
    named = dict.fromkeys((_plain(form) for form in misheard), control[0]) if control else {}
    named |= {_plain(kind): kind for kind in kinds}
    named |= {_plain(word): word for word in everyone}
    named |= {_plain(member): member for member in members}
    named |= {_plain(name): name for name in control}
    own = {_plain(name) for name in (*kinds, *everyone, *members, *control)}
    return tuple(
        Station(name, tuple(plain.split()), plain.replace(" ", ""), usual=plain in own)
        for plain, name in sorted(named.items(), key=lambda item: -len(item[0]))
        if plain
    )


def _plain(name: str) -> str:
    words = [token.text + token.ending.replace("'", "") for token in tokens(fold(name))]
    return " ".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


def stations(scheme: Scheme) -> tuple[Station, ...]:
    """Everybody who can call or be called."""
    words = scheme.words
    return _stations(
        scheme.members,
        scheme.control_names,
        words["caller.control_misheard"].listed,
        words["caller.kinds"].listed,
        words["caller.everyone"].listed,
    )


def is_control(name: str | None, scheme: Scheme) -> bool:
    """Whether this is the scheme's own control room."""
    return name is not None and _plain(name) in {_plain(own) for own in scheme.control_names}


Named = Sequence[Station]


def _match(words: Sequence[str], named: Named, *, misheard: bool) -> tuple[str, int] | None:
    """The station that `words` begin with, and how many words it takes."""
    skip = 1 if words[:1] == ["the"] else 0
    rest = tuple(words[skip : skip + 8])
    if not rest:
        return None
    for station in named:
        if rest[: len(station.words)] == station.words and (station.usual or misheard):
            return station.name, skip + len(station.words)
    if not misheard:
        return None
    best: tuple[float, str, int] | None = None
    joined = ["".join(rest[:n]) for n in range(len(rest) + 1)]
    for station in named:
        if len(station.letters) < 4:
            continue
        size = len(station.words)
        for n in {max(1, size - 1), size, size + 1}:
            if n <= len(rest):
                likeness = fuzz.ratio(joined[n], station.letters, score_cutoff=_NEAR_ENOUGH)
                if likeness >= _NEAR_ENOUGH and (best is None or likeness > best[0]):
                    best = (likeness, station.name, skip + n)
    return (best[1], best[2]) if best else None


def parties(text: str, scheme: Scheme) -> Parties:
    """Read the opening of a call."""
    folded = fold(text)
    found = tokens(folded)[:_OPENING_WORDS]
    words = [token.text + (token.ending.replace("'", "") if token.ending == "'s" else "") for token in found]
    bare = [token.text for token in found]
    named = stations(scheme)
    links = scheme.words.words("caller.links")
    start = 0
    opening = scheme.words["caller.openings"].starts_at(folded, 0)
    if opening:
        start = len(tokens(opening))
    for first in dict.fromkeys((start, 0, start + 1)):
        read = _formula(words, first, named, links) or _formula(bare, first, named, links)
        if read:
            caller, called, last = read
            last = min(last, len(found))
            return Parties(caller, called, Span(found[first].start, found[last - 1].after))
    stranger = _stranger(text, folded, found, start, scheme)
    if stranger:
        return stranger
    # "Mark from Corner Books here": who speaks is staff, whatever the name.
    if words[start + 1 : start + 2] == ["from"]:
        own = _match(words[start + 2 :], named, misheard=False)
        if own and not is_control(own[0], scheme):
            return Parties(own[0], None, Span(found[start].start, found[min(start + 1 + own[1], len(found) - 1)].after))
    # No formula: a station right at the start, before a comma ("Iceland, he's back").
    station = _match(words, named, misheard=False) or _match(bare, named, misheard=False)
    if station and found:
        last_token = found[min(station[1], len(found)) - 1]
        followed = folded[last_token.after : last_token.after + 1]
        nxt = found[station[1]].text if station[1] < len(found) else ""
        address = _address(folded, last_token.after)
        if followed in (",", ".", ":", "") or nxt in ("here", "speaking", "security", "signing") or address is not None:
            end = last_token.after if address is None else address
            if is_control(station[0], scheme) and nxt in ("can", "could", "are"):
                return Parties(None, station[0], Span(found[0].start, end))
            return Parties(station[0], None, Span(found[0].start, end))
    return Parties()


def _stranger(text: str, folded: str, found: Sequence[Token], first: int, scheme: Scheme) -> Parties | None:
    """Caller or called whom the list of members lacks: "<a few words> to Control", "Control from <a few words>,".

    Whoever stands there is a shop, whatever it sounds like: nobody on the register calls the control room.
    """
    words = [token.text for token in found]
    named = stations(scheme)
    no_station = scheme.words.words("caller.no_station")
    callable_by_all = {*scheme.control_names, *scheme.words["caller.everyone"].listed}
    for size in range(1, _STRANGER_WORDS + 1):
        at = first + size
        if words[at : at + 1] not in (["to"], ["calling"]):
            continue
        if clause_end(folded, found[first].start) < found[at].start:
            return None
        other = _match(words[at + 1 :], named, misheard=False)
        if other and other[0] in callable_by_all and not no_station & set(words[first:at]):
            caller = text[found[first].start : found[at - 1].after]
            return Parties(caller, other[0], Span(found[first].start, found[min(at + other[1], len(found) - 1)].after))
    one = _match(words[first:], named, misheard=False)
    if one is None or not is_control(one[0], scheme):
        return None
    at = first + one[1]
    again = _match(words[at:], named, misheard=False)
    at += again[1] if again and again[0] == one[0] else 0
    if words[at : at + 1] not in (["to"], ["from"]) or at + 1 >= len(found):
        return None
    end = clause_end(folded, found[at].after)
    count = len(tokens(folded[found[at].after : end]))
    if not 1 <= count <= _STRANGER_WORDS or end >= len(folded):
        return None
    stranger = text[found[at + 1].start : end].strip()
    caller, called = (one[0], stranger) if words[at] == "to" else (stranger, one[0])
    return Parties(caller, called, Span(found[first].start, end))


def _address(folded: str, position: int) -> int | None:
    """Where "on Mill Lane" or "by the park" behind a kind of shop ends, if it is followed by a comma."""
    if re.match(r" (?:on|in|by|at) ", folded[position : position + 4]) is None:
        return None
    end = clause_end(folded, position)
    return end if end < len(folded) and folded[end] == "," and len(tokens(folded[position:end])) <= 4 else None


def _formula(
    words: Sequence[str], first: int, named: Named, links: frozenset[str]
) -> tuple[str | None, str | None, int] | None:
    """Either "A to B" or "B (B) from A", from word `first`: caller, called, words taken."""
    if first >= len(words):
        return None
    one = _match(words[first:], named, misheard=True)
    if one is None:
        return None
    name, size = one
    at = first + size
    # "Bakery on Mill Lane to Control": a street may stand between.
    if words[at : at + 1] and words[at] in ("on", "in", "by", "at"):
        for k in range(at + 2, min(at + 5, len(words))):
            if words[k] == "to" and _match(words[k + 1 :], named, misheard=True):
                at = k
                break
    if words[at : at + 1] and words[at] in links:
        other = _match(words[at + 1 :], named, misheard=True)
        if other:
            end = at + 1 + other[1]
            if words[end : end + 2] == ["and", "all"] or words[end : end + 1] == ["and"]:
                more = _match(words[end + 1 :], named, misheard=False)
                end += 1 + more[1] if more else 0
            return name, other[0], end
        if words[at + 1 : at + 3] == ["last", "caller"]:
            return name, "last caller", at + 3
        return None
    again = _match(words[at:], named, misheard=False)
    if again and again[0] == name:
        at += again[1]
    if words[at : at + 1] == ["from"]:
        other = _match(words[at + 1 :], named, misheard=True)
        if other:
            return other[0], name, at + 1 + other[1]
    if first == 0 and words[:1] == ["correction"]:
        return None
    return None
