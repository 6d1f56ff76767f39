"""Whether an engine on another machine may be asked now, and when to try it again after it failed.

    there --a request failed--> away --a trial in the background went well--> there

No request waits for a machine that is known to be away. Coming back is proven by a trial that does real work, so that a
server which answers and then hangs does not cost call after call; and one that passes trials and fails at calls is tried
ever more rarely, until a call went well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Protocol, Self

import structlog

log = structlog.get_logger()


class Remote(Protocol):
    """An engine on another machine."""

    async def look(self) -> str:
        """Meet it without giving it work; what it is. Raises the engine's error."""
        ...

    async def prove(self) -> None:
        """See that it does its work. Raises the engine's error."""
        ...


@dataclass(frozen=True, slots=True)
class Waits:
    """When to try again. Seconds."""

    first_s: float = 1.0
    """After the first failed request; four times as long after each further one, until a request went well."""
    longest_s: float = 600.0
    """... but no longer than this."""
    trial_s: float = 30.0
    """Between two trials at most, while nothing is there: a server that was started again takes over within this."""


_TIMES: Final = 4


class Elsewhere:
    """Minds one engine on another machine. Use it as an `async with`: trials run inside.

    Args:
        name: for logs and the status line, for instance "speech at box:10300".
        remote: the engine.
        failure: what it raises when it fails.
        waits: when to try again.
        sleep: waits.
    """

    def __init__(
        self,
        name: str,
        remote: Remote,
        failure: type[Exception],
        *,
        waits: Waits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self._remote = remote
        self._failure = failure
        self._waits = waits or Waits()
        self._sleep = sleep
        self._fault: str | None = "not asked yet"
        self._failed = 0
        self._away = asyncio.Event()
        self._away.set()
        self._minding: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[str | None], None]] = []

    @property
    def there(self) -> bool:
        """It may be asked."""
        return self._fault is None

    @property
    def fault(self) -> str | None:
        """Why it isn't asked; None while it is."""
        return self._fault

    def watch(self, listener: Callable[[str | None], None]) -> None:
        """Tell the fault now and whenever it changes. The listener is quick and doesn't raise."""
        self._listeners.append(listener)
        listener(self._fault)

    async def __aenter__(self) -> Self:
        """Meet it once, so that the first request knows; then mind it."""
        try:
            what = await self._remote.look()
        except self._failure as error:
            self._lose(str(error))
        else:
            self._find(what)
        self._minding = asyncio.create_task(self._mind(), name=f"minding {self.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._minding is not None:
            self._minding.cancel()
            await asyncio.wait([self._minding])

    def failed(self, reason: str) -> None:
        """A request failed. Said by several requests at once it counts once."""
        if self.there:
            self._failed += 1
            self._lose(reason)

    def served(self) -> None:
        """A request went well."""
        self._failed = 0

    def _lose(self, reason: str) -> None:
        log.warning("an engine elsewhere is away; the one here takes over", engine=self.name, reason=reason)
        self._fault = reason
        self._away.set()
        self._tell()

    def _find(self, what: str) -> None:
        log.info("an engine elsewhere is there and goes first", engine=self.name, what=what)
        self._fault = None
        self._away.clear()
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            listener(self._fault)

    async def _mind(self) -> None:
        waits = self._waits
        while True:
            await self._away.wait()
            pause = min(waits.longest_s, waits.first_s * _TIMES ** max(0, self._failed - 1))
            while not self.there:
                await self._sleep(pause)
                try:
                    what = await self._remote.look()
                    await self._remote.prove()
                except self._failure as error:
                    self._renew(str(error))
                    pause = min(waits.trial_s, pause * 2)
                else:
                    self._find(what)

    def _renew(self, reason: str) -> None:
        """Still away, perhaps for another reason."""
        if reason != self._fault:
            self._fault = reason
            self._tell()
