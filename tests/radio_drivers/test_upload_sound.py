"""Audio of every format that recorders send, decoded by the real libraries and the real ffmpeg."""

from __future__ import annotations

import asyncio
import io
import subprocess
import time
import tracemalloc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from radio_drivers.interface import RATE
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.upload.sound import SoundError, decode, ffmpeg_format


def tone(seconds: float = 2.0, rate: int = 8_000) -> npt.NDArray[np.float32]:
    return (0.3 * np.sin(2 * np.pi * 700 * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


def encoded(kind: str, subtype: str | None = None, rate: int = 8_000, seconds: float = 2.0) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, tone(seconds, rate), rate, format=kind, subtype=subtype)
    return out.getvalue()


def m4a(folder: Path, *more: str, seconds: float = 2.0, name: str = "call.m4a") -> bytes:
    """As trunk-recorder makes it: ffmpeg, AAC, the index at the end."""
    source = folder / "source.wav"
    source.write_bytes(encoded("WAV", seconds=seconds))
    words = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-c:a", "aac", "-b:a", "32k", *more, str(folder / name)]
    subprocess.run(words, check=True, timeout=30)
    return (folder / name).read_bytes()


def heard(pcm: bytes, seconds: float = 2.0) -> None:
    """It is the tone, and as long (codecs may add a frame or two)."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    assert abs(len(samples) / RATE - seconds) < 0.2
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert abs(int(np.argmax(spectrum)) * RATE / len(middle) - 700) < 5
    assert 5_000 < np.max(np.abs(middle)) < 14_000


@pytest.mark.parametrize(
    ("kind", "subtype", "rate"),
    [
        ("WAV", "PCM_16", 8_000),
        ("WAV", "PCM_16", 16_000),
        ("WAV", "ULAW", 8_000),
        ("MP3", None, 8_000),
        ("MP3", None, 44_100),
        ("OGG", "VORBIS", 16_000),
        ("OGG", "OPUS", 16_000),
        ("FLAC", "PCM_16", 8_000),
    ],
)
async def test_formats_of_libsndfile(kind: str, subtype: str | None, rate: int) -> None:
    heard(await decode(await asyncio.to_thread(encoded, kind, subtype, rate), 60.0))


async def test_m4a_as_trunk_recorder_makes_it(tmp_path: Path) -> None:
    audio = await asyncio.to_thread(m4a, tmp_path)
    assert ffmpeg_format(audio) == "mov"
    heard(await decode(audio, 60.0))


async def test_m4a_with_the_index_in_front_and_bare_aac(tmp_path: Path) -> None:
    heard(await decode(await asyncio.to_thread(m4a, tmp_path, "-movflags", "+faststart"), 60.0))
    bare = await asyncio.to_thread(m4a, tmp_path, name="call.aac")
    assert ffmpeg_format(bare) == "aac"
    heard(await decode(bare, 60.0))


async def test_without_ffmpeg_the_answer_says_what_to_do() -> None:
    with pytest.raises(SoundError, match=r"apt-get install ffmpeg.*compressWav"):
        await decode(b"\0\0\0\x20ftypM4A " + bytes(100), 60.0, find=lambda _: None)


@pytest.mark.parametrize("kind", ["WAV", "MP3", "FLAC"])
async def test_a_call_that_is_too_long_is_refused(kind: str) -> None:
    with pytest.raises(SoundError, match="longest_s"):
        await decode(await asyncio.to_thread(encoded, kind), 1.0)


async def test_a_long_m4a_is_refused_without_decoding_all_of_it(tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="longest_s"):
        await decode(await asyncio.to_thread(m4a, tmp_path, seconds=30.0), 1.0)


async def test_an_ffmpeg_that_hangs_is_ended(tmp_path: Path) -> None:
    """A program in its place that never ends: it is gone afterwards, and so is the folder with the audio."""
    lazy, note = tmp_path / "ffmpeg", tmp_path / "pid"
    lazy.write_text(f'#!/bin/sh\necho $$ "$@" > {note}\nexec sleep 600\n')
    lazy.chmod(0o755)
    with pytest.raises(SoundError, match="not done within"):
        await decode(b"\0\0\0\x20ftypM4A " + bytes(100), 60.0, find=lambda _: str(lazy), limit_s=0.5)
    pid, *words = note.read_text().split()
    audio = Path(words[words.index("-i") + 1])
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert not Path(f"/proc/{pid}").exists()
    assert not audio.parent.exists()


@pytest.mark.parametrize(
    "audio",
    [
        b"<html>no sound at all" * 10,
        b"RIFF\x24\0\0\0WAVE" + bytes(60),
        b"ID3\x04\0\0\0\0\0\0" + bytes(100),
        b"OggS" + bytes(100),
        b"fLaC" + bytes(100),
        b"\0\0\0\x20ftypM4A " + bytes(100),
        b"\xff\xf1" + bytes(100),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
        bytes(100),
    ],
)
async def test_what_is_no_sound_is_an_error(audio: bytes) -> None:
    with pytest.raises(SoundError):
        await decode(audio, 60.0)


async def test_a_wav_that_broke_off_gives_what_is_there() -> None:
    whole = await asyncio.to_thread(write_wav, bytes(32_000), RATE)
    assert len(await decode(whole[:-10_000], 60.0)) == 22_000


async def test_a_long_wav_is_read_in_pieces() -> None:
    audio = await asyncio.to_thread(encoded, "WAV", "PCM_16", 48_000, 60.0)  # 5.8 MB
    heard(await decode(audio, 90.0), 60.0)
    with pytest.raises(SoundError, match="longest_s"):
        await decode(audio, 30.0)


@pytest.mark.parametrize(("kind", "seconds"), [("FLAC", 150.0), ("OGG", 40.0)])
async def test_a_small_file_that_unpacks_to_much_needs_little_memory(kind: str, seconds: float) -> None:
    """Silence packs a thousandfold: ten minutes at 192 kHz are half a gigabyte as they are read."""

    def packed() -> bytes:
        out = io.BytesIO()
        with soundfile.SoundFile(out, "w", 192_000, 1, format=kind) as target:
            for _ in range(int(seconds)):
                target.write(np.zeros(192_000, np.float32))
        return out.getvalue()

    audio = await asyncio.to_thread(packed)
    assert len(audio) < 3_000_000
    tracemalloc.start()
    try:
        pcm = await decode(audio, 600.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert abs(len(pcm) / 2 / RATE - seconds) < 0.1
    assert peak < 4 * len(pcm) + 20_000_000
