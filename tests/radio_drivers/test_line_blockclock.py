"""Times of blocks that come in bursts, from a crystal that isn't quite right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.line.blockclock import BlockClock

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


@given(st.lists(st.floats(0, 0.2), min_size=50, max_size=200), st.floats(-2e-4, 2e-4))
def test_late_blocks_keep_their_time_whatever_the_crystal(delays: list[float], drift: float) -> None:
    clock, blocks = BlockClock(), []
    for number, delay in enumerate(delays):
        true = T0 + seconds(number * 0.04 * (1 + drift))
        arrived = true + seconds(0.04 + (0 if number % 10 == 0 else delay))  # now and then one is in time
        blocks.append((true, clock.at(arrived, 0.04)))
    assert all(abs(at - true) < seconds(0.005) for true, at in blocks)
    assert all(before < after for (_, before), (_, after) in pairwise(blocks))


def test_after_a_gap_the_time_is_right_again() -> None:
    clock = BlockClock()
    assert clock.at(T0 + seconds(0.04), 0.04) == T0
    assert clock.at(T0 + seconds(60.04), 0.04) == T0 + seconds(60)


def test_a_clock_set_back_is_followed() -> None:
    clock = BlockClock()
    clock.at(T0 + seconds(0.04), 0.04)
    assert clock.at(T0 - seconds(9.96), 0.04) == T0 - seconds(10)


def test_after_hours_of_a_slow_crystal_the_time_is_still_right() -> None:
    clock, at, true = BlockClock(), T0, T0
    for number in range(20_000):
        true = T0 + seconds(number * 0.04 * 1.0002)
        at = clock.at(true + seconds(0.04), 0.04)
    assert abs(at - true) < seconds(0.005)
