"""Who sounds alike: by sound and not by letters, with advice that a register's keeper can use."""

from __future__ import annotations

import random
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from dispatch.matching.sounds import distance, pronunciations
from dispatch.people import Person
from dispatch.register.alike import (
    NAMES_UP_TO,
    Advice,
    Seriousness,
    SoundTable,
    most_serious_first,
    sounds_alike,
    with_rows,
)
from dispatch.register.csv_import import RegisterRow
from dispatch.scheme import Place, Scheme, parse_words
from gateway.resources import config_file

WORDS = parse_words(config_file("words.toml").read_text())
TOWN = Scheme(
    "T",
    "Town",
    WORDS,
    places=(Place("Gantry Street", said_as=("the Gantry",)), Place("Orchard Arcade")),
    members=("Quillfeather Books", "Sprockets"),
)


def person(number: int, first: str, last: str, *aliases: str) -> Person:
    return Person(number, f"DT-{number:04d}", first, last, aliases)


RYAN = person(142, "Ryan", "Teasdale")
BRYAN = person(151, "Bryan", "Teasdale")
OTTOLINE = person(160, "Ottoline", "Peverill", "Zigzag")


def about(one: Person, *others: Person) -> tuple[Advice, ...]:
    return sounds_alike(one, (one, *others), TOWN)


def test_somebody_with_names_like_nobodys_needs_no_advice() -> None:
    assert about(OTTOLINE, RYAN, BRYAN) == ()


def test_brothers_whose_first_names_rhyme() -> None:
    (advice,) = about(RYAN, BRYAN, OTTOLINE)
    assert advice.seriousness is Seriousness.FULL
    assert advice.like == ("Bryan Teasdale (DT-0151)",)
    assert advice.reference == "DT-0142"
    assert advice.sentence == (
        '"Ryan Teasdale" sounds like Bryan Teasdale (DT-0151). Ask members to say "number zero one four two".'
    )


def test_an_alias_that_is_clear_is_suggested_and_one_that_is_not_is_not() -> None:
    with_aliases = replace(RYAN, aliases=("Ziggzag", "Marmalade Cat"))
    told = {advice.seriousness: advice for advice in about(with_aliases, BRYAN, OTTOLINE)}
    assert set(told) == {Seriousness.FULL, Seriousness.ALIAS}
    assert '"Marmalade Cat", which sounds like nobody else, or "number' in told[Seriousness.FULL].sentence
    assert told[Seriousness.ALIAS].like == ('the alias "Zigzag" of Ottoline Peverill (DT-0160)',)
    assert "Give another alias." in told[Seriousness.ALIAS].sentence


def test_a_surname_shared_or_alike_asks_for_the_first_name() -> None:
    (shared,) = about(RYAN, person(7, "Ottoline", "Teasdale"), person(8, "Percival", "Peasdale"))
    assert shared.seriousness is Seriousness.SURNAME
    assert shared.like == ("Ottoline Teasdale (DT-0007)", "Percival Peasdale (DT-0008)")
    assert shared.sentence == (
        'The surname "Teasdale" is also that of Ottoline Teasdale (DT-0007) and sounds like Percival Peasdale (DT-0008). '
        "Alone it is not enough: ask members to say the first name, too."
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [("Kerry", "Kelly"), ("Harris", "Paris"), ("Ryan", "Bryan"), ("Shaughnessy", "Shornessy"), ("Phipps", "Fipps")],
)
def test_by_sound_and_not_by_letters(one: str, other: str) -> None:
    mine, yours = person(1, "Wendell", one), person(2, "Ottoline", other)
    for asked, against in ((mine, yours), (yours, mine)):
        like = [name for advice in about(asked, against) for name in advice.like]
        assert f"{against.name} ({against.reference})" in like


@pytest.mark.parametrize(("one", "other"), [("Whitlock", "Whitmore"), ("Ashworth", "Ashford"), ("Peverill", "Sprague")])
def test_names_that_only_look_alike_are_left_alone(one: str, other: str) -> None:
    assert all(
        "DT-0002" not in name for advice in about(person(1, "W", one), person(2, "O", other)) for name in advice.like
    )


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("Gantry", "the place Gantry"),
        ("Quillfeather", "part of Quillfeather Books"),
        ("Sprocketts", "the member Sprockets"),
        ("Castle", "an everyday word"),
        ("Foxx", 'the everyday word "fox"'),
    ],
)
def test_members_places_and_everyday_words(name: str, thing: str) -> None:
    surname = about(person(1, "Wendell", name))
    assert [advice.seriousness for advice in surname] == [Seriousness.THING]
    assert thing in surname[0].like
    assert "say the first name, too" in surname[0].sentence
    alias = about(person(1, "Wendell", "Peverill", name))
    assert [advice.seriousness for advice in alias] == [Seriousness.THING]
    assert f'The alias "{name}" sounds like' in alias[0].sentence


def test_an_alias_like_somebodys_first_name() -> None:
    (advice,) = about(replace(OTTOLINE, aliases=("Bryan",)), BRYAN)
    assert advice.like == ("the first name of Bryan Teasdale (DT-0151)",)


def test_somebody_known_by_one_name_only() -> None:
    one = person(5, "", "Teasdale")
    (advice,) = about(one, RYAN)
    assert 'say "number zero zero zero five"' in advice.sentence
    assert about(person(5, "Ryan", ""), RYAN) == (), "a first name alone is never an alert"


def test_a_long_list_is_cut_in_the_sentence_only() -> None:
    many = [
        person(number, first, "Teasdale")
        for number, first in enumerate(["Uma", "Otto", "Fay", "Gus", "Iris", "Noor"], 1)
    ]
    (advice,) = about(RYAN, *many)
    assert len(advice.like) == 6
    assert "and 2 more." in advice.sentence


def test_a_new_member_or_place() -> None:
    table = SoundTable.of([OTTOLINE, RYAN], TOWN)
    (advice,) = table.about_thing("Peverel Pies", "member")
    assert advice.like == ("the surname of Ottoline Peverill (DT-0160)",)
    assert advice.sentence.startswith(
        'The member "Peverel Pies" sounds like the surname of Ottoline Peverill (DT-0160).'
    )
    assert table.about_thing("Orchard Arcade", "place") == ()


def test_the_most_serious_come_first() -> None:
    people = [person(3, "Wendell", "Castle"), OTTOLINE, BRYAN, RYAN]
    table = SoundTable.of(people, TOWN)
    listed = most_serious_first((one, table.about(one)) for one in people)
    assert [one.reference for one, _ in listed] == ["DT-0142", "DT-0151", "DT-0003"]


def test_the_register_as_a_list_would_make_it() -> None:
    rows = [
        RegisterRow(2, "DT-0160", "Ottilie", "", ("Zag",), given=frozenset({"reference", "first_name"})),
        RegisterRow(3, "DT-0900", "Percival", "Quarrell", ("Duke",)),
    ]
    after = {one.reference: one for one in with_rows([OTTOLINE, RYAN], rows)}
    assert after["DT-0160"] == replace(OTTOLINE, first_name="Ottilie"), "columns that the list lacks stay as they were"
    assert after["DT-0142"] is RYAN
    assert (after["DT-0900"].name, after["DT-0900"].aliases) == ("Percival Quarrell", ("Duke",))


def test_the_table_finds_what_comparing_everybody_finds() -> None:
    """The index leaves out next to nothing: 200 surnames, each compared with each."""
    dice = random.Random(7)
    starts, ends = (
        ("Ack", "Teas", "Pem", "Quill", "Thorn", "Kes", "Har", "Bar", "Wain", "Mar"),
        ("by", "dale", "ton", "wick", "ley"),
    )
    surnames = sorted({dice.choice(starts) + dice.choice(["", "er", "ing"]) + dice.choice(ends) for _ in range(400)})
    people = [person(number, "X", name) for number, name in enumerate(surnames, 1)]
    table = SoundTable.of(people, TOWN)
    due = found = 0
    for one in people:
        near = {
            named.person.reference for _, named in table.near(one.last_name) if named.person and named.kind == "surname"
        }
        for other in people:
            said = [(a, b) for a in pronunciations(one.last_name)[:2] for b in pronunciations(other.last_name)[:2]]
            if any(distance(a, b) <= NAMES_UP_TO and Levenshtein.distance(a, b) <= 2 for a, b in said):
                due += 1
                found += other.reference in near
    assert due > 300
    assert found / due > 0.97, (found, due)


@given(
    st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12), st.text(string.printable, max_size=12)), max_size=4)
)
def test_any_names_can_be_asked_about(names: list[tuple[str, str, str]]) -> None:
    people = [
        person(number, first, last, *filter(None, [alias])) for number, (first, last, alias) in enumerate(names, 1)
    ]
    table = SoundTable.of(people, TOWN)
    for one in people:
        for advice in table.about(one):
            assert advice.like
            assert all(one.reference not in name for name in advice.like)
