"""The scheme as the rules need it: words and places from files, members and places from the store, kept fresh."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dispatch.people import Person
from dispatch.scheme import PhraseTables, Place, RadioUnit, Scheme, parse_places, parse_words
from dispatch.store.members import Member, Site
from dispatch.store.store import Store
from gateway.resources import config_file

FRESH_S = 20.0
"""A member or place that was imported is known to the rules after this at the latest."""


@dataclass(frozen=True, slots=True)
class SchemeFiles:
    """Where the editable tables are; None takes the ones that come with Hue and Cry."""

    short: str
    name: str
    words: Path | None = None
    places: Path | None = None
    """Places of the town, used beside those in the store."""


class SchemeSource:
    """Gives the scheme of this moment.

    Args:
        files: names and editable tables; read once.
        store: members and places; looked at again every `FRESH_S`.
    """

    def __init__(self, files: SchemeFiles, store: Store) -> None:
        self._files = files
        self._store = store
        self._tables: tuple[PhraseTables, tuple[Place, ...]] | None = None
        self._scheme: Scheme | None = None
        self._read_at = 0.0

    async def scheme(self, people: Sequence[Person]) -> Scheme:
        """The scheme now.

        Args:
            people: the register, which shows how this scheme writes its references.

        Raises:
            SchemeError: a table is wrong: which file, which line.
            StoreError: members and places can't be looked up.
        """
        now = asyncio.get_running_loop().time()
        if self._scheme is not None and now - self._read_at < FRESH_S:
            return self._scheme
        if self._tables is None:
            self._tables = await asyncio.to_thread(self._read_files)
        words, places = self._tables
        members = await self._store.members.list()
        stored = await self._store.members.places()
        known = {place.name for place in stored}
        prefixes, digits = reference_shape(people)
        self._scheme = Scheme(
            short=self._files.short,
            name=self._files.name,
            words=words,
            places=(*stored, *(place for place in places if place.name not in known)),
            members=tuple(member.name for member in members),
            reference_prefixes=prefixes or ("DT",),
            reference_digits=digits or 4,
            units=tuple(
                RadioUnit(site.radio_unit, member.name, _place_of(member, site))
                for member in members
                for site in member.sites
                if site.radio_unit
            ),
        )
        self._read_at = now
        return self._scheme

    def _read_files(self) -> tuple[PhraseTables, tuple[Place, ...]]:
        words = self._files.words or config_file("words.toml")
        tables = parse_words(words.read_text("utf-8-sig"), str(words))
        if self._files.places is None:
            return tables, ()
        return tables, parse_places(self._files.places.read_text("utf-8-sig"), str(self._files.places))


def _place_of(member: Member, site: Site) -> str:
    """How a member's site is called so that everyone knows which is meant."""
    return member.name if len(member.sites) == 1 or site.name == member.name else f"{member.name}, {site.name}"


def reference_shape(people: Sequence[Person]) -> tuple[tuple[str, ...], int]:
    """How this scheme writes references: its prefixes, commonest first, and how many digits follow.

    Without anybody on the register: no prefix, 0 digits.
    """
    shapes = [found.groups() for person in people if (found := re.fullmatch(r"([A-Za-z]+)-?(\d+)", person.reference))]
    prefixes = Counter(prefix.upper() for prefix, _ in shapes)
    digits = Counter(len(number) for _, number in shapes)
    return tuple(prefix for prefix, _ in prefixes.most_common()), digits.most_common(1)[0][0] if digits else 0
