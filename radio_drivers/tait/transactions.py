"""Commands to the radio: one at a time, each to its end.

    ours     f0291CE CR
    radio               .        it was received; nothing more
    radio                 e03006A2 CR .       only now the radio says that it refuses: the late error

A prompt follows every message of the radio's, too, and those may come at any time. So a prompt that can belong to a message that
ended since the command was written isn't taken for the command's, and after the command's prompt we wait a moment for the late error. A
command whose asker has gone leaves its prompt and its error behind: the next one first waits for them.

Errors: `Refused` (the radio said no), `NoAnswer` (it said nothing; a `LinkDown`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from radio_drivers.interface import LinkDown, RadioError
from radio_drivers.tait.messages import DAMAGED, NOT_READY, Refusal, read
from radio_drivers.tait.protocol import CR, Frame, Item, Prompt
from radio_drivers.tait.waiting import Waiting

log = structlog.get_logger(__name__)

ANSWER_S = 2.0
"""For the prompt or the reply. On a TM8110 at 28800 bit/s it takes 14 ms."""

GRACE_S = 0.1
"""For the late error, after the prompt."""

OWN_PROMPT_S = 0.05
"""A message's prompt comes this soon after it."""

PAUSE_S = 0.05
"""Before a command is repeated that the radio was not ready for."""

REFUSED_TRIES = 4
"""A radio that is not ready, or got a damaged command, is asked so often; it hasn't begun to do anything then."""

SILENT_TRIES = 2
"""A command that may be said twice is said so often into silence."""

BITS = 10
"""Of a character on the wire."""


class Refused(RadioError):
    """The radio refused a command."""

    def __init__(self, command: Frame, refusal: Refusal) -> None:
        super().__init__(f"the radio refused {command}: {refusal.reason}")
        self.command = command
        self.code = refusal.code
        """As in `messages.Refusal`."""


class NoAnswer(LinkDown):
    """The radio didn't answer a command. It may have obeyed it."""


class _Flight:
    """A command under way."""

    def __init__(self, done: Callable[[Frame], bool] | None, own_prompts: int) -> None:
        self.done = done
        self.prompted = False
        self.some_prompt = False
        self.doubtful = False
        """Something came that could not be read: perhaps the late error."""
        self.refusal: Refusal | None = None
        self.reply: Frame | None = None
        self._own_prompts = own_prompts
        """Prompts that belong to messages."""

    @property
    def decided(self) -> bool:
        return self.refusal is not None or self.reply is not None

    def take(self, item: Item) -> None:
        if isinstance(item, Prompt):
            self.some_prompt = True
            if self._own_prompts:
                self._own_prompts -= 1
            else:
                self.prompted = True
            return
        if isinstance(item, Frame):
            message = read(item)
            if isinstance(message, Refusal) and not message.system:
                self.refusal = self.refusal or message
                return
            if self.done is not None and self.reply is None and self.done(item):
                self.reply = item
        else:
            self.doubtful = True
        self._own_prompts += 1


class Transactions:
    """One radio's commands.

    Args:
        write: sends bytes; never blocks.
        waiting: is told of everything received, after `take`.
        clock: seconds that never jump.
        baud: speed of the line: slow ones need longer.
    """

    def __init__(
        self, write: Callable[[bytes], None], waiting: Waiting, clock: Callable[[], float], baud: int = 28_800
    ) -> None:
        self._write = write
        self.waiting = waiting
        self._clock = clock
        self._turn = asyncio.Lock()
        self._flight: _Flight | None = None
        self._line_at = float("-inf")
        self._baud = baud

    def take(self, item: Item) -> None:
        """Something was received."""
        self._line_at = float("-inf") if isinstance(item, Prompt) else self._clock()
        if self._flight is not None:
            self._flight.take(item)
        elif isinstance(item, Frame) and isinstance(refusal := read(item), Refusal):
            log.warning("the radio refuses something, too late to know what", reason=refusal.reason)

    async def ask(self, command: Frame, done: Callable[[Frame], bool], *, within_s: float = ANSWER_S) -> Frame:
        """A command that is answered by a message.

        Args:
            command: may be sent twice.
            done: this is the answer.
            within_s: for each try.

        Raises:
            Refused, LinkDown.
        """
        reply = await self._run(command, done, SILENT_TRIES, needs_reply=True, within_s=within_s)
        if reply is None:
            raise AssertionError("a reply was needed")
        return reply

    async def tell(
        self, command: Frame, done: Callable[[Frame], bool] | None = None, *, repeat: bool = True
    ) -> Frame | None:
        """A command that only has to be accepted.

        Args:
            command: what to do.
            done: a message that shows that it was done; then nothing more is waited for.
            repeat: it does no harm twice, so silence is answered by saying it again.

        Returns:
            The message that showed it, if it came so soon.

        Raises:
            Refused, LinkDown.
        """
        return await self._run(command, done, SILENT_TRIES if repeat else 1, needs_reply=False, within_s=ANSWER_S)

    async def try_once(self, command: Frame, done: Callable[[Frame], bool], within_s: float) -> Frame | None:
        """A command to somebody who may not be there. None: no answer, or one that isn't `done`."""
        async with self._turn:
            return (await self._fly(command, done, needs_reply=True, within_s=within_s)).reply

    async def settle(self, within_s: float) -> None:
        """End whatever half-typed line the radio may hold, and hear out what it says to that."""
        async with self._turn:
            self._write(CR)
            await self.waiting.pause(within_s)

    async def _run(
        self,
        command: Frame,
        done: Callable[[Frame], bool] | None,
        silent_tries: int,
        *,
        needs_reply: bool,
        within_s: float,
    ) -> Frame | None:
        silent = 0
        refused = 0
        async with self._turn:
            while True:
                flight = await self._fly(command, done, needs_reply=needs_reply, within_s=within_s)
                if flight.reply is not None:
                    return flight.reply
                if flight.refusal is not None:
                    refused += 1
                    if flight.refusal.code not in {NOT_READY, DAMAGED} or refused >= REFUSED_TRIES:
                        raise Refused(command, flight.refusal)
                    await self.waiting.pause(PAUSE_S)
                elif flight.prompted and not needs_reply and not (flight.doubtful and silent + 1 < silent_tries):
                    return None
                else:
                    silent += 1
                    log.debug("no answer from the radio", command=str(command), try_=silent)
                    if silent >= silent_tries:
                        if flight.some_prompt and not needs_reply:
                            return None  # one of the prompts that we gave to messages was this command's
                        raise NoAnswer(f"the radio doesn't answer ({command})")
                    self._write(CR)  # part of the command may have got there
                    await self.waiting.pause(self._grace_s(command))

    async def _fly(
        self, command: Frame, done: Callable[[Frame], bool] | None, *, needs_reply: bool, within_s: float
    ) -> _Flight:
        await self._see_off(command)
        flight = _Flight(done, int(self._clock() - self._line_at < OWN_PROMPT_S))
        self._flight = flight
        data = command.to_bytes()
        self._write(data)
        most_s = within_s + len(data) * BITS / self._baud
        if needs_reply:
            await self.waiting.until(lambda: flight.decided, most_s)
        elif await self.waiting.until(lambda: flight.decided or flight.prompted, most_s):
            await self.waiting.until(lambda: flight.decided, self._grace_s(command))
        self._flight = None  # not when we were cancelled: then the next command sees it off
        return flight

    async def _see_off(self, command: Frame) -> None:
        """Hear out a command whose asker was cancelled."""
        left = self._flight
        if left is not None:
            await self.waiting.until(lambda: left.decided or left.prompted, self._grace_s(command))
            if not left.decided:
                await self.waiting.until(lambda: left.decided, self._grace_s(command))
            self._flight = None

    def _grace_s(self, command: Frame) -> float:
        """Until an error has come over a slow line: the command's way there and the error's back."""
        return GRACE_S + (len(command.parameters) + 6 + 9) * BITS / self._baud
