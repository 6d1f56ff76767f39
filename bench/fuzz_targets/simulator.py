"""Fuzz target: what another process may send to the simulator's socket, cut into pieces."""

from __future__ import annotations

import contextlib

from radio_drivers.simulator.wire import LINE_MAX, Message, Reader, WireError, encode, split_address

SEEDS = (
    b"\x03" + encode(Message({"do": "say"}, bytes(8))) + encode(Message({"do": "leave"})),
    b'\x00{"bytes": 2}\n\x01\x02{"a": [1, {"b": null}]}\n',
    b"\x00127.0.0.1:4711",
    b"\x00unix:/run/x",
)


def one_input(data: bytes) -> None:
    """The first byte is the length of the pieces (0: all at once), the rest the stream, and an address."""
    if not data:
        return
    step, stream = data[0] or len(data), data[1:]
    reader, got = Reader(), 0
    try:
        for start in range(0, len(stream), step):
            for message in reader.feed(stream[start : start + step]):
                got += len(message.pcm)
                with contextlib.suppress(WireError):
                    message.text("do").encode()
    except WireError:
        pass
    if got > len(stream):
        raise AssertionError(f"{got} bytes of sound out of {len(stream)}")
    with contextlib.suppress(ValueError):
        split_address(stream[:LINE_MAX].decode("latin-1"))
