"""Which presses of an emergency button are announced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.emergencies import Presses
from radio_drivers.interface import EmergencyPressed

T0 = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)


def press(seconds: float, unit: str | None = "1008", channel: str = "town") -> EmergencyPressed:
    return EmergencyPressed(channel, T0 + timedelta(seconds=seconds), unit)


def news(*pressed: EmergencyPressed) -> list[bool]:
    presses = Presses(30, 300)
    return [presses.is_news(one) for one in pressed]


def test_a_repeated_burst_is_one_call_for_help() -> None:
    assert news(press(0), press(2), press(4), press(33)) == [True, False, False, False]


def test_a_press_after_a_quiet_while_is_another() -> None:
    assert news(press(0), press(31)) == [True, True]


def test_who_goes_on_calling_is_announced_again() -> None:
    announced = news(*(press(10 * n) for n in range(61)))
    assert [10 * n for n, told in enumerate(announced) if told] == [0, 300, 600]


def test_two_radios_are_two_calls_for_help_and_so_are_two_channels() -> None:
    assert news(press(0), press(1, "1009"), press(2, channel="hill")) == [True, True, True]


def test_a_press_without_a_unit_repeats_who_called_last() -> None:
    assert news(press(0), press(1, None)) == [True, False]


def test_knowing_who_it_is_is_news() -> None:
    assert news(press(0, None), press(1, "1008"), press(2, None), press(3, "1008")) == [True, True, False, False]


def test_a_press_that_could_not_be_announced_does_not_silence_the_next() -> None:
    presses = Presses(30, 300)
    assert presses.is_news(press(0))
    presses.forget(press(0))
    assert presses.is_news(press(2))


@given(st.lists(st.tuples(st.floats(0, 60), st.sampled_from(["a", "b", None])), max_size=60))
def test_nobody_who_calls_waits_longer_than_the_setting(script: list[tuple[float, str | None]]) -> None:
    presses, now, told = Presses(30, 300), 0.0, dict[str | None, float]()
    for wait, unit in script:
        now += wait
        if presses.is_news(press(now, unit)):
            told[unit] = now
        elif unit is not None:
            assert now - told[unit] < 300
