"""A base station with its voice on a sound card, and a control beside it: modem lines, or whatever its maker offers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from radio_drivers.control import Control, ShowsInputs, Told
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
from radio_drivers.line.reception import Reception
from radio_drivers.line.serialcontrol import SerialControl
from radio_drivers.line.settings import LineSettings
from radio_drivers.line.sound import Capture, Playback
from radio_drivers.line.squelch import Samples
from radio_drivers.reconnect import LinkState


class LineDriver:
    """One base station on one channel. See `radio_drivers.interface.RadioDriver` for the contract.

    Args:
        channel: the channel's name in the configuration.
        settings: sound devices and, where there is no other control, the wiring.
        rules: manners on the channel.
        control: what presses talk and tells of talk. None: the modem lines of `settings`.

    Raises:
        LineSettingsError: there is a control, and a serial port too.
    """

    def __init__(
        self,
        channel: str,
        settings: LineSettings,
        rules: KeyingRules | None = None,
        control: Control | None = None,
    ) -> None:
        if control is None:
            control = SerialControl(settings)
        else:
            settings.require_sound_only()
        self._channel = channel
        self._control = control
        self._events = EventQueue()
        self._link = LinkState(channel, self._events.put)
        self._reception = Reception(
            channel,
            settings,
            self._events.put,
            squelch_late_s=control.squelch_late_s if control.tells_squelch else None,
        )
        # A radio whose control can't key may still key itself when it hears us.
        self._transmits = control.transmits or settings.transmits
        self._radio = _Radio(settings, control)
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
        """Voice and text as far as the control goes; sound all the time."""
        text_max = self._control.text_max
        return Abilities(voice_out=self._transmits, text_out=text_max is not None, text_max=text_max, idle_audio=True)

    @property
    def connected(self) -> bool:
        """Control and sound card are open."""
        return self._link.connected

    @property
    def busy(self) -> bool:
        """Somebody else is talking now."""
        return self._reception.busy

    @property
    def inputs(self) -> dict[str, bool]:
        """Levels of the control's input lines; empty where it has none to show."""
        return self._control.inputs if isinstance(self._control, ShowsInputs) else {}

    async def run(self) -> None:
        """Hold control and sound card until cancelled; come back after a pulled plug.

        Raises:
            RadioSettingsError: the first attempt showed a port or device that doesn't exist or can't work. Once the
                radio has been there, the same is taken for a pulled plug.
        """
        was_there = False
        while True:
            lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            try:
                await self._radio.open(self._told(lost), self._reception.audio)
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
            NotSupported: `ptt = "none"`, or a control that can't key.
            LinkDown, ChannelBusy, TransmitTimeout: as `Keying.transmit`.
        """
        if not self._transmits:
            raise NotSupported(f'{self._channel}: this radio only listens (ptt = "none")')
        if not self.connected:
            raise LinkDown(f"{self._channel}: the radio is not there just now")
        await self._keying.transmit(pcm)

    async def send_text(self, text: str, to: str | None = None) -> None:
        """Send one text message, where the control has text.

        Raises:
            NotSupported: it has none.
            LinkDown, ChannelBusy: as `Control.send_text`.
        """
        if self._control.text_max is None:
            raise NotSupported(f"{self._channel}: this radio has no text messages")
        if not self.connected:
            raise LinkDown(f"{self._channel}: the radio is not there just now")
        await self._control.send_text(text, to)

    async def drop_key(self) -> None:
        """Release the key now. Safe at any time."""
        await self._keying.drop()

    def _told(self, lost: asyncio.Future[str]) -> Told:
        def on_lost(reason: str) -> None:
            if not lost.done():
                lost.set_result(reason)

        return Told(self._reception.line, self._events.put, on_lost)

    def _put_ours(self, event: RadioEvent) -> None:
        if isinstance(event, TransmitStarted):
            self._reception.we_talk()
        self._events.put(event)
        if isinstance(event, TransmitEnded):
            self._reception.we_stopped()


class _Radio:
    """Control and sound card together: one is no use without the other, so they come and go together."""

    def __init__(self, settings: LineSettings, control: Control) -> None:
        self._control = control
        self._capture = Capture(settings.sound_in, settings.sound_rate, settings.gain_in_db)
        self._playback = Playback(settings.sound_out, settings.sound_rate, settings.gain_out_db)

    async def open(self, told: Told, on_audio: Callable[[Samples, datetime], None]) -> None:
        """Open both, key up; what they tell goes to `told`, what is heard to `on_audio`."""
        await self._control.open(told)
        await self._capture.open(on_audio, told.lost)

    async def close(self) -> None:
        """Key up first, then let go of everything."""
        try:
            await self._control.close()
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
        if self._control.transmits:
            await self._control.key(on)
        if not on:
            await self._playback.close()

    async def play(self, pcm: bytes) -> None:
        """Play into the radio."""
        await self._playback.play(pcm)
