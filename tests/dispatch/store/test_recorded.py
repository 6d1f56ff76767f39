"""What is recorded, for those who bring recordings and those who pass them on."""

from __future__ import annotations

from dataclasses import replace

from dispatch.store.store import Store
from tests.dispatch.store.making import NOON, Clock, seconds, transmission


async def test_a_recording_is_known_by_channel_begin_and_length(store: Store) -> None:
    await store.transmissions.record(transmission())
    assert await store.recorded.has("town", NOON, 3.0)
    assert await store.recorded.has("town", NOON + seconds(0.0009), 3.02)
    assert not await store.recorded.has("hill", NOON, 3.0)
    assert not await store.recorded.has("town", NOON + seconds(1), 3.0)
    # Recorders' times are whole seconds: a click and the call after it may share one.
    assert not await store.recorded.has("town", NOON, 1.0)


async def test_one_that_was_cut_counts_by_its_begin_and_a_button_never(store: Store) -> None:
    await store.transmissions.record(replace(transmission(), split=True))
    assert await store.recorded.has("town", NOON, 300.0)
    await store.transmissions.record(replace(transmission("b1", NOON + seconds(60)), audio_path="", duration_s=0.0))
    assert not await store.recorded.has("town", NOON + seconds(60), 0.0)


async def test_recordings_come_in_order_once_they_are_settled(store: Store, clock: Clock) -> None:
    assert await store.recorded.newest() == 0
    first = await store.transmissions.record(transmission("a1", NOON))
    await store.transmissions.record(transmission("a2", NOON + seconds(5), "hill"))
    await store.transmissions.record(replace(transmission("a3", NOON + seconds(10)), audio_path=""))
    await store.transmissions.record(replace(transmission("a4", NOON + seconds(15)), source="replay"))
    last = await store.transmissions.record(transmission("a5", NOON - seconds(100)))
    assert await store.recorded.newest() == last
    assert await store.recorded.after(0, ["town"]) == ()
    clock.forward(1.0)
    assert [one.transmission_id for one in await store.recorded.after(0, ["town"])] == [first, last]
    (one,) = await store.recorded.after(first, ["town"])
    assert (one.uid, one.channel, one.unit, one.strength_dbm) == ("a5", "town", "U7", -71.5)
    assert (one.started_at, one.duration_s, one.audio_path) == (NOON - seconds(100), 3.0, "/audio/a5.wav")
    assert [one.uid for one in await store.recorded.after(0, ["town", "hill"], limit=2)] == ["a1", "a2"]
    assert await store.recorded.after(0, []) == ()
