"""Commands to the radio, one at a time, and their final results. What the radio says beside them is not looked at here.

A command whose asker has gone (cancelled, out of patience) is still seen through to its end, so that its late `OK` can't be taken
for the answer to the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import structlog

from radio_drivers.interface import LinkDown
from radio_drivers.tetra.protocol import BAD_COMMAND, Done, Frame, Prompt

log = structlog.get_logger(__name__)

END = b"\r\n"
SEND = b"\x1a"
"""Ends the payload of a message (Ctrl-Z)."""

CANCEL = b"\x1b"
"""Ends it without sending (ESC)."""

PROMPT_S = 0.5
"""Some radios never ask for the payload; after this we send it unasked."""

GRACE_S = 0.15
"""After a time-out: a late answer that comes this soon after the next one's is the late one."""

RESULTS_MAX = 16
"""A radio that says `OK` more often than this within one command is not listened to."""

TRIES = 3
"""A garbled command is said so often."""

WAKE_TRIES = 4
"""`AT` is asked so often before a radio counts as gone."""


class NoAnswer(LinkDown):
    """One command was not answered. The radio may be there all the same: `Dialogue.run` finds out."""


class Ask(Protocol):
    """`Dialogue.ask`."""

    def __call__(
        self, command: str, *, payload: str | None = None, first: bool = False, timeout_s: float | None = None
    ) -> Awaitable[Done]:
        """Say a command and wait for its result."""
        ...


@dataclass(slots=True, eq=False)
class _Order:
    command: str
    payload: str | None
    answer: asyncio.Future[Done]
    must: bool
    timeout_s: float


class Dialogue:
    """One radio's command line.

    Args:
        write: sends bytes; never blocks.
        answer_s: how long a command may take.
    """

    def __init__(self, write: Callable[[bytes], None], answer_s: float) -> None:
        self._write = write
        self._answer_s = answer_s
        self._orders: deque[_Order] = deque()
        self._wake = asyncio.Event()
        self._serving: _Order | None = None
        self._results: asyncio.Queue[Done | Prompt] | None = None
        self._ended: LinkDown | None = None

    def feed(self, frame: Frame) -> None:
        """A frame from the radio; only results and prompts matter here."""
        if self._results is not None and isinstance(frame, Done | Prompt) and not self._results.full():
            self._results.put_nowait(frame)

    async def ask(
        self, command: str, *, payload: str | None = None, first: bool = False, timeout_s: float | None = None
    ) -> Done:
        """Say a command and wait for its final result.

        Args:
            command: without line end.
            payload: hex digits to give when it asks for them.
            first: before whatever else waits, and even when whoever asked has gone: releasing the key is such.
            timeout_s: instead of the usual patience.

        Raises:
            NoAnswer: to this command.
            LinkDown: the dialogue is over.
        """
        if self._ended is not None:
            raise LinkDown(str(self._ended))
        answer: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        order = _Order(command, payload, answer, first, timeout_s or self._answer_s)
        if first:
            self._orders.appendleft(order)
        else:
            self._orders.append(order)
        self._wake.set()
        return await answer

    async def run(self) -> None:
        """Work through what is asked, until cancelled or until the radio no longer answers.

        Raises:
            LinkDown: it doesn't.
        """
        try:
            await self._wake_up()
            while True:
                while not self._orders:
                    self._wake.clear()
                    await self._wake.wait()
                order = self._orders.popleft()
                if order.must or not order.answer.done():
                    self._serving = order
                    await self._serve(order)
                    self._serving = None
        except LinkDown as error:
            self._ended = error
            raise
        finally:
            self._ended = self._ended or LinkDown("the link to the radio was closed")
            for order in (*self._orders, *([self._serving] if self._serving else [])):
                if not order.answer.done():
                    order.answer.set_exception(self._ended)
            self._orders.clear()

    async def _wake_up(self) -> None:
        """`AT` until `OK`: also out of a message that a gateway before us left half written.

        Raises:
            LinkDown: no answer to any.
        """
        for attempt in range(WAKE_TRIES):
            with self._listening() as results:
                self._write((CANCEL if attempt == 1 else b"") + b"AT" + END)
                try:
                    async with asyncio.timeout(self._answer_s):
                        done = await _result(results)
                except TimeoutError:
                    continue
            if done.ok:
                return
        raise LinkDown("the radio does not answer to AT")

    async def _serve(self, order: _Order) -> None:
        done = Done(ok=False, error=BAD_COMMAND)
        for _ in range(TRIES):
            try:
                done = await self._say(order)
            except TimeoutError:
                if not order.answer.done():
                    order.answer.set_exception(
                        NoAnswer(f"the radio didn't answer to {order.command} within {order.timeout_s:g} s")
                    )
                await self._settle()
                return
            if done.error != BAD_COMMAND:
                break
            log.debug("the radio had something half-typed; saying it again", command=order.command)
        if not order.answer.done():
            order.answer.set_result(done)

    async def _say(self, order: _Order) -> Done:
        with self._listening() as results:
            self._write(order.command.encode("ascii") + END)
            if order.payload is not None:
                first = await _soon(results, PROMPT_S)
                if isinstance(first, Done):
                    return first  # refused before we gave it anything
                self._write(order.payload.encode("ascii") + SEND)
            async with asyncio.timeout(order.timeout_s):
                return await _result(results)

    async def _settle(self) -> None:
        """After a command without answer: find out whether the radio is there, and let late answers pass."""
        await self._wake_up()
        with self._listening() as results:
            while await _soon(results, GRACE_S) is not None:
                pass

    @contextlib.contextmanager
    def _listening(self) -> Iterator[asyncio.Queue[Done | Prompt]]:
        results: asyncio.Queue[Done | Prompt] = asyncio.Queue(RESULTS_MAX)
        self._results = results
        try:
            yield results
        finally:
            self._results = None


async def _result(results: asyncio.Queue[Done | Prompt]) -> Done:
    while True:
        frame = await results.get()
        if isinstance(frame, Done):
            return frame


async def _soon(results: asyncio.Queue[Done | Prompt], within_s: float) -> Done | Prompt | None:
    try:
        async with asyncio.timeout(within_s):
            return await results.get()
    except TimeoutError:
        return None
