"""The TCP connection to `rigctld`: questions out, each answer back to whoever asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import override

from radio_drivers.deadman import DeadMan
from radio_drivers.hamlib.protocol import VFO_MODE, Dialect, Reply, ReplyReader, command, meaning
from radio_drivers.hamlib.settings import RigctldSettings
from radio_drivers.interface import LinkDown, RadioError

CONNECT_S = 5.0
"""A machine that doesn't answer a connect within this isn't there."""


class RigRefused(RadioError):
    """`rigctld` answered with an error code."""

    def __init__(self, question: str, code: int) -> None:
        super().__init__(f"{question}: {meaning(code)} (RPRT {code})")
        self.code = code


@dataclass(slots=True)
class _Question:
    heading: str
    answer: asyncio.Future[Reply]


class RigLink:
    """One connection at a time; after a loss `close` and `open` again.

    Args:
        settings: where, and how long to wait for answers.
    """

    def __init__(self, settings: RigctldSettings) -> None:
        self._settings = settings
        self._where = f"rigctld at {settings.host}:{settings.port}"
        self._connection: _Connection | None = None
        self._needs_vfo = False
        self._deadman = DeadMan()

    @property
    def is_open(self) -> bool:
        """There is a connection, as far as we know."""
        return self._connection is not None and not self._connection.gone

    async def open(self, on_lost: Callable[[str], None]) -> None:
        """Connect and learn whether commands need the name of a VFO.

        Args:
            on_lost: called in the event loop, once, when the connection goes away without `close`.

        Raises:
            LinkDown: nobody there.
        """
        settings = self._settings
        loop = asyncio.get_running_loop()

        def protocol() -> _Connection:
            return _Connection(settings.dialect, lambda reason: on_lost(f"{self._where}: {reason}"))

        try:
            async with asyncio.timeout(CONNECT_S):
                _, self._connection = await loop.create_connection(protocol, settings.host, settings.port)
        except TimeoutError:
            raise LinkDown(f"{self._where} does not answer: is it running, and no firewall between?") from None
        except OSError as error:
            raise LinkDown(
                f"{self._where} can't be reached: is it running there? ({error.strerror or error})"
            ) from error
        self._needs_vfo = await self._ask_vfo_mode()

    async def ask(self, name: str, *arguments: str) -> tuple[str, ...]:
        """Send a command and wait for its answer. A question whose asker is cancelled is still asked.

        Returns:
            The values.

        Raises:
            RigRefused: an error code came back.
            LinkDown: not connected, or no answer in time, which ends the connection.
        """
        vfo = ("currVFO",) if self._needs_vfo else ()
        return await self._ask(name, *vfo, *arguments)

    async def release_if_we_die(self) -> None:
        """From here on the key is released over this connection when our process has died. Without it `rigctld` holds it."""
        connection = self._connection
        if connection is not None and not connection.gone:
            vfo = ("currVFO",) if self._needs_vfo else ()
            await self._deadman.watch(connection.socket, command(self._settings.dialect, "set_ptt", *vfo, "0"))

    def abort(self, reason: str) -> None:
        """Give the connection up as lost."""
        if self._connection is not None:
            self._connection.give_up(reason)

    async def close(self) -> None:
        """Hang up."""
        connection, self._connection = self._connection, None
        self._needs_vfo = False
        await self._deadman.stand_down()
        if connection is not None:
            connection.close()
            await connection.closed.wait()

    async def _ask(self, name: str, *arguments: str) -> tuple[str, ...]:
        connection = self._connection
        if connection is None or connection.gone:
            raise LinkDown(f"{self._where} is not connected")
        question = " ".join((name, *arguments))
        answer = connection.ask(question, command(self._settings.dialect, name, *arguments))
        try:
            async with asyncio.timeout(self._settings.answer_s):
                reply = await answer
        except TimeoutError:
            connection.give_up(f"no answer to {question} within {self._settings.answer_s:g} s")
            raise LinkDown(f"{self._where}: no answer to {question}") from None
        if reply.code != 0:
            raise RigRefused(f"{self._where}: {question}", reply.code)
        return reply.values

    async def _ask_vfo_mode(self) -> bool:
        try:
            return await self._ask(VFO_MODE) == ("1",)
        except RigRefused:
            return False  # an imitation that doesn't know the question has no such mode


class _Connection(asyncio.Protocol):
    def __init__(self, dialect: Dialect, on_lost: Callable[[str], None]) -> None:
        self.gone = False
        self.closed = asyncio.Event()
        self._reader = ReplyReader(dialect)
        self._extended = dialect == "extended"
        self._on_lost: Callable[[str], None] | None = on_lost
        self._questions: deque[_Question] = deque()
        self._transport: asyncio.Transport | None = None

    @property
    def socket(self) -> int:
        """Its file descriptor."""
        if self._transport is None:
            raise LinkDown("rigctld is not connected")
        number: int = self._transport.get_extra_info("socket").fileno()
        return number

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"{transport!r} is no stream")
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        for reply in self._reader.feed(data):
            self._answer(reply)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.give_up(f"the connection broke ({exc})" if exc is not None else "it hung up")
        self.closed.set()

    def ask(self, question: str, line: bytes) -> asyncio.Future[Reply]:
        if self._transport is None:
            raise LinkDown("rigctld is not connected")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        # A cancelled question keeps its place: its answer still comes, and must not be taken for the next one's.
        self._questions.append(_Question(question, answer))
        self._transport.write(line)
        return answer

    def give_up(self, reason: str) -> None:
        on_lost, self._on_lost = self._on_lost, None
        self._end(reason)
        if on_lost is not None:
            on_lost(reason)

    def close(self) -> None:
        self._on_lost = None
        self._end("it was closed")

    def _end(self, reason: str) -> None:
        self.gone = True
        if self._transport is not None:
            self._transport.abort()
        while self._questions:
            question = self._questions.popleft()
            if not question.answer.done():
                question.answer.set_exception(LinkDown(f"rigctld: {reason}"))

    def _answer(self, reply: Reply) -> None:
        if not self._questions:
            return
        place = self._place(reply)
        if place is None:
            return
        for _ in range(place):  # their answers were lost in rubbish: whoever waits runs into the time-out
            self._questions.popleft()
        question = self._questions.popleft()
        if not question.answer.done():
            question.answer.set_result(reply)

    def _place(self, reply: Reply) -> int | None:
        """Which question it answers; None for one that nobody asked."""
        if not self._extended:
            return 0
        if reply.heading is None:
            return 0 if reply.code < 0 else None
        for place, question in enumerate(self._questions):
            if reply.heading in {question.heading, question.heading.partition(" ")[0]}:
                return place
        return None
