"""What is known of a radio right now, from its events. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import assert_never

import numpy as np

from gateway.radio_setup.levels import Meter
from radio_drivers.interface import (
    RATE,
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyUp,
    LinkLost,
    LinkRestored,
    RadioEvent,
    Signalled,
    StrengthRead,
    TextReceived,
    TransmitEnded,
    TransmitStarted,
)

KEPT_EVENTS = 12
LONGEST_CALL_S = 120
SILENT_AFTER = timedelta(seconds=1)
"""A driver that gives sound only while somebody talks: its level is nothing, not what it was last."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that happened, for a person."""

    at: datetime
    what: str
    style: str = ""


@dataclass(slots=True)
class RadioState:
    """Follows one radio. Give it every event."""

    channel: str
    linked: bool = False
    lost_reason: str = ""
    talking_since: datetime | None = None
    ours_since: datetime | None = None
    unit: str | None = None
    """Who talks, or talked last."""
    strength_dbm: float | None = None
    emergency: Noted | None = None
    """The last one. It stays on the screen."""
    inputs: dict[str, bool] = field(default_factory=dict)
    """Levels of the modem lines, where the radio has any to show."""
    meter: Meter = field(default_factory=Meter)
    sound_at: datetime | None = None
    events: deque[Noted] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    last_call: bytes = b""
    """The sound of the last call that ended: mono int16 at `RATE`."""
    calls: int = 0
    _call: bytearray = field(default_factory=bytearray)

    def feed(self, event: RadioEvent) -> Noted | None:
        """Take an event; what a person should read about it."""
        noted = self._take(event)
        if noted is not None:
            self.events.append(noted)
        return noted

    def sound_is_fresh(self, now: datetime) -> bool:
        """Samples are coming in."""
        return self.sound_at is not None and now - self.sound_at < SILENT_AFTER

    def _take(self, event: RadioEvent) -> Noted | None:
        match event:
            case Audio():
                self._hear(event)
                return None
            case StrengthRead():
                self.strength_dbm = event.dbm
                return None
            case KeyUp():
                self.talking_since, self.unit, self.strength_dbm = event.at, event.unit, event.strength_dbm
                self._call = bytearray()
                return Noted(event.at, f"talk begins{_by(event.unit)}", "green")
            case KeyDown():
                return self._ended(event.at, event.strength_dbm)
            case Signalled():
                self.unit = event.unit or self.unit
                to = f" to {event.to}" if event.to else ""
                return Noted(event.at, f"{event.system}: {event.text}{to}", "cyan")
            case TextReceived():
                return Noted(event.at, f"text{_by(event.unit)}: {event.text}", "bright_blue")
            case EmergencyPressed():
                self.emergency = Noted(event.at, f"EMERGENCY{_by(event.unit)}", "bold white on red3")
                return self.emergency
            case TransmitStarted():
                self.ours_since = event.at
                return Noted(event.at, "we transmit", "magenta")
            case TransmitEnded():
                began, self.ours_since = self.ours_since, None
                return Noted(event.at, f"we transmitted{_lasted(began, event.at)}", "magenta")
            case LinkLost():
                self.linked, self.lost_reason, self.talking_since = False, event.reason, None
                return Noted(event.at, f"link lost: {event.reason}", "bold red")
            case LinkRestored():
                self.linked, self.lost_reason = True, ""
                return Noted(event.at, "link is up", "green")
            case _:
                assert_never(event)

    def _hear(self, event: Audio) -> None:
        self.sound_at = event.at
        self.meter.feed(np.frombuffer(event.pcm[: len(event.pcm) // 2 * 2], "<i2"))
        if self.talking_since is not None and len(self._call) < LONGEST_CALL_S * RATE * 2:
            self._call += event.pcm

    def _ended(self, at: datetime, strength_dbm: float | None) -> Noted:
        began, self.talking_since = self.talking_since, None
        if strength_dbm is not None:
            self.strength_dbm = strength_dbm
        if self._call:
            self.last_call, self._call = bytes(self._call), bytearray()
            self.calls += 1
        strength = f", {self.strength_dbm:.0f} dBm" if self.strength_dbm is not None else ""
        return Noted(at, f"talk ends{_by(self.unit)}{_lasted(began, at)}{strength}", "green")


def _by(unit: str | None) -> str:
    return f" by {unit}" if unit else ""


def _lasted(began: datetime | None, ended: datetime) -> str:
    return f" after {(ended - began).total_seconds():.1f} s" if began is not None else ""
