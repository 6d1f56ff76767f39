"""A hand-held radio in software, and what it heard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from radio_drivers.simulator.air import Carrier, SoftwareChannel
from radio_drivers.simulator.sound import FRAME_S

GAP_S = 3 * FRAME_S
"""Nobody presses talk again more quickly than this."""


@dataclass(frozen=True, slots=True)
class HeardTransmission:
    """What came out of a radio's loudspeaker between the opening and the closing of its squelch."""

    units: tuple[str, ...]
    """Who was keyed, in the order of pressing: more than one is a collision."""
    at: datetime
    ended_at: datetime
    pcm: bytes
    """Mono int16 little-endian at `interface.RATE`."""


@dataclass(frozen=True, slots=True)
class HeardText:
    """A text message on a radio's display."""

    unit: str
    at: datetime
    text: str


class SoftwareRadio:
    """One radio. `join` a channel, then talk.

    Args:
        unit: radio unit id.
        on_opened: called when its squelch opens, with the unit that is keyed.
        on_heard: called with each whole transmission that it heard.
        on_text: called with each text message.
        on_emergency: called with the unit whose button was pressed, and when.

    Attributes:
        heard: everything it heard, oldest first.
        texts: text messages.
        emergencies: units whose emergency button was pressed.
    """

    hears_itself = False
    idle_audio = False

    def __init__(
        self,
        unit: str,
        *,
        on_opened: Callable[[str, datetime], None] | None = None,
        on_heard: Callable[[HeardTransmission], None] | None = None,
        on_text: Callable[[HeardText], None] | None = None,
        on_emergency: Callable[[str, datetime], None] | None = None,
    ) -> None:
        self._unit = unit
        self._on_opened = on_opened
        self._on_heard = on_heard
        self._on_text = on_text
        self._on_emergency = on_emergency
        self.heard: list[HeardTransmission] = []
        self.texts: list[HeardText] = []
        self.emergencies: list[str] = []
        self._channel: SoftwareChannel | None = None
        self._units: list[str] = []
        self._pieces: list[bytes] = []
        self._opened_at: datetime | None = None
        self._changed = asyncio.Event()

    @property
    def unit(self) -> str:
        """Its radio unit id."""
        return self._unit

    def join(self, channel: SoftwareChannel) -> SoftwareRadio:
        """Switch it on."""
        channel.join(self)
        self._channel = channel
        return self

    def leave(self) -> None:
        """Switch it off."""
        if self._channel is not None:
            self._channel.leave(self)
            self._channel = None

    async def say(self, pcm: bytes) -> None:
        """Press talk, speak, let go; returns when the others' squelches have closed.

        Args:
            pcm: mono int16 little-endian at `RATE`.
        """
        channel = self._on()
        carrier = channel.key(self)
        carrier.feed(pcm)
        await self._until_played(channel, carrier)

    async def hold_key(self, seconds: float) -> None:
        """Sit on the button, saying nothing."""
        channel = self._on()
        carrier = channel.key(self)
        try:
            await channel.clock.sleep(seconds)
        finally:
            channel.release(carrier)
        await channel.clock.sleep(channel.squelch_tail_s + GAP_S)

    async def press_emergency(self) -> None:
        """Press the emergency button."""
        self._on().press_emergency(self)

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Send a text message to one unit or to all."""
        self._on().send_text(self, text, to)

    async def wait_heard(self, count: int = 1) -> list[HeardTransmission]:
        """Wait until it has heard so many transmissions; returns all of them."""
        while len(self.heard) < count:
            self._changed.clear()
            await self._changed.wait()
        return list(self.heard)

    async def _until_played(self, channel: SoftwareChannel, carrier: Carrier) -> None:
        try:
            await carrier.played()
        finally:
            channel.release(carrier)
        # Two presses need a gap between them, or everyone would hear one.
        await channel.clock.sleep(channel.squelch_tail_s + GAP_S)

    def _on(self) -> SoftwareChannel:
        if self._channel is None:
            raise RuntimeError(f"radio {self._unit} is on no channel: join one first")
        return self._channel

    # What the channel tells it (`air.Station`).

    def opened(self, at: datetime, unit: str, strength: float | None) -> None:  # noqa: ARG002  # no display for that
        """Its squelch opened."""
        self._opened_at = at
        self._units, self._pieces = [unit], []
        if self._on_opened:
            self._on_opened(unit, at)

    def joined_in(self, unit: str) -> None:
        """Another one talks into it."""
        self._units.append(unit)

    def sounded(self, at: datetime, pcm: bytes) -> None:  # noqa: ARG002  # pieces follow each other without gaps
        """20 ms of sound."""
        self._pieces.append(pcm)

    def closed(self, at: datetime) -> None:
        """Its squelch closed."""
        began = self._opened_at or at
        heard = HeardTransmission(tuple(self._units), began, at, b"".join(self._pieces))
        self._pieces = []
        self.heard.append(heard)
        self._changed.set()
        if self._on_heard:
            self._on_heard(heard)

    def text_came(self, at: datetime, text: str, unit: str) -> None:
        """A text message."""
        message = HeardText(unit, at, text)
        self.texts.append(message)
        if self._on_text:
            self._on_text(message)

    def emergency_came(self, at: datetime, unit: str) -> None:
        """Somebody's emergency button."""
        self.emergencies.append(unit)
        if self._on_emergency:
            self._on_emergency(unit, at)

    def link_changed(self, up: bool, reason: str) -> None:
        """A hand-held radio has no wire."""
