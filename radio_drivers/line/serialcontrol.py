"""Modem lines as a control: what a line radio has where no make of base station is named."""

from __future__ import annotations

import structlog

from radio_drivers.control import Told
from radio_drivers.interface import NotSupported
from radio_drivers.line.lines import Lines
from radio_drivers.line.settings import LineSettings

log = structlog.get_logger(__name__)


class SerialControl:
    """Push-to-talk and squelch on the modem lines of `port`. See `radio_drivers.control.Control` for the contract.

    Without a port there is nothing to hold: the radio keys itself by its own VOX, or only listens.

    Args:
        settings: the wiring.
    """

    def __init__(self, settings: LineSettings) -> None:
        self._settings = settings
        self._lines = Lines(settings) if settings.port is not None else None
        self._warned = False

    @property
    def tells_squelch(self) -> bool:
        """A squelch line is wired."""
        return self._settings.squelch != "vox"

    @property
    def squelch_late_s(self) -> float:
        """Debounce or hang, whichever is longer."""
        return max(self._settings.debounce_ms, self._settings.hang_ms) / 1000

    @property
    def transmits(self) -> bool:
        """Unless `ptt = "none"`."""
        return self._settings.transmits

    @property
    def text_max(self) -> int | None:
        """Modem lines carry no text."""
        return None

    @property
    def inputs(self) -> dict[str, bool]:
        """Levels of the port's input lines, for a person to look at."""
        return self._lines.inputs if self._lines is not None else {}

    async def open(self, told: Told) -> None:
        """Open the port with the key up and start watching.

        Raises:
            RadioSettingsError, LinkDown: as `Lines.open`.
        """
        if self._settings.ptt_invert and not self._warned:
            self._warned = True
            log.warning("ptt_invert: this radio may transmit while the gateway is stopped", port=self._settings.port)
        if self._lines is not None:
            await self._lines.open(told.squelch, told.lost)

    async def key(self, on: bool) -> None:
        """Press or release talk; returns when the line has that level.

        Raises:
            LinkDown: pressing needs an open port.
        """
        if self._lines is not None:
            await self._lines.key(on)

    async def send_text(self, text: str, to: str | None) -> None:  # noqa: ARG002 the contract's arguments
        """Not something modem lines can do.

        Raises:
            NotSupported: always.
        """
        raise NotSupported("modem lines carry no text")

    async def close(self) -> None:
        """Release the key and close the port."""
        if self._lines is not None:
            await self._lines.close()
