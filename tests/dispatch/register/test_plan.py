"""What an import would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatch.people import NoticeStatus
from dispatch.register.csv_import import RegisterRow
from dispatch.register.plan import (
    PERSON_FIELDS,
    SILENCING,
    Action,
    NoticeEntry,
    PersonPlan,
    RegisterEntry,
    clocks,
    plan_register,
)

SERVED, ENDS = date(2026, 3, 1), date(2027, 2, 28)
ROW = RegisterRow(2, "DT-0142", "Wendell", "Ackerby", status=NoticeStatus.ACTIVE, served_on=SERVED, expires_on=ENDS)


def applied(stored: RegisterEntry | None, plan: PersonPlan) -> RegisterEntry:
    """The plan carried out on values, as the store carries it out on rows."""
    entry = stored or RegisterEntry(1, plan.reference, "", "")
    if plan.row is not None:
        given = {field: getattr(plan.row, field) for field, col in PERSON_FIELDS.items() if col in plan.row.given}
        entry = replace(entry, retired=False, **given)
    notices = {notice.notice_id: notice for notice in entry.notices}
    for step in plan.notices:
        key = step.notice_id if step.notice_id is not None else max(notices, default=0) + 1
        notices[key] = NoticeEntry(key, step.status, step.served_on, step.expires_on, step.served_by, step.extends_id)
    return replace(entry, notices=tuple(notices.values()), retired=plan.action is Action.RETIRED)


def imported(*rows: RegisterRow) -> RegisterEntry:
    """One person after these imports, one after the other."""
    entry: RegisterEntry | None = None
    for row in rows:
        (plan,) = plan_register([entry] if entry else [], [row])
        entry = applied(entry, plan)
    assert entry is not None
    return entry


def test_an_unserved_row_after_a_served_notice_is_a_notice_of_its_own_and_only_once() -> None:
    draft = replace(ROW, status=NoticeStatus.DRAFT, served_on=None, expires_on=None)
    entry = imported(ROW, draft, draft)
    assert [notice.status for notice in entry.notices] == [NoticeStatus.ACTIVE, NoticeStatus.DRAFT]


def test_a_row_without_status_leaves_notices_alone() -> None:
    entry = imported(ROW, replace(ROW, status=None, served_on=None, expires_on=None))
    assert [notice.status for notice in entry.notices] == [NoticeStatus.ACTIVE]


def test_a_row_of_an_earlier_day_changes_that_notice() -> None:
    later = replace(ROW, served_on=SERVED + timedelta(90), expires_on=ENDS + timedelta(90))
    entry = imported(ROW, later, replace(ROW, expires_on=ENDS - timedelta(1)))
    assert [notice.expires_on for notice in entry.notices] == [ENDS - timedelta(1), ENDS + timedelta(90)]


def test_clocks_look_at_notices_that_count() -> None:
    today = date(2026, 11, 22)
    counts = NoticeEntry(1, NoticeStatus.EXPIRED, SERVED, ENDS, "")
    withdrawn = NoticeEntry(2, NoticeStatus.WITHDRAWN, SERVED, ENDS + timedelta(300), "")
    assert clocks([counts, withdrawn], today) == (ENDS, ENDS + timedelta(365))
    assert clocks([withdrawn], today) == (today, today + timedelta(365))
    assert clocks([NoticeEntry(1, NoticeStatus.ACTIVE, SERVED, date.max, "")], today) == (date.max, date.max)


DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))
ROWS = st.builds(
    RegisterRow,
    line=st.integers(2, 99),
    reference=st.just("DT-0142"),
    first_name=st.sampled_from(["Wendell", "Wendel"]),
    last_name=st.just("Ackerby"),
    aliases=st.sampled_from([(), ("Wink",), ("Wink", "Ack")]),
    height_cm=st.none() | st.integers(150, 200),
    status=st.none() | st.sampled_from(NoticeStatus),
    served_on=st.none() | st.sampled_from([SERVED, SERVED + timedelta(60)]) | DAYS,
    expires_on=st.none() | DAYS,
    served_by=st.sampled_from(["", "Bakery"]),
)


@given(st.lists(ROWS, min_size=1, max_size=6))
def test_importing_the_same_row_again_changes_nothing(rows: list[RegisterRow]) -> None:
    entry = imported(*rows)
    (again,) = plan_register([entry], [rows[-1]])
    assert (again.action, again.changes, again.notices) == (Action.UNCHANGED, (), ())


@given(st.lists(ROWS, min_size=1, max_size=6))
def test_no_notice_is_ever_lost_and_a_silencing_row_silences(rows: list[RegisterRow]) -> None:
    entry: RegisterEntry | None = None
    for row in rows:
        (plan,) = plan_register([entry] if entry else [], [row])
        before = entry.notices if entry else ()
        entry = applied(entry, plan)
        assert {notice.notice_id for notice in before} <= {notice.notice_id for notice in entry.notices}
        if row.status in SILENCING:
            assert all(notice.status is not NoticeStatus.ACTIVE for notice in entry.notices)
        if plan.action is not Action.ADDED:
            assert (plan.action is Action.UNCHANGED) == (not plan.changes and entry.notices == before)


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_retiring_silences_and_a_new_row_brings_back(rows: list[RegisterRow]) -> None:
    entry = imported(*rows)
    other = replace(ROW, reference="DT-0001")
    added, retired = plan_register([entry], [other], retire_missing=True)
    assert (added.action, retired.action) == (Action.ADDED, Action.RETIRED)
    gone = applied(entry, retired)
    assert gone.retired
    assert all(notice.status is not NoticeStatus.ACTIVE for notice in gone.notices)
    (_, *again) = plan_register([gone], [other], retire_missing=True)
    assert again == []

    (plan,) = plan_register([gone], [rows[-1]])
    assert plan.action is Action.CHANGED
    assert applied(gone, plan).retired is False
