"""What was heard, as `dispatch` accepts it. The gateway translates its transcripts into these values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One word of the best wording. Seconds from the start of the audio; probability 0-1."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Wording:
    """One hypothesis of the speech engine."""

    text: str
    score: float
    """Mean log-probability per token: 0 is certain, -1 is poor."""
    biased: bool = False
    """Heard with the register's names suggested: may hold a name nobody spoke, so never evidence on its own."""
    repeats: bool = False
    """A looping decoder: kept, since it was heard, and no evidence for anything."""
    varied: bool = False
    """Heard through a little noise of the engine's own: less true than the others, but shows how a name sounded."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One transmission as text, with everything the engine can say about how sure it is."""

    text: str
    words: tuple[HeardWord, ...] = ()
    alternatives: tuple[Wording, ...] = ()
    """All hypotheses, best first, the best one included."""
    average_logprob: float = 0.0
    no_speech: float = 0.0
    """Probability that nobody spoke, 0-1."""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Spotted:
    """Where given sounds fit the recording best."""

    cost: float
    """How much less likely they are there than the likeliest sounds (log-probability); 0 is as likely."""
    sounds: int
    """How many there are."""
    start_s: float
    end_s: float
    """Seconds from the start of the audio."""
