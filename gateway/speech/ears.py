"""The gateway's ears: the engine here, and before it the one on another machine where the settings name one.

The engine elsewhere gives the text. The engine here hears beside it (`speech.url_beside`), because Wyoming says nothing about
how sure it is; and so its transcript is already there when the other one fails. Names are suggested to it and held
against the sound by it alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Final, Protocol, Self

import structlog

from gateway.speech.elsewhere import Elsewhere, Waits
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import (
    Claim,
    Fit,
    Hints,
    Hypothesis,
    SpeechError,
    Spotted,
    Transcriber,
    Transcript,
    TranscriptStream,
)
from gateway.speech.wordings import distinct
from gateway.speech.workers import SpeechWorkers
from gateway.speech.wyoming.transcriber import WyomingTranscriber

log = structlog.get_logger()

_SHORTEST: Final = 3_200
"""Bytes, a tenth of a second: less is no speech, and not worth a journey."""
_LEAST_LOGPROB: Final = -1.0
"""The engine here may say that a stock phrase is no speech (`dispatch.reading.noise`); that it is at a loss itself must not make
nothing of what a better one understood."""
_STREAM_LIMIT: Final = 300 * 32_000
"""Bytes of one stream: as in `gateway.speech.workers`."""


class Ears(Transcriber, Protocol):
    """What hears for a gateway."""

    @property
    def streams(self) -> bool:
        """It hears while the talker talks."""
        ...

    async def __aenter__(self) -> Self:
        """Start it.

        Raises:
            SpeechSettingsError: the settings can't work.
        """
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End it."""
        ...


class FallbackTranscriber:
    """The engine elsewhere first, the one here behind and beside it. Use it as an `async with`.

    Every call is heard: one that the engine elsewhere fails at, or takes too long over, is given as the engine here heard it.
    One call at a time goes elsewhere, as simple servers want it; one that has waited for its turn for `time_out_s` is heard here.

    Args:
        local: the engine here.
        remote: the engine elsewhere.
        beside: the engine here hears every call, for a second opinion.
        time_out_s: longest wait for a turn.
        waits: when to try again after a failure.
    """

    def __init__(
        self,
        local: Ears,
        remote: WyomingTranscriber,
        *,
        beside: bool = True,
        time_out_s: float = 10.0,
        waits: Waits | None = None,
    ) -> None:
        self.elsewhere = Elsewhere(f"speech at {remote.address}", remote, SpeechError, waits=waits)
        self._local = local
        self._remote = remote
        self._beside = beside
        self._time_out_s = time_out_s
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()

    @property
    def engine(self) -> str:
        """Both, for instance "wyoming faster-whisper at box:10300, else whisper tiny.en int8"."""
        return f"{self._remote.engine}, else {self._local.engine}"

    @property
    def streams(self) -> bool:
        """The engine here hears while the talker talks."""
        return self._local.streams

    @property
    def verifies(self) -> bool:
        """The engine here can hear again and weigh."""
        return self._local.verifies

    async def __aenter__(self) -> Self:
        """Start the engine here, and meet the one elsewhere: at most four seconds more when it isn't there.

        Raises:
            SpeechSettingsError: the engine here can't start. Without it nothing could take over.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._local)
            await stack.enter_async_context(self.elsewhere)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def ping(self) -> bool:
        """Whether the engine here does its work: the one elsewhere is no reason for starting a gateway again."""
        return await self._local.ping()

    async def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        """Hear one whole transmission: mono int16 little-endian at 16 kHz.

        Raises:
            SpeechError: neither engine could.
        """
        if not self._beside or not self.elsewhere.there:
            return await self._first(pcm) or await self._local.transcribe(pcm, hints)
        async with asyncio.TaskGroup() as group:
            there = group.create_task(self._first(pcm), name="hearing elsewhere")
            here = group.create_task(_outcome(self._local, pcm, hints), name="hearing here")
        return chosen(there.result(), here.result())

    async def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        """By the engine here.

        Raises:
            SpeechError: as `SpeechWorkers.score`.
        """
        return await self._local.score(pcm, wordings)

    async def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        """By the engine here.

        Raises:
            SpeechError: as `SpeechWorkers.listen_for`.
        """
        return await self._local.listen_for(pcm, hints)

    async def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        """By the engine here.

        Raises:
            SpeechError: as `SpeechWorkers.weigh`.
        """
        return await self._local.weigh(pcm, claims)

    async def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        """By the engine here.

        Raises:
            SpeechError: as `SpeechWorkers.spot`.
        """
        return await self._local.spot(pcm, ways)

    async def stream(self, hints: Hints) -> TranscriptStream | None:
        """Hear along by the engine here, where it can; the text in the end is the other one's.

        Raises:
            SpeechError: as `SpeechWorkers.stream`.
        """
        stream = await self._local.stream(hints)
        return None if stream is None else _StreamWithEnd(stream, self._first)

    async def _first(self, pcm: bytes) -> Transcript | None:
        """What the engine elsewhere hears; None where it isn't there, fails, is busy or hears nothing.

        Nothing heard is not believed: a server that hears nothing in anything would make the gateway deaf.
        """
        if len(pcm) < _SHORTEST:
            return None
        try:
            async with asyncio.timeout(self._time_out_s):
                await self._turn.acquire()
        except TimeoutError:
            log.info("heard here: the engine elsewhere is busy with other calls", engine=self.elsewhere.name)
            return None
        try:
            if not self.elsewhere.there:
                return None
            heard = await self._remote.transcribe(pcm, Hints())
        except SpeechError as error:
            self.elsewhere.failed(str(error))
            return None
        finally:
            self._turn.release()
        self.elsewhere.served()
        return heard if heard.text else None


async def _outcome(local: Transcriber, pcm: bytes, hints: Hints) -> Transcript | SpeechError:
    try:
        return await local.transcribe(pcm, hints)
    except SpeechError as error:
        return error


def chosen(there: Transcript | None, here: Transcript | SpeechError) -> Transcript:
    """The transcript of a call that two engines heard: the other machine's text, and what only the engine here can tell.

    Of its wordings only the best one stands beside that text, a second opinion. The others are there to make up for poor
    hearing: beside a text that was heard better they only bring in names that sound like something nobody said.

    Raises:
        SpeechError: neither heard it.
    """
    if there is None:
        if isinstance(here, SpeechError):
            raise here
        return here
    if isinstance(here, SpeechError):
        log.warning("the engine here failed beside the one elsewhere", reason=str(here))
        return there
    return replace(
        there,
        hypotheses=tuple(distinct([*there.hypotheses, *here.hypotheses[:1]])),
        average_logprob=max(here.average_logprob, _LEAST_LOGPROB),
        no_speech=here.no_speech,
    )


class _StreamWithEnd:
    """Partial texts of the engine here; at the end the whole transmission goes to the engine elsewhere as well."""

    def __init__(self, stream: TranscriptStream, first: _First) -> None:
        self._stream = stream
        self._first = first
        self._heard = bytearray()

    async def feed(self, pcm: bytes) -> str:
        """More audio; the text so far.

        Raises:
            SpeechError: longer than any transmission may be.
        """
        if len(self._heard) + len(pcm) <= _STREAM_LIMIT:  # beyond it the stream itself complains
            self._heard += pcm
        return await self._stream.feed(pcm)

    async def finish(self) -> Transcript:
        """The transmission ended.

        Raises:
            SpeechError: neither engine heard it.
        """
        async with asyncio.TaskGroup() as group:
            there = group.create_task(self._first(bytes(self._heard)), name="hearing elsewhere")
            here = group.create_task(self._end(), name="hearing here")
        return chosen(there.result(), here.result())

    async def abandon(self) -> None:
        """Forget it."""
        self._heard.clear()
        await self._stream.abandon()

    async def _end(self) -> Transcript | SpeechError:
        try:
            return await self._stream.finish()
        except SpeechError as error:
            return error


class _First(Protocol):
    async def __call__(self, pcm: bytes, /) -> Transcript | None: ...


def load_transcriber(settings: SpeechSettings) -> Ears:
    """The ears that the settings ask for; nothing is started before their `async with`."""
    local = SpeechWorkers(settings)
    if settings.url is None:
        return local
    remote = WyomingTranscriber(
        settings.url, model=settings.url_model, language=settings.language, time_out_s=settings.url_time_out_s
    )
    return FallbackTranscriber(local, remote, beside=settings.url_beside, time_out_s=settings.url_time_out_s)
