"""The speech worker: `python -m gateway.speech.worker --parent PID --nice N CONFIG`, started by `gateway.speech.workers`.

Operations: `transcribe` and `listen_for` (payload: audio; `hints`), `score` (payload: audio; `wordings`), `weigh` (payload: audio;
`claims`), `spot` (payload: audio; `ways`), and for engines that stream `open` (`stream`, `hints`), `feed` (`stream`; payload: audio), `finish` and `abandon` (`stream`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from gateway.speech.child import Handler, RefusedError, run
from gateway.speech.framing import Header
from gateway.speech.transcript import Claim, Fit, Hints, Hypothesis, Spotted, Transcript
from gateway.speech.wire import claims_from, hints_from, transcript_to

MOST_STREAMS: Final = 16
"""Calls heard at the same time by one worker: more than any base station has channels."""


class Engine(Protocol):
    """What every engine does."""

    label: str

    def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        """Hear one whole call."""
        ...

    def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        """Log-probability of each wording."""
        ...


@runtime_checkable
class Verifier(Protocol):
    """An engine that can hear again, and hold given wordings against the sound."""

    def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        """Hear once more with words suggested."""
        ...

    def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        """How well each claim fits the sound."""
        ...

    def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        """Where each sequence of phonemes was most likely said; nothing where the model's sounds can't be read."""
        ...


class StreamOfWords(Protocol):
    """One call being heard."""

    def feed(self, pcm: bytes) -> str:
        """More audio; the text so far."""
        ...

    def finish(self) -> Transcript:
        """The call ended."""
        ...


class Desk:
    """Answers the operations with one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._streams: dict[int, StreamOfWords] = {}

    def handle(self, header: Header, payload: bytes) -> tuple[Header, bytes]:
        """One request.

        Raises:
            RefusedError: it can't be answered.
        """
        match header.get("op"):
            case "transcribe":
                transcript = self._engine.transcribe(payload, hints_from(header.get("hints")))
                return {"transcript": transcript_to(transcript)}, b""
            case "score":
                return {"scores": self._engine.score(payload, [str(text) for text in header["wordings"]])}, b""
            case "listen_for":
                again = self._verifier().listen_for(payload, hints_from(header.get("hints")))
                return {"hypotheses": [asdict(one) for one in again]}, b""
            case "weigh":
                fits = self._verifier().weigh(payload, claims_from(header["claims"]))
                return {"fits": [asdict(one) for one in fits]}, b""
            case "spot":
                spotted = self._verifier().spot(payload, [str(way) for way in header["ways"]])
                return {"spotted": [asdict(one) for one in spotted]}, b""
            case "open":
                self._open(int(header["stream"]), hints_from(header.get("hints")))
                return {}, b""
            case "feed":
                return {"partial": self._stream(header).feed(payload)}, b""
            case "finish":
                stream = self._stream(header)
                del self._streams[int(header["stream"])]
                return {"transcript": transcript_to(stream.finish())}, b""
            case "abandon":
                self._streams.pop(int(header["stream"]), None)
                return {}, b""
            case other:
                raise RefusedError(f"no such operation: {other!r}")

    def _verifier(self) -> Verifier:
        if not isinstance(self._engine, Verifier):
            raise RefusedError(f"{self._engine.label} can't hold wordings against a sound")
        return self._engine

    def _open(self, number: int, hints: Hints) -> None:
        from gateway.speech.vosk_engine import VoskEngine

        if not isinstance(self._engine, VoskEngine):
            raise RefusedError(f"{self._engine.label} hears whole calls only")
        if len(self._streams) >= MOST_STREAMS:
            raise RefusedError(f"{MOST_STREAMS} calls are being heard already")
        self._streams[number] = self._engine.open(hints)

    def _stream(self, header: Header) -> StreamOfWords:
        stream = self._streams.get(int(header["stream"]))
        if stream is None:
            raise RefusedError("that call isn't being heard here (the worker was replaced)")
        return stream


def load(config: Header) -> tuple[Handler, Header]:
    """Load the engine that `config` names.

    Raises:
        CannotStartError: it can't be loaded.
    """
    began = time.perf_counter()
    folder, name = Path(config["folder"]), str(config["name"])
    engine: Engine
    if config["engine"] == "vosk":
        from gateway.speech.vosk_engine import VoskEngine, VoskOptions

        engine = VoskEngine.load(folder, name, VoskOptions(**config["options"]))
    else:
        from gateway.speech.whisper import WhisperEngine, WhisperOptions

        engine = WhisperEngine.load(folder, name, WhisperOptions(**config["options"]))
    desk = Desk(engine)
    return desk.handle, {"engine": engine.label, "load_s": time.perf_counter() - began}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the worker until its input ends. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="gateway.speech.worker")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--nice", type=int, default=0)
    parser.add_argument("config", type=json.loads)
    arguments = parser.parse_args(argv)
    return run(arguments.parent, arguments.nice, partial(load, arguments.config))


if __name__ == "__main__":
    sys.exit(main())
