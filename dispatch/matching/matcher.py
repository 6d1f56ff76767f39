"""Ties what was said to people on the register, surest first, each with a probability and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.calls import Call, Intent, Match, Mention, MentionKind, Span
from dispatch.heard import Heard
from dispatch.matching.codes import find_references, find_spelled
from dispatch.matching.confidence import CAPS, together
from dispatch.matching.context import Wording, opening_words, prepare
from dispatch.matching.found import Found
from dispatch.matching.names import find_names
from dispatch.matching.register import Register, prepared
from dispatch.matching.weighing import weigh
from dispatch.people import Person
from dispatch.phrases import fold
from dispatch.scheme import Scheme

WORTH_KEEPING = 0.08
"""Candidates below this probability are left out."""
MOST = 12
"""No more candidates than this a transmission."""


def match(  # noqa: PLR0917 - values of six stages, in the order of the pipeline
    heard: Heard,
    call: Call,
    people: Sequence[Person] | Register,
    now: datetime,
    zone: ZoneInfo,
    scheme: Scheme,
) -> tuple[Match, ...]:
    """People on the register who may have been named, surest first, each once; also weak candidates.

    Args:
        heard: all hypotheses of the engine.
        call: what was read from the best one.
        people: the register, or one prepared by `Register.of`.
        now: aware; notices are looked up at this moment.
        zone: the scheme's own time zone.
        scheme: places, members and phrases.
    """
    if call.intent is Intent.UNINTELLIGIBLE or not call.text.strip():
        return ()
    register = prepared(people)
    wordings = _wordings(heard, call, scheme)
    best = wordings[0]
    found: list[Found] = [
        *find_references(call, best, register, scheme),
        *find_spelled(call, register),
        *weigh(find_names(wordings, call, register, scheme), wordings, heard, call),
    ]
    by_person: dict[int, list[Found]] = {}
    for item in found:
        by_person.setdefault(item.person.offender_id, []).append(item)
    matches = [_match(items, now, zone) for items in by_person.values()]
    matches = [m for m in matches if m.confidence >= WORTH_KEEPING]
    matches.sort(key=lambda m: (-m.confidence, m.mention.span.start, m.person.reference))
    return tuple(matches[:MOST])


def _wordings(heard: Heard, call: Call, scheme: Scheme) -> list[Wording]:
    """The best hypothesis first, then each different one once."""
    opening = opening_words(call.text, scheme)
    best = prepare(call.text, scheme, opening_words=opening, biased=False, call=call)
    seen: dict[tuple[str, bool], int] = {}
    texts: dict[tuple[str, bool], str] = {}
    for wording in heard.alternatives[:10]:
        key = (" ".join(fold(wording.text).split()), wording.biased)
        seen[key] = seen.get(key, 0) + 1
        texts.setdefault(key, wording.text[:4000])
    best_key = (" ".join(best.folded.split()), False)
    best = replace(best, weight=max(1, seen.pop(best_key, 1)))
    return [
        best,
        *(
            prepare(texts[key], scheme, opening_words=opening, biased=key[1], weight=weight)
            for key, weight in seen.items()
            if key[0]
        ),
    ]


def _match(items: list[Found], now: datetime, zone: ZoneInfo) -> Match:
    """The best evidence for one person; a person who is denied anywhere is denied."""
    items = sorted(items, key=lambda item: -item.confidence)
    top = items[0]
    strongest: dict[MentionKind, float] = {}
    # The same words counted once: evidence adds up only from different places of the text.
    spans: list[Span] = []
    for item in items:
        if item.kind not in strongest and not any(item.span.overlaps(span) for span in spans):
            strongest[item.kind] = item.confidence
            spans.append(item.span)
    confidence = together(list(strongest.values()))
    if set(strongest) == {MentionKind.FIRST} or all(item.only_biased for item in items):
        confidence = min(confidence, top.confidence)
    confidence = min(confidence, max(0.985, CAPS[top.kind])) if len(strongest) > 1 else top.confidence
    if set(strongest) <= {MentionKind.FIRST}:
        confidence = min(confidence, CAPS[MentionKind.FIRST])
    # Whom a denial fits best is denied, whatever else is said of that person.
    negated = any(item.denied and item.best_here for item in items)
    hedged = all(item.hedged for item in items if item.confidence >= 0.5 * top.confidence)
    person = top.person
    state, notice = person.notice(now, zone)
    mention = Mention(said=top.said, kind=top.kind, span=top.span, wanted=top.wanted, negated=negated, hedged=hedged)
    also = f"; also {', '.join(k.value for k in list(strongest)[1:])}" if len(strongest) > 1 else ""
    return Match(
        mention=mention,
        person=person,
        confidence=confidence,
        notice=state,
        notice_id=notice.notice_id if notice else None,
        reason=top.reason.rstrip(".")
        + also
        + ("; denied by the speaker" if negated else "")
        + ("; the speaker is unsure" if hedged else "")
        + ".",
    )
