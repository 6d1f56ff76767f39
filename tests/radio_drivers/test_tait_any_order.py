"""A Tait radio and what happens to it, in any order: whatever comes, the key is up in the end and nothing is stuck. On virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from radio_drivers.interface import RadioError, TextReceived
from radio_drivers.tait.talking import OVER_S
from tests.radio_drivers.tait_bench import RULES, Bench, run

HAPPENINGS: dict[str, Callable[[Bench], object]] = {
    "somebody talks": lambda bench: bench.radio.carrier(on=True),
    "and stops": lambda bench: bench.radio.carrier(on=False),
    "the end of it is lost": lambda bench: setattr(bench.radio, "busy", False),
    "a call": lambda bench: bench.radio.ring(caller="1234"),
    "an emergency": lambda bench: bench.radio.ring(types="0100", caller="1234"),
    "a text": lambda bench: bench.radio.text("hello"),
    "the knob is turned": lambda bench: bench.radio.turn_to("0009"),
    "a restart": lambda bench: bench.radio.restart(boot_s=2.0),
    "a restart into transparent mode": lambda bench: bench.radio.restart(boot_s=2.0, mode="transparent"),
    "noise": lambda bench: bench.radio.send(b"\xff\x00p02\r..e0"),
    "the plug is pulled": lambda bench: bench.line.cut(),
    "the network dies": lambda bench: setattr(bench.line, "dead", True),
    "and lives": lambda bench: setattr(bench.line, "dead", False),
    "keys are refused": lambda bench: bench.radio.refuses.update({"f91": 6}),
    "releases are refused": lambda bench: bench.radio.refuses.update({"f90": 6}),
    "texts are refused": lambda bench: bench.radio.refuses.update({"a": 6}),
    "nothing is refused": lambda bench: bench.radio.refuses.clear(),
    "transmission is inhibited": lambda bench: setattr(bench.radio, "inhibited", True),
    "and allowed": lambda bench: setattr(bench.radio, "inhibited", False),
}
DOINGS = ("key", "key, given up", "release", "release, given up", "text", "text to one", "open again")

steps = st.tuples(st.sampled_from((*HAPPENINGS, *DOINGS)), st.sampled_from((0.0, 0.01, 0.05, 0.5, 3.0, 12.0)))


async def do(bench: Bench, what: str) -> None:
    doing: asyncio.Task[None] | None = None
    match what:
        case "key" | "key, given up":
            doing = asyncio.create_task(bench.control.key(on=True))
        case "release" | "release, given up":
            doing = asyncio.create_task(bench.control.key(on=False))
        case "text" | "text to one":
            doing = asyncio.create_task(bench.control.send_text("Hi", "0001" if what == "text to one" else None))
        case "open again":
            bench.ear.lost.clear()
            bench.ear.changes.clear()  # what was open is nobody's any more
            doing = asyncio.create_task(bench.reopen())
        case _:
            HAPPENINGS[what](bench)
    if doing is not None:
        if what.endswith("given up"):
            await asyncio.sleep(0.01)
            doing.cancel()
        await asyncio.wait({doing})
        if not doing.cancelled() and doing.exception() is not None:
            assert isinstance(doing.exception(), RadioError)


# What it has found so far: a release refused as the link begins; a text behind a key that nobody can release; a key
# pressed while the guard lets go of the one before it; a key pressed as the radio comes back from a restart.
@example([("releases are refused", 0.5), ("key", 3.0), ("open again", 12.0), ("key, given up", 0.0), ("key", 0.5)])
@example([("releases are refused", 0.5), ("key", 3.0), ("open again", 12.0), ("key", 0.5), ("text", 3.0)])
@example([("key", 12.0), ("a call", 3.0), ("a call", 0.5), ("a call", 12.0), ("key", 3.0)])
@example([("key", 3.0), ("releases are refused", 0.05), ("a restart", 0.05), ("key", 0.01), ("open again", 12.0)])
@settings(max_examples=60)
@given(st.lists(steps, max_size=15))
def test_in_any_order(script: list[tuple[str, float]]) -> None:
    async def test() -> None:
        bench = Bench(text_to="5200****", baud=28_800)
        await bench.open()
        for what, then_s in script:
            await do(bench, what)
            await asyncio.sleep(then_s)
            assert len(bench.ear.lost) <= 1
            assert all(one != other for one, other in pairwise(bench.ear.open)), "open and closed take turns"
        # The world is good again.
        bench.radio.refuses.clear()
        bench.radio.inhibited = bench.line.dead = False
        bench.radio.carrier(on=False)
        await asyncio.sleep(RULES.time_out_s + OVER_S + 10)
        if bench.line.link is not None and not bench.ear.lost:
            assert not bench.radio.keyed, "the guard has let go"
        for _ in range(2):  # the first time a radio may still be starting
            bench.ear.lost.clear()
            with suppress(RadioError):
                await bench.reopen()
                break
        assert not bench.radio.keyed
        told = len(bench.ear.of(TextReceived))
        before = len(bench.ear.changes)
        bench.radio.carrier(on=True)
        bench.radio.text("are you there?")
        await asyncio.sleep(3)
        assert bench.ear.changes[before].open
        assert bench.ear.of(TextReceived)[told:][-1].text == "are you there?"
        bench.radio.carrier(on=False)
        await asyncio.sleep(1)
        await bench.control.key(on=True)
        assert bench.radio.keyed
        await bench.control.close()
        await asyncio.sleep(0.1)
        assert not bench.radio.keyed

    run(test)
