"""Names found by sound in everything a recogniser may have heard."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.matching.phonemes import ALPHABET
from dispatch.matching.sound_align import align
from dispatch.matching.sound_grams import GAP, KEYS, Grams, runs
from dispatch.matching.sound_index import SoundHit, SoundIndex
from dispatch.matching.sounds import distance, said_words, sounds, weight
from dispatch.phrases import fold, tokens

REGISTER = [
    (1, "Kieran Postlewaite"),
    (1, "Postlewaite"),
    (2, "Nowodworek"),
    (3, "Shaun Tipplewick"),
    (4, "Aaron Whitlock"),
    (5, "Ryan Haverstock"),
    (6, "Bryan Haverstock"),
    (7, "Mo"),
    (8, "Siobhan Okafor"),
    (9, "DT-0142"),
    (10, "Gwendolyn Marchwood"),
]
INDEX = SoundIndex.of(REGISTER)


def _codes(said: str) -> list[int]:
    return [ALPHABET.index(sound) for sound in said]


@pytest.mark.parametrize(
    ("text", "key", "words", "at_least"),
    [
        ("control keiran postle wait has just walked in", 1, "keiran postle wait", 0.99),
        ("it's post the wait again by the tills", 1, "post the wait", 0.6),
        ("there is now a dwarf eck by the door", 2, "now a dwarf eck", 0.6),
        ("sean tipple wick is outside", 3, "sean tipple wick", 0.99),
        ("that was aaron wet lock wasn't it", 4, "aaron wet lock", 0.85),
        ("ryan haver stock", 5, "ryan haver stock", 0.99),
        ("i can see mo at the bus stop", 7, "mo", 1.0),
        ("chevon oak a four has gone", 8, "chevon oak a four", 0.8),
        ("number D T zero one four two is here", 9, "d t zero one four two", 0.99),
        ("with Gwendolyn Marchwood's bag", 10, "gwendolyn marchwood", 0.99),
    ],
)
def test_names_are_found_where_they_were_said(text: str, key: int, words: str, at_least: float) -> None:
    hit = INDEX.search([text])[0]
    assert hit.key == key
    assert hit.likeness >= at_least
    assert " ".join(token.text for token in tokens(fold(text))[hit.first : hit.last]) == words


def test_the_wording_that_holds_the_name_is_named() -> None:
    texts = [
        "there is no a wolf at the door",
        "there is now a door wreck at the door",
        "there is nova dvorak at the door",
    ]
    hit = next(hit for hit in INDEX.search(texts) if hit.key == 2)
    assert hit.text == 2
    assert (hit.first, hit.last) == (2, 4)
    assert hit.sounds in ("nɒvɒdvɒrɛk", "nQwQdwɔɛk")


def test_near_names_are_told_apart_by_likeness() -> None:
    likeness = {hit.key: hit.likeness for hit in INDEX.search(["bryan haverstock is in the shop"])}
    assert likeness[6] > likeness[5] > 0.8


def test_nothing_of_the_register_is_not_likely() -> None:
    hits = INDEX.search(["the green van has been moved to the upper level of the car park"])
    assert all(hit.likeness < 0.65 for hit in hits)


def test_surest_first_each_key_once_at_most_so_many() -> None:
    text = "ryan haverstock and kieran postlewaite and aaron whitlock and mo and kieran postlewaite"
    hits = INDEX.search([text, f"{text} again"])
    assert [hit.likeness for hit in hits] == sorted((hit.likeness for hit in hits), reverse=True)
    assert len({hit.key for hit in hits}) == len(hits)
    assert INDEX.search([text], most=3) == hits[:3]
    assert INDEX.search([text], most=0) == ()


def test_a_key_may_have_several_places() -> None:
    hits = INDEX.search(["kieran postlewaite here and now that aaron whitlock met kieran postlewaite"], places=2)
    assert sorted(hit.first for hit in hits if hit.key == 1 and hit.likeness > 0.99) == [0, 9]


def test_people_of_one_name_are_all_found() -> None:
    index = SoundIndex.of([(3, "Smyth"), (1, "Smith"), (2, "Smith"), (2, "Smyth")])
    assert sorted(hit.key for hit in index.search(["smith is here"]) if hit.likeness == 1.0) == [1, 2, 3]


@pytest.mark.parametrize("texts", [[], [""], ["", "?!"], ["a"]])
def test_nothing_said_gives_nothing(texts: list[str]) -> None:
    assert INDEX.search(texts) == ()


@pytest.mark.parametrize("forms", [[], [(1, "")], [(1, "!")]])
def test_an_empty_register_gives_nothing(forms: list[tuple[int, str]]) -> None:
    assert SoundIndex.of(forms).search(["kieran postlewaite is here"]) == ()


def test_the_same_wording_again_changes_nothing() -> None:
    texts = [
        "control sean tipple wick is by the tills with a bag",
        "control shaun ripple wick is by the tills with a bag",
    ]
    assert INDEX.search([*texts, texts[0], texts[1], texts[0]]) == INDEX.search(texts)


@given(st.lists(st.text(st.sampled_from("abeionrstkwdm '"), max_size=40), max_size=4))
def test_places_are_words_of_their_text(texts: list[str]) -> None:
    for hit in INDEX.search(texts):
        assert 0 <= hit.first < hit.last <= len(tokens(fold(texts[hit.text])))
        assert 0 < hit.likeness <= 1


def _in_register_of(size: int) -> tuple[SoundIndex, list[str]]:
    chance = random.Random(7)
    parts = [a + b for a in "bdfghjklmnprstvw" for b in ("ar", "el", "in", "os", "un")]
    names = ["".join(chance.choices(parts, k=3)) + " " + "".join(chance.choices(parts, k=2)) for _ in range(size)]
    return SoundIndex.of(list(enumerate(names))), names


@pytest.mark.parametrize("size", [300, 6_000])  # few are counted in one go, many key by key
def test_a_name_is_found_among_many(size: int) -> None:
    index, names = _in_register_of(size)
    for key in (0, size // 2, size - 1):
        hits = index.search([f"over to control {names[key]} has come in", "over to control somebody has come in"])
        assert key in {hit.key for hit in hits if hit.likeness > 0.99}


def test_effort_finds_no_less() -> None:
    index, names = _in_register_of(1_500)
    text = [f"over to control {names[700][2:]} has come in"]
    usual, more = ({hit.key: hit.likeness for hit in index.search(text, effort=effort)} for effort in (1, 5))
    assert sum(more.values()) >= sum(usual.values())
    assert 700 in more


def test_words_are_cut_as_everywhere_else() -> None:
    text = "O'Brien’s `mate` didn't see A1, a man, D A 4 or Zoë"
    assert len(said_words(text)) == len(tokens(fold(text)))
    assert said_words("a man")[0] == "ə"
    assert said_words("d a 4")[1] == "A"


def test_runs_do_not_cross_gaps() -> None:
    keys, _ = runs(np.array([*_codes("kɪt"), GAP, *_codes("mɑp")], np.uint8))
    apart = [runs(np.array(_codes(said), np.uint8))[0].tolist() for said in ("kɪt", "mɑp")]
    assert sorted(keys.tolist()) == sorted(apart[0] + apart[1])
    assert max(keys) < KEYS


def test_confusable_sounds_make_the_same_runs() -> None:
    assert runs(np.array(_codes("pɪt"), np.uint8))[0].tolist() == runs(np.array(_codes("bɛd"), np.uint8))[0].tolist()


def test_a_row_is_placed_where_it_stands() -> None:
    rows = [_codes("wɪtlɒk"), _codes("mɑʧwʊd")]
    stream = np.array([code for row in rows for code in (*row, GAP)], np.uint8)
    grams = Grams.of(stream, np.array([0, 7, 14]))
    placed = grams.place(np.array([GAP, *_codes("ðəgrinvanɪz"), *_codes("wɪtlɒk"), GAP], np.uint8), 5)
    assert placed.rows[0] == 0
    assert abs(placed.begins[0] + 4 - 12) <= 4


SHORT = st.text("ptmsnlkɪəa", min_size=1, max_size=4)


def _best_part(name: str, text: str) -> float:
    """The cheapest stretch of the text, by trying all."""
    parts = [text[i:j] for i in range(len(text)) for j in range(i + 1, len(text) + 1)]
    return min(distance(name, part) * max(weight(name), weight(part)) for part in parts) / weight(name)


@given(st.lists(st.tuples(SHORT, SHORT), min_size=1, max_size=6))
def test_alignment_is_the_cheapest_stretch(pairs: list[tuple[str, str]]) -> None:
    pairs = sorted(pairs, key=lambda pair: -len(pair[0]))
    height, width = len(pairs[0][0]), max(len(text) for _, text in pairs)
    names = np.full((height, len(pairs)), GAP, np.uint8)
    stretches = np.full((width, len(pairs)), GAP, np.uint8)
    for i, (name, text) in enumerate(pairs):
        names[: len(name), i] = _codes(name)
        stretches[: len(text), i] = _codes(text)
    lengths = np.array([len(name) for name, _ in pairs])
    found = align(names, lengths, stretches, np.ones((width + 1, len(pairs)), np.bool_))
    for (name, text), likeness, begin, end in zip(pairs, found.likeness, found.begins, found.ends, strict=True):
        best = _best_part(name, text)
        if best < 0.98:
            assert likeness == pytest.approx(1 - best, abs=0.02)
            part = text[begin:end]
            assert distance(name, part) * max(weight(name), weight(part)) / weight(name) == pytest.approx(
                best, abs=0.02
            )


def test_beginning_inside_a_word_costs_a_little() -> None:
    inside = SoundIndex.of([(1, "Anna")]).search(["savanna"])[0]
    alone = SoundIndex.of([(1, "Anna")]).search(["anna"])[0]
    assert 0.6 < inside.likeness < alone.likeness == 1.0


def test_hits_are_values() -> None:
    assert SoundHit(1, 0, 2, 3, 0.5, "mQ") == SoundHit(1, 0, 2, 3, 0.5, sounds("Mo"))
