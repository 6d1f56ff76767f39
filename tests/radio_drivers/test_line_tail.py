"""The burst of noise at the end is cut, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.interface import Audio
from radio_drivers.line.tail import TailCut

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RATE = 16_000


def blocks(lengths: list[int]) -> list[Audio]:
    """Blocks that follow each other; every sample is its own number."""
    out, at = [], 0
    for length in lengths:
        pcm = np.arange(at, at + length, dtype="<u2").tobytes()
        out.append(Audio("shops", T0 + timedelta(seconds=at / RATE), pcm))
        at += length
    return out


def samples(audio: list[Audio]) -> list[int]:
    return [int(value) for block in audio for value in np.frombuffer(block.pcm, "<u2")]


def test_without_a_cut_everything_goes_straight_through() -> None:
    tail = TailCut(0, 0.2)
    for block in blocks([640] * 5):
        assert tail.feed(block) == [block]
    assert tail.close(T0) == []


def test_the_tail_before_the_close_is_gone_to_the_sample_and_so_is_the_hang() -> None:
    tail = TailCut(0.15, 0.2)
    passed = [audio for block in blocks([640] * 25) for audio in tail.feed(block)]  # one second
    passed += tail.close(T0 + timedelta(seconds=0.8))  # known at 1.0, after the hang
    assert samples(passed) == list(range(int(0.65 * RATE)))


def test_a_cleared_tail_gives_nothing() -> None:
    tail = TailCut(0.15, 0.2)
    for block in blocks([640] * 5):
        tail.feed(block)
    tail.clear()
    assert tail.close(T0 + timedelta(seconds=9)) == []


@given(st.lists(st.integers(1, 2000), min_size=1, max_size=20), st.floats(0, 1), st.sampled_from([0.05, 0.3]))
def test_every_sample_before_the_tail_comes_out_once_and_in_order(
    lengths: list[int], closes: float, cut_s: float
) -> None:
    tail, known_after_s = TailCut(cut_s, 0.2), 0.2
    total = sum(lengths)
    closed = max(0.0, total / RATE - known_after_s * closes)
    passed = [audio for block in blocks(lengths) for audio in tail.feed(block)]
    passed += tail.close(T0 + timedelta(seconds=closed))
    numbers = samples(passed)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) == pytest.approx(max(0, round((closed - cut_s) * RATE)), abs=1)
