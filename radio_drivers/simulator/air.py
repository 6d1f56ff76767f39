"""One radio channel as all its radios share it: whoever is keyed is heard by everyone else, two at once are mixed.

Time goes in steps of 20 ms (`sound.FRAME`) while somebody is keyed, and stands still when the channel is quiet.
Radios are half duplex: who is keyed hears nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

import numpy as np

from radio_drivers.simulator.clock import AirClock
from radio_drivers.simulator.sound import (
    FRAME,
    FRAME_S,
    TAIL_RMS,
    Band,
    ReceiverNoise,
    Sound,
    noise_rms,
    strength_dbm,
    to_pcm,
    to_sound,
)

LATE_S = 0.5
"""Steps that are later than this are left out."""


class Station(Protocol):
    """Something with an aerial: a hand-held radio, or the gateway's base station. Its methods must not wait."""

    @property
    def unit(self) -> str:
        """Its radio unit id."""
        ...

    @property
    def hears_itself(self) -> bool:
        """It listens on a repeater's output, where its own transmissions come back."""
        ...

    @property
    def idle_audio(self) -> bool:
        """It wants samples (of silence) while nobody talks."""
        ...

    def opened(self, at: datetime, unit: str, strength: float | None) -> None:
        """Its squelch opened: `unit` is keyed."""
        ...

    def joined_in(self, unit: str) -> None:
        """Another one keyed up while the squelch is open."""
        ...

    def sounded(self, at: datetime, pcm: bytes) -> None:
        """20 ms of what it hears; `at` is the time of the first sample."""
        ...

    def closed(self, at: datetime) -> None:
        """Its squelch closed."""
        ...

    def text_came(self, at: datetime, text: str, unit: str) -> None:
        """A text message for it, or for all."""
        ...

    def emergency_came(self, at: datetime, unit: str) -> None:
        """Somebody's emergency button."""
        ...

    def link_changed(self, up: bool, reason: str) -> None:
        """The wire between a base station and its computer. Hand-held radios have none."""
        ...


class Carrier:
    """One press of talk. Silent until something is fed. Made by `SoftwareChannel.key`."""

    def __init__(self, station: Station, *, banded: bool) -> None:
        self.station = station
        self.released = False
        self._band = Band() if banded else None
        self._waiting: Sound = np.zeros(0)
        self._played = asyncio.Event()
        self._played.set()

    def feed(self, pcm: bytes) -> None:
        """Say this after what is still being said."""
        self._waiting = np.concatenate([self._waiting, to_sound(pcm)])
        if len(self._waiting):
            self._played.clear()

    async def played(self) -> None:
        """Return when everything that was fed has been on the air, or the carrier is released."""
        await self._played.wait()

    def silence(self) -> None:
        """Forget what has not been said yet."""
        self._waiting = np.zeros(0)
        self._played.set()

    def step(self) -> Sound:
        """The next frame."""
        frame, self._waiting = self._waiting[:FRAME], self._waiting[FRAME:]
        if len(frame) < FRAME:
            frame = np.concatenate([frame, np.zeros(FRAME - len(frame))])
        return self._band.through(frame) if self._band else frame

    def settle(self) -> None:
        """Tell whoever waits, after a step, that all of it has been on the air."""
        if not len(self._waiting):
            self._played.set()


@dataclass(slots=True)
class _Ear:
    """The receiver of one station."""

    station: Station
    heard: set[str] = field(default_factory=set)
    """Units heard since the squelch opened. Empty: it is closed."""
    tail_steps: int = 0


class SoftwareChannel:
    """One radio channel. Made by `RadioAir.channel`.

    Attributes:
        snr_db: speech to noise at every receiver; None for a perfect channel that changes no sample.
        squelch_tail_s: how long a receiver's squelch stays open, full of noise, after the last carrier.
        link_up: the wire to the gateway's base station holds.
    """

    def __init__(self, name: str, clock: AirClock, seed: int) -> None:
        self.name = name
        self.clock = clock
        self.snr_db: float | None = None
        self.squelch_tail_s = 0.0
        self.link_up = True
        self._noise = ReceiverNoise(seed)
        self._ears: list[_Ear] = []
        self._carriers: list[Carrier] = []
        self._others = 0
        self._stepping: asyncio.Task[None] | None = None

    @property
    def units(self) -> list[str]:
        """Who is on the channel."""
        return [ear.station.unit for ear in self._ears]

    def join(self, station: Station) -> None:
        """Switch a station on.

        Raises:
            ValueError: another one has the same unit id.
        """
        if station.unit in self.units:
            raise ValueError(f"{station.unit} is on channel {self.name} already: give each radio a unit id of its own")
        self._ears.append(_Ear(station))
        self._go_on()

    def leave(self, station: Station) -> None:
        """Switch it off; its key is released."""
        for carrier in [c for c in self._carriers if c.station is station]:
            self.release(carrier)
        self._ears = [ear for ear in self._ears if ear.station is not station]

    def busy_for(self, station: Station) -> bool:
        """Somebody else is heard by it, or another system's carrier is."""
        if self._others:
            return True
        if any(carrier.station is not station for carrier in self._carriers):
            return True
        return any(ear.station is station and ear.heard - {station.unit} for ear in self._ears)

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Another system uses the frequency: busy, nothing to hear."""
        self.occupy(on=True)
        try:
            yield
        finally:
            self.occupy(on=False)

    def occupy(self, *, on: bool) -> None:
        """Begin or end that; each begin needs an end."""
        self._others = max(0, self._others + (1 if on else -1))

    def lose_link(self, reason: str = "the cable was pulled out") -> None:
        """The gateway can't reach its base station any more."""
        if self.link_up:
            self.link_up = False
            self._tell_link(reason)

    def restore_link(self) -> None:
        """It can again."""
        if not self.link_up:
            self.link_up = True
            self._tell_link("")

    def key(self, station: Station) -> Carrier:
        """Press talk. Nobody is asked whether the channel is clear: manners are the talker's."""
        carrier = Carrier(station, banded=self.snr_db is not None)
        self._carriers.append(carrier)
        self._go_on()
        return carrier

    def release(self, carrier: Carrier) -> None:
        """Let go of talk. Doing it twice is harmless."""
        carrier.released = True
        carrier.silence()
        if carrier in self._carriers:
            self._carriers.remove(carrier)

    def send_text(self, sender: Station, text: str, to: str | None) -> None:
        """A text message to one unit or, with None, to all the others."""
        at = self.clock.now()
        for ear in list(self._ears):
            if ear.station is not sender and to in (None, ear.station.unit):
                ear.station.text_came(at, text, sender.unit)

    def press_emergency(self, sender: Station) -> None:
        """An emergency button: everyone is told."""
        at = self.clock.now()
        for ear in list(self._ears):
            if ear.station is not sender:
                ear.station.emergency_came(at, sender.unit)

    def _tell_link(self, reason: str) -> None:
        for ear in list(self._ears):
            ear.station.link_changed(self.link_up, reason)

    def _go_on(self) -> None:
        if self._has_work() and (self._stepping is None or self._stepping.done()):
            self._stepping = asyncio.create_task(self._step_on(), name=f"channel {self.name}")

    def _has_work(self) -> bool:
        return bool(self._carriers) or any(ear.heard or ear.station.idle_audio for ear in self._ears)

    async def close(self) -> None:
        """End the channel: every key is released, nobody hears anything any more."""
        if self._stepping is not None:
            self._stepping.cancel()
            await asyncio.wait({self._stepping})

    async def _step_on(self) -> None:
        step_at = self.clock.seconds()
        at = self.clock.now()
        try:
            while self._has_work():
                # A machine that fell behind (a suspended laptop) doesn't catch up in a rush.
                step_at = max(step_at + FRAME_S, self.clock.seconds() - LATE_S)
                await self.clock.sleep(step_at - self.clock.seconds())
                self._step(at)
                at = max(at + timedelta(seconds=FRAME_S), self.clock.now() - timedelta(seconds=LATE_S))
        finally:
            for carrier in list(self._carriers):  # nobody may wait for a channel that has ended
                self.release(carrier)

    def _step(self, at: datetime) -> None:
        frames = {id(carrier): carrier.step() for carrier in self._carriers}
        noise = None if self.snr_db is None else self._noise.make(FRAME, noise_rms(self.snr_db))
        for ear in list(self._ears):
            self._hear(ear, at, frames, noise)
        for carrier in list(self._carriers):
            carrier.settle()

    def _hear(self, ear: _Ear, at: datetime, frames: dict[int, Sound], noise: Sound | None) -> None:
        station = ear.station
        keyed = any(carrier.station is station for carrier in self._carriers)
        heard = [
            carrier
            for carrier in self._carriers
            if (not keyed or station.hears_itself) and (carrier.station is not station or station.hears_itself)
        ]
        if heard:
            self._open(ear, at, heard)
            mixed: Sound = np.sum([frames[id(carrier)] for carrier in heard], axis=0)
            station.sounded(at, to_pcm(mixed if noise is None else mixed + noise))
        elif ear.heard and ear.tail_steps > 0 and (not keyed or station.hears_itself):
            ear.tail_steps -= 1
            station.sounded(at, to_pcm(self._noise.make(FRAME, TAIL_RMS)))
        elif ear.heard:
            ear.heard = set()
            station.closed(at)
        if not heard and not ear.heard and station.idle_audio:
            station.sounded(at, bytes(2 * FRAME))

    def _open(self, ear: _Ear, at: datetime, heard: list[Carrier]) -> None:
        for carrier in heard:
            unit = carrier.station.unit
            if not ear.heard:
                ear.station.opened(at, unit, None if self.snr_db is None else strength_dbm(self.snr_db))
            elif unit not in ear.heard:
                ear.station.joined_in(unit)
            ear.heard.add(unit)
        ear.tail_steps = round(self.squelch_tail_s / FRAME_S)


class RadioAir:
    """All channels, on one clock.

    Args:
        clock: the time on the air; real time by default.
        seed: of the noise.
    """

    def __init__(self, clock: AirClock | None = None, *, seed: int = 0) -> None:
        self.clock = clock or AirClock()
        self._seed = seed
        self._channels: dict[str, SoftwareChannel] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End all channels."""
        for channel in self._channels.values():
            await channel.close()
        await self.clock.close()

    def channel(self, name: str) -> SoftwareChannel:
        """The channel of that name; it begins to exist when it is first asked for."""
        if name not in self._channels:
            self._channels[name] = SoftwareChannel(name, self.clock, self._seed + len(self._channels))
        return self._channels[name]
