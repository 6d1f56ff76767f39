"""Fuzz target: what may come on Hermes topics, as one message or as a microphone's stream of frames."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from radio_drivers.hermes.protocol import AudioFrame, decode, part_of_topic
from radio_drivers.hermes.reception import Reception
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import KeyDown, KeyUp, RadioEvent
from radio_drivers.mqtt.wav import write_wav

_PARTS = ("audioFrame", "playBytes", "playFinished", "tts/sayFinished", "error/tts", "error/audioServer/play")
_NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)

SEEDS = (
    b"\x00" + write_wav(b"\x10\x20" * 400, 16_000),
    b"\x03" + json.dumps({"id": "r1", "siteId": "base", "sessionId": ""}).encode(),
    b"\x06\x40" + b"\x7f\x30" * 1500,
)


def one_input(data: bytes) -> None:
    """The first byte chooses the topic, or that the rest is cut into frames."""
    if len(data) < 2:
        return
    kind = data[0] % 7
    if kind < 6:
        decode(_PARTS[kind], data[1:], site="base", request="r")
        part_of_topic(data[1:].decode("utf-8", "replace"), "hermes", "base")
        return
    _stream(data[2:], 2 * data[1] + 2)


def _stream(pcm: bytes, step: int) -> None:
    seconds = 0.0
    events: list[RadioEvent] = []
    reception = Reception("town", HermesSettings(), events.append, clock=lambda: seconds)
    for begin in range(0, len(pcm) - 1, step):
        frame = decode("audioFrame", write_wav(pcm[begin : begin + step], 8_000), site="base")
        if isinstance(frame, AudioFrame):
            seconds += len(frame.pcm) / 2 / frame.rate
            reception.frame(frame.pcm, frame.rate, _NOON + timedelta(seconds=seconds))
    reception.stop()
    ups, downs = (sum(isinstance(event, kind) for event in events) for kind in (KeyUp, KeyDown))
    if ups != downs or reception.busy:
        raise AssertionError(f"{ups} key-ups and {downs} key-downs")
