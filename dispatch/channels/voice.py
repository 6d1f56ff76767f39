"""Alerts spoken on a radio channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog
from typing_extensions import override

from dispatch.calls import AlertKind, Priority
from dispatch.channels.announcement import Tone, VoiceSettings, compose
from dispatch.deliveries import Channel, ChannelKind, DeliveryFailed, LeasedDelivery, Receipt, ReceiptKind

log = structlog.get_logger(__name__)

Speak = Callable[[str], Awaitable[bytes]]
"""Text to mono int16 little-endian at 16 kHz. Raises `SpeakError` when no voice works."""

REPEAT = "Repeat."
"""Said first when some listeners may have heard the beginning already: nobody takes it for a second sighting."""


class VoiceRefused(Exception):
    """The radio did not send an announcement, or not all of it.

    Attributes:
        retryable: the channel was busy or the link down; another try may work.
        partly_heard: the key was down for part of it.
    """

    def __init__(self, detail: str, *, retryable: bool, partly_heard: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retryable = retryable
        self.partly_heard = partly_heard


class SpeakError(Exception):
    """No voice could speak the text; the message says why."""


class VoiceRadio(Protocol):
    """Whatever keys a radio: waits for a clear channel, keys, plays, releases."""

    async def send_voice(self, pcm: bytes) -> None:
        """Send mono int16 little-endian at 16 kHz.

        Raises:
            VoiceRefused: nothing or only part was heard.
        """
        ...


def tone_for(kind: AlertKind, priority: Priority) -> Tone:
    """The attention tone of an alert."""
    if kind in {AlertKind.CORRECTION, AlertKind.STAND_DOWN}:
        return Tone.ENDING
    if kind is AlertKind.EMERGENCY or priority is Priority.URGENT:
        return Tone.URGENT
    return Tone.NORMAL


class RadioVoiceChannel(Channel):
    """Speaks alerts on radio channels.

    Args:
        radios: channel name -> what keys it.
        speak: the voice, running in a process of its own.
        settings: tone, longest announcement.
        clock: aware UTC now.
    """

    def __init__(
        self,
        radios: Mapping[str, VoiceRadio],
        speak: Speak,
        settings: VoiceSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self._radios = dict(radios)
        self._speak = speak
        self._settings = settings
        self._clock = clock
        self._partly_heard: set[int] = set()

    @property
    @override
    def kind(self) -> ChannelKind:
        """Speech on the radio."""
        return ChannelKind.RADIO_VOICE

    @override
    async def deliver(self, delivery: LeasedDelivery) -> Receipt:
        """Speak one alert, after "Repeat." if an earlier try was cut off or may have been.

        Raises:
            DeliveryFailed: nothing or only part was heard.
        """
        radio = self._radios.get(delivery.recipient)
        if radio is None:
            raise DeliveryFailed(f"no radio channel is called {delivery.recipient!r} (any more)", retryable=False)
        if delivery.half_sent:
            self._partly_heard.add(delivery.delivery_id)
        texts = (REPEAT, delivery.body) if delivery.delivery_id in self._partly_heard else (delivery.body,)
        try:
            parts = tuple([await self._speak(text) for text in texts])
        except SpeakError as error:
            raise DeliveryFailed(f"no voice could say it: {error}", retryable=True) from error
        if not any(parts):
            raise DeliveryFailed("the voice gave no sound for this text", retryable=False)
        tone = tone_for(delivery.alert_kind, delivery.priority)
        announcement = await asyncio.to_thread(compose, parts, tone, self._settings)
        if announcement.cut:
            log.warning("voice.cut", delivery=delivery.delivery_id, longest_s=self._settings.max_s)
        if self._clock() >= delivery.expires_at:
            raise DeliveryFailed("too old by the time it was spoken", retryable=False)
        try:
            await radio.send_voice(announcement.pcm)
        except VoiceRefused as refused:
            if refused.partly_heard:
                self._partly_heard.add(delivery.delivery_id)
            raise DeliveryFailed(refused.detail, retryable=refused.retryable) from refused
        self._partly_heard.discard(delivery.delivery_id)
        cut = f", cut to {self._settings.max_s:.0f} s" if announcement.cut else ""
        return Receipt(ReceiptKind.ACCEPTED, self._clock(), detail=f"on the air for {announcement.seconds:.1f} s{cut}")

    @override
    async def find(self, delivery: LeasedDelivery) -> Receipt | None:
        """None: a radio keeps no record of what it sent."""
        return None
