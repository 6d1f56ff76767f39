"""The parts of `bench fit_sounds` that need neither voices nor torch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bench import _sounds_encoded, fit_sounds
from bench._names_corpus import DATA, read_calls
from bench._sounds_encoded import Clip
from bench._sounds_speech import pitched, stretched
from bench._sounds_texts import FRAMES, GIVEN, Stock, sentences
from bench._sounds_train import DENSEST, Lesson, as_data, batches, lessons, spread
from dispatch.matching.phonemes import ALPHABET
from gateway.speech.sound_reader import SoundReader

Floats = npt.NDArray[np.float32]

LEXICON = {
    "tea": "ti", "gate": "gAt", "lantern": "lantən", "harbour": "hɑbə", "o'clock": "əklɒk", "i": "I", "x1": "ɛkswʌn",
    "odd": "?d", "unmistakeable": "ʌnmɪstAkəbl", "pebble": "pɛbl",
}  # fmt: skip
STOCK = Stock.of(LEXICON, ALPHABET)


def test_words_are_taken_that_can_be_said_and_spelled() -> None:
    assert set(STOCK.short) == {"tea", "gate", "harbour", "pebble"}
    assert set(STOCK.words) == {"lantern", "harbour", "pebble"}
    assert "Smith" in STOCK.surnames
    assert all(name.isalpha() and name == name.lower() for name in STOCK.said)
    assert not any("#" in name for name in (*STOCK.surnames, *STOCK.said, *STOCK.nicknames))


def test_the_same_seed_gives_the_same_sentences_and_a_longer_list_begins_with_a_shorter() -> None:
    short, long = list(sentences(STOCK, 40, 3)), list(sentences(STOCK, 200, 3))
    assert long[:40] == short
    assert list(sentences(STOCK, 40, 4)) != short
    assert len(set(long)) > 190


def test_every_frame_is_filled_and_every_sentence_begins_with_a_capital() -> None:
    made = list(sentences(STOCK, 1500, 5))
    assert not any("{" in text or "}" in text or "  " in text for text in made)
    assert all(text[0] == text[0].upper() for text in made)
    assert all(len(text) < 250 for text in made)
    starts = {frame.split("{")[0] for frame in FRAMES} - {""}
    assert {start for start in starts if any(text.startswith(start) for text in made)} == starts
    assert sum(any(name in text for text in made) for name in GIVEN) > 0.8 * len(GIVEN)


def test_no_call_that_figures_are_reported_on_is_spoken() -> None:
    reported = {call["text"] for half in ("tune", "report") for call in read_calls(DATA / f"calls-{half}.jsonl")}
    assert not reported & set(sentences(STOCK, 2000, 11))


def test_a_longer_throat_moves_everything_down() -> None:
    frames = np.zeros((100, 3), np.float32)
    frames[40] = 1.0
    for factor in (0.8, 1.0, 1.1):
        moved = stretched(frames, factor)
        assert moved.shape == frames.shape
        assert moved[:, 0].argmax() == pytest.approx(40 * factor, abs=1)
    assert stretched(frames, 1.0) == pytest.approx(frames)


def test_pitch_is_moved_where_there_is_any() -> None:
    curve = np.array([0, 100, 200, 400, 0], np.float32)
    assert pitched(curve, 0.5, 1.0) == pytest.approx([0, 50, 100, 200, 0])
    assert pitched(curve, 1.0, 0.5) == pytest.approx([0, 200 / 2**0.5, 200, 200 * 2**0.5, 0], rel=1e-4)
    assert pitched(curve, 0.1, 1.0).tolist()[1:4] == [45, 45, 45], "nobody talks lower"
    assert pitched(np.zeros(4, np.float32), 1.2, 1.0).tolist() == [0, 0, 0, 0]


def clips(lengths: list[int]) -> Iterator[Clip]:
    for number, length in enumerate(lengths):
        yield Clip(np.full(length * 320, number, np.float32), "kat"[: 1 + number % 3] * 4, f"voice{number}", "clean")


def encode(samples: Floats) -> Floats:
    return np.stack([samples[::320], np.arange(len(samples) // 320)], axis=1).astype(np.float32)


def test_what_was_encoded_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "sub/hibari"
    assert list(_sounds_encoded.write(path, clips([10, 7, 2000, 24]), encode, "one")) == [1, 2, 4], (
        "too long is left out"
    )
    read = _sounds_encoded.read(path)
    assert [(one.voice, one.sounds, one.channel) for one in read] == [
        ("voice0", "kkkk", "clean"), ("voice1", "kakakaka", "clean"), ("voice3", "kkkk", "clean"),
    ]  # fmt: skip
    assert [one.encoded.shape for one in read] == [(10, 2), (7, 2), (24, 2)]
    assert read[1].encoded.tolist() == [[1.0, float(at)] for at in range(7)]
    assert list(_sounds_encoded.write(path, clips([3]), encode, "one")) == [], "it is there already"
    assert list(_sounds_encoded.write(path, clips([3]), encode, "another")) == [1]
    assert len(_sounds_encoded.read(path)) == 1
    list(_sounds_encoded.write(path, clips([]), encode, "none"))
    assert _sounds_encoded.read(path) == []


def test_sentences_with_too_few_or_too_many_sounds_teach_nothing(tmp_path: Path) -> None:
    def some() -> Iterator[Clip]:
        for sounds, length in (("ka", 40), ("kat" * 3, 40), ("kat" * 6, 40), ("katzz", 40), ("kat " * 2, 80)):
            yield Clip(np.zeros(length * 320, np.float32), sounds, "v", "clean")

    list(_sounds_encoded.write(tmp_path / "some", some(), encode, ""))
    assert 18 >= DENSEST * 20 > 9
    found = lessons([tmp_path / "some"], "tak")
    assert [one.sounds for one in found] == [(3, 2, 1) * 3, (3, 2, 1), (3, 2, 1) * 2], "what is no sound is left out"
    assert [one.steps for one in found] == [20, 20, 40]


def test_batches_are_of_like_lengths() -> None:
    draw = np.random.default_rng(1)
    given = [Lesson(np.zeros((int(n), 2), np.float16), (1, 2, 3)) for n in draw.integers(20, 400, 50)]
    made = batches(given, 8)
    assert sorted(len(batch) for batch in made) == [2, 8, 8, 8, 8, 8, 8]
    ends = [(batch[0].steps, batch[-1].steps) for batch in made]
    assert all(last <= first for (_, last), (first, _) in pairwise(ends))
    mean, scale = spread([Lesson(np.array([[1, 5], [3, 5]], np.float16), (1,))])
    assert mean.tolist() == [2, 5]
    assert scale == pytest.approx([1.001, 0.001])


def test_torchs_weights_become_a_data_file_that_reads_the_same() -> None:
    draw, width, inner, letters = np.random.default_rng(4), 3, 5, "kat"
    shapes = {
        "inward": (inner, 2 * width),
        "inner1": (inner, inner, 5),
        "inner2": (inner, inner, 5),
        "outward": (4, inner),
    }
    weights = {f"{name}.weight": 0.3 * draw.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    weights |= {f"{name}.bias": draw.standard_normal(shape[0]).astype(np.float32) for name, shape in shapes.items()}
    mean, scale = draw.standard_normal(width), draw.uniform(0.5, 2, width)
    probe = draw.standard_normal((50, width))
    data = as_data(weights, mean, scale, letters, probe)
    assert {array.dtype for name, array in data.items() if name != "alphabet"} == {np.dtype(np.float16)}
    reader = SoundReader.parse(data)
    assert reader.alphabet == letters
    assert reader.is_for(probe.astype(np.float32))
    sound = draw.standard_normal((12, width))

    # As torch defines its layers: y = x A^T + b; and cross-correlation over (out, in, taps), as wide as the input.
    values = ((sound - mean) / scale).reshape(6, 2 * width)
    values = np.maximum(values @ weights["inward.weight"].T + weights["inward.bias"], 0)
    for layer in ("inner1", "inner2"):
        padded, kernel = np.pad(values, ((2, 2), (0, 0))), weights[f"{layer}.weight"]
        summed = np.stack([np.einsum("oik,ki->o", kernel, padded[at : at + 5]) for at in range(6)])
        values = values + np.maximum(summed + weights[f"{layer}.bias"], 0)
    scores = values @ weights["outward.weight"].T + weights["outward.bias"]
    wanted = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert np.exp(reader(sound.astype(np.float32))) == pytest.approx(wanted, abs=0.02)


def test_phonemes_in_our_alphabet_without_stress_and_pauses() -> None:
    assert fit_sounds.sounds_of("ðˈɛː, ɹˈɛd ɡˈAt!") == "ðerɛdgAt"


@pytest.mark.parametrize(
    ("columns", "read"), [([0, 1, 1, 0, 1, 2], "kka"), ([3, 3, 3], "t"), ([0, 0], ""), ([], ""), ([1, 2, 1], "kak")]
)
def test_the_likeliest_sounds(columns: list[int], read: str) -> None:
    steps = np.full((len(columns), 4), -5.0, np.float32)
    steps[np.arange(len(columns)), columns] = -0.1
    assert fit_sounds.likeliest(steps, "kat") == read


def test_error_rates_by_voice_and_channel() -> None:
    rates = fit_sounds.error_rates(
        iter([("alpha", "clean", "kata", "kata"), ("alpha", "dmr", "kata", "kat"), ("joe", "dmr", "ka", "katat")])
    )
    assert rates["alpha"] == {"clean": 0.0, "dmr": 0.25, "all": 0.125}
    assert rates["joe"] == {"dmr": 1.5, "all": 1.5}
    assert rates["all"] == {"clean": 0.0, "dmr": pytest.approx(4 / 6, abs=1e-3), "all": 0.4}
