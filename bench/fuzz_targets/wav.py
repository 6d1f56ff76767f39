"""Fuzz target: any file that may be a WAV."""

from __future__ import annotations

import struct

from radio_drivers.mqtt.wav import FLOAT, MU_LAW, PCM, WavError, read_wav, write_wav


def _wav(tag: int, channels: int, rate: int, bits: int, data: bytes) -> bytes:
    block = channels * bits // 8
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, rate * block, block, bits)
    body = head + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI4s", b"RIFF", 4 + len(body), b"WAVE") + body


SEEDS = (
    write_wav(bytes(64), 16_000),
    _wav(PCM, 2, 48_000, 24, bytes(range(48))),
    _wav(PCM, 1, 8_000, 8, bytes(range(32))),
    _wav(FLOAT, 1, 44_100, 32, struct.pack("<8f", 0, 1, -1, 2, float("nan"), float("inf"), -0.5, 0.5)),
    _wav(MU_LAW, 1, 8_000, 8, bytes(range(64))),
    write_wav(b"", 16_000)[:40],
)


def one_input(data: bytes) -> None:
    """It is read as sound of no more samples than it has bytes, or refused."""
    try:
        wav = read_wav(data)
    except WavError:
        return
    if not wav.pcm or len(wav.pcm) % 2 or len(wav.pcm) > 2 * len(data):
        raise AssertionError(f"{len(wav.pcm)} bytes of sound in a file of {len(data)}")
    if not 4_000 <= wav.rate <= 192_000 or wav.missing < 0:
        raise AssertionError(f"{wav.rate} Hz, {wav.missing} missing")
    again = read_wav(write_wav(wav.pcm, wav.rate))
    if (again.pcm, again.rate, again.missing) != (wav.pcm, wav.rate, 0):
        raise AssertionError("what we write isn't what we read")
