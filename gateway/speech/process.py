"""The daemon's side of one worker process: start it, ask it one thing at a time, notice its death, end it.

Errors (all `ProcessError`):

    ProcessError
    +-- WorkerDiedError         the process ended; its last words are in the text
    |   +-- WorkerGoneError     it had ended before; this request never reached it
    +-- WorkerTimeoutError      no answer in time; the process has been killed
    +-- WorkerRefusedError      it answered that it can't do this, and goes on
    +-- WorkerCannotStartError  its settings can't work (a missing model); starting it again can't help
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from gateway.speech.framing import HEADER_LIMIT, FramingError, Header, MessageReader, encode

log = structlog.get_logger()

_LOG_LINE_LIMIT: Final = 2_000
"""Characters of one logged line of a worker."""


class ProcessError(Exception):
    """Something about a worker process; the text names it."""


class WorkerDiedError(ProcessError):
    """The process ended."""


class WorkerGoneError(WorkerDiedError):
    """The process had ended before; this request never reached it."""


class WorkerTimeoutError(ProcessError):
    """No answer in time. The process has been killed."""


class WorkerRefusedError(ProcessError):
    """It answered with an error, and goes on."""


class WorkerCannotStartError(ProcessError):
    """Its settings can't work; starting it again can't help."""


def worker_argv(module: str, *arguments: str, niceness: int = 0) -> list[str]:
    """The command line of a worker that is a Python module of ours and calls `gateway.speech.child.run`."""
    return [sys.executable, "-m", module, "--parent", str(os.getpid()), "--nice", str(niceness), *arguments]


def worker_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a worker: finds our packages wherever the daemon was started, and never asks a network for models."""
    ours = str(Path(__file__).parents[2])
    path = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": f"{ours}{os.pathsep}{path}" if path else ours,
        "HF_HUB_OFFLINE": "1",
        # Arenas per thread let resident memory creep up over thousands of calls.
        "MALLOC_ARENA_MAX": "2",
        # mallopt(3): fixed thresholds, so that the large blocks of a long call go back to the system. Lower ones would give
        # back more and cost a third of the speed; these cost about a twentieth.
        "MALLOC_MMAP_THRESHOLD_": str(4 * 1024 * 1024),
        "MALLOC_TRIM_THRESHOLD_": str(16 * 1024 * 1024),
        **(extra or {}),
    }


class WorkerProcess:
    """One child process, from start to end; a new one needs a new object.

    One request at a time: whoever asks while another is being answered waits.
    """

    def __init__(self, argv: Sequence[str], *, name: str, environment: Mapping[str, str] | None = None) -> None:
        self.name = name
        self._argv = list(argv)
        self._environment = dict(environment) if environment is not None else None
        self._process: asyncio.subprocess.Process | None = None
        self._reader: MessageReader | None = None
        self._listening: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._last_words = ""
        self._asked = 0
        self._broken = False

    @property
    def alive(self) -> bool:
        """It runs and its streams are in order."""
        return self._process is not None and self._process.returncode is None and not self._broken

    @property
    def busy(self) -> bool:
        """A request is being answered."""
        return self._turn.locked()

    @property
    def pid(self) -> int | None:
        """Process id, once started."""
        return self._process.pid if self._process is not None else None

    async def start(self, timeout_s: float) -> Header:
        """Start it and wait until it says that it is ready.

        Returns:
            What it tells about itself.

        Raises:
            WorkerCannotStartError, WorkerDiedError, WorkerTimeoutError.
        """
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._environment,
                limit=HEADER_LIMIT,
            )
        except OSError as error:
            raise WorkerCannotStartError(f"{self.name}: {self._argv[0]} can't be started: {error}") from error
        out, err = self._process.stdout, self._process.stderr
        assert out is not None  # noqa: S101 - asked for as a pipe above
        assert err is not None  # noqa: S101
        self._reader = MessageReader(out)
        self._listening = asyncio.create_task(self._listen(err), name=f"stderr of {self.name}")
        try:
            async with asyncio.timeout(timeout_s):
                message = await self._read()
        except TimeoutError as error:
            await self._end_now()
            raise WorkerTimeoutError(f"{self.name} was not ready after {timeout_s:.0f} s") from error
        header, _ = message
        if not header.get("ready"):
            await self._end_now()
            raise WorkerCannotStartError(f"{self.name}: {header.get('error', 'no reason given')}")
        return header

    async def request(self, header: Header, payload: bytes = b"", *, timeout_s: float) -> tuple[Header, bytes]:
        """Ask one thing. The time runs from the moment that it is this request's turn.

        Raises:
            WorkerDiedError, WorkerTimeoutError, WorkerRefusedError.
            FramingError: the request is too large; nothing was sent.
        """
        async with self._turn:
            process = self._process
            if process is None or process.stdin is None or not self.alive:
                raise WorkerGoneError(f"{self.name} is not running")
            self._asked += 1
            number = self._asked
            message = encode({**header, "id": number}, payload)
            try:
                async with asyncio.timeout(timeout_s):
                    try:
                        process.stdin.write(message)
                        await process.stdin.drain()
                    except ConnectionError as error:
                        raise await self._death() from error
                    while True:
                        answer, body = await self._read()
                        if answer.get("id") == number:
                            break
                        # The answer to a request whose asker was cancelled.
            except TimeoutError as error:
                await self._end_now()
                raise WorkerTimeoutError(f"{self.name} gave no answer within {timeout_s:g} s and was killed") from error
        if "error" in answer:
            raise WorkerRefusedError(f"{self.name}: {answer['error']}")
        return answer, body

    async def ended(self) -> None:
        """Wait until the process is gone."""
        if self._process is not None:
            await self._process.wait()

    def kill(self) -> None:
        """End it now, without waiting."""
        self._broken = True
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def close(self, grace_s: float = 1.0) -> None:
        """Let it end by itself (end of its input), kill it after `grace_s`."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(grace_s):
                await self._process.wait()
        except TimeoutError:
            log.info("a worker was busy and is killed", worker=self.name)
        finally:
            await self._end_now()

    async def _read(self) -> tuple[Header, bytes]:
        assert self._reader is not None  # noqa: S101 - only called after start
        try:
            message = await self._reader.next()
        except FramingError as error:
            self.kill()
            raise WorkerDiedError(f"{self.name} sent something that is no answer ({error}) and was killed") from error
        if message is None:
            raise await self._death()
        return message

    async def _death(self) -> WorkerDiedError:
        """The error that tells how the process ended."""
        self._broken = True
        process = self._process
        assert process is not None  # noqa: S101 - only called after start
        try:
            async with asyncio.timeout(1.0):
                code = await process.wait()
        except TimeoutError:
            self.kill()
            return WorkerDiedError(f"{self.name} closed its output and was killed")
        if self._listening is not None:
            await asyncio.wait([self._listening], timeout=1.0)
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        said = f"; its last words: {self._last_words}" if self._last_words else ""
        return WorkerDiedError(f"{self.name} {how}{said}")

    async def _end_now(self) -> None:
        """Kill it if need be, and release everything."""
        self.kill()
        if self._process is not None:
            await self._process.wait()
        if self._listening is not None:
            # A grandchild may hold the pipe open; nobody waits for that.
            await asyncio.wait([self._listening], timeout=0.5)
            self._listening.cancel()
            await asyncio.wait([self._listening])

    async def _listen(self, err: asyncio.StreamReader) -> None:
        """Log what it writes to stderr, in bounded lines, and remember the last one for its obituary."""
        kept = b""
        while block := await err.read(4096):
            *lines, kept = (kept + block).split(b"\n")
            kept = kept[-_LOG_LINE_LIMIT:]
            for line in lines:
                self._heard(line)
        self._heard(kept)

    def _heard(self, line: bytes) -> None:
        text = line.decode(errors="replace").strip()[:_LOG_LINE_LIMIT]
        if text:
            self._last_words = text
            log.info("a worker says", worker=self.name, line=text)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
