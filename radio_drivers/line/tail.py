"""Cutting the burst of noise off the end of what was received."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta

from radio_drivers.interface import RATE, Audio


class TailCut:
    """Holds back the newest audio, since only the closing of the squelch tells where the tail was.

    Args:
        cut_s: thrown away before the moment the channel closed; 0 holds nothing back and cuts nothing.
        known_after_s: a close is known this much after it happened (debounce, hang).
    """

    def __init__(self, cut_s: float, known_after_s: float) -> None:
        self._cut = timedelta(seconds=cut_s)
        self._hold = timedelta(seconds=cut_s + known_after_s if cut_s else 0)
        self._held: deque[Audio] = deque()

    def feed(self, audio: Audio) -> list[Audio]:
        """The next block in; the blocks that are old enough to be safe out."""
        self._held.append(audio)
        newest = _end(audio)
        out = []
        while self._held and _end(self._held[0]) <= newest - self._hold:
            out.append(self._held.popleft())
        return out

    def close(self, at: datetime) -> list[Audio]:
        """The channel closed at `at`: what was held from before the tail. The tail and what came after are gone."""
        end = at - self._cut
        out = []
        for audio in self._held:
            keep = int((end - audio.at).total_seconds() * RATE)
            if keep > 0:
                out.append(replace(audio, pcm=audio.pcm[: 2 * keep]))
        self._held.clear()
        return out

    def clear(self) -> None:
        """Forget what is held."""
        self._held.clear()


def _end(audio: Audio) -> datetime:
    return audio.at + timedelta(seconds=len(audio.pcm) / (2 * RATE))
