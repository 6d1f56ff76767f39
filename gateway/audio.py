"""Sound files in and out: any file that libsndfile reads becomes mono int16 at 16 kHz.

Errors: `AudioError` for every file that can't be read; its text names the file and what is wrong with it.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

RATE: Final = 16_000
"""Hertz: the rate between all packages."""

LONGEST_S: Final = 3600.0
"""A file longer than this is no transmission; reading it would only fill the memory."""

_RATES: Final = (4_000, 400_000)
_BLOCK: Final = 65_536

Samples = npt.NDArray[np.int16]


class AudioError(Exception):
    """A sound file can't be read; the text says which and why."""


def read_audio(path: Path, *, longest_s: float = LONGEST_S) -> Samples:
    """Read WAV, FLAC, MP3 or OGG of any rate and any number of channels.

    Channels are averaged. A file cut short gives what is there.

    Args:
        path: the file.
        longest_s: refuse anything longer.

    Returns:
        Shape (samples,), int16, mono, at `RATE`.

    Raises:
        AudioError: missing, empty, not sound, or too long.
    """
    import soundfile
    import soxr

    try:
        if path.is_dir():
            raise AudioError(f"{path} is a folder, not a sound file")
        if path.stat().st_size == 0:
            raise AudioError(f"{path} is empty (0 bytes)")
        with soundfile.SoundFile(str(path)) as source:
            rate = int(source.samplerate)
            if not _RATES[0] <= rate <= _RATES[1]:
                raise AudioError(f"{path} says that it has {rate} samples a second: that is no speech")
            resample = soxr.ResampleStream(rate, RATE, 1, dtype="float32") if rate != RATE else None
            parts: list[Samples] = []
            read = 0
            while len(block := source.read(_BLOCK, dtype="float32", always_2d=True)):
                read += len(block)
                if read > longest_s * rate:
                    raise AudioError(f"{path} is longer than {longest_s:.0f} s; cut it into single transmissions")
                mono = block.mean(axis=1)
                parts.append(to_int16(resample.resample_chunk(mono) if resample is not None else mono))
            if resample is not None and read:
                parts.append(to_int16(resample.resample_chunk(np.zeros(0, np.float32), last=True)))
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path} is not a sound file that can be read: {error.error_string}") from error
    except OSError as error:
        raise AudioError(f"{path} can't be opened: {error.strerror or error}") from error
    return np.concatenate(parts) if parts else np.zeros(0, np.int16)


def read_pcm(path: Path, *, longest_s: float = LONGEST_S) -> bytes:
    """As `read_audio`, as little-endian bytes.

    Raises:
        AudioError: missing, empty, not sound, or too long.
    """
    return to_pcm(read_audio(path, longest_s=longest_s))


def wav_bytes(pcm: bytes, rate: int = RATE) -> bytes:
    """A whole WAV file around mono int16 little-endian samples; half a sample at the end is left out."""
    out = io.BytesIO()
    with wave.open(out, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(pcm[: len(pcm) & ~1])
    return out.getvalue()


def write_wav(path: Path, pcm: bytes, rate: int = RATE) -> None:
    """Write a WAV file. Not atomic: the recorder has its own way of never leaving half a file.

    Raises:
        OSError: the disk refused.
    """
    path.write_bytes(wav_bytes(pcm, rate))


def to_int16(samples: npt.NDArray[np.float32]) -> Samples:
    """Float samples in [-1, 1] as int16; louder ones are clipped and what is not a number is silence."""
    clean = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    return np.round(np.clip(clean, -1.0, 1.0) * 32767.0).astype(np.int16)


def to_float(pcm: bytes) -> npt.NDArray[np.float32]:
    """Little-endian int16 bytes as float32 in [-1, 1]; half a sample at the end is left out."""
    return np.frombuffer(pcm[: len(pcm) & ~1], dtype="<i2").astype(np.float32) / 32768.0


def to_pcm(samples: Samples) -> bytes:
    """int16 samples as little-endian bytes."""
    return samples.astype("<i2", copy=False).tobytes()


def seconds(pcm: bytes, rate: int = RATE) -> float:
    """Length of mono int16 samples."""
    return len(pcm) // 2 / rate
