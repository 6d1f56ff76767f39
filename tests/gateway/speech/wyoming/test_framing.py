"""Frames: against the protocol's own library in both directions, cut anywhere, and whatever bytes may come."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wyoming.event import Event as TheirEvent
from wyoming.event import async_write_event, read_event

from bench.fuzz_targets.wyoming import one_input
from gateway.speech.wyoming.framing import (
    DATA_LIMIT,
    LINE_LIMIT,
    PAYLOAD_LIMIT,
    Decoder,
    Event,
    FramingError,
    encode,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.builds(
    Event, st.text(max_size=20), st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.binary(max_size=60)
)


class Sink:
    """What the library writes to."""

    def __init__(self) -> None:
        self.written = b""

    def writelines(self, parts: Iterable[bytes]) -> None:
        self.written += b"".join(parts)

    def write(self, part: bytes) -> None:
        self.written += part

    async def drain(self) -> None:
        pass


def decoded(stream: bytes, cuts: list[int] | None = None) -> list[Event]:
    """All events of a stream that comes in pieces."""
    decoder = Decoder()
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts or ()), len(stream)]
    events = [event for start, end in pairwise(places) for event in decoder.feed(stream[start:end])]
    assert decoder.between
    assert decoder.held == 0
    return events


@given(st.lists(EVENTS, max_size=4), st.lists(st.integers(0, 10_000), max_size=8))
def test_what_is_encoded_comes_back_wherever_it_is_cut(events: list[Event], cuts: list[int]) -> None:
    assert decoded(b"".join(map(encode, events)), cuts) == events


@given(EVENTS)
def test_the_librarys_own_reader_understands_us(event: Event) -> None:
    theirs = read_event(io.BytesIO(encode(event)))
    assert theirs is not None
    assert (theirs.type, theirs.data, theirs.payload or b"") == (event.type, event.data, event.payload)


@given(EVENTS, st.lists(st.integers(0, 10_000), max_size=4))
def test_we_understand_the_librarys_own_writer(event: Event, cuts: list[int]) -> None:
    sink: Any = Sink()
    asyncio.run(async_write_event(TheirEvent(event.type, dict(event.data), event.payload), sink))
    assert decoded(sink.written, cuts) == [event]


def test_data_stands_in_either_place_and_the_second_wins() -> None:
    line = {"type": "info", "data": {"a": 1, "b": 2}, "version": "1.0.0", "unknown": [3], "data_length": 8}
    assert decoded(json.dumps(line).encode() + b'\n{"b": 3}') == [Event("info", {"a": 1, "b": 3})]
    assert decoded(b'{"type": "info", "data": {"a": 1}}\n') == [Event("info", {"a": 1})]
    assert decoded(b'{"type": "t", "data": null, "data_length": null, "payload_length": 0}\r\n') == [Event("t")]


def test_a_session_as_the_protocols_readme_has_it() -> None:
    stream = (
        b'{"type":"transcribe","data_length":18}\n{"language": "en"}'
        b'{"type":"audio-start","data_length":44}\n{"rate": 16000, "width": 2, "channels":   1}'
        b'{"type":"audio-chunk","data_length":44,"payload_length":4}\n{"rate": 16000, "width": 2, "channels":   1}\n\n\n\n'
        b'{"type":"audio-stop"}\n'
    )
    events = decoded(stream, list(range(len(stream))))
    assert [event.type for event in events] == ["transcribe", "audio-start", "audio-chunk", "audio-stop"]
    assert events[2].payload == b"\n\n\n\n", "no line end of the protocol is in a payload"


@pytest.mark.parametrize(
    "stream",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\n",
        b"[]\n",
        b'"type"\n',
        b"{}\n",
        b'{"type": 5}\n',
        b'{"type": "t", "data": []}\n',
        b'{"type": "t", "data_length": -1}\n',
        b'{"type": "t", "data_length": 1.5}\n',
        b'{"type": "t", "data_length": true}\n',
        b'{"type": "t", "payload_length": "8"}\n',
        b'{"type": "t", "payload_length": 1e999}\n',
        b'{"type": "t", "payload_length": %d}\n' % (PAYLOAD_LIMIT + 1),
        b'{"type": "t", "data_length": %d}\n' % (DATA_LIMIT + 1),
        b'{"type": "t", "data_length": 2}\n[]',
        b'{"type": "t", "data_length": 2}\n{]',
        b'{"type": "t", "data_length": 1}\n\xff',
        b'{"type": ' + b"[" * 100_000 + b"\n",
        b'{"type": "t", "data_length": ' + b"9" * 5_000 + b"}\n",
        "{'type': 't'}\n".encode("utf-16"),
        b"x" * (LINE_LIMIT + 1),
        b"x" * (LINE_LIMIT + 1) + b"\n",
    ],
    ids=lambda stream: repr(stream[:40]),
)
def test_what_is_no_frame_is_refused_and_stays_refused(stream: bytes) -> None:
    decoder = Decoder()
    with pytest.raises(FramingError):
        decoder.feed(stream)
    assert decoder.held == 0
    with pytest.raises(FramingError):
        decoder.feed(encode(Event("describe")))


def test_no_more_is_held_than_the_limits() -> None:
    decoder = Decoder()
    decoder.feed(b'{"type": "t", "payload_length": %d}\n' % PAYLOAD_LIMIT)
    piece = bytes(1 << 16)
    events = []
    for _ in range(PAYLOAD_LIMIT // len(piece)):
        events += decoder.feed(piece)
        assert decoder.held <= PAYLOAD_LIMIT
    assert [len(event.payload) for event in events] == [PAYLOAD_LIMIT]
    assert decoder.between


@given(st.binary(max_size=300))
@example(b"\x01\x00" + encode(Event("info", {"asr": [{"name": None, "models": 5}]})))
@example(b"\x01\x00" + encode(Event("audio-start", {"rate": 10**30, "width": 2, "channels": 1})))
def test_any_bytes_whatsoever(data: bytes) -> None:
    one_input(data)


@given(st.lists(EVENTS, min_size=1, max_size=3), st.integers(0, 400), st.integers(1, 255), st.integers(1, 40))
def test_a_damaged_stream_ends_in_events_or_an_error(events: list[Event], place: int, flip: int, step: int) -> None:
    stream = bytearray(b"".join(map(encode, events)))
    stream[place % len(stream)] ^= flip
    one_input(bytes([step]) + bytes(stream))
