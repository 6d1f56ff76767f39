"""The bytes of a serial port: a thread of its own reads and writes, the event loop hears of it in order.

A thread, because pyserial has no asyncio and a network port may block for seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import serial  # noqa: TID251 bytes by pyserial, for every driver with a data port
from serial import rfc2217  # noqa: TID251 as above
from typing_extensions import override

from radio_drivers.deadman import DeadMan
from radio_drivers.interface import LinkDown, RadioError, RadioSettingsError
from radio_drivers.line.ports import close_port, keep_hangup, list_serial_ports

READ_S = 0.02
"""The longest wait for a first byte, and so for an order to be seen. Fifty looks a second cost next to nothing."""

READ_MOST = 4_096

WRITE_S = 2.0
"""A radio that holds the line by flow control for longer than this is taken for gone."""

CLOSE_S = 3.0
"""A thread stuck in a dead network is left behind after this; it closes its port when it gets free."""

Line = Literal["rts", "dtr"]

Flow = Literal["none", "xonxoff", "rtscts"]


class Port(Protocol):
    """What we use of pyserial's ports, which share no such type of their own."""

    rts: bool
    dtr: bool
    xonxoff: bool
    rtscts: bool

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once."""
        ...

    def open(self) -> None:
        """Open it with the levels set beforehand."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...

    def read(self, size: int = ..., /) -> bytes:
        """What came in, after at most the port's time-out."""
        ...

    def write(self, data: bytes, /) -> int | None:
        """Send."""
        ...

    def fileno(self) -> int:
        """Its file descriptor; raises where it has none."""
        ...


class Link(Protocol):
    """A way to a radio, as the control sees it."""

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        """Make it. What comes is told in the event loop; a loss once.

        Raises:
            RadioSettingsError, LinkDown.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send, after what was given before. A link that is gone tells so by `on_lost`."""
        ...

    async def line(self, name: Line, on: bool) -> None:
        """Set a modem line; returns when it has that level.

        Raises:
            LinkDown: the link is gone. Where `on` is False, never: a closed port has dropped it.
        """
        ...

    async def close(self) -> None:
        """Send what is waiting, then let go. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class _Order:
    data: bytes = b""
    line: Line | None = None
    on: bool = False
    done: asyncio.Future[None] | None = None


class SerialLink:
    """A serial port, by any URL of pyserial's. One `open` at a time; after a loss `close` and `open` again.

    Args:
        url: `/dev/ttyACM0`, `rfc2217://host:port`, `socket://host:port`.
        baud: bits a second.
        low: modem lines to keep off until told otherwise; the others are on, as a terminal's are.
        flow: flow control.
        where: the setting that holds `url`, for messages.
        last_words: sent, with pauses, when this process dies without closing the port, where the port is of this machine
            or a plain socket.
    """

    def __init__(
        self,
        url: str,
        baud: int,
        *,
        low: frozenset[Line] = frozenset(),
        flow: Flow = "none",
        where: str = "port",
        last_words: tuple[bytes, ...] = (),
    ) -> None:
        self._url = url
        self._make = _PortMaker(url, baud, low, flow, where)
        self._worker: _Worker | None = None
        self._last_words = last_words
        self._deadman = DeadMan()

    async def open(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        """Open the port and start to read.

        Raises:
            RadioSettingsError: the port doesn't exist, isn't ours, or can't have that speed.
            LinkDown: it can't be reached now.
        """
        worker = _Worker(self._make, asyncio.get_running_loop(), on_bytes, on_lost)
        self._worker = worker
        worker.start()
        try:
            descriptor = await worker.opened
            if descriptor is not None:
                try:
                    if self._last_words:
                        await self._deadman.watch(descriptor, *self._last_words)
                finally:
                    os.close(descriptor)
        except BaseException:
            await self.close()
            raise

    def write(self, data: bytes) -> None:
        """Send, after what was given before."""
        if self._worker is not None:
            self._worker.order(_Order(data))

    async def line(self, name: Line, on: bool) -> None:
        """Set a modem line; returns when it has that level.

        Raises:
            LinkDown: the port is gone and the line was to be on.
        """
        if self._worker is None:
            if on:
                raise LinkDown(f"serial port {self._url!r} is not open")
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._worker.order(_Order(line=name, on=on, done=done))
        await done

    async def close(self) -> None:
        """Send what is waiting and close the port."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        await self._deadman.stand_down()
        worker.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(worker.ended), CLOSE_S)


class _Worker:
    """The thread: from opening the port to having closed it."""

    def __init__(
        self,
        make: _PortMaker,
        loop: asyncio.AbstractEventLoop,
        on_bytes: Callable[[bytes], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self.opened: asyncio.Future[int | None] = loop.create_future()
        """Gives a copy of the port's file descriptor, to be closed by who takes it; None where it has none."""
        self.ended: asyncio.Future[None] = loop.create_future()
        self._make = make
        self._loop = loop
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._orders: deque[_Order] = deque()
        self._stopping = False
        # A daemon: a thread stuck in a dead network must not keep a stopped gateway alive.
        self._thread = threading.Thread(target=self._work, name=f"radio serial {make.url}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True

    def order(self, order: _Order) -> None:
        self._orders.append(order)
        if self.ended.done():
            self._refuse_orders()

    def _work(self) -> None:
        problem: RadioError | None = None
        try:
            port = self._make.port()
            try:
                self._tell(_hand_over, self.opened, _copied(port))
                self._watch(port)
            finally:
                close_port(port)  # type: ignore[arg-type]  # closing asks nothing of the port but that
        except RadioError as error:
            problem = error
        except (OSError, ValueError, TypeError) as error:
            # TypeError: pyserial uses the file descriptor of a port that closed under it, which is None by then.
            problem = LinkDown(f"serial port {self._make.url!r}: {error}")
        finally:
            self._tell(self._end, problem)

    def _watch(self, port: Port) -> None:
        while True:
            stopping = self._stopping  # looked at before the orders: what was given before `close` still goes out
            while self._orders:
                self._obey(port, self._orders.popleft())
            if stopping:
                return
            data = port.read(1)
            if data:
                more = port.in_waiting
                data += port.read(min(more, READ_MOST)) if more else b""
                self._tell(self._heard, data)

    def _obey(self, port: Port, order: _Order) -> None:
        try:
            if order.data:
                port.write(order.data)
            if order.line is not None:
                setattr(port, order.line, order.on)
        except BaseException:
            self._orders.appendleft(order)  # refused with the rest when the thread ends
            raise
        if order.done is not None:
            self._tell(_settle, order.done)

    def _tell(self, call: Callable[..., None], *values: object) -> None:
        # A loop that has ended wants to know nothing.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *values)

    def _heard(self, data: bytes) -> None:
        if not self._stopping:  # what was under way when we were told to stop is nobody's
            self._on_bytes(data)

    def _end(self, problem: RadioError | None) -> None:
        """In the event loop, when the thread is done and the port is closed."""
        _settle(self.ended)
        self._refuse_orders()
        if not self.opened.done():
            self.opened.set_exception(problem or LinkDown(f"serial port {self._make.url!r} was closed"))
        elif not self._stopping:
            self._on_lost(str(problem or f"the thread of serial port {self._make.url!r} failed"))

    def _refuse_orders(self) -> None:
        while self._orders:
            order = self._orders.popleft()
            if order.done is None or order.done.done():
                continue
            if order.on:
                order.done.set_exception(LinkDown(f"serial port {self._make.url!r} has gone"))
            else:
                order.done.set_result(None)


class _NetworkPort(rfc2217.Serial):
    """pyserial's RFC 2217 forgets to close its socket where the other end has closed first."""

    @override
    def close(self) -> None:
        connection = getattr(self, "_socket", None)
        super().close()
        if connection is not None:
            connection.close()


@dataclass(frozen=True, slots=True)
class _PortMaker:
    url: str
    baud: int
    low: frozenset[Line]
    flow: Flow
    where: str

    def port(self) -> Port:
        """Open the port. Blocks for up to some seconds.

        Raises:
            RadioSettingsError, LinkDown.
        """
        port = self._closed()
        port.xonxoff, port.rtscts = self.flow == "xonxoff", self.flow == "rtscts"
        # Linux raises both lines as it opens a port; with the levels set beforehand pyserial corrects that within a
        # millisecond or so.
        port.rts = "rts" not in self.low
        port.dtr = "dtr" not in self.low
        try:
            port.open()
        except OSError as error:
            if "expected a string in the form" in str(error) or "not supported between" in str(error):
                raise self._bad_address(error) from error  # pyserial wraps its own complaints about the address
            raise self._explained(error) from error
        except (ValueError, KeyError, TypeError) as error:  # what pyserial makes of addresses it doesn't understand
            raise self._bad_address(error) from error
        try:
            if self.low:
                keep_hangup(port)  # type: ignore[arg-type]  # asks nothing of the port but its descriptor
            for line in self.low:
                setattr(port, line, False)
        except OSError as error:
            close_port(port)  # type: ignore[arg-type]  # as above
            raise RadioSettingsError(
                f"{self.where} = {self.url!r} has no modem lines, so push-to-talk can't work over it; "
                "pseudo-terminals and plain sockets have none"
            ) from error
        return port

    def _closed(self) -> Port:
        try:
            if self.url.lower().startswith("rfc2217://"):
                network = _NetworkPort(None, timeout=READ_S, baudrate=self.baud)
                network.port = self.url
                return network
            # exclusive: two programs on one port would each hear half of what the radio says.
            port: Port = serial.serial_for_url(
                self.url,
                do_not_open=True,
                timeout=READ_S,
                write_timeout=WRITE_S,
                baudrate=self.baud,
                exclusive=True,
            )
        except (ValueError, serial.SerialException) as error:
            raise self._bad_address(error) from error
        return port

    def _bad_address(self, error: Exception) -> RadioSettingsError:
        return RadioSettingsError(
            f"{self.where} = {self.url!r} at {self.baud} baud: {error}. "
            "Use a device such as /dev/ttyACM0, or rfc2217://host:port"
        )

    def _explained(self, error: OSError) -> RadioError:
        if error.errno in {errno.ENOENT, errno.ENODEV, errno.ENXIO}:
            there = "; ".join(f"{port.device} ({port.description})" for port in list_serial_ports()) or "none"
            return RadioSettingsError(f"{self.where} = {self.url!r} not found; there are: {there}")
        if error.errno == errno.EACCES:
            return RadioSettingsError(
                f"{self.where} = {self.url!r} may not be opened by this user: add it to the port's group "
                "(usually dialout), or install systemd/60-huecry-radio.rules"
            )
        if error.errno in {errno.EAGAIN, errno.EBUSY}:
            return LinkDown(f"serial port {self.url!r} is in use by another program")
        return LinkDown(f"serial port {self.url!r}: {error}")


def _copied(port: Port) -> int | None:
    """A copy of the file descriptor: the port may be closed, and the number given away, before we are done with it."""
    try:
        return os.dup(port.fileno())
    except (OSError, ValueError, TypeError, AttributeError):  # a port server's or a loop's port has none
        return None


def _hand_over(future: asyncio.Future[int | None], descriptor: int | None) -> None:
    if not future.done():
        future.set_result(descriptor)
    elif descriptor is not None:
        os.close(descriptor)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
