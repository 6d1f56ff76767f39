"""Whole channels for `bench radio`: line drivers on software sound cards, through the recorder, onto disk."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from bench._radio_sound import CARD_RATE, Samples, SoftwareCard, Turn, software_cards, turns
from bench._town import percentile
from dispatch.store.store import open_store
from gateway.health import Health
from gateway.recorder import ChannelRecorder, Finished, Outcome, RecorderRules, Started
from gateway.recordings import Recordings
from radio_drivers.control import Control, Told
from radio_drivers.interface import RATE, Audio, KeyingRules, KeyUp, RadioDriver, RadioEvent
from radio_drivers.line import LineDriver, LineSettings
from radio_drivers.line.portaudio import BLOCK_S
from radio_drivers.line.squelch import Change
from radio_drivers.signalling.driver import SignallingDriver
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.tetra.control import TetraControl
from radio_drivers.tetra.settings import TetraSettings
from tests.peers.rfc2217 import radio_server
from tests.peers.tetra import TetraRadio, on_terminal

BLOCK = round(CARD_RATE * BLOCK_S)

_SILENCE = np.zeros(BLOCK, np.int16)

PATIENCE_S = 10.0
"""A key-up that is not recorded by then never will be."""


@dataclass(frozen=True, slots=True)
class Load:
    """What so many channels cost."""

    channels: int
    seconds: float
    cpu_share: float
    """Of one core: 1.0 is all of it."""
    takes: int
    talk_s: float
    """Seconds of talk that were sent."""
    kept_s: float
    """Seconds that are on disk, with pre-roll and hang."""
    lost_s: float
    """Seconds of sound that were dropped because the reader was too slow."""
    late_ms: float
    """The longest that the event loop was late."""


async def load(
    count: int, seconds: float, calls: Sequence[bytes], signalling: SignallingSettings | None = None
) -> Load:
    """Receive `count` channels in real time, half of the time somebody talking on each, and keep what is said.

    Everything but the speech engine: a sound card's blocks at 48 kHz, resampling, voice-operated squelch, recorder, a synced file and a
    committed row for each take. PortAudio and the kernel's sound system are not in it.
    """
    air = _Air(turns(calls, 60.0, tone=signalling is not None))
    cards = {f"card {n}": SoftwareCard(air.heard_at(n / count)) for n in range(count)}
    kept: list[float] = []
    late = 0.0

    async def watch_loop() -> None:
        nonlocal late
        while True:
            due = time.monotonic() + 0.05
            await asyncio.sleep(0.05)
            late = max(late, time.monotonic() - due)

    async def keep_takes(takes: asyncio.Queue[Finished], recordings: Recordings) -> None:
        while True:
            finished = await takes.get()
            kept.extend(transmission.duration_s for transmission in await recordings.keep(finished.take))

    async def receive(driver: RadioDriver, takes: asyncio.Queue[Finished]) -> None:
        recorder = ChannelRecorder(driver.channel, RecorderRules())
        async for event in driver.events():
            for outcome in recorder.feed(event):
                if isinstance(outcome, Finished):
                    takes.put_nowait(outcome)

    with tempfile.TemporaryDirectory(prefix="huecry-bench-") as name, software_cards(cards):
        async with open_store(f"sqlite:///{name}/store.db") as store:
            recordings = Recordings(Path(name) / "audio", store.transmissions, Health())
            takes: asyncio.Queue[Finished] = asyncio.Queue()
            lines = [
                LineDriver(f"ch{n}", LineSettings(sound_in=f"card {n}", vox_threshold_dbfs=-40.0), KeyingRules())
                for n in range(count)
            ]
            drivers: list[RadioDriver] = [*lines]
            if signalling is not None:
                drivers = [SignallingDriver(driver, signalling) for driver in lines]
            tasks = [
                *(asyncio.create_task(driver.run()) for driver in drivers),
                *(asyncio.create_task(receive(driver, takes)) for driver in drivers),
                asyncio.create_task(keep_takes(takes, recordings)),
            ]
            await asyncio.sleep(3.0)  # all open, and nobody talks yet
            air.open = True
            tasks.append(asyncio.create_task(watch_loop()))
            cpu, began = time.process_time(), time.monotonic()
            await asyncio.sleep(seconds)
            used, took = time.process_time() - cpu, time.monotonic() - began
            air.open = False
            await asyncio.sleep(3.0)  # the last calls end
            problems = [task.exception() for task in tasks if task.done() and not task.cancelled()]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if problems:
                raise AssertionError(f"a channel failed: {problems}")
    return Load(
        count,
        round(took, 1),
        round(used / took, 3),
        len(kept),
        round(air.talk_blocks * BLOCK_S, 1),
        round(sum(kept), 1),
        round(sum(driver._events.dropped_s for driver in lines), 2),  # noqa: SLF001 nobody else asks
        round(1000 * late, 1),
    )


class _Air:
    """One minute of a channel, which every card hears from another place on; silence while it is not open."""

    def __init__(self, stretch: Sequence[Turn]) -> None:
        whole = np.concatenate([turn.pcm for turn in stretch])
        self._track: Samples = soxr.resample(whole, RATE, CARD_RATE)
        talk = np.concatenate([np.full(len(turn.pcm), turn.talk) for turn in stretch])
        self._blocks = len(self._track) // BLOCK
        self._talk = [bool(talk[n * BLOCK * RATE // CARD_RATE]) for n in range(self._blocks)]
        self.open = False
        self.talk_blocks = 0
        """Blocks of talk that were heard, on all cards."""

    def heard_at(self, share: float) -> Callable[[int], Samples]:
        """What a card gives that begins so far into it."""
        offset = int(share * self._blocks)

        def give(count: int) -> Samples:
            number = (count + offset) % self._blocks
            if not self.open:
                return _SILENCE
            self.talk_blocks += self._talk[number]
            return self._track[number * BLOCK : (number + 1) * BLOCK]

        return give


def _looped(track: Samples, offset: int) -> Callable[[int], Samples]:
    blocks = len(track) // BLOCK

    def give(count: int) -> Samples:
        at = (count + offset) % blocks * BLOCK
        return track[at : at + BLOCK]

    return give


@dataclass(frozen=True, slots=True)
class KeyUps:
    """From key-up, milliseconds: until the recorder has begun, and until it holds a sample from after the key-up."""

    count: int
    begun_p50_ms: float
    begun_p95_ms: float
    sample_p50_ms: float
    sample_p95_ms: float
    first_sample_ms: float
    """Where the recording begins, from the key-up on: before it, thanks to the pre-roll."""


class _Watch:
    """Feeds a recorder and notes when."""

    def __init__(self, channel: str) -> None:
        self._recorder = ChannelRecorder(channel, RecorderRules())
        self.pressed = 0.0
        self.pressed_at = 0.0
        self.begun: list[float] = []
        self.sample: list[float] = []
        self.first: list[float] = []
        self._waiting = False
        self._heard_until = 0.0

    @property
    def done(self) -> int:
        return len(self.sample)

    async def read(self, driver: RadioDriver) -> None:
        async for event in driver.events():
            self._note(event, self._recorder.feed(event))

    def _note(self, event: RadioEvent, outcomes: list[Outcome]) -> None:
        now = time.monotonic()
        if isinstance(event, KeyUp) and any(isinstance(outcome, Started) for outcome in outcomes):
            self.begun.append(now - self.pressed)
            self._waiting = True
        elif isinstance(event, Audio):
            self._heard_until = event.at.timestamp() + len(event.pcm) / 32_000
        if self._waiting and self._heard_until > self.pressed_at:  # at once where the pre-roll reaches so far
            self.sample.append(now - self.pressed)
            self._waiting = False
        for outcome in outcomes:
            if isinstance(outcome, Finished):
                self.first.append(outcome.take.started_at.timestamp() - self.pressed_at)

    def figures(self) -> KeyUps:
        def ms(values: Sequence[float], share: float) -> float:
            return round(1000 * percentile(values, share), 1)

        return KeyUps(
            len(self.sample),
            ms(self.begun, 0.5),
            ms(self.begun, 0.95),
            ms(self.sample, 0.5),
            ms(self.sample, 0.95),
            ms(self.first, 0.5),
        )


class _Told:
    """A control without a wire: the squelch changes when we say so."""

    tells_squelch, transmits, squelch_late_s = True, False, 0.0
    text_max: int | None = None
    told: Told | None = None

    async def open(self, told: Told) -> None:
        self.told = told

    async def key(self, on: bool) -> None:
        """It can't."""

    async def send_text(self, text: str, to: str | None) -> None:
        """It can't."""

    async def close(self) -> None:
        self.told = None


async def key_ups(count: int) -> dict[str, KeyUps]:
    """Press talk `count` times for each way in which a line driver hears of it."""
    told = _Told()

    def tell(on: bool) -> None:
        if told.told is not None:
            told.told.squelch(Change(on, time.monotonic()))

    out = {"control that tells at once": await _press(count, told, LineSettings(), tell)}
    radio = TetraRadio()
    with on_terminal(radio) as terminal:
        control = TetraControl("town", TetraSettings(port=terminal.path, strength_s=0.0))
        out["TETRA radio on a terminal"] = await _press(
            count, control, LineSettings(), lambda on: radio.talks() if on else radio.stops()
        )
    with radio_server() as server:
        settings = LineSettings(port=server.url, squelch="cts")
        out["squelch line, debounced, over RFC 2217"] = await _press(
            count, None, settings, lambda on: setattr(server.radio, "talking", on)
        )
    return out


async def _press(count: int, control: Control | None, settings: LineSettings, press: Callable[[bool], None]) -> KeyUps:
    dice = random.Random(5)
    track = np.zeros(CARD_RATE, np.int16)
    watch = _Watch("town")
    async with _on_air(control, settings, track, watch) as driver:
        while not driver.connected:
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)  # a pre-roll is there
        for number in range(count):
            watch.pressed, watch.pressed_at = time.monotonic(), time.time()
            press(True)
            async with asyncio.timeout(PATIENCE_S):
                while watch.done <= number:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.4)
            press(False)
            await asyncio.sleep(0.7 + dice.uniform(0.0, 0.08))  # a hang and a whole pre-roll; any place in a block
    return watch.figures()


@asynccontextmanager
async def _on_air(
    control: Control | None, settings: LineSettings, track: Samples, watch: _Watch
) -> AsyncIterator[LineDriver]:
    card = SoftwareCard(_looped(track, 0))
    with software_cards({"": card}):
        driver = LineDriver("town", settings, KeyingRules(), control)
        tasks = [asyncio.create_task(driver.run()), asyncio.create_task(watch.read(driver))]
        try:
            yield driver
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


def on_one_core() -> int:
    """Keep this process on one core; returns which."""
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core
