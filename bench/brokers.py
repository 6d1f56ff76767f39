"""How long one MQTT message of each kind of base station takes, from bytes to events or to what it means."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from bench._town import keep
from radio_drivers.hermes.protocol import AudioFrame
from radio_drivers.hermes.protocol import decode as hermes_decode
from radio_drivers.hermes.reception import Reception
from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import RadioEvent
from radio_drivers.mmdvm.protocol import decode as mmdvm_decode
from radio_drivers.mmdvm.settings import MmdvmSettings
from radio_drivers.mmdvm.talkers import Talkers
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.protocol import decode as mqtt_decode
from radio_drivers.mqtt.reception import Moment
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.trunk_recorder.calls import Calls
from radio_drivers.trunk_recorder.protocol import CallEnded, CallStarted
from radio_drivers.trunk_recorder.protocol import decode as trunk_decode
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings

GOAL_US = 100.0
ROUNDS = 15
AT_LEAST_S = 0.02
"""A round is as many messages as take this long."""

_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
_NOW = Moment(_AT + timedelta(seconds=5), 100.0)

KEYUP = json.dumps({"v": 1, "at": "2026-03-02T09:00:00.125Z", "unit": "1001", "strength_dbm": -87.5}).encode()
CALL_END = json.dumps(
    {
        "type": "call_end",
        "call": {
            "id": "1_9001_1772442000", "call_num": 17, "sys_num": 1, "sys_name": "shopwatch", "freq": 453125000, "unit": 12345,
            "unit_alpha_tag": "Shop 12", "talkgroup": 9001, "talkgroup_alpha_tag": "TOWN", "conventional": True, "analog": True,
            "audio_type": "analog", "encrypted": False, "emergency": False, "length": 3.1, "start_time": 1772442000,
            "stop_time": 1772442003, "signal": -96, "noise": 999, "call_filename": "9001-1772442000.wav",
        },
        "timestamp": 1772442004,
        "instance_id": "gateway-1",
    }
).encode()  # fmt: skip
MMDVM_START = json.dumps(
    {
        "DMR": {
            "timestamp": "2026-03-02T09:00:00.120Z", "slot": 2, "source": "rf", "action": "start", "source_id": 2340101,
            "source_info": "Quill Books", "destination_id": 9, "destination_type": "group",
        }
    }
).encode()  # fmt: skip
HERMES_FRAME = write_wav(bytes(2048), 16_000)


def messages() -> dict[str, Callable[[], object]]:
    """What is done with one message, by name."""
    calls = Calls("town", TrunkRecorderSettings())
    talkers = Talkers("town", MmdvmSettings(topic="mmdvm"))
    heard: list[RadioEvent] = []
    seconds = [0.0]
    reception = Reception("town", HermesSettings(), heard.append, clock=lambda: seconds[0])

    def trunk() -> object:
        frame = trunk_decode("call_end", CALL_END)
        if not isinstance(frame, CallStarted | CallEnded):
            raise TypeError(frame)
        return list(calls.take(frame, _NOW))

    def mmdvm() -> object:
        frame = mmdvm_decode(MMDVM_START)
        if isinstance(frame, BadPayload):
            raise TypeError(frame)
        return list(talkers.take(frame, _NOW))

    def hermes_parsed() -> object:
        return hermes_decode("audioFrame", HERMES_FRAME, site="base")

    def hermes_heard() -> object:
        frame = hermes_decode("audioFrame", HERMES_FRAME, site="base")
        if not isinstance(frame, AudioFrame):
            raise TypeError(frame)
        seconds[0] += 0.064
        reception.frame(frame.pcm, frame.rate, _AT + timedelta(seconds=seconds[0]))
        heard.clear()
        return None

    return {
        "mqtt: rx/keyup": lambda: mqtt_decode("rx/keyup", KEYUP),
        "trunk-recorder: call_end": trunk,
        "hermes: audioFrame parsed": hermes_parsed,
        "hermes: audioFrame with squelch": hermes_heard,
        "mmdvm: DMR start": mmdvm,
    }


def cost_us(once: Callable[[], object]) -> float:
    """Microseconds for one message: the median of some rounds, since a machine does other things too."""
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < AT_LEAST_S:
        once()
        count += 1
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(count):
            once()
        rounds.append((time.perf_counter() - began) / count)
    return statistics.median(rounds) * 1e6


def main(arguments: Sequence[str]) -> int:
    """Print the table and keep the figures."""
    del arguments
    figures = {name: round(cost_us(once), 1) for name, once in messages().items()}
    table = Table("message", "microseconds", title=f"One MQTT message (goal: {GOAL_US:g})")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:.1f}")
    Console().print(table)
    keep("brokers", {"microseconds": figures, "goal": GOAL_US})
    return int(max(figures.values()) > GOAL_US)
