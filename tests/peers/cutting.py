"""A TCP relay that breaks the line: after so many bytes, counted over both directions, once. Then it relays faithfully."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Relay:
    """Stands between a client and a server on this machine.

    Args:
        server: port of the real server.
        cut_after: bytes after which both ends of the connection are closed; None never cuts.
    """

    def __init__(self, server: int, cut_after: int | None) -> None:
        self._server = server
        self._left = cut_after
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.passed = 0
        """Bytes so far."""

    @property
    def has_cut(self) -> bool:
        """It has broken the line."""
        return self._left is not None and self._left <= 0

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._server)
        except OSError:
            writer.close()
            return
        fresh = not self.has_cut
        ways = [
            asyncio.create_task(self._carry(reader, back, fresh=fresh)),
            asyncio.create_task(self._carry(there, writer, fresh=fresh)),
        ]
        self._tasks.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.wait(ways)
        self._tasks.difference_update(ways)
        for end in (writer, back):
            end.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, fresh: bool) -> None:
        while data := await source.read(65536):
            if fresh and self._left is not None:
                data, self._left = data[: self._left], self._left - len(data)
            self.passed += len(data)
            sink.write(data)
            await sink.drain()
            if fresh and self.has_cut:
                return

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Relay]:
        """Listen until left."""
        server = await asyncio.start_server(self._joined, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tuple(self._tasks):
                task.cancel()
            async with asyncio.timeout(5):
                while self._tasks:
                    await asyncio.sleep(0.01)
            await server.wait_closed()
