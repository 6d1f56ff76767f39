"""Serial ports with modem lines: opening them without keying the radio, and saying what is wrong with the others."""

from __future__ import annotations

import contextlib
import errno
import socket
import termios
import time
from dataclasses import dataclass
from typing import Protocol

import serial  # noqa: TID251 this is pyserial's place
from serial import rfc2217  # noqa: TID251 as above
from serial.tools import list_ports  # noqa: TID251 as above
from typing_extensions import override

from radio_drivers.interface import LinkDown, RadioSettingsError
from radio_drivers.line.settings import LineSettings

FIRST_STATE_S = 2.0
"""An RFC 2217 server tells the modem lines once the options are agreed; so long we wait for it."""


INPUTS = {"cts": "cts", "dsr": "dsr", "dcd": "cd", "ri": "ri"}
"""Input lines, each with pyserial's name for it."""


class Port(Protocol):
    """What we use of pyserial's ports, which share no such type of their own."""

    rts: bool
    dtr: bool

    @property
    def cts(self) -> bool:
        """Clear to send; `dsr`, `cd` and `ri` are read by name."""
        ...

    def open(self) -> None:
        """Open it with the levels set beforehand."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...

    def read(self, size: int = ..., /) -> bytes:
        """What came in; raises `OSError` when the device has gone."""
        ...


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this machine."""

    device: str
    """What goes into `port = ...`."""
    description: str


def list_serial_ports() -> list[SerialPort]:
    """The serial ports of this machine. Reads the file system: call it off the event loop."""
    return [SerialPort(port.device, port.description or "") for port in sorted(list_ports.comports())]


def ptt_level(settings: LineSettings, line: str, *, keyed: bool) -> bool:
    """The level of an output line, `rts` or `dtr`.

    Args:
        settings: the wiring.
        line: which line.
        keyed: talk is pressed.
    """
    if line not in settings.key_lines:
        return line == settings.hold
    opposite = settings.ptt == "rts-dtr" and line == "dtr"
    return keyed is not (settings.ptt_invert is not opposite)


def read_inputs(port: Port) -> dict[str, bool]:
    """All input lines, CTS first: the usual order of squelches.

    Raises:
        OSError: the port is gone.
    """
    return {line: bool(getattr(port, attribute)) for line, attribute in INPUTS.items()}


def read_squelch(port: Port, settings: LineSettings) -> bool:
    """The squelch line says that somebody talks.

    Raises:
        OSError: the port is gone.
    """
    return bool(getattr(port, INPUTS[settings.squelch])) is not settings.squelch_invert


def open_port(settings: LineSettings) -> Port:
    """Open the port with the key up. Blocks for up to some seconds.

    Raises:
        RadioSettingsError: the port doesn't exist, isn't ours to open, or has no modem lines.
        LinkDown: it can't be reached now, but that may change.
    """
    url = settings.port
    if url is None:
        raise RadioSettingsError("the line radio has no port")
    port = _closed_port(url)
    # Linux raises DTR and RTS as it opens a port. With the levels set beforehand pyserial corrects that within a
    # millisecond or so, before a radio has come up.
    port.rts = ptt_level(settings, "rts", keyed=False)
    port.dtr = ptt_level(settings, "dtr", keyed=False)
    try:
        port.open()
    except OSError as error:
        if "expected a string in the form" in str(error) or "not supported between" in str(error):
            raise _bad_address(url, error) from error  # pyserial wraps its own complaints about the address
        raise _explained(url, error) from error
    except (ValueError, KeyError, TypeError) as error:  # what pyserial makes of addresses it doesn't understand
        raise _bad_address(url, error) from error
    try:
        _check_lines(url, port, settings)
    except BaseException:
        close_port(port)
        raise
    return port


def close_port(port: Port) -> None:
    """Close the port, also one whose device has gone."""
    with contextlib.suppress(OSError):
        port.close()


class _NetworkPort(rfc2217.Serial):
    """pyserial's RFC 2217 forgets to close its socket where the other end has closed first."""

    @override
    def close(self) -> None:
        connection: socket.socket | None = getattr(self, "_socket", None)
        super().close()
        if connection is not None:
            connection.close()


def _closed_port(url: str) -> Port:
    try:
        # exclusive: two programs must not both press the key. Flow control stays off: the lines are ours.
        if url.lower().startswith("rfc2217://"):
            network = _NetworkPort(None, timeout=0)
            network.port = url
            return network
        port: Port = serial.serial_for_url(url, do_not_open=True, timeout=0, exclusive=True)
    except (ValueError, serial.SerialException) as error:
        raise _bad_address(url, error) from error
    return port


def _bad_address(url: str, error: Exception) -> RadioSettingsError:
    return RadioSettingsError(f"port = {url!r}: {error}. Use a device such as /dev/ttyUSB0, or rfc2217://host:port")


def _check_lines(url: str, port: Port, settings: LineSettings) -> None:
    keep_hangup(port)
    if isinstance(port, rfc2217.Serial):
        # ser2net tells no modem lines until it is asked for them, and pyserial never asks (RFC 2217, SET-MODEMSTATE-MASK).
        port.rfc2217_send_subnegotiation(rfc2217.SET_MODEMSTATE_MASK, b"\xff")
    deadline = time.monotonic() + FIRST_STATE_S
    while True:
        try:
            _ = port.cts
            port.rts = ptt_level(settings, "rts", keyed=False)
        except serial.SerialException as error:
            if time.monotonic() > deadline:
                raise LinkDown(f"{url}: {error}") from error
            time.sleep(0.02)
        except OSError as error:
            raise _explained(url, error) from error
        else:
            return


def keep_hangup(port: Port) -> None:
    """Make the kernel drop RTS and DTR when the port closes, however our process ends.

    That is termios' HUPCL flag: on by default, but another program may have cleared it.
    """
    if not isinstance(port, serial.Serial) or port.fd is None:
        return
    attributes = termios.tcgetattr(port.fd)
    if not attributes[2] & termios.HUPCL:
        attributes[2] |= termios.HUPCL
        termios.tcsetattr(port.fd, termios.TCSANOW, attributes)


def _explained(url: str, error: OSError) -> RadioSettingsError | LinkDown:
    code = error.errno
    if code is None and isinstance(error.__context__, termios.error):  # pyserial drops that number
        code = error.__context__.args[0]
    if code in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
        there = "; ".join(f"{port.device} ({port.description})" for port in list_serial_ports()) or "none"
        return RadioSettingsError(f"serial port {url!r} not found; there are: {there}")
    if code == errno.EACCES:
        return RadioSettingsError(
            f"serial port {url!r} may not be opened by this user: add it to the port's group (usually dialout), "
            "or install systemd/60-huecry-radio.rules"
        )
    if code in {errno.ENOTTY, errno.EINVAL, errno.EISDIR}:
        return RadioSettingsError(
            f"{url!r} has no modem lines (RTS, DTR, CTS...), so push-to-talk and squelch can't work over it; "
            "pseudo-terminals have none. Use a real serial adapter or rfc2217://"
        )
    if code in {errno.EAGAIN, errno.EBUSY}:
        return LinkDown(f"serial port {url!r} is in use by another program")
    return LinkDown(f"serial port {url!r}: {error}")
