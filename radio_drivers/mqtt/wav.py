"""WAV files in memory: read whatever a base station writes, write what any program reads. Pure.

    "RIFF" size "WAVE" { id size bytes [pad] }...      all numbers little-endian; a chunk of odd size is padded to even
    "fmt " format channels rate bytes/s block bits [extension]
    "data" samples

Read: PCM of 8 (unsigned), 16, 24 and 32 bits, float of 32 and 64 bits, A-law and mu-law (ITU-T G.711), plain or
as WAVE_FORMAT_EXTENSIBLE; 1 to 8 channels, 4 to 192 kHz. A data chunk that says it is longer than the file is what a
lost connection leaves: what is there is used. Sizes 0 and FFFFFFFF are what programs write that can't seek back (pipes).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 0x0001, 0x0003, 0x0006, 0x0007, 0xFFFE
"""Format tags (Microsoft, mmreg.h)."""

UNKNOWN_SIZES = (0, 0xFFFFFFFF)


class WavError(Exception):
    """This is not a WAV file that we can play; the text says why."""


@dataclass(frozen=True, slots=True)
class Wav:
    """Sound read from a file."""

    rate: int
    """Hertz."""
    pcm: bytes
    """Mono int16 little-endian; channels are averaged."""
    missing: int = 0
    """Bytes that the header promised and that are not there."""

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.pcm) / 2 / self.rate


@dataclass(frozen=True, slots=True)
class _Format:
    tag: int
    channels: int
    rate: int
    bits: int


def looks_like_wav(payload: bytes) -> bool:
    """It begins as a WAV file does."""
    return len(payload) >= 12 and payload[:4] == b"RIFF" and payload[8:12] == b"WAVE"


def read_wav(payload: bytes) -> Wav:
    """Read a whole file.

    Raises:
        WavError: not a WAV, a format that is not listed above, or no samples at all.
    """
    if not looks_like_wav(payload):
        raise WavError("it does not begin with RIFF and WAVE")
    fmt: _Format | None = None
    at = 12
    while at + 8 <= len(payload):
        name, size = payload[at : at + 4], struct.unpack_from("<I", payload, at + 4)[0]
        body = at + 8
        if name == b"fmt ":
            fmt = _read_format(payload[body : body + min(size, 64)])
        elif name == b"data":
            if fmt is None:
                raise WavError("its samples come before their format")
            there = len(payload) - body
            promised = there if size in UNKNOWN_SIZES else size
            data = payload[body : body + min(promised, there)]
            wav = Wav(fmt.rate, _to_mono_int16(data, fmt), max(0, promised - there))
            if not wav.pcm:
                raise WavError("it holds no samples")
            return wav
        at = body + size + (size & 1)
    raise WavError("it ends before its samples begin")


def write_wav(pcm: bytes, rate: int) -> bytes:
    """A WAV file around mono int16 samples."""
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16, PCM, 1, rate, rate * 2, 2, 16, b"data", len(pcm))  # fmt: skip
    return header + pcm


def _read_format(body: bytes) -> _Format:
    if len(body) < 16:
        raise WavError("its format is cut off")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == EXTENSIBLE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]  # the sub-format's GUID begins with the plain tag
    if not 1 <= channels <= 8:
        raise WavError(f"it has {channels} channels")
    if not 4_000 <= rate <= 192_000:
        raise WavError(f"its rate is {rate} Hz")
    known = {PCM: (8, 16, 24, 32), FLOAT: (32, 64), A_LAW: (8,), MU_LAW: (8,)}
    if bits not in known.get(tag, ()):
        raise WavError(f"its samples have format {tag:#06x} with {bits} bits; send 16-bit PCM")
    return _Format(tag, channels, rate, bits)


def _to_mono_int16(data: bytes, fmt: _Format) -> bytes:
    frame = fmt.channels * fmt.bits // 8
    data = data[: len(data) // frame * frame]  # a cut file may end inside a sample
    if fmt.tag == PCM and fmt.bits == 16 and fmt.channels == 1:
        return data
    samples = _samples(data, fmt).reshape(-1, fmt.channels).mean(axis=1)
    pcm: bytes = np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()
    return pcm


def _samples(data: bytes, fmt: _Format) -> npt.NDArray[np.float64]:
    """Every sample on the scale of int16."""
    match fmt.tag, fmt.bits:
        case (1, 8):
            return (np.frombuffer(data, "u1").astype(np.float64) - 128.0) * 256.0
        case (1, 16):
            return np.frombuffer(data, "<i2").astype(np.float64)
        case (1, 24):
            three = np.frombuffer(data, "u1").reshape(-1, 3).astype(np.int32)
            whole = (three[:, 0] << 8) | (three[:, 1] << 16) | (three[:, 2] << 24)
            return whole.astype(np.float64) / 65536.0
        case (1, 32):
            return np.frombuffer(data, "<i4").astype(np.float64) / 65536.0
        case (3, bits):
            floats = np.frombuffer(data, f"<f{bits // 8}").astype(np.float64)
            return np.clip(np.nan_to_num(floats, posinf=1.0, neginf=-1.0), -1.0, 1.0) * 32767.0
        case (6, _):
            return _a_law(np.frombuffer(data, "u1"))
        case _:
            return _mu_law(np.frombuffer(data, "u1"))


def _mu_law(code: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """ITU-T G.711 table 2: all bits inverted, sign, 3 bits of segment, 4 bits of step, bias 33 (here times 4)."""
    bits = (~code).astype(np.int32) & 0xFF
    size = ((((bits & 0x0F) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84
    return np.where(bits & 0x80, -size, size).astype(np.float64)


def _a_law(code: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """ITU-T G.711 table 1: every second bit inverted, sign (1 is positive), 3 bits of segment, 4 bits of step."""
    bits = (code ^ 0x55).astype(np.int32)
    segment, step = (bits & 0x70) >> 4, (bits & 0x0F) << 4
    size = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(bits & 0x80, size, -size).astype(np.float64)
