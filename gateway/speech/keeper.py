"""A worker that is always there: started again when it dies, with a growing pause when it keeps dying."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import structlog

from gateway.speech.framing import Header
from gateway.speech.process import ProcessError, WorkerCannotStartError, WorkerDiedError, WorkerGoneError, WorkerProcess

log = structlog.get_logger()

PING_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a worker. Seconds."""

    start_s: float = 60.0
    """Until a model is loaded: a large one on a cold disk takes its time."""
    pause_s: float = 0.25
    """Before the second start in a row; doubled each time. The first start after a death is at once."""
    longest_pause_s: float = 30.0
    settled_s: float = 30.0
    """A worker that lived this long has no bad record."""


class KeptWorker:
    """One worker process, replaced when it dies. Use it as an `async with`."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.restarts = 0
        self.fault: str | None = None
        """Why it isn't there now, in words for a status line."""
        self.about: Header = {}
        """What the present process tells about itself."""
        self._argv = list(argv)
        self._environment = environment
        self._patience = patience or Patience()
        self._process: WorkerProcess | None = None
        self._ready = asyncio.Event()
        self._tried = asyncio.Event()
        self._refusal: WorkerCannotStartError | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._closing = False
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """Requests in hand, the one being answered included."""
        return self._waiting

    @property
    def ready(self) -> bool:
        """A process is there to take requests."""
        return self._ready.is_set() and self._process is not None and self._process.alive

    @property
    def busy(self) -> bool:
        """A request is being answered."""
        return self._process is not None and self._process.busy

    @property
    def pid(self) -> int | None:
        """Process id of the present process."""
        return self._process.pid if self._process is not None else None

    async def __aenter__(self) -> Self:
        """Start the first process and wait for it.

        Raises:
            WorkerCannotStartError: its settings can't work. A process that merely died is tried again in the background.
        """
        self._keeping = asyncio.create_task(self._keep(), name=f"keeper of {self.name}")
        try:
            await self._tried.wait()
        except BaseException:
            await self.close()
            raise
        if self._refusal is not None:
            await self.close()
            raise self._refusal
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self, grace_s: float = 1.0) -> None:
        """End the process: by itself within `grace_s`, else killed."""
        self._closing = True
        self._ready.clear()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        if self._process is not None:
            await self._process.close(grace_s)

    async def request(
        self, header: Header, payload: bytes = b"", *, timeout_s: float, again: bool = True
    ) -> tuple[Header, bytes]:
        """Ask one thing; if the process dies over it, ask a fresh one once more.

        Args:
            header: the request.
            payload: its bytes.
            timeout_s: for each of waiting for a process and for its answer.
            again: False for what makes no sense in a fresh process.

        Raises:
            WorkerDiedError, WorkerTimeoutError, WorkerRefusedError.
        """
        self._waiting += 1
        try:
            deaths = 0
            while True:
                process = await self._present(timeout_s)
                try:
                    return await process.request(header, payload, timeout_s=timeout_s)
                except WorkerGoneError:
                    # Somebody else's request was its death: that is no mark against this one.
                    if not again or self._closing:
                        raise
                except WorkerDiedError as error:
                    deaths += 1
                    if not again or self._closing or deaths > 1:
                        raise
                    log.warning("a worker died; trying once more with a fresh one", worker=self.name, reason=str(error))
        finally:
            self._waiting -= 1

    async def ping(self) -> bool:
        """Whether it does its work: busy within its time-out, or idle and answering at once.

        A process that is idle and silent is killed and replaced.
        """
        process = self._process
        if process is None or not self.ready:
            return False
        if process.busy:  # that request has its own time-out, and a hung process won't survive it
            return True
        try:
            await process.request({"op": "ping"}, timeout_s=PING_TIMEOUT_S)
        except ProcessError as error:
            log.warning("an idle worker did not answer", worker=self.name, reason=str(error))
            return False
        return True

    async def _present(self, timeout_s: float) -> WorkerProcess:
        """The process that takes requests, waiting for it if it is just being started."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    if self._closing:
                        raise WorkerDiedError(f"{self.name} has been closed")
                    await self._ready.wait()
                    if self._process is not None and self._process.alive:
                        return self._process
                    self._ready.clear()  # it died a moment ago; the keeper is about to notice
        except TimeoutError as error:
            why = self.fault or "it is still being started"
            raise WorkerDiedError(f"{self.name} is not there: {why}") from error

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        deaths = 0
        while True:
            began = loop.time()
            process = WorkerProcess(self._argv, name=self.name, environment=self._environment)
            self._process = process
            try:
                self.about = await process.start(self._patience.start_s)
            except WorkerCannotStartError as error:
                self.fault = str(error)
                if not self._tried.is_set():
                    self._refusal = error
                    return
            except ProcessError as error:
                self.fault = str(error)
            else:
                self.fault = None
                self._ready.set()
                self._tried.set()
                await process.ended()
                self._ready.clear()
                process.kill()  # marks it as broken: nobody may send to it any more
                self.fault = f"{self.name} ended and is being started again"
            finally:
                self._tried.set()
            await process.close(grace_s=0.0)
            deaths = 1 if loop.time() - began >= self._patience.settled_s else deaths + 1
            pause = (
                0.0 if deaths == 1 else min(self._patience.pause_s * 2 ** (deaths - 2), self._patience.longest_pause_s)
            )
            self.restarts += 1
            log.warning(
                "a worker is started again",
                worker=self.name, reason=self.fault, pause_s=round(pause, 2), restarts=self.restarts,
            )  # fmt: skip
            await asyncio.sleep(pause)
