"""Order is kept, markers are never lost, the oldest audio goes first, nobody waits."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import Audio, KeyDown, KeyUp, LinkLost, RadioEvent

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def block(number: int, seconds: float = 0.1) -> Audio:
    pcm = number.to_bytes(2, "little") * int(16_000 * seconds)
    return Audio("shops", T0 + timedelta(seconds=number), pcm)


async def read(queue: EventQueue, count: int) -> list[RadioEvent]:
    return [await anext(queue) for _ in range(count)]


async def test_events_come_out_in_the_order_they_went_in() -> None:
    queue = EventQueue()
    events: list[RadioEvent] = [KeyUp("shops", T0), block(1), block(2), KeyDown("shops", T0)]
    for event in events:
        queue.put(event)
    assert await read(queue, 4) == events
    assert len(queue) == 0


async def test_when_full_the_oldest_audio_goes_and_every_marker_stays() -> None:
    queue = EventQueue(max_audio_s=0.3)
    queue.put(KeyUp("shops", T0))
    for number in range(10):
        queue.put(block(number))
    queue.put(KeyDown("shops", T0))
    queue.put(LinkLost("shops", T0, "unplugged"))
    left = await read(queue, 6)
    assert left == [
        KeyUp("shops", T0),
        block(7),
        block(8),
        block(9),
        KeyDown("shops", T0),
        LinkLost("shops", T0, "unplugged"),
    ]
    assert queue.dropped == 7
    assert queue.dropped_s == pytest.approx(0.7)


async def test_one_block_larger_than_the_room_is_still_delivered() -> None:
    queue = EventQueue(max_audio_s=0.3)
    queue.put(block(1))
    queue.put(block(2, seconds=2.0))
    assert await read(queue, 1) == [block(2, seconds=2.0)]


async def test_reading_makes_room_again() -> None:
    queue = EventQueue(max_audio_s=0.25)
    for number in range(0, 50, 2):
        queue.put(block(number))
        queue.put(block(number + 1))
        assert await read(queue, 2) == [block(number), block(number + 1)]
    assert queue.dropped == 0


async def test_a_waiting_reader_is_woken_from_another_thread() -> None:
    queue = EventQueue()
    loop = asyncio.get_running_loop()
    sender = threading.Thread(target=queue.put_threadsafe, args=(loop, KeyUp("shops", T0)))
    reading = asyncio.create_task(read(queue, 1))
    await asyncio.sleep(0)
    sender.start()
    assert await asyncio.wait_for(reading, 5) == [KeyUp("shops", T0)]
    sender.join()


def test_a_late_sound_callback_after_the_loop_ended_is_harmless() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    EventQueue().put_threadsafe(loop, KeyUp("shops", T0))


async def test_a_second_reader_is_refused() -> None:
    queue = EventQueue()
    first = asyncio.create_task(read(queue, 1))
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="reader already"):
        await anext(queue)
    queue.put(KeyUp("shops", T0))
    assert await first == [KeyUp("shops", T0)]


async def test_a_cancelled_reader_loses_nothing_and_frees_the_place() -> None:
    queue = EventQueue()
    first = asyncio.create_task(read(queue, 1))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    queue.put(KeyUp("shops", T0))
    assert await read(queue, 1) == [KeyUp("shops", T0)]


@given(st.lists(st.one_of(st.integers(1, 40), st.just(0), st.just(-1)), max_size=80))
def test_whatever_comes_markers_are_all_there_and_audio_is_the_newest(steps: list[int]) -> None:
    """A positive step is a block of that many hundredths of a second, 0 a marker, -1 one read."""

    async def scenario() -> None:
        queue = EventQueue(max_audio_s=0.5)
        put: list[RadioEvent] = []
        got: list[RadioEvent] = []
        for number, step in enumerate(steps):
            if step > 0:
                put.append(block(number, step / 100))
                queue.put(put[-1])
            elif step == 0:
                put.append(KeyUp("shops", T0 + timedelta(seconds=number)))
                queue.put(put[-1])
            elif len(queue):
                got += await read(queue, 1)
        waiting = await read(queue, len(queue))
        assert sum(len(e.pcm) for e in waiting if isinstance(e, Audio)) <= 16_000
        got += waiting
        assert got == [event for event in put if event in got], "order"
        assert [e for e in got if isinstance(e, KeyUp)] == [e for e in put if isinstance(e, KeyUp)]
        assert len(put) - len(got) == queue.dropped

    asyncio.run(scenario())
