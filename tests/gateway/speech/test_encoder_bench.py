"""What the encoder measurement counts with."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.encoder import SENTENCES, channel, word_errors

WORDS = st.lists(st.sampled_from(["a", "b", "c"]), max_size=8)


def test_words_put_in_left_out_and_exchanged() -> None:
    assert word_errors(["he", "has", "left", "the", "shop"], ["he", "left", "a", "shop", "now"]) == 3
    assert word_errors([], ["one"]) == word_errors(["one"], []) == 1


@given(WORDS, WORDS, WORDS)
def test_it_is_a_distance(one: list[str], two: list[str], three: list[str]) -> None:
    assert (word_errors(one, two) == 0) == (one == two)
    assert word_errors(one, two) == word_errors(two, one)
    assert word_errors(one, three) <= word_errors(one, two) + word_errors(two, three)
    assert abs(len(one) - len(two)) <= word_errors(one, two) <= max(len(one), len(two))


def test_the_channel_is_as_noisy_as_it_says() -> None:
    rng = np.random.default_rng(0)
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    heard = channel(tone, 10, rng)
    middle = heard[len(heard) // 2 - 4000 : len(heard) // 2 + 4000]
    spectrum = np.abs(np.fft.rfft(middle)) ** 2
    hertz = np.fft.rfftfreq(len(middle), 1 / 16_000)
    harmonics = np.abs(hertz % 1000 - 500) > 490
    snr = 10 * np.log10(spectrum[harmonics].sum() / spectrum[~harmonics].sum())
    assert 8 < snr < 13
    assert spectrum[hertz > 4000].sum() < 0.01 * spectrum.sum()


def test_the_sentences_are_many_and_different() -> None:
    assert len(set(SENTENCES)) == len(SENTENCES) >= 40
