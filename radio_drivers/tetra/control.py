"""A TETRA radio as a control beside the sound card: who talks, texts both ways, emergencies, strength, and the key.

Its voice doesn't travel over the PEI: it comes and goes by the accessory connector and the sound card.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from radio_drivers.control import Told
from radio_drivers.interface import LinkDown, NotSupported, RadioSettingsError
from radio_drivers.reconnect import utc_now
from radio_drivers.serial_link import Line, Link, SerialLink
from radio_drivers.tetra.session import Session
from radio_drivers.tetra.settings import TetraSettings

LATE_S = 0.2
"""A radio tells that talk ended at most this long after it did."""


class TetraControl:
    """One TETRA radio on its PEI. See `radio_drivers.control.Control` for the contract.

    Args:
        channel: the channel's name in the configuration.
        settings: port, key, texts, emergencies.
        link: the way to the radio; None makes the serial port of the settings.
        now: the time in UTC.
        clock: seconds that never jump; those of `Change`.
    """

    def __init__(
        self,
        channel: str,
        settings: TetraSettings,
        *,
        link: Link | None = None,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._link = link
        self._now = now
        self._clock = clock
        self._session: Session | None = None

    @property
    def tells_squelch(self) -> bool:
        """Unless `squelch = "vox"`."""
        return self._settings.squelch == "pei"

    @property
    def squelch_late_s(self) -> float:
        """As long as a radio takes to say it."""
        return LATE_S

    @property
    def transmits(self) -> bool:
        """Unless `ptt = "none"`."""
        return self._settings.transmits

    @property
    def text_max(self) -> int | None:
        """`text_max`, or less where the radio says that it takes less."""
        if not self._settings.text_out:
            return None
        return self._settings.text_max if self._session is None else self._session.texting.text_max

    async def open(self, told: Told) -> None:
        """Open the port, bring the radio into a known state, and ask it to tell us of calls and messages.

        Raises:
            RadioSettingsError: no such port.
            LinkDown: the radio can't be reached, or doesn't answer.
        """
        link = self._link or self._serial_link()
        session = Session(self._channel, self._settings, link, told, now=self._now, clock=self._clock)
        self._session = session
        try:
            await session.open()
        except BaseException:
            await self.close()
            raise

    async def key(self, on: bool) -> None:
        """Press or release talk; returns when the network let us talk.

        Raises:
            ChannelBusy: the network didn't.
            LinkDown: the radio isn't there.
            NotSupported: no group to call.
        """
        session = self._session
        if session is None:
            if on:
                raise LinkDown(f"{self._channel}: the radio's PEI is not open")
            return
        await (session.press() if on else session.release())

    async def send_text(self, text: str, to: str | None) -> None:
        """Send one message; with `to`, returns when it was delivered, or nothing was heard of it for `report_s`.

        Raises:
            NotSupported: no text, or nobody to send it to.
            LinkDown: not taken, or not delivered.
        """
        session = self._session
        if not self._settings.text_out:
            raise NotSupported(f"{self._channel}: texts are switched off (tetra.text_out)")
        if session is None:
            raise LinkDown(f"{self._channel}: the radio's PEI is not open")
        await session.send_text(text, to)

    async def close(self) -> None:
        """Release the key and close the port."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _serial_link(self) -> SerialLink:
        settings = self._settings
        if settings.port is None:
            raise RadioSettingsError(
                f'{self._channel}: tetra.port is not set; give the radio\'s PEI, for instance "/dev/ttyACM0"'
            )
        low: frozenset[Line] = frozenset()
        if settings.ptt == "rts" or settings.ptt == "dtr":  # noqa: PLR1714 mypy narrows by ==, not by a set
            low = frozenset((settings.ptt,))
        return SerialLink(settings.port, settings.baud, low=low, where="tetra.port")
