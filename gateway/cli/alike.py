"""What the commands on register, members and places say about names that sound alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence

from rich.console import Console

from dispatch.people import Person
from dispatch.register.alike import Advice, SoundTable, most_serious_first, with_rows
from dispatch.register.csv_import import RegisterRow
from dispatch.register.plan import Action
from dispatch.register.report import ImportReport
from dispatch.scheme import SchemeError
from dispatch.store.store import Store
from gateway.assembly import scheme_files
from gateway.scheme_source import SchemeSource
from gateway.settings import Settings

SHOWN = 20
"""People shown after an import: more would push what was changed off the screen."""
COMPARED = 500
"""People looked at after an import, so that a county's first list is still imported in seconds."""
NAMES = frozenset({"first_name", "last_name", "aliases", "retired"})
"""Changes of these fields change what a person sounds like, or bring somebody back."""

Found = list[tuple[Person, tuple[Advice, ...]]]


async def advise_on_import(
    store: Store, settings: Settings, console: Console, done: ImportReport, rows: Sequence[RegisterRow]
) -> None:
    """After an import of people, or before it with a dry run: who of those with new names sounds alike to whom."""
    new = [
        record.key
        for record in done.records
        if record.action is Action.ADDED
        or (record.action is Action.CHANGED and any(change.field in NAMES for change in record.changes))
    ]
    if not new or not (done.applied or done.dry_run):
        return
    people = await store.register.people()
    if done.dry_run:
        people = with_rows(people, rows)
    try:
        found = await who_sounds_alike(store, settings, people, new[:COMPARED])
    except SchemeError as error:
        console.print(f"Who sounds alike can't be told: {error}", markup=False, highlight=False, soft_wrap=True)
        return
    show(console, found, SHOWN)
    if len(new) > COMPARED:
        console.print(
            f"Compared were the first {COMPARED} of {len(new)}: huecry register alike looks at everybody",
            highlight=False,
        )


async def advise_on_things(store: Store, settings: Settings, console: Console, done: ImportReport, kind: str) -> None:
    """After an import of members or places (`kind`), or before it with a dry run: whose names new ones sound like."""
    new = [record.key for record in done.records if record.action is Action.ADDED]
    if not new or not (done.applied or done.dry_run):
        return
    people = await store.register.people()
    try:
        table = await _table(store, settings, people)
    except SchemeError as error:
        console.print(f"Who sounds alike can't be told: {error}", markup=False, highlight=False, soft_wrap=True)
        return
    found = await asyncio.to_thread(lambda: [advice for name in new for advice in table.about_thing(name, kind)])
    for advice in found[:SHOWN]:
        console.print(advice.sentence, markup=False, highlight=False, soft_wrap=True)
    if len(found) > SHOWN:
        console.print(f"... and {len(found) - SHOWN} more that sound like somebody on the register", highlight=False)


async def who_sounds_alike(
    store: Store, settings: Settings, people: Sequence[Person], references: Iterable[str] | None = None
) -> Found:
    """People whose names can be mistaken, most serious first; of those with these references, or of everybody.

    Raises:
        SchemeError: words or places can't be read.
    """
    table = await _table(store, settings, people)
    wanted = None if references is None else set(references)
    asked = [person for person in people if wanted is None or person.reference in wanted]
    return await asyncio.to_thread(lambda: most_serious_first((person, table.about(person)) for person in asked))


async def _table(store: Store, settings: Settings, people: Sequence[Person]) -> SoundTable:
    scheme = await SchemeSource(scheme_files(settings), store).scheme(people)
    return await asyncio.to_thread(SoundTable.of, people, scheme)


def show(console: Console, found: Found, most: int | None) -> None:
    """A line for each piece of advice; only the first `most` people, if given."""
    if found:
        console.print(f"{len(found)} of them can be mistaken on the air:", highlight=False)
    for person, advice in found[:most]:
        for one in advice:
            console.print(f"  {person.reference}  {one.sentence}", markup=False, highlight=False, soft_wrap=True)
    if most is not None and len(found) > most:
        console.print(f"  and {len(found) - most} more people: huecry register alike --all", highlight=False)


def as_json(found: Found) -> str:
    """The same for other programs."""
    return json.dumps(
        [
            {
                "reference": person.reference,
                "name": person.name,
                "advice": [
                    {
                        "name": one.name,
                        "seriousness": one.seriousness.name.lower(),
                        "like": one.like,
                        "sentence": one.sentence,
                    }
                    for one in advice
                ],
            }
            for person, advice in found
        ],
        indent=1,
        ensure_ascii=False,
    )
