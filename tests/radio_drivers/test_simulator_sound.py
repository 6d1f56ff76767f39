"""The channel's noise and band, measured."""

from __future__ import annotations

import numpy as np
import pytest

from radio_drivers.interface import RATE
from radio_drivers.simulator.sound import (
    FRAME,
    SPEECH_RMS,
    Band,
    ReceiverNoise,
    Sound,
    noise_rms,
    strength_dbm,
    to_pcm,
    to_sound,
)

SECONDS = 4


def rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def in_steps(make: ReceiverNoise, level: float) -> Sound:
    return np.concatenate([make.make(FRAME, level) for _ in range(SECONDS * RATE // FRAME)])


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 25.0])
def test_noise_has_the_level_that_was_asked_for(snr_db: float) -> None:
    noise = in_steps(ReceiverNoise(seed=7), noise_rms(snr_db))
    assert 20 * np.log10(SPEECH_RMS / rms(noise[RATE:])) == pytest.approx(snr_db, abs=0.3)


def test_noise_lies_in_the_voice_band_and_is_even_there() -> None:
    noise = in_steps(ReceiverNoise(seed=7), 1000.0)
    power = np.abs(np.fft.rfft(noise)) ** 2
    hertz = np.fft.rfftfreq(len(noise), 1 / RATE)

    def share(low: float, high: float) -> float:
        return float(power[(hertz >= low) & (hertz < high)].sum() / power.sum())

    assert share(300, 3000) > 0.97
    assert share(0, 150) < 0.005
    assert share(3300, 8000) < 0.005
    assert share(500, 1500) == pytest.approx(share(1500, 2500), rel=0.1)


@pytest.mark.parametrize(("hertz", "gain"), [(100, 0.0), (1000, 1.0), (2500, 1.0), (4000, 0.0)])
def test_the_band_passes_speech_and_nothing_else(hertz: float, gain: float) -> None:
    tone: Sound = 8000 * np.sin(2 * np.pi * hertz * np.arange(RATE) / RATE)
    band = Band()
    passed = np.concatenate([band.through(tone[at : at + FRAME]) for at in range(0, RATE, FRAME)])
    assert rms(passed[2000:]) / rms(tone) == pytest.approx(gain, abs=0.03)
    at_once = Band().through(tone)
    assert np.allclose(passed, at_once)  # no seams between the steps


def test_the_same_seed_is_the_same_noise() -> None:
    one, two, other = (ReceiverNoise(seed).make(FRAME, 100.0) for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_samples_go_there_and_back_and_stop_at_full_scale() -> None:
    pcm = bytes(range(256))
    assert to_pcm(to_sound(pcm)) == pcm
    assert to_pcm(np.array([1e9, -1e9])) == b"\xff\x7f\x00\x80"
    assert strength_dbm(12) == -119.0
