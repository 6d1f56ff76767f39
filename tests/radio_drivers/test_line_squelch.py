"""The rules of opening and closing, on made-up lines and samples."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.line.squelch import FRAME, FRAME_S, Change, LineSquelch, Samples, Vox, level_dbfs

RATE = 16_000


def watch(squelch: LineSquelch, levels: list[tuple[float, bool]], until: float) -> list[tuple[float, Change]]:
    """Poll a line whose level changes at the given times, every 10 ms; what changed and when that was known."""
    out = []
    for tick in range(int(until * 100) + 1):
        now = tick / 100
        level = next((level for at, level in reversed(levels) if at <= now), False)
        change = squelch.feed(level, now)
        if change is not None:
            out.append((now, change))
    return out


def test_a_call_opens_after_the_debounce_and_closes_after_the_hang_and_both_tell_when_it_really_was() -> None:
    changes = watch(LineSquelch(0.03, 0.2), [(1.0, True), (3.0, False)], 5.0)
    assert [change for _, change in changes] == [Change(open=True, since_s=1.0), Change(open=False, since_s=3.0)]
    assert [known for known, _ in changes] == pytest.approx([1.03, 3.2])


def test_a_click_shorter_than_the_debounce_is_nothing() -> None:
    assert watch(LineSquelch(0.03, 0.2), [(1.0, True), (1.02, False), (1.5, True), (1.52, False)], 3.0) == []


def test_a_flutter_shorter_than_the_hang_keeps_the_call_in_one_piece() -> None:
    changes = watch(
        LineSquelch(0.03, 0.2), [(1.0, True), (1.5, False), (1.65, True), (2.0, False), (2.15, True), (3.0, False)], 4.0
    )
    assert [change for _, change in changes] == [Change(open=True, since_s=1.0), Change(open=False, since_s=3.0)]


def test_without_debounce_and_hang_the_line_is_taken_at_its_word() -> None:
    assert LineSquelch(0, 0).feed(level=True, at_s=1.0) == Change(open=True, since_s=1.0)


@given(
    st.lists(st.tuples(st.floats(0.001, 0.5), st.booleans()), max_size=60),
    st.sampled_from([0.0, 0.03, 0.1]),
    st.sampled_from([0.0, 0.2, 0.5]),
)
def test_openings_and_closings_alternate_and_each_rests_on_a_level_that_held(
    looks: list[tuple[float, bool]], debounce_s: float, hang_s: float
) -> None:
    squelch = LineSquelch(debounce_s, hang_s)
    now, history, changes = 0.0, [], []
    for wait, level in looks:
        now += wait
        history.append((now, level))
        change = squelch.feed(level, now)
        if change is not None:
            held = [was for at, was in history if at >= change.since_s]
            assert set(held) == {change.open}
            assert now - change.since_s >= (debounce_s if change.open else max(debounce_s, hang_s))
            changes.append(change)
        assert squelch.open is (changes[-1].open if changes else False)
    assert all(before.open is not after.open for before, after in pairwise(changes))
    assert all(before.since_s <= after.since_s for before, after in pairwise(changes))
    if changes:
        assert changes[0].open


def tone(seconds: float, dbfs: float, hertz: float = 700.0) -> Samples:
    """A sine whose RMS is `dbfs`."""
    amplitude = 32768 * 10 ** (dbfs / 20) * np.sqrt(2)
    wave = amplitude * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)
    return as_samples(wave)


def as_samples(wave: npt.NDArray[np.floating[Any]]) -> Samples:
    samples: Samples = np.clip(np.rint(wave), -32768, 32767).astype(np.int16)
    return samples


def hiss(seconds: float, dbfs: float, seed: int = 1) -> Samples:
    wave = np.random.default_rng(seed).normal(0, 32768 * 10 ** (dbfs / 20), int(seconds * RATE))
    return as_samples(wave)


def vox() -> Vox:
    return Vox(threshold_dbfs=-40, attack_s=0.06, hang_s=0.8)


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), np.int16)


def test_level_of_a_full_scale_sine_is_minus_three() -> None:
    assert level_dbfs(tone(1, -3.0103)) == pytest.approx(-3.01, abs=0.01)
    assert level_dbfs(silence(0.1)) == -96.0
    assert level_dbfs(silence(0)) == -96.0


def test_talk_opens_where_it_begins_and_closes_where_it_ended() -> None:
    opened, closed = vox().feed(np.concatenate((silence(1), tone(1.5, -20), silence(2))))
    assert (opened.open, closed.open) == (True, False)
    assert (opened.since_s, closed.since_s) == pytest.approx((1.0, 2.5), abs=FRAME_S)


def test_a_breath_between_words_does_not_end_the_call() -> None:
    words = [part for _ in range(4) for part in (tone(0.3, -20), silence(0.6))]
    changes = vox().feed(np.concatenate((silence(0.5), *words, silence(1))))
    assert [change.open for change in changes] == [True, False]


def test_the_soft_end_of_a_word_belongs_to_it_though_it_would_open_nothing() -> None:
    opened, closed = vox().feed(np.concatenate((silence(1), tone(0.5, -30), tone(1.5, -43), silence(2))))
    assert (opened.since_s, closed.since_s) == pytest.approx((1.0, 3.0), abs=FRAME_S)


def test_a_click_and_what_is_too_soft_do_not_open() -> None:
    ear = vox()
    assert ear.feed(np.concatenate((silence(1), tone(0.03, -10), silence(1), tone(3, -43), silence(1)))) == []
    assert not ear.open


def test_talk_over_a_noisy_line_opens_though_the_noise_alone_does_not() -> None:
    ear = Vox(threshold_dbfs=-50, attack_s=0.06, hang_s=0.8)
    noise = hiss(20, -45)
    assert [change.open for change in ear.feed(noise[: 8 * RATE])] == [True, False], "noise becomes the floor"
    assert ear.feed(noise[8 * RATE : 12 * RATE]) == []
    assert ear.floor_dbfs == pytest.approx(-45, abs=3)
    talk = noise[12 * RATE : 14 * RATE].copy()
    talk += tone(2, -25)
    assert [change.open for change in ear.feed(talk)] == [True]
    assert [change.open for change in ear.feed(noise[14 * RATE : 17 * RATE])] == [False]


def test_an_open_carrier_hum_does_not_hold_the_channel_for_ever() -> None:
    changes = vox().feed(np.concatenate((silence(1), tone(15, -20))))
    assert [change.open for change in changes] == [True, False]
    assert changes[1].since_s < 8


def test_reset_forgets_the_call_and_the_noise() -> None:
    ear = vox()
    ear.feed(np.concatenate((hiss(6, -45), tone(1, -20))))
    assert ear.open
    ear.reset()
    assert not ear.open
    assert ear.floor_dbfs == -96.0


@given(st.lists(st.integers(0, 3 * FRAME), max_size=20), st.integers(0, 2**32 - 1))
def test_decisions_do_not_depend_on_how_the_stream_is_cut(cuts: list[int], seed: int) -> None:
    dice = np.random.default_rng(seed)
    stream = np.concatenate(
        [part for _ in range(6) for part in (hiss(dice.uniform(0, 1.2), dice.uniform(-60, -10), seed), silence(0.3))]
    )
    whole = vox().feed(stream)
    ear, pieces, at = vox(), [], 0
    for cut in cuts:
        pieces += ear.feed(stream[at : at + cut])
        at += cut
    pieces += ear.feed(stream[at:])
    assert pieces == whole
    assert [change.open for change in whole] == [number % 2 == 0 for number in range(len(whole))]
    assert all(before.since_s <= after.since_s for before, after in pairwise(whole))


@given(st.lists(st.integers(-200, 200), max_size=RATE))
def test_nothing_below_the_threshold_ever_opens(samples: list[int]) -> None:
    assert vox().feed(np.array(samples, np.int16)) == []
