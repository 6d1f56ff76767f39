"""The tone gate: only who sends our sub-audible tone is heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio_drivers.interface import (
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyUp,
    LinkLost,
    RadioEvent,
    StrengthRead,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.signalling.ctcss import tolerance_hz
from radio_drivers.signalling.gate import ToneGate
from radio_drivers.signalling.listener import Samples
from radio_drivers.signalling.tables import CTCSS_HERTZ
from tests.radio_drivers.signalling_sounds import RATE, noise

T0 = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
BLOCK = 640
OURS = 94.8


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def voice(seconds: float, hertz: float | None, seed: int = 1, tone: float = 0.02) -> Samples:
    """Something in the voice band, and a sub-audible tone a good deal below it."""
    sound = noise(seed, seconds, 0.1).astype(np.float64)
    if hertz is not None:
        sound += tone * np.sin(2 * np.pi * hertz * np.arange(len(sound)) / RATE)
    return np.rint(sound * 32767).astype(np.int16)


def talk(start: float, sound: Samples, block: int = BLOCK, unit: str | None = None) -> list[RadioEvent]:
    """Key-up, the sound, key-down, as a driver without idle audio gives them."""
    blocks: list[RadioEvent] = [
        Audio("town", at(start + n / RATE), sound[n : n + block].tobytes()) for n in range(0, len(sound), block)
    ]
    return [KeyUp("town", at(start), unit), *blocks, KeyDown("town", at(start + len(sound) / RATE))]


def through(events: Iterable[RadioEvent], gate: ToneGate | None = None) -> list[RadioEvent]:
    gate = gate or ToneGate(OURS, 0.35)
    return [out for event in events for out in gate.take(event)]


def pcm(events: Sequence[RadioEvent]) -> Samples:
    return np.frombuffer(b"".join(event.pcm for event in events if isinstance(event, Audio)), "<i2")


def kinds(events: Sequence[RadioEvent]) -> list[str]:
    names = [type(event).__name__ for event in events]
    return [name for n, name in enumerate(names) if n == 0 or name != "Audio" or names[n - 1] != "Audio"]


def test_ours_goes_through_whole_with_its_times() -> None:
    sound = voice(2.0, OURS)
    out = through(talk(5.0, sound, unit="7"))
    assert kinds(out) == ["KeyUp", "Audio", "KeyDown"]
    assert out[0] == KeyUp("town", at(5.0), "7")
    assert out[-1] == KeyDown("town", at(7.0))
    np.testing.assert_array_equal(pcm(out), sound)
    stamps = [event.at for event in out if isinstance(event, Audio)]
    assert stamps[0] == at(5.0)


@pytest.mark.parametrize("hertz", [None, *(h for h in CTCSS_HERTZ if 85 < h < 105 and h != OURS), 250.3])
def test_nothing_of_anybody_else_goes_through(hertz: float | None) -> None:
    assert through(talk(0.0, voice(3.0, hertz))) == []


@pytest.mark.parametrize("hertz", CTCSS_HERTZ)
def test_every_tone_opens_its_own_gate(hertz: float) -> None:
    for off in (-0.3, 0.3):
        part = off * min(1.0, tolerance_hz(hertz))
        out = through(talk(0.0, voice(1.0, hertz + part)), ToneGate(hertz, 0.35))
        assert kinds(out) == ["KeyUp", "Audio", "KeyDown"], hertz + part


def test_it_is_known_within_a_third_of_a_second() -> None:
    gate = ToneGate(OURS, 0.35)
    fed = 0.0
    for event in talk(0.0, voice(1.0, OURS)):
        if gate.take(event):
            break
        fed += BLOCK / RATE
    assert fed <= 0.34


def test_a_neighbour_who_takes_over_is_cut_off_and_ours_comes_back() -> None:
    ours, other = voice(1.5, OURS, 1), voice(1.5, 100.0, 2)
    out = through(talk(0.0, np.concatenate([ours, other, ours])))
    assert kinds(out) == ["KeyUp", "Audio", "KeyDown", "KeyUp", "Audio", "KeyDown"]
    down = out[kinds_index(out, "KeyDown", 0)]
    again = out[kinds_index(out, "KeyUp", 1)]
    assert at(1.4) <= down.at <= at(1.6)
    assert at(2.85) <= again.at <= at(3.1)
    # At most a few hundredths of a second of the neighbour, at the seams.
    assert abs(len(pcm(out)) - 2 * len(ours)) < 0.2 * RATE


def kinds_index(events: Sequence[RadioEvent], name: str, number: int) -> int:
    return [n for n, event in enumerate(events) if type(event).__name__ == name][number]


def test_a_fade_of_the_tone_costs_nothing() -> None:
    sound = voice(3.0, OURS)
    plain = voice(3.0, None)
    sound[RATE : RATE + RATE // 4] = plain[RATE : RATE + RATE // 4]
    out = through(talk(0.0, sound))
    assert kinds(out) == ["KeyUp", "Audio", "KeyDown"]
    np.testing.assert_array_equal(pcm(out), sound)


@pytest.mark.parametrize("seconds", [0.3, 0.17, 0.155])
def test_a_short_transmission_counts_too(seconds: float) -> None:
    sound = voice(seconds, OURS, tone=0.05)
    np.testing.assert_array_equal(pcm(through(talk(0.0, sound))), sound)
    assert through(talk(0.0, voice(seconds, 110.9, tone=0.05))) == []


def test_a_neighbour_in_the_idle_audio_is_no_pre_roll() -> None:
    quiet = np.zeros(RATE // 2, np.int16)
    blocks = [
        Audio("town", at(n * BLOCK / RATE), part.tobytes())
        for n, part in enumerate(np.concatenate([voice(1.0, 100.0), quiet])[: 37 * BLOCK].reshape(-1, BLOCK))
    ]
    assert through(blocks) == []


def test_idle_audio_of_ours_comes_before_its_key_up() -> None:
    sound = voice(1.6, OURS)
    events: list[RadioEvent] = [
        Audio("town", at(n * BLOCK / RATE), part.tobytes()) for n, part in enumerate(sound.reshape(-1, BLOCK))
    ]
    events.insert(2, KeyUp("town", at(0.06)))
    events.append(KeyDown("town", at(1.6)))
    out = through(events)
    assert kinds(out) == ["Audio", "KeyUp", "Audio", "KeyDown"]
    before = pcm(out[: kinds_index(out, "KeyUp", 0)])
    np.testing.assert_array_equal(before, sound[: 2 * BLOCK])
    np.testing.assert_array_equal(pcm(out), sound)


def test_what_the_base_station_tells_goes_through_but_a_neighbours_strength_does_not() -> None:
    pressed = EmergencyPressed("town", at(0.1), "9")
    events = talk(0.0, voice(1.0, None))
    events[3:3] = [pressed, StrengthRead("town", at(0.1), -90.0)]
    assert through(events) == [pressed]
    events = talk(0.0, voice(1.0, OURS))
    events.insert(3, StrengthRead("town", at(0.1), -90.0))
    assert kinds(through(events))[:3] == ["KeyUp", "StrengthRead", "Audio"]


@pytest.mark.parametrize(
    "end", [LinkLost("town", at(1.0), "gone"), TransmitStarted("town", at(1.0)), KeyUp("town", at(1.0))]
)
def test_whatever_ends_a_transmission_ends_it_for_the_reader(end: RadioEvent) -> None:
    events = talk(0.0, voice(1.0, OURS))[:-1]
    out = through([*events, end, *talk(2.0, voice(1.0, None))[1:]])
    assert kinds(out)[:3] == ["KeyUp", "Audio", "KeyDown"]
    assert kinds(out)[3:] in (["LinkLost"], ["TransmitStarted"], [])


def test_our_own_transmission_is_announced() -> None:
    events: list[RadioEvent] = [TransmitStarted("town", at(0)), TransmitEnded("town", at(1))]
    assert through(events) == events


@settings(max_examples=15)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=12))
def test_how_the_stream_was_cut_changes_no_sample(sizes: list[int]) -> None:
    sound = np.concatenate([voice(0.8, 100.0, 2), voice(1.0, OURS), voice(0.6, None, 3)])
    events: list[RadioEvent] = [KeyUp("town", at(0))]
    place = number = 0
    while place < len(sound):
        size = sizes[number % len(sizes)]
        events.append(Audio("town", at(place / RATE), sound[place : place + size].tobytes()))
        place, number = place + size, number + 1
    events.append(KeyDown("town", at(len(sound) / RATE)))
    out, whole = through(events), through(talk(0, sound))
    np.testing.assert_array_equal(pcm(out), pcm(whole))
    assert kinds(out) == kinds(whole) == ["KeyUp", "Audio", "KeyDown"]


def test_nothing_is_kept_of_a_long_neighbour() -> None:
    gate = ToneGate(OURS, 0.35)
    through(talk(0.0, voice(20.0, 100.0))[:-1], gate)
    assert len(gate._held) < RATE
