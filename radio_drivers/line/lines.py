"""The modem lines of one port, watched and driven by a thread of their own.

A thread, because pyserial has no asyncio for modem lines and because a network port (RFC 2217) may block for seconds.
Everything it tells goes to the event loop in order; everything it is told waits in a queue that it works off in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from radio_drivers.interface import LinkDown, RadioError
from radio_drivers.line.ports import Port, close_port, open_port, ptt_level, read_inputs, read_squelch
from radio_drivers.line.settings import LineSettings
from radio_drivers.line.squelch import Change, LineSquelch

log = structlog.get_logger(__name__)

PROOF_S = 5.0
"""How often the key's level is written again. On RFC 2217 that needs an answer, so a dead network shows; anywhere it
mends a level that was lost."""

LISTEN_S = 0.25
"""How often we look whether the connection still stands."""

CLOSE_S = 3.0
"""A thread stuck in a dead network is left behind after this; it closes its port when it gets free."""


@dataclass(frozen=True, slots=True)
class _Order:
    on: bool
    done: asyncio.Future[None]


class Lines:
    """Push-to-talk out and squelch in. One `open` at a time; after a loss `close` and `open` again.

    Args:
        settings: the wiring.
    """

    def __init__(self, settings: LineSettings) -> None:
        self._settings = settings
        self._worker: _Worker | None = None

    @property
    def inputs(self) -> dict[str, bool]:
        """Levels of all input lines a quarter of a second ago, for a person to look at; none while the port is closed."""
        return dict(self._worker.inputs) if self._worker is not None else {}

    async def open(self, on_squelch: Callable[[Change], None], on_lost: Callable[[str], None]) -> None:
        """Open the port with the key up and start watching.

        Args:
            on_squelch: called in the event loop with each change; its time is of `time.monotonic`.
            on_lost: called in the event loop, once, when the port has gone.

        Raises:
            RadioSettingsError, LinkDown: as `open_port`.
        """
        worker = _Worker(self._settings, asyncio.get_running_loop(), on_squelch, on_lost)
        self._worker = worker
        worker.start()
        try:
            await worker.opened
        except BaseException:
            await self.close()
            raise

    async def key(self, on: bool) -> None:
        """Press or release talk; returns when the line has that level.

        Raises:
            LinkDown: pressing needs an open port. Releasing doesn't: a closed port has released it.
        """
        worker = self._worker
        if worker is None:
            if on:
                raise LinkDown(f"serial port {self._settings.port!r} is not open")
            return
        await worker.order(on)

    async def close(self) -> None:
        """Release the key and close the port."""
        worker, self._worker = self._worker, None
        if worker is None:
            return
        worker.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(worker.ended), CLOSE_S)


class _Worker:
    """The thread: from opening the port to having closed it."""

    def __init__(
        self,
        settings: LineSettings,
        loop: asyncio.AbstractEventLoop,
        on_squelch: Callable[[Change], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._settings = settings
        self._loop = loop
        self._on_squelch = on_squelch
        self._on_lost = on_lost
        self._orders: deque[_Order] = deque()
        self._wake = threading.Event()
        self._stopping = False
        self._keyed = False
        self.inputs: dict[str, bool] = {}
        # A daemon: a thread stuck in a dead network must not keep a stopped gateway alive.
        self._thread = threading.Thread(target=self._work, name=f"radio lines {settings.port}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    async def order(self, on: bool) -> None:
        order = _Order(on, self._loop.create_future())
        self._orders.append(order)
        self._wake.set()
        if self.ended.done():
            self._refuse_orders()
        await order.done

    def _work(self) -> None:
        problem: RadioError | None = None
        try:
            port = open_port(self._settings)
            try:
                self._tell(_settle, self.opened)
                self._watch(port)
            finally:
                self._let_go(port)
        except RadioError as error:
            problem = error
        except (OSError, ValueError, TypeError) as error:
            # TypeError: pyserial uses the file descriptor of a port that closed under it, which is None by then.
            problem = LinkDown(f"serial port {self._settings.port!r}: {error}")
        finally:
            self._tell(self._end, problem)

    def _watch(self, port: Port) -> None:
        settings = self._settings
        listening = settings.squelch != "vox"
        squelch = LineSquelch(settings.debounce_ms / 1000, settings.hang_ms / 1000)
        wait_s = settings.poll_ms / 1000 if listening else LISTEN_S
        proof_at = time.monotonic() + PROOF_S
        listen_at = 0.0
        while not self._stopping:
            self._wake.clear()
            while self._orders:
                self._obey(port, self._orders.popleft())
            now = time.monotonic()
            if listening:
                change = squelch.feed(read_squelch(port, settings), now)
                if change is not None:
                    self._tell(self._changed, change)
            if now >= proof_at:
                self._prove(port)
                proof_at = now + PROOF_S
            if now >= listen_at:
                self._hear_the_end(port)
                self.inputs = read_inputs(port)
                listen_at = now + LISTEN_S
            if not self._orders:
                self._wake.wait(wait_s)

    def _obey(self, port: Port, order: _Order) -> None:
        if order.on and order.done.cancelled():
            return  # whoever wanted the key has gone
        try:
            self._set_key(port, on=order.on)
        except BaseException:
            self._orders.appendleft(order)  # refused with the rest when the thread ends
            raise
        self._tell(_settle, order.done)

    def _set_key(self, port: Port, *, on: bool) -> None:
        self._keyed = on
        for line in self._settings.key_lines:
            setattr(port, line, ptt_level(self._settings, line, keyed=on))

    def _prove(self, port: Port) -> None:
        port.rts = ptt_level(self._settings, "rts", keyed=self._keyed)
        port.dtr = ptt_level(self._settings, "dtr", keyed=self._keyed)

    @staticmethod
    def _hear_the_end(port: Port) -> None:
        """Nobody sends bytes here, but reading is how pyserial notices a closed connection or a pulled plug.

        A network port answers questions about its lines from memory for ever, and a terminal that has hung up
        reads as end of file.
        """
        port.read(64)

    def _let_go(self, port: Port) -> None:
        # The kernel drops the lines too when the port closes; but not where the wiring is inverted, and not every
        # port server does. A port that failed is past orders, and asking a dead network would only take seconds.
        if self._stopping:
            with contextlib.suppress(OSError, ValueError, TypeError):
                self._set_key(port, on=False)
        close_port(port)

    def _tell(self, call: Callable[..., None], *values: object) -> None:
        # A loop that has ended wants to know nothing.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *values)

    def _changed(self, change: Change) -> None:
        if not self._stopping:  # what was under way when we were told to stop is nobody's
            self._on_squelch(change)

    def _end(self, problem: RadioError | None) -> None:
        """In the event loop, when the thread is done and the port is closed."""
        _settle(self.ended)
        self._refuse_orders()
        if not self.opened.done():
            self.opened.set_exception(problem or LinkDown(f"serial port {self._settings.port!r} was closed"))
        elif not self._stopping:
            self._on_lost(str(problem or f"the thread of serial port {self._settings.port!r} failed"))

    def _refuse_orders(self) -> None:
        while self._orders:
            order = self._orders.popleft()
            if order.done.done():
                continue
            if order.on:
                order.done.set_exception(LinkDown(f"serial port {self._settings.port!r} has gone"))
            else:
                order.done.set_result(None)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
