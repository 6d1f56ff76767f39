"""A speech engine on another machine, by the Wyoming protocol. Implements `gateway.speech.transcript.Transcriber`.

Wyoming gives a text and nothing beside it: no word times, no probabilities, no other wordings, no scores of given ones.
`gateway.speech.ears` adds what the engine here has to say about the same sound.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from gateway.speech.transcript import (
    Claim,
    Fit,
    Hints,
    Hypothesis,
    SpeechError,
    Spotted,
    Transcript,
    TranscriptStream,
)
from gateway.speech.wordings import repeats
from gateway.speech.wyoming import messages
from gateway.speech.wyoming.client import Conversation, WyomingError, address_of
from gateway.speech.wyoming.messages import MeaningError

MOST_RECEIVED: Final = 2 << 20
"""Bytes of one conversation: a long `info`, some progress, a text."""
UNKNOWN_LOGPROB: Final = -0.5
"""Stands for the mean log-probability that Wyoming doesn't tell: what Whisper has on an ordinary noisy call (the names model
was fitted on calls around -0.47)."""
SILENCE: Final = bytes(messages.RATE)
"""Half a second, for trying whether a server really transcribes."""


class WyomingTranscriber:
    """One server. Nothing is kept open between requests."""

    def __init__(self, url: str, *, model: str | None = None, language: str = "en", time_out_s: float = 10.0) -> None:
        """Args: as the settings of `[speech]` (`url`, `url_model`, `language`, `url_time_out_s`).

        Raises:
            ValueError: no address.
        """
        self.address = address_of(url)
        self._model = model
        self._language = language
        self._time_out_s = time_out_s
        self._name = ""

    @property
    def engine(self) -> str:
        """For instance "wyoming faster-whisper base.en at box:10300"; without a name before it was first met."""
        return " ".join(part for part in ("wyoming", self._name, f"at {self.address}") if part)

    @property
    def verifies(self) -> bool:
        """It can't hear again or weigh wordings."""
        return False

    async def look(self) -> str:
        """Meet the server without giving it work; what it is.

        Raises:
            SpeechError: it isn't there, or no speech engine.
        """
        try:
            async with Conversation(self.address, most=MOST_RECEIVED) as talk:
                self._name = await talk.described("asr", self._model)
        except WyomingError as error:
            raise SpeechError(str(error)) from error
        return self.engine

    async def prove(self) -> None:
        """See that it transcribes, on a moment of silence.

        Raises:
            SpeechError: it doesn't.
        """
        await self.transcribe(SILENCE, Hints())

    async def ping(self) -> bool:
        """Whether the server answers."""
        try:
            await self.look()
        except SpeechError:
            return False
        return True

    async def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:  # noqa: ARG002 - no name is suggested, ever
        """Hear one whole transmission: mono int16 little-endian at 16 kHz.

        Raises:
            SpeechError: no transcript came in time.
        """
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._time_out_s), Conversation(self.address, most=MOST_RECEIVED) as talk:
                self._name = await talk.described("asr", self._model)
                await talk.send(messages.transcription(pcm, language=self._language, model=self._model))
                text = messages.transcript(await talk.answer("transcript"))
        except TimeoutError as error:
            raise SpeechError(f"{self.address} gave no transcript within {self._time_out_s:g} s") from error
        except MeaningError as error:
            raise SpeechError(f"{self.address} sent {error}") from error
        except WyomingError as error:
            raise SpeechError(str(error)) from error
        looped = repeats(text, len(pcm) / 2 / messages.RATE)
        return Transcript(
            text=text,
            words=(),
            hypotheses=(Hypothesis(text, 0.0, repeats=looped),) if text else (),
            average_logprob=UNKNOWN_LOGPROB,
            no_speech=0.0,
            engine=self.engine,
            took_s=time.perf_counter() - began,
        )

    async def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:  # noqa: ARG002 - the engines' signature
        """It can't.

        Raises:
            SpeechError: always.
        """
        raise SpeechError("the Wyoming protocol has no way of scoring given wordings")

    async def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:  # noqa: ARG002 - as above
        """It can't.

        Raises:
            SpeechError: always.
        """
        raise SpeechError("the Wyoming protocol has no way of hearing a call again for names")

    async def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:  # noqa: ARG002 - as above
        """It can't.

        Raises:
            SpeechError: always.
        """
        raise SpeechError("the Wyoming protocol has no way of holding a wording against the sound")

    async def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:  # noqa: ARG002 - as above
        """Nothing: it gives words only."""
        return []

    async def stream(self, hints: Hints) -> TranscriptStream | None:  # noqa: ARG002 - as above
        """None: whole calls only."""
        return None
