"""Phrase tables and gazetteers: what comes with the project loads, what is wrong is refused where it stands."""

from __future__ import annotations

import contextlib
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.phrases import PhraseError, Phrases, fold, sentence, tokens
from dispatch.register.places_csv import parse_places_csv
from dispatch.scheme import PHRASE_KEYS, Scheme, SchemeError, parse_places, parse_words
from tests.dispatch.rules_town import CONFIG, PLACES, TOWN, WORDS

DEFAULT = (CONFIG / "words.toml").read_text()
HEADER = "name,said_as,misheard,kind,lat,lon,adjacent,cameras,open_from,closed_on\n"


def test_default_words_have_every_list() -> None:
    assert set(WORDS.lists) == {f"{section}.{key}" for section, keys in PHRASE_KEYS.items() for key in keys}
    assert all(WORDS[key].listed for key in WORDS.lists)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("[intent]", "[intend]"), "[intend]: no such table; did you mean intent"),
        (("radio_check =", "radio_chek ="), "[intent] radio_chek: no such key; did you mean radio_check"),
        (('ends = ["it\'s"', 'ends = "it\'s" #'), "[denial] ends: a list of phrases"),
        (('low = ["no rush"', 'low = ["No Rush!"'), '[priority] low: "No Rush!"'),
        (('low = ["no rush"', 'low = ["?"'), '[priority] low: "?"'),
        (('sms_check = "Check', 'sms_check = "{who} Check'), "[wording] sms_check: the only thing in braces"),
        (("[noise]", "[noise"), "line"),
    ],
    ids=["table", "key", "type", "letters", "no word", "braces", "syntax"],
)
def test_words_are_refused_where_they_stand(change: tuple[str, str], says: str) -> None:
    assert change[0] in DEFAULT
    with pytest.raises(SchemeError, match=r"words\.toml") as error:
        parse_words(DEFAULT.replace(change[0], change[1], 1))
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("phrase", "says"),
    [("help us", "7 letters are the least"), ("stand/standing down", "plain words"), ("code *", "plain words")],
)
def test_a_phrase_to_look_for_in_the_sound_is_plain_and_long(phrase: str, says: str) -> None:
    changed = DEFAULT.replace('correction = ["correction", "disregard"', f'correction = ["correction", "{phrase}"', 1)
    assert changed != DEFAULT
    with pytest.raises(SchemeError, match=re.escape(f'[sounded] correction: "{phrase}"')) as error:
        parse_words(changed)
    assert says in str(error.value)


def test_a_missing_list_says_how_to_turn_it_off() -> None:
    without = "\n".join(line for line in DEFAULT.splitlines() if not line.startswith("radio_check ="))
    with pytest.raises(SchemeError, match=r"\[intent\]: radio_check is missing; an empty list"):
        parse_words(without)


def test_an_empty_list_finds_nothing() -> None:
    lines = ["radio_check = []" if line.startswith("radio_check =") else line for line in DEFAULT.splitlines()]
    assert parse_words("\n".join(lines))["intent.radio_check"].find("radio check") == []


@given(st.text(max_size=300))
def test_words_refuse_any_text_with_their_own_error(text: str) -> None:
    with pytest.raises(SchemeError):
        parse_words(text)


@pytest.mark.parametrize("name", ["places.csv", "demo/places.csv"])
def test_gazetteers_load_here_and_in_the_store(name: str) -> None:
    places = parse_places((CONFIG / name).read_text())
    assert len(places) >= 15
    stored = parse_places_csv((CONFIG / name).read_bytes())
    assert not stored.refusals
    assert [row.name for row in stored.rows] == [place.name for place in places]


def test_a_place_with_everything() -> None:
    places = parse_places(
        "\ufeff" + HEADER + "Old Dock,the dock;dockside,hold dock,waterside,51.5,-0.12,,4;7,2020-01-02,31/01/2026\n"
    )
    dock = places[0]
    assert dock.said_as == ("the dock", "dockside")
    assert dock.cameras == ("4", "7")
    assert (dock.lat, dock.lon) == (51.5, -0.12)
    assert dock.is_open(date(2026, 1, 31))
    assert not dock.is_open(date(2026, 2, 1))
    assert not dock.is_open(date(2020, 1, 1))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title,kind\nDock,x\n", "line 1: the column name is missing"),
        ("name,adjacents\nDock,x\n", "no such column 'adjacents'; did you mean adjacent"),
        ("name\nDock\n\nDock\n", "line 4: Dock is already on line 2"),
        ("name,kind\n,street\n", "line 2: the name is missing"),
        ("name,adjacent\nDock,Quai\nQuay,\n", "line 2, adjacent: no place 'Quai'; did you mean Quay"),
        ("name,lat\nDock,north\n", "line 2, lat: 'north' is no number"),
        ("name,lat\nDock,91\n", "line 2, lat: 91 is outside"),
        ("name,lon\nDock,nan\n", "line 2, lon: nan is outside"),
        ("name,closed_on\nDock,2026-02-30\n", "line 2, closed_on: '2026-02-30' is no date"),
        ("name,kind\nDock,street,again\n", "line 2: more cells than columns"),
        ('name\n"Dock\n', "line 2"),
    ],
)
def test_places_are_refused_where_they_stand(text: str, says: str) -> None:
    with pytest.raises(SchemeError) as error:
        parse_places(text)
    assert says in str(error.value)


@given(st.text(max_size=200))
def test_places_refuse_with_their_own_error_only(text: str) -> None:
    with contextlib.suppress(SchemeError):
        parse_places("name,lat,lon,adjacent,open_from\n" + text)


def test_a_scheme_finds_its_places_and_can_be_a_key() -> None:
    assert TOWN.place("Mill Lane") in PLACES
    assert TOWN.place("Nowhere") is None
    again = Scheme("FTAC", "Fernley Town Against Crime", WORDS, PLACES, TOWN.members, reference_prefixes=("FT",))
    assert {TOWN: 1}[again] == 1


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("heads up", "Heads up, everyone", True),
        ("heads up", "heads, up", True),
        ("heads up", "use your heads. Up there", False),
        ("heads up", "forheads up", False),
        ("stand/stood down", "they stood down", True),
        ("stand/stood down", "stand in", False),
        ("has just? left", "has left", True),
        ("has just? left", "has just left", True),
        ("has just? left", "has now left", False),
        ("kicked the * in", "kicked the side window in", True),
        ("kicked the * in", "kicked the in", False),
        ("kicked the * in", "kicked the one two three four in", False),
        ("isn't", "isn't".replace("'", ""), True),
        ("isn't", "isn’t", True),
        ("'s in", "Kes's in", True),
        ("'s in", "boxes in", False),
        ("cafe", "the CAFÉ", True),
    ],
)
def test_phrases(phrase: str, text: str, *, found: bool) -> None:
    assert bool(Phrases.of([phrase]).find(fold(text))) is found


def test_the_longest_phrase_wins() -> None:
    phrases = Phrases.of(["not", "not sure", "not sure at all"])
    assert phrases.first("i am not sure at all") == "not sure at all"
    assert phrases.ends_at("well not sure ", 14) == "not sure"
    assert phrases.starts_at("well, not sure", 5) == "not sure"
    assert phrases.starts_at("well, not sure", 0) is None


@pytest.mark.parametrize("phrase", ["", " ", "A b", "x(y)", "a? b", "* b"])
def test_phrases_that_cant_be_used(phrase: str) -> None:
    with pytest.raises(PhraseError):
        Phrases.of([phrase])


@given(st.text())
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_words_stand_where_they_say(text: str) -> None:
    folded = fold(text)
    for token in tokens(folded):
        assert folded[token.start : token.end].replace("'", "") == token.text
        assert folded[token.end : token.after] == token.ending


@given(st.text(), st.integers(min_value=0, max_value=50))
def test_a_sentence_holds_its_position(text: str, position: int) -> None:
    folded = fold(text)
    found = sentence(folded, min(position, len(folded)))
    assert 0 <= found.start <= found.end <= len(folded)
