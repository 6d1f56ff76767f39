"""A pseudo-terminal whose far side the test holds: bytes as they are, no echo, no line editing."""

from __future__ import annotations

import asyncio
import os
import time
import tty
from types import TracebackType
from typing import Self

from tests.peers.card import until


class Terminal:
    """One pair. The code under test opens `path`."""

    def __init__(self) -> None:
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        # Held open: a pair whose far side nobody has opened yet reads as hung up.
        self._slave: int | None = slave
        self._received = bytearray()
        os.set_blocking(self._master, False)

    def write(self, data: bytes) -> None:
        """Towards the code under test."""
        os.write(self._master, data)

    @property
    def received(self) -> bytes:
        """Everything it has written so far."""
        while True:
            try:
                data = os.read(self._master, 4096)
            except OSError:
                return bytes(self._received)
            if not data:
                return bytes(self._received)
            self._received += data

    async def receives(self, expected: bytes) -> None:
        """Wait until exactly this has been written, all in all."""
        await until(lambda: self.received == expected)

    async def falls_quiet(self, for_s: float = 0.05) -> None:
        """Wait until nothing has been written for a while."""
        last, since = self.received, time.monotonic()
        while time.monotonic() - since < for_s:
            await asyncio.sleep(0.005)
            if self.received != last:
                last, since = self.received, time.monotonic()

    def pull(self) -> None:
        """The plug."""
        for fd in (self._slave, self._master):
            if fd is not None:
                os.close(fd)
        self._slave, self._master = None, -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._master >= 0:
            self.pull()
