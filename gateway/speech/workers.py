"""`Transcriber` for the daemon: engines in processes of their own, so that a crash costs one attempt, not reception.

Nothing heavy is imported here: ctranslate2, faster_whisper and vosk only ever live in the workers.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from types import TracebackType
from typing import Any, Final, Self

import structlog

from gateway.speech.framing import FramingError, Header
from gateway.speech.keeper import KeptWorker, Patience
from gateway.speech.models import find_model
from gateway.speech.process import ProcessError, WorkerCannotStartError, worker_argv, worker_environment
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import (
    Claim,
    Fit,
    Hints,
    Hypothesis,
    SpeechError,
    SpeechSettingsError,
    Spotted,
    Transcript,
)
from gateway.speech.wire import fits_from, hints_to, hypotheses_from, spotted_from, transcript_from

log = structlog.get_logger()

MOST_WAYS: Final = 5000
"""Sequences of phonemes asked about at once: an answer has some 100 bytes for each, and a message's header is bounded."""

_CLOSE_S: Final = 1.0
_STREAM_LIMIT: Final = 300 * 32_000
"""Bytes of audio of one stream, kept in case its worker dies: five minutes, twice the recorder's longest transmission."""


class SpeechWorkers:
    """A pool of workers with one engine. Implements `gateway.speech.transcript.Transcriber`. Use it as an `async with`.

    As many transcriptions run at the same time as there are workers; more wait in order of asking. Whoever has a backlog
    asks for the most urgent first and doesn't ask for more than `workers` at once.
    """

    def __init__(
        self,
        settings: SpeechSettings,
        *,
        environment: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.settings = settings
        self._environment = worker_environment({"OMP_NUM_THREADS": str(_threads(settings)), **(environment or {})})
        self._patience = patience
        self._kept: list[KeptWorker] = []
        self._last_heard_by: dict[bytes, KeptWorker] = {}
        self._stream_numbers = itertools.count(1)

    @property
    def engine(self) -> str:
        """Engine and model, for instance "whisper tiny.en int8"; empty before the first start."""
        return next((str(kept.about["engine"]) for kept in self._kept if kept.about), "")

    @property
    def streams(self) -> bool:
        """This engine hears while the talker talks."""
        return self.settings.engine == "vosk"

    @property
    def verifies(self) -> bool:
        """This engine can hear again, and hold given wordings against the sound."""
        return self.settings.engine == "whisper"

    @property
    def fault(self) -> str | None:
        """Why a worker isn't there now; None when all are."""
        return next((kept.fault for kept in self._kept if kept.fault is not None), None)

    @property
    def restarts(self) -> int:
        """Workers started again since the daemon began."""
        return sum(kept.restarts for kept in self._kept)

    @property
    def pids(self) -> list[int]:
        """Process ids of the present workers."""
        return [kept.pid for kept in self._kept if kept.pid is not None]

    async def __aenter__(self) -> Self:
        """Find the model and start the workers.

        Raises:
            SpeechSettingsError: no such model, or it can't be loaded; the text says what to do.
        """
        folder, name = await asyncio.to_thread(find_model, self.settings)
        argv = worker_argv(
            "gateway.speech.worker",
            json.dumps(_config(self.settings, str(folder), name)),
            niceness=self.settings.niceness,
        )
        self._kept = [
            KeptWorker(
                argv,
                name=f"speech worker {number} ({self.settings.engine} {name})",
                environment=self._environment,
                patience=self._patience,
            )
            for number in range(1, self.settings.workers + 1)
        ]
        try:
            async with asyncio.TaskGroup() as group:
                for kept in self._kept:
                    group.create_task(kept.__aenter__(), name=f"start of {kept.name}")
        except BaseException as error:
            await self._close()
            if (
                isinstance(error, BaseExceptionGroup)
                and (refused := error.subgroup(WorkerCannotStartError)) is not None
            ):
                raise SpeechSettingsError(str(_first(refused))) from error
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        """Hear one whole transmission: mono int16 little-endian at 16 kHz.

        Raises:
            SpeechError: the attempt failed (twice, if a worker died over it).
        """
        kept = self._least_busy()
        self._remember(pcm, kept)
        answer = await self._ask(kept, {"op": "transcribe", "hints": hints_to(hints)}, pcm)
        return _transcript(answer)

    async def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        """Log-probability of each wording of this audio, summed over its tokens.

        Quickest right after `transcribe` of the same audio: the worker that heard it still has it encoded.

        Raises:
            SpeechError: the attempt failed, or this engine can't.
        """
        if not wordings:
            return []
        answer = await self._ask(self._who_heard(pcm), {"op": "score", "wordings": list(wordings)}, pcm)
        return [float(score) for score in answer["scores"]]

    async def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        """Hear a call that was just transcribed once more, with words suggested.

        Raises:
            SpeechError: the attempt failed, or this engine can't.
        """
        answer = await self._ask(self._who_heard(pcm), {"op": "listen_for", "hints": hints_to(hints)}, pcm)
        return hypotheses_from(answer["hypotheses"])

    async def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        """How well each claim fits the sound.

        Raises:
            SpeechError: the attempt failed, or this engine can't.
        """
        if not claims:
            return []
        header = {"op": "weigh", "claims": [asdict(claim) for claim in claims]}
        return fits_from((await self._ask(self._who_heard(pcm), header, pcm))["fits"])

    async def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        """Where each sequence of phonemes was most likely said; nothing where this engine or model can't tell.

        Raises:
            SpeechError: the attempt failed.
        """
        if not ways or not self.verifies:
            return []
        spotted: list[Spotted] = []
        for at in range(0, len(ways), MOST_WAYS):
            header = {"op": "spot", "ways": list(ways[at : at + MOST_WAYS])}
            spotted += spotted_from((await self._ask(self._who_heard(pcm), header, pcm))["spotted"])
        return spotted

    async def stream(self, hints: Hints) -> SpeechStream | None:
        """Start hearing one transmission while it is spoken; None when this engine hears whole calls only.

        Raises:
            SpeechError: no worker takes it now. `transcribe` after the end is the way then.
        """
        if not self.streams:
            return None
        kept = self._least_busy()
        number = next(self._stream_numbers)
        await self._ask(kept, {"op": "open", "stream": number, "hints": hints_to(hints)})
        return SpeechStream(self, kept, number, hints)

    async def ping(self) -> bool:
        """Whether at least one worker does its work: what the watchdog asks. Idle workers that don't answer are replaced."""
        answers = await asyncio.gather(*(kept.ping() for kept in self._kept))
        return any(answers)

    async def _ask(self, kept: KeptWorker, header: Header, payload: bytes = b"", *, again: bool = True) -> Header:
        try:
            answer, _ = await kept.request(header, payload, timeout_s=self.settings.time_out_s, again=again)
        except (ProcessError, FramingError) as error:
            raise SpeechError(str(error)) from error
        return answer

    def _who_heard(self, pcm: bytes) -> KeptWorker:
        """The worker that still has this audio encoded, if any does."""
        return self._last_heard_by.get(_key(pcm)) or self._least_busy()

    def _least_busy(self) -> KeptWorker:
        if not self._kept:
            raise SpeechError("the speech workers have not been started")
        return min(self._kept, key=lambda kept: (kept.waiting, not kept.ready))

    def _remember(self, pcm: bytes, kept: KeptWorker) -> None:
        if len(self._kept) > 1:
            self._last_heard_by[_key(pcm)] = kept
            while len(self._last_heard_by) > 16:
                del self._last_heard_by[next(iter(self._last_heard_by))]

    async def _close(self) -> None:
        """End all workers, at the same time; two seconds at most."""
        kept, self._kept = self._kept, []
        if kept:
            await asyncio.gather(*(one.close(_CLOSE_S) for one in kept))


class SpeechStream:
    """One transmission heard while it is spoken. Implements `gateway.speech.transcript.TranscriptStream`.

    If its worker dies, the words so far stay as they are and `finish` hears the whole transmission anew.
    """

    def __init__(self, workers: SpeechWorkers, kept: KeptWorker, number: int, hints: Hints) -> None:
        self._workers = workers
        self._kept = kept
        self._number = number
        self._hints = hints
        self._heard = bytearray()
        self._partial = ""
        self._lost = False

    async def feed(self, pcm: bytes) -> str:
        """More audio; the text so far.

        Raises:
            SpeechError: longer than any transmission may be.
        """
        if len(self._heard) + len(pcm) > _STREAM_LIMIT:
            raise SpeechError(f"a transmission of more than {_STREAM_LIMIT // 32_000} s; split it")
        self._heard += pcm
        if not self._lost:
            try:
                answer = await self._ask("feed", pcm)
                self._partial = str(answer["partial"])
            except SpeechError as error:
                self._lose(error)
        return self._partial

    async def finish(self) -> Transcript:
        """The transmission ended.

        Raises:
            SpeechError: it could not be heard, not anew either.
        """
        if not self._lost:
            try:
                return _transcript(await self._ask("finish"))
            except SpeechError as error:
                self._lose(error)
        return await self._workers.transcribe(bytes(self._heard), self._hints)

    async def abandon(self) -> None:
        """Forget it."""
        if not self._lost:
            with suppress(SpeechError):  # a worker that died has forgotten it
                await self._ask("abandon")
        self._lost = True
        self._heard.clear()

    async def _ask(self, operation: str, payload: bytes = b"") -> Header:
        header = {"op": operation, "stream": self._number}
        return await self._workers._ask(self._kept, header, payload, again=False)  # noqa: SLF001 - two halves of one thing

    def _lose(self, error: SpeechError) -> None:
        self._lost = True
        log.warning("a transmission is heard after its end instead of along with it", reason=str(error))


def _threads(settings: SpeechSettings) -> int:
    return settings.threads or max(1, min(4, (os.cpu_count() or 1) // settings.workers))


def _config(settings: SpeechSettings, folder: str, name: str) -> Header:
    options: dict[str, Any]
    if settings.engine == "vosk":
        options = {"hypotheses": settings.hypotheses, "phrase_list": settings.phrase_list}
    else:
        options = {
            "beam": settings.beam,
            "hypotheses": settings.hypotheses,
            "padding_s": settings.padding_s,
            "threads": _threads(settings),
            "hot_words": settings.hot_words,
            "hot_word_passes": settings.hot_word_passes,
            "varied": settings.varied,
            "language": settings.language,
        }
    return {"engine": settings.engine, "folder": folder, "name": name, "options": options}


def _transcript(answer: Header) -> Transcript:
    try:
        return transcript_from(answer["transcript"])
    except (KeyError, TypeError, ValueError) as error:
        raise SpeechError(f"a speech worker gave something that is no transcript: {error}") from error


def _key(pcm: bytes) -> bytes:
    return hashlib.blake2b(pcm, digest_size=16).digest()


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
