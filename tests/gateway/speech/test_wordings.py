"""Rules about texts and audio, without a model."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.speech.transcript import Hints, Hypothesis
from gateway.speech.wordings import distinct, divide, pack, repeats, says_again, suggestions, windows, words_of

SENTENCES = [
    "Control, radio check please.",
    "Stand down, stand down, it is not him.",
    "No, no, no, leave it.",
    "He went past the bank, then past the school, then past the church.",
    "Delta Tango zero one four two.",
    "",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_people_do_not_loop(text: str) -> None:
    assert not says_again(text)
    assert not repeats(text, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "Can you put a camera on the taxi rank? Can you put a camera on the taxi-rank? Can you put a",
        "Police are on their way, keep him in sight. Police are on their way, keep him in",
        "Quill, Quill, Quill, Quill, Quill",
        "Five lads on scooters, they have gone through the arcade twice. They have gone through the arcade twice.",
        "thank you thank you thank you thank you",
    ],
)
def test_loops_are_seen(text: str) -> None:
    assert says_again(text)
    assert repeats(text, 0.5)
    assert not repeats(text, 60.0)


@given(st.text(max_size=120), st.floats(0, 200))
def test_any_text_is_judged(text: str, duration_s: float) -> None:
    assert not (repeats(text, duration_s) and not says_again(text))


@given(
    st.lists(
        st.sampled_from(["alpha", "bravo", "charlie", "delta", "echo", "golf", "hotel", "india"]),
        min_size=3,
        max_size=8,
        unique=True,
    )
)
def test_whatever_is_said_twice_in_a_row_is_seen(words: list[str]) -> None:
    assert not says_again(" ".join(words))
    assert says_again(" ".join(words + words))


def test_hypotheses_that_differ_in_punctuation_only_are_one() -> None:
    given_twice = [
        Hypothesis("Tesco to control.", -0.1),
        Hypothesis("Tesco, to Control", -0.2),
        Hypothesis("Tesco to control", -0.3, biased=True),
        Hypothesis("...", -0.4),
        Hypothesis("", -0.5),
    ]
    assert [one.score for one in distinct(given_twice)] == [-0.1, -0.3]


def test_suggestions_come_in_order_and_once() -> None:
    hints = Hints(names=("Ada Quince", " "), places=("Mill Lane",), callers=("Bakery", "Ada Quince"))
    assert suggestions(hints) == ["Ada Quince", "Mill Lane", "Bakery"]


def _letters(text: str) -> int:
    return len(text)


@given(
    st.lists(st.text("abc", min_size=1, max_size=12), max_size=30, unique=True), st.integers(1, 20), st.integers(1, 4)
)
def test_packing_keeps_order_and_loses_count_of_nothing(texts: list[str], room: int, prompts: int) -> None:
    packed, left_out = pack(texts, _letters, room, prompts)
    taken = [text for prompt in packed for text in prompt.split(", ")]
    assert len(packed) <= prompts
    assert all(len(prompt) <= room for prompt in packed)
    assert len(taken) + left_out == len(texts)
    positions = [texts.index(text) for text in taken]
    assert positions == sorted(positions)


def test_packing_takes_whole_names_only() -> None:
    assert pack(["Ann Ash", "Bo Birch", "Cy Cedar"], _letters, 18, 1) == (["Ann Ash, Bo Birch"], 1)
    assert pack(["Ann Ash", "Bo Birch", "Cy Cedar"], _letters, 18, 2) == (["Ann Ash, Bo Birch", "Cy Cedar"], 0)
    assert pack(["much too long a name", "Bo"], _letters, 5, 1) == (["Bo"], 1)


@given(st.integers(0, 200), st.integers(0, 2**31))
def test_windows_cover_everything_in_order_and_none_is_too_long(half_seconds: int, seed: int) -> None:
    samples = np.random.default_rng(seed).standard_normal(half_seconds * 8000).astype(np.float32)
    cut = windows(samples, 28.0)
    assert cut[0][0] == 0
    assert cut[-1][1] == len(samples)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(cut))
    assert all(end - start <= 28 * 16_000 for start, end in cut)


def test_windows_are_cut_in_the_pause() -> None:
    samples = np.random.default_rng(1).standard_normal(60 * 16_000).astype(np.float32)
    samples[int(24.0 * 16_000) : int(24.6 * 16_000)] *= 0.01
    first = windows(samples, 28.0)[0][1] / 16_000
    assert 24.0 < first < 24.6


def test_a_wording_is_divided_as_the_text_was_heard() -> None:
    heard = ["control from the bank", "there is a man", "in a grey hat"]
    assert divide("control from the bakery there is a man in a grey hat", heard) == [
        "control from the bakery",
        "there is a man",
        "in a grey hat",
    ]
    assert divide("anything at all", ["only one window"]) == ["anything at all"]


@given(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=15),
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), max_size=6), min_size=1, max_size=4),
)
def test_dividing_loses_no_word(wording: list[str], heard: list[list[str]]) -> None:
    parts = divide(" ".join(wording), [" ".join(words) for words in heard])
    assert len(parts) == len(heard)
    assert " ".join(part for part in parts if part).split() == wording


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words_of("O'Brien, at T.K. Maxx - look: pushchair!") == [
        "o'brien",
        "at",
        "t",
        "k",
        "maxx",
        "look",
        "pushchair",
    ]
