"""A software base station: the gateway's end of a `SoftwareChannel`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import (
    Abilities,
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    NotSupported,
    RadioEvent,
    TextReceived,
)
from radio_drivers.keying import Keying
from radio_drivers.reconnect import LinkState
from radio_drivers.simulator.air import Carrier, RadioAir
from radio_drivers.simulator.clock import AirClock
from radio_drivers.simulator.server import AirServer
from radio_drivers.simulator.settings import SimulatorSettings

QUEUE_S = 600.0
"""Seconds of audio kept for the reader: with `pace` 0 minutes of speech come within one second."""


class SimulatorDriver:
    """One base station on one software channel; see `radio_drivers.interface.RadioDriver` for the contract.

    Its own rebroadcast does not come back as received voice, unless `settings.repeater`.

    Args:
        channel: the channel's name in the configuration, and on the air.
        air: what it is on; other radios are on it too.
        rules: manners on the channel.
        settings: noise and squelch tail of the channel are set only when this is given.
    """

    def __init__(
        self, channel: str, air: RadioAir, rules: KeyingRules, settings: SimulatorSettings | None = None
    ) -> None:
        self._name = channel
        self._settings = settings or SimulatorSettings(pace=air.clock.pace)
        self._channel = air.channel(channel)
        if settings is not None:
            self._channel.snr_db = settings.snr_db
            self._channel.squelch_tail_s = settings.squelch_tail_s
        clock = air.clock
        self._clock = clock
        self._queue = EventQueue(max_audio_s=QUEUE_S)
        self._link = LinkState(channel, self._queue.put, now=clock.now, clock=clock.seconds)
        self._running = False
        self._carrier: Carrier | None = None
        self._hearing: KeyUp | None = None
        self._told = False
        self._own_air: RadioAir | None = None
        self._keying = Keying(
            channel,
            rules,
            self,
            busy=lambda: self.busy,
            put=self._queue.put,
            now=clock.now,
            clock=clock.seconds,
            sleep=clock.sleep,
        )
        self._server: AirServer | None = None
        if self._settings.listen:
            self._server = AirServer(self._channel, self._settings.listen, self._settings.address_file)

    @classmethod
    def alone(cls, channel: str, settings: SimulatorSettings, rules: KeyingRules) -> SimulatorDriver:
        """With an air of its own, on real time or the pace that the settings say."""
        air = RadioAir(AirClock(settings.pace), seed=settings.seed)
        driver = cls(channel, air, rules, settings)
        driver._own_air = air
        return driver

    @property
    def channel(self) -> str:
        """The channel's name in the configuration."""
        return self._name

    @property
    def abilities(self) -> Abilities:
        """What can be asked of it."""
        return Abilities(
            text_out=self._settings.text_out, text_max=self._settings.text_max, idle_audio=self._settings.idle_audio
        )

    @property
    def connected(self) -> bool:
        """The base station can be reached now."""
        return self._running and self._channel.link_up

    @property
    def busy(self) -> bool:
        """Somebody else is talking now."""
        return self._channel.busy_for(self)

    @property
    def address(self) -> str | None:
        """Where other processes can connect, once it is open."""
        return self._server.address if self._server else None

    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received, in order."""
        return self._queue

    async def run(self) -> None:
        """Be on the air until cancelled.

        Raises:
            RadioSettingsError: `listen` can't be used.
        """
        self._channel.join(self)
        self._running = True
        try:
            if self._channel.link_up:
                self._link.up()
            else:
                self._link.down("the link was lost before the start")
            if self._server is not None:
                await self._server.run()
            else:
                await asyncio.get_running_loop().create_future()
        finally:
            await self._keying.drop()
            self._running = False
            self._channel.leave(self)
            if self._own_air is not None:
                await self._own_air.close()

    async def send_voice(self, pcm: bytes) -> None:
        """Wait for a clear channel, key, lead in, play, tail, release. See the interface for the errors."""
        self._reachable()
        await self._keying.transmit(pcm)

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Send text to one unit, or to all.

        Raises:
            NotSupported: this one takes no text, or not as much.
            LinkDown: the link is lost.
        """
        if not self._settings.text_out:
            raise NotSupported(f"{self._name}: this base station takes no text (text_out = false)")
        if len(text) > self._settings.text_max:
            raise NotSupported(f"{self._name}: {len(text)} characters, text_max is {self._settings.text_max}")
        self._reachable()
        self._channel.send_text(self, text, to)

    async def drop_key(self) -> None:
        """Release the key now."""
        await self._keying.drop()

    # What `Keying` asks of a base station.

    async def key(self, on: bool) -> None:
        """Press or release talk.

        Raises:
            LinkDown: the link is lost.
        """
        if not on:
            self._let_go()
            return
        self._reachable()
        self._carrier = self._channel.key(self)

    async def play(self, pcm: bytes) -> None:
        """Say it; returns when it has been on the air.

        Raises:
            LinkDown: the link was lost meanwhile.
        """
        carrier = self._carrier
        if carrier is None:
            raise LinkDown(f"{self._name}: the link was lost before the first word")
        carrier.feed(pcm)
        try:
            await carrier.played()
        finally:
            carrier.silence()
        if not self._channel.link_up:
            raise LinkDown(f"{self._name}: the link was lost during a transmission")

    def _let_go(self) -> None:
        if self._carrier is not None:
            self._channel.release(self._carrier)
            self._carrier = None

    def _reachable(self) -> None:
        if not self.connected:
            raise LinkDown(f"{self._name}: the base station can't be reached; wait for the link")

    # What the channel tells it (`air.Station`).

    @property
    def unit(self) -> str:
        """Its radio unit id."""
        return self._settings.unit

    @property
    def hears_itself(self) -> bool:
        """Whether its own transmissions come back."""
        return self._settings.repeater

    @property
    def idle_audio(self) -> bool:
        """Whether it wants samples while nobody talks."""
        return self._settings.idle_audio

    def opened(self, at: datetime, unit: str, strength: float | None) -> None:
        """Its squelch opened."""
        # A repeater's own carrier has no unit id of a radio.
        self._hearing = KeyUp(self._name, at, None if unit == self.unit else unit, strength)
        self._tell_key_up(at)

    def joined_in(self, unit: str) -> None:
        """A receiver that is open can't tell that there are two."""

    def sounded(self, at: datetime, pcm: bytes) -> None:
        """20 ms of sound."""
        self._tell_key_up(at)
        self._put(Audio(self._name, at, pcm))

    def closed(self, at: datetime) -> None:
        """Its squelch closed."""
        self._tell_key_down(at)
        self._hearing = None

    def text_came(self, at: datetime, text: str, unit: str) -> None:
        """A text message."""
        self._put(TextReceived(self._name, at, text, unit))

    def emergency_came(self, at: datetime, unit: str) -> None:
        """Somebody's emergency button."""
        self._put(EmergencyPressed(self._name, at, unit))

    def link_changed(self, up: bool, reason: str) -> None:
        """The wire to the base station was cut or mended; without it the base station lets go of the key."""
        if up:
            self._link.up()
            return
        self._let_go()
        self._tell_key_down(self._clock.now(), although_cut=True)
        self._link.down(reason)

    def _tell_key_up(self, at: datetime) -> None:
        """Once for each opening, or when the link comes back in the middle of one."""
        if self._hearing is not None and not self._told and self._channel.link_up:
            self._told = True
            self._put(replace(self._hearing, at=at))

    def _tell_key_down(self, at: datetime, *, although_cut: bool = False) -> None:
        if self._told and (self._channel.link_up or although_cut):
            self._told = False
            self._queue.put(KeyDown(self._name, at))

    def _put(self, event: RadioEvent) -> None:
        if self._channel.link_up:
            self._queue.put(event)
