"""A worker that is always there."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from gateway.speech.keeper import KeptWorker, Patience
from gateway.speech.process import (
    WorkerCannotStartError,
    WorkerDiedError,
    WorkerGoneError,
    WorkerTimeoutError,
    worker_argv,
    worker_environment,
)

QUICK = Patience(start_s=20, pause_s=0.05, longest_pause_s=0.2)


def kept(mood: str = "willing", patience: Patience = QUICK) -> KeptWorker:
    argv = worker_argv("tests.gateway.speech.parrot", mood)
    return KeptWorker(argv, name="parrot", environment=worker_environment(), patience=patience)


async def test_a_death_costs_one_attempt(tmp_path: Path) -> None:
    async with kept() as worker:
        first = worker.pid
        answer, _ = await worker.request({"op": "crash-once", "flag": str(tmp_path / "flag")}, timeout_s=20)
        assert answer["second"]
        assert worker.pid != first
        assert worker.restarts == 1
        assert worker.fault is None


async def test_what_kills_two_workers_is_given_up_and_the_third_works() -> None:
    async with kept() as worker:
        with pytest.raises(WorkerDiedError, match="SIGSEGV"):
            await worker.request({"op": "crash"}, timeout_s=20)
        answer, _ = await worker.request({"op": "echo", "say": "still here"}, timeout_s=20)
        assert answer["said"] == "still here"
        assert worker.restarts == 2


async def test_others_in_the_queue_are_unharmed_by_what_kills_it() -> None:
    async with kept() as worker:
        poison = asyncio.create_task(worker.request({"op": "crash"}, timeout_s=20))
        others = [asyncio.create_task(worker.request({"op": "echo", "say": n}, timeout_s=20)) for n in range(5)]
        assert [(await other)[0]["said"] for other in others] == list(range(5))
        with pytest.raises(WorkerDiedError):
            await poison


async def test_killed_while_idle_it_comes_back_by_itself() -> None:
    async with kept() as worker:
        assert await worker.ping()
        first = worker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(20):
            while worker.restarts == 0 or not worker.ready:
                await asyncio.sleep(0.02)
        assert worker.pid != first
        assert await worker.ping()


async def test_a_hang_is_replaced_and_not_tried_again() -> None:
    async with kept() as worker:
        began = time.monotonic()
        with pytest.raises(WorkerTimeoutError):
            await worker.request({"op": "sleep", "for_s": 60}, timeout_s=0.3)
        assert time.monotonic() - began < 3
        assert (await worker.request({"op": "echo", "say": 1}, timeout_s=20))[0]["said"] == 1


async def test_a_worker_stopped_by_a_debugger_fails_its_ping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.speech.keeper.PING_TIMEOUT_S", 0.2)
    async with kept() as worker:
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGSTOP)
        assert not await worker.ping()
        assert (await worker.request({"op": "echo", "say": 1}, timeout_s=20))[0]["said"] == 1
        assert await worker.ping()


async def test_busy_is_well() -> None:
    async with kept() as worker:
        asking = asyncio.create_task(worker.request({"op": "sleep", "for_s": 0.3}, timeout_s=10))
        await asyncio.sleep(0.05)
        assert worker.waiting == 1
        assert await worker.ping()
        await asking
        assert worker.waiting == 0


async def test_state_that_died_is_not_asked_for_in_a_fresh_process() -> None:
    async with kept() as worker:
        with pytest.raises(WorkerDiedError):
            await worker.request({"op": "crash"}, timeout_s=20, again=False)
        assert worker.restarts <= 1


async def test_settings_that_cannot_work_are_told_at_once() -> None:
    with pytest.raises(WorkerCannotStartError, match="no model in /nowhere"):
        async with kept("unwilling"):
            pass


async def test_one_that_keeps_dying_is_started_ever_more_slowly_and_says_why() -> None:
    async with kept("dying", Patience(start_s=20, pause_s=0.1, longest_pause_s=30)) as worker:
        assert not await worker.ping()
        with pytest.raises(WorkerDiedError, match=r"not there: .*the library says goodbye"):
            await worker.request({"op": "echo"}, timeout_s=1.2)
        # At 0, 0.1, 0.3, 0.7, 1.5 s and the time to start each: never more than these.
        assert 2 <= worker.restarts <= 5


async def test_closing_while_it_starts_and_while_it_works() -> None:
    worker = kept("slow")
    entering = asyncio.create_task(worker.__aenter__())
    await asyncio.sleep(0.3)
    began = time.monotonic()
    entering.cancel()
    await asyncio.wait([entering])
    assert entering.cancelled()
    async with kept() as worker:
        asking = asyncio.create_task(worker.request({"op": "sleep", "for_s": 60}, timeout_s=90))
        await asyncio.sleep(0.05)
    with pytest.raises(WorkerDiedError):
        await asking
    assert time.monotonic() - began < 4
    with pytest.raises(WorkerDiedError, match="closed"):
        await worker.request({"op": "echo"}, timeout_s=1)
    assert issubclass(WorkerGoneError, WorkerDiedError)
