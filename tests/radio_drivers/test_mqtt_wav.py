"""WAV files that other programs wrote, cut and whole."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from radio_drivers.mqtt.wav import WavError, read_wav, write_wav

RATE = 16_000


def tone(rate: int = RATE) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    t = np.arange(rate // 2) / rate
    wave_: np.ndarray[tuple[int], np.dtype[np.float64]] = 0.5 * np.sin(2 * np.pi * 700 * t)
    return wave_


@pytest.mark.parametrize(
    ("subtype", "worst"),
    [("PCM_U8", 260), ("PCM_16", 2), ("PCM_24", 1), ("PCM_32", 1), ("FLOAT", 2), ("DOUBLE", 2), ("ULAW", 520), ("ALAW", 520)],
)  # fmt: skip
@pytest.mark.parametrize("container", ["WAV", "WAVEX"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_common_format_that_libsndfile_writes(subtype: str, worst: int, container: str, channels: int) -> None:
    sound = tone(8000)
    file = io.BytesIO()
    soundfile.write(file, np.column_stack([sound] * channels), 8000, subtype, format=container)
    wav = read_wav(file.getvalue())
    assert (wav.rate, wav.missing) == (8000, 0)
    heard = np.frombuffer(wav.pcm, "<i2").astype(float)
    assert len(heard) == len(sound)
    assert np.max(np.abs(heard - sound * 32767)) <= worst


@pytest.mark.parametrize("subtype", ["ULAW", "ALAW"])
def test_every_code_of_g711_as_libsndfile_reads_it(subtype: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(256), 8000, subtype, format="WAV")
    raw = file.getvalue()
    at = raw.index(b"data") + 8
    raw = raw[:at] + bytes(range(256)) + raw[at + 256 :]
    theirs, _ = soundfile.read(io.BytesIO(raw), dtype="int16")
    assert np.array_equal(np.frombuffer(read_wav(raw).pcm, "<i2"), theirs)


def test_stereo_is_averaged() -> None:
    file = io.BytesIO()
    soundfile.write(file, np.column_stack([tone(), -tone()]), RATE, "PCM_16", format="WAV")
    assert np.max(np.abs(np.frombuffer(read_wav(file.getvalue()).pcm, "<i2"))) <= 1


def test_what_we_write_others_read() -> None:
    pcm = (tone() * 32767).astype("<i2").tobytes()
    with wave.open(io.BytesIO(write_wav(pcm, RATE))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        assert file.readframes(RATE) == pcm


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_pipe_that_could_not_write_its_length(size: int) -> None:
    """ffmpeg writes FFFFFFFF to a pipe, others 0; the samples that are there are all of them."""
    wav = read_wav(write_wav(b"", RATE)[:-4] + struct.pack("<I", size) + bytes(100))
    assert (len(wav.pcm), wav.missing) == (100, 0)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "RIFF"),
        (b"OggS" + bytes(40), "RIFF"),
        (write_wav(bytes(4), RATE)[:36], "ends before its samples"),
        (write_wav(bytes(4), RATE)[:30], "its format is cut off"),
        (b"RIFF\x24\0\0\0WAVEdata\x04\0\0\0\0\0\0\0", "samples come before their format"),
        (write_wav(bytes(4), 1), "its rate is 1 Hz"),
        (write_wav(bytes(4), RATE).replace(b"\x01\0\x01\0", b"\x01\0\x09\0", 1), "9 channels"),
        (write_wav(bytes(4), RATE).replace(b"\x01\0\x01\0", b"\x55\0\x01\0", 1), "format 0x0055 with 16 bits"),
    ],
)
def test_what_can_not_be_played_is_named(payload: bytes, reason: str) -> None:
    with pytest.raises(WavError, match=reason):
        read_wav(payload)


@settings(deadline=None)
@given(st.binary(min_size=2, max_size=200), st.integers(4000, 192_000), st.integers(0, 300))
def test_cut_anywhere(pcm: bytes, rate: int, keep: int) -> None:
    pcm = pcm[: len(pcm) // 2 * 2]
    whole = write_wav(pcm, rate)
    assert read_wav(whole).pcm == pcm
    try:
        cut = read_wav(whole[:keep])
    except WavError:
        assert keep < 46
    else:
        assert pcm.startswith(cut.pcm)
        assert cut.missing == max(0, len(whole) - keep)
