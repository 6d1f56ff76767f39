"""Fuzz target: what a Tait radio's port may give, cut into pieces, and what it means."""

from __future__ import annotations

from radio_drivers.tait.messages import read
from radio_drivers.tait.protocol import LINE_MAX, Frame, FrameReader

_GOOD = Frame("p", "05")

SEEDS = (
    b"\x00\x9c\xfe\r.p0205C9\r.r0C00100FF12345A0\r.r1200000FF54321-1234584\r.",
    b"\x07.j07064-456C9\r.s02Hi7A\r.m0813203.02A2\r.n08190011898D\r.v1200TMAB12-B100_02011E\r.",
    b"\x01.e03006A2\r.p092100000076D\r.p031D187\r.\x11\x13p031F086\r-0302q\r",
)


def one_input(data: bytes) -> None:
    """The first byte is the length of the pieces (0: all at once), the rest what the port gives."""
    if not data:
        return
    step, stream = data[0] or len(data), data[1:]
    reader = FrameReader()
    for start in range(0, len(stream), step):
        for item in reader.feed(stream[start : start + step]):
            if isinstance(item, Frame):
                _understood(item)
        if reader.held > LINE_MAX:
            raise AssertionError(f"{reader.held} bytes held")
    if reader.feed(2 * _GOOD.to_bytes())[-1:] != [_GOOD]:
        raise AssertionError("a good frame after rubbish was not understood")


def _understood(frame: Frame) -> None:
    if frame.to_bytes()[:-1].decode("latin-1")[3:-2] != frame.parameters:
        raise AssertionError(f"{frame!r} is not written as it was read")
    read(frame)
