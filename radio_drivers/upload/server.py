"""Servers that channels share: one for each address, opened by the first channel and closed by the last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from radio_drivers.interface import LinkDown
from radio_drivers.upload.desk import Desk, Taker
from radio_drivers.upload.http import HttpServer, Limits


@dataclass(slots=True)
class _Shared:
    """One address."""

    desk: Desk = field(default_factory=Desk)
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    stack: AsyncExitStack | None = None
    port: int = 0


class Servers:
    """All addresses of one gateway. Constructing opens nothing.

    Args:
        limits: of every server.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._shared: dict[tuple[str, int], _Shared] = {}

    @asynccontextmanager
    async def serving(self, taker: Taker) -> AsyncIterator[int]:
        """Let this channel take calls while inside; gives the port.

        Raises:
            LinkDown: the address can't be had just now.
        """
        address = taker.settings.address
        shared = self._shared.setdefault(address, _Shared())
        async with shared.changing:
            if shared.stack is None:
                await self._open(shared, address)
            shared.desk.add(taker)
        try:
            yield shared.port
        finally:
            shared.desk.remove(taker)
            if not shared.desk.takers and shared.stack is not None:
                stack, shared.stack = shared.stack, None
                await stack.aclose()

    async def _open(self, shared: _Shared, address: tuple[str, int]) -> None:
        host, port = address
        stack = AsyncExitStack()
        server = HttpServer(shared.desk.handle, self._limits)
        try:
            shared.port = await stack.enter_async_context(server.listening(host, port))
        except OSError as error:
            reason = error.strerror or str(error)
            raise LinkDown(
                f"can't listen for uploads on {host}:{port} ({reason}): is another program there, or is the address "
                "not this machine's? See radio.upload.listen"
            ) from error
        shared.stack = stack
