"""The wire beside the sound card: what presses talk, tells that somebody talks, and whatever else a base station says.

A base station with its voice on a sound card is two things: the sound, which is the same for all of them
(`radio_drivers.line.sound`), and a control that differs by make: modem lines, `rigctld`, a CM108's pins, a Tait's data port,
a TETRA radio's PEI. `radio_drivers.line.driver.LineDriver` joins one of each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from radio_drivers.interface import RadioEvent

if TYPE_CHECKING:  # at run time the line driver needs this module first
    from radio_drivers.line.squelch import Change


@dataclass(frozen=True, slots=True)
class Told:
    """Where a control reports. All are called in the event loop, are quick and don't raise."""

    squelch: Callable[[Change], None]
    """The channel opened or closed; `since_s` is of `time.monotonic`. Never called by a control without `tells_squelch`."""
    event: Callable[[RadioEvent], None]
    """Anything but key-up, key-down and audio: text, emergency, signalling, strength."""
    lost: Callable[[str], None]
    """The link has gone; the reason is for the operator. Once for each `open`."""


@runtime_checkable
class ShowsInputs(Protocol):
    """A control or driver whose pins a person may look at."""

    @property
    def inputs(self) -> dict[str, bool]:
        """Levels by the name of the line or pin, as they were just now; empty while there is no link."""
        ...


class Control(Protocol):
    """One base station's control link. Life: construct (no I/O), `open`, then the rest, `close`; `open` again after a loss."""

    @property
    def tells_squelch(self) -> bool:
        """It says by itself whether somebody talks. Where not, the driver judges by the sound."""
        ...

    @property
    def squelch_late_s(self) -> float:
        """A close is told at most this much after it happened (debounce, hang, polling)."""
        ...

    @property
    def transmits(self) -> bool:
        """It can press talk, or the radio keys itself."""
        ...

    @property
    def text_max(self) -> int | None:
        """Characters in one text message; None where it has no text."""
        ...

    async def open(self, told: Told) -> None:
        """Make the link, with the key up.

        Raises:
            RadioSettingsError: the settings can't work; trying again won't help.
            LinkDown: not there now.
        """
        ...

    async def key(self, on: bool) -> None:
        """Press or release talk; returns when the base station took it. Releasing twice, or when closed, is harmless.

        Raises:
            LinkDown: pressing, and it can't be reached.
        """
        ...

    async def send_text(self, text: str, to: str | None) -> None:
        """Send one message of at most `text_max` characters to one unit, or to all.

        Raises:
            NotSupported, LinkDown, ChannelBusy.
        """
        ...

    async def close(self) -> None:
        """Release the key and let go of the link. Never raises."""
        ...
