"""The parts of `bench radio` that need no minutes: its frames are understood, its sound is what it says, its figures are counted rightly."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bench import _radio_parsers, radio
from bench._radio_channels import BLOCK, _Air, _Watch
from bench._radio_sound import CARD_RATE, SUB_TONE_HZ, SoftwareCard, Turn, turns
from radio_drivers.interface import RATE, Audio, KeyDown, KeyUp, Signalled
from radio_drivers.line.portaudio import BLOCK_S
from radio_drivers.signalling.driver import SignallingDriver

SPEECH = (3_000 * np.random.default_rng(3).standard_normal(RATE)).astype("<i2").tobytes()


def test_every_frame_that_is_timed_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_radio_parsers, "AT_LEAST_S", 0.0001)
    monkeypatch.setattr(_radio_parsers, "ROUNDS", 1)
    costs = _radio_parsers.parse_costs()
    assert set(costs) == {"ccdi", "pei", "mqtt"}
    assert all(cost.worst >= cost.typical > 0 for cost in costs.values())


def test_talk_and_hiss_by_turns_with_the_tone_under_the_talk() -> None:
    stretch = turns([SPEECH], 3.0, tone=True)
    assert [turn.talk for turn in stretch[:4]] == [True, False, True, False]
    assert sum(len(turn.pcm) for turn in stretch) >= 3 * RATE

    def tone_of(turn: Turn) -> float:
        spectrum = np.abs(np.fft.rfft(turn.pcm / 32768, 2 * RATE)) / len(turn.pcm)
        return float(spectrum[round(2 * SUB_TONE_HZ)])

    assert tone_of(stretch[0]) > 20 * tone_of(stretch[1])


async def test_a_channel_with_its_tone_goes_through_all_decoders_whole() -> None:
    stretch = turns([SPEECH], 3.0, tone=True)
    kinds = [
        type(event) async for event in SignallingDriver(radio._Played(stretch), radio.DECODERS[radio.ALL]).events()
    ]
    assert kinds.count(KeyUp) == kinds.count(KeyDown) == sum(turn.talk for turn in stretch)
    assert Signalled not in kinds


def test_the_air_is_silent_until_it_opens_and_counts_the_talk_heard() -> None:
    talk, hiss = Turn(True, np.full(RATE, 1_000, np.int16)), Turn(False, np.zeros(RATE, np.int16))
    air = _Air([talk, hiss])
    first, second = air.heard_at(0.0), air.heard_at(0.5)
    assert not first(0).any()
    air.open = True
    heard = [first(n) for n in range(50)]
    assert {len(block) for block in heard} == {BLOCK}
    assert air.talk_blocks == 25
    assert np.abs(second(1)).max() < 10 < np.abs(heard[5]).max()


async def test_a_software_card_gives_blocks_in_time_and_may_be_opened_again() -> None:
    card = SoftwareCard(lambda count: np.full(BLOCK, count, np.int16))
    for _ in range(2):
        got: list[int] = []
        card.heard = lambda data, frames, _times, _troubles, got=got: got.append(frames)
        card.start()
        deadline = time.monotonic() + 10
        while len(got) < 3:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        await asyncio.to_thread(card.close)
        assert set(got) == {round(CARD_RATE * BLOCK_S)}


def test_a_key_up_counts_until_a_sample_from_after_it_is_there() -> None:
    watch = _Watch("town")
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def audio(start_s: float) -> Audio:
        return Audio("town", at + timedelta(seconds=start_s), bytes(1_280))

    def note(event: Audio | KeyUp | KeyDown) -> None:
        watch._note(event, watch._recorder.feed(event))

    for block in range(10):
        note(audio(-0.4 + 0.04 * block))
    watch.pressed, watch.pressed_at = time.monotonic(), at.timestamp()
    note(KeyUp("town", at))
    assert (len(watch.begun), watch.done) == (1, 0)
    note(audio(0.0))
    assert watch.done == 1
    for block in range(1, 20):
        note(audio(0.04 * block))
    note(KeyDown("town", at + timedelta(seconds=0.8)))
    assert watch.first == [pytest.approx(-0.3, abs=0.001)]
