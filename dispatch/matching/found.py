"""A piece of evidence that somebody on the register was named."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.calls import MentionKind, Span
from dispatch.matching.register import Entry
from dispatch.people import Person


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
    shared: bool = False
    """Several people on the register are called so."""


@dataclass(frozen=True, slots=True)
class Hit:
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
