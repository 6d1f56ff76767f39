"""Whether an engine on another machine may be asked, and when it is tried again: by script, without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
from structlog.testing import capture_logs

from gateway.assembly import show_fault
from gateway.health import Health
from gateway.speech.elsewhere import Elsewhere, Waits
from gateway.speech.transcript import SpeechError


@dataclass
class Far:
    """An engine that is there or isn't, and works or doesn't."""

    there: bool = True
    works: bool = True
    looks: int = 0
    trials: int = 0

    async def look(self) -> str:
        self.looks += 1
        if not self.there:
            raise SpeechError("nobody there")
        return "far engine"

    async def prove(self) -> None:
        self.trials += 1
        if not self.works:
            raise SpeechError("it does not work")


@dataclass
class Night:
    """A sleep that ends when the test says so."""

    slept: list[float] = field(default_factory=list)
    _waiting: asyncio.Event = field(default_factory=asyncio.Event)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._waiting.set()
        await self._over.wait()
        self._over.clear()

    async def morning(self) -> None:
        """Wait until somebody sleeps, let the time pass, and let the trial run."""
        await self._waiting.wait()
        self._waiting.clear()
        self._over.set()
        for _ in range(10):
            await asyncio.sleep(0)


Made = tuple[Elsewhere, Night]


@asynccontextmanager
async def minded(far: Far) -> AsyncIterator[Made]:
    night = Night()
    async with Elsewhere("speech at far:1", far, SpeechError, waits=Waits(), sleep=night.sleep) as elsewhere:
        yield elsewhere, night


async def test_there_from_the_start() -> None:
    far = Far()
    async with minded(far) as (elsewhere, night):
        assert elsewhere.there
        assert elsewhere.fault is None
        assert (far.looks, far.trials) == (1, 0), "no work is asked for at the start: the first call is the proof"
    assert not night.slept


async def test_away_at_the_start_and_then_back() -> None:
    far = Far(there=False)
    async with minded(far) as (elsewhere, night):
        assert elsewhere.fault == "nobody there"
        for _ in range(3):
            await night.morning()
            assert not elsewhere.there
        far.there = True
        await night.morning()
        assert elsewhere.there
        assert far.trials == 1
    assert night.slept == [1, 2, 4, 8]


async def test_the_pause_between_trials_has_an_end() -> None:
    far = Far(there=False)
    async with minded(far) as (_, night):
        for _ in range(9):
            await night.morning()
    assert night.slept[:9] == [1, 2, 4, 8, 16, 30, 30, 30, 30]


async def test_one_that_answers_and_does_not_work_stays_away() -> None:
    far = Far()
    async with minded(far) as (elsewhere, night):
        elsewhere.failed("no transcript within 10 s")
        far.works = False
        await night.morning()
        assert elsewhere.fault == "it does not work"
        far.works = True
        await night.morning()
        assert elsewhere.there


async def test_one_that_passes_trials_and_fails_at_calls_is_tried_ever_more_rarely() -> None:
    async with minded(Far()) as (elsewhere, night):
        for _ in range(7):
            elsewhere.failed("it died over the call")
            await night.morning()
            assert elsewhere.there
        assert night.slept == [1, 4, 16, 64, 256, 600, 600]
        elsewhere.served()
        elsewhere.failed("again")
        await night.morning()
        assert night.slept[-1] == 1, "a call went well: a clean record"


async def test_several_calls_that_fail_at_once_count_once() -> None:
    async with minded(Far()) as (elsewhere, night):
        for reason in ("first", "second", "third"):
            elsewhere.failed(reason)
        assert elsewhere.fault == "first"
        await night.morning()
        assert night.slept == [1]


async def test_each_change_is_logged_once_and_seen_in_the_health() -> None:
    health = Health()
    far = Far()
    with capture_logs() as logs:
        async with minded(far) as (elsewhere, night):
            elsewhere.watch(partial(show_fault, health, elsewhere.name))
            assert health.ok
            elsewhere.failed("it hangs")
            assert health.status_line() == "listening; speech at far:1: it hangs"
            far.there = False
            for _ in range(5):
                await night.morning()
            assert [fault.text for fault in health.faults] == ["nobody there"], "the reason is the present one"
            far.there = True
            await night.morning()
            assert health.ok
    ours = [log["event"] for log in logs if "elsewhere" in log["event"]]
    assert ours == [
        "an engine elsewhere is there and goes first",
        "an engine elsewhere is away; the one here takes over",
        "an engine elsewhere is there and goes first",
    ]


async def test_ended_in_any_state() -> None:
    for far in (Far(), Far(there=False)):
        async with minded(far):
            pass


async def test_an_error_that_is_a_bug_is_not_taken_for_an_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    async def bug() -> str:
        raise ZeroDivisionError

    far = Far()
    far_look: Callable[[], object] = bug
    monkeypatch.setattr(far, "look", far_look)
    with pytest.raises(ZeroDivisionError):
        async with minded(far):
            pass
