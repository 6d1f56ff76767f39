"""Sound for `bench radio`: a channel as it is received, and a sound card in software."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from bench.encoder import channel
from radio_drivers.interface import RATE
from radio_drivers.line import sound
from radio_drivers.line.portaudio import BLOCK_S, Wanted

Samples = npt.NDArray[np.int16]
Wave = npt.NDArray[np.floating[Any]]

CARD_RATE = 48_000
"""Hertz, of nearly every USB sound card."""

SUB_TONE_HZ = 88.5


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch of one channel: somebody talks, or nobody does."""

    talk: bool
    pcm: Samples


def turns(calls: Sequence[bytes], seconds: float, *, tone: bool, seed: int = 7) -> list[Turn]:
    """Talk and hiss by turns, about half of each.

    Args:
        calls: mono int16 at `RATE`.
        seconds: at least so long in all.
        tone: a sub-audible tone under the talk.
        seed: of noise and lengths.
    """
    rng = np.random.default_rng(seed)
    out: list[Turn] = []
    have = 0
    while have < seconds * RATE:
        speech = np.frombuffer(calls[len(out) // 2 % len(calls)], "<i2").astype(np.float32) / np.float32(32768)
        heard: Wave = 0.5 * channel(speech, int(rng.choice((10, 15, 20))), rng)
        if tone:
            heard = heard + 0.05 * np.sin(2 * np.pi * SUB_TONE_HZ * np.arange(len(heard)) / RATE)
        hiss = 0.002 * rng.standard_normal(len(heard))
        out += [Turn(talk=True, pcm=_int16(heard)), Turn(talk=False, pcm=_int16(hiss))]
        have += 2 * len(heard)
    return out


def _int16(wave: Wave) -> Samples:
    samples: Samples = np.clip(np.rint(wave * 32767), -32768, 32767).astype(np.int16)
    return samples


@dataclass(slots=True)
class SoftwareCard:
    """One sound input that gives blocks in real time from a thread of its own, as PortAudio does.

    Args:
        give: called for each block with the count of blocks before it; its samples at `CARD_RATE`.
    """

    give: Callable[[int], Samples]
    samplerate: float = CARD_RATE
    channels: int = 1
    heard: Callable[..., None] | None = None
    """PortAudio's callback: the block's bytes, its frames, its times, its troubles."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin calling back; again, where a driver has come back after a stall."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="software sound card", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        began, count = time.monotonic(), 0
        heard, stop = self.heard, self._stop
        while heard is not None and not stop.is_set():
            block = self.give(count)
            count += 1
            stop.wait(max(0.0, began + count * BLOCK_S - time.monotonic()))
            heard(block.tobytes(), len(block), None, None)


@contextmanager
def software_cards(cards: dict[str, SoftwareCard]) -> Iterator[None]:
    """While inside, line drivers that ask for a card by one of these names get it; everything else of them is as it is."""

    def open_stream(wanted: Wanted, heard: Callable[..., None], _ended: Callable[[], None]) -> SoftwareCard:
        card = cards[wanted.name or ""]
        card.heard = heard
        card.start()
        return card

    with patch.multiple(sound, open_stream=open_stream, close_stream=SoftwareCard.close):
        yield
