"""Plays a drill: speaks, makes radio of it, and hears, reads, matches and decides as the gateway does.

Nothing is sent, no radio is keyed, and the real store is only read: the drill works on a copy of register, members and
places in a temporary folder. It stands back behind everything else on the machine.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from dispatch.people import Person
from dispatch.scheme import Scheme
from dispatch.store.copying import copy_scheme
from dispatch.store.database import open_database
from dispatch.store.migrate import version
from dispatch.store.store import Store, open_store, utc_now
from gateway.assembly import rules_of, scheme_files
from gateway.drill import memory as memories
from gateway.drill.calls import Form, SampleCall, forms_of, sample_calls
from gateway.drill.channel import Quality, over_the_radio
from gateway.drill.findings import CallResult, PersonResult, form_result, judge
from gateway.drill.memory import Memory
from gateway.health import Health
from gateway.pipeline import Pipeline, Rules
from gateway.recordings import Recordings
from gateway.scheme_source import SchemeSource
from gateway.settings import Settings
from gateway.speech.ears import load_transcriber
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import SpeechError, Transcriber
from gateway.speech.voice_worker import VoiceError, VoiceWorker
from gateway.transmission import Take

log = structlog.get_logger()

NICENESS = 19
"""The least that an operating system gives: the gateway's own speech goes first."""
CALL_TIME_OUT_S = 180.0
"""Behind a busy gateway a call may wait long."""
FAULTS_MAX = 5
"""So many calls in a row that can't be spoken or heard: something is broken, and the night would find only that."""


class DrillError(Exception):
    """The drill can't begin as asked; the text says what to do."""


class DrillBrokenError(Exception):
    """Voice or speech engine failed again and again."""


@dataclass(frozen=True, slots=True)
class DrillOrder:
    """What is wanted."""

    quality: Quality = Quality.GOOD
    calls: int = 1
    """Of each way to name a person."""
    only: tuple[str, ...] = ()
    """References; empty: everybody."""
    minutes: float | None = None
    """Nobody new is begun after so long; None: everybody is drilled."""


@dataclass(frozen=True, slots=True)
class Drilled:
    """A drill that is done."""

    people: tuple[Person, ...]
    """The register."""
    results: tuple[PersonResult, ...]
    """Who was drilled now, in order of drilling."""
    known: tuple[PersonResult, ...]
    """The newest result of everybody on the register, those of this drill included."""
    waiting: int
    """How many were never drilled under their present names."""
    engine: str
    voice: str


Progress = Callable[[int, int], None]
"""Told of people done and people to do."""


async def drill(
    settings: Settings,
    order: DrillOrder,
    *,
    progress: Progress = lambda _done, _all: None,
    clock: Callable[[], datetime] = utc_now,
    seconds: Callable[[], float] = time.monotonic,
) -> Drilled:
    """Drill the configured register and remember what was found, person by person.

    Args:
        settings: of the gateway.
        order: what is wanted.
        progress: told of each person.
        clock: aware UTC now.
        seconds: for `order.minutes`.

    Raises:
        DrillError: no database, an old one, or a reference that is not on the register.
        DrillBrokenError: voice or speech engine failed again and again; what was found before is remembered.
        SpeechSettingsError, VoiceSettingsError, SchemeError, StoreError: what is configured can't be used.
        OSError: the state folder can't be written.
    """
    until = None if order.minutes is None else seconds() + order.minutes * 60
    file = settings.state_dir / memories.FILE_NAME
    async with AsyncExitStack() as stack:
        scratch = await _scratch(stack)
        store = await stack.enter_async_context(_copied(settings, scratch))
        people = await store.register.people()
        memory = await asyncio.to_thread(memories.load, file)
        memory.forget_all_but(people)
        wanted = _wanted(people, order, memory, clock(), settings)
        range_ = await stack.enter_async_context(_opened(settings, store, scratch / "audio"))
        night = _Night(range_, await range_.source.scheme(people), order, memory, clock)
        results: list[PersonResult] = []
        for person in wanted:
            if until is not None and seconds() >= until:
                break
            result = await night.person(person)
            if result is not None:
                results.append(result)
                memory.remember(person, result, order.quality)
                await asyncio.to_thread(memories.save, memory, file)
            progress(len(results), len(wanted))
        done = _known(people, memory, order.quality)
        waiting = len(people) - len(done)
        return Drilled(people, tuple(results), done, waiting, range_.transcriber.engine, range_.voice.voice)


def _known(people: Sequence[Person], memory: Memory, quality: Quality) -> tuple[PersonResult, ...]:
    known = (memory.of(person, quality) for person in people)
    return tuple(result for result in known if result is not None)


async def last_drills(settings: Settings, quality: Quality) -> Drilled:
    """What earlier drills found about those who are on the register now. Speaks and hears nothing.

    Raises:
        DrillError, StoreError: see `drill`.
    """
    async with AsyncExitStack() as stack:
        scratch = await _scratch(stack)
        store = await stack.enter_async_context(_copied(settings, scratch))
        people = await store.register.people()
    memory = await asyncio.to_thread(memories.load, settings.state_dir / memories.FILE_NAME)
    done = _known(people, memory, quality)
    return Drilled(people, (), done, len(people) - len(done), "", "")


@dataclass(frozen=True, slots=True)
class _Range:
    """Everything a drill needs, open."""

    source: SchemeSource
    transcriber: Transcriber
    voice: VoiceWorker
    recordings: Recordings
    pipeline: Pipeline
    rules: Rules
    faults: list[str]
    """Of the calls since the last one that went well."""

    async def play(self, person: Person, call: SampleCall, quality: Quality) -> CallResult | None:
        """One call; None if it could not be spoken or heard.

        Raises:
            DrillBrokenError: `FAULTS_MAX` in a row.
        """
        try:
            pcm = await asyncio.to_thread(over_the_radio, await self.voice.speak(call.text), quality, call.seed)
            take = Take("drill", utc_now() - timedelta(seconds=len(pcm) / 32_000), pcm)
            kept = await self.recordings.keep(take)
            if not kept:
                raise SpeechError("the temporary folder can't be written")
            handled = await self.pipeline.handle(kept[-1])
            if kept[-1].path is not None:
                await asyncio.to_thread(kept[-1].path.unlink, missing_ok=True)
        except (VoiceError, SpeechError) as error:
            self.faults.append(str(error))
            log.warning("a call of the drill failed", reference=person.reference, why=str(error))
            if len(self.faults) >= FAULTS_MAX:
                raise DrillBrokenError(f"{FAULTS_MAX} calls in a row failed, the last one because {error}") from error
            return None
        self.faults.clear()
        return judge(
            person,
            call.text,
            handled.transcript.text,
            handled.matches,
            handled.decision,
            rules=self.rules.policy,
            now=handled.decided_at,
            zone=self.rules.zone,
        )


@dataclass(frozen=True, slots=True)
class _Night:
    """One drill under way."""

    range_: _Range
    scheme: Scheme
    order: DrillOrder
    memory: Memory
    clock: Callable[[], datetime]

    async def person(self, person: Person) -> PersonResult | None:
        """All forms of one person; None if no call of a form could be heard: another night will."""
        forms = []
        for form in forms_of(person):
            calls = await self._form(person, form)
            if not calls:
                return None
            forms.append(form_result(form.label, calls, self.memory.before(person, form.label, self.order.quality)))
        return PersonResult(person.reference, self.clock(), tuple(forms))

    async def _form(self, person: Person, form: Form) -> list[CallResult]:
        calls = sample_calls(person, form, self.scheme, self.order.calls)
        played = [await self.range_.play(person, call, self.order.quality) for call in calls]
        return [call for call in played if call is not None]


def _wanted(
    people: Sequence[Person], order: DrillOrder, memory: Memory, now: datetime, settings: Settings
) -> list[Person]:
    if order.only:
        known = {person.reference: person for person in people}
        wanted = [reference.strip().upper() for reference in order.only]
        unknown = [reference for reference in wanted if reference not in known]
        if unknown:
            raise DrillError(f"not on the register: {', '.join(unknown)}")
        return [known[reference] for reference in dict.fromkeys(wanted)]
    states = {person.offender_id: person.notice(now, settings.scheme.zone)[0] for person in people}
    return memories.queue(people, memory, order.quality, states)


async def _scratch(stack: AsyncExitStack) -> Path:
    """A folder that only this user can look into, gone with the stack."""
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="huecry-drill-")
    stack.push_async_callback(asyncio.to_thread, folder.cleanup)
    return Path(folder.name)


@asynccontextmanager
async def _copied(settings: Settings, scratch: Path) -> AsyncIterator[Store]:
    """A store of its own with the configured register, members and places."""
    async with open_store(f"sqlite+aiosqlite:///{scratch / 'drill.db'}") as store:
        async with open_database(settings.database_url) as real:
            if not await real.exists():
                raise DrillError(f"{real.address.name} is not there yet: import the register first")
            if (await version(real)).pending:
                raise DrillError(f"{real.address.name} is of an older version: huecry db upgrade")
            await copy_scheme(real, store.database)
        yield store


@asynccontextmanager
async def _opened(settings: Settings, store: Store, audio: Path) -> AsyncIterator[_Range]:
    async with AsyncExitStack() as stack:
        speech = await stack.enter_async_context(load_transcriber(standing_back(settings.speech)))
        voice = await stack.enter_async_context(
            VoiceWorker(
                settings.voice.engine, speed=settings.voice.speed, time_out_s=CALL_TIME_OUT_S, niceness=NICENESS
            )
        )
        real_rules = rules_of(settings)
        # Each call stands for itself: no earlier one is still live, to be repeated or corrected.
        rules = replace(real_rules, policy=replace(real_rules.policy, live_s=0.0))
        source = SchemeSource(scheme_files(settings), store)
        pipeline = Pipeline(store=store, transcriber=speech, scheme=source, rules=rules, clock=utc_now)
        recordings = Recordings(audio, store.transmissions, Health(), source="drill")
        yield _Range(source, speech, voice, recordings, pipeline, rules, [])


def standing_back(speech: SpeechSettings) -> SpeechSettings:
    """The gateway's own engine, with one worker on one core (unless set otherwise) that goes last."""
    return replace(
        speech,
        workers=1,
        threads=speech.threads or 1,
        niceness=NICENESS,
        time_out_s=max(speech.time_out_s, CALL_TIME_OUT_S),
    )
