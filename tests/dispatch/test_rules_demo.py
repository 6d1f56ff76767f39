"""The demo's afternoon: each call, heard perfectly, is decided as its script says."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.calls import DecisionKind
from dispatch.deliveries import LiveAlert
from dispatch.matching import match
from dispatch.people import Notice, NoticeStatus, Person
from dispatch.policy import decide, which_end
from dispatch.reading import read
from dispatch.register.csv_import import parse_register
from dispatch.register.members_csv import parse_members
from dispatch.wording import ContentRules, compose
from tests.dispatch.rules_town import CONFIG, RULES, TOWN, ZONE, heard

SCRIPT = tomllib.loads((CONFIG / "demo/calls.toml").read_text())
CALLS: list[dict[str, Any]] = SCRIPT["call"]
REGISTER = parse_register((CONFIG / "demo/register.csv").read_bytes())
MEMBERS = parse_members((CONFIG / "demo/members.csv").read_bytes())
START = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)


def _people() -> tuple[Person, ...]:
    return tuple(
        Person(
            number,
            row.reference,
            row.first_name,
            row.last_name,
            row.aliases,
            row.sex,
            row.born_on,
            (Notice(number, NoticeStatus(row.status), row.served_on, row.expires_on),) if row.status else (),
        )
        for number, row in enumerate(REGISTER.rows, 1)
    )


def test_register_and_members_import_without_a_word() -> None:
    assert not REGISTER.refusals
    assert not MEMBERS.refusals
    assert len(REGISTER.rows) == 24
    assert {row.status for row in REGISTER.rows} >= {
        "active",
        "expired",
        "appealed",
        "withdrawn",
        "warning",
        "suspended",
    }
    assert any(person.is_minor(START, ZONE) for person in _people())


def test_every_telephone_is_from_ofcoms_numbers_for_drama() -> None:
    phones = [row.phone for row in MEMBERS.rows if row.phone]
    assert phones
    assert all(re.fullmatch(r"\+447700900\d{3}", phone) for phone in phones)


def test_the_script_is_in_order_and_its_radios_exist() -> None:
    assert [call["at_s"] for call in CALLS] == sorted(call["at_s"] for call in CALLS)
    assert {call["unit"] for call in CALLS} <= {row.radio_unit for row in MEMBERS.rows}
    assert {call["expect"] for call in CALLS} == set(DecisionKind)


def test_every_call_is_decided_as_its_script_says() -> None:
    live: list[LiveAlert] = []
    people = _people()
    for number, script in enumerate(CALLS, 701):
        now = START + timedelta(seconds=script["at_s"])
        spoken = heard(script["says"])
        call = read(spoken, TOWN)
        found = match(spoken, call, people, now, ZONE, TOWN)
        decision = decide(call, found, live, now, ZONE, RULES, SCRIPT["channel"])
        assert decision.kind == script["expect"], (script["says"], decision.reason)
        if decision.alert_kind is None:
            continue
        ended = which_end(decision, live)
        assert bool(ended) == (decision.kind is DecisionKind.STAND_DOWN)
        assert compose(decision, call, number, now, ZONE, TOWN, ContentRules(), ended).sms
        live = [alert for alert in live if alert not in ended]
        if decision.kind is DecisionKind.ALERT:
            live.append(
                LiveAlert(
                    number,
                    number,
                    decision.alert_kind,
                    now,
                    tuple(m.person.offender_id for m in decision.named),
                    tuple(m.person.reference for m in decision.named),
                    call.place.name if call.place else None,
                    SCRIPT["channel"],
                    call.caller,
                )
            )
