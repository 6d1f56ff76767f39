"""A serial port with all its modem lines in view: for finding out how a radio is wired.

Blocks, as serial ports do: call it off the event loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from radio_drivers.interface import LinkDown
from radio_drivers.line.ports import Port, close_port, open_port
from radio_drivers.line.settings import LineSettings

InLine = Literal["cts", "dsr", "dcd", "ri"]
OutLine = Literal["rts", "dtr"]
IN_LINES: tuple[InLine, ...] = ("cts", "dsr", "dcd", "ri")
OUT_LINES: tuple[OutLine, ...] = ("rts", "dtr")
_ATTRIBUTES = {"cts": "cts", "dsr": "dsr", "dcd": "cd", "ri": "ri"}


@dataclass(frozen=True, slots=True)
class Probe:
    """An open port with both outputs off."""

    port: Port
    url: str

    def levels(self) -> dict[InLine, bool]:
        """All inputs now.

        Raises:
            LinkDown: the port has gone.
        """
        try:
            self.port.read(64)  # how pyserial notices a pulled plug
            return {line: bool(getattr(self.port, _ATTRIBUTES[line])) for line in IN_LINES}
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
        """Both outputs off, whatever happened. Never raises."""
        for line in OUT_LINES:
            with contextlib.suppress(OSError, TypeError, ValueError):
                setattr(self.port, line, False)


@contextlib.contextmanager
def probed(url: str) -> Iterator[Probe]:
    """Open a port with both outputs off, and leave it so.

    Args:
        url: as `LineSettings.port`.

    Raises:
        RadioSettingsError, LinkDown: as `open_port`.
    """
    port = open_port(LineSettings(port=url))
    probe = Probe(port, url)
    try:
        yield probe
    finally:
        probe.rest()
        close_port(port)
