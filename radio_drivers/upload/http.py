"""The way in: HTTP/1.1 over TCP, with bounds on time, size and number. What is asked and answered is not decided here.

One request for each connection. h11 reads the protocol. What this adds is what a port that others can reach needs: a request head must be there within
`head_s` and not pause for longer than `idle_s` afterwards, a body must end within `body_s`, one address and all together
have a limit of connections, and whoever is answered early is read on for a while, so that the answer arrives instead of
a reset.

What real senders do: SDRTrunk asks for HTTP/2 by `Upgrade: h2c` (not taken up: the request stands as it is) and sends
two Content-Type headers; curl waits for `100 Continue` before a large body.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import h11
import structlog

from radio_drivers.upload.answers import BROKEN, BUSY, TOO_SLOW, Answer
from radio_drivers.upload.rate import Rate

log = structlog.get_logger(__name__)

PIECE = 65_536

LINES_A_MINUTE = 6
"""In the log about refused connections."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes, connections."""

    head_s: float = 10.0
    """From the connection to the end of the head."""
    idle_s: float = 15.0
    """Between two pieces of a body."""
    body_s: float = 120.0
    """For a whole body: 24 MB at 200 kB/s."""
    answer_s: float = 15.0
    """For taking the answer."""
    drain_s: float = 3.0
    """What is still coming after an early answer is read and thrown away for so long."""
    head_bytes: int = 16_384
    connections: int = 64
    connections_each: int = 24
    """From one address. A proxy in front of us is one address."""


class Aborted(Exception):
    """The sender went away in the middle."""


class TooSlow(Exception):
    """The sender did not go on in time."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked."""

    method: str
    path: str
    """Without the query."""
    content_types: tuple[str, ...]
    """Every Content-Type header."""
    length: int | None
    """Content-Length; None with a chunked body."""
    peer: str
    """Address of the sender."""
    body: AsyncIterator[bytes]
    """Raises Aborted, TooSlow."""


Handler = Callable[[Request], Awaitable[Answer]]


class HttpServer:
    """Serves one address.

    Args:
        handler: gives the answer; may leave the body unread.
        limits: see there.
    """

    def __init__(self, handler: Handler, limits: Limits | None = None) -> None:
        self._handler = handler
        self._limits = limits or Limits()
        self._open: dict[asyncio.Task[None], str] = {}
        self._lines = Rate(LINES_A_MINUTE, time.monotonic)

    @asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Serve while inside; gives the port. On leaving, uploads that are not complete are cut off.

        Raises:
            OSError: the address can't be had.
        """
        server = await asyncio.start_server(self._connected, host, port, limit=PIECE)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            open_now = set(self._open)
            for task in open_now:
                task.cancel()
            if open_now:
                await asyncio.wait(open_now)

    @property
    def connections(self) -> int:
        """Open now."""
        return len(self._open)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A plain function: the tasks are ours, so that none is left behind and none ends unheard."""
        peer = str((writer.get_extra_info("peername") or ("unknown",))[0])
        if len(self._open) >= 2 * self._limits.connections:
            writer.transport.abort()  # not even a refusal: each costs a moment
            return
        task = asyncio.create_task(self._hold(reader, writer, peer), name=f"upload from {peer}")
        self._open[task] = peer
        task.add_done_callback(self._open.pop)

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        from_here = Counter(self._open.values())[peer]
        full = len(self._open) > self._limits.connections or from_here > self._limits.connections_each
        connection = _Connection(reader, writer, peer, self._limits)
        try:
            if full:
                if not self._lines.wait_s():
                    log.warning("too many connections for uploads", peer=peer, open=len(self._open) - 1)
                await connection.finish(BUSY)
            else:
                await connection.serve(self._handler)
        except (Aborted, TooSlow, h11.ProtocolError, OSError) as error:
            log.debug("an upload connection ended", peer=peer, why=str(error) or type(error).__name__)
        finally:
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()  # it does not read: nothing of ours shall wait for it
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class _Connection:
    """One connection, one request.

    Kept open it would be closed by us sooner or later, and a recorder that sends in that very moment loses its call:
    clients don't repeat a POST.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str, limits: Limits) -> None:
        self._reader = reader
        self._writer = writer
        self._peer = peer
        self._limits = limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes)

    async def serve(self, handler: Handler) -> None:
        """Take one request and answer it.

        Raises:
            Aborted, TooSlow, OSError
        """
        try:
            request = await self._head()
        except h11.RemoteProtocolError as error:
            await self.finish(Answer(error.error_status_hint, f"No HTTP request: {error}\n"))
            return
        if request is None:
            return
        try:
            answer = await handler(request)
        except TooSlow:
            answer = TOO_SLOW
        except h11.RemoteProtocolError as error:
            answer = Answer(error.error_status_hint, f"ioread: {error}\n")
        except Aborted:
            raise
        except Exception:  # the boundary of one request: a fault of ours must not end the server
            log.exception("an upload could not be worked on", peer=self._peer)
            answer = BROKEN
        await self.finish(answer)

    async def finish(self, answer: Answer) -> None:
        """Answer, whatever was asked or still going to be asked, and close so that the answer arrives.

        Raises:
            TooSlow, OSError
        """
        await self._answer(answer)
        await self._drain()

    async def _answer(self, answer: Answer) -> None:
        """Send a response; does nothing where one is no longer possible.

        Raises:
            TooSlow, OSError
        """
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        text = answer.text.encode()
        headers = [
            ("content-type", "text/plain; charset=utf-8"),
            ("content-length", str(len(text))),
            ("connection", "close"),
        ]
        if answer.retry_s is not None:
            headers.append(("retry-after", str(answer.retry_s)))
        if answer.allow:
            headers.append(("allow", answer.allow))
        response = h11.Response(status_code=answer.status, headers=headers)
        out = [self._http.send(event) for event in (response, h11.Data(data=text), h11.EndOfMessage())]
        self._writer.write(b"".join(part for part in out if part))
        try:
            async with asyncio.timeout(self._limits.answer_s):
                await self._writer.drain()
        except TimeoutError:
            raise TooSlow("it does not take its answer") from None

    async def _head(self) -> Request | None:
        """The next request; None where the sender has closed."""
        due = asyncio.get_running_loop().time() + self._limits.head_s
        while (event := self._http.next_event()) is h11.NEED_DATA:
            try:
                async with asyncio.timeout_at(due):
                    data = await self._reader.read(PIECE)
            except TimeoutError:
                raise TooSlow("no request head in time") from None
            self._http.receive_data(data)
        if not isinstance(event, h11.Request):
            return None
        given = [(bytes(name), bytes(value).decode("latin-1")) for name, value in event.headers]
        lengths = [value for name, value in given if name == b"content-length"]
        return Request(
            method=event.method.decode("ascii"),
            path=event.target.decode("latin-1").partition("?")[0],
            content_types=tuple(value for name, value in given if name == b"content-type"),
            length=int(lengths[0]) if lengths else None,
            peer=self._peer,
            body=self._body(),
        )

    async def _body(self) -> AsyncIterator[bytes]:
        """The body's pieces, as they come."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._limits.body_s
        if self._http.they_are_waiting_for_100_continue:
            self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                await self._more(min(due, loop.time() + self._limits.idle_s))
            elif isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise Aborted("the connection ended before the upload did")

    async def _more(self, due: float) -> None:
        try:
            async with asyncio.timeout_at(due):
                data = await self._reader.read(PIECE)
        except TimeoutError:
            raise TooSlow("the upload does not go on") from None
        except OSError as error:
            raise Aborted(f"the connection failed: {error}") from error
        if not data:
            raise Aborted("the connection ended before the upload did")
        self._http.receive_data(data)

    async def _drain(self) -> None:
        """Read what is still coming, so that closing does not reset the connection under our answer."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        until = time.monotonic() + self._limits.drain_s
        try:
            async with asyncio.timeout(self._limits.drain_s):
                while time.monotonic() < until and await self._reader.read(PIECE):
                    pass
        except TimeoutError:
            return
