"""Key-down to committed decision and to the first sample of the rebroadcast, in real time, one call after the other.

Targets (2 cores, bundled Whisper, calls up to 8 s): decision median <= 1.2 s, p95 <= 3 s; first sample p95 <= 4 s.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from statistics import median

from rich.console import Console
from rich.table import Table

from bench._town import bench_town, keep, percentile, progress, speak_all, voice
from gateway.daemon import Listeners
from gateway.pipeline import Handled
from radio_drivers.interface import KeyDown, KeyingRules, RadioEvent, TransmitStarted
from radio_drivers.simulator.radio import SoftwareRadio


async def measure(rounds: int) -> dict[str, object]:
    """Talk, wait for the decision, wait for the air to be clear; again."""
    down = 0.0
    decided: list[float] = []
    aired: list[float] = []
    stages: dict[str, list[float]] = {}
    told = asyncio.Event()

    def radio(event: RadioEvent) -> None:
        nonlocal down
        if isinstance(event, KeyDown):
            down = time.perf_counter()
        elif isinstance(event, TransmitStarted) and down:
            # The first sample follows the lead-in that opens squelches and repeaters.
            aired.append(time.perf_counter() - down + KeyingRules().lead_in_s)
            down = 0.0

    def handled(outcome: Handled) -> None:
        decided.append(time.perf_counter() - down)
        for stage, seconds in outcome.timings_s.items():
            stages.setdefault(stage, []).append(seconds)
        told.set()

    sounds = speak_all(voice())
    async with bench_town(listeners=Listeners(radio=radio, handled=handled)) as town:
        channel = town.air.channel("town")
        guard = SoftwareRadio("1001").join(channel)
        await guard.say(sounds[3])  # the first call warms the engine up and is not counted
        await told.wait()
        decided.clear()
        aired.clear()
        stages.clear()
        for number in range(rounds * len(sounds)):
            told.clear()
            progress(f"call {number + 1} of {rounds * len(sounds)}")
            await guard.say(sounds[number % len(sounds)])
            await told.wait()
            while await town.parts.store.outbox.next_due(town.air.clock.now()) is not None or channel.busy_for(guard):
                await asyncio.sleep(0.1)
            await asyncio.sleep(0.6)
        guard.leave()
    progress("")
    return {
        "calls": len(decided),
        "seconds_of_calls": [round(len(pcm) / 32_000, 2) for pcm in sounds],
        "decision_s": {
            "median": round(median(decided), 3),
            "p95": round(percentile(decided, 0.95), 3),
            "max": round(max(decided), 3),
        },
        "first_sample_s": {
            "n": len(aired),
            "median": round(median(aired), 3),
            "p95": round(percentile(aired, 0.95), 3),
        },
        "stages_median_s": {stage: round(median(seconds), 4) for stage, seconds in stages.items()},
    }


def main(argv: Sequence[str]) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="bench latency", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="times that all ten calls are said")
    figures = asyncio.run(measure(parser.parse_args(argv).rounds))
    table = Table("", "median", "p95", "target", title=f"{figures['calls']} calls, real time")
    decision, first = figures["decision_s"], figures["first_sample_s"]
    assert isinstance(decision, dict)
    assert isinstance(first, dict)
    table.add_row("key-down to committed decision", f"{decision['median']} s", f"{decision['p95']} s", "1.2 s, 3 s")
    table.add_row("key-down to first sample of the rebroadcast", f"{first['median']} s", f"{first['p95']} s", "p95 4 s")
    for stage, seconds in dict(figures["stages_median_s"]).items():  # type: ignore[call-overload] # a dict, see above
        table.add_row(f"  of it: {stage}", f"{seconds} s", "", "")
    Console().print(table, f"figures in {keep('latency', figures)}")
