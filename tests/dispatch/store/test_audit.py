"""The trail is written and read, nothing else."""

from __future__ import annotations

from dispatch.store.store import Store
from tests.dispatch.store.making import NOON, seconds


async def test_lines_come_back_newest_first_and_by_what_is_asked(store: Store) -> None:
    note, listed = store.audit.note, store.audit.list
    await note(NOON, "ada", "looked at", "offender DT-0142", {"why": "review"})
    await note(NOON + seconds(5), "box", "expired", "delivery 7")
    await note(NOON + seconds(9), "ada", "looked at", "offender DT-0201")
    assert [entry.subject for entry in await listed()] == ["offender DT-0201", "delivery 7", "offender DT-0142"]
    (entry,) = await listed(subject="offender DT-0142")
    assert (entry.at, entry.actor, entry.action, entry.detail) == (NOON, "ada", "looked at", {"why": "review"})
    assert len(await listed(action="looked at")) == 2
    assert len(await listed(limit=1)) == 1
    assert [e.subject for e in await listed(since=NOON + seconds(5), until=NOON + seconds(9))] == ["delivery 7"]


async def test_hostile_text_is_kept_without_what_a_database_can_not_hold(store: Store) -> None:
    await store.audit.note(NOON, "a\x00da", "loo\udc00ked", "x", {"k\x00": ["\x00", float("nan"), {"n": 1}]})
    (entry,) = await store.audit.list()
    assert (entry.actor, entry.action) == ("ada", "loo?ked")
    assert entry.detail == {"k": ["", None, {"n": 1}]}
