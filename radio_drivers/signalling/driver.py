"""Any driver, with the signalling in its audio heard and sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from radio_drivers.interface import Abilities, RadioDriver, RadioEvent
from radio_drivers.signalling.bursts import Bursts
from radio_drivers.signalling.calls import with_call
from radio_drivers.signalling.gate import ToneGate
from radio_drivers.signalling.settings import SignallingSettings


class SignallingDriver:
    """A driver around a driver. See `radio_drivers.interface.RadioDriver` for the contract.

    Everything goes through; `Signalled` and `EmergencyPressed` are added, who has not our sub-audible tone is left out.
    Reading is done when the reader asks: the queue of the driver inside stays the only one, with its bounds.

    Args:
        inner: the base station.
        settings: what to listen for and what to send.
    """

    def __init__(self, inner: RadioDriver, settings: SignallingSettings) -> None:
        self._inner = inner
        self._settings = settings

    @property
    def inner(self) -> RadioDriver:
        """The base station itself."""
        return self._inner

    @property
    def channel(self) -> str:
        """The channel's name in the configuration."""
        return self._inner.channel

    @property
    def abilities(self) -> Abilities:
        """Those of the base station."""
        return self._inner.abilities

    @property
    def connected(self) -> bool:
        """The base station can be reached now."""
        return self._inner.connected

    @property
    def busy(self) -> bool:
        """Somebody else is talking now, with our tone or without: the channel is taken."""
        return self._inner.busy

    async def run(self) -> None:
        """Hold the link until cancelled."""
        await self._inner.run()

    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received, in order, held back as `radio_drivers.signalling.listener` says. One reader."""
        return _Heard(self._inner.events(), self._settings)

    async def send_voice(self, pcm: bytes) -> None:
        """Send the call, if one is set, and the announcement in one key-down. Errors are those of the base station.

        Args:
            pcm: mono int16 little-endian at `RATE`.
        """
        if not self._settings.sends:
            await self._inner.send_voice(pcm)
            return
        # A long announcement takes some ten milliseconds to mix.
        await self._inner.send_voice(await asyncio.to_thread(with_call, pcm, self._settings))

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Send text, if the base station can."""
        await self._inner.send_text(text, to)

    async def drop_key(self) -> None:
        """Release the key now."""
        await self._inner.drop_key()


class _Heard:
    """The events of a driver, with signalling."""

    def __init__(self, inner: AsyncIterator[RadioEvent], settings: SignallingSettings) -> None:
        self._inner = inner
        gate = settings.ctcss_hz
        self._gate = ToneGate(gate, settings.ctcss_hang_ms / 1000) if gate is not None else None
        self._bursts = Bursts(settings)
        self._ready: list[RadioEvent] = []

    def __aiter__(self) -> AsyncIterator[RadioEvent]:
        return self

    async def __anext__(self) -> RadioEvent:
        while not self._ready:
            event = await anext(self._inner)
            through = self._gate.take(event) if self._gate is not None else [event]
            self._ready = [out for passed in through for out in self._bursts.take(passed)]
        return self._ready.pop(0)
