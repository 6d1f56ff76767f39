"""Answers of rigctld, cut anywhere, among rubbish, without end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.hamlib.protocol import MAX_LINE, MAX_VALUES, Dialect, Reply, ReplyReader, command, meaning

# Answers of rigctld 4.5.4 with its dummy radio.
EXTENDED = (
    b"0\n"
    b"set_ptt: 0\nRPRT 0\n"
    b"get_ptt:\nPTT: 0\nRPRT 0\n"
    b"get_dcd: currVFO\nDCD: 1\nRPRT 0\n"
    b"get_level: STRENGTH\n-35\nRPRT 0\n"
    b"get_ptt:\nRPRT -11\n"
    b"RPRT -1\n"
)
REPLIES = [
    Reply("chk_vfo", ("0",)),
    Reply("set_ptt 0", ()),
    Reply("get_ptt", ("0",)),
    Reply("get_dcd currVFO", ("1",)),
    Reply("get_level STRENGTH", ("-35",)),
    Reply("get_ptt", (), -11),
    Reply(None, (), -1),
]
PLAIN = b"ChkVFO: 1\nRPRT 0\n1\n-35\nRPRT -11\n"
PLAIN_REPLIES = [Reply(None, ("1",)), Reply(None, ()), Reply(None, ("1",)), Reply(None, ("-35",)), Reply(None, (), -11)]


def fed(dialect: Dialect, *pieces: bytes) -> list[Reply]:
    reader = ReplyReader(dialect)
    return [reply for piece in pieces for reply in reader.feed(piece)]


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(place % (len(data) + 1) for place in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


def test_real_answers_are_understood() -> None:
    assert fed("extended", EXTENDED) == REPLIES
    assert fed("plain", PLAIN) == PLAIN_REPLIES


@given(st.lists(st.integers(0, 500)))
def test_answers_are_the_same_however_they_are_cut(cuts: list[int]) -> None:
    assert fed("extended", *cut(EXTENDED, cuts)) == REPLIES
    assert fed("plain", *cut(PLAIN, cuts)) == PLAIN_REPLIES
    assert fed("extended", *cut(EXTENDED.replace(b"\n", b"\r\n"), cuts)) == REPLIES


@given(st.binary(max_size=2000), st.lists(st.integers(0, 2000)))
def test_after_any_rubbish_the_next_whole_answer_is_understood(rubbish: bytes, cuts: list[int]) -> None:
    assert fed("extended", *cut(rubbish, cuts), b"\n", EXTENDED)[-6:] == REPLIES[1:]


@given(st.sampled_from(["extended", "plain"]), st.lists(st.binary(max_size=800), max_size=20))
def test_memory_is_bounded(dialect: Dialect, pieces: list[bytes]) -> None:
    reader = ReplyReader(dialect)
    for piece in pieces:
        reader.feed(piece)
        assert reader.held <= MAX_LINE + MAX_VALUES


def test_an_endless_line_and_an_endless_answer_are_thrown_away() -> None:
    reader = ReplyReader("extended")
    for _ in range(100):
        assert reader.feed(b"x" * 1000) == []
        assert reader.held <= MAX_LINE
    assert reader.feed(b"\nget_ptt:\n" + b"PTT: 0\n" * 1000) == []
    assert reader.held <= MAX_VALUES
    assert reader.feed(b"RPRT 0\nget_ptt:\nPTT: 1\nRPRT 0\n") == [Reply(None, ()), Reply("get_ptt", ("1",))]


def test_an_answer_cut_off_by_the_next_is_forgotten() -> None:
    assert fed("extended", b"get_ptt:\nPTT: 1\nget_dcd:\nDCD: 0\nRPRT 0\n") == [Reply("get_dcd", ("0",))]


def test_commands() -> None:
    assert command("extended", "set_ptt", "1") == b"+\\set_ptt 1\n"
    assert command("plain", "get_level", "STRENGTH") == b"\\get_level STRENGTH\n"
    assert command("extended", "chk_vfo") == b"\\chk_vfo\n", "its extended answer has no return code either"


@pytest.mark.parametrize(
    ("code", "says"), [(-5, "does not answer"), (-11, "can't do that"), (-99, "error of Hamlib's")]
)
def test_codes_in_words(code: int, says: str) -> None:
    assert says in meaning(code)
