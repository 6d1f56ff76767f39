"""What goes on the air: an attention tone and speech, put together for a narrow-band radio channel.

A land-mobile channel passes 300-3000 Hz. What lies outside only eats into the deviation limiter's headroom, so it is
cut here; and the level is set by its peak, about 6 dB below full scale, so that no base station's input clips.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

with warnings.catch_warnings():
    # At its first import pydub warns of its own old-fashioned escapes, and of a missing ffmpeg that nothing here needs.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment
    from pydub.effects import normalize
    from pydub.generators import Sine

RATE = 16_000
"""Hertz; mono signed 16-bit little-endian, as everywhere between the packages."""
LOW_HZ, HIGH_HZ = 300.0, 3000.0
PEAK_BELOW_FULL_DB = 6.0
LIFT_AROUND_HZ = 1000.0
_DB_OF_A_DOUBLING = 20 * math.log10(2)
_EDGE_HZ = 60.0
"""Width of the filter's slopes: steeper would ring."""
_PAUSE_WINDOW = RATE // 10
_TONE_LEVEL_DB = -9.0
"""Of full scale: below the speech's peaks, since a steady tone sounds louder than speech of the same peak."""


class Tone(StrEnum):
    """What listeners hear first, so that they know what is coming before the first word."""

    NORMAL = "normal"
    """Two notes, rising."""
    URGENT = "urgent"
    """Six quick alternating notes."""
    ENDING = "ending"
    """Two notes, falling: something is withdrawn or over."""


NOTES: dict[Tone, tuple[tuple[float, int], ...]] = {
    Tone.NORMAL: ((880.0, 150), (1320.0, 200)),
    Tone.URGENT: ((1000.0, 90), (1600.0, 90)) * 3,
    Tone.ENDING: ((1320.0, 150), (880.0, 200)),
}
"""Hertz and milliseconds. All inside the voice band, and none near 1750 Hz, which opens some repeaters."""


@dataclass(frozen=True, slots=True)
class VoiceSettings:
    """How announcements sound. `engine` is one of `synthesis.ENGINES`, or `auto`; `url` goes before it."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    engine: str = "auto"
    url: str | None = None
    """Address of a voice on another machine that speaks the Wyoming protocol, as `tcp://host:10200` (or `unix:///path`).
    When it fails, `engine` says the very same announcement; it gets its turn back when it returns. `speed` is not known there."""
    url_voice: str | None = None
    """Which of its voices the one at `url` shall use, by its own name. None: it chooses."""
    url_time_out_s: float = 10.0
    """An announcement that the voice at `url` hasn't spoken by then is spoken by `engine`."""
    tone: bool = True
    speed: float = 1.0
    """1 is the voice's own pace; 0.9 is a little slower."""
    max_s: float = 20.0
    """Longest announcement, tone included. Well below the radio's time-out."""
    repeats: int = 0
    """How often an urgent announcement is said again in the same transmission, room allowing: 0-2."""
    clarity_db: float = 3.0
    """Decibels an octave by which consonants are lifted over vowels, 0-6. 0 leaves the voice as it is."""

    def __post_init__(self) -> None:
        if not 1.0 <= self.url_time_out_s <= 60.0:
            raise ValueError(f"url_time_out_s is {self.url_time_out_s:g}; 1 to 60 works")
        if not 0.5 <= self.speed <= 2.0:
            raise ValueError(f"speed is {self.speed:g}; 0.5 to 2.0 works")
        if not 3.0 <= self.max_s <= 60.0:
            raise ValueError(f"max_s is {self.max_s:g}; 3 to 60 works")
        if not 0 <= self.repeats <= 2:
            raise ValueError(f"repeats is {self.repeats}; 0, 1 or 2 works")
        if not 0.0 <= self.clarity_db <= 6.0:
            raise ValueError(f"clarity_db is {self.clarity_db:g}; 0 to 6 works")


@dataclass(frozen=True, slots=True)
class Announcement:
    """Ready to be keyed: mono int16 little-endian at `RATE`."""

    pcm: bytes
    seconds: float
    cut: bool
    """The speech was longer than allowed and ends at a pause before its end."""


def compose(parts: tuple[bytes, ...], tone: Tone, settings: VoiceSettings) -> Announcement:
    """Tone, pause, speech.

    Args:
        parts: pieces of speech, said one after the other with a pause between; mono int16 little-endian at `RATE`.
        tone: which attention tone, if tones are on.
        settings: tone on or off, longest announcement, repeats of urgent ones.

    Returns:
        Band-limited and levelled. The tone is given up before speech is cut.
    """
    pause = AudioSegment.silent(180, frame_rate=RATE)
    spoken = AudioSegment.empty().set_frame_rate(RATE)
    for index, part in enumerate(one for one in parts if one):
        spoken = (spoken + pause if index else spoken) + _segment(band_limited(part, settings.clarity_db))
    head = attention(tone) + pause if settings.tone else AudioSegment.empty()
    longest_ms = settings.max_s * 1000
    if len(spoken) and len(head) + len(spoken) > longest_ms:
        head = AudioSegment.empty()
    cut = len(spoken) > longest_ms
    if cut:
        pcm = cut_at_pause(spoken.raw_data, int(settings.max_s * RATE))
        spoken = _segment(pcm).fade_out(20)
    # Not by `normalize` of the whole: the tone's level relates to the speech's.
    voice = normalize(spoken, headroom=PEAK_BELOW_FULL_DB) if len(spoken) else spoken
    whole = head + voice
    if tone is Tone.URGENT:
        for _ in range(settings.repeats):
            if len(whole) + len(pause) + len(voice) <= longest_ms:
                whole = whole + pause + voice
    pcm = whole.set_channels(1).set_frame_rate(RATE).set_sample_width(2).raw_data
    return Announcement(pcm, len(pcm) / 2 / RATE, cut)


@lru_cache(maxsize=len(Tone))
def attention(tone: Tone) -> AudioSegment:
    """The notes of a tone, each faded in and out so that it does not click."""
    whole = AudioSegment.empty().set_frame_rate(RATE)
    for hertz, ms in NOTES[tone]:
        note = Sine(hertz, sample_rate=RATE).to_audio_segment(duration=ms, volume=_TONE_LEVEL_DB)
        whole += note.fade_in(8).fade_out(8)
    return whole


def band_limited(pcm: bytes, lift_db: float = 0.0) -> bytes:
    """Only what a radio channel passes, its upper end lifted, without shifting anything in time.

    Noise after FM demodulation rises with frequency and buries consonants first. Lifted by 3 dB an octave, announcements
    through `fm_fair` were written back with fewer wrong words (docs/telling.md has the figures).

    In the frequency domain: pydub's own filters run sample by sample in Python, a second of work for ten of speech.
    """
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    if not len(samples):
        return b""
    # Padded: a filter in the frequency domain wraps round, and the end must not ring into the beginning.
    spectrum = np.fft.rfft(samples, _good_length(len(samples) + RATE // 10))
    hertz = np.fft.rfftfreq(2 * (len(spectrum) - 1), 1 / RATE)
    rise = np.clip((hertz - (LOW_HZ - _EDGE_HZ)) / _EDGE_HZ, 0, 1)
    fall = np.clip(((HIGH_HZ + _EDGE_HZ) - hertz) / _EDGE_HZ, 0, 1)
    lift = np.clip(hertz, LOW_HZ, HIGH_HZ) / LIFT_AROUND_HZ
    passed = lift ** (lift_db / _DB_OF_A_DOUBLING) * np.sin(rise * np.pi / 2) ** 2 * np.sin(fall * np.pi / 2) ** 2
    filtered = np.fft.irfft(spectrum * passed)[: len(samples)]
    loudest = np.max(np.abs(filtered))
    if loudest > 32767:  # lifted beyond full scale: lower it all rather than clip
        filtered *= 32767 / loudest
    return _int16(filtered).tobytes()


def cut_at_pause(pcm: bytes, most: int) -> bytes:
    """The first `most` samples at the longest, ended at the quietest tenth of a second in their last third."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    if len(samples) <= most:
        return pcm
    start = most * 2 // 3
    if most - start < _PAUSE_WINDOW:
        return pcm[: most * 2]
    power = np.convolve(np.square(samples[start:most]), np.ones(_PAUSE_WINDOW), mode="valid")
    end = start + int(np.argmin(power)) + _PAUSE_WINDOW // 2
    return pcm[: end * 2]


def _good_length(n: int) -> int:
    """The next length that a Fourier transform is quick at: 2^a, 3 * 2^a or 5 * 2^a."""
    return min(factor << max(0, math.ceil(math.log2(n / factor))) for factor in (2, 6, 10))


def _int16(samples: npt.NDArray[np.float64]) -> npt.NDArray[np.int16]:
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2")


def _segment(pcm: bytes) -> AudioSegment:
    return AudioSegment(data=pcm, sample_width=2, frame_rate=RATE, channels=1)
