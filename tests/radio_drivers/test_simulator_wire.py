"""Lines of JSON and samples, cut anywhere, and anything at all."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio_drivers.simulator.wire import LINE_MAX, Message, Reader, WireError, encode, split_address

messages = st.builds(
    Message,
    st.dictionaries(st.text(max_size=8).filter(lambda name: name != "bytes"), st.text(max_size=20) | st.integers()),
    st.binary(max_size=50).map(lambda data: data[: len(data) // 2 * 2]),
)


@settings(deadline=None)
@given(st.lists(messages, max_size=5), st.integers(1, 60))
def test_messages_come_back_however_they_are_cut(sent: list[Message], step: int) -> None:
    data = b"".join(encode(message) for message in sent)
    reader = Reader()
    got = [message for at in range(0, len(data), step) for message in reader.feed(data[at : at + step])]
    assert got == sent


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_a_wire_error(data: bytes) -> None:
    with contextlib.suppress(WireError):
        for message in Reader().feed(data):
            assert len(message.pcm) % 2 == 0


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"hello\n", "no JSON"),
        (b"[1]\n", "no object"),
        (b"[" * 10_000 + b"\n", "no JSON"),
        (b'{"bytes":3}\n', "bytes is no even number"),
        (b'{"bytes":-2}\n', "bytes is no even number"),
        (b'{"bytes":true}\n', "bytes is no even number"),
        (b'{"bytes":50000000}\n', "bytes is no even number from 0 to 20000000"),
        (b"x" * (LINE_MAX + 1), "a line of more than"),
    ],
)
def test_what_can_not_be_understood_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        list(Reader().feed(data))


def test_text_fields_are_checked() -> None:
    assert Message({"a": "x\ud800"}).text("a") == "x?"
    with pytest.raises(WireError, match="a is no text"):
        Message({"a": 1}).text("a")


@pytest.mark.parametrize(
    ("address", "parts"),
    [("127.0.0.1:4711", ("127.0.0.1", 4711)), ("[::1]:0", ("::1", 0)), ("unix:/run/x.sock", "/run/x.sock")],
)
def test_addresses(address: str, parts: tuple[str, int] | str) -> None:
    assert split_address(address) == parts


@pytest.mark.parametrize("address", ["", "4711", ":4711", "localhost", "localhost:http", "localhost:70000", "unix:"])
def test_no_addresses(address: str) -> None:
    with pytest.raises(ValueError, match="give HOST:PORT or unix:/path"):
        split_address(address)
