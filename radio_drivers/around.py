"""A driver around a driver: what goes through unchanged, for those that add something to any base station."""

from __future__ import annotations

from collections.abc import AsyncIterator

from radio_drivers.interface import Abilities, RadioDriver, RadioEvent


class DriverAround:
    """Does everything as the driver inside does; see `radio_drivers.interface.RadioDriver` for the contract.

    Args:
        inner: the base station.
    """

    def __init__(self, inner: RadioDriver) -> None:
        self._inner = inner

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
        """Somebody else is talking now."""
        return self._inner.busy

    async def run(self) -> None:
        """Hold the link until cancelled."""
        await self._inner.run()

    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received, in order. One reader."""
        return self._inner.events()

    async def send_voice(self, pcm: bytes) -> None:
        """Speak. Errors are those of the base station.

        Args:
            pcm: mono int16 little-endian at `RATE`.
        """
        await self._inner.send_voice(pcm)

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Send text, if the base station can."""
        await self._inner.send_text(text, to)

    async def drop_key(self) -> None:
        """Release the key now."""
        await self._inner.drop_key()
