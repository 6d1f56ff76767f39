"""What the engine's other hypotheses say against the best one: another digit, a "not" that the best has lost, a correction.

Nobody is announced on the strength of a wording that the engine itself half believes to be the opposite: such stretches of
the best text become guesses, and a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.calls import Span
from dispatch.phrases import tokens
from dispatch.reading.corrections import Scopes, scopes
from dispatch.reading.numbers import references
from dispatch.scheme import Scheme

ENOUGH = 0.25
"""Share of the weight of all hypotheses from which a lost "not" or correction counts."""
_TURNS = re.compile(r"\bnot\b|n'?t\b|\bnever\b|\bcorrection\b|\bsaid\b|\bme(?:a|e)nt?\b|\bdisregard\b")
"""Words that can turn the meaning round: without another set of them a hypothesis isn't looked at further."""
_WORD = 4
"""Letters from which a word may be a name."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A stretch of the best text that other hypotheses contradict, and the sentence that says how."""

    span: Span
    why: str


def doubts(folded: str, others: Sequence[tuple[str, float]], found: Scopes, scheme: Scheme) -> list[Doubt]:
    """Stretches of the folded best text that may mean the opposite.

    Args:
        folded: the best text.
        others: other unbiased hypotheses, folded, with their share of the weight of all.
        found: denials and guesses of the best text.
        scheme: phrases.
    """
    turns = sorted(_TURNS.findall(folded))
    corrected, denied = 0.0, dict[str, float]()
    for other, share in others:
        if sorted(_TURNS.findall(other)) == turns:
            continue
        theirs = scopes(other, scheme)
        corrected += share if theirs.corrects and not found.corrects else 0.0
        words = {token.text for span in theirs.denied for token in tokens(other[span.start : span.end])}
        for word in words:
            denied[word] = denied.get(word, 0.0) + share
    raised = []
    if corrected >= ENOUGH and folded:
        raised.append(Doubt(Span(0, len(folded)), f"{corrected:.0%} of the wordings take something back."))
    for token in tokens(folded):
        share = denied.get(token.text, 0.0)
        named = len(token.text) >= _WORD or token.text.isdigit()
        if share >= ENOUGH and named and not any(span.overlaps(Span(token.start, token.end)) for span in found.denied):
            raised.append(
                Doubt(Span(token.start, token.end), f'"{token.text}" is denied in {share:.0%} of the wordings.')
            )
    return raised


def other_digits(digits: str, others: Sequence[tuple[str, float]], scheme: Scheme) -> str | None:
    """Why a reference of the best text is unsure: more of the hypotheses hold another one; else None."""
    support = 1.0 - sum(share for _, share in others)
    against: dict[str, float] = {}
    for other, share in others:
        theirs = {reference.digits for reference in references(other, tokens(other), scheme)}
        if digits in theirs:
            support += share
        elif theirs:
            least = min(theirs)
            against[least] = against.get(least, 0.0) + share
    if sum(against.values()) <= support:
        return None
    rival = max(against, key=lambda key: against[key])
    return f"Reference {digits} is unsure: other wordings have {rival}."
