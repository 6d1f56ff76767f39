"""A Tait radio over lines that lose, change and cut bytes, that break at every byte, and that are slow. On virtual time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from radio_drivers.interface import EmergencyPressed, RadioError, RadioEvent, Signalled, StrengthRead, TextReceived
from tests.peers.tait import BadLine, TaitRadio
from tests.radio_drivers.tait_bench import Bench, opened, run


async def dialogue(bench: Bench) -> None:
    """A bit of everything."""
    await bench.open()
    bench.radio.carrier(on=True)
    await asyncio.sleep(0.3)
    bench.radio.ring(caller="1234")
    bench.radio.carrier(on=False)
    await asyncio.sleep(0.5)
    bench.radio.text("Thanks")
    await asyncio.sleep(0.5)
    await bench.control.key(on=True)
    await asyncio.sleep(1)
    await bench.control.key(on=False)
    await bench.control.send_text("North gate", "0001")
    await asyncio.sleep(11)


def settings() -> dict[str, Any]:
    return {"text_to": "5200****", "baud": 28_800, "strength_s": 0.2}


def bytes_of_the_dialogue() -> int:
    passed = 0

    async def test() -> None:
        nonlocal passed
        bench = Bench(**settings())
        await dialogue(bench)
        passed = bench.line.passed
        await bench.control.close()

    run(test)
    return passed


def test_the_link_may_break_at_every_byte() -> None:
    whole = bytes_of_the_dialogue()
    assert whole > 400
    for cut_after in range(1, whole + 1):

        async def test(cut_after: int = cut_after) -> None:
            bench = Bench(**settings())
            bench.line.cut_after = cut_after
            with suppress(RadioError):
                await dialogue(bench)
            assert bench.line.link is None, "the link was to break"
            opened_once = "f051" in bench.radio.accepted and bench.ear.lost
            assert len(bench.ear.lost) <= 1
            if opened_once:
                assert bench.ear.lost == ["the plug was pulled"]
            assert bench.ear.open in ([], [True, False]), "a call that was under way has ended"
            # Everything works again, and nothing of before is in the way.
            bench.ear.lost.clear()
            bench.ear.changes.clear()
            await bench.reopen()
            assert not bench.radio.keyed
            bench.radio.carrier(on=True)
            await asyncio.sleep(0.1)
            assert bench.ear.open == [True]
            bench.radio.carrier(on=False)
            await bench.control.key(on=True)
            assert bench.radio.keyed
            await bench.control.close()
            assert not bench.radio.keyed
            assert bench.ear.lost == []

        run(test)


def test_a_line_that_cuts_everything_to_pieces_is_a_good_line() -> None:
    async def test(quality: BadLine | None) -> list[object]:
        bench = Bench(quality=quality, **settings())
        await dialogue(bench)
        await bench.control.close()
        return [change.open for change in bench.ear.changes] + [said_of(event) for event in bench.ear.events]

    async def both() -> None:
        assert await test(BadLine(7, split=True)) == await test(None)

    run(both)


def said_of(event: RadioEvent) -> object:
    match event:
        case StrengthRead():
            return "strength"
        case TextReceived():
            return event.text
        case Signalled():
            return event.text, event.unit
        case _:
            return type(event)


@pytest.mark.parametrize("baud", [28_800, 9_600, 2_400, 1_200])
def test_a_line_as_slow_as_the_radio_is_programmed(baud: int) -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.baud = baud
        async with opened(radio, paced=True, baud=baud, text_to="5200****") as bench:
            began = bench.now
            radio.carrier(on=True)
            await asyncio.sleep(3)
            # The radio's message begins when the channel opens, however long it takes to come.
            assert bench.ear.changes[0].since_s == pytest.approx(began, abs=0.1)
            assert bench.ear.of(StrengthRead)
            radio.carrier(on=False)
            await asyncio.sleep(1)
            for _ in range(3):
                await bench.control.key(on=True)
                assert radio.keyed
                await bench.control.key(on=False)
                assert not radio.keyed
            radio.refuses = {"a": 6}
            with pytest.raises(RadioError, match="programming"):
                await bench.control.send_text("Hi", None)
            radio.refuses = {}
            await bench.control.send_text("North gate, Corner Books", None)
            assert radio.sent_texts == [("5200****", "North gate, Corner Books")]
            assert bench.ear.lost == []

    run(test)


def test_what_was_measured_after_the_end_of_a_call_is_not_its_strength() -> None:
    """On a slow line the answer is long under way; the radio measures an empty channel, 128 dB below a milliwatt."""

    async def test() -> None:
        radio = TaitRadio()
        radio.baud = 1_200
        async with opened(radio, paced=True, baud=1_200, strength_s=0.2) as bench:
            for lasts_s in range(30):
                radio.carrier(on=True, dbm=-70)
                await asyncio.sleep(0.5 + lasts_s / 50)
                radio.carrier(on=False)
                await asyncio.sleep(1)
            measured = [event.dbm for event in bench.ear.of(StrengthRead)]
            assert len(measured) > 15
            assert min(measured) > -90

    run(test)


@pytest.mark.parametrize("seed", range(12))
def test_on_a_line_that_loses_and_changes_bytes_the_key_never_sticks(seed: int) -> None:
    """One byte in a hundred is lost and one changed: far worse than any cable. The radio is found again each time."""

    async def test() -> None:
        radio = TaitRadio(seed=seed)
        bench = Bench(radio, BadLine(seed, drop=0.01, garble=0.01, split=True), **settings())
        calls = emergencies = 0
        for _ in range(15):
            with suppress(RadioError):
                await bench.reopen()
                for _ in range(6):
                    radio.carrier(on=True)
                    await asyncio.sleep(1)
                    radio.ring(types="0100", caller="1234")
                    radio.carrier(on=False)
                    calls, emergencies = calls + 1, emergencies + 1
                    await asyncio.sleep(1)
                    await bench.control.key(on=True)
                    await asyncio.sleep(1)
                    await bench.control.key(on=False)
                    assert not radio.keyed
                    if bench.ear.lost:
                        break
            bench.ear.lost.clear()
            with suppress(RadioError):
                await bench.control.key(on=False)
        bench.line.quality = BadLine(0)
        await bench.reopen()
        assert not radio.keyed
        # What was damaged was not understood, and nothing was understood that was not said.
        assert emergencies * 0.5 < len(bench.ear.of(EmergencyPressed)) <= emergencies
        assert {event.unit for event in bench.ear.of(EmergencyPressed)} == {"1234"}
        assert bench.ear.open.count(True) > calls * 0.6
        before = len(bench.ear.changes)
        radio.carrier(on=True)
        await asyncio.sleep(0.1)
        assert bench.ear.changes[before].open
        await bench.control.close()
        assert not radio.keyed

    run(test)


def test_a_dead_network_says_nothing_and_is_noticed() -> None:
    async def test() -> None:
        async with opened(keepalive_s=10, text_to="5200****") as bench:
            await bench.control.key(on=True)
            await bench.control.key(on=False)
            bench.line.dead = True
            await asyncio.sleep(15)
            assert len(bench.ear.lost) == 1

    run(test)


def test_a_line_full_of_rubbish_is_warned_of() -> None:
    async def test() -> None:
        async with opened() as bench:
            for _ in range(45):
                bench.radio.send(b"\xfe\x00rubbish\r")
                await asyncio.sleep(0.2)
            bench.radio.carrier(on=True)
            await asyncio.sleep(0.1)
            assert bench.ear.open == [True]

    with capture_logs() as logs:
        run(test)
    assert sum("can't be read" in log["event"] for log in logs) == 2
