"""Speech as mel spectra, kept in two files: `NAME.f16` (all frames of all clips, float16) and `NAME.jsonl` (a line a clip).

Written by the gateway's environment, read by the one for training, so only numpy is needed here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]

LONGEST_S = 24.0
"""A longer clip would be cut into windows."""
MELS = 80


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip as it sounds."""

    samples: Floats
    """Mono at 16 kHz."""
    sounds: str
    """What was said in it, in the alphabet of `dispatch.matching.phonemes`."""
    voice: str
    channel: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One clip as the network sees it."""

    mels: Halves
    """Shape (frames, 80), a frame every 10 ms."""
    sounds: str
    voice: str
    channel: str


@dataclass(frozen=True, slots=True)
class _Line:
    at: int
    """Where its frames begin."""
    frames: int
    sounds: str
    voice: str
    channel: str


def write(path: Path, clips: Iterable[Clip], mels_of: Callable[[Floats], Floats], stamp: str) -> Iterator[int]:
    """Keep clips in `path` with .f16 and .jsonl added; gives how many there are so far.

    Nothing is done where both are there, made with the same stamp.
    """
    lines, halves, mark = (path.with_suffix(suffix) for suffix in (".jsonl", ".f16", ".stamp"))
    if mark.is_file() and mark.read_text() == stamp:
        return
    mark.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    at = 0
    with halves.open("wb") as sound, lines.open("w", encoding="utf-8") as listed:
        for number, clip in enumerate(clips, 1):
            if len(clip.samples) > LONGEST_S * 16_000:
                continue
            mels = mels_of(clip.samples).astype(np.float16)
            sound.write(mels.tobytes())
            line = _Line(at, len(mels), clip.sounds, clip.voice, clip.channel)
            listed.write(json.dumps(asdict(line), ensure_ascii=False) + "\n")
            at += len(mels)
            yield number
    mark.write_text(stamp)


def read(path: Path) -> list[Sentence]:
    """What `write` wrote; the frames stay in the file until they are looked at."""
    rows = [_Line(**json.loads(line)) for line in path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()]
    if not rows:
        return []
    kept = np.memmap(path.with_suffix(".f16"), np.float16, "r").reshape(-1, MELS)
    return [Sentence(kept[row.at : row.at + row.frames], row.sounds, row.voice, row.channel) for row in rows]
