"""Fuzz target: MMDVMHost's JSON, one message after the other on one channel."""

from __future__ import annotations

from datetime import UTC, datetime

from radio_drivers.mmdvm.protocol import decode
from radio_drivers.mmdvm.settings import MmdvmSettings
from radio_drivers.mmdvm.talkers import Talkers
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.reception import Moment

_NOW = Moment(datetime(2026, 3, 7, 14, 5, 9, tzinfo=UTC), 100.0)

SEEDS = (
    b'{"DMR":{"slot":2,"action":"start","source_id":7,"destination_id":9}}\n{"RSSI":{"mode":"DMR","slot":2,"value":-87}}',
    b'{"Text":{"mode":"DMR","slot":1,"value":"Quill"}}\n{"FM":{"state":"relaying_rf"}}',
    b'{"DMR":{"slot":1,"action":"csbk","csbk_desc":"Emergency Call"}}\n{"DMR":{"slot":1,"action":"end","rssi":{"max":-80}}}',
)


def one_input(data: bytes) -> None:
    """Messages with line ends between them."""
    talkers = Talkers("town", MmdvmSettings(topic="mmdvm"))
    for message in data.split(b"\n")[:50]:
        frame = decode(message)
        if not isinstance(frame, BadPayload):
            list(talkers.take(frame, _NOW))
    if talkers.busy(1e9):
        raise AssertionError("somebody talks for ever")
