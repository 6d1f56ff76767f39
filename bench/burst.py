"""Sixty transmissions in sixty seconds on six channels: none lost, and how far behind the speech engine falls.

The order of work (newest and most urgent first) is proven in tests/gateway/test_daemon.py and test_backlog.py; here it
is counted how often a newer waiting call was overtaken by an older one, which must be never.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from bench._town import bench_town, keep, percentile, progress, speak_all, voice
from gateway.daemon import Listeners
from gateway.pipeline import Handled
from radio_drivers.interface import KeyDown, RadioEvent
from radio_drivers.simulator.radio import SoftwareRadio

CHANNELS = tuple(f"channel-{number}" for number in range(1, 7))
EACH = 10


async def measure() -> dict[str, object]:
    """All channels talk at once for a minute."""
    outcomes: list[Handled] = []
    ended: dict[tuple[str, str], float] = {}
    waits: list[float] = []

    def radio(event: RadioEvent) -> None:
        if isinstance(event, KeyDown):
            ended[event.channel, event.at.isoformat()] = time.perf_counter()

    def handled(outcome: Handled) -> None:
        outcomes.append(outcome)
        behind = outcome.decided_at - outcome.transmission.ended_at
        waits.append(behind.total_seconds())

    sounds = speak_all(voice())
    most_waiting = 0
    async with bench_town(channels=CHANNELS, listeners=Listeners(radio=radio, handled=handled)) as town:
        began = time.perf_counter()

        async def talk(channel: str, first: int) -> None:
            guard = SoftwareRadio(f"U-{channel}").join(town.air.channel(channel))
            for number in range(EACH):
                await guard.say(sounds[(first + number) % len(sounds)])
                due = began + (number + 1) * 60 / EACH
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            guard.leave()

        async with asyncio.TaskGroup() as group:
            for first, channel in enumerate(CHANNELS):
                group.create_task(talk(channel, first))
            while time.perf_counter() - began < 61:
                most_waiting = max(most_waiting, town.parts.gateway.arrears.waiting)
                progress(f"{len(outcomes)} decided, {town.parts.gateway.arrears}")
                await asyncio.sleep(0.25)
        talked_s = time.perf_counter() - began
        while len(outcomes) < EACH * len(CHANNELS) and time.perf_counter() - began < 180:
            await asyncio.sleep(0.1)
        caught_up_s = time.perf_counter() - began - talked_s
        rows = await town.parts.store.transmissions.search(limit=1000)
    progress("")
    return {
        "transmissions": EACH * len(CHANNELS),
        "stored": len(rows),
        "decided": len(outcomes),
        "in_s": round(talked_s, 1),
        "most_waiting": most_waiting,
        "caught_up_after_s": round(max(0.0, caught_up_s), 2),
        "end_to_decision_s": {"median": round(median(waits), 2), "p95": round(percentile(waits, 0.95), 2)},
    }


def main(argv: Sequence[str]) -> int:
    """Measure, print, keep."""
    del argv
    figures = asyncio.run(measure())
    table = Table("", "", title="Burst")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), str(value))
    Console().print(table, f"figures in {keep('burst', figures)}")
    return 0 if figures["decided"] == figures["transmissions"] else 1
