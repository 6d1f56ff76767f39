"""Frames of a Tait's data port: the maker's printed ones, ours recomputed by the book, and any bytes at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.fuzz_targets import tait as fuzz_target
from radio_drivers.tait.protocol import (
    FRAME_MAX,
    LINE_MAX,
    BadLine,
    Frame,
    FrameError,
    FrameReader,
    Item,
    Prompt,
    checksum,
    read_line,
)
from tests.peers.tait import framed

PRINTED = [
    # Tait, MMA-00038-02, as printed there.
    ("s0D050800TESTHi!DA", Frame("s", "050800TESTHi!")),
    ("a130520312345678M01D0E36", Frame("a", "0520312345678M01D0E")),
    ("v1200TMAB12-H500_010115", Frame("v", "00TMAB12-H500_0101")),
    ("m0813102.03A3", Frame("m", "13102.03")),
    ("q002F", Frame("q", "")),
    # Captured from TM8110s by the authors of packet-net/packet.net.
    ("e03006A2", Frame("e", "006")),
    ("p0205C9", Frame("p", "05")),
    ("j07064-456C9", Frame("j", "064-456")),
    ("f0291CE", Frame("f", "91")),
]

BY_HAND = [
    # Added up with pencil and paper, or by a program other than ours.
    "q011FD", "q010FE", "q013FB", "q014FA", "q016F8", "q0270C6", "c003D", "c0100C", "c0110B", "f0200D8", "f03031A3",
    "f03030A4", "f03041A2", "f03040A3", "f03051A1", "f03050A2", "f03052A0", "f03101A5", "f03100A6", "f03111A4", "f03121A3",
    "f03220A3", "f03221A2", "f0430096A", "f04300073", "f0251D2", "f0250D3", "f0281CF", "f0280D0", "f0290CF", "d0601234507",
    "d0615432106", "d0611234506", "g01701", "g0212D4", "g0223D2", "g060100120F", "q0450475B", "q0450635D", "q0450645C",
    "q0453185A", "q04531959", "j05047272D", "j06047470FA", "j08063-1042A1", "s0C05SHOP0001Hi09",
    "a1705200SHOP0001North gate79", "t02+0CF", "t01zB1", "p0202CC", "p0203CB", "p0204CA", "p0206C8", "p0207C7", "p0208C6",
    "p0219C4", "p031C188", "p031D187", "p031D088", "p031F086", "p092100000076D", "r0C00000FF12345A0", "r0C00100FF123459F",
    "r0C020000712345C3", "r0714000FFA6", "r1200000FF54321-1234584", "s02Hi7A", "s002D", "m0813203.02A2", "n08190011898D",
    "v1200TMAB12-B100_02011E", "e03001A7", "e03002A6", "e03003A5", "e03005A3",
]  # fmt: skip


@pytest.mark.parametrize(("text", "frame"), PRINTED)
def test_the_makers_own_frames(text: str, frame: Frame) -> None:
    assert frame.to_bytes() == text.encode() + b"\r"
    assert FrameReader().feed(text.encode() + b"\r") == [frame]


@pytest.mark.parametrize("text", BY_HAND)
def test_frames_recomputed(text: str) -> None:
    frame = read_line(text.encode())
    assert isinstance(frame, Frame)
    assert frame.to_bytes() == text.encode() + b"\r" == framed(frame.ident, frame.parameters)


def test_the_sum_is_ordinary_addition() -> None:
    # One of the manual's examples is misprinted: the frame that it shows with checksum 4A.
    assert checksum(b"q00") == 0x2F
    assert checksum(b"s0D050800TESTHi!") == 0xDA
    assert (sum(b"p0205") + checksum(b"p0205")) % 256 == 0


def test_the_shortest_and_the_longest() -> None:
    longest = Frame("z", "x" * 255)
    assert len(longest.to_bytes()) == FRAME_MAX + 1
    assert FrameReader().feed(longest.to_bytes()) == [longest]
    assert len(Frame("q").to_bytes()) == 6


@pytest.mark.parametrize(
    "frame",
    [Frame("Q"), Frame(""), Frame("qq"), Frame("é"), Frame("s", "x" * 256), Frame("s", "a\rb"), Frame("s", "a\nb"),
     Frame("s", "a\x11b"), Frame("s", "a\x13b"), Frame("s", "€")],
)  # fmt: skip
def test_what_cannot_be_written(frame: Frame) -> None:
    with pytest.raises(FrameError):
        frame.to_bytes()


BUSY = Frame("p", "05")


@pytest.mark.parametrize(
    ("data", "items"),
    [
        (b".j07064-456C9\r.", [Prompt(), Frame("j", "064-456"), Prompt()]),
        (b"p0205C9\r.", [BUSY, Prompt()]),
        (b"...p0205C9\r", [Prompt(), Prompt(), Prompt(), BUSY]),
        (b".e03006A2\r.", [Prompt(), Frame("e", "006"), Prompt()]),
        (b"\x9c\xfe\rp0205C9\r", [BadLine(b"\x9c\xfe"), BUSY]),
        (b"\x9c\xfep0205C9\r", [BUSY]),
        (b"p0p0205C9\r", [BUSY]),
        (b"\r\r\n\r", []),
        (b"p0\x132\x1105\nC9\r", [BUSY]),
        (b"p0205C8\r", [BadLine(b"p0205C8")]),
        (b"p0305C8\r", [BadLine(b"p0305C8")]),
        (b"p0205c9\r", [BadLine(b"p0205c9")]),
        (b"P0205E9\r", [BadLine(b"P0205E9")]),
        (b"-02q\r", [BadLine(b"-02q")]),
        (b"p0205C9", []),
        (framed("s", "a.b.c"), [Frame("s", "a.b.c")]),
    ],
)
def test_lines(data: bytes, items: list[Item]) -> None:
    assert FrameReader().feed(data) == items


def test_a_line_without_end_is_thrown_away_to_its_end() -> None:
    reader = FrameReader()
    items = reader.feed(b"\x00" * (LINE_MAX + 1))
    assert items == [BadLine(b"\x00" * 40)]
    assert reader.held == 0
    assert reader.feed(b"\xff" * 10_000) == []
    assert reader.feed(b"p0205C9\r") == []
    assert reader.feed(b"p0205C9\r") == [BUSY]


def test_forgetting_an_unfinished_line() -> None:
    reader = FrameReader()
    reader.feed(b"p02")
    reader.clear()
    assert reader.feed(b"p0205C9\r") == [BUSY]


parameters = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x11\x13"), max_size=255)
frames = st.builds(Frame, st.sampled_from("abcdefghijklmnopqrstuvwxyz"), parameters)
noise = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from([b"\r", b".", b"p02", b"p0205C9\r", b"\x11", b"FF", b"s1", b"x" * 400]),
        frames.map(Frame.to_bytes),
    ),
    max_size=12,
).map(b"".join)


@given(frames)
def test_read_back_as_written(frame: Frame) -> None:
    assert FrameReader().feed(frame.to_bytes()) == [frame]
    assert frame.to_bytes() == framed(frame.ident, frame.parameters)


@given(noise, st.lists(st.integers(0, 2_000)))
def test_pieces_make_no_difference(data: bytes, cuts: list[int]) -> None:
    reader, items, start = FrameReader(), [], 0
    for cut in [*sorted(cuts), len(data)]:
        if cut > start:
            items += reader.feed(data[start:cut])
            start = cut
        assert reader.held <= LINE_MAX
    assert items == FrameReader().feed(data)


@given(noise, frames)
def test_after_noise_at_most_one_good_frame_is_lost(data: bytes, frame: Frame) -> None:
    reader = FrameReader()
    reader.feed(data)
    items = reader.feed(2 * frame.to_bytes())
    assert items[-1] == frame
    assert reader.held == 0


@given(frames, st.integers(0, 300), st.integers(1, 255))
def test_one_changed_byte_never_makes_another_frame_of_it(frame: Frame, place: int, change: int) -> None:
    data = bytearray(frame.to_bytes())
    place %= len(data) - 1
    data[place] ^= change
    read = [item for item in FrameReader().feed(bytes(data)) if isinstance(item, Frame)]
    # A frame that ends with the damaged one's checksum can lie inside it, but it is shorter: the ident or more is gone.
    assert all(len(item.parameters) < len(frame.parameters) for item in read)


@given(st.binary(max_size=2_000))
def test_the_fuzzing_target(data: bytes) -> None:
    fuzz_target.one_input(data)
