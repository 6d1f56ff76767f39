"""Sounds for the tests of signalling."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from radio_drivers.signalling.found import Decoder, Found
from radio_drivers.signalling.listener import Listener, Samples
from radio_drivers.signalling.tones import Wave, silence

RATE = 16_000


def program(name: str) -> str:
    """Path of a Debian program that the tests need."""
    path = shutil.which(name)
    assert path is not None, f"{name} is missing: apt-get install {name} (scripts/test-packages.txt)"
    return path


def sox(*arguments: str) -> Samples:
    """What sox makes, as mono int16 at 16 kHz."""
    command = [program("sox"), *arguments]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(made, "<i2")


def samples(*parts: Wave, level: float = 0.3) -> Samples:
    """Waves one after the other, as a sound card gives them."""
    made: Samples = np.rint(np.concatenate(parts) * level * 32767).astype(np.int16)
    return made


def with_silence(*parts: Wave, level: float = 0.3) -> Samples:
    """The same with some silence around it."""
    return samples(silence(0.2), *parts, silence(0.4), level=level)


def noise(seed: int, seconds: float, rms: float) -> npt.NDArray[np.float32]:
    """White noise in 300-3000 Hz; `rms` of full scale 1."""
    n = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    hertz = np.fft.rfftfreq(n, 1 / RATE)
    spectrum[(hertz < 300) | (hertz > 3000)] = 0
    sound = np.fft.irfft(spectrum, n)
    made: npt.NDArray[np.float32] = (sound * rms / np.sqrt(np.mean(sound**2))).astype(np.float32)
    return made


def plus_noise(clean: Samples, seed: int, snr_db: float) -> Samples:
    """Noise in the band, so far below the loudest 50 ms of the sound."""
    sound = clean.astype(np.float64) / 32768
    blocks = sound[: len(sound) // 800 * 800].reshape(-1, 800)
    level = float(np.sqrt((blocks**2).mean(axis=1).max()))
    both = sound + noise(seed, len(sound) / RATE, level * 10 ** (-snr_db / 20))
    return np.clip(np.rint(both * 32768), -32768, 32767).astype(np.int16)


def spoken(text: str, *options: str) -> Samples:
    """Speech by espeak-ng."""
    wave = subprocess.run([program("espeak-ng"), *options, "--stdout", text], capture_output=True, check=True).stdout
    command = [
        program("sox"),
        "-t",
        "wav",
        "-",
        "-t",
        "raw",
        "-r",
        str(RATE),
        "-e",
        "signed",
        "-b",
        "16",
        "-c",
        "1",
        "-",
    ]
    return np.frombuffer(subprocess.run(command, input=wave, capture_output=True, check=True).stdout, "<i2")


def heard(sound: Samples, *decoders: Decoder, cuts: Sequence[int] = ()) -> tuple[list[Found], Samples]:
    """What decoders find in a sound that comes in the given pieces, and what they leave of it."""
    listener = Listener(decoders)
    found: list[Found] = []
    out = []
    edges = sorted({0, len(sound), *(min(cut, len(sound)) for cut in cuts)})
    for start, end in pairwise(edges):
        piece = listener.hear(sound[start:end])
        found += piece.found
        out.append(piece.samples)
    last = listener.finish()
    return [*found, *last.found], np.concatenate([*out, last.samples])


def raw(path: Path, sound: Samples, rate: int) -> None:
    """Write a sound as raw samples at another rate."""
    import soxr

    path.write_bytes(soxr.resample(sound.astype(np.float32), RATE, rate).round().astype("<i2").tobytes())
