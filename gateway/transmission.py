"""A transmission on disk: what the recorder hands to the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

EMERGENCY_BUTTON = "emergency button"
"""Source of a transmission that is a button and no speech."""


@dataclass(frozen=True, slots=True)
class Take:
    """One press of talk, still in memory."""

    channel: str
    started_at: datetime
    """UTC time of the first sample, pre-roll included."""
    pcm: bytes
    """Mono int16 little-endian, 16 kHz."""
    unit: str | None = None
    strength_dbm: float | None = None
    split: bool = False
    """Part of an open microphone, cut at the maximum length; more follows or went before."""
    urgent: bool = False
    """The emergency button of this radio was pressed."""
    signalling: tuple[str, ...] = ()
    """What was signalled with it, for a person to read: "MDC-1200: PTT ID 1234"."""

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""
        return len(self.pcm) / 32_000

    @property
    def ended_at(self) -> datetime:
        """UTC time after the last sample."""
        return self.started_at + timedelta(seconds=self.duration_s)


@dataclass(frozen=True, slots=True)
class Transmission:
    """One press of talk, on disk and with its row committed. Nothing is transcribed before that."""

    transmission_id: int
    uid: str
    channel: str
    unit: str | None
    started_at: datetime
    ended_at: datetime
    duration_s: float
    path: Path | None
    """16 kHz mono WAV; None for an emergency button or a text without audio."""
    urgent: bool = False
    source: str = "radio"
    strength_dbm: float | None = None
    """The highest measured while talking; None where the base station doesn't say."""
    signalling: tuple[str, ...] = ()
    """What was signalled with it, for a person to read: "MDC-1200: PTT ID 1234"."""
