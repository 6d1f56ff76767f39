"""The Wyoming protocol's frames: bytes to events and back. No I/O.

An event is one line of JSON, then `data_length` bytes of JSON, then `payload_length` bytes as they are:

    {"type": "audio-chunk", "data_length": 42, "payload_length": 2048}<LF>{"rate": ...}<2048 bytes>

There is no line end after data and payload. Data may stand in the line as well; what comes behind it is merged over it
(README of github.com/OHF-Voice/wyoming, "Event Format"). Everything is bounded here: the other end is another machine, and
the protocol itself has no limits. Lengths are believed, so a stream that is no longer understood can't be found again in
its middle: the connection ends, and the next one begins at a frame.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LINE_LIMIT: Final = 1 << 19
"""Bytes of a header line. An `info` that lists hundreds of voices has some 100 kB, and older peers put it into the line."""
DATA_LIMIT: Final = 1 << 19
"""Bytes of the data behind it."""
PAYLOAD_LIMIT: Final = 8 << 20
"""Bytes of a payload: a minute and a half of speech at 44.1 kHz in one chunk."""

_LINE_END: Final = 0x0A


class FramingError(Exception):
    """What came is not an event, or more than is accepted."""


@dataclass(frozen=True, slots=True)
class Event:
    """One message either way."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)
    payload: bytes = b""


def encode(event: Event) -> bytes:
    """One event as bytes, its data behind the line as the protocol's own library writes it."""
    header: dict[str, Any] = {"type": event.type}
    data = json.dumps(event.data, allow_nan=False).encode() if event.data else b""
    if data:
        header["data_length"] = len(data)
    if event.payload:
        header["payload_length"] = len(event.payload)
    return json.dumps(header).encode() + b"\n" + data + event.payload


@dataclass(frozen=True, slots=True)
class _Head:
    """What a header line says."""

    type: str
    data: Mapping[str, Any]
    data_length: int
    payload_length: int

    @property
    def rest(self) -> int:
        """Bytes that follow the line."""
        return self.data_length + self.payload_length


class Decoder:
    """Takes the bytes of one connection in any pieces and gives the events in them."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._looked = 0
        self._head: _Head | None = None
        self._broken: str | None = None

    @property
    def held(self) -> int:
        """Bytes that wait for the rest of their event. Never more than the three limits and one piece together."""
        return len(self._buffer)

    @property
    def between(self) -> bool:
        """No event is half received."""
        return not self._buffer and self._head is None

    def feed(self, piece: bytes) -> list[Event]:
        """The events that are complete now.

        Raises:
            FramingError: not a frame, or over a limit. Every later call raises it again.
        """
        if self._broken is not None:
            raise FramingError(self._broken)
        self._buffer += piece
        events: list[Event] = []
        try:
            while (event := self._next()) is not None:
                events.append(event)
        except FramingError as error:
            self._broken = str(error)
            self._buffer.clear()
            raise
        return events

    def _next(self) -> Event | None:
        if self._head is None:
            line = self._line()
            if line is None:
                return None
            self._head = _head(line)
        head = self._head
        if len(self._buffer) < head.rest:
            return None
        data = bytes(self._buffer[: head.data_length])
        payload = bytes(self._buffer[head.data_length : head.rest])
        del self._buffer[: head.rest]
        self._head = None
        return Event(head.type, {**head.data, **_object(data, "data")} if data else head.data, payload)

    def _line(self) -> bytes | None:
        """The next line without its end, once it is all there. What was looked through is not looked through again."""
        end = self._buffer.find(_LINE_END, self._looked)
        if (len(self._buffer) if end < 0 else end) > LINE_LIMIT:
            raise FramingError(f"a header line of more than {LINE_LIMIT} bytes")
        if end < 0:
            self._looked = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._looked = 0
        return line


def _head(line: bytes) -> _Head:
    header = _object(line, "header line")
    kind = header.get("type")
    if not isinstance(kind, str):
        raise FramingError(f"a header line without a type: {line[:80]!r}")
    data = header.get("data")
    if data is not None and not isinstance(data, dict):
        raise FramingError(f"data that is no object in a header line: {line[:80]!r}")
    return _Head(
        kind,
        data or {},
        _length(header, "data_length", DATA_LIMIT),
        _length(header, "payload_length", PAYLOAD_LIMIT),
    )


def _object(text: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise FramingError(f"a {what} that is no JSON: {text[:80]!r}") from error
    if not isinstance(found, dict):
        raise FramingError(f"a {what} that is no JSON object: {text[:80]!r}")
    return found


def _length(header: Mapping[str, Any], key: str, most: int) -> int:
    length = header.get(key)
    if length is None:
        return 0
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= most:
        raise FramingError(f"{key} {str(length)[:20]} is refused; 0 to {most} is accepted")
    return length
