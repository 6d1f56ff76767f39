"""`huecry run`: the daemon."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import structlog
import typer

from dispatch.channels.mqtt import MqttChannel, MqttSettingsError
from dispatch.scheme import SchemeError
from dispatch.store.errors import StoreError
from gateway.archive.beside import archiving
from gateway.assembly import Assembly, Watchers, assembled
from gateway.cli.app import complain
from gateway.cli.common import ConfigOption, start
from gateway.daemon import Listeners
from gateway.health import Health
from gateway.notify import Notifier
from gateway.radio_lock import radios_held
from gateway.radios import make_drivers
from gateway.settings import Settings, require_radio
from gateway.speech.transcript import SpeechSettingsError
from gateway.speech.voice_worker import VoiceSettingsError
from gateway.transmission import Transmission
from gateway.uploads import UploadLedger
from gateway.watchdog import Check, Watchdog
from radio_drivers.interface import RadioSettingsError

log = structlog.get_logger()

BROKER_RETRY_S = 30.0
STATUS_S = 2.0


def run(config: ConfigOption = None) -> None:
    """Listen, decide and tell, until SIGTERM or Ctrl-C."""
    settings = start(config)
    require_radio(settings)
    try:
        with asyncio.Runner() as runner:
            runner.run(listen(settings))
    except (
        StoreError,
        SchemeError,
        SpeechSettingsError,
        VoiceSettingsError,
        RadioSettingsError,
        MqttSettingsError,
    ) as error:
        complain(f"The gateway can't start: {error}\n`huecry doctor` checks everything.")
        raise typer.Exit(2) from None


async def listen(settings: Settings) -> None:
    """Run until a signal asks to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    notifier = Notifier()
    ledger, news = UploadLedger(), asyncio.Event()

    def kept(transmission: Transmission) -> None:
        ledger.kept(transmission)
        news.set()

    drivers = make_drivers(require_radio(settings), ledger)
    watchers = Watchers(gateway=Listeners(recorder=ledger.recorder, kept=kept))
    async with (
        assembled(settings, drivers, watchers=watchers) as parts,
        archiving(settings, parts.store.recorded, parts.health, news) as archive,
        radios_held(settings.state_dir, [driver.channel for driver in drivers], "huecry run"),
    ):
        ledger.open(parts.store.recorded, parts.gateway.listening)
        watchdog = Watchdog(notifier, parts.health, checks_of(parts), lambda: f"listening; {parts.gateway.arrears}")
        async with asyncio.TaskGroup() as group:
            gateway = group.create_task(parts.gateway.run(stop), name="gateway")
            beside: list[asyncio.Task[Any]] = [group.create_task(watchdog.run(), name="watchdog")]
            if parts.mqtt is not None:
                beside.append(group.create_task(hold_broker(parts.mqtt, parts.health), name="alerts broker"))
                beside.append(group.create_task(publish_status(parts.mqtt, parts), name="status on the broker"))
            if archive is not None:
                beside.append(group.create_task(archive.run(), name="archive"))
            if parts.announcer is not None:
                beside.append(group.create_task(parts.announcer.run(), name="announcer"))
            ready = group.create_task(parts.gateway.listening.wait(), name="readiness")
            beside.append(ready)
            await asyncio.wait({ready, gateway}, return_when=asyncio.FIRST_COMPLETED)
            names = ", ".join(driver.channel for driver in drivers)
            notifier.ready(f"listening on {names}")
            log.info("listening", channels=names, engine=parts.speech.engine, settings=str(settings.file or "defaults"))
            await stop.wait()
            notifier.stopping()
            await asyncio.wait({gateway})
            for task in beside:
                task.cancel()
    log.info("stopped")


async def hold_broker(broker: MqttChannel, health: Health) -> None:
    """Publish alerts for ever. Settings that can't work are a fault of this channel, not of the others."""
    while True:
        try:
            await broker.run()
        except MqttSettingsError as error:
            health.raise_fault("alerts broker", str(error))
        await asyncio.sleep(BROKER_RETRY_S)


async def publish_status(broker: MqttChannel, parts: Assembly) -> None:
    """Keep the retained status up to date: what is wrong and how far behind we are, whenever that changes."""
    told: dict[str, object] = {}
    while True:
        status: dict[str, object] = {
            "faults": [{"part": fault.name, "reason": fault.text} for fault in parts.health.faults],
            "waiting": parts.gateway.arrears.waiting,
        }
        if status != told:
            broker.publish_status(status)
            told = status
        await asyncio.sleep(STATUS_S)


def checks_of(parts: Assembly) -> dict[str, Check]:
    """What must answer before systemd's watchdog is fed."""

    async def speech() -> str | None:
        return None if await parts.speech.ping() else "no speech worker answers"

    return {"speech workers": speech}
