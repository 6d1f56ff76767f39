"""Finds names, references and spelled names of people on the register in the hypotheses of one transmission."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from dispatch.calls import Call, Intent, MentionKind, Span
from dispatch.heard import Heard
from dispatch.matching.confidence import Evidence
from dispatch.matching.context import Wording, alike, calls_for_a_name, common_word, is_staff
from dispatch.matching.likeness import likeness, plain_spelling, sound_key
from dispatch.matching.register import Entry, Register
from dispatch.people import Person
from dispatch.phrases import Token, fold, tokens
from dispatch.reading.numbers import references
from dispatch.scheme import Scheme

_SURNAME_FROM = 0.74
_FIRST_FROM = 0.72
_WINDOW_WORDS = 4
"""A name may fall apart into so many words: "now a dwarf eck"."""
_NOT_IN_BEST = 2.0
"""Taken off z for a name that the best wording does not hold."""
_TITLES = frozenset({"mr", "mrs", "miss", "ms", "mister", "surname", "named", "called"})
_SEEN = (Intent.SIGHTING, Intent.INCIDENT, Intent.EMERGENCY, Intent.CORRECTION, Intent.STAND_DOWN)


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of evidence for one person; `span` points into the best wording."""

    person: Person
    kind: MentionKind
    said: str
    span: Span
    wanted: str
    confidence: float
    reason: str
    denied: bool
    hedged: bool
    best_here: bool = True
    """Nobody else on the register fits these words better."""
    only_biased: bool = False


def find_references(call: Call, best: Wording, register: Register, scheme: Scheme) -> Iterable[Found]:
    """References are exact or nothing: a wrong digit is another person."""
    sure = {r.span: r.sure for r in references(best.folded, best.words, scheme)}
    for mention in call.mentions:
        if mention.kind is not MentionKind.REF:
            continue
        entries = register.by_number.get(mention.wanted.lstrip("0"), ())
        certain = sure.get(mention.span, True)
        evidence = Evidence(
            MentionKind.REF, 1.0, len(mention.wanted), context=0.0 if certain else -2.6, rivals=max(1, len(entries))
        )
        for entry in entries:
            how = "is" if certain else "without a word that calls for a reference, is perhaps"
            yield Found(
                entry.person,
                MentionKind.REF,
                mention.said,
                mention.span,
                mention.wanted,
                evidence.confidence(),
                f'"{mention.said}" {how} reference {entry.person.reference}.',
                mention.negated,
                mention.hedged,
            )


def _spelling_distance(heard: str, name: str) -> float:
    """Letters that differ; a letter that was not understood ("?") counts half."""
    distance = float(Levenshtein.distance(heard, name))
    return distance - 0.5 * min(heard.count("?"), distance)


def find_spelled(call: Call, register: Register) -> Iterable[Found]:
    """Spelled names, with a letter or two wrong in long ones; only the nearest on the register."""
    for mention in call.mentions:
        if mention.kind is not MentionKind.SPELLED:
            continue
        heard = mention.wanted
        allowed = 0 if len(heard) < 4 else 1 if len(heard) < 7 else 2 if len(heard) < 11 else 3
        near: list[tuple[float, Entry, str, bool]] = []
        for entry in register.entries:
            surnames = [entry.last, entry.first + entry.last]
            surnames += [part for part in _parts(entry) if len(part) >= 4]
            for name, only_first in [*((name, False) for name in surnames), (entry.first, True)]:
                if name and abs(len(name) - len(heard)) <= allowed:
                    distance = _spelling_distance(heard, name)
                    if distance <= allowed:
                        near.append((distance, entry, name, only_first))
        if not near:
            continue
        nearest = min(distance for distance, *_ in near)
        chosen = {e.person.offender_id: (e, name, first) for d, e, name, first in near if d == nearest}
        runner_up = min((d for d, e, *_ in near if d > nearest), default=nearest + 3)
        for entry, name, only_first in chosen.values():
            evidence = Evidence(
                MentionKind.SPELLED,
                1 - nearest / len(heard) * 0.6,
                len(name),
                margin=min(0.2, (runner_up - nearest) * 0.1),
                rivals=len(chosen),
            )
            confidence = min(evidence.confidence(), 0.6) if only_first else evidence.confidence()
            wrong = f" ({nearest:g} of {len(heard)} letters differ)" if nearest else ""
            what = "the first name of" if only_first else "the name of"
            yield Found(
                entry.person,
                MentionKind.SPELLED,
                mention.said,
                mention.span,
                heard,
                confidence,
                f"Spelled {heard.upper()}{wrong}, {what} {entry.person.name}.",
                mention.negated,
                mention.hedged,
            )


def _parts(entry: Entry) -> list[str]:
    return [token.text for token in tokens(fold(entry.person.last_name))]


@dataclass(frozen=True, slots=True)
class _Hit:
    """A name at words `first` to `last` (exclusive) of one wording."""

    entry: Entry
    kind: MentionKind
    wording: int
    first: int
    last: int
    score: float
    letters: int
    wanted: str
    context: float = 0.0
    rivals: int = 1


def find_names(
    wordings: Sequence[Wording], heard: Heard, call: Call, register: Register, scheme: Scheme
) -> Iterable[Found]:
    """Full names, surnames, aliases and first names, exactly and by likeness, in every hypothesis."""
    hits: list[_Hit] = []
    windows = _windows(wordings)
    hits += _surnames(wordings, windows, register, scheme)
    hits += _aliases(wordings, windows, register, scheme)
    full_at = {(h.wording, i) for h in hits if h.kind is MentionKind.FULL for i in range(h.first, h.last)}
    hits += [
        hit
        for hit in _first_names(wordings, register, scheme, call)
        if not any((hit.wording, i) in full_at for i in range(hit.first, hit.last))
    ]
    yield from _weigh(hits, wordings, heard, call)


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


def _surnames(wordings: Sequence[Wording], windows: Windows, register: Register, scheme: Scheme) -> Iterable[_Hit]:
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
) -> Iterable[_Hit]:
    words = wording.words
    if last - first > 1 and any(token.text == name for token in words[first:last]):
        return  # "a castle" is "castle" with a word too many
    before = _before(wording, first)
    masked = wording.is_masked(Span(words[first].start, words[last - 1].end))
    full: list[_Hit] = []
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
            _Hit(
                entry, MentionKind.FULL, w, first - taken, last, total, len(entry.first) + len(name), entry.person.name
            )
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
    if common_word(said, scheme):
        context += -2.0 + calls_for_a_name(wording, first, last, scheme)
        if not wording.has_capitals:
            context -= 1.8
    elif wording.has_capitals and score < 0.97 and not any(wording.capital(token) for token in words[first:last]):
        context -= 0.7
    if last - first > 1 and score < 0.9:
        context -= 0.5 * (last - first - 1)
    if not whole:
        context -= 1.5
    for entry in entries:
        yield _Hit(
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


def _aliases(wordings: Sequence[Wording], windows: Windows, register: Register, scheme: Scheme) -> Iterable[_Hit]:
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
            if wording.is_masked(Span(wording.words[first].start, wording.words[last - 1].end)):
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
                yield _Hit(entry, MentionKind.ALIAS, w, first, last, score, len(alias), alias, context, len(entries))


def _first_names(wordings: Sequence[Wording], register: Register, scheme: Scheme, call: Call) -> Iterable[_Hit]:
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
                    yield _Hit(
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


def _weigh(hits: Sequence[_Hit], wordings: Sequence[Wording], heard: Heard, call: Call) -> Iterable[Found]:
    """Turn hits into probabilities: rivals, words' own probabilities, and how many hypotheses agree."""
    unbiased = sum(wording.weight for wording in wordings if not wording.biased)
    probabilities = _word_probabilities(wordings[0], heard)
    groups: dict[tuple[int, MentionKind], list[_Hit]] = {}
    for hit in hits:
        groups.setdefault((hit.entry.person.offender_id, hit.kind), []).append(hit)
    # "It was Bryan, not Ryan": Ryan is out of the running.
    denied = {
        h.entry.person.offender_id
        for h in hits
        if h.score >= 0.97 and h.kind in (MentionKind.FIRST, MentionKind.FULL) and _is_denied(h, wordings)
    }
    in_biased = {h.entry.person.offender_id for h in hits if wordings[h.wording].biased and h.score > 0.97}
    for (offender_id, kind), group in groups.items():
        held = sum(wordings[w].weight for w in {hit.wording for hit in group} if not wordings[w].biased)
        only_biased = held == 0
        for hit in _distinct(group, wordings):
            wording = wordings[hit.wording]
            span = Span(wording.words[hit.first].start, wording.words[hit.last - 1].end)
            rival = _best_rival(hit, hits, denied)
            margin = 0.2 if rival is None else hit.score - rival.score
            words = [probabilities[i] for i in range(hit.first, hit.last)] if hit.wording == 0 and probabilities else []
            sex = _sex_context(hit, call)
            agrees = 1.0 if not only_biased and hit.score < 0.97 and offender_id in in_biased else 0.0
            evidence = Evidence(
                kind,
                hit.score,
                hit.letters,
                margin=max(-0.2, min(0.2, margin)),
                word_probability=sum(words) / len(words) if words else 0.7,
                share=held / unbiased if unbiased else 0.0,
                context=hit.context + sex + agrees - (0.0 if hit.wording == 0 else _NOT_IN_BEST),
                rivals=hit.rivals,
                only_biased=only_biased,
            )
            said = wording.text[span.start : span.end]
            where = span if hit.wording == 0 else _in_best(wordings[0], wording, hit.first, hit.last)
            own_denial = any(span.overlaps(scope) for scope in wording.denied)
            own_hedge = any(span.overlaps(scope) for scope in wording.hedged)
            yield Found(
                hit.entry.person,
                kind,
                said,
                where,
                hit.wanted,
                evidence.confidence(),
                _reason(hit, said, rival if margin < 0.1 else None, only_biased=only_biased),
                own_denial or any(where.overlaps(scope) for scope in call.negations),
                own_hedge or any(where.overlaps(scope) for scope in call.hedges),
                best_here=margin >= 0,
                only_biased=only_biased,
            )


def _is_denied(hit: _Hit, wordings: Sequence[Wording]) -> bool:
    wording = wordings[hit.wording]
    span = Span(wording.words[hit.first].start, wording.words[hit.last - 1].end)
    return any(span.overlaps(scope) for scope in wording.denied)


def _distinct(group: Sequence[_Hit], wordings: Sequence[Wording]) -> Iterable[_Hit]:
    """The best hit at each place; places are compared within a wording, the unbiased best first."""
    ordered = sorted(group, key=lambda hit: (wordings[hit.wording].biased, -hit.score - hit.context / 20, hit.wording))
    kept: list[_Hit] = []
    for hit in ordered:
        if any(hit.wording == other.wording and hit.first < other.last and other.first < hit.last for other in kept):
            continue
        if kept and hit.wording != kept[0].wording and hit.score <= kept[0].score:
            continue
        kept.append(hit)
    return kept[:4]


def _best_rival(hit: _Hit, hits: Sequence[_Hit], denied: set[int]) -> _Hit | None:
    """Who else fits these words best; people of the same surname are counted as `rivals` already."""
    best: _Hit | None = None
    for other in hits:
        if other.wording != hit.wording or other.entry is hit.entry or other.kind is MentionKind.FIRST:
            continue
        if other.entry.person.offender_id in denied and hit.entry.person.offender_id not in denied:
            continue
        if other.first >= hit.last or hit.first >= other.last:
            continue
        if hit.kind is MentionKind.FULL and other.kind is not MentionKind.FULL:
            continue
        if other.kind is hit.kind and other.wanted == hit.wanted:
            continue
        if best is None or other.score > best.score:
            best = other
    return best


def _sex_context(hit: _Hit, call: Call) -> float:
    """A surname said of a man may well mean the woman's brother."""
    said, listed = call.description.sex, (hit.entry.person.sex or "").lower()[:1]
    if said is None or not listed or call.description.count or said[0] == listed:
        return 0.0
    return -0.5 if hit.kind is MentionKind.FULL else -1.2


def _reason(hit: _Hit, said: str, rival: _Hit | None, *, only_biased: bool) -> str:
    person = hit.entry.person
    kind = {
        MentionKind.FULL: "the full name",
        MentionKind.LAST: "the surname",
        MentionKind.ALIAS: "an alias",
        MentionKind.FIRST: "the first name",
    }[hit.kind]
    how = "is" if hit.score >= 0.995 else f"sounds like ({hit.score:.0%})"
    text = f'"{said}" {how} {kind} of {person.name}'
    if hit.rivals > 1:
        text += f", shared by {hit.rivals} people on the register"
    elif rival is not None:
        text += f", but {rival.entry.person.name} is nearly as close"
    if only_biased:
        text += ", but was heard only when the name was suggested"
    return text + "."


def _word_probabilities(best: Wording, heard: Heard) -> list[float]:
    """The engine's probability for each word of the best wording; empty when it gives none."""
    spoken = [(token.text, word.probability) for word in heard.words for token in tokens(fold(word.text))]
    if not spoken:
        return []
    found: list[float] = []
    at = 0
    for token in best.words:
        near = next((k for k in range(at, min(at + 4, len(spoken))) if spoken[k][0] == token.text), None)
        if near is None:
            found.append(0.7)
        else:
            found.append(spoken[near][1])
            at = near + 1
    return found


def _in_best(best: Wording, other: Wording, first: int, last: int) -> Span:
    """Where words of another hypothesis stand in the best one, by aligning the two."""
    ops = Levenshtein.opcodes([t.text for t in other.words], [t.text for t in best.words])
    low, high = len(best.words), 0
    for op in ops:
        if op.src_start < last and first < max(op.src_end, op.src_start + 1):
            low, high = min(low, op.dest_start), max(high, op.dest_end)
    if high <= low:
        low = min(low, max(0, len(best.words) - 1))
        high = low + 1
    if not best.words:
        return Span(0, len(best.text))
    return Span(best.words[low].start, best.words[min(high, len(best.words)) - 1].end)
