"""The daemon: one event loop that listens, works off the backlog and sends, until it is told to stop.

    drivers --> ears (one task a channel) --> keeper --> backlog --> workers (pipeline) --> outbox --> channels

Ears only sort events, so reception never waits for the disk, the speech engine or the database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from dispatch.calls import Priority
from dispatch.deliveries import ChannelKind, LeasedDelivery
from dispatch.outbox import Outbox
from dispatch.store.errors import StoreError
from gateway.backlog import Arrears, Backlog
from gateway.emergencies import Presses
from gateway.entering import Entering
from gateway.health import Health
from gateway.listening_along import Along
from gateway.pipeline import Clock, Handled, Pipeline
from gateway.recorder import (
    ChannelRecorder,
    Dropped,
    Finished,
    OpenMicrophone,
    Outcome,
    RecorderRules,
    Samples,
    Started,
)
from gateway.recordings import Recordings
from gateway.speech.transcript import SpeechError, Transcript
from gateway.transmission import Take, Transmission
from radio_drivers.interface import (
    EmergencyPressed,
    LinkLost,
    LinkRestored,
    RadioDriver,
    RadioEvent,
    RadioSettingsError,
    TextReceived,
)

log = structlog.get_logger()

RETRY_S = 2.0
"""How often a full disk, an absent database or a failed transcription is tried again."""
SETTINGS_RETRY_S = 30.0
"""A radio whose settings can't work now may work once somebody plugs it in; the others must not suffer meanwhile."""
ATTEMPTS = 3
"""Tries at hearing one transmission before it is left to a person."""


def ignore(_: object) -> None:
    """A listener that does not care."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who wants to watch. Called inside the event loop: must be quick and must not raise."""

    radio: Callable[[RadioEvent], None] = ignore
    recorder: Callable[[Outcome], None] = ignore
    kept: Callable[[Transmission], None] = ignore
    """On disk, with its row committed."""
    handled: Callable[[Handled], None] = ignore


@dataclass(slots=True)
class EmergencyHold:
    """Nobody but an emergency is rebroadcast on a channel for a while after somebody called for help on it."""

    hold_s: float
    clock: Clock
    _since: dict[str, datetime] = field(default_factory=dict)

    def begin(self, channel: str) -> None:
        """Somebody called for help on this channel just now."""
        self._since[channel] = self.clock()

    def may_send(self, delivery: LeasedDelivery) -> bool:
        """Whether the air may be used for this delivery now."""
        if delivery.channel not in {ChannelKind.RADIO_VOICE, ChannelKind.RADIO_TEXT}:
            return True
        since = self._since.get(delivery.recipient)
        if since is None or delivery.priority is Priority.URGENT:
            return True
        return self.clock() - since >= timedelta(seconds=self.hold_s)


class Gateway:
    """Everything that runs at once. Construct (no I/O), then `run`."""

    def __init__(
        self,
        *,
        drivers: Sequence[RadioDriver],
        recorder_rules: RecorderRules,
        recordings: Recordings,
        backlog: Backlog,
        entering: Entering,
        pipeline: Pipeline,
        outbox: Outbox,
        health: Health,
        hold: EmergencyHold,
        clock: Clock,
        workers: int = 1,
        along: Along | None = None,
        listeners: Listeners | None = None,
    ) -> None:
        self._drivers = drivers
        self._recorders = {driver.channel: ChannelRecorder(driver.channel, recorder_rules) for driver in drivers}
        self._presses = Presses(recorder_rules.emergency_repeat_s, recorder_rules.emergency_again_s)
        self._recordings = recordings
        self._backlog = backlog
        self._entering = entering
        self._pipeline = pipeline
        self._outbox = outbox
        self._health = health
        self._hold = hold
        self._clock = clock
        self._workers = workers
        self._along = along
        self._listeners = listeners or Listeners()
        self._takes: asyncio.Queue[tuple[Take, asyncio.Task[Transcript] | None]] = asyncio.Queue()
        self._early: dict[int, asyncio.Task[Transcript]] = {}
        self._left_in_store = False
        self.listening = asyncio.Event()
        """Set once reception works: what systemd calls ready."""

    @property
    def arrears(self) -> Arrears:
        """How far behind the speech engine is."""
        return self._backlog.arrears(self._clock())

    async def run(self, stop: asyncio.Event, within_s: float = 4.5) -> None:
        """Listen until `stop` is set, then stop in order.

        Args:
            stop: set by a signal handler.
            within_s: seconds for an orderly stop: what is on the air ends or is cut, what was said is kept, work in hand
                is finished or left to the next start.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [
                *(group.create_task(self._hold_link(d), name=f"link {d.channel}") for d in self._drivers),
                group.create_task(self._keep_takes(), name="keeper"),
                *(group.create_task(self._work(), name=f"worker {n}") for n in range(self._workers)),
                group.create_task(self._outbox.run(), name="outbox"),
                group.create_task(self._housekeeping(), name="housekeeping"),
            ]
            ears = [group.create_task(self._listen(d), name=f"ears {d.channel}") for d in self._drivers]
            await self._recover()
            self.listening.set()
            await stop.wait()
            await self._stop(ears, within_s)
            for task in (*ears, *tasks):
                task.cancel()

    async def _stop(self, ears: Sequence[asyncio.Task[None]], within_s: float) -> None:
        deadline = time.monotonic() + within_s
        log.info("stopping", on_hand=str(self.arrears))
        for task in ears:
            task.cancel()
        await asyncio.wait(ears)
        for driver in self._drivers:
            self._took(driver.channel, self._recorders[driver.channel].close())
        await within(self._takes.join(), 1.0)  # every take on disk before anything else may use the time
        await self._outbox.stop(max(0.1, min(2.0, deadline - time.monotonic() - 1.0)))
        for driver in self._drivers:
            await driver.drop_key()
        await within(self._backlog.empty(), max(0.1, deadline - time.monotonic() - 0.5))
        if self._recordings.waiting:
            log.error("stopping with recordings that could not be stored", count=self._recordings.waiting)

    async def _recover(self) -> None:
        """Take up what an earlier run left: recordings without a row, transmissions without a decision."""
        try:
            adopted = await self._recordings.adopt_orphans(self._clock())
            unfinished = await self._entering.unfinished()
        except StoreError as error:
            self._left_in_store = True
            self._health.raise_fault("store", str(error))
            return
        if unfinished:
            log.info("taking up what an earlier run left", transmissions=len(unfinished))
        await self._backlog.put([*adopted, *unfinished])

    async def _refill(self) -> None:
        """Fetch what stayed in the store: it failed, or the queue in memory was full."""
        self._left_in_store = False
        self._backlog.refilled()
        try:
            await self._backlog.put(await self._entering.unfinished())
        except StoreError as error:
            self._left_in_store = True
            self._health.raise_fault("store", str(error))

    async def _hold_link(self, driver: RadioDriver) -> None:
        """Run a driver for ever; settings that can't work are a fault of this radio, not of the others."""
        fault = f"radio {driver.channel}"
        while True:
            try:
                await driver.run()
            except RadioSettingsError as error:
                self._health.raise_fault(fault, str(error))
            await asyncio.sleep(SETTINGS_RETRY_S)

    async def _listen(self, driver: RadioDriver) -> None:
        recorder = self._recorders[driver.channel]
        async for event in driver.events():
            self._listeners.radio(event)
            match event:
                case LinkLost():
                    self._health.raise_fault(f"radio {event.channel}", f"link lost: {event.reason}")
                case LinkRestored():
                    self._health.clear_fault(f"radio {event.channel}")
                case EmergencyPressed():
                    self._hold.begin(event.channel)
                    await self._called_for_help(event)
                case TextReceived():
                    await self._backlog.put(await self._tell(event.channel, self._entering.text(event)))
                case _:
                    pass
            self._took(driver.channel, recorder.feed(event))

    async def _called_for_help(self, event: EmergencyPressed) -> None:
        if not self._presses.is_news(event):
            log.info("emergency repeated", channel=event.channel, unit=event.unit)
            return
        entered = await self._tell(event.channel, self._entering.emergency(event))
        if not entered:
            self._presses.forget(event)
        await self._backlog.put(entered)

    async def _tell(self, channel: str, entering: Awaitable[Transmission]) -> list[Transmission]:
        """Enter something that has no audio; reception goes on when the store is away."""
        try:
            return [await entering]
        except StoreError as error:
            self._health.raise_fault("store", f"an event on {channel} could not be entered: {error}")
            return []

    def _took(self, channel: str, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self._listeners.recorder(outcome)
            match outcome:
                case Started():
                    if self._along:
                        self._along.start(channel)
                case Samples():
                    if self._along:
                        self._along.feed(channel, outcome.pcm)
                case Finished():
                    early = self._along.finish(channel) if self._along else None
                    self._takes.put_nowait((outcome.take, early))
                case Dropped():
                    if self._along:
                        self._along.abandon(channel)
                    log.debug("not kept", channel=channel, why=outcome.reason)
                case OpenMicrophone():
                    since = outcome.since.isoformat(timespec="seconds")
                    log.warning("open microphone", channel=channel, unit=outcome.unit, since=since)
                    self._health.raise_fault(
                        f"microphone {channel}", f"{outcome.unit or 'a radio'} has held talk since {since}"
                    )

    async def _keep_takes(self) -> None:
        while True:
            take, early = await self._takes.get()
            try:
                if not take.split:
                    self._health.clear_fault(f"microphone {take.channel}")
                kept = await self._recordings.keep(take)
                if early is not None and kept:
                    self._early[kept[-1].transmission_id] = early
                await self._kept(kept)
            finally:
                self._takes.task_done()

    async def _kept(self, transmissions: Sequence[Transmission]) -> None:
        for transmission in transmissions:
            self._listeners.kept(transmission)
        await self._backlog.put(transmissions)

    async def _work(self) -> None:
        while True:
            transmission = await self._backlog.get()
            again = False
            try:
                again = await self._work_on(transmission)
            finally:
                await self._backlog.done(transmission)
            if again:
                await self._backlog.put([transmission])

    async def _work_on(self, transmission: Transmission) -> bool:
        """From recording to committed decision; whether it should be tried again at once."""
        try:
            early = await self._early_transcript(transmission)
            handled = await self._pipeline.handle(transmission, early)
        except SpeechError as error:
            return await self._failed(transmission, str(error))
        except StoreError as error:
            self._left_in_store = True
            self._health.raise_fault("store", str(error))
        except Exception as error:  # the boundary of one transmission: a fault in the rules must not end reception
            log.exception("a transmission could not be worked on", transmission=transmission.transmission_id)
            return await self._failed(transmission, f"{type(error).__name__}: {error}")
        else:
            self._health.clear_fault("store")
            self._health.clear_fault("speech")
            self._listeners.handled(handled)
        return False

    async def _early_transcript(self, transmission: Transmission) -> Transcript | None:
        early = self._early.pop(transmission.transmission_id, None)
        if early is None:
            return None
        try:
            return await early
        except SpeechError as error:
            log.warning("listening along failed; hearing the recording instead", why=str(error))
            return None

    async def _failed(self, transmission: Transmission, why: str) -> bool:
        """Count the attempt; whether another is worth it."""
        self._health.raise_fault("speech", why)
        try:
            given_up = await self._entering.failed(transmission, why, ATTEMPTS)
        except StoreError as error:
            self._left_in_store = True
            self._health.raise_fault("store", str(error))
            return False
        if given_up:
            log.error("left to a person: it can't be heard", transmission=transmission.transmission_id, why=why)
        return not given_up

    async def _housekeeping(self) -> None:
        """Try again what had to wait; say when we are behind, once for each time it begins."""
        behind = False
        while True:
            await asyncio.sleep(RETRY_S)
            if self._recordings.waiting:
                await self._kept(await self._recordings.retry())
            if self._left_in_store or self._backlog.wants_refill:
                await self._refill()
            arrears = self.arrears
            if (arrears.waiting > 3 and arrears.oldest_s > 10) != behind:
                behind = not behind
                log.warning("behind" if behind else "caught up", backlog=str(arrears))


async def within(awaitable: Awaitable[None], seconds: float) -> bool:
    """Wait for something at most so long; whether it happened."""
    try:
        async with asyncio.timeout(seconds):
            await awaitable
    except TimeoutError:
        return False
    return True
