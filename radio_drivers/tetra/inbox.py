"""Short data messages that come in, turned into events and into what has to be answered. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from radio_drivers.interface import EmergencyPressed, RadioEvent, Signalled, TextReceived
from radio_drivers.tetra import sds
from radio_drivers.tetra.parts import Joined, Parts
from radio_drivers.tetra.protocol import Message
from radio_drivers.tetra.settings import TetraSettings

SYSTEM = "TETRA"
"""`Signalled.system`."""

AGAIN_S = 10.0
"""A radio repeats its emergency (status, call, location) until somebody answers: within this it is the same one."""

EMERGENCY_REASON = 2
"""In a location report (TS 100 392-18-1)."""

DIRECT_MODES = frozenset({1, 3, 6})
"""`+CTOM`: direct mode, direct mode that watches the network too, direct mode repeater or gateway."""

UNITS_MAX = 256


class Emergencies:
    """Which emergencies are new.

    Args:
        settings: what counts as one.
        clock: seconds that never jump.
    """

    def __init__(self, settings: TetraSettings, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._clock = clock
        self._last: dict[str | None, float] = {}

    def pressed(self, unit: str | None) -> bool:
        """An emergency of `unit` came; True where it wasn't told yet."""
        now = self._clock()
        last = self._last.pop(unit, None)
        while len(self._last) >= UNITS_MAX:
            del self._last[next(iter(self._last))]
        self._last[unit] = now
        return last is None or now - last >= AGAIN_S

    def by_priority(self, priority: int | None, mode: int | None) -> bool:
        """A call of this priority is an emergency call."""
        limit = self._settings.emergency_priority
        if mode in DIRECT_MODES:
            limit = self._settings.emergency_priority_direct
        return bool(limit) and priority is not None and priority >= limit


@dataclass(slots=True)
class Received:
    """What one message means."""

    events: list[RadioEvent] = field(default_factory=list)
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    """To whom, and the payload."""
    report: sds.Report | None = None


class Inbox:
    """One radio's incoming messages.

    Args:
        channel: the channel's name in the configuration.
        settings: what is an emergency, what is confirmed.
        emergencies: shared with the calls.
        now: the time in UTC.
        clock: seconds that never jump.
    """

    def __init__(
        self,
        channel: str,
        settings: TetraSettings,
        emergencies: Emergencies,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._emergencies = emergencies
        self._now = now
        self._clock = clock
        self._parts = Parts()

    def take(self, message: Message) -> Received:
        """A message."""
        received = Received()
        content = sds.read(message.service, message.payload)
        match content:
            case sds.Status(number):
                emergency = number in self._settings.emergency_status
                self._signal(received, message, f"status {number}", str(number), emergency=emergency)
            case sds.Location(reason):
                if self._settings.emergency_location and reason == EMERGENCY_REASON:
                    self._signal(received, message, "location sent for an emergency", None, emergency=True)
            case sds.Text():
                self._text(received, message, content)
            case sds.Report():
                received.report = content
                if content.wants_ack and message.source is not None:
                    received.answers.append((message.source, sds.write_ack(content)))
            case sds.Other():
                pass
        return received

    def late(self) -> list[RadioEvent]:
        """Long texts whose missing pieces won't come any more."""
        return self._told(self._parts.late(self._clock()))

    def rest(self) -> list[RadioEvent]:
        """Long texts that are incomplete, as the link goes."""
        return self._told(self._parts.all())

    def _signal(self, received: Received, message: Message, text: str, status: str | None, *, emergency: bool) -> None:
        unit = message.source
        if emergency and self._emergencies.pressed(unit):
            received.events.append(EmergencyPressed(self._channel, self._now(), unit))
        received.events.append(
            Signalled(self._channel, self._now(), SYSTEM, text, unit=unit, to=message.destination, status=status)
        )

    def _text(self, received: Received, message: Message, text: sds.Text) -> None:
        if text.part is None:
            received.events += self._told([Joined(message.source, text.text)])
        else:
            received.events += self._told(self._parts.add(message.source, text.part, text.text, self._clock()))
        if text.wants_report and self._settings.confirm and message.source is not None:
            received.answers.append((message.source, sds.write_report(text)))

    def _told(self, texts: list[Joined]) -> list[RadioEvent]:
        return [TextReceived(self._channel, self._now(), t.text, t.source) for t in texts if t.text]
