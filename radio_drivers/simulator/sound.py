"""What a narrow-band FM voice channel does to sound: its band, its noise, its squelch tail. Pure numpy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from radio_drivers.interface import RATE

Sound = npt.NDArray[np.float64]
"""Samples on the scale of int16."""

FRAME = RATE // 50
"""Samples in one step of a channel: 20 ms."""

FRAME_S = FRAME / RATE

LOW_HZ, HIGH_HZ = 300.0, 3000.0
"""The audio band of a 12.5 kHz land-mobile channel (ETSI EN 300 086, telephony bandwidth)."""

SPEECH_RMS = 3277.0
"""A tenth of full scale: the level of speech that a signal-to-noise ratio refers to."""

TAIL_RMS = 6000.0
"""The burst of noise between the end of a carrier and the closing of the squelch is louder than speech."""

TAPS = 201
SENSITIVE_DBM = -119.0
SENSITIVE_SNR_DB = 12.0
"""A usual receiver gives 12 dB SINAD at -119 dBm."""


def _band() -> Sound:
    """A linear-phase band-pass, windowed sinc (Hamming)."""
    n = np.arange(TAPS) - (TAPS - 1) / 2

    def low_pass(hertz: float) -> Sound:
        taps: Sound = 2 * hertz / RATE * np.sinc(2 * hertz / RATE * n)
        return taps

    band: Sound = (low_pass(HIGH_HZ) - low_pass(LOW_HZ)) * np.hamming(TAPS)
    return band


_BAND = _band()
_NOISE_GAIN = float(np.sqrt(np.sum(_BAND**2)))


class Band:
    """The channel's band-pass over one stream, step by step."""

    def __init__(self) -> None:
        self._before: Sound = np.zeros(TAPS - 1)

    def through(self, sound: Sound) -> Sound:
        """The next samples; as many come out, later by half the filter (6 ms)."""
        padded = np.concatenate([self._before, sound])
        self._before = padded[-(TAPS - 1) :]
        passed: Sound = np.convolve(padded, _BAND, mode="valid")
        return passed


class ReceiverNoise:
    """Noise of a discriminator after de-emphasis: even over the voice band, none outside.

    Args:
        seed: the same seed gives the same noise.
    """

    def __init__(self, seed: int = 0) -> None:
        self._dice = np.random.default_rng(seed)
        self._band = Band()

    def make(self, samples: int, rms: float) -> Sound:
        """The next noise."""
        noise: Sound = self._band.through(self._dice.standard_normal(samples)) * (rms / _NOISE_GAIN)
        return noise


def noise_rms(snr_db: float) -> float:
    """Level of the noise under speech of `SPEECH_RMS`."""
    level: float = SPEECH_RMS * 10.0 ** (-snr_db / 20.0)
    return level


def strength_dbm(snr_db: float) -> float:
    """What a base station would report for such a signal."""
    return round(SENSITIVE_DBM + snr_db - SENSITIVE_SNR_DB, 1)


def to_sound(pcm: bytes) -> Sound:
    """Mono int16 little-endian to samples."""
    sound: Sound = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float64)
    return sound


def to_pcm(sound: Sound) -> bytes:
    """Samples to mono int16 little-endian, limited at full scale."""
    pcm: bytes = np.clip(np.rint(sound), -32768, 32767).astype("<i2").tobytes()
    return pcm
