"""Faults are told once when they come, once when they go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gateway.health import Health

START = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_fault_is_logged_once_when_it_comes_and_once_when_it_goes(clock: Clock) -> None:
    health = Health(clock)
    with capture_logs() as logs:
        health.clear_fault("sms")
        for second in range(100):
            clock.now = START + timedelta(seconds=second)
            health.raise_fault("sms", f"no answer for {second} s")
        health.clear_fault("sms")
        health.clear_fault("sms")
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("fault", "error"), ("fault over", "info")]
    assert logs[1]["lasted_s"] == 99.0
    assert logs[1]["was"] == "no answer for 99 s"


def test_a_fault_that_comes_again_is_logged_again(clock: Clock) -> None:
    health = Health(clock)
    with capture_logs() as logs:
        for _ in range(2):
            health.raise_fault("disk", "full")
            health.clear_fault("disk")
    assert [entry["event"] for entry in logs] == ["fault", "fault over"] * 2


def test_the_status_line_names_every_fault_oldest_first(clock: Clock) -> None:
    health = Health(clock)
    assert health.ok
    assert health.status_line("listening on town") == "listening on town"
    health.raise_fault("sms", "no answer")
    clock.now += timedelta(seconds=1)
    health.raise_fault("disk", "full")
    health.raise_fault("sms", "refused")
    assert not health.ok
    assert health.status_line() == "listening; sms: refused; disk: full"
    assert [(fault.name, fault.since) for fault in health.faults] == [("sms", START), ("disk", clock.now)]
    health.clear_fault("sms")
    assert health.status_line() == "listening; disk: full"
