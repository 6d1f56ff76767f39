"""What every base station looks like to the gateway: events in, keyed audio and text out.

Errors (all `RadioError`):

    RadioError
    +-- RadioSettingsError   the settings can't work: which key, what to do
    +-- LinkDown             the base station can't be reached just now; worth another try later
    +-- ChannelBusy          nobody let go of the channel within `KeyingRules.busy_wait_s`
    +-- TransmitTimeout      the time-out timer dropped the key before the audio ended
    +-- NotSupported         this base station has no such ability
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

RATE = 16_000
"""Hertz. All audio between packages is mono signed 16-bit little-endian at this rate."""


class RadioError(Exception):
    """Something about a base station; the text says which one and what to do next."""


class RadioSettingsError(RadioError):
    """The settings can't work as they are."""


class LinkDown(RadioError):
    """The base station can't be reached just now."""


class ChannelBusy(RadioError):
    """Somebody kept talking for as long as we were willing to wait."""


class TransmitTimeout(RadioError):
    """The time-out timer dropped the key."""


class NotSupported(RadioError):
    """This base station can't do that."""


@dataclass(frozen=True, slots=True)
class KeyUp:
    """Somebody pressed talk: the channel opened. `at` is UTC."""

    channel: str
    at: datetime
    unit: str | None = None
    """Radio unit id as the base station writes it, if it knows."""
    strength_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class Audio:
    """Received samples. Drivers with a sound card also give them while nobody talks (pre-roll)."""

    channel: str
    at: datetime
    """UTC time of the first sample."""
    pcm: bytes
    """Mono int16 little-endian at `RATE`."""


@dataclass(frozen=True, slots=True)
class KeyDown:
    """Talk was let go: the channel closed."""

    channel: str
    at: datetime
    strength_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class TextReceived:
    """A text message from a radio."""

    channel: str
    at: datetime
    text: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class EmergencyPressed:
    """A radio's emergency button."""

    channel: str
    at: datetime
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Signalled:
    """Signalling was heard: who pressed talk, a selective call, a status. By itself neither speech nor an emergency.

    It may come before the key-up, during the transmission or at its end; whoever collects the transmission ties it to it.
    """

    channel: str
    at: datetime
    system: str
    """How it was sent, as people know it: `5-tone CCIR`, `DTMF`, `MDC-1200`, `CTCSS`, `Tait`, `TETRA`, `MMDVM`."""
    text: str
    """What was sent, for a person to read: the digits, or `PTT ID 1234`, `status 07`."""
    unit: str | None = None
    """The sending radio's unit id, where the signalling names it."""
    to: str | None = None
    """Unit or group called, where it names one."""
    status: str | None = None
    """Status number as sent, where it carries one."""


@dataclass(frozen=True, slots=True)
class StrengthRead:
    """Signal strength, measured while somebody talks. Whoever collects the transmission keeps the highest."""

    channel: str
    at: datetime
    dbm: float


@dataclass(frozen=True, slots=True)
class TransmitStarted:
    """Our own key went down: what is received until `TransmitEnded` is our own rebroadcast."""

    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TransmitEnded:
    """Our own key was released."""

    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The link to the base station went away. Given once, not at each failed reconnect."""

    channel: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class LinkRestored:
    """The link is there (again). Also given after the first successful connect."""

    channel: str
    at: datetime


RadioEvent = (
    KeyUp
    | Audio
    | KeyDown
    | TextReceived
    | EmergencyPressed
    | Signalled
    | StrengthRead
    | TransmitStarted
    | TransmitEnded
    | LinkLost
    | LinkRestored
)


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a base station can do for us."""

    voice_out: bool = True
    text_out: bool = False
    text_max: int | None = None
    """Characters in one text message."""
    idle_audio: bool = False
    """Samples keep coming while nobody talks, so a pre-roll exists."""


@dataclass(frozen=True, slots=True)
class KeyingRules:
    """Manners on a shared channel. Seconds. Typical values: protocols reference, part 3.2."""

    lead_in_s: float = 0.3
    """Silence after the key goes down, so that repeaters and squelches open."""
    tail_s: float = 0.1
    """Key held after the last sample, so that the sound buffer drains."""
    clear_for_s: float = 0.4
    """The channel must have been silent for this long before we key."""
    busy_wait_s: float = 20.0
    """Give up waiting for a clear channel after this."""
    time_out_s: float = 30.0
    """Hard limit on one key-down of ours, audio ended or not."""


class RadioDriver(Protocol):
    """One base station on one channel.

    Life: construct (no I/O), then `run()` in a task of its own while others iterate `events()` and call `send_*`.
    `run()` connects, reconnects with back-off for ever, and ends only by cancellation, when it drops the key and
    releases the device. It raises `RadioSettingsError` when trying again can't help.
    """

    @property
    def channel(self) -> str:
        """The channel's name in the configuration."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What can be asked of it."""
        ...

    @property
    def connected(self) -> bool:
        """The base station can be reached now."""
        ...

    @property
    def busy(self) -> bool:
        """Somebody else is talking now."""
        ...

    async def run(self) -> None:
        """Hold the link until cancelled."""
        ...

    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received, in order. One reader. Never blocks the driver: bounded, the oldest audio goes first."""
        ...

    async def send_voice(self, pcm: bytes) -> None:
        """Wait for a clear channel, key, lead in, play, tail, release.

        Args:
            pcm: mono int16 little-endian at `RATE`.

        Raises:
            ChannelBusy, LinkDown, TransmitTimeout: nothing or only part was heard. The key is released in every case.
        """
        ...

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Send text to one unit, or to all when `to` is None.

        Raises:
            NotSupported, LinkDown.
        """
        ...

    async def drop_key(self) -> None:
        """Release the key now, whatever else goes on. Safe at any time, never raises."""
        ...
