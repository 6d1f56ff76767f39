"""What receiving costs: signalling decoders, frames parsed, twenty channels on one core, key-up to the recording.

Targets: all signalling decoders together <= 3 % of a core for a live channel; a CCDI frame <= 50 us, an MQTT frame <= 100 us; 20
channels on one core without speech; key-up to the first sample recorded <= 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table
from typing_extensions import override

from bench._radio_channels import key_ups, load, on_one_core
from bench._radio_parsers import parse_costs
from bench._radio_sound import SUB_TONE_HZ, Turn, turns
from bench._town import keep, progress, speak_all, voice
from radio_drivers.interface import RATE, Audio, KeyDown, KeyingRules, KeyUp, RadioDriver, RadioEvent
from radio_drivers.line.portaudio import BLOCK_S
from radio_drivers.signalling.driver import SignallingDriver
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.simulator.air import RadioAir
from radio_drivers.simulator.driver import SimulatorDriver

DECODERS = {
    "five tones": SignallingSettings(five_tone="ccir"),
    "DTMF": SignallingSettings(dtmf=True),
    "MDC-1200": SignallingSettings(mdc1200=True),
    "all of these": SignallingSettings(five_tone="ccir", dtmf=True, mdc1200=True),
    "all, and the CTCSS gate": SignallingSettings(five_tone="ccir", dtmf=True, mdc1200=True, ctcss_hz=SUB_TONE_HZ),
}

ALL = "all, and the CTCSS gate"

TARGETS = {"decoders_share": 0.03, "ccdi_us": 50.0, "mqtt_us": 100.0, "channels": 20, "key_up_ms": 50.0}


class _Played(SimulatorDriver):
    """A driver that gives what it is told to, as quickly as it is taken."""

    def __init__(self, stretch: Sequence[Turn]) -> None:
        super().__init__("town", RadioAir(), KeyingRules())
        self._stretch = stretch

    @override
    def events(self) -> AsyncIterator[RadioEvent]:
        return self._all()

    async def _all(self) -> AsyncIterator[RadioEvent]:
        at, block = datetime(2026, 3, 2, tzinfo=UTC), round(RATE * BLOCK_S)
        for turn in self._stretch:
            if turn.talk:
                yield KeyUp("town", at)
            for start in range(0, len(turn.pcm), block):
                part = turn.pcm[start : start + block]
                yield Audio("town", at, part.tobytes())
                at += timedelta(seconds=len(part) / RATE)
            if turn.talk:
                yield KeyDown("town", at)


async def _drain(driver: RadioDriver) -> float:
    """Seconds of processor time to hear everything a driver gives."""
    began = time.process_time()
    async for _ in driver.events():
        pass
    return time.process_time() - began


def decoder_shares(stretch: Sequence[Turn]) -> dict[str, float]:
    """Share of one core, by decoder, of a channel that is heard all the time, half of it talk."""
    seconds = sum(len(turn.pcm) for turn in stretch) / RATE
    bare = asyncio.run(_drain(_Played(stretch)))
    shares = {}
    for name, settings in DECODERS.items():
        progress(f"decoders: {name}")
        used = asyncio.run(_drain(SignallingDriver(_Played(stretch), settings)))
        shares[name] = round(max(0.0, used - bare) / seconds, 5)
    return shares


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything, one after the other."""
    calls = speak_all(voice())
    core = on_one_core()
    stretch = turns(calls, 60.0 * options.minutes, tone=True)
    shares = decoder_shares(stretch)
    progress("frames")
    costs = parse_costs()
    progress(f"{options.channels} channels for {options.seconds:g} s")
    plain = asyncio.run(load(options.channels, options.seconds, calls))
    progress(f"{options.channels} channels with all decoders for {options.seconds:g} s")
    decoding = asyncio.run(load(options.channels, options.seconds, calls, DECODERS[ALL]))
    progress("key-up")
    pressed = asyncio.run(key_ups(options.presses))
    progress("")
    slowest = max(up.sample_p95_ms for up in pressed.values())
    return {
        "core": core,
        "decoders": {"minutes": round(sum(len(t.pcm) for t in stretch) / RATE / 60, 1), "share_of_core": shares},
        "frame_us": {name: asdict(cost) for name, cost in costs.items()},
        "channels": {
            "plain": asdict(plain),
            "with_decoders": asdict(decoding),
        },
        "key_up": {name: asdict(up) for name, up in pressed.items()},
        "targets": TARGETS,
        "met": {
            "decoders_share": max(shares.values()) <= TARGETS["decoders_share"],
            "ccdi_us": costs["ccdi"].worst <= TARGETS["ccdi_us"],
            "mqtt_us": costs["mqtt"].worst <= TARGETS["mqtt_us"],
            "channels": plain.channels >= TARGETS["channels"]
            and plain.cpu_share < 1.0
            and plain.kept_s >= plain.talk_s
            and plain.lost_s == 0.0,
            "key_up_ms": slowest <= TARGETS["key_up_ms"],
        },
    }


def show(console: Console, figures: dict[str, Any]) -> None:
    """Print the speed table."""
    met = {True: "yes", False: "NO", None: ""}
    table = Table("", "measured", "target", "met", title="Reception")
    shares = figures["decoders"]["share_of_core"]
    for name, share in shares.items():
        together = name.startswith("all")
        table.add_row(
            f"signalling, {name}",
            f"{100 * share:.2f} % of a core",
            "3 %" if together else "",
            met[figures["met"]["decoders_share"] if together else None],
        )
    for name, label, target in (("ccdi", "CCDI", "50 us"), ("mqtt", "MQTT", "100 us"), ("pei", "TETRA PEI", "")):
        cost = figures["frame_us"][name]
        table.add_row(
            f"{label} frame parsed",
            f"{cost['typical']:.1f} us, the slowest kind {cost['worst']:.1f} us",
            target,
            met[figures["met"].get(f"{name}_us")],
        )
    for name, label in (("plain", "channels"), ("with_decoders", "channels with all decoders")):
        one = figures["channels"][name]
        table.add_row(
            f"{one['channels']} {label}, half talk, recorded",
            f"{100 * one['cpu_share']:.0f} % of a core; {one['takes']} recordings, {one['kept_s']:g} s for {one['talk_s']:g} s of talk",
            "one core" if name == "plain" else "",
            met[figures["met"]["channels"] if name == "plain" else None],
        )
    for name, up in figures["key_up"].items():
        table.add_row(
            f"key-up to first sample recorded: {name}",
            f"median {up['sample_p50_ms']:.0f} ms, p95 {up['sample_p95_ms']:.0f} ms; recording begins at {up['first_sample_ms']:.0f} ms",
            "50 ms",
            met[up["sample_p95_ms"] <= TARGETS["key_up_ms"]],
        )
    console.print(table)


def main(argv: Sequence[str]) -> int:
    """Measure, print, write bench/results/radio.json. Exit code 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="./run bench radio", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="of sound for the decoders (default: 10)")
    parser.add_argument("--channels", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0, help="that the channels run (default: 60)")
    parser.add_argument("--presses", type=int, default=60, help="of talk, for each kind of control (default: 60)")
    options = parser.parse_args(argv)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    console = Console()
    figures = measure(options)
    show(console, figures)
    console.print(f"figures in {keep('radio', figures)}")
    return 0 if all(figures["met"].values()) else 1
