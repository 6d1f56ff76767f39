"""A Tait radio's data port as a control: what the line driver needs beside the sound card.

Transport: `radio_drivers.serial_link`. Protocol: protocol.py, messages.py. Dialogue: transactions.py (one command at a time) and
finding.py (is there a radio?). State: hearing.py (what the radio says), talking.py (its transmitter). Life: tending.py, session.py
and this module.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import structlog

from radio_drivers.control import Told
from radio_drivers.interface import KeyingRules, LinkDown, NotSupported, RadioSettingsError
from radio_drivers.reconnect import utc_now
from radio_drivers.serial_link import Link, SerialLink
from radio_drivers.tait.finding import Finder, find
from radio_drivers.tait.messages import UNKEY
from radio_drivers.tait.protocol import CR
from radio_drivers.tait.session import Session
from radio_drivers.tait.settings import TaitSettings
from radio_drivers.tait.setup import Setup
from radio_drivers.tait.transactions import BITS, NoAnswer

log = structlog.get_logger(__name__)

COS_S = 0.03
"""From a carrier to the message about it: 27 to 28 ms on a TM8110."""

READ_LATE_S = 0.03
"""What reading the port and the event loop add."""


class TaitControl:
    """One Tait radio. See `radio_drivers.control.Control` for the contract.

    Args:
        channel: the channel's name in the configuration.
        settings: port, calls, texts.
        rules: manners on the channel.
        make_link: a link at a speed, not yet open; None: a serial port by pyserial.
        clock: seconds that never jump, the clock of squelch changes.
        now: the time in UTC.
    """

    def __init__(
        self,
        channel: str,
        settings: TaitSettings,
        rules: KeyingRules | None = None,
        *,
        make_link: Callable[[int], Link] | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings = settings
        self._setup = Setup(channel, settings, rules or KeyingRules(), clock, now)
        self._make_link = make_link or self._serial_link
        self._found_baud: int | None = None
        self._session: Session | None = None
        self._may_be_keyed = False
        """The link went away before a release was accepted."""
        self._first = True

    @property
    def tells_squelch(self) -> bool:
        """PROGRESS messages say when the channel is busy, unless `squelch = "vox"`."""
        return self._settings.squelch == "radio"

    @property
    def squelch_late_s(self) -> float:
        """The radio's own delay, and the message's way at the slowest speed it may have."""
        return COS_S + READ_LATE_S + 10 * BITS / (self._found_baud or self._settings.baud or 9_600)

    @property
    def transmits(self) -> bool:
        """Unless `ptt = "none"`."""
        return self._settings.ptt == "radio"

    @property
    def text_max(self) -> int | None:
        """32 or 128 characters where `text_to` is set."""
        return self._settings.text_max

    async def open(self, told: Told) -> None:
        """Find the radio, release its key, and tell it what to tell us.

        Raises:
            RadioSettingsError: the port doesn't exist, or the radio can't say when the channel is busy.
            LinkDown: no radio answers.
        """
        if self._settings.port is None:
            raise RadioSettingsError('the Tait radio has no port; set tait.port, for instance "/dev/ttyUSB0"')
        session: Session | None = None

        async def try_at(baud: int) -> Finder:
            nonlocal session
            if session is not None:
                await session.close()
            session = Session(self._setup, told, self._make_link(baud), baud)
            self._session = session
            await session.open()
            if self._may_be_keyed:  # before any looking around
                session.write(CR + UNKEY.to_bytes())
            return session.finder

        try:
            baud, model = await find(self._settings, self._found_baud, try_at)
            self._found_baud = baud
            if session is None:
                raise AssertionError("a radio answered without a link")
            await session.begin(first=self._first, may_be_keyed=self._may_be_keyed)
            self._first = False
        except BaseException:
            await self.close()
            raise
        self._may_be_keyed = False
        log.info(
            "Tait radio",
            channel=self._setup.channel,
            radio=model.radio,
            ccdi=model.version,
            baud=baud,
            **session.identity,
        )

    async def key(self, on: bool) -> None:
        """Press or release talk.

        Raises:
            LinkDown, ChannelBusy, NotSupported: pressing, as `Talking.press`; releasing, where the radio doesn't accept it.
        """
        session = self._session
        if session is None or session.over:
            if on:
                raise LinkDown(f"the Tait radio on {self._settings.port!r} is not there just now")
            return
        if on and not self.transmits:
            raise NotSupported('this radio only listens (tait.ptt = "none")')
        try:
            await (session.talking.press() if on else session.talking.release())
        except NoAnswer as error:
            session.lost(str(error))
            raise

    async def send_text(self, text: str, to: str | None) -> None:
        """Send one message to one unit, or to all that `text_to` names.

        Raises:
            NotSupported, LinkDown, ChannelBusy: as `Talking.send_text`.
        """
        session = self._session
        if session is None or session.over:
            raise LinkDown(f"the Tait radio on {self._settings.port!r} is not there just now")
        try:
            await session.talking.send_text(text, to)
        except NoAnswer as error:
            session.lost(str(error))
            raise

    async def close(self) -> None:
        """Release the key and let go of the port. Never raises."""
        session, self._session = self._session, None
        if session is not None:
            try:
                await session.close()
            finally:
                self._may_be_keyed = self._may_be_keyed or session.left_keyed

    def _serial_link(self, baud: int) -> Link:
        # RTS and DTR are on: a radio with hardware flow control is silent without RTS.
        # A key that a command pressed obeys no timer of the radio's: a gateway that is killed must not leave it down. What it
        # was saying ends at the first CR; the release may still be refused while the radio thinks about that, hence twice.
        release = (CR, UNKEY.to_bytes(), UNKEY.to_bytes())
        return SerialLink(
            self._settings.port or "", baud, flow=self._settings.flow, where="tait.port", last_words=release
        )
