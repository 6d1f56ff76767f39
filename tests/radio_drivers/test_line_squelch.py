"""The rules of opening and closing, on made-up lines and samples."""

from __future__ import annotations

import wave
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.line.squelch import FRAME, FRAME_S, Change, LineSquelch, Samples, Vox, level_dbfs, voice_dbfs

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


def as_samples(values: npt.NDArray[np.number[Any]]) -> Samples:
    samples: Samples = np.clip(np.rint(values), -32768, 32767).astype(np.int16)
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
    ear = Vox(threshold_dbfs=-55, attack_s=0.06, hang_s=0.8)
    noise = hiss(20, -45)
    assert [change.open for change in ear.feed(noise[: 8 * RATE])] == [True, False], "noise becomes the floor"
    assert ear.feed(noise[8 * RATE : 12 * RATE]) == []
    assert ear.floor_dbfs == pytest.approx(-50, abs=2.5), "3 of its 8 kHz are where voices are"
    talk = noise[12 * RATE : 14 * RATE].copy()
    talk += tone(2, -25)
    assert [change.open for change in ear.feed(talk)] == [True]
    assert [change.open for change in ear.feed(noise[14 * RATE : 17 * RATE])] == [False]


def test_an_open_carrier_hum_does_not_hold_the_channel_for_ever() -> None:
    changes = vox().feed(np.concatenate((silence(1), tone(15, -20))))
    assert [change.open for change in changes] == [True, False]
    assert changes[1].since_s < 3.6


def test_mains_hum_and_a_ctcss_tone_are_no_voice_however_loud() -> None:
    hum = tone(5, -9, 50).astype(np.float64) + tone(5, -15, 100) + tone(5, -20, 150)
    ear = vox()
    assert ear.feed(np.concatenate((silence(1), as_samples(hum), silence(1)))) == []
    assert ear.feed(np.concatenate((silence(1), tone(5, -15, 254.1), silence(1)))) == []
    assert [change.open for change in ear.feed(as_samples(hum[:RATE] + tone(1, -30)))] == [True], (
        "talk over it is heard"
    )


@pytest.mark.parametrize("hertz", [420, 1000, 3380])
def test_the_level_of_a_voice_is_the_level_of_the_sound(hertz: float) -> None:
    levels = voice_dbfs(tone(1, -20, hertz).reshape(-1, FRAME))
    assert levels == pytest.approx([-20] * 50, abs=1.5)
    assert voice_dbfs(np.zeros((2, FRAME), np.int16)) == [-96.0, -96.0]
    assert voice_dbfs(np.zeros((0, FRAME), np.int16)) == []


def test_noise_that_becomes_louder_is_the_floor_in_two_seconds_and_talk_over_it_opens() -> None:
    """A fan goes on, a motor starts, a carrier with noise comes up."""
    for step in (10, 15, 25, 35):
        ear = Vox(threshold_dbfs=-60, attack_s=0.06, hang_s=0.8)
        ear.feed(hiss(8, -60))
        assert not ear.open
        changes = ear.feed(hiss(10, -60 + step, seed=step))
        assert [change.open for change in changes] in ([], [True, False])
        if changes:
            assert changes[1].since_s - changes[0].since_s < 2.6
        talk = as_samples(hiss(1, -60 + step, seed=99).astype(float) + tone(1, -60 + step + 10))
        assert [change.open for change in ear.feed(talk)] == [True]


def test_noise_that_becomes_softer_lets_soft_talk_open_at_once() -> None:
    ear = Vox(threshold_dbfs=-60, attack_s=0.06, hang_s=0.8)
    ear.feed(hiss(10, -30))
    ear.feed(hiss(1, -60))
    assert [change.open for change in ear.feed(tone(0.5, -45))] == [True]


def test_noise_that_grows_slowly_never_opens() -> None:
    seconds = 30
    growing = hiss(seconds, -60).astype(float) * 10 ** (np.arange(seconds * RATE) / RATE / 20)
    assert Vox(threshold_dbfs=-60, attack_s=0.06, hang_s=0.8).feed(as_samples(growing)) == []


READING = "/usr/share/pocketsphinx/test/data/librivox/sense_and_sensibility_01_austen_64kb-0870.wav"
"""Seven seconds of somebody reading (Debian's pocketsphinx-testdata, public domain)."""


def reading(above_noise_db: float) -> Samples:
    """Seven seconds of somebody reading, at -20 dBFS, with noise that comes up with his carrier."""
    with wave.open(READING) as file:
        assert file.getframerate() == RATE
        speech = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    seconds = len(speech) / RATE + 0.1
    noise = hiss(seconds, -20 - above_noise_db + 4.3)[: len(speech)]  # 3 of its 8 kHz are where voices are
    return as_samples(speech * 10 ** ((-20 - level_dbfs(speech)) / 20) + noise)


@pytest.mark.parametrize("above", [40, 10, 6])
def test_a_long_call_is_one_call_also_out_of_a_noisy_shop(above: int) -> None:
    talk = np.tile(reading(above), 2)
    changes = vox().feed(np.concatenate((silence(3), talk, silence(2))))
    assert [change.open for change in changes] == [True, False]
    assert changes[0].since_s == pytest.approx(3, abs=0.5)
    assert changes[1].since_s == pytest.approx(3 + len(talk) / RATE, abs=0.5)


@pytest.mark.parametrize("above", [10, 6, 3])
def test_of_half_a_minute_out_of_a_noisy_shop_little_is_lost(above: int) -> None:
    talk = np.tile(reading(above), 4)
    changes = vox().feed(np.concatenate((silence(3), talk, silence(2))))
    assert len(changes) <= 6
    ends = [change.since_s + (0 if change.open else 0.8) for change in changes]
    assert sum(ends[1::2]) - sum(ends[::2]) > 0.9 * len(talk) / RATE


def test_noise_that_swells_a_little_is_still_no_speech() -> None:
    seconds = 10
    swell = 10 ** (0.5 * np.sin(2 * np.pi * 3 * np.arange(seconds * RATE) / RATE) / 20)
    changes = vox().feed(np.concatenate((silence(3), as_samples(hiss(seconds, -30) * swell))))
    assert [change.open for change in changes] == [True, False]
    assert changes[1].since_s < 6


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
