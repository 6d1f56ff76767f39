"""Any driver, with the signalling in its audio heard and sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from typing_extensions import override

from radio_drivers.around import DriverAround
from radio_drivers.interface import RadioDriver, RadioEvent
from radio_drivers.signalling.bursts import Bursts
from radio_drivers.signalling.calls import with_call
from radio_drivers.signalling.gate import ToneGate
from radio_drivers.signalling.settings import SignallingSettings


class SignallingDriver(DriverAround):
    """A driver around a driver. See `radio_drivers.interface.RadioDriver` for the contract.

    Everything goes through; `Signalled` and `EmergencyPressed` are added, who has not our sub-audible tone is left out (but makes the
    channel busy all the same).
    Reading is done when the reader asks: the queue of the driver inside stays the only one, with its bounds.

    Args:
        inner: the base station.
        settings: what to listen for and what to send.
    """

    def __init__(self, inner: RadioDriver, settings: SignallingSettings) -> None:
        super().__init__(inner)
        self._settings = settings

    @override
    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received, in order, held back as `radio_drivers.signalling.listener` says. One reader."""
        return _Heard(self._inner.events(), self._settings)

    @override
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
