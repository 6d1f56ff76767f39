"""Signalling in a whole recording, for `huecry replay`."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from radio_drivers.interface import RATE
from radio_drivers.signalling.listener import Listener, decoders_of
from radio_drivers.signalling.meaning import Meaning, Told
from radio_drivers.signalling.settings import SignallingSettings


def heard_in(pcm: bytes, settings: SignallingSettings, channel: str, at: datetime) -> tuple[bytes, tuple[Told, ...]]:
    """Decode a recording as if it had just been received.

    Args:
        pcm: mono int16 little-endian at `RATE`.
        settings: what to listen for.
        channel: for the events.
        at: UTC time of the first sample.

    Returns:
        As many samples, with the bursts silenced (unless `strip` is off), and what was heard, in order.
    """
    listener, meaning = Listener(decoders_of(settings), strip=settings.strip), Meaning(settings)
    first, last = listener.hear(np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2")), listener.finish()
    told: list[Told] = []
    for found in (*first.found, *last.found):
        told.extend(meaning.of(found, channel, at + timedelta(seconds=max(0, found.start) / RATE)))
    return first.samples.tobytes() + last.samples.tobytes(), tuple(told)
