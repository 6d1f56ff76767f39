"""A process that works on a store up to one step, and waits there to be killed."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import threading
from multiprocessing.connection import Connection

from sqlalchemy.ext.asyncio import AsyncSession

from dispatch.store.store import open_store
from tests.dispatch.store.making import NOON, Clock, alert, call, decision, record, sms, transcript

# Importing SQLAlchemy and Alembic takes a second: one process does it, and each test forks that one.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.dispatch.store.dying"])


def killed_at(url: str, step: str) -> None:
    """Work up to the step in a process of its own, and kill -9 it there. Blocks."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_work, args=(url, step, theirs), name=f"dies when {step}")
    process.start()
    theirs.close()
    try:
        if not ours.poll(30) or ours.recv() != step:
            raise AssertionError(f"the process never came to {step}")
    finally:
        process.kill()
        process.join()
        ours.close()
    if process.exitcode != -signal.SIGKILL:
        raise AssertionError(f"the process ended by itself: {process.exitcode}")
    process.close()


class _Held:
    """Lets a commit run inside a transaction that is held open."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def write(self) -> _Held:
        return self

    async def __aenter__(self) -> AsyncSession:
        return self._session

    async def __aexit__(self, *_: object) -> None:
        return None


def _work(url: str, last: str, tell: Connection) -> None:
    def reached(step: str) -> None:
        if step == last:
            tell.send(step)
            threading.Event().wait()  # until killed

    async def main() -> None:
        async with open_store(url, clock=Clock()) as store:
            transmission_id = await record(store)
            reached("recorded")
            await store.transmissions.save_transcript(transmission_id, transcript())
            reached("transcribed")
            new = alert(await store.decisions.reserve_number(), sms())
            reached("numbered")
            commit = store.decisions.commit
            if last == "deciding":
                async with store.database.write() as session:
                    store.decisions._database = _Held(session)  # type: ignore[assignment]  # all that commit asks of it
                    await commit(transmission_id, call(), (), decision(), new, NOON, {})
                    reached("deciding")
            await commit(transmission_id, call(), (), decision(), new, NOON, {})
            reached("decided")
            await store.outbox.lease(NOON, "box:1", 60, 9)
            reached("sending")

    asyncio.run(main())
