"""How long one frame takes to parse, for `bench radio`."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from radio_drivers.mqtt import protocol as mqtt
from radio_drivers.tait import messages
from radio_drivers.tait.protocol import Frame, FrameReader
from radio_drivers.tetra import sds
from radio_drivers.tetra.protocol import Message, PeiParser

ROUNDS = 9
"""The fastest of so many rounds is not taken, but their median: what a frame costs on a machine that does other things too."""

AT_LEAST_S = 0.02
"""A round is as many frames as take this long."""

CCDI = (
    Frame("p", "05"),  # busy
    Frame("p", "06"),
    Frame("p", "1D1"),  # a short message was acknowledged
    Frame("r", "0000000012345"),  # a selective call with its caller
    Frame("j", "063-1042"),  # signal strength
    Frame("m", "813102.03"),  # model
    Frame("s", "SHOP0001North gate, two of them, one in a grey hood"),  # a short message
)

PEI = (
    b"\r\n+CTICN: 1,0,0,5,02340000100001001,1,1,0,1,1,5,02340000100000500,0\r\n",
    b"\r\n+CTXG: 1,3,0,0,5,02340000100001001\r\n",
    b"\r\n+CDTXC: 1,0\r\n",
    b"\r\n+CSQ: 18,99\r\n\r\nOK\r\n",
    b"\r\n+CTSDSR: 12,1001,0,1002,0,200\r\n82042A0153686F706C6966746572204E6F7274682047617465\r\n",
)

_AT = "2026-03-02T09:00:00.125Z"
MQTT: tuple[tuple[str, bytes], ...] = (
    (mqtt.KEYUP, json.dumps({"v": 1, "at": _AT, "unit": "1001", "strength_dbm": -87.5, "rate": 16000}).encode()),
    (mqtt.KEYDOWN, json.dumps({"v": 1, "at": _AT, "strength_dbm": -87.5}).encode()),
    (mqtt.AUDIO, bytes(1_280)),  # 40 ms
    (mqtt.TEXT, json.dumps({"v": 1, "at": _AT, "unit": "1001", "text": "two of them at the north gate"}).encode()),
    (mqtt.EMERGENCY, json.dumps({"v": 1, "at": _AT, "unit": "1001"}).encode()),
    (mqtt.STATE, json.dumps({"v": 1, "id": "a1", "state": "played"}).encode()),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds a frame."""

    typical: float
    """Of a mix of all kinds."""
    worst: float
    """Of the slowest kind."""


def parse_costs() -> dict[str, Cost]:
    """Microseconds a frame, by protocol: from bytes to what it means."""
    return {
        "ccdi": _cost([_ccdi(frame) for frame in CCDI]),
        "pei": _cost([_pei(data) for data in PEI]),
        "mqtt": _cost([_mqtt(topic, payload) for topic, payload in MQTT]),
    }


def _ccdi(frame: Frame) -> Callable[[], object]:
    reader, data = FrameReader(), b"." + frame.to_bytes()

    def parse() -> object:
        return [messages.read(item) for item in reader.feed(data) if isinstance(item, Frame)]

    if len(reader.feed(data)) != 2:
        raise AssertionError(f"{frame} is not understood")
    return parse


def _pei(data: bytes) -> Callable[[], object]:
    parser = PeiParser()

    def parse() -> object:
        return [
            sds.read(frame.service, frame.payload) if isinstance(frame, Message) else frame
            for frame in parser.feed(data)
        ]

    return parse


def _mqtt(topic: str, payload: bytes) -> Callable[[], object]:
    def parse() -> object:
        return mqtt.decode(topic, payload)

    if any(isinstance(frame, mqtt.BadPayload) for frame in mqtt.decode(topic, payload)):
        raise AssertionError(f"{topic} is not understood")
    return parse


def _cost(parsers: Sequence[Callable[[], object]]) -> Cost:
    each = [_microseconds(parse) for parse in parsers]
    return Cost(round(statistics.mean(each), 2), round(max(each), 2))


def _microseconds(parse: Callable[[], object]) -> float:
    count = 1
    while _seconds(parse, count) < AT_LEAST_S:
        count *= 2
    return 1e6 * statistics.median(_seconds(parse, count) / count for _ in range(ROUNDS))


def _seconds(parse: Callable[[], object], count: int) -> float:
    began = time.process_time()
    for _ in range(count):
        parse()
    return time.process_time() - began
