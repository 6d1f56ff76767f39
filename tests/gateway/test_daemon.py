"""The daemon: one call from key-up to everyone who should know, and what happens when things go wrong meanwhile."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.calls import DecisionKind
from dispatch.deliveries import DeliveryState
from dispatch.store.transmissions import NewTranscript, NewTransmission
from gateway.daemon import ATTEMPTS
from radio_drivers.simulator.settings import SimulatorSettings
from tests.gateway.little_town import ScriptedTranscriber, little_town, said

SIGHTING = "Corner Books to Control, Martin Blackwood has just walked in, grey hoodie and black cap, over."
OTHER = "Star Clothing to Control, number zero one one seven is outside."
CHATTER = "Thanks, see you tomorrow, have a good evening."
EMERGENCY = "Urgent assistance, Station Newsagent, a man with a knife is at the counter."
STAND_DOWN = "Corner Books to Control, stand down on Martin Blackwood, he has left."


async def test_everyone_who_should_know_knows(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING})) as town:
        guard, listener = town.radio("1002"), town.radio("1003")
        await guard.say(said(1))
        await town.until(lambda: town.handled)
        await town.until_sent()
        (handled,) = town.handled
        assert handled.decision.kind is DecisionKind.ALERT
        assert [match.person.reference for match in handled.decision.named] == ["FT-0101"]
        await town.until(lambda: any("BASE" in heard.units for heard in listener.heard))
        assert any("BASE" in heard.units for heard in guard.heard), "the guard who called hears it, too"
        texts = await asyncio.to_thread(town.sms)
        assert len(texts) == 3
        assert all("Ref 0101" in text and "Blackwood" not in text for text in texts)
        assert any("Ref 0101" in text.text for text in listener.texts)


async def test_our_own_rebroadcast_comes_back_through_the_repeater_and_is_no_call(tmp_path: Path) -> None:
    base = SimulatorSettings(unit="BASE", pace=0.05, repeater=True, squelch_tail_s=0.2)
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING, 2: CHATTER}), base=base) as town:
        guard = town.radio("1002")
        await guard.say(said(1))
        await town.until(lambda: any("BASE" in heard.units for heard in guard.heard))
        await town.until_sent()
        await asyncio.sleep(0.1)
        await guard.say(said(2))
        await town.until(lambda: len(town.handled) == 2)
        assert town.transcriber.heard == [1, 2], "77 would be our own voice"


async def test_a_busy_channel_is_waited_for(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING})) as town:
        guard, listener = town.radio("1002"), town.radio("1003")
        with town.channel.occupied():
            await guard.say(said(1))
            await town.until(lambda: town.handled)
            await asyncio.sleep(0.1)
            assert not any("BASE" in heard.units for heard in listener.heard)
        await town.until(lambda: any("BASE" in heard.units for heard in listener.heard))


async def test_nothing_but_help_is_spoken_after_a_call_for_help(tmp_path: Path) -> None:
    script = ScriptedTranscriber({1: SIGHTING, 2: EMERGENCY})
    script.gate = asyncio.Event()
    async with little_town(tmp_path, script) as town:
        guard, victim, listener = town.radio("1002"), town.radio("1008"), town.radio("1003")
        await guard.say(said(1))
        await victim.press_emergency()
        await victim.say(said(2))
        script.gate.set()
        await town.until(lambda: len(town.handled) == 3)
        urgent = [handled for handled in town.handled if handled.decision.priority == "urgent"]
        assert {handled.transmission.source for handled in urgent} == {"emergency button", "radio"}
        await town.until(lambda: sum("BASE" in heard.units for heard in listener.heard) >= 1)
        spoken = await town.parts.store.outbox.counts()
        assert spoken, "deliveries exist"
        alerts = [handled.alert for handled in urgent if handled.alert]
        assert alerts
        # The sighting's own announcement is held while the emergency is fresh: at least one delivery still waits.
        assert await town.parts.store.outbox.next_due(town.channel.clock.now()) is not None


async def test_an_emergency_button_alone_raises_the_alarm(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({})) as town:
        await town.radio("1008").press_emergency()
        await town.until(lambda: town.handled)
        (handled,) = town.handled
        assert handled.decision.kind is DecisionKind.ALERT
        assert handled.alert is not None
        assert handled.alert.priority == "urgent"
        assert handled.call.caller == "Station Newsagent", "whose radio 1008 is"
        assert handled.text is not None
        assert "Station Newsagent" in handled.text.voice


async def test_a_text_from_a_radio_is_read_like_speech(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({})) as town:
        await town.radio("1002").send_text(SIGHTING)
        await town.until(lambda: town.handled)
        assert town.handled[0].decision.kind is DecisionKind.ALERT
        assert town.handled[0].transmission.source == "radio text"


async def test_a_stand_down_reaches_those_whom_the_alert_reached(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING, 2: STAND_DOWN})) as town:
        guard = town.radio("1002")
        await guard.say(said(1))
        await town.until(lambda: town.handled)
        await town.until_sent()
        await guard.say(said(2))
        await town.until(lambda: len(town.handled) == 2)
        await town.until_sent()
        assert town.handled[1].decision.kind is DecisionKind.STAND_DOWN
        first, second = (handled.alert for handled in town.handled)
        assert first is not None
        assert second is not None
        assert {d.recipient for d in second.deliveries} == {d.recipient for d in first.deliveries}
        assert sum("STAND DOWN" in text for text in await asyncio.to_thread(town.sms)) == 3


async def test_the_same_news_is_not_shouted_twice(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING})) as town:
        guard = town.radio("1002")
        for count in (1, 2):
            await guard.say(said(1))
            await town.until(lambda: len(town.handled) == count)  # noqa: B023 - awaited in the same turn
            await town.until_sent()
        assert [handled.decision.kind for handled in town.handled] == [DecisionKind.ALERT] * 2, town.handled[1].decision
        assert town.handled[1].alert is not None
        assert not town.handled[1].alert.deliveries
        assert town.handled[1].alert.updates is not None
        assert len(await asyncio.to_thread(town.sms)) == 3


async def test_a_burst_is_worked_newest_first_and_loses_none(tmp_path: Path) -> None:
    script = ScriptedTranscriber(dict.fromkeys(range(1, 13), CHATTER))
    script.gate = asyncio.Event()
    async with little_town(tmp_path, script) as town:
        guard = town.radio("1002")
        for marker in range(1, 13):
            await guard.say(said(marker, 0.6))
        await town.until(lambda: town.parts.gateway.arrears.waiting == 11)
        script.gate.set()
        await town.until(lambda: len(town.handled) == 12)
        first, *rest = script.heard
        assert first == 1, "it was the only one when the engine was free"
        assert rest == list(range(12, 1, -1))


async def test_a_crash_of_the_speech_engine_costs_an_attempt_not_the_call(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING, 2: CHATTER}, failures={1: 2})) as town:
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)
        assert town.transcriber.heard == [1, 1, 1]
        assert town.parts.health.ok


async def test_what_can_not_be_heard_is_left_to_a_person(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING, 2: CHATTER}, failures={1: 99})) as town:
        guard = town.radio("1002")
        await guard.say(said(1))
        await town.until(lambda: len(town.transcriber.heard) == ATTEMPTS)
        assert "speech" in {fault.name for fault in town.parts.health.faults}
        await guard.say(said(2))
        await town.until(lambda: town.handled)
        assert town.parts.health.ok, "the next call is heard, and the fault is over"
        assert not await town.parts.store.transmissions.unfinished()


async def test_a_lost_link_is_one_fault_and_reception_goes_on_afterwards(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: CHATTER})) as town:
        town.channel.lose_link("the cable was pulled out")
        await town.until(lambda: not town.parts.health.ok)
        (fault,) = town.parts.health.faults
        assert "the cable was pulled out" in fault.text
        town.channel.restore_link()
        await town.until(lambda: town.parts.health.ok)
        await town.radio("1002").say(said(1))
        await town.until(lambda: town.handled)


async def test_a_full_disk_is_a_fault_and_the_call_is_heard_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING})) as town:
        real = os.fsync

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        await town.radio("1002").say(said(1))
        await town.until(lambda: "recordings" in {fault.name for fault in town.parts.health.faults})
        assert not town.handled
        monkeypatch.setattr(os, "fsync", real)
        await town.until(lambda: town.handled)
        assert town.parts.health.ok


async def test_stopping_in_mid_sentence_keeps_what_was_said(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({1: CHATTER})) as town:
        talking = asyncio.create_task(town.radio("1002").say(said(1, 60)))
        await asyncio.sleep(0.2)
        town.stop.set()
        async with asyncio.timeout(5):
            await town.running
        talking.cancel()
        await asyncio.wait({talking})
        kept = await town.parts.store.transmissions.get(1)
        assert 1 < kept.duration_s < 60


async def test_cancelling_the_daemon_ends_it_cancelled(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({})) as town:
        town.running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await town.running


async def test_what_an_earlier_run_left_is_taken_up(tmp_path: Path) -> None:
    script = ScriptedTranscriber({1: SIGHTING})
    script.gate = asyncio.Event()
    async with little_town(tmp_path, script) as town:
        await town.radio("1002").say(said(1))
        while not await town.parts.store.transmissions.unfinished():
            await asyncio.sleep(0.01)
        town.running.cancel()
        await asyncio.wait({town.running})
        assert not town.handled
    async with little_town(tmp_path, ScriptedTranscriber({1: SIGHTING})) as town:
        await town.until(lambda: town.handled)
        assert town.handled[0].decision.kind is DecisionKind.ALERT


async def test_an_old_sighting_that_is_only_heard_now_is_decided_and_told_to_nobody(tmp_path: Path) -> None:
    async with little_town(tmp_path, ScriptedTranscriber({})) as town:
        said_at = town.channel.clock.now() - timedelta(minutes=11)
        old = NewTransmission("f" * 32, "town", "1002", None, said_at, said_at, 0.0, "", "0" * 64, source="radio text")
        row = await town.parts.store.transmissions.record(old)
        heard = NewTranscript(SIGHTING, (), (), 0.0, 0.0, "radio text", 0.0)
        await town.parts.store.transmissions.save_transcript(row, heard)
    async with little_town(tmp_path, ScriptedTranscriber({})) as town:
        await town.until(lambda: town.handled)
        (handled,) = town.handled
        assert handled.decision.kind is DecisionKind.ALERT
        assert handled.alert is not None
        assert handled.alert.deliveries
        await town.until_sent()
        counts = await town.parts.store.outbox.counts()
        assert counts[DeliveryState.EXPIRED] == len(handled.alert.deliveries)
        assert not await asyncio.to_thread(town.sms)
