"""A serial port with all its modem lines in view: for finding out how a radio is wired.

Blocks, as serial ports do: call it off the event loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from radio_drivers.interface import LinkDown
from radio_drivers.line.ports import Port, close_port, open_port, read_inputs
from radio_drivers.line.settings import LineSettings

OutLine = Literal["rts", "dtr"]
OUT_LINES: tuple[OutLine, ...] = ("rts", "dtr")


@dataclass(frozen=True, slots=True)
class Probe:
    """An open port with its outputs at rest: off, but for one that is the interface's power supply."""

    port: Port
    url: str
    hold: OutLine | None = None

    def levels(self) -> dict[str, bool]:
        """All inputs now.

        Raises:
            LinkDown: the port has gone.
        """
        try:
            self.port.read(64)  # how pyserial notices a pulled plug
            return read_inputs(self.port)
        except (OSError, TypeError) as error:
            raise LinkDown(f"serial port {self.url!r}: {error}") from error

    def drive(self, line: OutLine, *, on: bool) -> None:
        """Set an output.

        Raises:
            LinkDown: the port has gone.
        """
        try:
            setattr(self.port, line, on)
        except (OSError, TypeError) as error:
            raise LinkDown(f"serial port {self.url!r}: {error}") from error

    def rest(self) -> None:
        """Outputs at rest, whatever happened. Never raises."""
        for line in OUT_LINES:
            with contextlib.suppress(OSError, TypeError, ValueError):
                setattr(self.port, line, line == self.hold)


@contextlib.contextmanager
def probed(url: str, hold: OutLine | None = None) -> Iterator[Probe]:
    """Open a port with its outputs at rest, and leave it so.

    Args:
        url: as `LineSettings.port`.
        hold: an output that is kept on, as `LineSettings.hold`.

    Raises:
        RadioSettingsError, LinkDown: as `open_port`.
    """
    port = open_port(LineSettings(port=url, hold=hold or "none"))
    probe = Probe(port, url, hold)
    try:
        yield probe
    finally:
        probe.rest()
        close_port(port)
