"""Reads one transmission: the rules in their order, each leaving its sentence."""

from __future__ import annotations

from dispatch.calls import Call, Intent, Mention, MentionKind, Span
from dispatch.heard import Heard
from dispatch.phrases import fold, tokens
from dispatch.reading.callers import parties
from dispatch.reading.denials import denials, hedges
from dispatch.reading.descriptions import describe
from dispatch.reading.intents import Read, intent_of, priority_of, read_back
from dispatch.reading.noise import unintelligible
from dispatch.reading.numbers import references
from dispatch.reading.places import heading_in, place_in, places_in
from dispatch.reading.spelling import spelled
from dispatch.scheme import Scheme

LONGEST = 4000
"""Characters that are read; two minutes of fast speech have 2,400."""


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
    reasons: list[str] = []
    who = parties(text, scheme)
    if who.caller or who.called:
        reasons.append(f"{who.caller or 'Somebody'} calls {who.called or 'everyone'}.")
    denied, guessed = denials(text, scheme), hedges(text, scheme)
    reasons += [f'Denied: "{text[span.start : span.end].strip(" ,.")}".' for span in denied]
    reasons += [f'A guess or a question: "{text[span.start : span.end].strip(" ,.")}".' for span in guessed]
    mentions = _mentions(text, folded, denied, guessed, scheme, reasons)
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
    so_far = Read(folded, scheme, who, place, heading, description, bool(mentions), gives_reference)
    intent, why = intent_of(so_far)
    reasons.append(why)
    priority, why_priority = priority_of(so_far, intent)
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
        read_back=repeats,
        reasons=tuple(reasons),
    )


def _mentions(  # noqa: PLR0917 - one caller, right above
    text: str, folded: str, denied: tuple[Span, ...], guessed: tuple[Span, ...], scheme: Scheme, reasons: list[str]
) -> tuple[Mention, ...]:
    words = tokens(folded)
    found: list[tuple[Span, MentionKind, str]] = []
    for run in spelled(folded, words):
        found.append((run.span, MentionKind.SPELLED, run.letters))
        reasons.append(f'Spelled: {run.letters.upper()} ("{text[run.span.start : run.span.end]}").')
    for reference in references(folded, words, scheme):
        if not any(reference.span.overlaps(span) for span, _, _ in found):
            found.append((reference.span, MentionKind.REF, reference.digits))
            sure = "" if reference.sure else ", only three digits without a word that calls for a reference"
            reasons.append(f'Reference {reference.digits} ("{text[reference.span.start : reference.span.end]}"{sure}).')
    return tuple(
        Mention(
            said=text[span.start : span.end],
            kind=kind,
            span=span,
            wanted=wanted,
            negated=any(span.overlaps(scope) for scope in denied),
            hedged=any(span.overlaps(scope) for scope in guessed),
        )
        for span, kind, wanted in sorted(found, key=lambda item: item[0].start)
    )
