"""Dump a database of a given version, filled with a day's work: `python -m tests.databases.make_dump 0001`.

Works only while today's models still fit that version; then the dumps are kept for good.
"""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from dispatch.deliveries import ChannelKind, Receipt, ReceiptKind
from dispatch.register.members_csv import parse_members
from dispatch.register.places_csv import parse_places_csv
from dispatch.store import migrate
from dispatch.store.store import Store, open_store
from tests.dispatch.store.making import (
    NOON,
    VOICE,
    Clock,
    alert,
    call,
    decision,
    fill_register,
    match,
    record,
    sms,
    transcript,
)
from tests.peers.postgres import PostgresServer, programs_folder

HERE = Path(__file__).parent
MEMBERS = b"member,lat,lon,contact,phone\nSuperdrug,51.44,0.21,Ada,07700 900001\n"
PLACES = b"name,said_as,kind\nOrchard Arcade,the arcade,precinct\n"


async def fill(store: Store) -> None:
    """A sighting: heard, decided, one text accepted, the announcement still to be made."""
    person, _ = await fill_register(store)
    await store.members.import_members(parse_members(MEMBERS).rows, dry_run=False, by="tests")
    await store.members.import_places(parse_places_csv(PLACES).rows, dry_run=False, by="tests")
    transmission_id = await record(store)
    await store.transmissions.save_transcript(transmission_id, transcript())
    number = await store.decisions.reserve_number()
    matched = (match(person),)
    new = alert(number, VOICE, sms(1), people=(person,))
    await store.decisions.commit(transmission_id, call(), matched, decision(named=matched), new, NOON, {"speech": 0.4})
    for taken in await store.outbox.lease(NOON, "box:1", 60, 1, (ChannelKind.SMS,)):
        await store.outbox.record_receipt(taken.delivery_id, Receipt(ReceiptKind.ACCEPTED, NOON, "SM1"))
    await record(store, "a2")


async def make(url: str, version: str) -> None:
    """Migrate as far as the version, then fill."""
    script = migrate.load_migrations()
    script.get_current_head = lambda: version  # type: ignore[method-assign]  # today's newest is not wanted
    migrate.load_migrations = lambda folder=migrate.MIGRATIONS: script
    async with open_store(url, clock=Clock()) as store:
        await fill(store)


def loadable(dump: Iterable[str]) -> Iterator[str]:
    """A dump of SQLite that one connection can load: full-text indexes made and filled anew.

    As Python dumps them they are rows put into sqlite_master, which only the next connection sees.
    """
    indexes: list[str] = []
    for statement in dump:
        if found := re.search(r"'(CREATE VIRTUAL TABLE (\w+) .*)'\);$", statement):
            indexes.append(found[2])
            yield found[1].replace("''", "'") + ";"
        elif statement.startswith("COMMIT"):
            yield from (f"INSERT INTO {name}({name}) VALUES ('rebuild');" for name in indexes)  # noqa: S608 - names of ours
            yield statement
        elif not re.match(r"(CREATE TABLE|INSERT INTO) ['\"]search_|PRAGMA writable_schema", statement):
            yield statement


def main() -> None:
    """Both engines."""
    version = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "huecry.db"
        asyncio.run(make(f"sqlite:///{path}", version))
        connection = sqlite3.connect(path)
        (HERE / f"version-{version}-sqlite.sql").write_text("\n".join(loadable(connection.iterdump())) + "\n")
        connection.close()
    server = PostgresServer()
    try:
        server.start()
        name = asyncio.run(server.create_database())
        asyncio.run(make(server.url(name), version))
        dumped = subprocess.run(
            [programs_folder() / "pg_dump", "--inserts", "--no-owner", "--no-privileges", server.url(name)],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
        ).stdout
    finally:
        server.remove()
    # psql's own commands and settings of one session are nothing for another server.
    lines = [line for line in dumped.splitlines() if not re.match(r"SET |SELECT pg_catalog.set_config|\\|--|$", line)]
    (HERE / f"version-{version}-postgres.sql").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
