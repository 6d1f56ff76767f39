"""A call's audio file to samples: WAV by our own reader, MP3, OGG (Vorbis, Opus) and FLAC by libsndfile, M4A and AAC by ffmpeg.

The format is told by the first bytes, not by name or type: recorders send `application/octet-stream`. M4A is what
trunk-recorder makes (`compressWav`); libsndfile has no AAC, so ffmpeg must be installed for it. It is started for each
such call, with the container named (so that no playlist is ever followed), one thread, and limits on time and size.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from radio_drivers.interface import RATE
from radio_drivers.mqtt.wav import WavError, looks_like_wav, read_wav

FFMPEG_S = 30.0
"""Seconds for ffmpeg: it decodes ten minutes of AAC in about one."""

BLOCK = 65_536
"""Frames read at a time."""

WAV_WHOLE = 4_000_000
"""Bytes of a WAV that our own reader takes: it forgives more than libsndfile, but needs the whole of it in memory, many
times over. Two minutes at 16 kHz; longer ones are read in pieces."""

FFMPEG_ALLOC = 256 * 1024 * 1024
"""Bytes that ffmpeg may take in one piece."""


class SoundError(Exception):
    """The audio can't be played; the text says why, and what to do where something can be done."""


def ffmpeg_format(audio: bytes) -> str | None:
    """The name that ffmpeg has for this container, when libsndfile can't read it."""
    if audio[4:8] == b"ftyp":
        return "mov"
    if len(audio) >= 2 and audio[0] == 0xFF and audio[1] & 0xF6 == 0xF0:  # ADTS: 12 bits of sync, layer 0
        return "aac"
    return None


async def decode(
    audio: bytes, longest_s: float, *, find: Callable[[str], str | None] = shutil.which, limit_s: float = FFMPEG_S
) -> bytes:
    """Mono int16 samples at `RATE`. Works in a thread or in another process.

    Args:
        audio: the file.
        longest_s: longer calls are refused.
        find: finds programs.
        limit_s: for ffmpeg.

    Raises:
        SoundError
    """
    kind = ffmpeg_format(audio)
    if kind is None:
        return await asyncio.to_thread(read_sound, audio, longest_s)
    program = await asyncio.to_thread(find, "ffmpeg")
    if program is None:
        raise SoundError(
            "it is AAC (M4A), and ffmpeg is not installed here. apt-get install ffmpeg, or let the recorder send WAV or "
            'MP3 (trunk-recorder: "compressWav": false)'
        )
    folder = await asyncio.to_thread(tempfile.TemporaryDirectory, prefix="huecry-upload-")
    try:
        path = Path(folder.name) / "call"
        await asyncio.to_thread(path.write_bytes, audio)
        return await _ffmpeg(program, kind, path, longest_s, limit_s)
    finally:
        await asyncio.to_thread(folder.cleanup)


def read_sound(audio: bytes, longest_s: float) -> bytes:
    """What needs no other program.

    Raises:
        SoundError
    """
    if looks_like_wav(audio) and len(audio) <= WAV_WHOLE:
        return _read_wav(audio, longest_s)
    pieces: list[bytes] = []
    try:
        with soundfile.SoundFile(io.BytesIO(audio)) as source:
            rate = int(source.samplerate)
            if not 4_000 <= rate <= 192_000 or source.channels > 8:
                raise SoundError(f"it has {rate} Hz and {source.channels} channels")
            resample = soxr.ResampleStream(rate, RATE, 1, dtype="float32") if rate != RATE else None
            frames = 0
            while len(block := source.read(BLOCK, dtype="float32", always_2d=True)):
                frames += len(block)
                if frames > longest_s * rate:
                    raise SoundError(_too_long(longest_s))
                mono = np.nan_to_num(block.mean(axis=1), posinf=1.0, neginf=-1.0)
                pieces.append(_int16(mono if resample is None else resample.resample_chunk(mono)))
            if resample is not None and frames:
                pieces.append(_int16(resample.resample_chunk(np.zeros(0, np.float32), last=True)))
    except (soundfile.SoundFileError, RuntimeError, OSError) as error:
        raise SoundError("it is neither WAV, MP3, OGG, FLAC nor M4A, or it is damaged") from error
    if not any(pieces):
        raise SoundError("it holds no samples")
    return b"".join(pieces)


def _read_wav(audio: bytes, longest_s: float) -> bytes:
    try:
        wav = read_wav(audio)
    except WavError as error:
        raise SoundError(f"it is no WAV that can be played: {error}") from error
    if wav.seconds > longest_s:
        raise SoundError(_too_long(longest_s))
    if wav.rate == RATE:
        return wav.pcm
    resampled: bytes = soxr.resample(np.frombuffer(wav.pcm, "<i2"), wav.rate, RATE).astype("<i2").tobytes()
    return resampled


def _int16(samples: npt.NDArray[np.float32]) -> bytes:
    pcm: bytes = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
    return pcm


def _too_long(longest_s: float) -> str:
    return f"it is longer than {longest_s:g} s (longest_s)"


async def _ffmpeg(program: str, kind: str, path: Path, longest_s: float, limit_s: float) -> bytes:
    most = int(longest_s * RATE) * 2
    words = [
        *("-nostdin", "-hide_banner", "-v", "error", "-max_alloc", str(FFMPEG_ALLOC), "-threads", "1"),
        *("-protocol_whitelist", "file", "-f", kind, "-i", str(path), "-map", "0:a:0", "-vn", "-sn", "-dn"),
        *("-t", f"{longest_s + 1:g}", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1"),
    ]
    process = await asyncio.create_subprocess_exec(
        program,
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    pcm = bytearray()
    try:
        async with asyncio.timeout(limit_s):
            while process.stdout is not None and (piece := await process.stdout.read(BLOCK)):
                pcm += piece
                if len(pcm) > most:
                    raise SoundError(_too_long(longest_s))
            code = await process.wait()
    except TimeoutError:
        raise SoundError(f"ffmpeg was not done within {limit_s:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code != 0 or not pcm:
        raise SoundError("ffmpeg can't play it: it is damaged, or holds no sound")
    return bytes(pcm[: len(pcm) & ~1])
