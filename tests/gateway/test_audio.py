"""Any sound file becomes mono int16 at 16 kHz, or a clear error."""

from __future__ import annotations

import contextlib
import io
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from gateway.audio import AudioError, read_audio, read_pcm, seconds, to_float, to_int16, to_pcm, wav_bytes, write_wav


def tone(rate: int, length_s: float = 1.0, hertz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(int(rate * length_s)) / rate)).astype(np.float32)


def loudest(samples: np.ndarray) -> float:
    """Hertz of the strongest frequency."""
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float64)))
    return float(np.argmax(spectrum) * 16_000 / len(samples))


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3", "OGG"])
def test_formats_and_rates(tmp_path: Path, kind: str, rate: int) -> None:
    path = tmp_path / f"tone.{kind.lower()}"
    soundfile.write(path, np.stack([tone(rate), tone(rate)], axis=1), rate, format=kind)
    samples = read_audio(path)
    assert samples.dtype == np.int16
    assert samples.ndim == 1
    assert abs(len(samples) / 16_000 - 1.0) < 0.08
    assert abs(loudest(samples) - 440) < 3
    assert 12_000 < np.abs(samples[2000:-2000]).max() < 20_000


def test_channels_are_averaged(tmp_path: Path) -> None:
    left = tone(16_000)
    soundfile.write(tmp_path / "two.wav", np.stack([left, np.zeros_like(left)], axis=1), 16_000)
    both = read_audio(tmp_path / "two.wav")
    assert np.abs(both).max() == pytest.approx(0.25 * 32767, rel=0.01)


def test_long_files_are_resampled_without_seams(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.wav", tone(48_000, 5.0), 48_000)
    samples = read_audio(tmp_path / "long.wav").astype(np.float64)
    assert len(samples) == 80_000
    expected = 0.5 * 32767 * np.sin(2 * np.pi * 440 * np.arange(80_000) / 16_000)
    assert np.abs(samples - expected)[500:-500].max() < 60


def test_float_files_with_nonsense_in_them(tmp_path: Path) -> None:
    odd = np.array([0.0, np.nan, np.inf, -np.inf, 9.0, -9.0] * 100, np.float32)
    soundfile.write(tmp_path / "odd.wav", odd, 16_000, subtype="FLOAT")
    assert list(read_audio(tmp_path / "odd.wav")[:6]) == [0, 0, 32767, -32767, 32767, -32767]


def test_a_truncated_wav_gives_what_is_there(tmp_path: Path) -> None:
    whole = wav_bytes(to_pcm(to_int16(tone(16_000))))
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2 + 1])
    assert 7_000 < len(read_audio(tmp_path / "cut.wav")) < 9_000


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"RIFF", "not a sound file"),
        (b"\x00" * 5000, "not a sound file"),
        (b"<html>no</html>", "not a sound file"),
        (b"\x7fELF" + bytes(100), "not a sound file"),
    ],
)
def test_what_is_no_sound(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "thing.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=says) as error:
        read_audio(path)
    assert "thing.wav" in str(error.value)


def test_a_rate_that_no_recorder_has(tmp_path: Path) -> None:
    (tmp_path / "slow.wav").write_bytes(wav_bytes(bytes(20_000), rate=7))
    with pytest.raises(AudioError, match="7 samples a second"):
        read_audio(tmp_path / "slow.wav")


def test_missing_folder_and_too_long(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="can't be opened: No such file"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="is a folder"):
        read_audio(tmp_path)
    write_wav(tmp_path / "long.wav", bytes(32_000 * 11))
    with pytest.raises(AudioError, match="longer than 10 s"):
        read_pcm(tmp_path / "long.wav", longest_s=10)


@given(st.binary(max_size=2000))
def test_any_bytes_are_sound_or_an_audio_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("audio") / "x.wav"
    path.write_bytes(content)
    with contextlib.suppress(AudioError):
        read_audio(path)


@given(st.binary(max_size=500))
def test_wav_and_back(tmp_path_factory: pytest.TempPathFactory, pcm: bytes) -> None:
    path = tmp_path_factory.mktemp("wav") / "x.wav"
    write_wav(path, pcm)
    whole = pcm[: len(pcm) & ~1]
    with wave.open(io.BytesIO(path.read_bytes())) as source:
        assert (source.getframerate(), source.getnchannels(), source.getsampwidth()) == (16_000, 1, 2)
        assert source.readframes(source.getnframes()) == whole
    assert seconds(pcm) == len(whole) / 32_000
    assert to_float(pcm).shape == (len(whole) // 2,)
    back = np.frombuffer(read_pcm(path), "<i2").astype(int)
    assert np.abs(back - np.frombuffer(whole, "<i2").astype(int)).max(initial=0) <= 1
