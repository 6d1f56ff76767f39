"""How other processes talk on a software channel: lines of JSON, some followed by samples. Pure.

    {"do": "say", "bytes": 6400} <line feed> <6400 bytes>

One message is one line of JSON (UTF-8, an object, ended by a line feed, at most `LINE_MAX` bytes); when it has `bytes`,
so many bytes of mono int16 little-endian at 16 kHz follow it. The messages are described in docs/radios/simulator.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

LINE_MAX = 16_000
"""Bytes of one line."""

PCM_MAX = 20_000_000
"""Bytes of samples after one line: ten minutes."""


class WireError(Exception):
    """The other side doesn't speak this protocol. Nothing that follows can be understood."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message."""

    fields: Mapping[str, object]
    """Without `bytes`."""
    pcm: bytes = b""

    def text(self, name: str) -> str:
        """A field that must be text.

        Raises:
            WireError: it is something else, or missing.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise WireError(f"{name} is no text")
        return value.encode("utf-8", "replace").decode("utf-8")


def encode(message: Message) -> bytes:
    """The bytes of a message."""
    fields: dict[str, object] = dict(message.fields)
    if message.pcm:
        fields["bytes"] = len(message.pcm)
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n" + message.pcm


@dataclass(slots=True)
class Reader:
    """Bytes in, as they come; messages out."""

    _buffer: bytearray = field(default_factory=bytearray)
    _head: Message | None = None
    _wanted: int = 0

    def feed(self, data: bytes) -> Iterator[Message]:
        """Read on.

        Raises:
            WireError: a line that is too long or no JSON object, or a wrong number of bytes.
        """
        self._buffer += data
        while True:
            if self._head is None:
                end = self._buffer.find(b"\n", 0, LINE_MAX + 1)
                if end < 0:
                    if len(self._buffer) > LINE_MAX:
                        raise WireError(f"a line of more than {LINE_MAX} bytes")
                    return
                self._head, self._wanted = _head(bytes(self._buffer[:end]))
                del self._buffer[: end + 1]
            if len(self._buffer) < self._wanted:
                return
            message = Message(self._head.fields, bytes(self._buffer[: self._wanted]))
            del self._buffer[: self._wanted]
            self._head = None
            yield message


def _head(line: bytes) -> tuple[Message, int]:
    try:
        value = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"no JSON: {str(error)[:80]}") from error
    if not isinstance(value, dict):
        raise WireError("JSON, but no object")
    fields = cast("dict[str, object]", value)
    wanted = fields.pop("bytes", 0)
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 0 <= wanted <= PCM_MAX or wanted % 2:
        raise WireError(f"bytes is no even number from 0 to {PCM_MAX}")
    return Message(fields), wanted


def split_address(address: str) -> tuple[str, int] | str:
    """Take an address apart: "127.0.0.1:4711" is host and port, "unix:/path" a path.

    Raises:
        ValueError: neither.
    """
    if address.startswith("unix:") and len(address) > len("unix:"):
        return address.removeprefix("unix:")
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{address!r} is no address: give HOST:PORT or unix:/path")
    return host.strip("[]"), int(port)
