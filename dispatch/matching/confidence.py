"""From evidence to a probability: one small logistic table.

    z = base(kind) + 18 (likeness - 0.9) + 0.22 (letters - 7, at most 5) + 5 (margin, at most 0.2)
        + 1.5 (word probability - 0.7) + 1.0 (share of hypotheses - 0.5) + context
        - 45 (0.12 - margin), when the margin is below 0.12: somebody else's name is nearly the same
    confidence = 1 / (1 + exp(-z)), capped by kind

The weights are reasoned, then checked on written calls; `docs/rules.md` tells what each is for. They are this module's
only business: measuring with real audio may replace them without touching the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from dispatch.calls import MentionKind

_BASE = {
    MentionKind.FULL: 1.2,
    MentionKind.LAST: 0.4,
    MentionKind.ALIAS: 0.9,
    MentionKind.FIRST: -3.0,
    MentionKind.SPELLED: 1.4,
    MentionKind.REF: 2.6,
}
CAPS = {
    MentionKind.FULL: 0.98,
    MentionKind.LAST: 0.96,
    MentionKind.ALIAS: 0.95,
    MentionKind.FIRST: 0.60,
    MentionKind.SPELLED: 0.98,
    MentionKind.REF: 0.98,
}
"""A first name alone never reaches what an alert needs; nothing heard on a radio is certain."""
ONLY_BIASED = 0.40
"""Cap for names that only hypotheses with suggested names hold: such a name may never have been spoken."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for one person being named at one place of the text."""

    kind: MentionKind
    likeness: float
    """0-1, of letters and sound."""
    letters: int
    """Length of the name that was matched."""
    margin: float = 0.2
    """Likeness less that of the nearest other person on the register."""
    word_probability: float = 0.7
    """Mean over the words concerned; 0.7 when the engine gives none."""
    share: float = 1.0
    """Of the unbiased hypotheses, how many hold it, 0-1."""
    context: float = 0.0
    """Added to z: a title before it, a capital, a suggesting engine agreeing; or an everyday word, another first name."""
    rivals: int = 1
    """People on the register whom these words fit equally well."""
    only_biased: bool = False

    def confidence(self) -> float:
        """The probability that this person was named."""
        z = (
            _BASE[self.kind]
            + 18 * (self.likeness - 0.9)
            + 0.22 * min(self.letters - 7, 5)
            + 5 * min(self.margin, 0.2)
            + 1.5 * (self.word_probability - 0.7)
            + 1.0 * (self.share - 0.5)
            + self.context
            - 45 * max(0.0, 0.12 - self.margin)
        )
        probability = 1 / (1 + exp(-z))
        if self.rivals > 1:
            probability = min(probability * 1.15, 0.98) / self.rivals
        cap = min(CAPS[self.kind], ONLY_BIASED) if self.only_biased else CAPS[self.kind]
        return round(min(probability, cap), 3)


def together(confidences: list[float]) -> float:
    """Several kinds of evidence for one person, taken as half independent: the strongest, raised by the others."""
    ordered = sorted(confidences, reverse=True)
    doubt = 1 - ordered[0]
    for other in ordered[1:]:
        doubt *= 1 - 0.6 * other
    return round(min(0.985, 1 - doubt), 3)
