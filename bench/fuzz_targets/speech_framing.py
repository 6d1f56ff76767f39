"""Fuzz target: what a speech worker that has gone mad may write to the daemon."""

from __future__ import annotations

import io

from gateway.speech.framing import PAYLOAD_LIMIT, FramingError, encode, read_message

SEEDS = (
    encode({"op": "transcribe"}, b"abcd") + encode({"op": "stop"}),
    b'{"bytes":3}\nab',
    b"\n",
    b'{"bytes":true}\n',
)


def one_input(data: bytes) -> None:
    """Messages until the end or until one is refused; what was read is written as it came."""
    source = io.BytesIO(data)
    try:
        while (message := read_message(source)) is not None:
            header, payload = message
            if len(payload) > min(PAYLOAD_LIMIT, len(data)):
                raise AssertionError(f"{len(payload)} bytes of {len(data)}")
            header.pop("bytes", None)
            _written(header, payload)
    except FramingError:
        return


def _written(header: dict[str, object], payload: bytes) -> None:
    try:
        line = encode(header, payload)
    except ValueError:  # NaN, which JSON in Python reads and we don't write
        return
    again = read_message(io.BytesIO(line))
    if again is None or again[1] != payload:
        raise AssertionError("what we write isn't what we read")
