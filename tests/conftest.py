"""Rules for every test: nothing left running, nothing skipped in CI, no blocking call inside our event loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from blockbuster import BlockBuster
from hypothesis import settings

# Machines that build are busy: how long one example takes says nothing about the code.
settings.register_profile("huecry", deadline=None)
settings.load_profile("huecry")

OURS = ["gateway", "dispatch", "radio_drivers"]

ALLOWED_SKIPS = ("TWILIO_OPENAPI",)
"""A clone without Twilio's own description leaves out the one test against it, outside CI only."""


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """A blocking call made by our code inside the event loop fails the test."""
    blocker = BlockBuster(OURS)
    # SQLAlchemy asks for the working folder when it opens an SQLite file: no disk is touched.
    blocker.functions.pop("os.path.abspath", None)
    # Measuring coverage takes a lock of its own when a function is seen for the first time.
    for name in ("threading.Lock.acquire", "threading.Lock.acquire_lock"):
        blocker.functions[name].can_block_in("coverage/collector.py", {"lock_data"})
    blocker.activate()
    yield
    blocker.deactivate()


@pytest.fixture(autouse=True)
async def ends_clean(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """No task and no (non-daemon) thread of ours outlives its test."""
    threads_before = set(threading.enumerate())
    yield
    here = asyncio.current_task()
    left = [task for task in asyncio.all_tasks() if task is not here and not task.done()]
    assert not left, f"tasks left running: {left}"
    threads = [t for t in set(threading.enumerate()) - threads_before if t.is_alive() and not t.daemon]
    threads = [t for t in threads if not t.name.startswith(("asyncio_", "ThreadPoolExecutor"))]
    assert not threads, f"threads left running: {threads}"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In CI a skip is a failure."""
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
