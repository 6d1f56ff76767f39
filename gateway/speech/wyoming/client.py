"""One conversation with a Wyoming server: connect, ask what it is, ask for one thing, end.

Whatever the other end does or leaves undone, a conversation ends within the time it was given and takes no more bytes than
it was given; each way of going wrong becomes a `WyomingError` that says where and what to look at.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from typing_extensions import override

from gateway.speech.wyoming import messages
from gateway.speech.wyoming.framing import Decoder, Event, FramingError, encode
from gateway.speech.wyoming.messages import Domain

CONNECT_S: Final = 2.0
"""A machine of one's own network that has not answered by then is switched off."""
DESCRIBE_S: Final = 2.0
"""So long an idle server has for saying what it is; one that hangs is found out here, and not by its long silence later."""
_GOODBYE_S: Final = 0.5
_READ: Final = 1 << 16


class WyomingError(Exception):
    """A Wyoming server is not there, failed, or talks nonsense; the text says which, and what to look at."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str = ""
    port: int = 0
    path: str = ""
    """Of a Unix socket; empty for TCP."""

    @override
    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_of(url: str) -> Address:
    """Read a setting such as `tcp://speech.example:10300`.

    Raises:
        ValueError: not an address; the text continues "... is".
    """
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path and not parts.netloc:
        return Address(path=parts.path)
    try:
        port = parts.port
    except ValueError:
        port = None
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme != "tcp" or not parts.hostname or not port or rest:
        raise ValueError(f"{url!r}, but an address like tcp://host:10300 or unix:///path is wanted")
    return Address(parts.hostname, port)


class Conversation:
    """A connection to a server for one request. Use it as an `async with`, inside a time-out of the caller's.

    Args:
        address: where.
        most: bytes to be received at most.

    Raises:
        WyomingError: from every method.
    """

    def __init__(self, address: Address, *, most: int) -> None:
        self._address = address
        self._most = most
        self._received = 0
        self._decoder = Decoder()
        self._events: deque[Event] = deque()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        to = self._address
        try:
            async with asyncio.timeout(CONNECT_S):
                if to.path:
                    self._reader, self._writer = await asyncio.open_unix_connection(to.path)
                else:
                    self._reader, self._writer = await asyncio.open_connection(to.host, to.port)
        except TimeoutError as error:
            raise WyomingError(f"{to} can't be reached within {CONNECT_S:g} s; is that machine on?") from error
        except (OSError, ValueError) as error:  # ValueError: a name that can't be one, found out by looking it up
            number = getattr(error, "errno", None)
            # asyncio puts "Connect call failed (...)" where the system's reason belongs; a failed look-up has negative numbers.
            reason = os.strerror(number) if number and number > 0 else getattr(error, "strerror", None) or error
            raise WyomingError(f"{to} can't be reached: {reason}; does the server run?") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is None:
            return
        if error is None:
            self._writer.close()
            try:
                async with asyncio.timeout(_GOODBYE_S):
                    await self._writer.wait_closed()
            except OSError:  # a TimeoutError is one, too
                self._writer.transport.abort()
        else:
            self._writer.transport.abort()

    async def send(self, events: Iterable[Event]) -> None:
        """Send events, no faster than the other end takes them."""
        assert self._writer is not None, "entered"  # noqa: S101 - for the type checker
        try:
            for event in events:
                self._writer.write(encode(event))
                await self._writer.drain()
        except OSError as error:
            raise WyomingError(f"{self._address} hung up while it was being asked") from error

    async def receive(self) -> Event:
        """The next event."""
        assert self._reader is not None, "entered"  # noqa: S101 - for the type checker
        while not self._events:
            try:
                piece = await self._reader.read(_READ)
            except OSError as error:
                raise WyomingError(f"{self._address} hung up: {error.strerror or error}") from error
            if not piece:
                raise WyomingError(
                    f"{self._address} hung up {'before its answer' if self._decoder.between else 'in mid-sentence'}"
                )
            self._received += len(piece)
            if self._received > self._most:
                raise WyomingError(f"{self._address} sends more than {self._most} bytes, which no answer has")
            try:
                self._events.extend(self._decoder.feed(piece))
            except FramingError as error:
                raise WyomingError(f"what {self._address} sends is no Wyoming protocol: {error}") from error
        return self._events.popleft()

    async def answer(self, *wanted: str) -> Event:
        """The next event of one of these types. Others are passed over: the protocol grows."""
        while (event := await self.receive()).type not in wanted:
            if event.type == "error":
                raise WyomingError(f"{self._address} refused: {messages.trouble(event)}")
        return event

    async def described(self, domain: Domain, wanted: str | None) -> str:
        """Ask what the server is; its name, with model or voice where that is certain."""
        try:
            async with asyncio.timeout(DESCRIBE_S):
                await self.send([messages.describe()])
                info = await self.answer("info")
        except TimeoutError as error:
            raise WyomingError(
                f"{self._address} takes connections and says nothing; does the server hang, or is it none for Wyoming?"
            ) from error
        name = messages.service(info, domain, wanted)
        if name is None:
            job, other = ("hear", "10300") if domain == "asr" else ("speak", "10200")
            raise WyomingError(f"the Wyoming server at {self._address} can't {job}: is it the right port ({other})?")
        return name
