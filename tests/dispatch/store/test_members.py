"""Members, their telephones, and places."""

from __future__ import annotations

from datetime import date

import pytest

from dispatch.register.members_csv import parse_members
from dispatch.register.places_csv import parse_places_csv
from dispatch.register.plan import Action, FieldChange
from dispatch.register.report import ImportReport
from dispatch.scheme import Place
from dispatch.store.errors import ImportRefused
from dispatch.store.members import SmsContact
from dispatch.store.store import Store, open_store

MEMBERS = """member,site,lat,lon,hours,radio_unit,contact,phone,wants_sms
Bakery on the Bridge,,51.4462,0.2170,Mon-Sat 7-17,U12,Ada,07700 900001,
Bakery on the Bridge,,,,,,Bo,07700 900002,no
Sprockets,Orchard Arcade,51.4470,0.2181,,,Cy,07700 900003,yes
Sprockets,High Street,51.4475,0.2190,,U14,,,
Sprockets,,,,,,Head office,020 7946 0001,
"""


async def bring_in(store: Store, text: str = MEMBERS, *, dry_run: bool = False, **options: bool) -> ImportReport:
    """Import a list."""
    parsed = parse_members(text.encode())
    return await store.members.import_members(
        parsed.rows, dry_run=dry_run, by="ada", refusals=parsed.refusals, **options
    )


async def test_members_sites_and_contacts(store: Store) -> None:
    assert (await bring_in(store)).added == 2
    bakery, sprockets = await store.members.list()
    assert [site.name for site in bakery.sites] == ["Bakery on the Bridge"]
    assert (bakery.sites[0].latitude, bakery.sites[0].hours, bakery.sites[0].radio_unit) == (
        51.4462,
        "Mon-Sat 7-17",
        "U12",
    )
    assert [(c.name, c.phone, c.wants_sms, c.site) for c in bakery.contacts] == [
        ("Ada", "+447700900001", True, "Bakery on the Bridge"),
        ("Bo", "+447700900002", False, "Bakery on the Bridge"),
    ]
    assert [site.name for site in sprockets.sites] == ["Orchard Arcade", "High Street"]
    assert [(c.name, c.phone, c.wants_sms, c.site) for c in sprockets.contacts] == [
        ("Cy", "+447700900003", True, "Orchard Arcade"),
        ("Head office", "+442079460001", False, None),
    ]


async def test_texts_go_to_those_who_want_them_and_did_not_say_stop(store: Store) -> None:
    await bring_in(store)
    ada, cy = await store.members.sms_contacts()
    assert ada == SmsContact(ada.contact_id, "Bakery on the Bridge", "Ada", "+447700900001")
    assert cy.phone == "+447700900003"
    assert await store.members.set_opted_out("+447700900001", True)
    assert [contact.name for contact in await store.members.sms_contacts()] == ["Cy"]
    assert await store.members.set_opted_out("+447700900001", False)
    assert len(await store.members.sms_contacts()) == 2
    assert [entry.action for entry in await store.audit.list(subject="phone +447700900001")] == [
        "opted in",
        "opted out",
    ]


async def test_stop_from_an_unknown_number_is_in_the_trail(store: Store) -> None:
    assert not await store.members.set_opted_out("+447700900099", True)
    (entry,) = await store.audit.list(subject="phone +447700900099")
    assert entry.detail == {"known": False}


async def test_no_import_takes_back_a_stop(store: Store) -> None:
    await bring_in(store)
    await store.members.set_opted_out("+447700900001", True)
    said_no = MEMBERS.replace("wants_sms\n", "wants_sms,opted_out\n").replace("900001,\n", "900001,yes,no\n")
    assert not (await bring_in(store, said_no.replace("900002,no", "900002,no,"), partial=True)).added
    assert [contact.name for contact in await store.members.sms_contacts()] == ["Cy"]


async def test_a_list_can_carry_a_stop(store: Store) -> None:
    await bring_in(store, "member,phone,opted_out\nSprockets,07700 900003,yes\n")
    assert await store.members.sms_contacts() == ()


async def test_again_changes_nothing_and_a_dry_run_neither(store: Store) -> None:
    planned = await bring_in(store, dry_run=True)
    assert (planned.added, planned.applied) == (2, False)
    assert await store.members.list() == ()
    await bring_in(store)
    members = await store.members.list()
    again = await bring_in(store)
    assert (again.unchanged, again.records) == (2, ())
    assert await store.members.list() == members


async def test_changes_are_named(store: Store) -> None:
    await bring_in(store)
    done = await bring_in(
        store,
        "member,site,lat,lon,contact,phone,wants_sms\n"
        "Bakery on the Bridge,,51.4462,0.2171,Ada Lark,07700 900001,no\n"
        "Sprockets,,,,Bo,07700 900002,no\n",
    )
    assert [(record.key, record.action, record.changes) for record in done.records] == [
        (
            "Bakery on the Bridge",
            Action.CHANGED,
            (
                FieldChange("site Bakery on the Bridge lon", "0.217", "0.2171"),
                FieldChange("contact +447700900001 name", "Ada", "Ada Lark"),
                FieldChange("contact +447700900001 wants_sms", "yes", "no"),
            ),
        ),
        (
            "Sprockets",
            Action.CHANGED,
            (
                FieldChange("contact +447700900002 member", "Bakery on the Bridge", "Sprockets"),
                FieldChange("contact +447700900002 site", "Bakery on the Bridge", ""),
            ),
        ),
    ]
    assert [len(member.contacts) for member in await store.members.list()] == [1, 3]


async def test_who_is_missing_is_retired_only_if_asked_and_comes_back(store: Store) -> None:
    await bring_in(store)
    only = "member,phone,contact\nSprockets,07700 900003,Cy\n"
    await bring_in(store, only)
    assert len(await store.members.list()) == 2
    done = await bring_in(store, only, retire_missing=True)
    assert (done.retired, done.changed) == (1, 1)
    (left,) = await store.members.list()
    assert left.name == "Sprockets"
    assert [contact.name for contact in await store.members.sms_contacts()] == ["Cy"]
    assert len(await store.members.list(retired=True)) == 2
    await bring_in(store)
    assert len(await store.members.sms_contacts()) == 2
    with pytest.raises(ImportRefused):
        await bring_in(store, "member\n", retire_missing=True)


async def test_refused_rows_stop_everything(store: Store) -> None:
    bad = MEMBERS + "Mallow & Sons,,51.4,,,,,,\n"
    assert (await bring_in(store, bad)).applied is False
    assert await store.members.list() == ()
    assert (await bring_in(store, bad, partial=True)).applied
    assert len(await store.members.list()) == 2


PLACES = """name,said_as,misheard,kind,lat,lon,adjacent,cameras,open_from,closed_on
Orchard Arcade,the arcade;orchards,orchid arcade,precinct,51.447,0.218,High Street,C4;C5,,
High Street,the high,,street,,,Orchard Arcade,,2020-01-01,
Old Market,,,market,,,,,,31/10/2026
"""


async def places(store: Store, text: str = PLACES, *, dry_run: bool = False, **options: bool) -> ImportReport:
    """Import places."""
    parsed = parse_places_csv(text.encode())
    return await store.members.import_places(
        parsed.rows, dry_run=dry_run, by="ada", refusals=parsed.refusals, **options
    )


async def test_places_come_back_as_the_rules_take_them(store: Store) -> None:
    assert (await places(store, dry_run=True)).added == 3
    assert await store.members.places() == ()
    assert (await places(store)).added == 3
    street, market, arcade = await store.members.places()
    assert arcade == Place(
        name="Orchard Arcade",
        said_as=("the arcade", "orchards"),
        misheard=("orchid arcade",),
        kind="precinct",
        lat=51.447,
        lon=0.218,
        adjacent=("High Street",),
        cameras=("C4", "C5"),
        place_id=arcade.place_id,
    )
    assert (street.open_from, market.closed_on) == (date(2020, 1, 1), date(2026, 10, 31))
    assert arcade.place_id is not None


async def test_places_keep_their_ids_through_changes(store: Store, url: str) -> None:
    await places(store)
    before = {place.name: place.place_id for place in await store.members.places()}
    done = await places(store, PLACES.replace("C4;C5", "C4"))
    assert done.records[0].changes == (FieldChange("cameras", "C4; C5", "C4"),)
    without = PLACES.replace("Old Market,,,market,,,,,,31/10/2026\n", "")
    assert (await places(store, without)).retired == 0
    assert (await places(store, without, retire_missing=True)).retired == 1
    assert [place.name for place in await store.members.places()] == ["High Street", "Orchard Arcade"]
    async with open_store(url) as other:
        await places(other)
    assert {place.name: place.place_id for place in await store.members.places()} == before
    with pytest.raises(ImportRefused):
        await places(store, "name\n", retire_missing=True)
