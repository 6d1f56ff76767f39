"""What the monitor knows of a radio, and what it shows."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gateway.radio_monitor.picture import TOP_HZ, drawn, save_picture, spectrum
from gateway.radio_monitor.state import KEPT_EVENTS, LONGEST_CALL_S, RadioState
from gateway.radio_monitor.view import screen
from gateway.radio_monitor.watching import inputs_of
from radio_drivers.interface import (
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyUp,
    LinkLost,
    LinkRestored,
    RadioEvent,
    Signalled,
    StrengthRead,
    TextReceived,
    TransmitEnded,
    TransmitStarted,
)

T0 = datetime(2026, 3, 7, 14, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def tone(hertz: float, seconds: float = 1.0, high: int = 9000) -> bytes:
    wave = np.sin(2 * np.pi * hertz * np.arange(int(seconds * 16_000)) / 16_000) * high
    return bytes(wave.astype("<i2").tobytes())


def after(*events: RadioEvent) -> RadioState:
    state = RadioState("town")
    for event in events:
        state.feed(event)
    return state


def shown(state: RadioState, seconds: float = 0.0) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(screen(state, at(seconds), ZONE))
    return str(console.file.getvalue())  # type: ignore[attr-defined]  # the StringIO above


CALL: tuple[RadioEvent, ...] = (
    LinkRestored("town", at(0)),
    KeyUp("town", at(1)),
    Signalled("town", at(1.2), "MDC-1200", "PTT ID 1234", "1234"),
    StrengthRead("town", at(1.5), -71.5),
    Audio("town", at(1), tone(500)),
    KeyDown("town", at(3)),
)


def test_a_call_is_followed_from_end_to_end() -> None:
    state = after(*CALL[:-1])
    assert "busy  1 s" in shown(state, 2)
    text = shown(after(*CALL), 3)
    assert "clear" in text
    assert "unit      1234" in text
    assert "strength  -72 dBm" in text
    assert "14:00:01  MDC-1200: PTT ID 1234" in text
    assert "talk ends by 1234 after 2.0 s, -72 dBm" in text


def test_an_emergency_stays_on_the_screen() -> None:
    many = [TextReceived("town", at(9 + n), f"text {n}", "7") for n in range(40)]
    text = shown(after(LinkRestored("town", at(0)), EmergencyPressed("town", at(5), "1003"), *many), 60)
    assert "EMERGENCY by 1003 at 14:00:05" in text
    assert text.count("text by 7") == KEPT_EVENTS


def test_link_and_our_own_key_are_shown() -> None:
    assert "no link" in shown(RadioState("town"))
    assert "no link  unplugged" in shown(after(LinkRestored("town", at(0)), LinkLost("town", at(1), "unplugged")))
    keyed = after(LinkRestored("town", at(0)), TransmitStarted("town", at(1)))
    assert "WE TRANSMIT" in shown(keyed)
    keyed.feed(TransmitEnded("town", at(4)))
    assert "we transmitted after 3.0 s" in shown(keyed)


class Inside:
    """A driver with lines."""

    inputs = {"cts": True, "dsr": False}  # noqa: RUF012 - what a driver gives


class Around:
    """A driver around it."""

    inner = Inside()


def test_lines_are_shown_also_of_a_driver_inside_another() -> None:
    state = RadioState("town")
    state.inputs = inputs_of(Around())  # type: ignore[arg-type]  # all that is looked at
    assert "lines     CTS on    DSR off" in shown(state)
    assert inputs_of(object()) == {}  # type: ignore[arg-type]  # as above
    assert "lines" not in shown(RadioState("town"))


def test_the_level_is_nothing_when_no_sound_comes() -> None:
    state = after(*CALL)
    assert "█" in shown(state, 1.5)
    assert "█" not in shown(state, 30)


def test_words_of_others_are_never_markup() -> None:
    text = shown(after(TextReceived("town", at(1), "[red]help[/red]", "[b]7")))
    assert "text by [b]7: [red]help[/red]" in text


EVENTS = st.lists(
    st.builds(
        lambda kind, seconds: kind(seconds),
        st.sampled_from(
            [
                lambda s: KeyUp("town", at(s), "7", -80.0),
                lambda s: KeyDown("town", at(s)),
                lambda s: Audio("town", at(s), tone(300, 0.2)),
                lambda s: Audio("town", at(s), b"\x01"),
                lambda s: TransmitStarted("town", at(s)),
                lambda s: TransmitEnded("town", at(s)),
                lambda s: LinkLost("town", at(s), "x"),
                lambda s: LinkRestored("town", at(s)),
                lambda s: EmergencyPressed("town", at(s)),
                lambda s: Signalled("town", at(s), "DTMF", "1"),
                lambda s: StrengthRead("town", at(s), -90.0),
            ]
        ),
        st.integers(-5, 100),
    ),
    max_size=30,
)


@given(EVENTS)
def test_any_order_of_events_can_be_shown(events: list[RadioEvent]) -> None:
    state = after(*events)
    assert len(state.events) <= KEPT_EVENTS
    assert "town" in shown(state, 50)


def test_an_open_microphone_fills_no_memory() -> None:
    state = after(KeyUp("town", at(0)))
    for second in range(LONGEST_CALL_S + 20):
        state.feed(Audio("town", at(second), bytes(32_000)))
    state.feed(KeyDown("town", at(200)))
    assert len(state.last_call) <= (LONGEST_CALL_S + 1) * 32_000


@pytest.mark.parametrize("hertz", [500, 1000, 2500])
def test_a_tone_is_a_line_at_its_frequency(hertz: float) -> None:
    image = spectrum(tone(hertz), 40, 32)
    assert image.shape == (32, 40)
    loudest = set(np.argmax(image, axis=0).tolist())
    assert loudest <= {int(hertz / TOP_HZ * 32), int(hertz / TOP_HZ * 32) - 1}
    assert image[(int(hertz / TOP_HZ * 32) + 10) % 32].max() < 0.5


@given(st.binary(max_size=3000), st.integers(8, 120), st.integers(1, 20), st.booleans())
def test_any_sound_can_be_drawn(pcm: bytes, width: int, height: int, colours: bool) -> None:
    lines = drawn(pcm, width, height, colours=colours).plain.splitlines()
    assert len(lines) == height + 1
    assert all(len(line) <= max(width, 14) for line in lines)


def test_without_colours_there_are_shades() -> None:
    text = drawn(tone(1000), 40, 8, colours=False).plain
    assert "@" in text
    assert "▀" not in text


def test_a_picture_can_be_saved(tmp_path: Path) -> None:
    save_picture(tone(1000), tmp_path / "call.png")
    assert (tmp_path / "call.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OSError, match="No such file"):
        save_picture(tone(1000), tmp_path / "nowhere" / "call.png")
