"""A recording as trunk-recorder sends it, to samples. Slow for long ones: call it in a thread."""

from __future__ import annotations

import io

import numpy as np

from radio_drivers.interface import RATE
from radio_drivers.mqtt.wav import WavError, looks_like_wav, read_wav

LONGEST_S = 600.0
"""A recording longer than this is no call."""
SHARE = 0.2
"""Bare samples are believed to have a rate when that makes the recording as long as it is said to be, within this."""
RAW_RATES = (8_000, 16_000)
"""What trunk-recorder records at: digital, analogue."""


class SoundError(Exception):
    """It can't be played; the text says why and what to set."""


def read_sound(data: bytes, length_s: float | None) -> tuple[bytes, str]:
    """A recording to mono int16 little-endian at `RATE`.

    Args:
        data: a WAV file, anything else that libsndfile reads (FLAC, OGG, MP3), or bare 16-bit samples.
        length_s: how long it is said to be; bare samples are only believed together with it.

    Returns:
        The samples, and what was wrong with them ("" for nothing).

    Raises:
        SoundError: no sound that we can read.
    """
    if data[4:8] == b"ftyp":
        raise SoundError(
            "it is M4A (AAC), which can't be read here; set the plugin's audio type (mqtt_audio_type) to wav"
        )
    if looks_like_wav(data):
        try:
            wav = read_wav(data)
        except WavError as error:
            return _by_libsndfile(data, f"no WAV that can be played: {error}"), ""
        if wav.seconds > LONGEST_S:
            raise SoundError(f"{wav.seconds:.0f} s are too long, the limit is {LONGEST_S:.0f} s")
        cut = f"cut off: {wav.missing} bytes are missing; the {wav.seconds:.2f} s that came are used"
        return _resampled(wav.pcm, wav.rate), cut if wav.missing else ""
    if data[:4] in {b"fLaC", b"OggS"} or data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] >= b"\xe0"):
        try:
            return _by_libsndfile(data, "no sound file"), ""
        except SoundError:
            if not data.startswith(b"\xff"):  # bare samples may begin with anything
                raise
    return _bare(data, length_s), ""


def _bare(data: bytes, length_s: float | None) -> bytes:
    for rate in RAW_RATES:
        seconds = len(data) / 2 / rate
        if length_s is not None and 0 < seconds <= LONGEST_S and abs(seconds - length_s) <= SHARE * length_s:
            return _resampled(data[: len(data) & ~1], rate)
    raise SoundError(
        "it is no sound file, and as bare samples it has not the length it is said to have; "
        "set the plugin's audio type (mqtt_audio_type) to wav"
    )


def _by_libsndfile(data: bytes, otherwise: str) -> bytes:
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as source:
            rate = int(source.samplerate)
            if not 4_000 <= rate <= 192_000:
                raise SoundError(f"its rate is {rate} Hz")
            block = source.read(int(LONGEST_S * rate) + 1, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: headerless data, for which it wants a rate
        raise SoundError(f"{otherwise} ({error})") from error
    if len(block) > LONGEST_S * rate:
        raise SoundError(f"it is longer than {LONGEST_S:.0f} s")
    if not len(block):
        raise SoundError("there are no samples in it")
    mono = np.clip(np.nan_to_num(block.mean(axis=1)), -1.0, 1.0)
    return _resampled(np.rint(mono * 32767.0).astype("<i2").tobytes(), rate)


def _resampled(pcm: bytes, rate: int) -> bytes:
    if rate == RATE:
        return pcm
    import soxr

    resampled: bytes = soxr.resample(np.frombuffer(pcm, "<i2"), rate, RATE).tobytes()
    return resampled
