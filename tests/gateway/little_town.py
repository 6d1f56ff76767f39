"""A gateway in this process: real store, recorder, rules and outbox; speech and voice by script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dispatch.channels.folder import FolderChannel
from dispatch.channels.mqtt import MqttSettings
from dispatch.deliveries import Channel, ChannelKind
from dispatch.register.csv_import import parse_register
from dispatch.register.members_csv import parse_members
from dispatch.store.store import open_store
from gateway.assembly import Assembly, Engines, Watchers, put_together
from gateway.daemon import Listeners
from gateway.pipeline import Handled
from gateway.resources import config_file
from gateway.settings import PathSettings, SchemeSettings, Settings
from gateway.speech.transcript import Claim, Fit, Hints, Hypothesis, SpeechError, Spotted, Transcript, TranscriptStream
from radio_drivers.interface import KeyingRules, RadioDriver
from radio_drivers.simulator.air import RadioAir, SoftwareChannel
from radio_drivers.simulator.clock import AirClock
from radio_drivers.simulator.driver import SimulatorDriver
from radio_drivers.simulator.radio import SoftwareRadio
from radio_drivers.simulator.settings import SimulatorSettings

REGISTER = config_file("demo/register.csv").read_bytes()
MEMBERS = config_file("demo/members.csv").read_bytes()


def said(marker: int, seconds: float = 2.0) -> bytes:
    """Audio by which the scripted transcriber knows which text it stands for: all samples have the marker's value."""
    return (marker * 100).to_bytes(2, "little") * int(seconds * 16_000)


def marker_of(pcm: bytes) -> int:
    """The marker most samples carry."""
    middle = pcm[len(pcm) // 4 * 2 : len(pcm) // 4 * 2 + 2]
    return round(int.from_bytes(middle, "little") / 100)


@dataclass
class ScriptedTranscriber:
    """Knows what each marker says. Implements `Transcriber`."""

    texts: dict[int, str]
    failures: dict[int, int] = field(default_factory=dict)
    """Marker -> how many attempts fail first."""
    heard: list[int] = field(default_factory=list)
    gate: asyncio.Event | None = None
    """Nothing is heard until it is set."""
    engine: str = "script"
    verifies: bool = False

    async def ping(self) -> bool:
        return True

    async def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        if self.gate is not None:
            await self.gate.wait()
        marker = marker_of(pcm)
        self.heard.append(marker)
        if self.failures.get(marker, 0):
            self.failures[marker] -= 1
            raise SpeechError("the worker died")
        text = self.texts[marker]
        return Transcript(text, (), (Hypothesis(text, -0.1),), -0.1, 0.0, self.engine, 0.0)

    async def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        raise SpeechError("a script can't score")

    async def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        raise SpeechError("a script hears once")

    async def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        raise SpeechError("a script has no sound to hold anything against")

    async def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        return []

    async def stream(self, hints: Hints) -> TranscriptStream | None:
        return None


@dataclass
class LittleTown:
    """What a test looks at."""

    parts: Assembly
    channel: SoftwareChannel
    transcriber: ScriptedTranscriber
    handled: list[Handled]
    texts: Path
    stop: asyncio.Event
    running: asyncio.Task[None]

    def radio(self, unit: str) -> SoftwareRadio:
        return SoftwareRadio(unit).join(self.channel)

    async def until(self, true: Callable[[], object], within_s: float = 15.0) -> None:
        async with asyncio.timeout(within_s):
            while not true():
                await asyncio.sleep(0.005)

    async def until_sent(self) -> None:
        """Nothing is waiting to be sent."""
        async with asyncio.timeout(15):
            while await self.parts.store.outbox.next_due(self.channel.clock.now()) is not None:
                await asyncio.sleep(0.01)

    def sms(self) -> list[str]:
        return sorted(path.read_text() for path in self.texts.glob("*.txt"))


@asynccontextmanager
async def little_town(
    folder: Path,
    transcriber: ScriptedTranscriber,
    *,
    base: SimulatorSettings | None = None,
    speak: Callable[[str], Awaitable[bytes]] | None = None,
    along: bool = False,
    more_radios: Sequence[RadioDriver] = (),
    more_channels: Sequence[Channel] = (),
    members: bytes = MEMBERS,
    mqtt: MqttSettings | None = None,
) -> AsyncIterator[LittleTown]:
    """Fernley, with the demonstration's register and members, on air that runs twenty times as fast as life.

    Args:
        folder: where its state and texts go.
        transcriber: hears.
        base: the base station.
        speak: the voice.
        along: the transcriber hears while somebody talks.
        more_radios: base stations on other channels.
        more_channels: where else alerts go.
        members: the list of members.
        mqtt: of the broker; its channel is one of `more_channels`.
    """
    pace = 0.05
    settings = await asyncio.to_thread(
        Settings,
        scheme=SchemeSettings(name="Fernley Town Against Crime", short="FTAC"),
        paths=PathSettings(state_dir=folder / "state"),
        mqtt=mqtt or MqttSettings(),
    )
    handled: list[Handled] = []

    async def voice(text: str) -> bytes:
        return said(77, 1.0 + len(text) / 200)

    async with RadioAir(AirClock(pace)) as air:
        clock = air.clock.now
        async with open_store(settings.database_url, clock=clock) as store:
            people = parse_register(REGISTER)
            await store.register.import_people(people.rows, dry_run=False, by="test", refusals=people.refusals)
            parsed = parse_members(members)
            await store.members.import_members(parsed.rows, dry_run=False, by="test", refusals=parsed.refusals)
            driver = SimulatorDriver(
                "town", air, KeyingRules(clear_for_s=0.5), base or SimulatorSettings(unit="BASE", pace=pace)
            )
            texts = folder / "texts"
            parts = put_together(
                settings,
                [driver, *more_radios],
                Engines(store, transcriber, speak or voice, transcriber if along else None),
                [FolderChannel(ChannelKind.SMS, texts, clock), *more_channels],
                clock=clock,
                watchers=Watchers(Listeners(handled=handled.append)),
            )
            stop = asyncio.Event()
            running = asyncio.create_task(parts.gateway.run(stop), name="gateway")
            await parts.gateway.listening.wait()
            try:
                yield LittleTown(parts, air.channel("town"), transcriber, handled, texts, stop, running)
            finally:
                stop.set()
                await asyncio.wait({running}, timeout=10)
                running.cancel()
                await asyncio.wait({running})
