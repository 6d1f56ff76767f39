"""Calls to events: which belong to this channel, who said what in a recording, what was told before. No I/O, no clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from radio_drivers.interface import RATE, Audio, EmergencyPressed, KeyDown, KeyUp, RadioEvent, Signalled
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.reception import BUSY_MAX_S, PIECE_BYTES, Moment
from radio_drivers.trunk_recorder.protocol import AUDIO, Call, CallAudio, CallEnded, CallStarted, Source
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings

REMEMBERED = 200
"""Calls of which is remembered that they came."""
SHORT_S = 1.0
"""A signalled id comes a little after talk was pressed, or when it was let go: a part without an id, beside one with,
is the same talker's when either is shorter than this."""

SYSTEM = "trunk-recorder"

Outcome = RadioEvent | BadPayload


class _Remembered:
    """Whether something was seen before; the oldest is forgotten."""

    def __init__(self) -> None:
        self._seen: OrderedDict[object, None] = OrderedDict()

    def is_new(self, what: object) -> bool:
        if what in self._seen:
            return False
        self._seen[what] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return True


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a recording in which one unit talks."""

    unit: str | None
    name: str
    begin: int
    end: int
    """Bytes into the samples."""
    at: datetime | None

    @property
    def seconds(self) -> float:
        """Length."""
        return (self.end - self.begin) / 2 / RATE


class Calls:
    """The receiving side of one channel.

    Args:
        channel: the channel's name in the configuration.
        settings: which calls are this channel's, and how they are taken apart.
    """

    def __init__(self, channel: str, settings: TrunkRecorderSettings) -> None:
        self._channel = channel
        self._settings = settings
        self._recordings = _Remembered()
        self._emergencies = _Remembered()
        self._going: OrderedDict[object, float] = OrderedDict()

    def ours(self, call: Call) -> bool:
        """It belongs to this channel."""
        settings = self._settings
        return (not settings.systems or call.system in settings.systems) and (
            not settings.talkgroups or call.talkgroup in settings.talkgroups
        )

    def busy(self, seconds: float) -> bool:
        """A trunked call is going on. `seconds` is the clock of `Moment.seconds`."""
        self._going = OrderedDict((key, until) for key, until in self._going.items() if seconds < until)
        return bool(self._going)

    def gone(self) -> None:
        """The recorder or the broker went away: nothing is known of what is going on."""
        self._going.clear()

    def take(self, frame: CallStarted | CallEnded, now: Moment) -> Iterator[Outcome]:
        """What a message without audio means."""
        call = frame.call
        if not self.ours(call):
            return
        key = (call.system, call.talkgroup)
        self._going.pop(key, None)
        # A conventional channel's call_start only says that its recorder waits for the next call.
        if isinstance(frame, CallStarted) and not call.conventional and call.unit not in self._settings.ignore_units:
            self._going[key] = now.seconds + BUSY_MAX_S
            while len(self._going) > REMEMBERED:
                self._going.popitem(last=False)
        if call.emergency:
            yield from self._emergency(call, call.unit, call.unit_name, now.utc)

    def recorded(self, frame: CallAudio, pcm: bytes, now: Moment) -> Iterator[Outcome]:
        """What a recording means: one transmission for each who talks in it.

        Args:
            frame: as decoded; belongs to this channel.
            pcm: its sound, mono int16 little-endian at `RATE`.
            now: when it came.
        """
        call = frame.call
        if call.start is not None and not self._recordings.is_new((call.system, call.talkgroup, call.start, call.stop)):
            return  # QoS 1 may repeat, and two recorders may hear the same call; nobody may be alerted twice
        length = timedelta(seconds=len(pcm) / 2 / RATE)
        start, bad = self._start(call, length, now)
        yield from bad
        pressed = {s.unit: s for s in frame.sources if s.emergency}
        if call.emergency and not pressed:
            first = next((s for s in frame.sources if s.unit), Source(call.unit, 0.0, name=call.unit_name))
            pressed = {first.unit: first}
        for source in pressed.values():
            yield from self._emergency(call, source.unit, source.name, start)
        earliest = start
        for part in self._parts(frame, len(pcm)):
            if part.unit in self._settings.ignore_units:
                continue
            at = start + timedelta(seconds=part.begin / 2 / RATE)
            if not bad and part.at is not None and at <= part.at <= at + self._clock_error:
                at = part.at  # pauses between talkers are left out of the recording
            at = max(at, earliest)
            yield from self._transmission(part, call, at, pcm[part.begin : part.end])
            earliest = at + timedelta(seconds=part.seconds)

    def _transmission(self, part: Part, call: Call, at: datetime, pcm: bytes) -> Iterator[RadioEvent]:
        yield KeyUp(self._channel, at, part.unit, call.strength_dbm)
        if part.unit is not None or call.talkgroup is not None:
            yield self._signalled(call, part.unit, part.name, at)
        for begin in range(0, len(pcm), PIECE_BYTES):
            yield Audio(
                self._channel, at + timedelta(seconds=begin / 2 / RATE), pcm[begin : min(begin + PIECE_BYTES, len(pcm))]
            )
        yield KeyDown(self._channel, at + timedelta(seconds=len(pcm) / 2 / RATE), call.strength_dbm)

    def _signalled(self, call: Call, unit: str | None, name: str, at: datetime, what: str = "") -> Signalled:
        group = None if call.talkgroup is None else str(call.talkgroup)
        text = what + " ".join(filter(None, ("unit", unit, f"({name})" if name else ""))) if unit else what + "a unit"
        if group is not None:
            text += f" on talkgroup {group}" + (f" ({call.talkgroup_name})" if call.talkgroup_name else "")
        return Signalled(self._channel, at, SYSTEM, text, unit, group)

    def _emergency(self, call: Call, unit: str | None, name: str, at: datetime) -> Iterator[RadioEvent]:
        """Told at the first message that says so: the call's start, minutes before its recording."""
        if unit in self._settings.ignore_units:
            return
        if call.start is not None and not self._emergencies.is_new((call.system, call.talkgroup, call.start, unit)):
            return
        yield EmergencyPressed(self._channel, at, unit)
        yield self._signalled(call, unit, name, at, "emergency: ")

    def _start(self, call: Call, length: timedelta, now: Moment) -> tuple[datetime, list[BadPayload]]:
        start = call.start if call.start is not None else call.stop and call.stop - length
        if start is None:
            return now.utc - length, []
        end = max(call.stop or start, start + length)
        if abs(end - now.utc) <= self._clock_error:
            return start, []
        reason = (
            f"the call ended at {end:%Y-%m-%d %H:%M:%S}Z by its clock, which is not believed; set the recorder's clock"
        )
        return now.utc - length, [BadPayload(AUDIO, reason)]

    @property
    def _clock_error(self) -> timedelta:
        return timedelta(seconds=self._settings.clock_error_s)

    def _parts(self, frame: CallAudio, size: int) -> Sequence[Part]:
        sources = sorted(frame.sources, key=lambda source: source.position_s) if self._settings.split_units else []
        call = frame.call
        if not self._settings.split_units or not sources:
            first = next((s for s in frame.sources if s.unit is not None), None)
            unit, name = (first.unit, first.name) if first else (call.unit, call.unit_name)
            return [Part(unit, name, 0, size, None)]
        begins = [min(size, 2 * int(source.position_s * RATE)) for source in sources]
        begins[0] = 0  # whatever comes before the first id is still said by somebody
        ends = [*begins[1:], size]
        parts = [
            Part(source.unit, source.name, begin, end, source.at)
            for source, begin, end in zip(sources, begins, ends, strict=True)
            if begin < end
        ]
        return _joined(parts)


def _joined(parts: Sequence[Part]) -> list[Part]:
    """One part for each talker, in order; the short ends without an id go to whoever is beside them."""
    joined: list[Part] = []
    for part in parts:
        last = joined[-1] if joined else None
        if last is not None and (
            last.unit == part.unit or (None in {last.unit, part.unit} and min(last.seconds, part.seconds) < SHORT_S)
        ):
            known = part if last.unit is None else last
            joined[-1] = replace(last, unit=known.unit, name=known.name, end=part.end)
        else:
            joined.append(part)
    return joined
