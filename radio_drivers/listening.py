"""What all drivers have in common that only receive: recorders bring calls that are over, and nothing can be sent by them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import Abilities, NotSupported, RadioEvent
from radio_drivers.reconnect import LinkState


class OnlyListens:
    """The half of `radio_drivers.interface.RadioDriver` that is the same for them; `run` is each driver's own.

    Args:
        channel: the channel's name in the configuration.
        queue: the way out of the driver.
        link: what is known of its link.
        other: who is at the other end, for messages.
    """

    def __init__(self, channel: str, queue: EventQueue, link: LinkState, other: str) -> None:
        self._channel = channel
        self._queue = queue
        self._link = link
        self._other = other

    @property
    def channel(self) -> str:
        """The channel's name in the configuration."""
        return self._channel

    @property
    def abilities(self) -> Abilities:
        """It receives only."""
        return Abilities(voice_out=False)

    @property
    def connected(self) -> bool:
        """The link stands. Whether a recorder is at its other end nobody knows until it sends, or says that it is away."""
        return self._link.connected

    @property
    def busy(self) -> bool:
        """Never, where calls come when they are over."""
        return False

    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received, in order."""
        return self._queue

    async def send_voice(self, pcm: bytes) -> None:
        """Refuse.

        Raises:
            NotSupported
        """
        del pcm
        raise self._refusal()

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Refuse.

        Raises:
            NotSupported
        """
        del text, to
        raise self._refusal()

    async def drop_key(self) -> None:
        """There is no key."""

    def _refusal(self) -> NotSupported:
        return NotSupported(
            f"{self._channel}: {self._other} only listens; announcements and texts need a channel that transmits"
        )
