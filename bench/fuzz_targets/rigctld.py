"""Answers of `rigctld`, in both dialects."""

from __future__ import annotations

from radio_drivers.hamlib.protocol import MAX_LINE, MAX_VALUES, Dialect, Reply, ReplyReader

SEEDS = (
    b"\x09get_ptt:\nPTT: 0\nRPRT 0\nget_level: STRENGTH\n-35\nRPRT 0\nRPRT -1\n",
    b"\x08ChkVFO: 1\nRPRT 0\n1\n-35\nRPRT -11\n",
)

_GOOD = b"\nget_ptt:\nPTT: 1\nRPRT 0\n"


def one_input(data: bytes) -> None:
    """The first byte chooses the dialect and the size of the pieces."""
    if not data:
        return
    dialect: Dialect = "extended" if data[0] & 1 else "plain"
    step = (data[0] >> 1) + 1
    reader = ReplyReader(dialect)
    for start in range(1, len(data), step):
        reader.feed(data[start : start + step])
        if reader.held > MAX_LINE + MAX_VALUES:
            raise AssertionError(f"{reader.held} bytes held")
    if dialect == "extended" and reader.feed(_GOOD)[-1:] != [Reply("get_ptt", ("1",))]:
        raise AssertionError("a good answer after rubbish was not understood")
