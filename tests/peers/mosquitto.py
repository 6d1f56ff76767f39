"""A real mosquitto broker on a free loopback port, started by the test, with a configuration of the test's choosing.

    with Mosquitto(tmp_path) as broker:                                  # anyone may connect
    with Mosquitto(tmp_path, users={"gateway": "secret"}) as broker:     # user name and password
    with Mosquitto(tmp_path, tls=True) as broker:                        # broker.ca_file is the authority to trust

`stop()` and `start()` may be called again and again: the port stays. Nothing is kept over a stop unless
`persistence=True`. Runs as root and as an ordinary user; the Debian package `mosquitto` is all it needs (and `openssl`).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.peers.ports import free_port, wait_until_listening

_SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
"""Debian keeps the broker in /usr/sbin, which an ordinary user's PATH lacks."""


def _program(name: str) -> str:
    found = shutil.which(name, path=_SBIN)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed: apt-get install mosquitto openssl")
    return found


def make_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A certificate authority of our own and a server certificate for localhost and 127.0.0.1.

    Returns:
        The authority's certificate, the server's certificate, the server's key; all PEM.
    """
    openssl = _program("openssl")
    ca, ca_key = folder / "ca.crt", folder / "ca.key"
    server, server_key, request = folder / "server.crt", folder / "server.key", folder / "server.csr"
    extensions = folder / "server.ext"
    extensions.write_text(
        "basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
    )
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    signed = ["-extfile", extensions, "-out", server]
    commands = (
        ["req", "-x509", *key, "-keyout", ca_key, "-out", ca, "-days", "3650", "-subj", "/CN=Test authority"],
        ["req", *key, "-keyout", server_key, "-out", request, "-subj", "/CN=localhost"],
        ["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-set_serial", "1", "-days", "3650", *signed],
    )
    for command in commands:
        subprocess.run([openssl, *map(str, command)], check=True, capture_output=True, timeout=30)
    return ca, server, server_key


class Mosquitto:
    """One broker.

    Args:
        folder: an empty or shared temporary folder; everything goes into a sub-folder of its own.
        users: user names and passwords; empty means that anyone may connect.
        tls: listen with TLS only.
        persistence: keep sessions and queued messages over `stop()` and `start()`.
        extra: more lines for mosquitto.conf.

    Attributes:
        port: TCP port on 127.0.0.1.
        ca_file: the authority that signed the broker's certificate, with `tls` only.
    """

    def __init__(
        self,
        folder: Path,
        *,
        users: Mapping[str, str] | None = None,
        tls: bool = False,
        persistence: bool = False,
        extra: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        self.folder = folder / f"mosquitto-{self.port}"
        self.ca_file: Path | None = self.folder / "ca.crt" if tls else None
        self._users = dict(users or {})
        self._tls = tls
        self._persistence = persistence
        self._extra = tuple(extra)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        """Everything it wrote so far, over all starts."""
        path = self.folder / "mosquitto.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start it and return when it accepts connections; on the same port each time.

        Raises:
            RuntimeError: it ended at once; its log is in the message.
        """
        if self.running:
            return
        config = self.folder / "mosquitto.conf"
        if not config.exists():
            self._write_config(config)
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program("mosquitto"), "-c", str(config), "-v"], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        deadline = time.monotonic() + 15.0
        while True:
            if not self.running:
                raise RuntimeError(f"mosquitto ended at once on port {self.port}:\n{self.log}")
            try:
                wait_until_listening(self.port, within_s=0.2)
            except TimeoutError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise
            else:
                return

    def stop(self) -> None:
        """Orderly stop: clients are told, and sessions are saved with `persistence`."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: clients see the connection break."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers, as when a router loses its state."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause()`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGCONT)
        process.send_signal(how)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)

    def _write_config(self, config: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {'false' if self._users else 'true'}",
            f"persistence {'true' if self._persistence else 'false'}",
            f"persistence_location {self.folder}/",
            *self._extra,
        ]
        if os.geteuid() == 0:
            # As root it would change to user mosquitto, which can't read a test's private folder.
            lines.append("user root")
        if self._users:
            passwords = self.folder / "passwords"
            passwords.touch(mode=0o600)
            for user, password in self._users.items():
                subprocess.run(
                    [_program("mosquitto_passwd"), "-b", str(passwords), user, password],
                    check=True,
                    capture_output=True,
                    timeout=30,
                )
            lines.append(f"password_file {passwords}")
        if self._tls:
            ca, certificate, key = make_certificates(self.folder)
            lines += [f"cafile {ca}", f"certfile {certificate}", f"keyfile {key}"]
        config.write_text("\n".join(lines) + "\n")
