"""Finds names: full names, surnames, aliases and first names, exactly and by likeness, in every hypothesis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from rapidfuzz import fuzz, process

from dispatch.calls import Call, Intent, MentionKind, Span
from dispatch.matching.context import WHERE, Wording, alike, calls_for_a_name, common_word, is_staff
from dispatch.matching.found import Hit
from dispatch.matching.likeness import likeness, plain_spelling, sound_key
from dispatch.matching.register import Entry, Register
from dispatch.phrases import Token, fold
from dispatch.scheme import Scheme

_SURNAME_FROM = 0.74
_FIRST_FROM = 0.72
_WINDOW_WORDS = 4
"""A name may fall apart into so many words: "now a dwarf eck"."""
_TITLES = frozenset({"mr", "mrs", "miss", "ms", "mister", "surname", "named", "called"})
_SEEN = (Intent.SIGHTING, Intent.INCIDENT, Intent.EMERGENCY, Intent.CORRECTION, Intent.STAND_DOWN)


def find_names(wordings: Sequence[Wording], call: Call, register: Register, scheme: Scheme) -> list[Hit]:
    """Full names, surnames, aliases and first names, exactly and by likeness, in every hypothesis."""
    hits: list[Hit] = []
    windows = _windows(wordings)
    hits += _surnames(wordings, windows, register, scheme)
    hits += _aliases(wordings, windows, register, scheme)
    full_at = {(h.wording, i) for h in hits if h.kind is MentionKind.FULL for i in range(h.first, h.last)}
    hits += [
        hit
        for hit in _first_names(wordings, register, scheme, call)
        if not any((hit.wording, i) in full_at for i in range(hit.first, hit.last))
    ]
    return hits


Windows = dict[str, list[tuple[int, int, int]]]


def _windows(wordings: Sequence[Wording]) -> Windows:
    """Letters of one to four neighbouring words to where they stand: wording, first, last (exclusive)."""
    found: Windows = {}
    for w, wording in enumerate(wordings):
        words = wording.words
        for first in range(len(words)):
            joined = ""
            for last in range(first + 1, min(first + _WINDOW_WORDS, len(words)) + 1):
                if last - 1 > first:
                    gap = wording.folded[words[last - 2].after : words[last - 1].start]
                    if any(mark in gap for mark in ".!?;,") or words[last - 2].ending == "'s":
                        break
                joined += words[last - 1].text
                if len(joined) > 24:
                    break
                if len(joined) >= 2 and not joined.isdigit():
                    found.setdefault(joined, []).append((w, first, last))
    return found


def _near(
    windows: Windows, names: Sequence[str], cutoff: float, ordinary: frozenset[str]
) -> Iterable[tuple[str, str, float]]:
    """Pairs of window and name that are alike, by letters or by sound: two tables filled by rapidfuzz."""
    heard = [window for window in windows if len(window) >= 3 and (window not in ordinary or window in names)]
    if not heard or not names:
        return
    plain_heard = [plain_spelling(window) for window in heard]
    plain_names = [plain_spelling(name) for name in names]
    by_letters = process.cdist(plain_heard, plain_names, scorer=fuzz.ratio, score_cutoff=66)
    keys = [sound_key(window) for window in heard]
    name_keys = [sound_key(name) for name in names]
    by_sound = process.cdist(keys, name_keys, scorer=fuzz.ratio, score_cutoff=79)
    both = (by_letters > 0) | (by_sound > 0)
    for i, k in zip(*np.nonzero(both), strict=True):
        window, name = heard[int(i)], names[int(k)]
        if not 0.55 <= len(window) / len(name) <= 1.7:
            continue
        score = likeness(window, name)
        if score >= cutoff:
            yield window, name, score


def _surnames(wordings: Sequence[Wording], windows: Windows, register: Register, scheme: Scheme) -> Iterable[Hit]:
    names = [*register.by_last, *(part for part in register.parts if part not in register.by_last)]
    given = scheme.words.words("names.given") | frozenset(register.by_first)
    same = alike(scheme.words)
    ordinary = scheme.words.words("names.ordinary")
    for window, name, score in _near(windows, names, _SURNAME_FROM, ordinary):
        whole = name in register.by_last
        entries = register.by_last[name] if whole else register.parts[name]
        for w, first, last in windows[window]:
            wording = wordings[w]
            yield from _surname_at(wording, w, first, last, name, score, entries, whole, given, same, scheme)


def _surname_at(  # noqa: PLR0917 - one caller, right above
    wording: Wording,
    w: int,
    first: int,
    last: int,
    name: str,
    score: float,
    entries: Sequence[Entry],
    whole: bool,
    first_names: frozenset[str],
    same: Mapping[str, frozenset[str]],
    scheme: Scheme,
) -> Iterable[Hit]:
    words = wording.words
    if last - first > 1 and any(token.text == name for token in words[first:last]):
        return  # "a castle" is "castle" with a word too many
    before = _before(wording, first)
    masked = wording.is_masked(Span(words[first].start, words[last - 1].end))
    full: list[Hit] = []
    for entry in entries:
        taken, first_score = _first_name_before(before, entry, same)
        if not taken:
            continue
        share = len(entry.first) / (len(entry.first) + len(name))
        total = first_score * share + score * (1 - share)
        if masked and (first_score < 0.97 or score < 0.97):
            continue
        if total < 0.8 or (score < 0.97 and first_score < 0.97 and total < 0.83):
            continue
        full.append(
            Hit(entry, MentionKind.FULL, w, first - taken, last, total, len(entry.first) + len(name), entry.person.name)
        )
    yield from full
    if masked:
        return
    previous = before[-1].text if before else ""
    context = 0.0
    if previous in _TITLES:
        context += 1.0
    elif full:
        # The first name fits one of them; the others of that surname were not meant, unless it fits badly.
        best = max(hit.score for hit in full)
        entries = [e for e in entries if all(e is not hit.entry for hit in full)] if best < 0.9 else []
        context -= 2.0
    elif previous in first_names:
        context -= 4.5
    elif previous and wording.has_capitals and wording.capital(before[-1]) and not wording.starts_sentence(first - 1):
        context -= 1.0
    said = [token.text for token in words[first:last]]
    if previous in WHERE:
        context -= 3.0
    if common_word(said, scheme):
        context += -2.0 + calls_for_a_name(wording, first, last, scheme)
        if not wording.has_capitals:
            context -= 1.8
        elif previous and wording.capital(before[-1]) and previous not in _TITLES:
            context -= 3.0  # "Spittle Street" is a misheard street
        elif wording.starts_sentence(first):
            context -= 1.5  # "Green parka with the hood up"
    elif wording.has_capitals and score < 0.97 and not any(wording.capital(token) for token in words[first:last]):
        context -= 1.2
    if last - first > 1 and score < 0.9:
        context -= 0.5 * (last - first - 1)
    if not whole:
        context -= 1.5
    for entry in entries:
        yield Hit(
            entry, MentionKind.LAST, w, first, last, score, len(name), entry.person.last_name, context, len(entries)
        )


def _before(wording: Wording, first: int) -> tuple[Token, ...]:
    """Up to two words that stand right before, in the same clause."""
    found: list[Token] = []
    for i in range(first - 1, max(-1, first - 3), -1):
        gap = wording.folded[wording.words[i].after : wording.words[i + 1].start]
        if any(mark in gap for mark in ".!?;,") or wording.words[i].ending == "'s":
            break
        found.insert(0, wording.words[i])
    return tuple(found)


def _first_name_before(before: Sequence[Token], entry: Entry, same: Mapping[str, frozenset[str]]) -> tuple[int, float]:
    """How many words right before the surname are this person's first name, alias or initial, and how alike."""
    best = (0, 0.0)
    for size in (1, 2):
        if len(before) < size:
            continue
        said = "".join(token.text for token in before[-size:])
        options = [likeness(said, entry.first)] if entry.first else []
        if entry.first in same.get(said, frozenset()):
            options.append(0.93)  # "Sean" for "Shaun"
        options += [1.0 for alias in entry.aliases if "".join(alias) == said]
        if size == 1 and len(said) == 1 and entry.first.startswith(said):
            options.append(0.85)
        if size == 1 and len(said) >= 3 and entry.first.startswith(said) and len(entry.first) > len(said):
            options.append(0.9)  # "Vic" for "Victoria"
        score = max(options, default=0.0)
        if score >= _FIRST_FROM and score > best[1] + (0.05 if size == 2 else 0):
            best = (size, score)
    return best


def _aliases(wordings: Sequence[Wording], windows: Windows, register: Register, scheme: Scheme) -> Iterable[Hit]:
    exact = [(alias, alias, 1.0) for alias in register.by_alias if alias in windows]
    long = [alias for alias in register.by_alias if len(alias) >= 4]
    alike = [
        (w, a, s)
        for w, a, s in _near(windows, long, 0.86, scheme.words.words("names.ordinary"))
        if s < 1.0 and (len(a) >= 6 or sound_key(w) == sound_key(a))
    ]
    for window, alias, score in [*exact, *alike]:
        for w, first, last in windows[window]:
            wording = wordings[w]
            said = [token.text for token in wording.words[first:last]]
            if wording.is_masked(wording.span(first, last)):
                continue
            if score < 1.0 and (common_word(said, scheme) or alias in said):
                continue
            context = calls_for_a_name(wording, first, last, scheme)
            if common_word(said, scheme) or len(alias) <= 2:
                context -= 2.5
                if not wording.has_capitals or wording.starts_sentence(first):
                    context -= 0.7
            else:
                context = max(-4.5, min(context, 1.0))
            if score < 1.0 and len(alias) < 6:
                context -= 1.0
            if is_staff(wording, first, last, scheme):
                context -= 2.5
            entries = register.by_alias[alias]
            for entry in entries:
                yield Hit(entry, MentionKind.ALIAS, w, first, last, score, len(alias), alias, context, len(entries))


def _first_names(wordings: Sequence[Wording], register: Register, scheme: Scheme, call: Call) -> Iterable[Hit]:
    missing_child = "child" in fold(call.text) and call.intent is Intent.INCIDENT
    if missing_child:
        return
    by_sound: dict[str, list[str]] = {}
    for name in register.by_first:
        if len(name) >= 4:
            by_sound.setdefault(sound_key(name), []).append(name)
    for w, wording in enumerate(wordings):
        for i, token in enumerate(wording.words):
            same_sound = by_sound.get(sound_key(token.text), []) if len(token.text) >= 4 else []
            names = [token.text] if token.text in register.by_first else []
            names += [name for name in same_sound if name != token.text and likeness(token.text, name) >= 0.85]
            if not names or wording.is_masked(Span(token.start, token.end)) or is_staff(wording, i, i + 1, scheme):
                continue
            if wording.has_capitals and not wording.capital(token):
                continue
            context = min(0.8, calls_for_a_name(wording, i, i + 1, scheme)) if call.intent in _SEEN else -1.0
            if common_word([token.text], scheme):
                context -= 1.0
            if _another_surname_follows(wording, i):
                context -= 2.5
            for name in names:
                entries = register.by_first[name]
                for entry in entries:
                    yield Hit(
                        entry,
                        MentionKind.FIRST,
                        w,
                        i,
                        i + 1,
                        1.0 if name == token.text else 0.9,
                        len(name),
                        name,
                        context,
                        len(entries),
                    )


def _another_surname_follows(wording: Wording, i: int) -> bool:
    if i + 1 >= len(wording.words) or not wording.has_capitals or wording.words[i].ending:
        return False
    following = wording.words[i + 1]
    gap = wording.folded[wording.words[i].after : following.start]
    return gap == " " and wording.capital(following) and not wording.is_masked(Span(following.start, following.end))
