"""What happened in the demonstration, in the order it happened: for the timeline, the log and the summary."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatch.outbox_rules import DeliveryEvent, DeliveryStep
from gateway.demo.afternoon import ScriptedCall
from gateway.pipeline import Handled
from radio_drivers.interface import KeyDown, KeyUp, RadioEvent, TransmitEnded, TransmitStarted


@dataclass(slots=True)
class Entry:
    """One call and what came of it. Times `*_at` are on the air; `*_s` are real seconds."""

    script: ScriptedCall
    began_at: datetime
    ended_at: datetime | None = None
    ended_clock: float = 0.0
    handled: Handled | None = None
    decision_s: float = 0.0
    """Real seconds from key-down to the committed decision."""
    on_air_s: float | None = None
    """Real seconds from key-down to our own key."""
    deliveries: list[DeliveryEvent] = field(default_factory=list)


@dataclass(slots=True)
class Diary:
    """Keeps the entries. Fed by the gateway's listeners."""

    entries: list[Entry] = field(default_factory=list)
    rebroadcasts: list[tuple[datetime, datetime]] = field(default_factory=list)
    _keyed_at: datetime | None = None

    def begin(self, script: ScriptedCall, at: datetime) -> Entry:
        """Somebody presses talk."""
        entry = Entry(script, at)
        self.entries.append(entry)
        return entry

    def radio(self, event: RadioEvent) -> None:
        """The gateway's base station noticed something."""
        match event:
            case KeyUp():
                pass
            case KeyDown():
                open_entry = next((entry for entry in reversed(self.entries) if entry.ended_at is None), None)
                if open_entry is not None:
                    open_entry.ended_at = event.at
                    open_entry.ended_clock = time.perf_counter()
            case TransmitStarted():
                self._keyed_at = event.at
                waiting = [e for e in self.entries if e.handled and e.handled.alert and e.on_air_s is None]
                if waiting:
                    waiting[-1].on_air_s = time.perf_counter() - waiting[-1].ended_clock
            case TransmitEnded():
                if self._keyed_at is not None:
                    self.rebroadcasts.append((self._keyed_at, event.at))
                self._keyed_at = None
            case _:
                pass

    def handled(self, handled: Handled) -> Entry | None:
        """A decision was committed."""
        started = handled.transmission.started_at
        mine = [entry for entry in self.entries if entry.handled is None and entry.ended_at is not None]
        if not mine:
            return None
        entry = min(mine, key=lambda e: abs((e.began_at - started).total_seconds()))
        entry.handled = handled
        entry.decision_s = time.perf_counter() - entry.ended_clock
        return entry

    def delivery(self, event: DeliveryEvent) -> None:
        """A delivery went a step further."""
        for entry in self.entries:
            if entry.handled and entry.handled.alert and entry.handled.alert.number == event.delivery.alert_number:
                entry.deliveries.append(event)

    def sent(self, entry: Entry) -> list[DeliveryEvent]:
        """Deliveries of an entry that reached their channel."""
        return [event for event in entry.deliveries if event.step is DeliveryStep.SENT]

    def write(self, path: Path) -> None:
        """The log: one JSON line a call."""
        path.write_text("".join(json.dumps(_line(entry), ensure_ascii=False) + "\n" for entry in self.entries), "utf-8")


def _line(entry: Entry) -> dict[str, Any]:
    handled = entry.handled
    line: dict[str, Any] = {
        "at": entry.began_at.isoformat(timespec="milliseconds"),
        "unit": entry.script.unit,
        "said": entry.script.says,
        "expected": entry.script.expect,
    }
    if handled is None:
        return line | {"error": "never heard"}
    return line | {
        "heard": handled.transcript.text,
        "intent": handled.call.intent,
        "decision": handled.decision.kind,
        "reason": handled.decision.reason,
        "alert": handled.alert and handled.alert.number,
        "voice": handled.text and handled.text.voice,
        "sms": handled.text and handled.text.sms,
        "key_down_to_decision_s": round(entry.decision_s, 3),
        "key_down_to_rebroadcast_s": entry.on_air_s and round(entry.on_air_s, 3),
        "deliveries": [
            {"step": e.step, "channel": e.delivery.channel, "to": e.delivery.recipient, "detail": e.detail}
            for e in entry.deliveries
        ],
    }
