"""The parts of `bench fit_sounds` that need neither voices nor torch."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import _sounds_mels, fit_sounds
from bench._names_corpus import DATA, read_calls
from bench._sounds_mels import Clip
from bench._sounds_speech import pitched, stretched
from bench._sounds_texts import FRAMES, GIVEN, Stock, sentences
from bench._sounds_train import DENSEST, GOES, Lesson, batches, laid_out, lessons
from bench._sounds_varied import DEPTH, between_rows, noise, nothing_said, tempo, throat, varied, with_noise
from bench._sounds_whisper import NotReadableError, encoder_of, variables
from dispatch.matching.phonemes import ALPHABET
from gateway.speech.models import find_model
from gateway.speech.settings import SpeechSettings

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
        yield Clip(np.full(length * 160, number, np.float32), "kat"[: 1 + number % 3] * 4, f"voice{number}", "clean")


def spectra(samples: Floats) -> Floats:
    return np.repeat(samples[::160, None], 80, axis=1)


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "sub/hibari"
    assert list(_sounds_mels.write(path, clips([10, 7, 3000, 24]), spectra, "one")) == [1, 2, 4], "too long is left out"
    read = _sounds_mels.read(path)
    assert [(one.voice, one.sounds, one.channel) for one in read] == [
        ("voice0", "kkkk", "clean"), ("voice1", "kakakaka", "clean"), ("voice3", "kkkk", "clean"),
    ]  # fmt: skip
    assert [one.mels.shape for one in read] == [(10, 80), (7, 80), (24, 80)]
    assert (read[1].mels == 1.0).all()
    assert list(_sounds_mels.write(path, clips([3]), spectra, "one")) == [], "it is there already"
    assert list(_sounds_mels.write(path, clips([3]), spectra, "another")) == [1]
    assert len(_sounds_mels.read(path)) == 1
    list(_sounds_mels.write(path, clips([]), spectra, "none"))
    assert _sounds_mels.read(path) == []


def test_sentences_with_too_few_or_too_many_sounds_teach_nothing(tmp_path: Path) -> None:
    def some() -> Iterator[Clip]:
        for sounds, frames in (("ka", 80), ("kat" * 3, 80), ("kat" * 6, 80), ("katzz", 83), ("kat " * 2, 160)):
            yield Clip(np.zeros(frames * 160, np.float32), sounds, "v", "clean")

    list(_sounds_mels.write(tmp_path / "some", some(), spectra, ""))
    assert 18 >= DENSEST * 20 > 9
    found = lessons([tmp_path / "some"], "tak")
    assert [one.sounds for one in found] == [(3, 2, 1) * 3, (3, 2, 1), (3, 2, 1) * 2], "what is no sound is left out"
    assert [len(one.mels) for one in found] == [80, 80, 160], "in whole steps"


def test_batches_are_of_like_lengths_and_not_too_large() -> None:
    draw = np.random.default_rng(1)
    lessons_of_many = [Lesson(np.zeros((4 * int(n), 2), np.float16), (1, 2, 3)) for n in draw.integers(20, 400, 50)]
    made = batches(lessons_of_many, 8, 8000)
    assert sum(len(batch) for batch in made) == 50
    ends = [(len(batch[0].mels), len(batch[-1].mels)) for batch in made]
    assert all(last <= first for (_, last), (first, _) in pairwise(ends))
    assert all(len(batch) <= 8 and len(batch) * len(batch[-1].mels) <= 8000 for batch in made)
    assert len(made[0]) == 8
    assert len(batches(lessons_of_many, 8, 1)) == 50, "each is learnt from, however long"
    assert batches([], 8, 8) == []


def test_shorter_sentences_end_in_their_own_silence() -> None:
    loud, soft = np.array([[3.0, 1.0], [2.0, 2.0]], np.float32), np.array([[0.5, -0.5]], np.float32)
    assert laid_out([loud, soft]).tolist() == [loud.tolist(), [[0.5, -0.5], [-0.5, -0.5]]]


def some_mels(frames: int = 200) -> Floats:
    return np.random.default_rng(frames).uniform(-0.9, 1.0, (frames, 80)).astype(np.float32)


def test_rows_between_rows() -> None:
    rows = np.array([[0.0, 10.0], [1.0, 20.0], [3.0, 0.0]], np.float32)
    at = np.array([0.0, 0.5, 1.25, 2.0], np.float32)
    assert between_rows(rows, at) == pytest.approx(np.array([[0, 10], [0.5, 15], [1.5, 15], [3, 0]]))


def test_tempo_keeps_the_ends_and_whole_steps() -> None:
    mels = some_mels()
    slower = tempo(mels, 1.111)
    assert slower.shape == (220, 80)
    assert slower[[0, -1]] == pytest.approx(mels[[0, -1]])
    assert tempo(mels, 1.0) == pytest.approx(mels, abs=1e-4)


def test_a_longer_throat_is_heard_lower() -> None:
    mels = np.zeros((4, 80), np.float32)
    mels[:, 40] = 1.0
    for factor in (0.92, 1.0, 1.08):
        assert throat(mels, factor)[0].argmax() == pytest.approx(40 / factor, abs=1)


def test_noise_adds_its_power_and_no_more() -> None:
    mels = some_mels()
    assert with_noise(mels, np.full_like(mels, -5.0)) == pytest.approx(mels, abs=1e-3)
    twice = with_noise(mels, mels)
    assert twice == pytest.approx(np.maximum(mels + np.log10(2) / 4, twice.max() - DEPTH), abs=1e-4)
    louder = with_noise(mels, noise(200, 80, 2.0, np.random.default_rng(1)))
    assert float(louder.mean()) == pytest.approx(2.0, abs=0.2)


@given(st.integers(1, 80), st.integers(0, 2**32))
def test_a_sentence_varied_can_still_hold_its_sounds(steps: int, seed: int) -> None:
    mels, shortest = some_mels(4 * steps), 4 * steps - 1
    made = varied(mels.copy(), shortest, np.random.default_rng(seed))
    assert len(made) % 4 == 0
    assert len(made) > shortest
    assert made.shape[1] == 80
    assert made.dtype == np.float32
    assert np.isfinite(made).all()
    silence = nothing_said(4 * steps, 80, np.random.default_rng(seed))
    assert silence.shape == (4 * steps, 80)
    assert np.isfinite(silence).all()
    assert float(silence.max() - silence.min()) <= DEPTH + 1e-5


def test_the_bundled_models_encoder_is_read() -> None:
    folder, _ = find_model(SpeechSettings())
    encoder = encoder_of(Path(folder) / "model.bin")
    assert encoder["conv1/weight"].shape == (384, 80, 3)
    assert encoder["layer_3/ffn/linear_0/weight"].shape == (1536, 384)
    assert encoder["position_encodings/encodings"][0, :2] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert not any("decoder" in name for name in encoder)


def model_file(path: Path, *, version: int = 6, name: str = "encoder/conv1/weight", kind: int = 0) -> bytes:
    said = name.encode() + b"\0"
    array = np.arange(6, dtype=(np.float32, np.int8)[kind])
    parts = [
        struct.pack("<IH", version, 5), b"Spec\0", struct.pack("<II", 3, 1), struct.pack("<H", len(said)), said,
        struct.pack("<BII", 2, 2, 3), struct.pack("<BI", kind, array.nbytes), array.tobytes(),
    ]  # fmt: skip
    path.write_bytes(b"".join(parts))
    return path.read_bytes()


def test_a_model_file_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    whole = model_file(path)
    assert encoder_of(path)["conv1/weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with pytest.raises(NotReadableError, match=r"model\.bin can't be read"):
            variables(path)
    model_file(path, version=5)
    with pytest.raises(NotReadableError, match="version 5, not 6"):
        variables(path)
    model_file(path, name="decoder/conv1/weight")
    with pytest.raises(NotReadableError, match="no encoder"):
        encoder_of(path)
    model_file(path, kind=1)
    with pytest.raises(NotReadableError, match="rounded to int8"):
        encoder_of(path)


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


def test_the_goes_share_the_time_and_the_mean_among_them() -> None:
    shares, weights = zip(*GOES, strict=True)
    assert sum(shares) == pytest.approx(1)
    assert sum(weights) == pytest.approx(1)
