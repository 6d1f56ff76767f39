"""Any analogue radio: push-to-talk and squelch on modem lines, voice through a sound card."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog

from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import (
    Abilities,
    KeyingRules,
    LinkDown,
    NotSupported,
    RadioEvent,
    RadioSettingsError,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.keying import Keying
from radio_drivers.line.lines import Lines
from radio_drivers.line.reception import Reception
from radio_drivers.line.settings import LineSettings
from radio_drivers.line.sound import Capture, Playback
from radio_drivers.reconnect import LinkState

log = structlog.get_logger(__name__)


class LineDriver:
    """One analogue radio on one channel. See `radio_drivers.interface.RadioDriver` for the contract.

    Args:
        channel: the channel's name in the configuration.
        settings: wiring and sound devices.
        rules: manners on the channel.
    """

    def __init__(self, channel: str, settings: LineSettings, rules: KeyingRules | None = None) -> None:
        self._channel = channel
        self._settings = settings
        self._events = EventQueue()
        self._link = LinkState(channel, self._events.put)
        self._reception = Reception(channel, settings, self._events.put)
        self._radio = _Radio(channel, settings)
        self._keying = Keying(
            channel,
            rules or KeyingRules(),
            self._radio,
            busy=lambda: self._reception.busy,
            put=self._put_ours,
            quiet_since=lambda: self._reception.quiet_since,
        )

    @property
    def channel(self) -> str:
        """The channel's name in the configuration."""
        return self._channel

    @property
    def abilities(self) -> Abilities:
        """Voice, unless `ptt = "none"`; no text; sound all the time."""
        return Abilities(voice_out=self._settings.transmits, idle_audio=True)

    @property
    def connected(self) -> bool:
        """Port and sound card are open."""
        return self._link.connected

    @property
    def busy(self) -> bool:
        """Somebody else is talking now."""
        return self._reception.busy

    async def run(self) -> None:
        """Hold port and sound card until cancelled; come back after a pulled plug.

        Raises:
            RadioSettingsError: the first attempt showed a port or device that doesn't exist or can't work. Once the
                radio has been there, the same is taken for a pulled plug.
        """
        if self._settings.ptt_invert:
            log.warning("ptt_invert: this radio may transmit while the gateway is stopped", channel=self._channel)
        was_there = False
        while True:
            lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            try:
                await self._radio.open(self._reception, lost)
                was_there = True
                self._reception.link_up()
                self._link.up()
                reason = await lost
            except RadioSettingsError as error:
                if not was_there:
                    raise
                reason = str(error)
            except LinkDown as error:
                reason = str(error)
            finally:
                try:
                    await self._radio.close()
                finally:
                    self._reception.link_down()
            await asyncio.sleep(self._link.down(reason))

    def events(self) -> AsyncIterator[RadioEvent]:
        """Everything received, in order. One reader."""
        return self._events

    async def send_voice(self, pcm: bytes) -> None:
        """Wait for a clear channel, key, lead in, play, tail, release.

        Args:
            pcm: mono int16 little-endian at `RATE`.

        Raises:
            NotSupported: `ptt = "none"`.
            LinkDown, ChannelBusy, TransmitTimeout: as `Keying.transmit`.
        """
        if not self._settings.transmits:
            raise NotSupported(f'{self._channel}: this radio only listens (ptt = "none")')
        if not self.connected:
            raise LinkDown(f"{self._channel}: the radio is not there just now")
        await self._keying.transmit(pcm)

    async def send_text(self, text: str, to: str | None = None) -> None:  # noqa: ARG002 the contract's arguments
        """Not something a line radio can do.

        Raises:
            NotSupported: always.
        """
        raise NotSupported(f"{self._channel}: a line radio has no text messages")

    async def drop_key(self) -> None:
        """Release the key now. Safe at any time."""
        await self._keying.drop()

    def _put_ours(self, event: RadioEvent) -> None:
        if isinstance(event, TransmitStarted):
            self._reception.we_talk()
        self._events.put(event)
        if isinstance(event, TransmitEnded):
            self._reception.we_stopped()


class _Radio:
    """Port and sound card together: one is no use without the other, so they come and go together."""

    def __init__(self, channel: str, settings: LineSettings) -> None:
        self._channel = channel
        self._settings = settings
        self._lines = Lines(settings) if settings.port is not None else None
        self._capture = Capture(settings.sound_in, settings.sound_rate, settings.gain_in_db)
        self._playback = Playback(settings.sound_out, settings.sound_rate, settings.gain_out_db)

    async def open(self, reception: Reception, lost: asyncio.Future[str]) -> None:
        """Open both, key up; what they hear goes to `reception`, the reason of a loss to `lost`."""

        def on_lost(reason: str) -> None:
            if not lost.done():
                lost.set_result(reason)

        if self._lines is not None:
            await self._lines.open(reception.line, on_lost)
        await self._capture.open(reception.audio, on_lost)

    async def close(self) -> None:
        """Key up first, then let go of everything."""
        try:
            if self._lines is not None:
                await self._lines.close()
        finally:
            try:
                await self._playback.close()
            finally:
                await self._capture.close()

    async def key(self, on: bool) -> None:
        """Press or release talk. The sound card is opened before the key goes down: no dead air if it is missing."""
        if on:
            try:
                await self._playback.open()
            except RadioSettingsError as error:
                raise LinkDown(str(error)) from error
        if self._lines is not None:
            await self._lines.key(on)
        if not on:
            await self._playback.close()

    async def play(self, pcm: bytes) -> None:
        """Play into the radio."""
        await self._playback.play(pcm)
