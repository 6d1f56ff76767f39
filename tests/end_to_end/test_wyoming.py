"""The whole gateway with ears and voice on another machine: foreign Wyoming servers that die under a call and come back."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gateway.audio import wav_bytes
from radio_drivers.simulator.client import SimulatorClient
from tests.end_to_end.conftest import Say
from tests.end_to_end.town import PHONES, Town
from tests.peers.wyoming_server import WyomingServer

FIRST = "Corner Books to Control, Martin Blackwood has just walked in, grey hoodie, over."
SECOND = "Old Bakery to Control, Benjamin Ashworth is here in the shop, red jacket, over."


def point_at(town: Town, server: WyomingServer) -> None:
    """Set `speech.url`."""
    text = town.config.read_text()
    town.config.write_text(text.replace("[speech]\n", f'[speech]\nurl = "{server.url}"\n'))


def engines(town: Town) -> list[str]:
    """What heard each call, in order."""
    return [
        str(engine).split(" at ")[0]
        for (engine,) in town.rows("select engine from transcripts order by transmission_id")
    ]


async def said_until(town: Town, guard: SimulatorClient, call: bytes, true: Callable[[], object]) -> None:
    """Says a call, and once more where nothing came of it: who talks into the tail of another transmission is not heard, on any radio."""
    await guard.say(call)
    try:
        await town.until(true)
    except TimeoutError:
        await guard.say(call)
        await town.until(true)


@pytest.mark.timeout(180)
@pytest.mark.speech
async def test_dies_under_the_second_call_and_hears_the_third(town: Town, say: Say) -> None:
    async with WyomingServer("parrot", text=FIRST, dies=True) as server, WyomingServer("espeak") as mouth:
        point_at(town, server)
        town.config.write_text(f'{town.config.read_text()}\n[voice]\nurl = "{mouth.url}"\n')
        await town.start()
        async with town.radio("1002") as guard:
            await guard.say(say(FIRST))
            await town.until(lambda: len(engines(town)) == 1)
            await town.nothing_more_to_send()
            assert {number for number, _ in town.twilio.texts} == PHONES
            assert all("Ref 0101" in text for _, text in town.twilio.texts), "verified here, by the sound"

            told = len(town.twilio.texts)
            assert b"is away" not in town.log.read_bytes(), "heard and spoken elsewhere"
            await mouth.kill()
            await guard.wait_heard(1)  # the announcement has left the air, its squelch tail with it
            await said_until(town, guard, say(SECOND), lambda: len(engines(town)) == 2)
            await town.until(lambda: len(town.twilio.texts) == told + len(PHONES))
            await town.nothing_more_to_send()
            assert all("Ref 0117" in text for _, text in town.twilio.texts[told:]), (
                "as it was said, not as the parrot hears it"
            )
            assert not server.running
            spoken = town.rows("select state from deliveries where channel = 'radio_voice'")
            assert spoken == [("sent",)] * 2, "the second by the voice here"

            await guard.wait_heard(2)
            await server.start()
            back = b"an engine elsewhere is there and goes first"
            await town.until(lambda: town.log.read_bytes().count(back) == 3, 60)
            await guard.say(say(FIRST))
            await town.until(lambda: len(engines(town)) == 3)
        assert engines(town) == ["wyoming parrot en-us", "whisper tiny.en int8", "wyoming parrot en-us"]
        await town.stop()
        log = town.log.read_text()
        away = [line for line in log.splitlines() if "an engine elsewhere is away" in line]
        assert len(away) == 2, away
        assert any("speech at" in line for line in away)
        assert any("voice at" in line for line in away)
        assert "Traceback" not in log


@pytest.mark.timeout(150)
@pytest.mark.speech
async def test_replay_by_name_of_the_engine(town: Town, say: Say) -> None:
    calls = town.folder / "calls"
    calls.mkdir()
    (calls / "a.wav").write_bytes(wav_bytes(say(FIRST)))
    (calls / "b.wav").write_bytes(wav_bytes(say(SECOND)))
    async with WyomingServer("parrot", text=FIRST, dies=True) as server:
        point_at(town, server)
        out = town.folder / "out.jsonl"
        register = str(town.folder / "register.csv")
        await town.command(
            "replay", "--engine", "wyoming", "--register", register, "--no-dispatch", "--json", str(out), str(calls)
        )
        far = [json.loads(line) for line in out.read_text().splitlines()]
        assert [record["engine"].split(" at ")[0] for record in far] == ["wyoming parrot en-us", "whisper tiny.en int8"]
        assert far[0]["transcript"] == FIRST
        assert [[person["reference"] for person in record["people"]] for record in far] == [["FT-0101"], ["FT-0117"]]
