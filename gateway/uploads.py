"""Tells the upload drivers what is stored, so that a recorder is told "imported" only once its call is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from dispatch.store.errors import StoreError
from gateway.recorder import Dropped, Outcome, Started
from gateway.transmission import Transmission

log = structlog.get_logger()

STORED_WITHIN_S = 10.0
"""Longer, and the recorder is asked to come again: the disk or the database refuses."""


class Recorded(Protocol):
    """What this needs of the store."""

    async def has(self, channel: str, at: datetime, duration_s: float) -> bool:
        """A recording of this channel, begin and length."""
        ...


@dataclass(slots=True)
class _Waiting:
    """A call on its way through the recorder."""

    begins: set[datetime]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    talking: datetime | None = None

    def over(self, begin: datetime | None) -> None:
        """This one is stored, or was no transmission."""
        if begin is not None:
            self.begins.discard(begin)
        if not self.begins:
            self.done.set()


class UploadLedger:
    """Implements `radio_drivers.upload.driver.Ledger`.

    Args:
        within_s: how long a call may take from the driver to the disk.
    """

    def __init__(self, within_s: float = STORED_WITHIN_S) -> None:
        self._within_s = within_s
        self._waiting: dict[str, _Waiting] = {}
        self._recorded: Recorded | None = None
        self._recovered = asyncio.Event()

    def open(self, recorded: Recorded, recovered: asyncio.Event) -> None:
        """The store is there.

        Args:
            recorded: the store's side.
            recovered: set once what an earlier run left is entered: a recording that has a file and no row yet is stored, too.
        """
        self._recorded, self._recovered = recorded, recovered

    def recorder(self, outcome: Outcome) -> None:
        """The recorder began or dropped something (a listener of the daemon)."""
        match outcome:
            case Started(channel, at, _) if waiting := self._waiting.get(channel):
                waiting.talking = at
            case Dropped(channel, _) if waiting := self._waiting.get(channel):
                waiting.over(waiting.talking)
            case _:
                pass

    def kept(self, transmission: Transmission) -> None:
        """A recording is on disk with its row committed (a listener of the daemon)."""
        if waiting := self._waiting.get(transmission.channel):
            waiting.over(transmission.started_at)

    async def has(self, channel: str, at: datetime, seconds: float) -> bool:
        """A recording of this channel, begin and length is stored. False where that can't be found out now."""
        if self._recorded is None:
            return False
        try:
            async with asyncio.timeout(self._within_s):
                await self._recovered.wait()
            return await self._recorded.has(channel, at, seconds)
        except TimeoutError:
            return False
        except StoreError as error:
            log.warning("can't look whether a call is stored already", channel=channel, why=str(error))
            return False

    async def stored(self, channel: str, begins: tuple[datetime, ...], tell: Callable[[], None]) -> bool:
        """Call `tell`, then wait until all of it is stored; False where that takes too long."""
        waiting = self._waiting[channel] = _Waiting(set(begins))
        try:
            tell()
            async with asyncio.timeout(self._within_s):
                await waiting.done.wait()
        except TimeoutError:
            return False
        finally:
            del self._waiting[channel]
        return True
