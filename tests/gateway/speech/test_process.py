"""One worker process: every way in which it can go wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from gateway.speech.process import (
    WorkerCannotStartError,
    WorkerDiedError,
    WorkerGoneError,
    WorkerProcess,
    WorkerRefusedError,
    WorkerTimeoutError,
    worker_argv,
    worker_environment,
)

PARROT = "tests.gateway.speech.parrot"


def parrot(mood: str = "willing", niceness: int = 0) -> WorkerProcess:
    return WorkerProcess(worker_argv(PARROT, mood, niceness=niceness), name="parrot", environment=worker_environment())


@asynccontextmanager
async def running(niceness: int = 0) -> AsyncIterator[WorkerProcess]:
    process = parrot(niceness=niceness)
    await process.start(20)
    try:
        yield process
    finally:
        await process.close(0.5)


async def test_answers_and_ends_when_its_input_ends() -> None:
    process = parrot()
    assert (await process.start(20))["engine"] == "parrot"
    answer, payload = await process.request({"op": "echo", "say": "hûe"}, b"\x00\xff" * 500_000, timeout_s=10)
    assert (answer["said"], len(payload)) == ("hûe", 1_000_000)
    began = time.monotonic()
    await process.close(5)
    assert time.monotonic() - began < 3
    assert not process.alive
    with pytest.raises(WorkerGoneError, match="parrot is not running"):
        await process.request({"op": "echo"}, timeout_s=1)


async def test_requests_wait_their_turn() -> None:
    async with running() as process:
        answers = await asyncio.gather(*(process.request({"op": "echo", "say": n}, timeout_s=10) for n in range(20)))
        assert [answer["said"] for answer, _ in answers] == list(range(20))


async def test_runs_with_its_niceness() -> None:
    async with running(niceness=3) as process:
        answer, _ = await process.request({"op": "pid"}, timeout_s=10)
        assert (answer["pid"], answer["parent"]) == (process.pid, os.getpid())
        assert answer["nice"] == os.nice(0) + 3


async def test_stray_prints_end_up_in_the_log_not_among_the_answers() -> None:
    with capture_logs() as logs:
        async with running() as process:
            await process.request({"op": "print"}, timeout_s=10)
            assert (await process.request({"op": "echo", "say": 1}, timeout_s=10))[0]["said"] == 1
    assert {"a stray print", "a stray print of a native library"} <= {entry.get("line") for entry in logs}


async def test_a_bug_and_a_refusal_cost_only_their_request() -> None:
    async with running() as process:
        with pytest.raises(WorkerRefusedError, match="ZeroDivisionError: a bug"):
            await process.request({"op": "bug"}, timeout_s=10)
        with pytest.raises(WorkerRefusedError, match="not today"):
            await process.request({"op": "refuse"}, timeout_s=10)
        assert process.alive


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
async def test_a_crash_says_how(number: signal.Signals) -> None:
    async with running() as process:
        with pytest.raises(WorkerDiedError, match=f"parrot was killed by {number.name}"):
            await process.request({"op": "crash", "signal": int(number)}, timeout_s=10)
        assert not process.alive


async def test_answers_that_are_none_end_the_worker() -> None:
    async with running() as process:
        with pytest.raises(WorkerDiedError, match="something that is no answer"):
            await process.request({"op": "babble"}, timeout_s=10)
        assert not process.alive


async def test_a_hang_is_ended() -> None:
    async with running() as process:
        pid = process.pid
        assert pid is not None
        with pytest.raises(WorkerTimeoutError, match=r"no answer within 0\.2 s"):
            await process.request({"op": "sleep", "for_s": 60}, timeout_s=0.2)
        assert not psutil.pid_exists(pid)


async def test_the_answer_to_a_cancelled_request_is_not_given_to_the_next() -> None:
    async with running() as process:
        asking = asyncio.create_task(process.request({"op": "sleep", "for_s": 0.2}, timeout_s=10))
        await asyncio.sleep(0.05)
        asking.cancel()
        await asyncio.wait([asking])
        answer, _ = await process.request({"op": "echo", "say": "mine"}, timeout_s=10)
        assert answer["said"] == "mine"


async def test_a_worker_that_is_busy_at_the_end_is_killed() -> None:
    process = parrot()
    await process.start(20)
    asking = asyncio.create_task(process.request({"op": "sleep", "for_s": 60}, timeout_s=90))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await process.close(0.3)
    assert time.monotonic() - began < 2
    with pytest.raises(WorkerDiedError):
        await asking


async def test_it_says_why_it_does_not_start() -> None:
    process = parrot("unwilling")
    with pytest.raises(WorkerCannotStartError, match="no model in /nowhere"):
        await process.start(20)
    await process.close()
    process = parrot("dying")
    with pytest.raises(WorkerDiedError, match="exit code 3; its last words: the library says goodbye"):
        await process.start(20)
    await process.close()
    process = WorkerProcess(["/nowhere/python"], name="nobody")
    with pytest.raises(WorkerCannotStartError, match="/nowhere/python"):
        await process.start(20)
    await process.close()


async def test_a_start_that_takes_for_ever_is_given_up() -> None:
    process = parrot("slow")
    with pytest.raises(WorkerTimeoutError, match="not ready"):
        await process.start(0.5)
    assert not process.alive
    await process.close()


async def test_ctrl_c_and_sigterm_are_the_daemons_business() -> None:
    async with running() as process:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
        os.kill(process.pid, signal.SIGTERM)
        assert (await process.request({"op": "echo", "say": 1}, timeout_s=10))[0]["said"] == 1


async def test_it_dies_with_its_parent_however_that_died(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import asyncio, sys
        from gateway.speech.process import WorkerProcess, worker_argv, worker_environment

        async def main():
            process = WorkerProcess(worker_argv({PARROT!r}, "willing"), name="p", environment=worker_environment())
            await process.start(20)
            print(process.pid, flush=True)
            await process.request({{"op": "sleep", "for_s": 60}}, timeout_s=90)

        asyncio.run(main())
        """
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=subprocess.PIPE, env=worker_environment()
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    await parent.wait()
    await until(lambda: _gone(child))


async def _gone(pid: int) -> bool:
    def look() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE  # nobody reaps it in a bare container
        except psutil.NoSuchProcess:
            return True

    return await asyncio.to_thread(look)


async def until(true: Callable[[], Awaitable[bool]], within_s: float = 10.0) -> None:
    async with asyncio.timeout(within_s):
        while not await true():
            await asyncio.sleep(0.02)
