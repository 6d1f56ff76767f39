"""Weighs names that were found: rivals on the register, the engine's own doubts, how many hypotheses agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rapidfuzz.distance import Levenshtein

from dispatch.calls import Call, MentionKind, Span
from dispatch.heard import Heard
from dispatch.matching.confidence import Evidence
from dispatch.matching.context import Wording
from dispatch.matching.found import Found, Hit
from dispatch.phrases import fold, tokens

_NOT_IN_BEST = 2.0
"""Taken off z for a name that the best wording does not hold."""


def weigh(hits: Sequence[Hit], wordings: Sequence[Wording], heard: Heard, call: Call) -> Iterable[Found]:
    """Turn hits into probabilities: rivals, words' own probabilities, and how many hypotheses agree."""
    unbiased = sum(wording.weight for wording in wordings if not wording.biased)
    probabilities = _word_probabilities(wordings[0], heard)
    groups: dict[tuple[int, MentionKind], list[Hit]] = {}
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
            span = wording.span(hit.first, hit.last)
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
            where = span if hit.wording == 0 else in_best(wordings[0], wording, hit.first, hit.last)
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


def _is_denied(hit: Hit, wordings: Sequence[Wording]) -> bool:
    wording = wordings[hit.wording]
    span = wording.span(hit.first, hit.last)
    return any(span.overlaps(scope) for scope in wording.denied)


def _distinct(group: Sequence[Hit], wordings: Sequence[Wording]) -> Iterable[Hit]:
    """The best hit at each place; places are compared within a wording, the unbiased best first."""
    ordered = sorted(group, key=lambda hit: (wordings[hit.wording].biased, -hit.score - hit.context / 20, hit.wording))
    kept: list[Hit] = []
    for hit in ordered:
        if any(hit.wording == other.wording and hit.first < other.last and other.first < hit.last for other in kept):
            continue
        if kept and hit.wording != kept[0].wording and hit.score <= kept[0].score:
            continue
        kept.append(hit)
    return kept[:4]


def _best_rival(hit: Hit, hits: Sequence[Hit], denied: set[int]) -> Hit | None:
    """Who else fits these words best; people of the same surname are counted as `rivals` already."""
    best: Hit | None = None
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


def _sex_context(hit: Hit, call: Call) -> float:
    """A surname said of a man may well mean the woman's brother."""
    said, listed = call.description.sex, (hit.entry.person.sex or "").lower()[:1]
    if said is None or not listed or call.description.count or said[0] == listed:
        return 0.0
    return -0.5 if hit.kind is MentionKind.FULL else -1.2


def _reason(hit: Hit, said: str, rival: Hit | None, *, only_biased: bool) -> str:
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


def in_best(best: Wording, other: Wording, first: int, last: int) -> Span:
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
