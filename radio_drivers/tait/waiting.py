"""Waiting for what the radio says. Every wait ends when the link ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from radio_drivers.interface import LinkDown


class Waiting:
    """Who waits for what. Conditions are looked at whenever the radio said something."""

    def __init__(self) -> None:
        self._waits: dict[asyncio.Future[None], Callable[[], object]] = {}
        self._gone: str | None = "the radio's port is not open"

    def begin(self) -> None:
        """The link is there."""
        self._gone = None

    def end(self, reason: str) -> None:
        """The link has gone: whoever waits gets `LinkDown`. Only the first reason counts."""
        if self._gone is None:
            self._gone = reason
            for future in self._waits:
                if not future.done():
                    future.set_exception(LinkDown(reason))

    def look(self) -> None:
        """Something changed."""
        for future, true in self._waits.items():
            if not future.done() and true():
                future.set_result(None)

    async def until(self, true: Callable[[], object], within_s: float | None = None) -> bool:
        """Wait until something is true.

        Args:
            true: a quick look at what has been received.
            within_s: give up after this.

        Returns:
            It is true.

        Raises:
            LinkDown: the link ended meanwhile, or was not there.
        """
        if self._gone is not None:
            raise LinkDown(self._gone)
        if true():
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waits[future] = true
        try:
            async with asyncio.timeout(within_s):
                await future
        except TimeoutError:
            return bool(true())
        finally:
            del self._waits[future]
        return True

    async def pause(self, seconds: float) -> None:
        """Wait so long, and hear meanwhile.

        Raises:
            LinkDown: the link ended meanwhile, or was not there.
        """
        await self.until(lambda: False, seconds)
