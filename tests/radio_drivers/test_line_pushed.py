"""A squelch that tells its changes by itself, settled on a clock of its own."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.line.pushed import PushedSquelch
from radio_drivers.line.squelch import Change, LineSquelch


class Clock:
    """Time that passes when told to, and calls back what is due."""

    def __init__(self) -> None:
        self.now = 100.0
        self.due: list[Timer] = []

    def later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        timer = Timer(self, self.now + delay_s, call)
        self.due.append(timer)
        return timer

    def passes(self, seconds: float) -> None:
        end = self.now + seconds
        while self.due:
            timer = min(self.due, key=lambda timer: timer.at)
            if timer.at > end:
                break
            self.due.remove(timer)
            self.now = timer.at
            timer.call()
        self.now = end


class Timer:
    """One call to come."""

    def __init__(self, clock: Clock, at: float, call: Callable[[], None]) -> None:
        self.clock, self.at, self.call = clock, at, call

    def cancel(self) -> None:
        if self in self.clock.due:
            self.clock.due.remove(self)


def made(debounce_s: float, hang_s: float) -> tuple[PushedSquelch, Clock, list[Change]]:
    clock = Clock()
    changes: list[Change] = []
    squelch = PushedSquelch(debounce_s, hang_s, changes.append, clock=lambda: clock.now, later=clock.later)
    return squelch, clock, changes


def test_a_level_counts_once_it_has_held_and_at_the_time_it_came() -> None:
    squelch, clock, changes = made(0.03, 0.2)
    squelch.level(level=True)
    clock.passes(0.02)
    assert changes == []
    clock.passes(0.5)
    squelch.level(level=False)
    clock.passes(0.1)
    assert len(changes) == 1
    clock.passes(0.2)
    assert changes == [Change(open=True, since_s=100.0), Change(open=False, since_s=100.52)]


def test_the_same_level_told_again_does_not_begin_anew() -> None:
    squelch, clock, changes = made(0.03, 0.2)
    for _ in range(10):
        squelch.level(level=True)
        clock.passes(0.01)
    assert changes == [Change(open=True, since_s=100.0)]
    assert clock.due == []


def test_stopped_it_tells_nothing_more() -> None:
    squelch, clock, changes = made(0.03, 0.2)
    squelch.level(level=True)
    squelch.stop()
    clock.passes(1.0)
    assert changes == []


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 50)), max_size=20))
def test_it_tells_what_looking_every_millisecond_would_have_told(levels: list[tuple[bool, int]]) -> None:
    squelch, clock, changes = made(0.035, 0.205)
    polled = LineSquelch(0.035, 0.205)
    expected: list[Change] = []
    last = levels[-1][0] if levels else False
    for level, hundredths in [*levels, (last, 50)]:
        squelch.level(level)
        started = clock.now
        clock.passes(hundredths / 100)
        for millisecond in range(hundredths * 10):
            change = polled.feed(level, started + millisecond / 1000)
            if change is not None:
                expected.append(change)
    assert changes == expected
