"""Lines of the PEI to frames, and what is inside messages: examples, other people's vectors, and anything at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.tetra import sds, text
from radio_drivers.tetra.parts import SENDERS_MAX, WAIT_S, Joined, Parts
from radio_drivers.tetra.protocol import (
    LINE_MAX,
    CallEnded,
    CallUp,
    Done,
    Echo,
    Frame,
    Grant,
    Group,
    Identity,
    IncomingCall,
    Message,
    Mode,
    PeiParser,
    Prompt,
    SendLimit,
    SendReport,
    Strength,
    TalkEnded,
    Unknown,
)
from radio_drivers.tetra.sds import Part, Report, Status, Text

LINES: list[tuple[str, Frame]] = [
    ("OK", Done(ok=True)),
    ("ERROR", Done(ok=False)),
    ("+CME ERROR: 35", Done(ok=False, error=35)),
    ("+CMS ERROR:304", Done(ok=False, error=304)),
    ("AT+CSQ?", Echo()),
    ("+CSQ: 18,99", Strength(-77.0)),
    ("+CSQ: 99,99", Strength(None)),
    ("+CTOM: 1", Mode(1)),
    ("+CNUMF: 6,02340000100001002", Identity("1002")),
    ("+CTGS: 1,02340000100000500", Group("500")),
    ("+CMGS: (0-16777214),(8-1184)", SendLimit(1184)),
    ("+CMGS: 0", SendReport(None, None)),
    ("+CMGS: 0,4,65", SendReport(4, 65)),
    (
        "+CTICN: 1,0,0,5,02340000100001001,1,1,0,1,1,5,02340000100000500,0",
        IncomingCall(1, "1001", "500", group=True, priority=0),
    ),
    ("+CTICN: 2,0,0,0,1001,1,1,0,0,1,0,1002", IncomingCall(2, "1001", "1002", group=False, priority=None)),
    ("+CTXG: 1,3,0,0,5,02340000100001001", Grant(1, 3, "1001")),
    ("+CTXG: 1,3,0,0,0,1001", Grant(1, 3, "1001")),
    ("+CTXG:1,0,0,0", Grant(1, 0, None)),
    ("+CDTXC: 1,0", TalkEnded(1)),
    ("+CTCC: 7,1,0,1,0,0,1,1", CallUp(7)),
    ("+CTCR: 7,13", CallEnded(7, 13)),
    ("+CTXG: what?", Unknown("+CTXG: what?")),
    ("+XYZ: 1", Unknown("+XYZ: 1")),
    ("RING", Unknown("RING")),
]


def feed(data: bytes) -> list[Frame]:
    return PeiParser().feed(data)


@pytest.mark.parametrize(("line", "frame"), LINES)
def test_every_line_is_told_by_its_prefix(line: str, frame: Frame) -> None:
    assert feed(f"\r\n{line}\r\n".encode()) == [frame]


@pytest.mark.parametrize(
    ("header", "source", "destination"),
    [
        ("12,1001,0,1002,0,48", "1001", "1002"),
        ("12,1001,0,1002,0,48,0", "1001", "1002"),
        ("12,02340000100001001,1,02340000100001002,1,48,0", "1001", "1002"),
        ("12,1002,0,48", None, "1002"),
        ("12,1002,48", None, "1002"),
        ("12,,,1002,0,48", None, "1002"),
        ("12,1001,0,1002,0,999", "1001", "1002"),
    ],
)
def test_a_message_is_its_header_and_the_next_line_of_digits(header: str, source: str, destination: str) -> None:
    wanted = Message(12, source, destination, bytes.fromhex("020148454C50"))
    assert feed(f"+CTSDSR: {header}\r\n020148454C50\r\n".encode()) == [wanted]
    assert feed(f"+CTSDSR:{header}\r\n020148454c50\r\n".encode()) == [wanted]


def test_other_lines_may_come_between_header_and_digits() -> None:
    frames = feed(b"+CTSDSR: 12,1001,0,1002,0,48\r\n+CSQ: 18,99\r\nOK\r\n\r\n020148454C50\r\nOK\r\n")
    assert [type(frame) for frame in frames] == [Strength, Done, Message, Done]


def test_a_header_without_digits_is_given_up_and_the_next_message_is_whole() -> None:
    frames = feed(b"+CTSDSR: 12,1001,0,1002,0,48\r\n" + b"OK\r\n" * 6 + b"ABCD\r\n")
    assert frames[-1] == Unknown("ABCD")
    frames = feed(b"+CTSDSR: 12,1001,0,1002,0,48\r\n+CTSDSR: 13,1003,0,1002,0,16\r\n8002\r\n")
    assert frames == [Message(13, "1003", "1002", b"\x80\x02")]


def test_the_prompt_has_no_line_end() -> None:
    parser = PeiParser()
    assert parser.feed(b"\r\n>") == [Prompt()]
    assert parser.feed(b" +CMGS: 0,0,1\r\nOK\r\n") == [SendReport(0, 1), Done(ok=True)]
    assert feed(b"AT+X>5\r\n") == [Echo()]


def test_a_line_without_end_is_bounded_and_the_next_one_is_good() -> None:
    parser = PeiParser()
    for _ in range(100):
        assert parser.feed(b"A" * 1000) == []
        assert parser.held <= LINE_MAX
    assert parser.feed(b"\r\nOK\r\n") == [Done(ok=True)]


SOME_LINES = st.lists(st.sampled_from([line for line, _ in LINES]), max_size=12)


@given(SOME_LINES, st.data())
def test_how_the_stream_is_cut_makes_no_difference(lines: list[str], data: st.DataObject) -> None:
    stream = "".join(f"\r\n{line}\r\n" for line in lines).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parser = PeiParser()
    frames: list[Frame] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        frames += parser.feed(stream[start:end])
    assert frames == feed(stream)
    assert frames == [dict(LINES)[line] for line in lines]


@given(st.binary(max_size=400))
def test_anything_at_all_is_survived_and_the_next_line_is_good(noise: bytes) -> None:
    parser = PeiParser()
    parser.feed(noise)
    assert parser.held <= LINE_MAX
    assert parser.feed(b"\r\n+CTXG: 1,3,0,0,0,1001\r\n")[-1:] == [Grant(1, 3, "1001")]


# -- messages


def test_the_vector_of_tetra_pei() -> None:
    """ftl/tetra-pei (MIT), sds/sds_test.go."""
    payload = bytes.fromhex("8206C981445A0F746573746D657373616765")
    assert sds.read(12, payload) == Text(0x82, "testmessage", reference=0xC9, wants_report=True)


@pytest.mark.parametrize(
    ("service", "digits", "content"),
    [
        (12, "82042A0153686F706C6966746572204E6F7274682047617465", Text(0x82, "Shoplifter North Gate", 0x2A, True)),
        (12, "89022B0148454C50", Text(0x89, "HELP", 0x2B)),
        (12, "020148454C50", Text(0x02, "HELP")),
        (12, "09000A", Text(0x09, "")),
        (12, "8200011A2EAC00E9", Text(0x82, "\u2eac\u00e9", 1)),
        (12, "82000100C8329BFD06", Text(0x82, "Hello", 1)),
        (12, "8A00100105000310050154776F", Text(0x8A, "Two", 0x10, part=Part(0x10, 5, 1))),
        (12, "8A00C98D045A8F050003C90201", Text(0x8A, "", 0xC9, part=Part(0xC9, 2, 1))),
        (12, "8A0011010608040010050254776F", Text(0x8A, "Two", 0x11, part=Part(0x10, 5, 2))),
        (12, "82050117" + "0148454C50", Text(0x82, "HELP", 1, True)),
        (12, "82050110" + "AA" + "0148454C50", Text(0x82, "HELP", 1, True)),
        (12, "82050111" + "0003E9" + "0148454C50", Text(0x82, "HELP", 1, True)),
        (12, "82050112" + "0003E9000001" + "0148454C50", Text(0x82, "HELP", 1, True)),
        (12, "82050113" + "03" + "1230" + "0148454C50", Text(0x82, "HELP", 1, True)),
        (12, "82050113", sds.Other(0x82)),
        (12, "8210002A", Report(0x2A, True, 0)),
        (12, "8218022A", Report(0x2A, True, 2, wants_ack=True)),
        (12, "82104B2A", Report(0x2A, False, 0x4B)),
        (12, "8910212A", Report(0x2A, None, 0x21, protocol=0x89)),
        (13, "8002", Status(32770)),
        (13, "0000", Status(0)),
        (13, "7E2A", Report(0x2A, True, 2)),
        (13, "7C2A", Report(0x2A, False, 0)),
        (13, "00", sds.Other(None)),
        (12, "", sds.Other(None)),
        (12, "8204", sds.Other(0x82)),
        (12, "C301", sds.Other(0xC3)),
        (9, "0000", sds.Other(None)),
    ],
)
def test_layouts(service: int, digits: str, content: sds.Content) -> None:
    assert sds.read(service, bytes.fromhex(digits)) == content


def test_why_a_location_is_sent_is_read_and_nothing_else_of_it() -> None:
    bits = "00" + "01" + "0" * 25 + "1" * 24 + "000" + "0000000" + "0000" + "0" + f"{2:08b}"
    payload = b"\x0a" + int(bits + "0000", 2).to_bytes(10, "big")
    assert sds.read(12, payload) == sds.Location(2)
    assert sds.read(12, payload[:-1]) == sds.Other(0x0A)


def test_what_we_write() -> None:
    """Bytes checked with ftl/tetra-pei."""
    message = sds.write_text("Shoplifter North Gate", protocol=sds.TEXT, reference=0x2A, report=True, most_bytes=148)
    assert message.hex().upper() == "82062A0153686F706C6966746572204E6F7274682047617465"
    message = sds.write_text("HELP", protocol=sds.IMMEDIATE, reference=0x2B, report=False, most_bytes=148)
    assert message.hex().upper() == "89022B0148454C50"
    assert sds.write_report(Text(0x82, "x", 0x2A, True)).hex().upper() == "8210002A"
    assert sds.write_ack(Report(0x2A, True, 0, True)).hex().upper() == "8220002A"


@pytest.mark.parametrize(
    ("said", "coding", "read"),
    [
        ("Café, £20", 1, "Café, £20"),
        ("Łukasz", 26, "Łukasz"),
        ("Łukasz “Żółw” " + 100 * "x", 1, 'Lukasz "Zólw" ' + 100 * "x"),
        ("北 " + 100 * "x", 1, "? " + 100 * "x"),
    ],
)
def test_letters_go_out_as_well_as_they_can(said: str, coding: int, read: str) -> None:
    used, data = text.encode(said, 144)
    assert (used, text.decode(used, data)) == (coding, read)


@given(st.text(max_size=300), st.integers(20, 148), st.sampled_from([sds.TEXT, sds.IMMEDIATE, sds.SIMPLE]))
def test_any_text_can_be_written_and_fits(said: str, most: int, protocol: int) -> None:
    payload = sds.write_text(said, protocol=protocol, reference=1, report=True, most_bytes=most)
    assert len(payload) <= most
    assert isinstance(sds.read(12, payload), Text)


@given(st.text(alphabet=[chr(c) for c in range(0x20, 0x7F)], max_size=100))
def test_plain_text_arrives_as_it_was_written(said: str) -> None:
    payload = sds.write_text(said, protocol=sds.TEXT, reference=7, report=False, most_bytes=148)
    assert sds.read(12, payload) == Text(sds.TEXT, said.strip(), 7)


@given(st.integers(0, 15), st.binary(max_size=200))
def test_any_payload_is_survived(service: int, payload: bytes) -> None:
    content = sds.read(service, payload)
    if isinstance(content, Text):
        assert len(content.text) <= 8 * len(payload)
        assert content.part is None or 1 <= content.part.number <= content.part.total


@given(st.integers(0, 127), st.binary(max_size=200))
def test_any_bytes_are_some_text(coding: int, data: bytes) -> None:
    said = text.decode(coding, data)
    assert not any(ord(c) < 0x20 and c not in "\n\t" for c in said)


# -- long texts


def test_pieces_in_any_order_make_one_text() -> None:
    parts = Parts()
    assert parts.add("1001", Part(5, 3, 2), "two ", 0.0) == []
    assert parts.add("1001", Part(5, 3, 3), "three", 0.1) == []
    assert parts.add("1001", Part(5, 3, 2), "two ", 0.1) == []
    assert parts.add("1001", Part(5, 3, 1), "one ", 0.2) == [Joined("1001", "one two three")]
    assert parts.waiting == 0


def test_two_senders_with_the_same_number_are_kept_apart() -> None:
    parts = Parts()
    parts.add("1001", Part(5, 2, 1), "a", 0.0)
    parts.add("1002", Part(5, 2, 1), "b", 0.0)
    assert parts.add("1002", Part(5, 2, 2), "B", 0.0) == [Joined("1002", "bB")]
    assert parts.all() == [Joined("1001", "a [...]")]


def test_what_is_missing_for_too_long_is_told_without_it() -> None:
    parts = Parts()
    parts.add("1001", Part(5, 3, 1), "one", 0.0)
    parts.add("1001", Part(5, 3, 3), "three", 10.0)
    assert parts.late(9.0 + WAIT_S) == []
    assert parts.late(10.0 + WAIT_S) == [Joined("1001", "one [...] three")]


def test_texts_that_are_never_finished_are_bounded() -> None:
    parts = Parts()
    told = [parts.add(str(n), Part(1, 2, 1), f"text {n}", float(n)) for n in range(100)]
    assert parts.waiting == SENDERS_MAX
    assert told[-1] == [Joined(str(99 - SENDERS_MAX), f"text {99 - SENDERS_MAX} [...]")]
