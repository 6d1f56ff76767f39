"""The network that reads sounds, as it comes with the package."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from dispatch.matching.phonemes import ALPHABET
from dispatch.matching.sounds import pronunciations
from gateway.speech.child import CannotStartError
from gateway.speech.sound_reader import LONGEST_S, STEP_S, SoundReader, mels
from tests.gateway.speech.conftest import Say

Floats = npt.NDArray[np.float32]


@pytest.fixture(scope="module")
def reader() -> SoundReader:
    return SoundReader.load(1)


def sound(pcm: bytes) -> Floats:
    return np.asarray(np.frombuffer(pcm, "<i2") / 32768, np.float32)


def static(seconds: float, loud: float = 0.05) -> Floats:
    return (loud * np.random.default_rng(3).standard_normal(int(16_000 * seconds))).astype(np.float32)


def sounds_in(read: Floats) -> Iterator[str]:
    for column, _ in groupby(read.argmax(axis=1).tolist()):
        if column:
            yield ALPHABET[column - 1]


def test_its_sounds_are_those_of_the_register(reader: SoundReader) -> None:
    assert reader.alphabet == ALPHABET


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40_000), st.integers(0, 5))
def test_every_step_has_probabilities(reader: SoundReader, samples: int, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.1 * seed, samples).astype(np.float32)
    read = reader(noise)
    assert read.shape == (samples // 640, 1 + len(ALPHABET))
    assert read.dtype == np.float32
    assert np.exp(read).sum(axis=1) == pytest.approx(np.ones(len(read)), abs=1e-4)


def test_the_same_call_is_read_the_same_however_many_threads(reader: SoundReader, say: Say) -> None:
    call = sound(say("Anybody seen Ilse Quarrington?"))
    assert (reader(call) == reader(call)).all()
    assert SoundReader.load(2)(call) == pytest.approx(reader(call), abs=0.05)


@pytest.mark.speech
@pytest.mark.parametrize("said", ["Control, Tobin Winstanley is outside the bakery", "Mulcahy walked past"])
def test_what_was_said_is_read(reader: SoundReader, say: Say, said: str) -> None:
    wanted = next(iter(pronunciations(said.replace(",", "")))).replace(" ", "")
    got = "".join(sounds_in(reader(sound(say(said)))))
    assert Levenshtein.distance(wanted, got) <= 0.3 * len(wanted), f"{got} for {wanted}"


def test_out_of_noise_and_silence_nothing_is_read(reader: SoundReader) -> None:
    for call in (static(3.0), static(3.0, 0.001), np.zeros(48_000, np.float32)):
        assert "".join(sounds_in(reader(call))) == ""


def test_a_long_call_is_read_in_pieces(reader: SoundReader) -> None:
    call = static(2.5 * LONGEST_S)
    pieces = reader.read(call)
    assert len(pieces) >= 3
    ends = [start + len(read) * STEP_S for start, read in pieces]
    for end, (start, _) in zip([0.0, *ends], [*pieces, (len(call) / 16_000, None)], strict=True):
        assert start == pytest.approx(end, abs=STEP_S), "no gap, nothing twice"


def test_spectra_are_whispers() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    made = mels(tone)
    assert made.shape == (100, 80)
    assert float(made.max() - made.min()) <= 2.0 + 1e-5
    loudest = made.mean(axis=0).argmax()
    # 80 bands, even on Slaney's mel scale up to 8 kHz (45.2 mel), of which 1 kHz is at 15.
    assert loudest == pytest.approx(15 / 45.2 * 81 - 1, abs=1)


def test_a_damaged_file_is_told_about() -> None:
    with pytest.raises(CannotStartError, match=r"sounds\.onnx .* can't be loaded: .* Install huecry again"):
        SoundReader.load(1, b"no network")
