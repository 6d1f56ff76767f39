"""recorded -> transcribed -> decided, or failed."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace
from datetime import datetime

import pytest

from dispatch.heard import HeardWord, Wording
from dispatch.store.errors import DuplicateTransmission, NotFound
from dispatch.store.store import Store, open_store
from dispatch.store.transmissions import WORST_LOGPROB, TransmissionState
from tests.dispatch.store.making import NOON, call, decision, record, seconds, transcript, transmission


async def test_what_is_recorded_is_read_back_as_it_was(store: Store) -> None:
    new = transmission()
    stored = await store.transmissions.get(await store.transmissions.record(new))
    for name in new.__slots__:
        assert getattr(stored, name) == getattr(new, name), name
    assert stored.state is TransmissionState.RECORDED
    assert stored.attempts == 0


async def test_it_is_there_after_closing_and_opening_again(url: str) -> None:
    async with open_store(url) as store:
        recorded = await record(store)
        await store.transmissions.save_transcript(recorded, transcript())
    async with open_store(url) as store:
        assert await store.transmissions.transcript(recorded) == transcript()
        (left,) = await store.transmissions.unfinished()
        assert left.state is TransmissionState.TRANSCRIBED


async def test_recording_again_after_a_crash_gives_the_same_id(store: Store) -> None:
    assert await record(store) == await record(store)
    assert len(await store.transmissions.unfinished()) == 1


async def test_a_uid_never_stands_for_two_recordings(store: Store) -> None:
    await record(store)
    with pytest.raises(DuplicateTransmission, match="other audio"):
        await store.transmissions.record(transmission(sha256="6b"))


async def test_two_programs_that_enter_the_same_recording_get_one_row(url: str) -> None:
    async with open_store(url) as one, open_store(url) as other:
        for number in range(5):
            ids = await asyncio.gather(*(record(store, f"r{number}") for store in (one, other, one, other)))
            assert len(set(ids)) == 1
        assert len(await one.transmissions.unfinished()) == 5


async def test_known_uids_of_many(store: Store) -> None:
    await record(store, "a1")
    await record(store, "a2")
    asked = [f"x{number}" for number in range(1200)] + ["a1", "a2"]
    assert await store.transmissions.known_uids(asked) == {"a1", "a2"}
    assert await store.transmissions.known_uids([]) == set()


async def test_unfinished_is_newest_first_and_knows_its_limit(store: Store) -> None:
    ids = [await record(store, f"a{minute}", NOON + seconds(60 * minute)) for minute in (2, 0, 3, 1)]
    await store.transmissions.mark_failed(ids[2], "the engine crashed three times")
    await store.decisions.commit(ids[0], call(), (), decision(), None, NOON, {})
    assert [left.transmission_id for left in await store.transmissions.unfinished()] == [ids[3], ids[1]]
    assert [left.transmission_id for left in await store.transmissions.unfinished(1)] == [ids[3]]


async def test_a_newer_transcript_replaces_the_older_until_it_is_decided(store: Store) -> None:
    recorded = await record(store)
    assert await store.transmissions.transcript(recorded) is None
    await store.transmissions.save_transcript(recorded, transcript("first hearing"))
    await store.transmissions.save_transcript(recorded, transcript("second hearing"))
    assert (kept := await store.transmissions.transcript(recorded)) is not None
    assert kept.text == "second hearing"
    await store.decisions.commit(recorded, call(), (), decision(), None, NOON, {})
    await store.transmissions.save_transcript(recorded, transcript("third hearing"))
    assert await store.transmissions.transcript(recorded) == kept
    assert (await store.transmissions.get(recorded)).state is TransmissionState.DECIDED


async def test_attempts_are_counted_and_a_failure_is_kept_with_its_reason(store: Store) -> None:
    recorded = await record(store)
    assert [await store.transmissions.count_attempt(recorded) for _ in range(3)] == [1, 2, 3]
    await store.transmissions.mark_failed(recorded, "no speech engine")
    stored = await store.transmissions.get(recorded)
    assert (stored.state, stored.attempts, stored.failed_reason) == (TransmissionState.FAILED, 3, "no speech engine")
    (entry,) = await store.audit.list(subject=f"transmission {recorded}")
    assert entry.detail == {"reason": "no speech engine", "attempts": 3}


async def test_what_failed_can_still_be_heard_later(store: Store) -> None:
    recorded = await record(store)
    await store.transmissions.mark_failed(recorded, "no speech engine")
    await store.transmissions.save_transcript(recorded, transcript())
    stored = await store.transmissions.get(recorded)
    assert (stored.state, stored.failed_reason) == (TransmissionState.TRANSCRIBED, None)


async def test_a_decided_one_can_not_fail(store: Store) -> None:
    recorded = await record(store)
    await store.decisions.commit(recorded, call(), (), decision(), None, NOON, {})
    await store.transmissions.mark_failed(recorded, "too late")
    assert (await store.transmissions.get(recorded)).state is TransmissionState.DECIDED


async def test_unknown_ids_are_said_to_be_unknown(store: Store) -> None:
    for question in (
        store.transmissions.get(7),
        store.transmissions.count_attempt(7),
        store.transmissions.mark_failed(7, "why"),
        store.transmissions.save_transcript(7, transcript()),
    ):
        with pytest.raises(NotFound, match="no transmission 7"):
            await question
    assert await store.transmissions.transcript(7) is None


async def test_an_engine_gone_mad_can_not_stop_the_store(store: Store) -> None:
    """NaN, infinity, NUL and half a surrogate pair: both engines refuse some of these."""
    recorded = await record(store)
    mad = replace(
        transcript("what\x00ever \ud83d"),
        average_logprob=math.nan,
        no_speech=math.inf,
        words=(HeardWord("a\x00b", 0.0, math.inf, math.nan),),
        hypotheses=(Wording("\udc00", -math.inf),),
    )
    await store.transmissions.save_transcript(recorded, mad)
    assert (kept := await store.transmissions.transcript(recorded)) is not None
    assert kept.text == "whatever ?"
    assert kept.average_logprob == WORST_LOGPROB
    assert kept.no_speech == 1.0
    assert kept.words == (HeardWord("ab", 0.0, 0.0, 0.0),)
    assert kept.hypotheses == (Wording("?", WORST_LOGPROB),)


async def test_the_transcript_is_what_reading_takes(store: Store) -> None:
    heard = transcript().heard(3.0)
    assert heard.text == transcript().text
    assert heard.alternatives == transcript().hypotheses
    assert heard.duration_s == 3.0


async def test_a_time_without_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 11, 22, 12, 0)  # noqa: DTZ001 - the fault on purpose
    with pytest.raises(Exception, match="no time zone"):
        await store.transmissions.record(replace(transmission(), started_at=naive))
