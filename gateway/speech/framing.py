"""Messages between the daemon and its worker processes: one line of JSON, then as many bytes as it says.

The line is a JSON object with `bytes`, the length of the payload (0 when missing). Both parts are bounded, so a worker that
goes mad can't fill the daemon's memory, and a line that isn't a header is an error at once instead of a wait for ever.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, BinaryIO, Final

HEADER_LIMIT: Final = 1 << 20
"""Bytes of one header line."""

PAYLOAD_LIMIT: Final = 32 << 20
"""Bytes of one payload: 17 minutes of audio, eight times the longest transmission."""

Header = dict[str, Any]
"""Plain JSON: the two sides agree on the keys of each operation."""


class FramingError(Exception):
    """What came is not a message."""


def encode(header: Header, payload: bytes = b"") -> bytes:
    """One message.

    Raises:
        FramingError: a part is over its limit.
    """
    line = json.dumps({**header, "bytes": len(payload)}, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    if len(line) > HEADER_LIMIT:
        raise FramingError(f"a header of {len(line)} bytes is over the limit of {HEADER_LIMIT}")
    if len(payload) > PAYLOAD_LIMIT:
        raise FramingError(f"a payload of {len(payload)} bytes is over the limit of {PAYLOAD_LIMIT}")
    return line + payload


def decode_header(line: bytes) -> tuple[Header, int]:
    """The header in a line and the length of the payload that follows.

    Raises:
        FramingError: not a header.
    """
    if len(line) > HEADER_LIMIT or not line.endswith(b"\n"):
        raise FramingError(f"a header line of {len(line)} bytes is cut short or over the limit of {HEADER_LIMIT}")
    try:
        header = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FramingError(f"not a header: {line[:80]!r}") from error
    if not isinstance(header, dict):
        raise FramingError(f"not a header: {line[:80]!r}")
    length = header.get("bytes", 0)
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= PAYLOAD_LIMIT:
        raise FramingError(f"a payload of {length!r} bytes is refused")
    return header, length


def read_message(source: BinaryIO) -> tuple[Header, bytes] | None:
    """Read one message; None at the end of the stream.

    Raises:
        FramingError: not a message, or cut short.
    """
    line = source.readline(HEADER_LIMIT + 1)
    if not line:
        return None
    header, length = decode_header(line)
    payload = source.read(length) if length else b""
    if len(payload) != length:
        raise FramingError(f"the payload ended after {len(payload)} of {length} bytes")
    return header, payload


class MessageReader:
    """Reads messages from an asyncio stream. A cancelled `next` loses nothing: the one after goes on where it stopped."""

    def __init__(self, source: asyncio.StreamReader) -> None:
        self._source = source
        self._begun: tuple[Header, int] | None = None

    async def next(self) -> tuple[Header, bytes] | None:
        """The next message; None at the end of the stream.

        Raises:
            FramingError: not a message, or cut short.
        """
        if self._begun is None:
            try:
                line = await self._source.readline()
            except ValueError as error:  # how StreamReader says "over the limit"
                raise FramingError(f"a header line is over the limit of {HEADER_LIMIT} bytes") from error
            if not line:
                return None
            self._begun = decode_header(line)
        header, length = self._begun
        try:
            payload = await self._source.readexactly(length) if length else b""
        except asyncio.IncompleteReadError as error:
            raise FramingError(f"the payload ended after {len(error.partial)} of {length} bytes") from error
        self._begun = None
        return header, payload
