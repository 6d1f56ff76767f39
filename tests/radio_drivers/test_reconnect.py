"""Back-off and the events of a link, without any link."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from radio_drivers.interface import LinkLost, LinkRestored, RadioEvent
from radio_drivers.reconnect import STEADY_S, LinkState, backoff

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def link(events: list[RadioEvent], clock: Clock | None = None) -> LinkState:
    return LinkState(
        "shops", events.append, now=lambda: T0, clock=clock or Clock(), delays=lambda: backoff(jitter=lambda: 0.0)
    )


def test_waits_double_up_to_half_a_minute() -> None:
    assert list(islice(backoff(jitter=lambda: 0.0), 8)) == [0.5, 1, 2, 4, 8, 16, 30, 30]


@given(st.floats(0, 1, exclude_max=True))
def test_jitter_only_ever_shortens_and_by_a_quarter_at_most(dice: float) -> None:
    for wait, longest in zip(islice(backoff(jitter=lambda: dice), 8), [0.5, 1, 2, 4, 8, 16, 30, 30], strict=True):
        assert 0.75 * longest <= wait <= longest


def test_each_change_is_told_and_logged_once() -> None:
    events: list[RadioEvent] = []
    state = link(events)
    with capture_logs() as logs:
        state.up()
        state.up()
        for _ in range(50):
            state.down("unplugged")
        state.up()
    assert events == [LinkRestored("shops", T0), LinkLost("shops", T0, "unplugged"), LinkRestored("shops", T0)]
    assert [entry["log_level"] for entry in logs] == ["info", "warning", "info"]
    assert state.connected


def test_a_base_station_that_was_never_there_is_a_loss() -> None:
    events: list[RadioEvent] = []
    state = link(events)
    assert not state.connected
    state.down("no such port")
    state.down("no such port")
    assert events == [LinkLost("shops", T0, "no such port")]
    assert not state.connected


def test_a_flapping_link_keeps_backing_off_and_a_steady_one_starts_afresh() -> None:
    clock = Clock()
    state = link([], clock)
    waits = []
    for _ in range(4):
        state.up()
        clock.seconds += 0.1
        waits.append(state.down("fell over at once"))
    assert waits == [0.5, 1, 2, 4]
    state.up()
    clock.seconds += STEADY_S
    assert state.down("unplugged") == pytest.approx(0.5)
