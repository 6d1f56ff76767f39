"""The log is found by time, words, person and channel."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from dispatch.calls import DecisionKind
from dispatch.store.store import Store
from dispatch.store.transmissions import fold
from tests.dispatch.store.making import (
    NOON,
    call,
    decision,
    fill_register,
    match,
    raise_alert,
    record,
    seconds,
    transcript,
    transmission,
)


async def heard(store: Store, uid: str, said: str, minute: int = 0) -> int:
    """A transmission with its text."""
    transmission_id = await record(store, uid, NOON + seconds(60 * minute))
    await store.transmissions.save_transcript(transmission_id, transcript(said))
    return transmission_id


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("ackerby", ["a1"]),
        ("ACKERBY superdrug", ["a1"]),
        ("super", ["a3", "a1"]),
        ("acker super", ["a1"]),
        ("o'brien", ["a2"]),
        ("obrien", []),
        ("siobhan", ["a2"]),
        ("Siobhán", ["a2"]),
        ("stand down", ["a3"]),
        ("zzz", []),
        ("", []),
        ("!?", []),
        ('" OR 1=1 --', []),
        ("super* NOT drug", []),
        ("a & b | !c <-> (d:*)", []),
    ],
)
async def test_words(store: Store, asked: str, found: list[str]) -> None:
    await heard(store, "a1", "Control from Superdrug, Ackerby is back", 1)
    await heard(store, "a2", "It is Siobhán O'Brien", 2)
    await heard(store, "a3", "Superdrug to all: stand down", 3)
    await record(store, "a4", NOON + seconds(240))
    assert [entry.uid for entry in await store.transmissions.search(text=asked)] == found


async def test_a_corrected_text_is_found_by_its_new_words_only(store: Store) -> None:
    transmission_id = await heard(store, "a1", "first hearing")
    await store.transmissions.save_transcript(transmission_id, transcript("second thoughts"))
    assert await store.transmissions.search(text="hearing") == ()
    assert len(await store.transmissions.search(text="thoughts")) == 1
    async with store.database.write() as session:
        await session.execute(text("DELETE FROM transmissions"))
    assert await store.transmissions.search(text="thoughts") == ()


async def test_time_channel_and_limit(store: Store) -> None:
    for minute in range(5):
        await record(store, f"a{minute}", NOON + seconds(60 * minute))
    await store.transmissions.record(replace(transmission("b1", NOON + seconds(90)), channel="precinct"))
    search = store.transmissions.search
    found = await search(since=NOON + seconds(60), until=NOON + seconds(180))
    assert [entry.uid for entry in found] == ["a2", "b1", "a1"]
    assert [entry.uid for entry in await search(channel="precinct")] == ["b1"]
    assert [entry.uid for entry in await search(limit=2)] == ["a4", "a3"]
    assert await search(since=NOON, channel="nowhere") == ()


async def test_a_person_and_everything_together(store: Store) -> None:
    wendell, perpetua = await fill_register(store)
    await raise_alert(store, people=(wendell,))
    second = await heard(store, "a2", "Quillfeather at the arcade", 5)
    await store.decisions.commit(
        second, call(), (match(perpetua, 0.6), match(wendell, 0.2)), decision(DecisionKind.REVIEW), None, NOON, {}
    )
    search = store.transmissions.search
    assert [entry.transmission_id for entry in await search(reference="dt-0201 ")] == [second]
    assert len(await search(reference="DT-0142")) == 2
    assert await search(reference="DT-9999") == ()
    (both,) = await search(reference="DT-0142", text="arcade", since=NOON, until=NOON + seconds(600), channel="town")
    assert both.transmission_id == second
    assert [person.reference for person in both.people] == ["DT-0201", "DT-0142"]


async def test_a_failed_one_is_in_the_log_with_its_reason(store: Store) -> None:
    transmission_id = await record(store)
    await store.transmissions.mark_failed(transmission_id, "the engine crashed three times")
    (entry,) = await store.transmissions.search()
    assert (entry.failed_reason, entry.text, entry.decision, entry.people) == (
        "the engine crashed three times",
        None,
        None,
        (),
    )


async def test_searches_use_their_indexes(store: Store) -> None:
    """A million calls: nothing may be read from one end to the other."""
    sqlite = store.database.is_sqlite
    words = (
        "SELECT rowid FROM search_transcripts WHERE search_transcripts MATCH 'a'"
        if sqlite
        else "SELECT * FROM transcripts WHERE to_tsvector('simple', search_text) @@ to_tsquery('simple', 'a:*')"
    )
    plans = {
        "SELECT id FROM transmissions WHERE started_at >= CURRENT_TIMESTAMP ORDER BY started_at DESC": "ns_started_at",
        "SELECT id FROM transmissions WHERE channel = 'a' ORDER BY started_at": "transmissions_channel_started_at",
        "SELECT id FROM transmissions WHERE state IN ('a', 'b')": "transmissions_state_started_at",
        "SELECT call_id FROM matches WHERE reference = 'a'": "matches_reference_call_id",
        "SELECT id FROM deliveries WHERE state = 'pending'": "deliveries_state_turn_created_at",
        "SELECT delivery_id FROM receipts WHERE provider_id = 'a'": "receipts_provider_id",
        "SELECT id FROM audit WHERE subject = 'a' ORDER BY at": "audit_subject_at",
        words: "VIRTUAL TABLE INDEX" if sqlite else "search_transcripts",
    }
    async with store.database.read() as session:
        if not sqlite:
            await session.execute(text("SET LOCAL enable_seqscan = off"))  # small tables are read whole otherwise
        for question, index in plans.items():
            explained = await session.execute(text(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{question}"))
            assert index in " ".join(str(row) for row in explained), question


@given(st.text())
def test_folding_gives_words_that_no_query_language_can_misread(said: str) -> None:
    folded = fold(said)
    assert all(word.isalnum() for word in folded.split())
    assert fold(folded) == folded
