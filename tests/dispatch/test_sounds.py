"""Names and texts as British sounds, and how alike two of them sound."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.matching.letter_sounds import read_letters
from dispatch.matching.lexicon import Words, known_words
from dispatch.matching.phonemes import ALPHABET, from_misaki
from dispatch.matching.read_off import read_off
from dispatch.matching.sound_costs import ALONE, SUBSTITUTION
from dispatch.matching.sounds import (
    MOST_READINGS,
    MOST_WAYS,
    _said_names,
    distance,
    likeness,
    pronunciations,
    sounds,
    unbroken,
)

SOUNDS = st.text(ALPHABET, max_size=12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("number", "nʌmbə"),  # no r but before a vowel
        ("Murphy", "mɜfi"),
        ("car park", "kɑ pɑk"),
        ("Aaron", "erən"),
        ("Shaun", "ʃɔn"),
        ("Taylor", "tAlə"),
        ("Bryan's bag", "brIən bag"),  # a possessive is no part of the name
        ("don't", "dQnt"),
        ("O'Brien", "əbrIən"),
        ("a man", "ə man"),
        ("K A Y", "kA A wI"),
        ("DT-0142", "di ti Q wʌn fɔ tu"),
        ("I C 1", "I si wʌn"),
        ("IC1", "I si wʌn"),
        ("CCTV", "si si ti vi"),
        ("Zoë", "zQi"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_said_as_in_britain(text: str, said: str) -> None:
    assert sounds(text) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        # surnames that no lexicon holds
        ("Postlewaite", "pQsəlwAt"),
        ("Haverstock", "havəstɒk"),
        ("Marchwood", "mɑʧwʊd"),
        ("Tipplewick", "tɪpəlwɪk"),
        ("Wimbourne-Tull", "wɪmbɔn tʊl"),
        # names of other languages
        ("Nowodworek", "nɒvɒdvɒrɛk"),
        ("Kowalczyk", "kəwɒlʧɪk"),
        ("Przybylski", "pʃɪbɪlski"),
        ("Szczepaniak", "ʃɛpaniək"),
        ("Nguyen", "wɪn"),
        ("Siobhan", "ʃɪvɔn"),
        ("Harpreet Dhaliwal", "hɑprit dɑlɪwɑl"),
        ("Okafor", "ɒkəfɔ"),
        ("O'Shaughnessy", "Qʃɔnəsi"),
        ("St John", "sənt ʤɒn"),
        ("Łukasz", "wukaʃ"),
        # references both ways
        ("DT 0142", "di ti zɪərQ wʌn fɔ tu"),
    ],
)
def test_among_the_pronunciations(name: str, said: str) -> None:
    assert said in pronunciations(name)


def test_everyday_words_have_no_foreign_readings() -> None:
    assert pronunciations("Dave Jones") == ("dAv ʤQnz",)


def test_best_reading_is_what_a_text_sounds_like() -> None:
    for name in ("Kowalczyk", "Sean Okafor", "Postlewaite"):
        assert pronunciations(name)[0] == sounds(name)


@given(st.text(max_size=30))
def test_any_text_has_sounds_of_the_alphabet_only(text: str) -> None:
    assert set(sounds(text)) <= set(ALPHABET + " ")
    ways = pronunciations(text)
    assert len(ways) <= MOST_READINGS
    assert len(set(ways)) == len(ways)
    assert all(set(way) <= set(ALPHABET + " ") for way in ways)


def test_names_by_hand_are_sorted_and_in_the_alphabet() -> None:
    names = _said_names()
    assert list(names) == sorted(names)
    for name, ways in names.items():
        assert name.isascii(), name
        assert ways, name
        assert set("".join(ways)) <= set(ALPHABET), name


def test_every_known_word_is_in_the_alphabet() -> None:
    words = known_words()
    assert len(words) > 150_000
    assert set("".join(line.partition("\t")[2] for line in words.text.splitlines())) <= set(ALPHABET + " ")


def test_packed_words_are_found_again() -> None:
    said = {"a": "ə", "an": "an", "andy": "andi", "zz": "z", "b": "bi"}
    words = Words.of(said)
    assert {word: words.get(word) for word in said} == said
    assert [words.get(word) for word in ("", "and", "andyx", "zzz", "A")] == [None] * 5


def test_misaki_phonemes_are_folded() -> None:
    assert from_misaki("fˈɛː kˈɑː bˈɒtᵊl ɡɹˈiːn") == "fe kɑ bɒtəl grin"


def test_longest_known_context_decides() -> None:
    table = {"c": "k", "ch": "ʧ", "a": "a", "t": "t"}
    assert read_letters("chat", table) == "ʧat"
    assert read_letters("cat", table) == "kat"


def test_costs_are_symmetrical_and_nothing_is_dearer_than_leaving_both_out() -> None:
    assert (SUBSTITUTION == SUBSTITUTION.T).all()
    assert (SUBSTITUTION.diagonal() == 0).all()
    assert (SUBSTITUTION + 2 * (SUBSTITUTION == 0) > 0.04).all()
    assert (ALONE > 0).all()


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        (("f", "θ"), ("f", "g")),
        (("p", "b"), ("p", "b"[:0])),
        (("m", "n"), ("m", "k")),
        (("ə", "ɪ"), ("i", "ɔ")),
        (("hɛnri", "ɛnri"), ("kɛnri", "ɛnri")),
        (("wʊdvɪl", "wʊdwɪl"), ("wʊdvɪl", "wʊdgɪl")),
    ],
)
def test_confusable_sounds_are_near(nearer: tuple[str, str], farther: tuple[str, str]) -> None:
    assert distance(*nearer) < distance(*farther)


@pytest.mark.parametrize(
    ("heard", "name", "at_least"),
    [
        ("keiran postle wait", "Kieran Postlewaite", 0.99),
        ("sean tipple wick", "Shaun Tipplewick", 0.99),
        ("haver stock", "Haverstock", 0.99),
        ("voy check off ski", "Wojciechowski", 0.97),
        ("koval chick", "Kowalczyk", 0.9),
        ("kevin march wood", "Kevin Marshwood", 0.9),
        ("chevon", "Siobhan", 0.75),
        ("now a dwarf eck", "Nowodworek", 0.65),
    ],
)
def test_broken_up_names_sound_like_the_name(heard: str, name: str, at_least: float) -> None:
    assert max(likeness(sounds(heard), said) for said in pronunciations(name)) >= at_least


@pytest.mark.parametrize(("heard", "name"), [("daniel fletcher", "Kevin Marchwood"), ("can you put a", "Okafor")])
def test_other_words_do_not(heard: str, name: str) -> None:
    assert max(likeness(sounds(heard), said) for said in pronunciations(name)) < 0.4


@given(SOUNDS, SOUNDS)
def test_distance_is_symmetrical_between_0_and_1(a: str, b: str) -> None:
    assert distance(a, b) == pytest.approx(distance(b, a), abs=1e-6)
    assert 0 <= distance(a, b) <= 1
    assert (distance(a, b) == 0) == (a == b)


@given(SOUNDS, SOUNDS)
def test_blanks_are_free(a: str, b: str) -> None:
    assert distance(f"{a} {b}", a + b) == 0


@pytest.mark.parametrize(
    ("call", "never"),
    [
        ("sounds('Quillet')", "'hibari', 'onnxruntime', 'ctranslate2', 'vosk'"),
        ("pronunciations('Quillet')", "'ctranslate2', 'faster_whisper', 'vosk'"),
    ],
)
def test_no_recogniser_is_imported(call: str, never: str) -> None:
    code = f"import sys; from dispatch.matching.sounds import *; {call}; sys.exit(bool({{{never}}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Nowodworek", "nQədwɔək"),  # "now a dwarf eck", not as a Pole says it
        ("Grabowski", "grabQskɪ"),
        ("Niamh Corcoran", "nIəm kɔkɔrən"),
        ("Shabnam Mirza", "ʃabnɑm mɜzə"),
        ("Kez", "kɛz"),
    ],
)
def test_a_name_is_also_said_as_it_is_written(name: str, said: str) -> None:
    ways = pronunciations(name)
    assert min(distance(way, said) for way in ways[:2]) < 0.12


def test_there_are_more_ways_in_sounds_than_in_words() -> None:
    for name in ("Wojciech Grabowski", "Cerys Llewellyn-Voss", "O'Shaughnessy", "Li"):
        words = [way.replace(" ", "") for way in pronunciations(name)]
        assert list(unbroken(name))[: len(words)] == words
        assert len(words) <= MOST_READINGS
        assert len(unbroken(name)) <= MOST_WAYS


@given(st.text(max_size=30))
def test_whatever_is_written_is_read_off_in_our_alphabet(word: str) -> None:
    assert set(read_off(word)) <= set(ALPHABET)
    assert read_off(word) == read_off(word)
