"""Reads one transmission: the rules in their order, each leaving its sentence."""

from __future__ import annotations

from math import exp

from dispatch.calls import Call, Intent, Mention, MentionKind, Span
from dispatch.heard import Heard
from dispatch.phrases import fold, tokens
from dispatch.reading.callers import parties
from dispatch.reading.corrections import scopes
from dispatch.reading.denials import merged
from dispatch.reading.descriptions import describe
from dispatch.reading.doubts import doubts, other_digits
from dispatch.reading.intents import Read
from dispatch.reading.nearly_names import denied_name, guessed_name, pointed_at
from dispatch.reading.noise import marks, unintelligible
from dispatch.reading.numbers import references
from dispatch.reading.places import heading_in, place_in, places_in
from dispatch.reading.plates import plate_in
from dispatch.reading.priority import priority_of
from dispatch.reading.read_backs import read_back
from dispatch.reading.spelling import spelled
from dispatch.reading.weighing import FOR_WANT, FOR_WANT_LONG, intent_of
from dispatch.scheme import Scheme

LONGEST = 4000
"""Characters that are read; two minutes of fast speech have 2,400."""
MOST_WORDINGS = 6


def read(heard: Heard, scheme: Scheme) -> Call:
    """What a transmission means, without looking at the register.

    Args:
        heard: the best wording is read; spans of the result point into `heard.text`.
        scheme: places, members and phrases.
    """
    text = heard.text[:LONGEST]
    folded = fold(text)
    nothing = unintelligible(heard, scheme)
    if nothing:
        return Call(text=text, intent=Intent.UNINTELLIGIBLE, reasons=(nothing,))
    reasons = marks(heard, scheme)
    who = parties(text, scheme)
    if who.caller or who.called:
        reasons.append(f"{who.caller or 'Somebody'} calls {who.called or 'everyone'}.")
    found = scopes(text, scheme)
    others = other_wordings(heard)
    doubted = doubts(folded, others, found, scheme)
    denied, guessed = found.denied, merged([*found.hedged, *(doubt.span for doubt in doubted)])
    reasons += [f'Denied: "{text[span.start : span.end].strip(" ,.")}".' for span in denied]
    reasons += [f'A guess or a question: "{text[span.start : span.end].strip(" ,.")}".' for span in guessed]
    reasons += [*found.reasons, *(doubt.why for doubt in doubted)]
    mentions = _mentions(text, folded, denied, guessed, others, scheme, reasons)
    heading, heading_span = heading_in(folded, text, scheme)
    place = place_in(folded, places_in(folded, scheme), heading_span, who, scheme)
    if place:
        reasons.append(f'Place: {place.name} ("{place.said}").')
    if heading:
        reasons.append(f"Heading: {heading}.")
    description = describe(text, scheme)
    if description.parts():
        reasons.append("Description: " + ", ".join(f"{k} {v}" for k, v in description.parts().items()) + ".")
    gives_reference = any(mention.kind is MentionKind.REF for mention in mentions)
    so_far = Read(
        folded,
        scheme,
        who,
        place,
        heading,
        description,
        names_somebody=bool(mentions),
        gives_reference=gives_reference,
        corrects=found.corrects,
        points_at=pointed_at(text, folded, scheme),
        denies=denied_name(text, folded, denied, scheme),
        guesses=None if found.corrects else guessed_name(text, folded, found.hedged, scheme),
        others=others,
    )
    intent, why = intent_of(so_far)
    reasons.append(why)
    priority, category, why_priority = priority_of(so_far, intent)
    if why_priority:
        reasons.append(why_priority)
    repeats = read_back(so_far)
    if repeats:
        reasons.append("Control repeats what it was told.")
    return Call(
        text=text,
        intent=intent,
        caller=who.caller,
        called=who.called,
        mentions=mentions,
        negations=denied,
        hedges=guessed,
        place=place,
        heading=heading,
        description=description,
        priority=priority,
        priority_reason=category,
        read_back=repeats,
        unread=why in (FOR_WANT, FOR_WANT_LONG),
        reasons=tuple(reasons),
    )


def other_wordings(heard: Heard) -> tuple[tuple[str, float], ...]:
    """Unbiased hypotheses that differ from the best text, folded, with their share of the weight of all of them.

    A hypothesis weighs as much as the engine believes in it beside the best one; biased ones may say what nobody said.
    """
    best = " ".join(fold(heard.text).split())
    weights: dict[str, float] = {best: 1.0}
    unbiased = [wording for wording in heard.alternatives[:MOST_WORDINGS] if not wording.biased]
    top = max((wording.score for wording in unbiased), default=0.0)
    for wording in unbiased:
        folded = " ".join(fold(wording.text[:LONGEST]).split())
        weights[folded] = max(weights.get(folded, 0.0), exp(min(0.0, wording.score - top)))
    total = sum(weights.values())
    return tuple((folded, weight / total) for folded, weight in weights.items() if folded != best)


def _mentions(  # noqa: PLR0917 - one caller, right above
    text: str,
    folded: str,
    denied: tuple[Span, ...],
    guessed: tuple[Span, ...],
    others: tuple[tuple[str, float], ...],
    scheme: Scheme,
    reasons: list[str],
) -> tuple[Mention, ...]:
    words = tokens(folded)
    found: list[tuple[Span, MentionKind, str]] = []
    doubted: list[Span] = []
    plate = plate_in(folded, scheme)
    for run in spelled(folded, words):
        if plate and run.span.overlaps(plate.span):
            continue
        found.append((run.span, MentionKind.SPELLED, run.letters))
        reasons.append(f'Spelled: {run.letters.upper()} ("{text[run.span.start : run.span.end]}").')
    for reference in references(folded, words, scheme):
        if plate and reference.span.overlaps(plate.span):
            continue
        if not any(reference.span.overlaps(span) for span, _, _ in found):
            found.append((reference.span, MentionKind.REF, reference.digits))
            sure = "" if reference.sure else ", only three digits without a word that calls for a reference"
            reasons.append(f'Reference {reference.digits} ("{text[reference.span.start : reference.span.end]}"{sure}).')
            doubt = other_digits(reference.digits, others, scheme)
            # One number in seven of three digits is somebody's on a register of 135: heard anywhere it names nobody by itself.
            if not reference.sure:
                doubted.append(reference.span)
            if doubt is not None:
                reasons.append(doubt)
                doubted.append(reference.span)
    return tuple(
        Mention(
            said=text[span.start : span.end],
            kind=kind,
            span=span,
            wanted=wanted,
            negated=any(span.overlaps(scope) for scope in denied),
            hedged=span in doubted or any(span.overlaps(scope) for scope in guessed),
        )
        for span, kind, wanted in sorted(found, key=lambda item: item[0].start)
    )
