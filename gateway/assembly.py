"""Puts a gateway together from its settings: what is opened, in which order, and closed again in the other."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dispatch.channels.mqtt import MqttChannel
from dispatch.channels.radio_text import RadioTextChannel
from dispatch.channels.sms import SmsChannel
from dispatch.channels.voice import RadioVoiceChannel, Speak, SpeakError
from dispatch.deliveries import Channel, ChannelKind
from dispatch.outbox import DeliveryEvent, Outbox
from dispatch.store.store import Store, open_store
from gateway.backlog import Backlog
from gateway.daemon import EmergencyHold, Gateway, Listeners
from gateway.entering import Entering
from gateway.health import Health
from gateway.listening_along import Along
from gateway.pipeline import Clock, Pipeline, Rules
from gateway.radios import LentRadio, outlet
from gateway.recordings import Recordings
from gateway.scheme_source import SchemeFiles, SchemeSource
from gateway.settings import Settings
from gateway.speech.transcript import TranscriptStream
from gateway.speech.voice_worker import VoiceError, VoiceWorker
from gateway.speech.workers import SpeechWorkers, load_transcriber
from radio_drivers.interface import RadioDriver

EMERGENCY_HOLD_S = 45.0
"""After a call for help nothing but urgent alerts is spoken on that channel for so long."""


def utc_now() -> datetime:
    """Aware UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Assembly:
    """An open gateway, ready to run."""

    gateway: Gateway
    store: Store
    speech: SpeechWorkers
    voice: VoiceWorker
    outbox: Outbox
    mqtt: MqttChannel | None
    health: Health


def rules_of(settings: Settings) -> Rules:
    """The rules that the pipeline goes by."""
    return Rules(settings.policy, settings.content, settings.scheme.zone)


def scheme_files(settings: Settings, places: Path | None = None) -> SchemeFiles:
    """Where the scheme's editable tables are; `places` replaces those of the settings."""
    tables = settings.tables
    return SchemeFiles(settings.scheme.short, settings.scheme.name, tables.words_file, places or tables.places_file)


def sms_channel(settings: Settings, clock: Clock) -> SmsChannel | None:
    """Texts, where they are set up."""
    if not settings.sms.enabled:
        return None
    token = settings.secrets.sms_auth_token
    return SmsChannel(settings.sms, token.get_secret_value() if token else "", clock)


def mqtt_channel(settings: Settings, clock: Clock) -> MqttChannel | None:
    """Alerts to a broker, where one is set up."""
    if not settings.mqtt.enabled:
        return None
    password = settings.secrets.mqtt_password
    return MqttChannel(settings.mqtt, password.get_secret_value() if password else "", clock)


def spoken_by(voice: VoiceWorker) -> Speak:
    """The voice as `dispatch.channels.voice` knows it: its errors, no others."""

    async def speak(text: str) -> bytes:
        try:
            return await voice.speak(text)
        except VoiceError as error:
            raise SpeakError(str(error)) from error

    return speak


@asynccontextmanager
async def assembled(
    settings: Settings,
    drivers: Sequence[RadioDriver],
    *,
    clock: Clock = utc_now,
    listeners: Listeners | None = None,
    delivery_listener: Callable[[DeliveryEvent], None] | None = None,
    more_channels: Sequence[Channel] = (),
    partial_text: Callable[[str, str], None] | None = None,
) -> AsyncIterator[Assembly]:
    """Open store, speech workers, voice and channels; close them in the opposite order.

    Args:
        settings: everything else.
        drivers: one for each radio channel; the caller made them, the gateway runs them.
        clock: aware UTC now.
        listeners: who watches reception and decisions.
        delivery_listener: who watches deliveries.
        more_channels: replace or add to those of the settings (the demo writes its texts into a folder).
        partial_text: who wants to know what is heard while somebody talks (channel, text).

    Raises:
        StoreError, SpeechSettingsError, VoiceSettingsError: with what to do about it.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.database_url, clock=clock))
        speech = await stack.enter_async_context(load_transcriber(settings.speech))
        voice = await stack.enter_async_context(VoiceWorker(settings.voice.engine))
        radios = {driver.channel: LentRadio(driver, clock) for driver in drivers}
        channels: dict[ChannelKind, Channel] = {
            ChannelKind.RADIO_VOICE: RadioVoiceChannel(radios, spoken_by(voice), settings.voice, clock),
            ChannelKind.RADIO_TEXT: RadioTextChannel(radios, clock),
        }
        if sms := sms_channel(settings, clock):
            stack.push_async_callback(sms.aclose)
            channels[ChannelKind.SMS] = sms
        if mqtt := mqtt_channel(settings, clock):
            channels[ChannelKind.MQTT] = mqtt
        channels |= {channel.kind: channel for channel in more_channels}

        def watch(event: DeliveryEvent) -> None:
            if mqtt is not None:
                mqtt.publish_event(event)
            if delivery_listener is not None:
                delivery_listener(event)

        health = Health(clock)
        hold = EmergencyHold(EMERGENCY_HOLD_S, clock)
        outbox = Outbox(
            store.outbox, channels, settings.outbox, clock, instance_name(), may_send=hold.may_send, listener=watch
        )
        pipeline = Pipeline(
            store=store,
            transcriber=speech,
            scheme=SchemeSource(scheme_files(settings), store),
            rules=rules_of(settings),
            clock=clock,
            outlets=[outlet(driver) for driver in drivers],
            texts=ChannelKind.SMS in channels,
            topic_prefix=settings.mqtt.topic_prefix if mqtt else None,
            deliveries_committed=outbox.wake,
        )

        async def listen_along() -> TranscriptStream | None:
            return await speech.stream(await pipeline.hints())

        gateway = Gateway(
            drivers=drivers,
            recorder_rules=settings.recorder,
            recordings=Recordings(settings.audio_dir, store.transmissions, health),
            backlog=Backlog(),
            entering=Entering(store),
            pipeline=pipeline,
            outbox=outbox,
            health=health,
            hold=hold,
            clock=clock,
            workers=settings.speech.workers,
            along=Along(listen_along, partial_text) if speech.streams else None,
            listeners=listeners,
        )
        yield Assembly(gateway, store, speech, voice, outbox, mqtt, health)


def instance_name() -> str:
    """This machine's lasting name, so that a restart takes back its own deliveries at once."""
    return f"huecry@{socket.gethostname()}"
