"""What the measurements of the whole gateway share: calls, a machine's description, a gateway in this process."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dispatch.channels.synthesis import Synthesizer, make_synthesizer
from dispatch.policy import PolicyRules
from dispatch.register.csv_import import parse_register
from dispatch.register.members_csv import parse_members
from dispatch.store.store import open_store
from gateway.assembly import Assembly, Watchers, assembled
from gateway.daemon import Listeners
from gateway.demo.talkers import spoken
from gateway.resources import config_file
from gateway.settings import PathSettings, SchemeSettings, Settings, TableSettings
from radio_drivers.interface import KeyingRules
from radio_drivers.simulator.air import RadioAir
from radio_drivers.simulator.clock import AirClock
from radio_drivers.simulator.driver import SimulatorDriver
from radio_drivers.simulator.settings import SimulatorSettings

RESULTS = Path(__file__).resolve().parent / "results"
PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"

CALLS = (
    "Corner Books to Control, Martin Blackwood has just walked in, grey hoodie, over.",
    "Star Clothing to Control, number zero one one seven is outside, heading towards the station.",
    "Thanks Martin, see you tomorrow, have a good evening.",
    "Market Pharmacy to Control, radio check please, over.",
    "Fernley Sports to Control, Daniel Fletcher is by the tills, black jacket.",
    "Riverside Hotel to Control, can you put a camera on our side door please.",
    "Crown Jewellers to Control, Peter Sandford is at the window again, blue cap.",
    "Fernley Hardware to all shops, be aware, that Magpie is on Mill Lane with a blue rucksack.",
    "Station Newsagent to Control, two lads on bikes, they have gone towards the bus station.",
    "Sunrise Supermarket to Control, number zero one zero six is at the door.",
)


def speak_all(voice: Synthesizer, calls: Sequence[str] = CALLS) -> list[bytes]:
    """The calls by several talkers, none longer than 8 s."""
    sounds = [
        spoken(voice, text, f"10{number:02d}", "male" if number % 2 else "female") for number, text in enumerate(calls)
    ]
    return [pcm for pcm in sounds if len(pcm) <= 8 * 32_000]


def voice() -> Synthesizer:
    """The packaged voice."""
    return make_synthesizer("hibari")


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "on": datetime.now(UTC).date().isoformat(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def keep(name: str, figures: dict[str, Any]) -> Path:
    """Write figures to bench/results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), **figures}, indent=2) + "\n")
    return path


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0-1) of them lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class BenchTown:
    """A gateway in this process, filled with the demonstration's register."""

    parts: Assembly
    air: RadioAir
    drivers: list[SimulatorDriver]
    folder: Path


@asynccontextmanager
async def bench_town(
    *, channels: Sequence[str] = ("town",), pace: float = 1.0, listeners: Listeners | None = None
) -> AsyncIterator[BenchTown]:
    """Store, speech, voice and outbox as in `huecry run`, on software channels."""
    with tempfile.TemporaryDirectory(prefix="huecry-bench-") as name:
        folder = Path(name)
        settings = Settings(
            scheme=SchemeSettings(name="Fernley Town Against Crime", short="FTAC"),
            paths=PathSettings(state_dir=folder / "state"),
            tables=TableSettings(places_file=config_file("demo/places.csv")),
            policy=PolicyRules(repeat_quiet_s=0),  # the same calls come round again, and each is to be spoken
        )
        await fill(settings.database_url)
        async with RadioAir(AirClock(pace), seed=3) as air:
            base = SimulatorSettings(unit="BASE", pace=pace, snr_db=24.0, squelch_tail_s=0.1)
            drivers = [SimulatorDriver(channel, air, KeyingRules(), base) for channel in channels]
            async with assembled(settings, drivers, clock=air.clock.now, watchers=Watchers(listeners)) as parts:
                stop = asyncio.Event()
                async with asyncio.TaskGroup() as group:
                    running = group.create_task(parts.gateway.run(stop))
                    await parts.gateway.listening.wait()
                    try:
                        yield BenchTown(parts, air, drivers, folder)
                    finally:
                        stop.set()
                        await asyncio.wait({running})


async def fill(url: str) -> None:
    """Import the demonstration's register and members."""
    async with open_store(url) as store:
        people = parse_register(config_file("demo/register.csv").read_bytes())
        await store.register.import_people(people.rows, dry_run=False, by="bench", refusals=people.refusals)
        members = parse_members(config_file("demo/members.csv").read_bytes())
        await store.members.import_members(members.rows, dry_run=False, by="bench", refusals=members.refusals)


def progress(text: str) -> None:
    """One line that replaces itself."""
    sys.stderr.write(f"\r{text:<78}")
    sys.stderr.flush()
