"""Messages between daemon and worker."""

from __future__ import annotations

import asyncio
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.speech.framing import (
    HEADER_LIMIT,
    PAYLOAD_LIMIT,
    FramingError,
    MessageReader,
    decode_header,
    encode,
    read_message,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
HEADERS = st.dictionaries(st.text().filter(lambda key: key != "bytes"), JSON, max_size=6)


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=200)), max_size=5))
def test_what_goes_in_comes_out(messages: list[tuple[dict[str, object], bytes]]) -> None:
    stream = io.BytesIO(b"".join(encode(header, payload) for header, payload in messages))
    for header, payload in messages:
        got = read_message(stream)
        assert got is not None
        assert got[0] == {**header, "bytes": len(payload)}
        assert got[1] == payload
    assert read_message(stream) is None


@given(st.binary(max_size=400))
def test_garbage_is_an_error_or_a_message_never_anything_else(data: bytes) -> None:
    stream = io.BytesIO(data)
    try:
        while read_message(stream) is not None:
            pass
    except FramingError:
        pass


@pytest.mark.parametrize(
    "line",
    [
        b"[]\n",
        b"null\n",
        b'"text"\n',
        b'{"a":1}',
        b"\xff\xfe\n",
        b'{"bytes":-1}\n',
        b'{"bytes":true}\n',
        b'{"bytes":"9"}\n',
        b'{"bytes":1e3}\n',
        b'{"bytes":%d}\n' % (PAYLOAD_LIMIT + 1),
        b"[" * 100_000 + b"\n",
    ],
)
def test_what_is_no_header(line: bytes) -> None:
    with pytest.raises(FramingError):
        decode_header(line)


def test_limits_hold_on_the_way_out() -> None:
    with pytest.raises(FramingError, match="limit"):
        encode({"text": "x" * HEADER_LIMIT})
    with pytest.raises(FramingError, match="limit"):
        encode({}, bytes(PAYLOAD_LIMIT + 1))
    with pytest.raises(ValueError, match="JSON"):
        encode({"score": float("nan")})


def test_a_payload_cut_short() -> None:
    with pytest.raises(FramingError, match="after 2 of 9 bytes"):
        read_message(io.BytesIO(encode({}, b"x" * 9)[:-7]))


async def test_the_reader_takes_messages_cut_anywhere_and_survives_being_cancelled() -> None:
    source = asyncio.StreamReader()
    reader = MessageReader(source)
    for byte in encode({"n": 1}, b"first") + encode({"n": 2}):
        source.feed_data(bytes([byte]))
        if byte == ord("\n"):  # between header and payload: the worst moment
            waiting = asyncio.create_task(reader.next())
            await asyncio.sleep(0)
            if not waiting.done():
                waiting.cancel()
                await asyncio.wait([waiting])
            else:
                assert (await waiting) == ({"n": 2, "bytes": 0}, b"")
                return
        elif source._buffer.endswith(b"first"):  # type: ignore[attr-defined]  # the stream's own buffer
            assert await reader.next() == ({"n": 1, "bytes": 5}, b"first")
    raise AssertionError("the second message never came")


async def test_the_reader_refuses_an_endless_line_and_a_cut_payload() -> None:
    source = asyncio.StreamReader(limit=100)
    source.feed_data(b"x" * 300)
    with pytest.raises(FramingError, match="limit"):
        await MessageReader(source).next()
    source = asyncio.StreamReader()
    source.feed_data(json.dumps({"bytes": 9}).encode() + b"\nabc")
    source.feed_eof()
    with pytest.raises(FramingError, match="after 3 of 9"):
        await MessageReader(source).next()
