"""One link to the radio, from its opening to its loss: everything that belongs to it goes with it."""

from __future__ import annotations

import asyncio

import structlog

from radio_drivers.control import Told
from radio_drivers.interface import LinkDown, RadioError
from radio_drivers.serial_link import Link
from radio_drivers.tait.finding import Finder
from radio_drivers.tait.hearing import Hearing
from radio_drivers.tait.messages import UNKEY, read
from radio_drivers.tait.protocol import CR, BadLine, Frame, FrameReader
from radio_drivers.tait.setup import Setup
from radio_drivers.tait.talking import Talking
from radio_drivers.tait.tending import Tending
from radio_drivers.tait.transactions import BITS, Transactions
from radio_drivers.tait.waiting import Waiting

log = structlog.get_logger(__name__)

RELEASE_S = 1.0
"""For the radio to accept the release of the key as we close. Then it is said once more without waiting."""

BAD_LINES_TOLD = 20
"""Every so many unreadable lines there is a warning: one is noise, many are a bad cable or another program on the port."""


class Session:
    """One link. Open it, and once a radio was found there, `begin`.

    Args:
        setup: the radio.
        told: where it is reported.
        link: not yet open.
        baud: its speed.
    """

    def __init__(self, setup: Setup, told: Told, link: Link, baud: int) -> None:
        self._channel = setup.channel
        self._told = told
        self._link = link
        self._baud = baud
        self._clock = setup.clock
        self._reader = FrameReader()
        self._waiting = Waiting()
        self._transactions = Transactions(link.write, self._waiting, setup.clock, baud)
        self.finder = Finder(link.write, self._transactions)
        self._hearing = Hearing(setup, told)
        self.talking = Talking(setup, self._transactions, self._hearing)
        self._tending = Tending(setup, told, self.finder, self._hearing, self.talking)
        self._task: asyncio.Task[None] | None = None
        self._begun = False
        self._bad_lines = 0
        self.over = False
        """The link has gone."""
        self.left_keyed = False
        """It was closed without the radio having accepted the release of the key."""

    @property
    def identity(self) -> dict[str, str]:
        """What the radio says about itself."""
        return self._tending.identity

    async def open(self) -> None:
        """Open the link.

        Raises:
            RadioSettingsError, LinkDown.
        """
        await self._link.open(self._take, self.lost)
        if not self.over:
            self._waiting.begin()

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._link.write(data)

    async def begin(self, *, first: bool, may_be_keyed: bool) -> None:
        """A radio was found: release its key, make it tell us everything, and keep it so.

        Args:
            first: since the program began.
            may_be_keyed: the link before this one left it transmitting.

        Raises:
            RadioSettingsError: it can't say when the channel is busy.
            LinkDown.
        """
        await self.talking.release_first(may_be_keyed=may_be_keyed)
        await self._tending.begin(first=first)
        self._task = asyncio.create_task(self._tend(), name=f"Tait radio {self._channel}")
        self._task.add_done_callback(self._tended)
        self._begun = True

    def lost(self, reason: str) -> None:
        """The link has gone, or the radio at its end."""
        if self.over:
            return
        self.over = True
        self._waiting.end(reason)
        if self._begun:
            self._hearing.link_lost()
            self._told.lost(reason)

    async def close(self) -> None:
        """Release the key if it may be down, and close the link. Never raises."""
        self._begun = False
        try:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait({self._task})
            if self.talking.keyed and not self.over:
                await self._release()
        finally:
            self.left_keyed = self.talking.keyed
            if self.left_keyed:
                self._link.write(CR + UNKEY.to_bytes())
            self.over = True
            self._waiting.end("the radio's port was closed")
            await self._link.close()

    async def _release(self) -> None:
        try:
            async with asyncio.timeout(RELEASE_S):
                await self.talking.release()
        except (RadioError, TimeoutError) as error:
            problem = str(error) or "no answer"
        else:
            return
        log.error("the key could not be released", channel=self._channel, problem=problem)

    def _take(self, data: bytes) -> None:
        if self.over:
            return
        # The message began about so long before its end was read.
        at_s = self._clock() - len(data) * BITS / self._baud
        for item in self._reader.feed(data):
            if isinstance(item, BadLine):
                self._unreadable(item)
            self.finder.take(item)
            self._transactions.take(item)
            message = read(item) if isinstance(item, Frame) else None
            if message is not None:
                self._hearing.take(message, at_s)
            self._waiting.look()
            if self.over:
                return

    def _unreadable(self, line: BadLine) -> None:
        self._bad_lines += 1
        if self._bad_lines % BAD_LINES_TOLD == 0:
            log.warning(
                "the radio's port gives much that can't be read: check cable, speed and who else uses it",
                channel=self._channel,
                lines=self._bad_lines,
                last=line.start.decode("latin-1"),
            )

    async def _tend(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for work in self._tending.works():
                    group.create_task(work)
                group.create_task(self.talking.guard())
        except* LinkDown as errors:
            self.lost(str(errors.exceptions[0]))

    def _tended(self, task: asyncio.Task[None]) -> None:
        """Whatever ended it, without it the radio is not looked after, and somebody must know."""
        if task.cancelled():
            return
        problem = task.exception()
        while isinstance(problem, BaseExceptionGroup):
            problem = problem.exceptions[0]
        self.lost(f"looking after the Tait radio failed: {problem!r}")
