"""The scheme of this moment: files, members, places, and how references are written."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dispatch.people import Person
from dispatch.register.members_csv import parse_members
from dispatch.scheme import SchemeError
from dispatch.store.store import open_store
from gateway import scheme_source
from gateway.resources import config_file
from gateway.scheme_source import SchemeFiles, SchemeSource, reference_shape

PLACES = config_file("demo/places.csv")


def person(reference: str) -> Person:
    return Person(1, reference, "Ann", "Oak")


@pytest.mark.parametrize(
    ("references", "shape"),
    [
        (["FT-0101", "FT-0102"], (("FT",), 4)),
        (["DT-0142", "DTAC-0001", "DT-0143"], (("DT", "DTAC"), 4)),
        (["X12"], (("X",), 2)),
        (["no number"], ((), 0)),
        ([], ((), 0)),
    ],
)
def test_how_references_are_written_is_seen_from_the_register(
    references: list[str], shape: tuple[tuple[str, ...], int]
) -> None:
    assert reference_shape([person(reference) for reference in references]) == shape


async def test_an_imported_member_is_known_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_store(f"sqlite:///{tmp_path / 'huecry.db'}") as store:
        source = SchemeSource(SchemeFiles("FTAC", "Fernley", places=PLACES), store)
        before = await source.scheme([person("FT-0101")])
        assert before.members == ()
        assert before.reference_prefixes == ("FT",)
        assert {"Market Square", "Mill Lane"} <= {place.name for place in before.places}
        rows = parse_members(b"member,site,contact,phone\nQuill Books,Market Square,,\n")
        await store.members.import_members(rows.rows, dry_run=False, by="test", refusals=rows.refusals)
        assert await source.scheme([]) is before, "not looked up for every call"
        monkeypatch.setattr(scheme_source, "FRESH_S", 0.0)
        assert (await source.scheme([])).members == ("Quill Books",)


async def test_a_broken_table_is_named(tmp_path: Path) -> None:
    words = tmp_path / "words.toml"
    await asyncio.to_thread(words.write_text, "[caler]\n")
    async with open_store(f"sqlite:///{tmp_path / 'huecry.db'}") as store:
        with pytest.raises(SchemeError, match=r"words.toml"):
            await SchemeSource(SchemeFiles("FTAC", "Fernley", words=words), store).scheme([])
