"""Radio events in, takes out: where one transmission begins and ends.

Pure: no files, no clock. One `ChannelRecorder` follows one channel through three states:

    IDLE       keeps the last `pre_roll_s` of audio, because a squelch opens after the talker has begun
    TALKING    collects audio until key-down, a lost link, or the maximum length (an open microphone)
    OURS       our own rebroadcast is on the air: nothing received now is a transmission
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import assert_never

from gateway.signalling_heard import SignallingHeard
from gateway.transmission import Take
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

BYTES_PER_S = RATE * 2


@dataclass(frozen=True, slots=True)
class RecorderRules:
    """Seconds."""

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012 - read by pydantic from the class

    pre_roll_s: float = 0.3
    """Audio kept from before key-up."""
    min_s: float = 0.3
    """Shorter than this, without the pre-roll, is a click, not a call."""
    max_s: float = 120.0
    """Longer is an open microphone: reported, and split here."""
    own_tail_s: float = 0.3
    """After our own rebroadcast the repeater's tail may still be ours: ignored for so long."""
    urgent_for_s: float = 30.0
    """What a channel carries within this time of an emergency button is worked first."""
    signalling_before_s: float = 2.0
    """Signalling (who pressed talk) heard at most this long before key-up belongs to the transmission."""
    signalling_after_s: float = 0.5
    """Signalling heard at most this long after key-down is the end of what was said, never the next talker's."""
    emergency_repeat_s: float = 30.0
    """Radios repeat an emergency: from the same unit, within this time of the last one, it is no second alert."""
    emergency_again_s: float = 300.0
    """But a unit that goes on calling for help is announced again after this time."""


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody began to talk."""

    channel: str
    at: datetime
    unit: str | None


@dataclass(frozen=True, slots=True)
class Samples:
    """More of the transmission that is going on, for engines that listen along."""

    channel: str
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Finished:
    """The transmission ended and is worth keeping."""

    take: Take


@dataclass(frozen=True, slots=True)
class Dropped:
    """What began was no transmission."""

    channel: str
    reason: str


@dataclass(frozen=True, slots=True)
class OpenMicrophone:
    """Somebody's talk button is stuck. Said once for each key-up."""

    channel: str
    unit: str | None
    since: datetime


Outcome = Started | Samples | Finished | Dropped | OpenMicrophone


class _State(Enum):
    IDLE = auto()
    TALKING = auto()
    OURS = auto()


class ChannelRecorder:
    """Follows one channel. Give it every event in order; it gives back what happened."""

    def __init__(self, channel: str, rules: RecorderRules) -> None:
        self.channel = channel
        self._rules = rules
        self._state = _State.IDLE
        self._ring: deque[Audio] = deque()
        self._ring_bytes = 0
        self._parts: list[bytes] = []
        self._size = 0
        self._pre_roll = 0
        self._started_at = datetime.min.replace(tzinfo=UTC)
        self._heard = SignallingHeard(rules.signalling_before_s, rules.signalling_after_s)
        self._split = False
        self._reported_open = False
        self._ours_until: datetime | None = None
        self._emergency_at: datetime | None = None

    @property
    def talking(self) -> bool:
        """A transmission is being recorded."""
        return self._state is _State.TALKING

    def feed(self, event: RadioEvent) -> list[Outcome]:
        """Take one event and say what it led to."""
        match event:
            case Audio():
                return self._audio(event)
            case KeyUp():
                return self._key_up(event)
            case KeyDown():
                self._heard.measured(event.strength_dbm)
                return self._end("key-down", event.at)
            case LinkLost():
                return self._end("link lost", event.at)
            case TransmitStarted():
                outcomes = self._end("our own rebroadcast begins", event.at)
                self._enter(_State.OURS)
                self._heard.forget()
                return outcomes
            case TransmitEnded():
                self._ours_until = event.at + timedelta(seconds=self._rules.own_tail_s)
                self._enter(_State.IDLE)
                return []
            case Signalled():
                if not self._is_ours(event.at):
                    self._heard.signalled(event)
                return []
            case StrengthRead():
                self._heard.measured(event.dbm)
                return []
            case EmergencyPressed():
                self._emergency_at = event.at
                return []
            case TextReceived() | LinkRestored():
                return []
            case _:
                assert_never(event)

    def close(self) -> list[Outcome]:
        """The gateway stops: keep what was said so far."""
        return self._end("gateway stops")

    def _enter(self, state: _State) -> None:
        self._state = state
        self._ring.clear()
        self._ring_bytes = 0

    def _is_ours(self, at: datetime) -> bool:
        return self._state is _State.OURS or (self._ours_until is not None and at < self._ours_until)

    def _audio(self, event: Audio) -> list[Outcome]:
        if self._is_ours(event.at):
            return []
        if self._state is not _State.TALKING:
            self._remember(event)
            return []
        return [Samples(self.channel, event.pcm), *self._collect(event.pcm)]

    def _remember(self, event: Audio) -> None:
        """Keep the ring just longer than the pre-roll."""
        self._ring.append(event)
        self._ring_bytes += len(event.pcm)
        keep = int(self._rules.pre_roll_s * RATE) * 2
        while self._ring and self._ring_bytes - len(self._ring[0].pcm) >= keep:
            self._ring_bytes -= len(self._ring.popleft().pcm)

    def _key_up(self, event: KeyUp) -> list[Outcome]:
        if self._is_ours(event.at):
            return []
        # A key-up without a key-down before it: the base station lost one; two talkers are two transmissions.
        outcomes = self._end("next key-up", event.at)
        keep = int(self._rules.pre_roll_s * RATE) * 2
        before = b"".join(part.pcm for part in self._ring)[-keep:] if keep else b""
        self._enter(_State.TALKING)
        self._parts = [before] if before else []
        self._size = self._pre_roll = len(before)
        self._started_at = event.at - timedelta(seconds=len(before) / BYTES_PER_S)
        self._heard.begin(event.at, event.unit, event.strength_dbm)
        self._split = self._reported_open = False
        outcomes.append(Started(self.channel, event.at, event.unit))
        if before:
            outcomes.append(Samples(self.channel, before))
        return outcomes

    def _collect(self, pcm: bytes) -> list[Outcome]:
        outcomes: list[Outcome] = []
        limit = int(self._rules.max_s * RATE) * 2
        while self._size + len(pcm) >= limit:
            head, pcm = pcm[: limit - self._size], pcm[limit - self._size :]
            self._parts.append(head)
            self._size = limit
            if not self._reported_open:
                self._reported_open = True
                outcomes.append(OpenMicrophone(self.channel, self._heard.unit, self._started_at))
            self._split = True
            outcomes.append(Finished(self._take()))
            outcomes.append(Started(self.channel, self._started_at, self._heard.unit))
        self._parts.append(pcm)
        self._size += len(pcm)
        return outcomes

    def _take(self) -> Take:
        """What was collected; leaves the recorder ready to collect what follows directly."""
        urgent_after = self._started_at - timedelta(seconds=self._rules.urgent_for_s)
        take = Take(
            channel=self.channel,
            started_at=self._started_at,
            pcm=b"".join(self._parts),
            unit=self._heard.unit,
            strength_dbm=self._heard.strength_dbm,
            signalling=self._heard.texts,
            split=self._split,
            urgent=self._emergency_at is not None and self._emergency_at >= urgent_after,
        )
        self._started_at = take.ended_at
        self._parts, self._size, self._pre_roll = [], 0, 0
        return take

    def _end(self, why: str, at: datetime | None = None) -> list[Outcome]:
        if self._state is not _State.TALKING:
            return []
        self._enter(_State.IDLE)
        self._heard.end(at)
        spoken_s = (self._size - self._pre_roll) / BYTES_PER_S
        if spoken_s < self._rules.min_s:
            self._parts, self._size, self._pre_roll = [], 0, 0
            return [Dropped(self.channel, f"{spoken_s:.2f} s until {why} is shorter than {self._rules.min_s} s")]
        return [Finished(self._take())]
