"""Runs the demonstration: the real gateway, its own store and folder, and guards on a software radio channel."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from dispatch.channels.folder import FolderChannel
from dispatch.channels.synthesis import make_synthesizer
from dispatch.deliveries import ChannelKind
from dispatch.outbox import DeliveryEvent, DeliveryStep
from dispatch.register.csv_import import parse_register
from dispatch.register.members_csv import parse_members
from dispatch.store.store import Store
from gateway.assembly import Assembly, Watchers, assembled
from gateway.audio import write_wav
from gateway.daemon import Listeners
from gateway.demo.afternoon import Afternoon, ScriptedCall, read_afternoon
from gateway.demo.diary import Diary
from gateway.demo.talkers import spoken
from gateway.demo.timeline import draw
from gateway.demo.view import View
from gateway.pipeline import Handled
from gateway.resources import config_file
from gateway.settings import PathSettings, SchemeSettings, Settings, TableSettings
from radio_drivers.interface import KeyingRules, RadioEvent, TransmitEnded, TransmitStarted
from radio_drivers.simulator.air import RadioAir, SoftwareChannel
from radio_drivers.simulator.clock import AirClock
from radio_drivers.simulator.driver import SimulatorDriver
from radio_drivers.simulator.radio import HeardTransmission, SoftwareRadio
from radio_drivers.simulator.settings import SimulatorSettings

PACE = 0.17
"""Real seconds for one second on the air: the afternoon runs six times as fast as it would."""
QUIET_S = 1.2
"""On the air: how long guards leave the channel alone before the next one presses talk."""
PATIENCE_S = 20.0
"""Real seconds to wait for anything before the demonstration goes on without it."""
ZONE = ZoneInfo("Europe/London")
BASE = "BASE"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the demonstration came to."""

    calls: int
    as_scripted: int
    seconds: float
    folder: Path


def demo_settings(folder: Path, afternoon: Afternoon) -> Settings:
    """The embedded defaults, with everything of the demonstration in one folder."""
    return Settings(
        scheme=SchemeSettings(name=afternoon.name, short=afternoon.short),
        paths=PathSettings(state_dir=folder / "state"),
        tables=TableSettings(places_file=config_file("demo/places.csv")),
    )


def prepare(folder: Path) -> tuple[Afternoon, Settings]:
    """Make room and read the script.

    Raises:
        FileExistsError: the folder holds something else.
    """
    afternoon = read_afternoon(config_file("demo/calls.toml"))
    _clear(folder)
    return afternoon, demo_settings(folder, afternoon)


async def show(folder: Path, console: Console, *, pace: float = PACE) -> Shown:
    """Run the afternoon and leave everything in `folder`.

    Args:
        folder: emptied first if it is an earlier demonstration's.
        console: where to show it.
        pace: real seconds for one second on the air.
    """
    began = time.perf_counter()
    afternoon, settings = await asyncio.to_thread(prepare, folder)
    introduce(console, afternoon)
    voices = await asyncio.to_thread(_all_spoken, afternoon)
    diary = Diary()
    start = datetime.now(UTC).astimezone(ZONE).replace(hour=14, minute=2, second=0, microsecond=0).astimezone(UTC)
    async with RadioAir(AirClock(pace, now=lambda: start), seed=7) as air:
        channel = air.channel(afternoon.channel)
        base = SimulatorSettings(unit=BASE, pace=pace, snr_db=24.0, squelch_tail_s=0.1)
        driver = SimulatorDriver(afternoon.channel, air, KeyingRules(clear_for_s=0.6), base)
        view = View(console, ZONE, {})
        listeners = Listeners(radio=_radio(diary, view), handled=_handled(diary, view))
        texts = FolderChannel(ChannelKind.SMS, folder / "texts", air.clock.now)
        async with assembled(
            settings,
            [driver],
            clock=air.clock.now,
            watchers=Watchers(listeners, _delivery(diary, view)),
            more_channels=[texts],
        ) as parts:
            view.name_shops(await _fill(parts.store))
            recorder = SoftwareRadio("LOG").join(channel)
            with view:
                await _run(Stage(parts, channel, diary, view), afternoon, voices)
            recorder.leave()
    await asyncio.to_thread(_write_rebroadcasts, folder / "rebroadcasts", recorder.heard)
    await asyncio.to_thread(diary.write, folder / "log.jsonl")
    title = f"{afternoon.name}: {len(afternoon.calls)} calls on one radio channel"
    await asyncio.to_thread(draw, diary, folder / "timeline.png", ZONE, title)
    right = sum(
        entry.handled is not None and entry.handled.decision.kind == entry.script.expect for entry in diary.entries
    )
    shown = Shown(len(diary.entries), right, time.perf_counter() - began, folder)
    conclude(console, diary, shown)
    return shown


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the afternoon happens and who watches."""

    parts: Assembly
    channel: SoftwareChannel
    diary: Diary
    view: View


async def _run(stage: Stage, afternoon: Afternoon, voices: list[bytes]) -> None:
    parts, channel = stage.parts, stage.channel
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        gateway = group.create_task(parts.gateway.run(stop), name="gateway")
        await parts.gateway.listening.wait()
        radios: dict[str, SoftwareRadio] = {}
        for script, pcm in zip(afternoon.calls, voices, strict=True):
            radio = radios.get(script.unit) or SoftwareRadio(script.unit).join(channel)
            radios[script.unit] = radio
            await _clear_channel(channel, radio, parts)
            await _talk(stage, radio, script, pcm)
        await _clear_channel(channel, next(iter(radios.values())), parts)
        stop.set()
        await gateway


async def _talk(stage: Stage, radio: SoftwareRadio, script: ScriptedCall, pcm: bytes) -> None:
    view = stage.view
    view.console.print(f"[dim]{script.why}[/]", highlight=False)
    view.now(f"{view.shop(script.unit)} is talking …", "yellow")
    entry = stage.diary.begin(script, stage.channel.clock.now())
    await radio.say(pcm)
    view.now("hearing it …")
    for _ in range(int(PATIENCE_S / 0.02)):
        if entry.handled is not None:
            return
        await asyncio.sleep(0.02)


async def _clear_channel(channel: SoftwareChannel, radio: SoftwareRadio, parts: Assembly) -> None:
    """Guards listen first: wait until nothing is on its way to the air and the channel has been quiet."""
    quiet_since = channel.clock.seconds()
    deadline = time.perf_counter() + PATIENCE_S
    while channel.clock.seconds() - quiet_since < QUIET_S and time.perf_counter() < deadline:
        await asyncio.sleep(0.05)
        due = await parts.store.outbox.next_due(channel.clock.now() + timedelta(seconds=1))
        if channel.busy_for(radio) or due is not None:
            quiet_since = channel.clock.seconds()


def _all_spoken(afternoon: Afternoon) -> list[bytes]:
    voice = make_synthesizer("auto")
    return [spoken(voice, call.says, call.unit, call.voice) for call in afternoon.calls]


async def _fill(store: Store) -> dict[str, str]:
    """Import the invented register and members; gives the shop of each radio unit."""
    people = parse_register(await asyncio.to_thread(_demo_list, "register.csv"))
    await store.register.import_people(people.rows, dry_run=False, by="demo", refusals=people.refusals)
    members = parse_members(await asyncio.to_thread(_demo_list, "members.csv"))
    await store.members.import_members(members.rows, dry_run=False, by="demo", refusals=members.refusals)
    return {
        site.radio_unit: member.name
        for member in await store.members.list()
        for site in member.sites
        if site.radio_unit is not None
    }


def _demo_list(name: str) -> bytes:
    return config_file(f"demo/{name}").read_bytes()


def _radio(diary: Diary, view: View) -> Callable[[RadioEvent], None]:
    def listen(event: RadioEvent) -> None:
        diary.radio(event)
        if isinstance(event, TransmitStarted):
            view.now("the gateway is on the air: every radio hears it …", "bold green")
        elif isinstance(event, TransmitEnded):
            view.now("listening …")

    return listen


def _handled(diary: Diary, view: View) -> Callable[[Handled], None]:
    def listen(handled: Handled) -> None:
        entry = diary.handled(handled)
        if entry is not None:
            view.call(entry, handled)

    return listen


def _delivery(diary: Diary, view: View) -> Callable[[DeliveryEvent], None]:
    def listen(event: DeliveryEvent) -> None:
        diary.delivery(event)
        view.delivery(event)

    return listen


def _write_rebroadcasts(folder: Path, heard: Sequence[HeardTransmission]) -> None:
    """What a guard's radio got from the gateway, one WAV each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate((each for each in heard if BASE in each.units), 1):
        write_wav(folder / f"rebroadcast-{number:02d}.wav", one.pcm)


def _clear(folder: Path) -> None:
    """Make room, but only where an earlier demonstration was: a mistyped folder must not lose anybody's files."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise FileExistsError(f"{folder} is not empty and no earlier demonstration; give another folder with --out")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("Made by huecry demo; emptied by the next one. Everybody in here is invented.\n")


MARK = "ABOUT.txt"


def introduce(console: Console, afternoon: Afternoon) -> None:
    """What is about to be seen."""
    console.rule(f"[bold]Hue and Cry[/] · {afternoon.name}")
    console.print(
        f"An invented town's afternoon: {len(afternoon.calls)} calls on one software radio channel, six times as fast as life. "
        "Everything else is the real gateway: recording, Whisper, register, policy, voice and texts. No radio, no network; "
        "everybody is made up.\n",
        highlight=False,
    )


def conclude(console: Console, diary: Diary, shown: Shown) -> None:
    """Figures, files, and what to do next."""
    decided = [entry.decision_s for entry in diary.entries if entry.handled]
    aired = [entry.on_air_s for entry in diary.entries if entry.on_air_s is not None]
    texts = sum(
        event.step is DeliveryStep.SENT and event.delivery.channel is ChannelKind.SMS
        for entry in diary.entries
        for event in entry.deliveries
    )
    console.rule()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("decided as scripted", f"[bold]{shown.as_scripted} of {shown.calls}[/]")
    if decided:
        table.add_row(
            "key-down to decision", f"[bold]{median(decided):.2f} s[/] in the middle, {max(decided):.2f} s at worst"
        )
    if aired:
        table.add_row(
            "key-down to our own key",
            f"{median(aired):.2f} s in the middle",
        )
    table.add_row("rebroadcasts, texts", f"{len(diary.rebroadcasts)}, {texts}")
    table.add_row("it all took", f"{shown.seconds:.0f} s")
    console.print(table)
    console.print(
        f"\nIn [bold]{shown.folder}[/]: what the radios heard (rebroadcasts/*.wav), the texts (texts/*.txt), the picture "
        "timeline.png, the log (log.jsonl), the store and the recordings (state/).\n",
        highlight=False,
    )
    following = Table(box=None, show_header=False, pad_edge=False)
    following.add_row("[cyan]huecry doctor[/]", "what this machine still needs")
    following.add_row("[cyan]huecry register import FILE --dry-run[/]", "your own register")
    following.add_row("[cyan]huecry replay --json OUT.jsonl FILE[/]", "a recording of yours, the same way")
    following.add_row("docs/install.md", "a gateway that starts at boot")
    console.print("Next: listen to a rebroadcast, then", following)
