"""`huecry register`, `members`, `places` and `db` against a real database file."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from pathlib import Path

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from dispatch.store.errors import StoreUnavailable
from dispatch.store.store import open_store
from gateway.cli import db, members, register

REGISTER = """reference,first_name,last_name,aliases,notice_status,notice_served_on,notice_expires_on
DT-0142,Wendell,Ackerby,Wink,active,2026-03-01,2027-02-28
DT-0201,Perpetua,[b]Quillfeather,,withdrawn,2026-05-01,2027-04-30
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings whose state folder is here, and terminals wide enough for tables."""
    for name in [*os.environ]:
        if name.startswith("HUECRY_"):
            monkeypatch.delenv(name)
    (tmp_path / "huecry.toml").write_text('[paths]\nstate_dir = "state"\n')
    monkeypatch.setenv("HUECRY_CONFIG", str(tmp_path / "huecry.toml"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def run(app: typer.Typer, *words: object) -> Result:
    """Run a command."""
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def written(folder: Path, text: str, name: str = "list.csv") -> Path:
    """A file."""
    path = folder / name
    path.write_text(text)
    return path


def references(folder: Path) -> list[str]:
    """Who is on the register."""

    async def ask() -> list[str]:
        async with open_store(f"sqlite:///{folder / 'state' / 'huecry.db'}") as store:
            return [person.reference for person in await store.register.people()]

    return asyncio.run(ask())


def test_import_list_and_show(folder: Path) -> None:
    file = written(folder, REGISTER)
    dry = run(register.app, "import", file, "--dry-run")
    assert (dry.exit_code, "2 added" in dry.output, "Dry run: nothing was changed." in dry.output) == (0, True, True)
    assert references(folder) == []
    done = run(register.app, "import", file)
    assert (done.exit_code, "2 added, 0 changed, 0 unchanged" in done.output) == (0, True)
    listed = run(register.app, "list")
    assert "Wendell Ackerby" in listed.output
    assert "Perpetua [b]Quillfeather" in listed.output
    assert "2 on the register" in listed.output
    withdrawn = run(register.app, "list", "--state", "withdrawn")
    assert "DT-0201" in withdrawn.output
    assert "DT-0142" not in withdrawn.output
    shown = run(register.app, "show", "dt-0142")
    assert shown.exit_code == 0
    for part in ("DT-0142 Wendell Ackerby", "Wink", "2027-02-28", "2026-03-01"):
        assert part in shown.output
    assert run(register.app, "show", "DT-9999").exit_code == 1
    assert run(register.app, "list", "--state", "banned").exit_code == 2


BROTHERS = """reference,first_name,last_name,aliases,notice_status,notice_served_on,notice_expires_on
DT-0301,Ryan,Ackerby,Fox;Marmalade Cat,active,2026-03-01,2027-02-28
DT-0302,Bryan,Ackerby,,active,2026-03-01,2027-02-28
"""


def test_an_import_says_who_sounds_alike_before_and_after(folder: Path) -> None:
    run(register.app, "import", written(folder, REGISTER))
    for dry in (["--dry-run"], []):
        done = run(register.app, "import", written(folder, BROTHERS), *dry)
        assert done.exit_code == 0
        for part in (
            '"Ryan Ackerby" sounds like Bryan Ackerby (DT-0302). Ask members to say "Marmalade Cat"',
            'The surname "Ackerby" is also that of Wendell Ackerby (DT-0142).',
            'The alias "Fox" sounds like an everyday word. Give another alias.',
        ):
            assert part in done.output
        assert "DT-0142  " not in done.output, "he is neither new nor changed"
    assert "sounds like" not in run(register.app, "import", written(folder, BROTHERS)).output
    moved = BROTHERS.replace("2027-02-28", "2027-01-31")
    changed = run(register.app, "import", written(folder, moved))
    assert ("2 changed" in changed.output, "sounds like" in changed.output) == (True, False), "the names are the same"
    renamed = run(register.app, "import", written(folder, BROTHERS.replace("Bryan,Ackerby,", "Bryan,Ackerby,Wink")))
    assert 'The alias "Wink" sounds like the alias of Wendell Ackerby (DT-0142).' in renamed.output
    wrong = BROTHERS.replace("DT-0301", "DT-0401") + "DT-0500,A,B,,actif,,\n"
    stopped = run(register.app, "import", written(folder, wrong))
    assert ("Nothing was changed" in stopped.output, "sounds like" in stopped.output) == (True, False)


def test_who_sounds_alike_can_be_asked_at_any_time(folder: Path) -> None:
    run(register.app, "import", written(folder, REGISTER))
    run(register.app, "import", written(folder, BROTHERS))
    assert "3 of them can be mistaken" in run(register.app, "alike").output
    assert "1 of them can be mistaken" in run(register.app, "alike", "dt-0142").output
    assert "Nobody's names" in run(register.app, "alike", "DT-0201").output
    (told,) = json.loads(run(register.app, "alike", "DT-0142", "--json").output)
    assert (told["reference"], told["advice"][0]["seriousness"]) == ("DT-0142", "surname")
    unknown = run(register.app, "alike", "DT-9999")
    assert (unknown.exit_code, "not on the register: DT-9999" in unknown.output) == (1, True)

    async def trail() -> str:
        async with open_store(f"sqlite:///{folder / 'state' / 'huecry.db'}") as store:
            return (await store.audit.list(limit=1))[0].action

    assert asyncio.run(trail()) == "looked at who sounds alike"


def test_a_long_list_is_cut_and_can_be_had_whole(folder: Path) -> None:
    names = [
        "Fay",
        "Gus",
        "Iris",
        "Otto",
        "Uma",
        "Percy",
        "Quin",
        "Rolf",
        "Sid",
        "Tess",
        "Vic",
        "Walt",
        "Xandra",
        "Yves",
        "Zed",
        "Abel",
        "Bo",
        "Cy",
        "Dot",
        "Eve",
        "Flo",
        "Gil",
    ]
    rows = [f"DT-{number:04d},{first},Ackerby,,active,2026-03-01,2027-02-28" for number, first in enumerate(names, 1)]
    done = run(register.app, "import", written(folder, "\n".join([REGISTER.splitlines()[0], *rows])))
    assert "and 2 more people: huecry register alike --all" in done.output
    whole = run(register.app, "alike", "--all").output
    assert all(f"DT-{number:04d}  " in whole for number in range(1, 23))


def test_words_that_can_not_be_read_cost_the_advice_and_not_the_import(folder: Path) -> None:
    (folder / "words.toml").write_text("[nothing]\n")
    with (folder / "huecry.toml").open("a") as settings:
        settings.write('[tables]\nwords_file = "words.toml"\n')
    done = run(register.app, "import", written(folder, REGISTER))
    assert (done.exit_code, "Who sounds alike can't be told" in done.output) == (0, True)
    assert references(folder) == ["DT-0142", "DT-0201"]
    added = run(members.app, "import", written(folder, "member\nSprockets\n"))
    assert (added.exit_code, "Who sounds alike can't be told" in added.output) == (0, True)


def test_a_new_member_or_place_that_sounds_like_somebody(folder: Path) -> None:
    run(register.app, "import", written(folder, REGISTER))
    added = run(members.app, "import", written(folder, "member\nAckerbee's Pies\nSprockets\n"), "--dry-run")
    assert 'The member "Ackerbee\'s Pies" sounds like the surname of Wendell Ackerby (DT-0142).' in added.output
    assert 'member "Sprockets"' not in added.output
    place = run(members.places_app, "import", written(folder, "name\nOrchard Arcade\nAckerby Lane\n"))
    assert 'The place "Ackerby Lane" sounds like the surname of Wendell Ackerby' in place.output
    assert 'place "Orchard' not in place.output


def test_looks_at_people_are_in_the_trail(folder: Path) -> None:
    run(register.app, "import", written(folder, REGISTER))
    run(register.app, "show", "DT-0142")
    run(register.app, "list")

    async def trail() -> list[str]:
        async with open_store(f"sqlite:///{folder / 'state' / 'huecry.db'}") as store:
            return [entry.subject for entry in await store.audit.list(limit=2)]

    assert asyncio.run(trail()) == ["register", "offender DT-0142"]


def test_refused_rows_stop_an_import_and_partial_takes_the_rest(folder: Path) -> None:
    file = written(folder, REGISTER + "DT-0300,Ottoline,Frobisher,,actif,2026-10-01,2027-09-30\n")
    stopped = run(register.app, "import", file)
    assert stopped.exit_code == 1
    for part in ("│ 4", "actif", "did you mean active?", "Nothing was changed"):
        assert part in stopped.output
    assert references(folder) == []
    assert run(register.app, "import", file, "--partial").exit_code == 1
    assert references(folder) == ["DT-0142", "DT-0201"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"reference_no,notice_status\n", "did you mean reference?"),
        (b"PK\x03\x04\x00\x00", "save it as"),
        (b"\x00\x01\x02", "binary data"),
        (b"reference,[bold]x[/bold]\n", "[bold]x[/bold]"),
    ],
)
def test_files_that_can_not_be_used_are_wrong_usage(folder: Path, content: bytes, said: str) -> None:
    path = folder / "broken.csv"
    path.write_bytes(content)
    done = run(register.app, "import", path)
    assert (done.exit_code, said in done.output) == (2, True), done.output
    assert "Nothing was changed." in done.output


def test_a_file_that_is_not_there_and_retiring_without_a_whole_list(folder: Path) -> None:
    missing = run(register.app, "import", folder / "nowhere.csv")
    assert (missing.exit_code, "No such file" in missing.output) == (2, True)
    empty = written(folder, REGISTER.splitlines()[0] + "\n")
    refused = run(register.app, "import", empty, "--retire-missing")
    assert (refused.exit_code, "--retire-missing with an empty list" in refused.output) == (2, True)


def test_retire_missing(folder: Path) -> None:
    run(register.app, "import", written(folder, REGISTER))
    only = written(folder, "\n".join(REGISTER.splitlines()[::2]) + "\n")
    done = run(register.app, "import", only, "--retire-missing")
    assert (done.exit_code, "1 retired" in done.output) == (0, True)
    assert "DT-0142" in run(register.app, "list", "--state", "withdrawn").output


def test_members_and_places(folder: Path) -> None:
    file = written(folder, "member,contact,phone\nSprockets,Cy,07700 900003\nBakery on the Bridge,,\n")
    assert "2 added" in run(members.app, "import", file).output
    assert "2 unchanged" in run(members.app, "import", file).output
    listed = run(members.app, "list").output
    assert "+447700900003" in listed
    assert "2 members" in listed
    gone = written(folder, "member\nBakery on the Bridge\n")
    assert "1 retired" in run(members.app, "import", gone, "--retire-missing").output
    assert "Sprockets" not in run(members.app, "list").output
    assert "Sprockets (left)" in run(members.app, "list", "--all").output
    places = written(folder, "name,said_as\nOrchard Arcade,the arcade\n")
    assert "1 added" in run(members.places_app, "import", places).output
    assert "the arcade" in run(members.places_app, "list").output
    assert run(members.places_app, "import", written(folder, "name\nA\nA\n")).exit_code == 1


def test_the_databases_life(folder: Path) -> None:
    for command in ("version", "check", "backup"):
        before = run(db.app, command)
        assert (before.exit_code, "not there" in before.output) == (1, True)
    assert not (folder / "state" / "huecry.db").exists()
    made = run(db.app, "upgrade")
    assert (made.exit_code, "empty -> 0003" in made.output, "0001 " in made.output) == (0, True, True)
    assert "up to date" in run(db.app, "upgrade").output
    version = run(db.app, "version")
    assert (version.exit_code, "version   0003" in version.output) == (0, True)
    check = run(db.app, "check")
    assert (check.exit_code, "is whole" in check.output) == (0, True)


def test_a_backup_can_be_put_back(folder: Path) -> None:
    run(register.app, "import", written(folder, REGISTER))
    target = folder / "copies" / "monday.db"
    done = run(db.app, "backup", target)
    assert (done.exit_code, "To put it back" in done.output) == (0, True)
    assert (target.stat().st_mode & 0o777, list(target.parent.iterdir())) == (0o600, [target])
    again = run(db.app, "backup", target)
    assert (again.exit_code, "exists already" in again.output) == (2, True)
    database = folder / "state" / "huecry.db"
    run(register.app, "import", written(folder, REGISTER.replace("DT-0201", "DT-0999")))
    assert references(folder) == ["DT-0142", "DT-0201", "DT-0999"]
    target.replace(database)
    assert references(folder) == ["DT-0142", "DT-0201"]
    assert re.search(r"huecry-\d{8}T\d{6}Z\.db", run(db.app, "backup").output.replace("\n", ""))


def test_a_damaged_and_a_newer_database_are_said_to_be(folder: Path) -> None:
    run(db.app, "upgrade")
    database = folder / "state" / "huecry.db"
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("INSERT INTO aliases (offender_id, position, alias) VALUES (77, 0, 'nobody')")
    connection.commit()
    check = run(db.app, "check")
    assert (check.exit_code, "of aliases points at a row of offenders that is gone" in check.output) == (1, True)
    connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.commit()
    connection.close()
    for app, words in ((db.app, ["version"]), (db.app, ["upgrade"]), (register.app, ["list"])):
        done = run(app, *words)
        assert (done.exit_code, "newer huecry" in done.output.replace("\n", " ")) == (2, True), done.output
    database.write_bytes(b"nothing like a database" * 50)
    assert run(db.app, "check").exit_code == 2


def test_an_error_that_passes_has_another_exit_code() -> None:
    async def locked(_console: Console) -> int:
        raise StoreUnavailable("locked by another program")

    assert db.guarded(locked) == 1
