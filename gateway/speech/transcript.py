"""What speech engines give: words, times, hypotheses, scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class SpeechError(Exception):
    """A speech engine failed; the text says which, on what, and what to do next."""


class SpeechSettingsError(SpeechError):
    """The speech settings can't work as they are (a missing model): trying again can't help."""


@dataclass(frozen=True, slots=True)
class Word:
    """Seconds from the start of the audio; probability 0-1."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One wording. `score` is the mean log-probability per token."""

    text: str
    score: float
    biased: bool = False
    """Heard with hot words."""
    repeats: bool = False
    """It says the same over and over, faster than anyone talks: a looping decoder, no evidence for anything."""
    varied: bool = False
    """Heard through a little noise of the engine's own: how a name sounded shows in how its misspellings vary."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """One transmission as text."""

    text: str
    words: tuple[Word, ...]
    hypotheses: tuple[Hypothesis, ...]
    """Best first; the unbiased best is `text`. Varied ones follow the others, biased ones come last."""
    average_logprob: float
    no_speech: float
    engine: str
    """For instance "whisper tiny.en int8"."""
    took_s: float


@dataclass(frozen=True, slots=True)
class Claim:
    """A wording to be held against the sound; characters `start` to `end` (exclusive) are what is in doubt, a name."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a claim fits the sound: sums of the log-probabilities of its tokens, each given all that is before it."""

    before: float
    claimed: float
    """Of the characters in doubt."""
    after: float
    """Of the next few tokens: after a wrong name the decoder is surprised by what follows."""
    tokens: int
    """Of the characters in doubt, at least 1."""

    @property
    def total(self) -> float:
        """Of everything."""
        return self.before + self.claimed + self.after


@dataclass(frozen=True, slots=True)
class Spotted:
    """Where given sounds fit the audio best."""

    cost: float
    """How much less likely they are there than the likeliest sounds (log-probability); 0 is as likely."""
    sounds: int
    """How many there are."""
    start_s: float
    end_s: float
    """Seconds from the start of the audio."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Words worth suggesting to an engine, most useful first. Engines take as many as they can."""

    names: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    callers: tuple[str, ...] = ()


class Transcriber(Protocol):
    """A speech engine. Audio is mono int16 little-endian at 16 kHz."""

    @property
    def engine(self) -> str:
        """Engine and model, for instance "whisper tiny.en int8"."""
        ...

    async def ping(self) -> bool:
        """Whether it does its work: what the watchdog asks."""
        ...

    async def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        """Hear one whole transmission.

        Raises:
            SpeechError: the attempt failed (a crashed worker, a broken model). Another try may work.
        """
        ...

    async def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        """Log-probability of each given wording of this audio, summed over its tokens; higher fits better.

        Raises:
            SpeechError: also when this engine can't score given wordings.
        """
        ...

    @property
    def verifies(self) -> bool:
        """Whether `listen_for` and `weigh` work: this engine can hear again, and hold given wordings against the sound."""
        ...

    async def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        """Hear a call that was just transcribed once more, with words suggested. All wordings are biased ones.

        Raises:
            SpeechError: the attempt failed, or this engine can't.
        """
        ...

    async def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        """How well each claim fits the sound of this audio, in their order.

        Raises:
            SpeechError: the attempt failed, or this engine can't.
        """
        ...

    async def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        """Where each sequence of phonemes (`dispatch.matching.phonemes`) was most likely said, in their order.

        Nothing where this engine, or its model, can't read single sounds: the wordings alone then say who may have been named.

        Raises:
            SpeechError: the attempt failed.
        """
        ...

    async def stream(self, hints: Hints) -> TranscriptStream | None:
        """Start hearing while the talker still talks; None when this engine can't."""
        ...


class TranscriptStream(Protocol):
    """One transmission heard while it is spoken."""

    async def feed(self, pcm: bytes) -> str:
        """Give more audio; returns the partial text so far."""
        ...

    async def finish(self) -> Transcript:
        """The transmission ended."""
        ...

    async def abandon(self) -> None:
        """Forget it: too short, or our own voice."""
        ...
