"""What waits for the speech engine: newest and most urgent first, nothing dropped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import backlog as backlog_module
from gateway.backlog import Backlog
from gateway.transmission import Transmission

T0 = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)


def transmission(number: int, *, second: int | None = None, urgent: bool = False) -> Transmission:
    start = T0 + timedelta(seconds=number if second is None else second)
    return Transmission(number, f"{number:032x}", "town", None, start, start + timedelta(seconds=4), 4.0, None, urgent)


async def order(backlog: Backlog, count: int) -> list[int]:
    return [(await backlog.get()).transmission_id for _ in range(count)]


async def test_urgent_first_then_newest() -> None:
    backlog = Backlog()
    await backlog.put([transmission(1), transmission(2, urgent=True), transmission(3), transmission(4)])
    assert await order(backlog, 4) == [2, 4, 3, 1]


async def test_a_worker_that_waits_gets_what_comes() -> None:
    backlog = Backlog()
    waiting = asyncio.create_task(backlog.get())
    await asyncio.sleep(0)
    await backlog.put([transmission(1)])
    assert (await waiting).transmission_id == 1


async def test_the_same_transmission_is_not_worked_on_twice_at_once() -> None:
    backlog = Backlog()
    first = transmission(1)
    await backlog.put([first, first])
    await backlog.get()
    await backlog.put([first])
    assert backlog.arrears(T0).waiting == 0
    await backlog.done(first)
    await backlog.put([first])
    assert backlog.arrears(T0).waiting == 1


async def test_a_full_queue_says_that_more_waits_in_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog_module, "LIMIT", 4)
    backlog = Backlog()
    await backlog.put([transmission(n) for n in range(6)])
    assert not backlog.wants_refill, "no room yet"
    for _ in range(3):
        await backlog.done(await backlog.get())
    assert backlog.wants_refill
    backlog.refilled()
    assert not backlog.wants_refill


async def test_arrears_say_how_many_and_how_old() -> None:
    backlog = Backlog()
    assert str(backlog.arrears(T0)) == "up to date"
    await backlog.put([transmission(1), transmission(20)])
    assert str(backlog.arrears(T0 + timedelta(seconds=35))) == "2 waiting, the oldest for 30 s"


async def test_empty_waits_for_work_in_hand() -> None:
    backlog = Backlog()
    await backlog.put([transmission(1)])
    taken = await backlog.get()
    waiting = asyncio.create_task(backlog.empty())
    await asyncio.sleep(0)
    assert not waiting.done()
    await backlog.done(taken)
    await waiting


@given(st.lists(st.tuples(st.integers(0, 100), st.booleans()), max_size=30))
async def test_nothing_is_lost_and_urgent_comes_first(work: list[tuple[int, bool]]) -> None:
    backlog = Backlog()
    await backlog.put([transmission(n, second=second, urgent=urgent) for n, (second, urgent) in enumerate(work)])
    got = [await backlog.get() for _ in work]
    assert {t.transmission_id for t in got} == set(range(len(work)))
    keys = [(not t.urgent, -t.ended_at.timestamp()) for t in got]
    assert keys == sorted(keys)
