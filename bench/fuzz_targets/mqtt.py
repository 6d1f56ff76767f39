"""Fuzz target: any payload on any topic of an `mqtt` base station."""

from __future__ import annotations

from radio_drivers.mqtt.protocol import (
    FROM_BASE_STATION,
    JSON_MAX,
    TEXT_MAX,
    UNIT_MAX,
    AudioFrame,
    BadPayload,
    EmergencyFrame,
    KeyUpFrame,
    TextFrame,
    WavFrame,
    decode,
)

SEEDS = (
    b'\x00{"v":1,"at":"2026-03-02T09:00:00Z","unit":"1001","strength_dbm":-87.5,"rate":16000,"audio":"pcm"}',
    b'\x03{"v":1,"at":"2026-03-02T09:00:03.5+00:00"}',
    b'\x05{"v":1,"at":1772442000,"unit":"1001","text":"at the till"}',
    b'\x07{"v":1,"id":"a1","state":"refused","reason":"busy"}',
    b"\x08online",
    b"\x01\x00\x01\x00\x02",
)

WAV_MOST = 100_000


def one_input(data: bytes) -> None:
    """The first byte chooses the topic, the rest is the payload and, for a WAV, its user properties too."""
    if not data:
        return
    topic, payload = FROM_BASE_STATION[data[0] % len(FROM_BASE_STATION)], data[1:]
    said = payload[:JSON_MAX].decode("latin-1")
    for frame in decode(topic, payload, {"at": said, "unit": said, "strength_dbm": said}, wav_max=WAV_MOST):
        match frame:
            case BadPayload():
                frame.reason.encode()
            case AudioFrame() | WavFrame():
                if len(frame.pcm) % 2 or len(frame.pcm) > 8 * len(payload):
                    raise AssertionError(f"{len(frame.pcm)} bytes of sound of {len(payload)}")
            case KeyUpFrame() | EmergencyFrame():
                if frame.unit is not None and len(frame.unit) > UNIT_MAX:
                    raise AssertionError("a unit that long")
            case TextFrame():
                frame.text.encode()
                if len(frame.text) > TEXT_MAX:
                    raise AssertionError("a text that long")
            case _:
                pass
