"""Tells systemd how the service is, by datagrams to `$NOTIFY_SOCKET` (sd_notify(3)). Without systemd nothing happens."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

import structlog

log = structlog.get_logger()

MICROSECONDS = 1_000_000


class Notifier:
    """Says READY, STATUS, WATCHDOG and STOPPING."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        # The address of an abstract socket is written with @ for the leading zero byte.
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog_usec = environ.get("WATCHDOG_USEC", "")
        self._watchdog_pid = environ.get("WATCHDOG_PID", "")

    @property
    def watchdog_s(self) -> float | None:
        """How long systemd waits for a sign of life, seconds; None when it does not."""
        if self._watchdog_pid not in {"", str(os.getpid())}:
            return None
        return int(self._watchdog_usec) / MICROSECONDS if self._watchdog_usec.isdecimal() else None

    def ready(self, status: str) -> None:
        """Start-up is over: reception works."""
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def status(self, text: str) -> None:
        """The line that `systemctl status` shows."""
        self._send(f"STATUS={_line(text)}")

    def alive(self) -> None:
        """The sign of life that the watchdog waits for."""
        self._send("WATCHDOG=1")

    def stopping(self, status: str = "stopping") -> None:
        """An orderly stop has begun."""
        self._send(f"STOPPING=1\nSTATUS={_line(status)}")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
                sock.setblocking(False)
                sock.sendto(message.encode(), self._address)
        except OSError as error:
            # Reception matters more than what systemd knows; a missing WATCHDOG=1 has its own consequence.
            log.debug("systemd could not be told", reason=str(error))


def _line(text: str) -> str:
    return " ".join(text.split())
