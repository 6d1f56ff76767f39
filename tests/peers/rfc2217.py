"""A radio on a serial port server: pyserial's own RFC 2217 server in front of a port whose far side we hold.

The port is pyserial's `loop://`, except that its input lines show what the radio does, not what we assert.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, cast

from serial.rfc2217 import PortManager
from serial.urlhandler import protocol_loop
from typing_extensions import override

from tests.peers.ports import free_port


class RadioPort(protocol_loop.Serial):
    """The serial port with a radio at its end: RTS keys it, CTS says that somebody talks."""

    def __init__(self) -> None:
        self.talking = False
        self.hears_itself = False
        self.keyings: list[tuple[float, bool]] = []
        super().__init__(None)
        self.rts = self.dtr = False
        self.port = "loop://"
        self.open()

    @property
    @override
    def cts(self) -> bool:
        return self.talking or (self.hears_itself and self.keyed)

    @property
    def keyed(self) -> bool:
        return bool(self.rts)

    def _update_rts_state(self) -> None:
        super()._update_rts_state()  # type: ignore[misc]  # pyserial's hook, which its types leave out
        if not self.keyings or self.keyings[-1][1] != self.keyed:
            self.keyings.append((time.monotonic(), self.keyed))


class RadioServer:
    """The serial port server. One client at a time; when it goes, the lines drop, as a real server's do."""

    def __init__(self) -> None:
        self.radio = RadioPort()
        self.port = free_port()
        self.connections = 0
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._silent = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"rfc2217://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._stopping.clear()
        self._silent.clear()
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.settimeout(0.05)
        self._listener = listener
        self._threads = [threading.Thread(target=self._accept, args=(listener,), name="rfc2217 server")]
        self._threads[0].start()

    def stop(self) -> None:
        """The cable is pulled: connection and listener go."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    def fall_silent(self) -> None:
        """The network is dead: nothing answers, and nobody says so."""
        self._silent.set()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = listener.accept()
                with client:
                    self.connections += 1
                    self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(0.005)
        # Its types ask for whole ports where it uses a few attributes.
        manager = PortManager(cast("Any", self.radio), cast("Any", _Writer(client)))
        while not self._stopping.is_set():
            if self._silent.is_set():
                time.sleep(0.005)
                continue
            try:
                data: Any = client.recv(1024)
                if not data:
                    break
                for _ in manager.filter(data):
                    pass  # bytes for the port: nobody sends any
            except TimeoutError:
                pass
            except OSError:
                break
            with contextlib.suppress(OSError):
                manager.check_modem_lines()
        self.radio.rts = False
        self.radio.dtr = False


class _Writer:
    def __init__(self, client: socket.socket) -> None:
        self._client = client

    def write(self, data: bytes) -> None:
        self._client.sendall(data)


@contextlib.contextmanager
def radio_server() -> Iterator[RadioServer]:
    """A running server."""
    server = RadioServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
        server.radio.close()


class BytesServer(RadioServer):
    """The same in front of a radio that speaks, on a plain socket of this machine."""

    def __init__(self, far_port: int) -> None:
        super().__init__()
        self._far_port = far_port

    @override
    def _serve(self, client: socket.socket) -> None:
        manager = PortManager(cast("Any", self.radio), cast("Any", _Writer(client)))
        with socket.create_connection(("127.0.0.1", self._far_port)) as far, contextlib.suppress(OSError):
            while not self._stopping.is_set():
                for ready in select.select([client, far], [], [], 0.02)[0]:
                    data: Any = ready.recv(4096)
                    if not data:
                        return
                    if ready is client:
                        far.sendall(b"".join(manager.filter(data)))
                    else:
                        client.sendall(b"".join(manager.escape(data)))
                manager.check_modem_lines()
