"""The register in the store: imports, extensions, and that everybody sees a change at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from dispatch.people import NoticeState, NoticeStatus
from dispatch.register.csv_import import parse_register
from dispatch.register.plan import Action, FieldChange
from dispatch.register.report import ImportReport
from dispatch.store.errors import ImportRefused
from dispatch.store.store import Store, open_store
from tests.dispatch.store.making import HEADER, NOON, REGISTER, Clock, fill_register

LONDON = ZoneInfo("Europe/London")


async def bring_in(store: Store, lines: str, *, dry_run: bool = False, **options: bool) -> ImportReport:
    """Import lines below the usual header."""
    parsed = parse_register(f"{HEADER}\n{lines}\n".encode())
    return await store.register.import_people(
        parsed.rows, dry_run=dry_run, by="ada", refusals=parsed.refusals, **options
    )


async def test_people_are_what_the_list_says(store: Store) -> None:
    wendell, perpetua = await fill_register(store)
    assert (wendell.reference, wendell.name, wendell.aliases) == ("DT-0142", "Wendell Ackerby", ("Wink", "Ack"))
    (notice,) = wendell.notices
    assert (notice.status, notice.served_on, notice.expires_on) == (
        NoticeStatus.ACTIVE,
        date(2026, 3, 1),
        date(2027, 2, 28),
    )
    assert wendell.notice(NOON, LONDON)[0] is NoticeState.ACTIVE
    assert perpetua.notice(NOON, LONDON)[0] is NoticeState.WARNING
    assert (await store.register.find(" dt-0142 ")) is not None
    assert await store.register.find("DT-9999") is None


async def test_a_dry_run_says_what_would_change_and_changes_nothing(store: Store) -> None:
    await fill_register(store)
    version = await store.register.version()
    lines = "DT-0142,Wendell,Ackerby,Wink,active,2026-03-01,2027-08-31\nDT-0300,Ottoline,Frobisher,,active,2026-10-01,2027-09-30"
    planned = await bring_in(store, lines, dry_run=True)
    assert (planned.added, planned.changed, planned.applied) == (1, 1, False)
    assert planned.records[0].changes == (
        FieldChange("aliases", "Wink; Ack", "Wink"),
        FieldChange("notice expires_on", "2027-02-28", "2027-08-31"),
    )
    assert len(await store.register.people()) == 2
    assert await store.register.version() == version
    done = await bring_in(store, lines)
    assert (done.records, done.applied) == (planned.records, True)
    assert len(await store.register.people()) == 3
    assert await store.register.version() > version


async def test_the_same_list_again_changes_nothing(store: Store) -> None:
    people = await fill_register(store)
    version = await store.register.version()
    again = await store.register.import_people(parse_register(REGISTER).rows, dry_run=False, by="ada")
    assert (again.unchanged, again.records) == (2, ())
    assert await store.register.version() == version
    assert await store.register.people() == people


async def test_refused_rows_stop_everything_unless_told_otherwise(store: Store) -> None:
    lines = "DT-0001,Ottoline,Frobisher,,active,2026-10-01,2027-09-30\nDT-0002,Barnaby,Wimple,,active,2026-10-01,"
    stopped = await bring_in(store, lines)
    assert (stopped.applied, stopped.refused, stopped.added) == (False, 1, 1)
    assert stopped.refusals[0].line == 3
    assert await store.register.people() == ()
    taken = await bring_in(store, lines, partial=True)
    assert (taken.applied, taken.refused, taken.added) == (True, 1, 1)
    assert [person.reference for person in await store.register.people()] == ["DT-0001"]


async def test_another_day_of_service_is_an_extension(store: Store) -> None:
    await fill_register(store)
    done = await bring_in(store, "DT-0142,Wendell,Ackerby,Wink;Ack,active,2026-11-20,2028-02-28")
    assert [change.field for change in done.records[0].changes] == ["extension"]
    entry = await store.register.find("DT-0142")
    assert entry is not None
    first, second = entry.notices
    assert (first.served_on, first.expires_on) == (date(2026, 3, 1), date(2027, 2, 28))
    assert second.extends_id == first.notice_id
    assert (entry.show_until, entry.delete_after) == (date(2028, 2, 28), date(2029, 2, 27))


async def test_an_appeal_silences_older_notices_too(store: Store) -> None:
    await fill_register(store)
    await bring_in(store, "DT-0142,Wendell,Ackerby,Wink;Ack,active,2026-11-20,2028-02-28")
    await bring_in(store, "DT-0142,Wendell,Ackerby,Wink;Ack,appealed,2026-11-20,2028-02-28")
    person = next(p for p in await store.register.people() if p.reference == "DT-0142")
    assert person.notice(NOON, LONDON)[0] is NoticeState.APPEALED


async def test_a_draft_becomes_the_notice_when_it_is_served(store: Store) -> None:
    await bring_in(store, "DT-0142,Wendell,Ackerby,,draft,,")
    (person,) = await store.register.people()
    assert person.notice(NOON, LONDON)[0] is NoticeState.NONE
    await bring_in(store, "DT-0142,Wendell,Ackerby,,active,2026-11-20,2027-11-19")
    (person,) = await store.register.people()
    assert len(person.notices) == 1
    assert person.notice(NOON, LONDON)[0] is NoticeState.ACTIVE


async def test_missing_people_are_kept_unless_retired_and_come_back(store: Store) -> None:
    await fill_register(store)
    only = "DT-0201,Perpetua,Quillfeather,,warning,2026-05-01,2027-04-30"
    assert (await bring_in(store, only)).retired == 0
    assert len(await store.register.people()) == 2
    done = await bring_in(store, only, retire_missing=True)
    assert [(record.key, record.action) for record in done.records] == [("DT-0142", Action.RETIRED)]
    person = next(p for p in await store.register.people() if p.reference == "DT-0142")
    assert person.notice(NOON, LONDON)[0] is NoticeState.WITHDRAWN
    assert (await bring_in(store, only, retire_missing=True)).records == ()
    entry = await store.register.find("DT-0142")
    assert entry is not None
    assert entry.retired
    assert entry.show_until == NOON.date()
    await store.register.import_people(parse_register(REGISTER).rows, dry_run=False, by="ada")
    person = next(p for p in await store.register.people() if p.reference == "DT-0142")
    assert person.notice(NOON, LONDON)[0] is NoticeState.ACTIVE


async def test_retiring_needs_a_whole_list(store: Store) -> None:
    await fill_register(store)
    with pytest.raises(ImportRefused, match="refused rows"):
        await bring_in(store, "DT-0001,A,B,,nonsense,,", retire_missing=True, partial=True)
    with pytest.raises(ImportRefused, match="an empty list"):
        await bring_in(store, "", retire_missing=True)
    assert len(await store.register.people()) == 2


async def test_columns_that_a_file_lacks_leave_what_is_stored(store: Store) -> None:
    await fill_register(store)
    parsed = parse_register(
        b"reference,first_name,notice_status,notice_expires_on,notice_served_on\nDT-0142,Wendel,active,2027-03-31,2026-03-01\n"
    )
    await store.register.import_people(parsed.rows, dry_run=False, by="ada")
    entry = await store.register.find("DT-0142")
    assert entry is not None
    assert (entry.first_name, entry.last_name, entry.aliases) == ("Wendel", "Ackerby", ("Wink", "Ack"))


async def test_another_programs_import_is_seen_at_once(url: str) -> None:
    async with open_store(url) as one, open_store(url) as other:
        assert await one.register.people() == ()
        await fill_register(other)
        seen = await one.register.people()
        assert len(seen) == 2
        assert await one.register.people() is seen  # the same object: nothing was read again


async def test_asking_again_costs_one_small_query(store: Store) -> None:
    await fill_register(store)
    asked: list[str] = []
    event.listen(store.database.engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    await store.register.people()
    assert len([query for query in asked if query.startswith("SELECT")]) == 1


async def test_two_imports_at_once_are_one_after_the_other(url: str) -> None:
    async with open_store(url) as one, open_store(url) as other:
        reports = await asyncio.gather(
            *(
                store.register.import_people(parse_register(REGISTER).rows, dry_run=False, by="ada")
                for store in (one, other)
            )
        )
        assert sorted(report.added for report in reports) == [0, 2]
        people = await one.register.people()
        assert [len(person.notices) for person in people] == [1, 1]


async def test_lists_by_state(store: Store) -> None:
    await fill_register(store)
    listed = await store.register.list_entries(NOON, LONDON)
    assert [(entry.reference, state) for entry, state in listed] == [
        ("DT-0142", NoticeState.ACTIVE),
        ("DT-0201", NoticeState.WARNING),
    ]
    later = datetime(2027, 3, 1, tzinfo=UTC)
    (expired,) = await store.register.list_entries(later, LONDON, NoticeState.EXPIRED)
    assert expired[0].reference == "DT-0142"


async def test_the_trail_names_fields_but_not_what_they_held(store: Store) -> None:
    """The trail outlives the record, so it must not keep what the record has to forget."""
    await fill_register(store)
    await bring_in(store, "DT-0142,Wendell,Ackerby,Secretname,active,2026-03-01,2027-02-28")
    trail = await store.audit.list(subject="offender DT-0142")
    assert trail[0].detail == {"fields": ["aliases"]}
    assert (trail[0].actor, trail[0].action) == ("ada", "changed by import")
    assert all("Secretname" not in str(entry) and "Wendell" not in str(entry) for entry in await store.audit.list())


async def test_clocks_of_somebody_without_an_end(store: Store, clock: Clock) -> None:
    await bring_in(store, "DT-0142,Wendell,Ackerby,,,,")
    entry = await store.register.find("DT-0142")
    assert entry is not None
    assert entry.notices == ()
    assert (entry.show_until, entry.delete_after) == (clock.now.date(), date(2027, 11, 22))


async def test_ten_thousand_rows_are_quick(store: Store) -> None:
    lines = [f"DT-{n:05d},First{n},Last{n},Nick{n},active,2026-03-01,2027-02-28" for n in range(10_000)]
    parsed = await asyncio.to_thread(parse_register, "\n".join([HEADER, *lines]).encode())
    assert not parsed.refusals
    async with asyncio.timeout(25):  # under 5 s on an idle machine; tests share theirs
        done = await store.register.import_people(parsed.rows, dry_run=False, by="ada")
    assert done.added == 10_000
    assert len(await store.register.people()) == 10_000
