"""Makes radio of clean speech: the band of a voice channel, its noise, a breath before and after."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

import numpy as np

from radio_drivers.interface import RATE
from radio_drivers.simulator.sound import SPEECH_RMS, TAPS, Band, ReceiverNoise, noise_rms, to_pcm, to_sound

BREATH_S = 0.4
"""People press talk, then speak; and let go a little late."""


class Quality(StrEnum):
    """How good the radio channel is that a drill goes through."""

    CLEAR = "clear"
    """Only the band of 300 to 3000 Hz."""
    GOOD = "good"
    """Noise 20 dB below speech: a handheld in the street."""
    FAIR = "fair"
    """12 dB: inside a shop, some way from the base station."""
    POOR = "poor"
    """6 dB: a cellar, or the edge of town."""

    @property
    def snr_db(self) -> float | None:
        """Speech to noise in the voice band; None without noise."""
        match self:
            case Quality.CLEAR:
                return None
            case Quality.GOOD:
                return 20.0
            case Quality.FAIR:
                return 12.0
            case Quality.POOR:
                return 6.0
            case _:
                assert_never(self)


def over_the_radio(pcm: bytes, quality: Quality, seed: int) -> bytes:
    """Speech as a receiver gives it.

    Args:
        pcm: mono int16 little-endian at 16 kHz.
        quality: of the channel.
        seed: the same seed gives the same noise.

    Returns:
        The same format, longer by a breath at either end.
    """
    speech = to_sound(pcm)
    loudness = float(np.sqrt(np.mean(speech**2))) if speech.size else 0.0
    if loudness > 0:
        speech *= SPEECH_RMS / loudness
    breath = np.zeros(round(BREATH_S * RATE))
    heard = Band().through(np.concatenate([breath, speech, breath, np.zeros(TAPS // 2)]))
    if quality.snr_db is not None:
        heard += ReceiverNoise(seed).make(heard.size, noise_rms(quality.snr_db))
    return to_pcm(heard)
