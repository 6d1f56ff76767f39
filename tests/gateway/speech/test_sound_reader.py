"""The network that reads sounds: its arithmetic on small numbers, and the data files that come with the package."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources

import numpy as np
import numpy.typing as npt
import pytest

from dispatch.matching.phonemes import ALPHABET
from gateway.speech.sound_reader import SoundReader, probe, reader_for

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[np.generic]]

WIDTH, INNER, LETTERS = 6, 4, "pæʃ"


def arrays(width: int = WIDTH, seed: int = 3) -> Arrays:
    """A network nobody trained, in the layout of a data file."""
    draw = np.random.default_rng(seed)
    shapes = {
        "probe": (width,),
        "mean": (width,),
        "inward": (2 * width, INNER),
        "inward_bias": (INNER,),
        "inner1": (5, INNER, INNER),
        "inner1_bias": (INNER,),
        "inner2": (5, INNER, INNER),
        "inner2_bias": (INNER,),
        "outward": (INNER, 1 + len(LETTERS)),
        "outward_bias": (1 + len(LETTERS),),
    }
    made: Arrays = {name: draw.standard_normal(shape).astype(np.float16) for name, shape in shapes.items()}
    scale = draw.uniform(0.5, 2.0, width).astype(np.float16)
    return made | {"scale": scale, "alphabet": np.array([ord(letter) for letter in LETTERS])}


def encoded(positions: int, width: int = WIDTH) -> Floats:
    return np.random.default_rng(5).standard_normal((positions, width)).astype(np.float32)


def data_files() -> list[str]:
    folder = resources.files("gateway.speech").joinpath("data")
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(".npz"))


def test_a_data_file_is_read_as_it_is() -> None:
    kept = arrays()
    reader = SoundReader.parse(kept)
    assert reader.alphabet == LETTERS
    assert reader.weights["inward"].dtype == np.float32
    assert reader.weights["inner2"] == pytest.approx(np.asarray(kept["inner2"], np.float32))
    del kept["inner2_bias"]
    with pytest.raises(KeyError, match="inner2_bias"):
        SoundReader.parse(kept)


@pytest.mark.parametrize("positions", [0, 1, 2, 3, 4, 7, 100, 101])
def test_two_positions_make_a_step(positions: int) -> None:
    read = SoundReader.parse(arrays())(encoded(positions))
    assert read.shape == (positions // 2, 1 + len(LETTERS))
    assert read.dtype == np.float32
    assert np.exp(read).sum(axis=1) == pytest.approx(np.ones(positions // 2), abs=1e-5)


def test_an_odd_position_at_the_end_changes_nothing() -> None:
    reader, sound = SoundReader.parse(arrays()), encoded(21)
    assert reader(sound) == pytest.approx(reader(sound[:20]))


def test_scores_that_are_huge_stay_probabilities() -> None:
    kept = arrays()
    kept["outward_bias"] = np.array([6e4, 0, 0, -6e4], np.float16)
    read = SoundReader.parse(kept)(encoded(6))
    assert np.isfinite(read).all()
    assert read[:, 0] == pytest.approx(np.zeros(3), abs=1e-6)


def test_the_layers_are_what_they_are_said_to_be() -> None:
    """Against the same network written step by step."""
    reader, sound = SoundReader.parse(arrays()), encoded(12)
    weights = reader.weights

    def bent(values: Floats) -> Floats:
        return np.where(values > 0, values, 0).astype(np.float32)

    steps = []
    for first in range(0, 12, 2):
        pair = np.concatenate([(sound[first + at] - weights["mean"]) / weights["scale"] for at in (0, 1)])
        steps.append(bent(pair @ weights["inward"] + weights["inward_bias"]))
    for layer in ("inner1", "inner2"):
        before = steps
        steps = []
        for at in range(6):
            summed = weights[f"{layer}_bias"].copy()
            for tap in range(5):
                if 0 <= at + tap - 2 < 6:
                    summed += before[at + tap - 2] @ weights[layer][tap]
            steps.append(before[at] + bent(summed))
    scores = np.stack(steps) @ weights["outward"] + weights["outward_bias"]
    wanted = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    assert reader(sound) == pytest.approx(wanted, abs=1e-4)


def test_another_encoder_is_refused() -> None:
    kept = arrays()
    reader = SoundReader.parse(kept)
    own = np.asarray(kept["probe"], np.float32)
    assert reader.is_for(np.stack([own, own, own]))
    assert reader.is_for(np.stack([own * 0.99, own + 0.02])), "rounded otherwise"
    assert not reader.is_for(encoded(50))
    assert not reader.is_for(-own[np.newaxis])
    assert not reader.is_for(np.zeros((50, WIDTH), np.float32))
    assert not reader.is_for(encoded(50, WIDTH + 2)), "a larger model"


def test_the_fixed_sound_is_always_the_same() -> None:
    sound = probe()
    assert sound.shape == (16_000,)
    assert sound.dtype == np.float32
    assert 0.2 < float(np.abs(sound).max()) < 0.5
    assert (sound == probe()).all()


def test_files_that_come_along_know_our_sounds_and_their_own_encoder_only() -> None:
    readers = []
    for name in data_files():
        with (
            resources.as_file(resources.files("gateway.speech").joinpath("data", name)) as path,
            np.load(path) as kept,
        ):
            readers.append(SoundReader.parse(kept))
    assert readers
    for reader in readers:
        assert reader.alphabet == ALPHABET
        assert all(np.isfinite(part).all() for part in reader.weights.values())
        own = reader.weights["probe"][np.newaxis]
        assert [other is reader for other in readers] == [other.is_for(own) for other in readers]
        found = reader_for(_encoder_that_says(own))
        assert found is not None
        assert found.weights["outward"] == pytest.approx(reader.weights["outward"])


def _encoder_that_says(output: Floats) -> Callable[[Floats], Floats]:
    return lambda _: output


def test_a_model_that_nobody_has_trained_one_for_has_none() -> None:
    assert reader_for(lambda sound: np.ones((len(sound) // 320, 384), np.float32)) is None
    assert reader_for(lambda sound: np.ones((len(sound) // 320, 5), np.float32)) is None
