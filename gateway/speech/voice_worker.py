"""The rebroadcast's voice in a process of its own, so that a crash in a synthesis library costs one announcement.

`python -m gateway.speech.voice_worker --parent PID --nice N VOICE SPEED` is started by `VoiceWorker`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Final, Self

from gateway.speech.child import CannotStartError, Handler, RefusedError, run
from gateway.speech.framing import Header
from gateway.speech.keeper import KeptWorker, Patience
from gateway.speech.process import ProcessError, WorkerCannotStartError, worker_argv, worker_environment

LONGEST_TEXT: Final = 2_000
"""Characters of one announcement: two minutes of speech, more than any channel is keyed for."""


class VoiceError(Exception):
    """The voice failed; the text says how and what to do next."""


class VoiceSettingsError(VoiceError):
    """There is no such voice: trying again can't help."""


class VoiceWorker:
    """Speaks texts in a worker process. Use it as an `async with`."""

    def __init__(
        self,
        voice: str = "auto",
        *,
        speed: float = 1.0,
        time_out_s: float = 20.0,
        niceness: int = 0,
        environment: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.voice = voice
        """The voice that spoke last, or the one asked for."""
        self._time_out_s = time_out_s
        self._kept = KeptWorker(
            worker_argv("gateway.speech.voice_worker", voice, str(speed), niceness=niceness),
            name=f"voice worker ({voice})",
            environment=worker_environment(environment),
            patience=patience,
        )

    @property
    def fault(self) -> str | None:
        """Why it can't speak now."""
        return self._kept.fault

    @property
    def pid(self) -> int | None:
        """Process id of the present process."""
        return self._kept.pid

    async def __aenter__(self) -> Self:
        """Start it.

        Raises:
            VoiceSettingsError: no such voice.
        """
        try:
            await self._kept.__aenter__()
        except WorkerCannotStartError as error:
            raise VoiceSettingsError(str(error)) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._kept.close(0.5)

    async def speak(self, text: str) -> bytes:
        """Say a text.

        Returns:
            Mono int16 little-endian at 16 kHz.

        Raises:
            VoiceError: the attempt failed. Another may work.
        """
        if len(text) > LONGEST_TEXT:
            raise VoiceError(f"a text of {len(text)} characters is too long to say; the limit is {LONGEST_TEXT}")
        try:
            answer, pcm = await self._kept.request({"op": "speak", "text": text}, timeout_s=self._time_out_s)
        except ProcessError as error:
            raise VoiceError(str(error)) from error
        self.voice = str(answer.get("voice", ""))
        return pcm

    async def ping(self) -> bool:
        """Whether it does its work."""
        return await self._kept.ping()


def load(voice: str, speed: float = 1.0) -> tuple[Handler, Header]:
    """Load the synthesizer in the child.

    Raises:
        CannotStartError: no such voice.
    """
    from dispatch.channels.synthesis import SynthesisError, make_synthesizer

    try:
        synthesizer = make_synthesizer(voice, speed)
        synthesizer.speak("Standing by.")  # loads the voice now, not when the first alert waits
    except SynthesisError as error:
        raise CannotStartError(f"the voice {voice!r} can't be used: {error}") from error

    def handle(header: Header, payload: bytes) -> tuple[Header, bytes]:  # noqa: ARG001 - every handler's signature
        if header.get("op") != "speak":
            raise RefusedError(f"no such operation: {header.get('op')!r}")
        try:
            pcm = synthesizer.speak(str(header["text"]))
        except SynthesisError as error:
            raise RefusedError(str(error)) from error
        return {"voice": synthesizer.name}, pcm

    return handle, {"voice": synthesizer.name}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the worker until its input ends. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="gateway.speech.voice_worker")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("voice")
    parser.add_argument("speed", type=float)
    arguments = parser.parse_args(argv)
    return run(arguments.parent, arguments.nice, partial(load, arguments.voice, arguments.speed))


if __name__ == "__main__":
    sys.exit(main())
