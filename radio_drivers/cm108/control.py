"""A radio on the pins of a CM108-family chip."""

from __future__ import annotations

from pathlib import Path

import structlog

from radio_drivers.cm108.devices import SYSFS
from radio_drivers.cm108.node import HidNode
from radio_drivers.cm108.protocol import gpio_report, input_reports, squelch_level
from radio_drivers.cm108.settings import Cm108Settings
from radio_drivers.control import Told
from radio_drivers.interface import LinkDown, NotSupported
from radio_drivers.line.pushed import PushedSquelch

log = structlog.get_logger(__name__)

REPORTING_S = 0.05
"""USB asks a chip for news every few milliseconds to some tens, as the chip wishes; reckoned generously."""


class Cm108Control:
    """One interface. See `radio_drivers.control.Control` for the contract.

    Args:
        settings: which device, and the wiring.
        sysfs: where the kernel lists HID devices.
    """

    def __init__(self, settings: Cm108Settings, *, sysfs: Path = SYSFS) -> None:
        self._settings = settings
        self._sysfs = sysfs
        self._node: HidNode | None = None
        self._squelch: PushedSquelch | None = None
        self._warned = False

    @property
    def tells_squelch(self) -> bool:
        """Unless `squelch = "vox"`."""
        return self._settings.squelch != "vox"

    @property
    def squelch_late_s(self) -> float:
        """Debounce or hang, and the bus's polling."""
        return max(self._settings.debounce_ms, self._settings.hang_ms) / 1000 + REPORTING_S

    @property
    def transmits(self) -> bool:
        """Unless `ptt_gpio = 0`."""
        return self._settings.ptt_gpio != 0

    @property
    def text_max(self) -> int | None:
        """A sound chip has no text messages."""
        return None

    async def open(self, told: Told) -> None:
        """Open the device with the key up, and listen to it.

        Raises:
            RadioSettingsError, LinkDown: as `HidNode.open`.
        """
        settings = self._settings
        if settings.ptt_invert and not self._warned:
            self._warned = True
            log.warning("ptt_invert: this radio may transmit while the gateway is stopped", device=settings.device)
        node = self._node = HidNode(settings, self._sysfs)
        await node.open(self._report(keyed=False))
        squelch = self._squelch = PushedSquelch(settings.debounce_ms / 1000, settings.hang_ms / 1000, told.squelch)

        def on_report(data: bytes) -> None:
            for report in input_reports(data):
                level = squelch_level(report, settings.squelch)
                if level is not None:
                    squelch.level(level is not settings.squelch_invert)

        node.listen(on_report, told.lost)

    async def key(self, on: bool) -> None:
        """Press or release talk; returns when the chip took it.

        Raises:
            LinkDown: pressing, and it isn't there; or it didn't take it.
        """
        if self._node is None:
            if on:
                raise LinkDown("the CM108 interface is not open")
            return
        if self.transmits:
            await self._node.write(self._report(keyed=on))

    async def send_text(self, text: str, to: str | None) -> None:  # noqa: ARG002 the contract's arguments
        """Not something a sound chip can do.

        Raises:
            NotSupported: always.
        """
        raise NotSupported("a CM108 interface carries no text")

    async def close(self) -> None:
        """Release the key and close the device."""
        squelch, self._squelch = self._squelch, None
        node, self._node = self._node, None
        if squelch is not None:
            squelch.stop()
        if node is not None:
            await node.close(self._report(keyed=False))

    def _report(self, *, keyed: bool) -> bytes:
        gpio = self._settings.ptt_gpio
        return gpio_report(gpio, high=keyed is not self._settings.ptt_invert) if gpio else bytes(5)
