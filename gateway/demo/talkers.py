"""Voices for the people of the demonstration: one synthetic voice, made deeper or higher so that they differ."""

from __future__ import annotations

import zlib

import numpy as np
import soxr

from dispatch.channels.synthesis import Synthesizer

RATE = 16_000
LEVEL = 0.12
"""RMS of speech in full scale: about -18 dBFS, what a radio's limiter leaves."""
PAUSE_S = 0.35
"""People press, breathe, then speak."""


def spoken(voice: Synthesizer, text: str, unit: str, sort: str) -> bytes:
    """A call as one guard says it.

    Args:
        voice: mono int16 little-endian at 16 kHz.
        text: what to say.
        unit: radio unit id; each has its own pitch, the same every time.
        sort: `male` lowers the voice by about a third of an octave.
    """
    samples = np.frombuffer(voice.speak(text), "<i2").astype(np.float32) / 32768
    own = (zlib.crc32(unit.encode()) % 9 - 4) / 100
    pitch = (0.86 if sort == "male" else 1.0) * (1 + own)
    # Played slower than recorded: deeper, and a little slower, as big people are.
    samples = soxr.resample(samples, RATE, RATE / pitch)
    level = float(np.sqrt(np.mean(samples**2))) or 1.0
    pause = np.zeros(int(PAUSE_S * RATE), np.float32)
    whole = np.concatenate([pause, samples * (LEVEL / level), pause])
    pcm: bytes = (np.clip(whole, -1, 1) * 32767).astype("<i2").tobytes()
    return pcm
