"""Puts a gateway together from its settings: what is opened, in which order, and closed again in the other."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from dispatch.calls import Priority
from dispatch.channels.mqtt import MqttChannel
from dispatch.channels.radio_text import RadioTextChannel
from dispatch.channels.sms import SmsChannel
from dispatch.channels.voice import RadioVoiceChannel, Speak, SpeakError
from dispatch.deliveries import Channel, ChannelKind
from dispatch.outbox import DeliveryEvent, Outbox
from dispatch.store.store import Store, open_store, utc_now
from gateway.announcer import Announcer
from gateway.backlog import Backlog
from gateway.daemon import EmergencyHold, Gateway, Listeners
from gateway.entering import Entering
from gateway.health import Health
from gateway.home_assistant import home_of
from gateway.listening_along import Along
from gateway.pipeline import Clock, Handled, Pipeline, Rules
from gateway.radios import LentRadio, outlet
from gateway.record import record_of
from gateway.recordings import Recordings
from gateway.scheme_source import SchemeFiles, SchemeSource
from gateway.settings import Settings
from gateway.speech.ears import FallbackTranscriber, load_transcriber
from gateway.speech.elsewhere import Elsewhere
from gateway.speech.transcript import Transcriber, TranscriptStream
from gateway.speech.voice_worker import VoiceError
from gateway.speech.voices import FallbackVoice, Voice, load_voice
from radio_drivers.interface import EmergencyPressed, RadioDriver, RadioEvent

EMERGENCY_HOLD_S = 45.0
"""After a call for help nothing but urgent alerts is spoken on that channel for so long."""


@dataclass(frozen=True, slots=True)
class Assembly:
    """An open gateway, ready to run."""

    gateway: Gateway
    store: Store
    speech: Transcriber
    outbox: Outbox
    mqtt: MqttChannel | None
    health: Health
    announcer: Announcer | None = None
    """Speaks what is published for it, where the settings allow that."""


def rules_of(settings: Settings) -> Rules:
    """The rules that the pipeline goes by."""
    return Rules(settings.policy, settings.content, settings.scheme.zone)


def scheme_files(settings: Settings, places: Path | None = None) -> SchemeFiles:
    """Where the scheme's editable tables are; `places` replaces those of the settings."""
    tables = settings.tables
    return SchemeFiles(settings.scheme.short, settings.scheme.name, tables.words_file, places or tables.places_file)


def sms_channel(settings: Settings, clock: Clock, store: Store) -> SmsChannel | None:
    """Texts, where they are set up. Whoever has texted STOP is marked in the store."""

    async def opted_out(number: str) -> None:
        await store.members.set_opted_out(number, opted_out=True, by="texted STOP")

    if not settings.sms.enabled:
        return None
    token = settings.secrets.sms_auth_token
    return SmsChannel(settings.sms, token.get_secret_value() if token else "", clock, opted_out)


def mqtt_channel(settings: Settings, clock: Clock) -> MqttChannel | None:
    """Alerts to a broker, where one is set up."""
    if not settings.mqtt.enabled:
        return None
    password = settings.secrets.mqtt_password
    return MqttChannel(settings.mqtt, password.get_secret_value() if password else "", clock)


def spoken_by(voice: Voice) -> Speak:
    """The voice as `dispatch.channels.voice` knows it: its errors, no others."""

    async def speak(text: str) -> bytes:
        try:
            return await voice.speak(text)
        except VoiceError as error:
            raise SpeakError(str(error)) from error

    return speak


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who looks on. All are called inside the event loop: quick, and never raising."""

    gateway: Listeners | None = None
    """Reception and decisions."""
    delivery: Callable[[DeliveryEvent], None] | None = None
    partial_text: Callable[[str, str], None] | None = None
    """What is heard while somebody still talks (channel, text)."""


@asynccontextmanager
async def assembled(
    settings: Settings,
    drivers: Sequence[RadioDriver],
    *,
    clock: Clock = utc_now,
    watchers: Watchers | None = None,
    more_channels: Sequence[Channel] = (),
) -> AsyncIterator[Assembly]:
    """Open store, speech workers, voice and channels; close them in the opposite order.

    Args:
        settings: everything else.
        drivers: one for each radio channel; the caller made them, the gateway runs them.
        clock: aware UTC now.
        watchers: who looks on.
        more_channels: replace or add to those of the settings (the demo writes its texts into a folder).

    Raises:
        StoreError, SpeechSettingsError, VoiceSettingsError: with what to do about it.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings.database_url, clock=clock))
        speech = await stack.enter_async_context(load_transcriber(settings.speech))
        voice = await stack.enter_async_context(load_voice(settings.voice))
        sms = sms_channel(settings, clock, store)
        if sms is not None:
            stack.push_async_callback(sms.aclose)
        mqtt = mqtt_channel(settings, clock)
        channels = [channel for channel in (sms, mqtt) if channel is not None]
        yield put_together(
            settings,
            drivers,
            Engines(store, speech, spoken_by(voice), speech if speech.streams else None, elsewhere_of(speech, voice)),
            [*channels, *more_channels],
            clock=clock,
            watchers=watchers or Watchers(),
        )


@dataclass(frozen=True, slots=True)
class Engines:
    """What was opened for a gateway."""

    store: Store
    speech: Transcriber
    speak: Speak
    along: Transcriber | None = None
    """The same engine as `speech`, if it can hear while somebody talks."""
    elsewhere: tuple[Elsewhere, ...] = ()
    """Those on other machines: that one is away is a fault to be seen."""


def elsewhere_of(*engines: object) -> tuple[Elsewhere, ...]:
    """What these have on other machines."""
    return tuple(one.elsewhere for one in engines if isinstance(one, FallbackTranscriber | FallbackVoice))


def show_fault(health: Health, name: str, fault: str | None) -> None:
    """Keep one fault in step with what is told about it."""
    if fault is None:
        health.clear_fault(name)
    else:
        health.raise_fault(name, fault)


def put_together(
    settings: Settings,
    drivers: Sequence[RadioDriver],
    engines: Engines,
    channels: Sequence[Channel],
    *,
    clock: Clock,
    watchers: Watchers,
) -> Assembly:
    """Wire everything. Opens nothing. A later channel of a kind replaces an earlier one."""
    store, speech = engines.store, engines.speech
    radios = {driver.channel: LentRadio(driver, clock) for driver in drivers}
    by_kind: dict[ChannelKind, Channel] = {
        ChannelKind.RADIO_VOICE: RadioVoiceChannel(radios, engines.speak, settings.voice, clock),
        ChannelKind.RADIO_TEXT: RadioTextChannel(radios, clock),
    }
    by_kind |= {channel.kind: channel for channel in channels}
    mqtt = by_kind.get(ChannelKind.MQTT)
    publisher = mqtt if isinstance(mqtt, MqttChannel) else None
    home = home_of(settings, publisher, list(radios))
    announcer = None
    if publisher is not None and settings.mqtt.announce:
        speaking = {driver.channel: radios[driver.channel] for driver in drivers if driver.abilities.voice_out}
        announcer = Announcer(speaking, engines.speak, settings.voice, trail=store.audit, clock=clock)
        publisher.listen(publisher.topic("announce"), announcer.heard)

    def watch(event: DeliveryEvent) -> None:
        if publisher is not None:
            publisher.publish_event(event)
        if watchers.delivery is not None:
            watchers.delivery(event)

    def handled(outcome: Handled) -> None:
        if publisher is not None:
            latency_s = (outcome.decided_at - outcome.transmission.ended_at).total_seconds()
            record = record_of(outcome, latency_s, settings.policy.review_at)
            publisher.publish_call({"channel": outcome.transmission.channel, **record})
        if home is not None:
            home.handled(outcome)
        if announcer is not None and outcome.alert is not None and outcome.alert.priority is Priority.URGENT:
            announcer.emergency()
        listeners.handled(outcome)

    def radio(event: RadioEvent) -> None:
        if home is not None:
            home.radio(event)
        if announcer is not None and isinstance(event, EmergencyPressed):
            announcer.emergency()
        listeners.radio(event)

    listeners = watchers.gateway or Listeners()
    health = Health(clock)
    for one in engines.elsewhere:
        one.watch(partial(show_fault, health, one.name))
    hold = EmergencyHold(EMERGENCY_HOLD_S, clock)
    outbox = Outbox(
        store.outbox, by_kind, settings.outbox, clock, instance_name(), may_send=hold.may_send, listener=watch
    )
    pipeline = Pipeline(
        store=store,
        transcriber=speech,
        scheme=SchemeSource(scheme_files(settings), store),
        rules=rules_of(settings),
        clock=clock,
        outlets=[outlet(driver) for driver in drivers],
        texts=ChannelKind.SMS in by_kind,
        topic_prefix=settings.mqtt.topic_prefix if ChannelKind.MQTT in by_kind else None,
        deliveries_committed=outbox.wake,
    )
    along = engines.along

    async def listen_along() -> TranscriptStream | None:
        return await along.stream(await pipeline.hints()) if along is not None else None

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
        along=Along(listen_along, watchers.partial_text) if along is not None else None,
        listeners=replace(listeners, radio=radio, handled=handled),
    )
    return Assembly(gateway, store, speech, outbox, publisher, health, announcer)


def instance_name() -> str:
    """This machine's lasting name, so that a restart takes back its own deliveries at once."""
    return f"huecry@{socket.gethostname()}"
