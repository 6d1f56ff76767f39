"""Fuzz target: what a TETRA radio's PEI may give, cut into pieces, and what its messages mean."""

from __future__ import annotations

from radio_drivers.tetra.parts import SENDERS_MAX, Parts
from radio_drivers.tetra.protocol import (
    LINE_MAX,
    CallEnded,
    CallUp,
    Grant,
    IncomingCall,
    Message,
    PeiParser,
    TalkEnded,
)
from radio_drivers.tetra.sds import Text, read
from radio_drivers.tetra.talk import Talk

SEEDS = (
    b"\x05\r\nOK\r\n+CSQ: 18,99\r\n> +CME ERROR: 35\r\n",
    b"\x00+CTSDSR: 12,1001,0,1002,0,200\r\n82042A0153686F706C6966746572204E6F7274682047617465\r\n",
    b"\x07+CTSDSR: 13,1001,0,1002,0,16\r\n0000\r\n+CMGS: 0,4,65\r\n",
    b"\x00+CTSDSR: 12,1001,0,1002,0,104,0\r\n8A00100105000310050154776F\r\n",
    b"\x01+CTICN: 1,0,0,5,02340000100001001,1,1,0,1,1,5,02340000100000500,0\r\n+CTXG: 1,3,0,0,0,1001\r\n+CDTXC: 1,0\r\n",
    b"\x20+CTCC: 1,1,0,1\r\n+CTCR: 1,13\r\n+CTOM: 0\r\n+CNUMF: 6,02340000100001002\r\n+CTGS: 1,500\r\n",
)

_GOOD = Grant(1, 3, "1001")


def one_input(data: bytes) -> None:
    """The first byte is the length of the pieces (0: all at once), the rest what the radio gives."""
    if not data:
        return
    step, stream = data[0] or len(data), data[1:]
    parser, talk, parts = PeiParser(), Talk(), Parts()
    for start in range(0, len(stream), step):
        for frame in parser.feed(stream[start : start + step]):
            if isinstance(frame, Message):
                content = read(frame.service, frame.payload)
                if isinstance(content, Text) and content.part is not None:
                    parts.add(frame.source, content.part, content.text, float(start))
            elif isinstance(frame, IncomingCall | Grant | TalkEnded | CallUp | CallEnded):
                talk.feed(frame)
        if parser.held > LINE_MAX or parts.waiting > SENDERS_MAX:
            raise AssertionError(f"{parser.held} bytes and {parts.waiting} texts held")
    if parser.feed(b"\r\n+CTXG: 1,3,0,0,0,1001\r\n")[-1:] != [_GOOD]:
        raise AssertionError("a good line after rubbish was not understood")
