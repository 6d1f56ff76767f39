"""Hamlib's own `rigctld` with its dummy radio, and a stand-in whose radio does what the test says.

The dummy radio (Hamlib 4.5.4) presses talk and says so, but its squelch opens and closes with every question and its
strength is made up; what a radio's squelch does is therefore played by the stand-in.
"""

from __future__ import annotations

import asyncio
import subprocess
from types import TracebackType
from typing import Self

from tests.peers.ports import free_port, wait_until_bound


class Rigctld:
    """The real program. `stop` and `start` may be called again and again: the port stays.

    Args:
        arguments: more of them, as `-o` for VFO mode; `-P RIG` makes the dummy radio able to transmit.
    """

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["rigctld", "-m", "1", "-T", "127.0.0.1", "-t", str(self.port), *self._arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until_bound(self.port)

    def stop(self) -> None:
        """It is killed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class StandIn:
    """Speaks `rigctld`'s extended or plain protocol for a radio made of attributes.

    Args:
        plain: answers as programs do that know only the plain protocol.
    """

    def __init__(self, *, plain: bool = False) -> None:
        self.port = 0
        self.keyed = False
        self.follows = True
        """It transmits when told to."""
        self.sticks = False
        """It goes on transmitting whatever it is told."""
        self.talking = False
        self.strength = -20
        self.refuses: dict[str, int] = {}
        """Command and the code it is answered with."""
        self.says: dict[str, str] = {}
        """Command and what it is answered with, to the letter."""
        self.chatter = ""
        """Said before each answer."""
        self.silent = False
        self.cut_after: int | None = None
        """Bytes of answers after which the connection breaks."""
        self.asked: list[str] = []
        self.connections = 0
        self._plain = plain
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            await self._server.wait_closed()
            while self._writers:
                await asyncio.sleep(0)
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        try:
            while line := await reader.readline():
                words = line.decode().lstrip("+\\").split()
                self.asked.append(" ".join(words))
                if not self.silent:
                    self._send(writer, (self.chatter + self._answer(words)).encode())
        except (ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort()
            self._writers.discard(writer)

    def _send(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        if self.cut_after is not None:
            answer, broken = answer[: self.cut_after], len(answer) > self.cut_after
            self.cut_after -= len(answer)
            writer.write(answer)
            if broken:
                self.cut_after = None
                writer.close()
            return
        writer.write(answer)

    def _answer(self, words: list[str]) -> str:
        name, arguments = words[0], words[1:]
        if name in self.says:
            return self.says[name]
        if name == "chk_vfo":
            return "0\n"
        code = self.refuses.get(name, 0)
        values: list[str] = []
        if not code:
            match name:
                case "set_ptt":
                    self.keyed = self.sticks or (self.follows and arguments != ["0"])
                case "get_ptt":
                    values = [f"PTT: {int(self.keyed)}"]
                case "get_dcd":
                    values = [f"DCD: {int(self.talking)}"]
                case "get_level":
                    values = [str(self.strength)]
                case _:
                    return ""
        if self._plain:
            return "".join(f"{value.rpartition(': ')[2]}\n" for value in values) or f"RPRT {code}\n"
        return "\n".join([f"{name}: {' '.join(arguments)}".rstrip(), *values, f"RPRT {code}", ""])
