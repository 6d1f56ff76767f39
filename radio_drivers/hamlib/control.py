"""A radio behind `rigctld`: talk pressed and read back, squelch and strength polled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from radio_drivers.control import Told
from radio_drivers.hamlib.link import RigLink, RigRefused
from radio_drivers.hamlib.protocol import CANNOT
from radio_drivers.hamlib.settings import RigctldSettings
from radio_drivers.interface import LinkDown, NotSupported, RadioError, RadioSettingsError, StrengthRead
from radio_drivers.line.squelch import LineSquelch
from radio_drivers.reconnect import utc_now

log = structlog.get_logger(__name__)

PRESSED = {"on": "1", "mic": "2", "data": "3"}
"""Arguments of `set_ptt` (rigctl(1)); 0 releases."""

READ_BACKS = 5
READ_BACK_S = 0.1
"""A radio may need a moment until it says that it transmits: it is asked so often, so far apart."""

RELEASE_S = 2.0
"""Time for releasing the key as we leave, also over a new connection when the old one broke with the key down."""

PROOF_S = 5.0
"""How often a radio that isn't polled for its squelch is asked something, so that a dead link shows."""

PATIENCE = 3
"""So many failed questions in a row are a lost radio; fewer are a busy bus."""


class RigctldControl:
    """One radio. See `radio_drivers.control.Control` for the contract.

    Args:
        channel: the channel's name in the configuration, for events.
        settings: where, and what the radio can.
        now: the time in UTC, for events.
        clock: seconds that never jump.
        sleep: waits on that clock.
    """

    def __init__(
        self,
        channel: str,
        settings: RigctldSettings,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._now = now
        self._clock = clock
        self._sleep = sleep
        self._link = RigLink(settings)
        self._watch: asyncio.Task[None] | None = None
        self._pressed = False
        self._reads_back = settings.read_back
        self._strength_at = float("inf")

    @property
    def tells_squelch(self) -> bool:
        """Unless `squelch = "vox"`."""
        return self._settings.squelch == "dcd"

    @property
    def squelch_late_s(self) -> float:
        """Debounce or hang, and the polling: a question just before the change, one after, its answer."""
        return (max(self._settings.debounce_ms, self._settings.hang_ms) + 2 * self._settings.poll_ms) / 1000

    @property
    def transmits(self) -> bool:
        """Unless `ptt = "none"`."""
        return self._settings.ptt != "none"

    @property
    def text_max(self) -> int | None:
        """Hamlib has no text messages."""
        return None

    async def open(self, told: Told) -> None:
        """Connect, release the key, and start asking.

        Raises:
            RadioSettingsError: the radio can't do what the settings ask of it.
            LinkDown: `rigctld` or the radio isn't there.
        """
        await self._link.open(told.lost)
        try:
            if self.transmits:
                await self._release()
                await self._link.release_if_we_die()
            self._reads_back = self.transmits and self._settings.read_back
            self._strength_at = self._clock() if self._settings.strength else float("inf")
            if self.tells_squelch:
                await self._squelch_open()
        except RigRefused as error:
            raise self._explained(error) from error
        self._watch = asyncio.create_task(self._keep_watch(told), name=f"rigctld {self._channel}")
        self._watch.add_done_callback(self._watch_ended)

    async def key(self, on: bool) -> None:
        """Press or release talk; returns when the radio says that it did.

        Raises:
            LinkDown: it couldn't be told, or didn't. Releasing over a broken link is left to `close`.
        """
        if not self.transmits or not (on or self._link.is_open):
            return
        try:
            if not on:
                await self._release()
                await self._read_back(on=False)
                return
            self._pressed = True  # before: an order whose answer gets lost must still lead to a release
            await self._link.ask("set_ptt", PRESSED[self._settings.ptt])
            await self._read_back(on=True)
        except RigRefused as error:
            raise LinkDown(str(error)) from error

    async def send_text(self, text: str, to: str | None) -> None:  # noqa: ARG002 the contract's arguments
        """Not something Hamlib can do.

        Raises:
            NotSupported: always.
        """
        raise NotSupported("rigctld carries no text")

    async def close(self) -> None:
        """Release the key, over a new connection if the old one broke with the key down, and hang up."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.wait({watch})
        problem = await self._last_release()
        if problem is not None and self._pressed:
            log.error(
                "the key could not be released: the radio may still transmit until rigctld is there again",
                channel=self._channel,
                problem=problem,
            )
        await self._link.close()

    async def _last_release(self) -> str | None:
        """Release the key, if there is any way to; why not otherwise."""
        try:
            async with asyncio.timeout(RELEASE_S):
                if self._pressed and not self._link.is_open:
                    # rigctld holds the key when its client goes away (4.5.4); only another client can release it.
                    await self._link.close()
                    await self._link.open(lambda _: None)
                if self.transmits and self._link.is_open:
                    await self._release()
        except TimeoutError:
            return f"no answer within {RELEASE_S:g} s"
        except RadioError as error:
            return str(error)
        return None

    async def _release(self) -> None:
        await self._link.ask("set_ptt", "0")
        self._pressed = False

    async def _read_back(self, *, on: bool) -> None:
        for attempt in range(READ_BACKS if self._reads_back else 0):
            if attempt:
                await self._sleep(READ_BACK_S)
            try:
                (value,) = await self._link.ask("get_ptt")
            except ValueError:
                continue
            except RigRefused as error:
                if error.code not in CANNOT:
                    raise
                log.info("this radio can't say whether it transmits", channel=self._channel, problem=str(error))
                self._reads_back = False
                return
            if (value != "0") is on:
                return
        if self._reads_back:
            raise LinkDown(
                "rigctld took the order, but the radio does not transmit: see its PTT settings and rigctld's -P"
                if on
                else "rigctld took the order, but the radio still transmits"
            )

    async def _keep_watch(self, told: Told) -> None:
        squelch = LineSquelch(self._settings.debounce_ms / 1000, self._settings.hang_ms / 1000)
        failed = 0
        while True:
            await self._sleep(self._settings.poll_ms / 1000 if self.tells_squelch else PROOF_S)
            if self._pressed:
                continue  # what its squelch and meter say now is about ourselves
            try:
                if self.tells_squelch:
                    await self._look(squelch, told)
                else:
                    await self._link.ask("get_ptt")
            except RigRefused as error:
                if error.code in CANNOT and not self.tells_squelch:
                    continue  # an answer all the same
                failed += 1
                if failed == PATIENCE:
                    self._link.abort(str(error))
                    return
            except RadioError as error:
                self._link.abort(str(error))
                return
            else:
                failed = 0

    def _watch_ended(self, watch: asyncio.Task[None]) -> None:
        error = None if watch.cancelled() else watch.exception()
        if error is not None:  # nobody would hear the radio any more: rather begin again
            log.error("watching the radio failed", channel=self._channel, exc_info=error)
            self._link.abort(f"watching it failed: {error!r}")

    async def _look(self, squelch: LineSquelch, told: Told) -> None:
        level = await self._squelch_open()
        now = self._clock()
        change = squelch.feed(level, now)
        if change is not None:
            told.squelch(change)
        if level and squelch.open and now >= self._strength_at:
            self._strength_at = now + self._settings.strength_ms / 1000
            await self._read_strength(told)

    async def _squelch_open(self) -> bool:
        values = await self._link.ask("get_dcd")
        if values not in {("0",), ("1",)}:
            raise LinkDown(f"get_dcd was answered with {values!r}")
        return values == ("1",)

    async def _read_strength(self, told: Told) -> None:
        try:
            (value,) = await self._link.ask("get_level", "STRENGTH")
            dbm = self._settings.s9_dbm + int(value)
        except RigRefused as error:
            if error.code not in CANNOT:
                raise
            log.info("this radio tells no signal strength", channel=self._channel, problem=str(error))
            self._strength_at = float("inf")
            return
        except ValueError as error:
            raise LinkDown("get_level STRENGTH was answered with no number") from error
        if not self._pressed:
            told.event(StrengthRead(self._channel, self._now(), dbm))

    def _explained(self, error: RigRefused) -> RadioError:
        if error.code not in CANNOT:
            return LinkDown(str(error))
        if "set_ptt" in str(error):
            return RadioSettingsError(
                f'{error}. Start rigctld with the way to press talk, as -P RIG or -P RTS, or set rigctld.ptt = "none"'
            )
        return RadioSettingsError(
            f'{error}. Start rigctld with the squelch\'s wire, as -D RIG or -D CTS, or set rigctld.squelch = "vox"'
        )
