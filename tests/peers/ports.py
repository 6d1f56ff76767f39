"""Free loopback ports and waiting for a server to listen."""

from __future__ import annotations

import socket
import time
from pathlib import Path


def free_port() -> int:
    """A TCP port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(port: int, within_s: float = 15.0) -> None:
    """Return as soon as a TCP connect to the port works.

    Raises:
        TimeoutError: nothing listened in time.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing listens on port {port} after {within_s} s") from None
            time.sleep(0.02)
        else:
            return


def wait_until_bound(port: int, within_s: float = 15.0) -> None:
    """Return as soon as a TCP port of this machine is listened on, without connecting to it (Linux, proc(5), net/tcp).

    For servers that take a first connection for a user.

    Raises:
        TimeoutError: nothing listened in time.
    """
    wanted = f":{port:04X}"
    deadline = time.monotonic() + within_s
    while True:
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        if any(row[1].endswith(wanted) and row[3] == "0A" for row in rows):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing listens on port {port} after {within_s} s")
        time.sleep(0.02)
