"""A Tait radio as a control: finding it, what it hears, what it forgets. Against a radio in software, on virtual time."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from radio_drivers.interface import (
    EmergencyPressed,
    LinkDown,
    RadioSettingsError,
    Signalled,
    StrengthRead,
    TextReceived,
)
from radio_drivers.tait import TaitControl, TaitSettings
from tests.peers.tait import TaitRadio
from tests.radio_drivers.tait_bench import Bench, opened, run

ARMED = ["f041", "f031", "f101", "f051"]


def test_opening_releases_the_key_and_tells_the_radio_what_to_tell() -> None:
    async def test() -> None:
        async with opened(text_ids=True) as bench:
            assert bench.radio.accepted == [
                "q0",
                "f90",
                "q3",
                "q4",
                "f041",
                "f031",
                "f101",
                "f121",
                "f051",
                "f052",
                "c1",
            ]
            assert bench.control.tells_squelch
            assert bench.control.transmits
            assert bench.control.text_max is None
            assert bench.control.squelch_late_s < 0.1
        assert bench.ear.events == []
        assert bench.ear.lost == []

    run(test)


def test_what_the_radio_cannot_do_is_left_out() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.refuses = {"f90": 6, "q3": 6, "q4": 3, "f031": 1, "f101": 6, "f051": 1, "f052": 1, "c1": 6}
        async with opened(radio) as bench:
            assert radio.progress
            assert bench.ear.lost == []

    run(test)


def test_without_progress_messages_only_the_sound_can_tell() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.refuses = {"f041": 1}
        bench = Bench(radio)
        with pytest.raises(RadioSettingsError, match='squelch = "vox"'):
            await bench.open()
        async with opened(radio, squelch="vox") as bench:
            assert not bench.control.tells_squelch
            radio.progress = True
            radio.carrier(on=True)
            await asyncio.sleep(1)
        assert bench.ear.changes == []

    run(test)


def test_without_a_port() -> None:
    async def test() -> None:
        bench = Bench(port=None)
        with pytest.raises(RadioSettingsError, match=r"tait\.port"):
            await bench.open()
        await bench.control.close()

    run(test)


def test_the_channel_opens_and_closes_when_the_radio_says_so() -> None:
    async def test() -> None:
        async with opened() as bench:
            for _ in range(2):
                began = bench.now
                bench.radio.carrier(on=True)
                await asyncio.sleep(2)
                bench.radio.carrier(on=False)
                await asyncio.sleep(1)
                opened_at, closed_at = (change.since_s for change in bench.ear.changes[-2:])
                assert opened_at == pytest.approx(began, abs=0.005)
                assert closed_at == pytest.approx(began + 2, abs=0.005)
            assert bench.ear.open == [True, False, True, False]

    run(test)


def test_an_end_that_was_lost_does_not_join_two_calls() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.say("05")
            await asyncio.sleep(3)
            bench.radio.say("05")
            await asyncio.sleep(1)
            assert bench.ear.open == [True, False, True]

    run(test)


def test_nobody_talks_for_ever() -> None:
    async def test() -> None:
        async with opened(busy_max_s=60, strength_s=0) as bench:
            bench.radio.say("05")
            await asyncio.sleep(59)
            assert bench.ear.open == [True]
            await asyncio.sleep(2)
            assert bench.ear.open == [True, False]
            bench.radio.say("05")
            await asyncio.sleep(40)
            bench.radio.say("05")
            await asyncio.sleep(40)
            assert bench.ear.open == [True, False, True, False, True], "another call has its own minute"

    run(test)


def test_strength_is_read_while_somebody_talks_and_only_then() -> None:
    async def test() -> None:
        async with opened(strength_s=0.4) as bench:
            await asyncio.sleep(5)
            bench.radio.carrier(on=True, dbm=-71.0)
            await asyncio.sleep(2.05)
            bench.radio.carrier(on=False)
            await asyncio.sleep(5)
            read = bench.ear.of(StrengthRead)
            assert 4 <= len(read) <= 6
            assert all(-80 < event.dbm < -60 for event in read)
            assert bench.ear.event_times[0] < bench.ear.changes[0].since_s + 0.1

    run(test)


def test_a_radio_that_measures_nothing_is_asked_once() -> None:
    async def test() -> None:
        async with opened(TaitRadio("TM8200")) as bench:
            for _ in range(3):
                bench.radio.carrier(on=True)
                await asyncio.sleep(2)
                bench.radio.carrier(on=False)
                await asyncio.sleep(1)
            assert bench.ear.of(StrengthRead) == []
            assert bench.radio.heard.count("q5063") == 1
            assert bench.ear.lost == []

    run(test)


def test_who_calls() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.ring(caller="12345")
            bench.radio.ring(types="2000", status="07", caller="12345")
            bench.radio.ring(caller="54321-12345")
            bench.radio.ring(types="5000", category="1")
            await asyncio.sleep(0.1)
            told = [(event.text, event.unit, event.to, event.status) for event in bench.ear.of(Signalled)]
            assert told == [
                ("call", "12345", None, None),
                ("status 07", "12345", None, "07"),
                ("call", "12345", "54321", None),
                ("data", None, None, None),
            ]
            assert {event.system for event in bench.ear.of(Signalled)} == {"Tait"}
            assert bench.ear.of(EmergencyPressed) == []

    run(test)


def test_an_emergency_is_told_at_once() -> None:
    async def test() -> None:
        async with opened() as bench:
            pressed = bench.now
            bench.radio.ring(types="0100", caller="12345")
            bench.radio.carrier(on=True)
            await asyncio.sleep(0.1)
            first, second = bench.ear.events[:2]
            assert isinstance(first, EmergencyPressed)
            assert first.unit == "12345"
            assert isinstance(second, Signalled)
            assert second.unit == "12345"
            assert bench.ear.event_times[0] == pressed
            bench.radio.say("03")
            bench.radio.say("04")
            await asyncio.sleep(0.1)
            assert [event.unit for event in bench.ear.of(EmergencyPressed)] == ["12345", None]
            assert "end of the emergency" in bench.ear.of(Signalled)[-1].text

    run(test)


def test_a_status_may_be_an_emergency() -> None:
    async def test() -> None:
        async with opened(emergency_status=("99",)) as bench:
            bench.radio.ring(types="2000", status="07", caller="12345")
            bench.radio.ring(types="2000", status="99", caller="54321")
            await asyncio.sleep(0.1)
            assert [event.unit for event in bench.ear.of(EmergencyPressed)] == ["54321"]
            assert bench.ear.of(Signalled)[-1].text == "emergency status 99"

    run(test)


def test_an_emergency_while_the_radio_is_being_told_things_is_not_lost() -> None:
    async def test() -> None:
        bench = Bench()
        bench.radio.rings = True  # from before
        opening = asyncio.create_task(bench.open())
        await asyncio.sleep(0.5)
        bench.radio.ring(types="0100", caller="12345")
        await opening
        assert [event.unit for event in bench.ear.of(EmergencyPressed)] == ["12345"]
        await bench.control.close()

    run(test)


def test_texts_as_they_arrive() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.text("Seen at Corner Books")
            await asyncio.sleep(5)
            bench.radio.text("Thanks", caller="0042")
            await asyncio.sleep(5)
            told = [(event.text, event.unit) for event in bench.ear.of(TextReceived)]
            assert told == [("Seen at Corner Books", None), ("Thanks", "0042")]
            assert bench.radio.lost_texts == []
            assert bench.radio.heard.count("q1") == 0

    run(test)


def test_texts_that_have_to_be_fetched() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.refuses = {"f101": 6}
        async with opened(radio) as bench:
            for text in ("one", "two", "three"):
                radio.text(text)
                await asyncio.sleep(1)
            assert [event.text for event in bench.ear.of(TextReceived)] == ["one", "two", "three"]
            assert radio.lost_texts == []

    run(test)


def test_a_text_that_arrived_damaged_is_asked_for() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.ring("4000", category="1")
            bench.radio.buffer = "here it is"
            await asyncio.sleep(3)
            assert [event.text for event in bench.ear.of(TextReceived)] == ["here it is"]
            bench.radio.ring("4000", category="1")
            await asyncio.sleep(3)
            assert len(bench.ear.of(TextReceived)) == 1, "nothing was there"

    run(test)


def test_a_text_that_cannot_be_fetched_is_dropped_so_that_others_come() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.refuses = {"f101": 6, "q1": 6}
        async with opened(radio) as bench:
            radio.text("one")
            await asyncio.sleep(3)
            assert radio.buffer == ""
            assert bench.ear.lost == []

    run(test)


def test_a_text_from_before_the_start_is_dropped_but_one_from_a_gap_is_read() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.buffer = "of last week"
        async with opened(radio) as bench:
            await asyncio.sleep(2)
            assert bench.ear.of(TextReceived) == []
            bench.line.cut()
            await asyncio.sleep(1)
            radio.texts_out = False
            radio.text("of a second ago")
            await bench.reopen()
            await asyncio.sleep(3)
            assert [event.text for event in bench.ear.of(TextReceived)] == ["of a second ago"]

    run(test)


@pytest.mark.parametrize(
    ("prefix", "sent", "unit", "text"),
    [
        ("{unit}:", "1234: thanks", "1234", "thanks"),
        ("[{unit}]", "[A12]thanks", "A12", "thanks"),
        ("{unit}:", "no sender here", None, "no sender here"),
        ("{unit} ", "thanks for that", "thanks", "for that"),
        ("", "1234: thanks", None, "1234: thanks"),
    ],
)
def test_a_sender_in_front_of_the_text(prefix: str, sent: str, unit: str | None, text: str) -> None:
    async def test() -> None:
        async with opened(text_sender=prefix) as bench:
            bench.radio.text(sent)
            await asyncio.sleep(0.1)
            assert [(event.unit, event.text) for event in bench.ear.of(TextReceived)] == [(unit, text)]

    run(test)


def test_a_caller_of_long_ago_did_not_send_this_text() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.ring("4000", category="1", caller="0042")
            await asyncio.sleep(10)
            bench.radio.message("s", "anonymous")
            await asyncio.sleep(1)
            assert [event.unit for event in bench.ear.of(TextReceived)] == [None]

    run(test)


def test_stun_and_receipts_are_told() -> None:
    async def test() -> None:
        async with opened() as bench:
            for parameters in ("17", "18", "1C1", "1C0", "1E1", "2012", "FF"):
                bench.radio.say(parameters)
            await asyncio.sleep(0.1)
            texts = [event.text for event in bench.ear.of(Signalled)]
            assert texts == [
                "radio stunned", "radio revived", "selective call acknowledged", "selective call not acknowledged",
            ]  # fmt: skip

    run(test)


def test_faults_and_late_refusals_are_in_the_log() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.message("e", "102")
            bench.radio.message("e", "006")
            await asyncio.sleep(0.1)
            assert bench.ear.lost == []

    with capture_logs() as logs:
        run(test)
    assert any(log.get("fault") == "system error 02" for log in logs)
    assert any("too late to know what" in log["event"] for log in logs)


def test_a_turned_knob_is_told() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.turn_to("0009")
            await asyncio.sleep(0.1)
            bench.radio.turn_to("0009")
            await asyncio.sleep(0.1)
            bench.radio.say("219")
            await asyncio.sleep(0.1)
            texts = [event.text for event in bench.ear.of(Signalled)]
            assert texts == ["radio changed from channel 7 to 9", "radio on an invalid channel"]
            await asyncio.sleep(30)
            assert bench.radio.channel == "0009", "nobody said which channel it must be on"

    run(test)


@pytest.mark.parametrize("model", ["TM8110", "TM8200"])
def test_a_turned_knob_is_turned_back(model: str) -> None:
    async def test() -> None:
        radio = TaitRadio(model)  # type: ignore[arg-type]  # parametrized literals
        async with opened(radio, channel="12") as bench:
            assert radio.channel == "0012"
            assert radio.heard.count("g12") == 1
            radio.turn_to("0009")
            await asyncio.sleep(15)
            assert radio.channel == "0012"
            assert [event.text for event in bench.ear.of(Signalled)][-1] == "radio changed from channel 9 to 12"
            await asyncio.sleep(60)
            assert radio.heard.count("g12") == 2

    run(test)


def test_a_radio_that_does_not_tell_its_channel_is_put_on_it_once() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.refuses = {"f05": 1}
        async with opened(radio, channel="12"):
            await asyncio.sleep(60)
            assert radio.channel == "0012"
            assert radio.heard.count("g12") == 1

    run(test)


def test_it_is_told_again_after_a_restart() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.carrier(on=True)
            await asyncio.sleep(1)
            bench.radio.accepted.clear()
            bench.radio.restart(boot_s=2.0)
            await asyncio.sleep(3.5)
            assert bench.ear.open == [True, False], "nobody talks through a restart"
            assert bench.ear.lost == []
            assert [said for said in bench.radio.accepted if said in ARMED] == ARMED
            bench.radio.carrier(on=True)
            await asyncio.sleep(0.1)
            assert bench.ear.open == [True, False, True]

    run(test)


def test_a_restart_that_nobody_told_of_is_mended_within_the_keepalive() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.tells_restart = False
        async with opened(radio, keepalive_s=10) as bench:
            await asyncio.sleep(2)
            radio.restart(boot_s=3.0)
            await asyncio.sleep(12)
            assert radio.progress
            assert radio.rings
            assert radio.texts_out
            assert bench.ear.lost == []

    run(test)


def test_a_restart_into_transparent_mode_is_a_lost_link_and_the_way_back_is_known() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.restart(mode="transparent")
            await asyncio.sleep(40)
            assert len(bench.ear.lost) == 1
            await bench.reopen()
            assert bench.radio.ready
            assert bench.radio.progress

    run(test)


def test_a_radio_that_dies_is_noticed() -> None:
    async def test() -> None:
        async with opened(keepalive_s=10) as bench:
            bench.radio.carrier(on=True)
            await asyncio.sleep(3)
            bench.radio.mode = "off"
            await asyncio.sleep(15)
            assert len(bench.ear.lost) == 1
            assert "doesn't answer" in bench.ear.lost[0]
            assert bench.ear.open == [True, False]
            with pytest.raises(LinkDown):
                await bench.control.key(on=True)
            with pytest.raises(LinkDown):
                await bench.control.send_text("hello", None)
            await bench.control.key(on=False)

    run(test)


def test_a_pulled_plug_is_told_once() -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.line.cut("the adapter has gone")
            await asyncio.sleep(60)
            assert bench.ear.lost == ["the adapter has gone"]
            await bench.reopen()
            bench.radio.carrier(on=True)
            await asyncio.sleep(1)
            assert bench.ear.open == [True]
        assert len(bench.ear.lost) == 1
        await bench.control.close()

    run(test)


def test_the_speed_is_found_and_remembered() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.baud = 19_200
        async with opened(radio) as bench:
            assert bench.line.opened == [28_800, 9_600, 19_200]
            await bench.reopen()
            assert bench.line.opened[3:] == [19_200]
            assert bench.control.squelch_late_s < 0.07

    run(test)


def test_a_speed_that_is_set_is_the_only_one() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.baud = 9_600
        bench = Bench(radio, baud=19_200)
        with pytest.raises(LinkDown, match=r"no Tait radio answers on port '/dev/ttyTAIT' at 19200 bit/s\. Is it on"):
            await bench.open()
        assert set(bench.line.opened) == {19_200}

    run(test)


def test_behind_a_plain_socket_there_is_no_speed_to_find() -> None:
    async def test() -> None:
        bench = Bench(port="socket://192.0.2.10:4000")
        bench.radio.mode = "off"
        with pytest.raises(LinkDown):
            await bench.open()
        assert set(bench.line.opened) == {28_800}

    run(test)


def test_an_adapter_that_cannot_do_every_speed() -> None:
    async def test() -> None:
        bench = Bench()
        bench.radio.baud = 9_600
        make = bench.line.make

        class Picky:
            def __init__(self, baud: int) -> None:
                self.link, self.baud = make(baud), baud
                self.write, self.line, self.close = self.link.write, self.link.line, self.link.close

            async def open(self, on_bytes: object, on_lost: object) -> None:
                if self.baud in {14_400, 28_800}:
                    raise RadioSettingsError(f"can't do {self.baud}")
                await self.link.open(on_bytes, on_lost)  # type: ignore[arg-type]  # passed on as they are

        settings = TaitSettings(port="/dev/ttyTAIT")
        control = TaitControl("town", settings, make_link=Picky, clock=bench.loop.time)
        await control.open(bench.ear.told)
        assert bench.line.opened == [9_600]
        await control.close()
        bench.radio.mode = "off"
        with pytest.raises(LinkDown, match=r"the port can't do 28800, 14400"):
            await control.open(bench.ear.told)

    run(test)


def test_a_port_that_is_not_there() -> None:
    async def test() -> None:
        bench = Bench()
        bench.line.unplugged = True
        with pytest.raises(LinkDown, match="not found"):
            await bench.open()
        bench.line.unplugged = False
        await bench.open()
        await bench.control.close()

    run(test)


def test_the_way_out_of_transparent_mode() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.mode = "transparent"
        async with opened(radio, baud=28_800):
            assert radio.ready
            assert radio.progress
        radio.mode = "transparent"
        bench = Bench(radio, baud=28_800, escape="")
        with pytest.raises(LinkDown):
            await bench.open()
        assert radio.mode == "transparent"

    run(test)


def test_the_way_out_of_ccr_mode() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.mode = "ccr"
        async with opened(radio, baud=28_800):
            assert radio.ready
            assert radio.progress

    run(test)


@pytest.mark.parametrize("empty_line", [b"", b".", b".e03003A5\r.", b"\x00\xff"])
def test_whatever_it_says_to_an_empty_line(empty_line: bytes) -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.empty_line = empty_line
        async with opened(radio) as bench:
            radio.carrier(on=True)
            await asyncio.sleep(0.1)
            assert bench.ear.open == [True]

    run(test)


@pytest.mark.parametrize(("before", "after"), [(True, True), (True, False), (False, False)])
def test_whatever_its_habits_with_prompts(before: bool, after: bool) -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.prompts_before_messages, radio.prompts_after_messages = before, after
        async with opened(radio) as bench:
            for _ in range(20):
                radio.carrier(on=True)
                await asyncio.sleep(0.7)
                radio.carrier(on=False)
                await asyncio.sleep(0.9)
                await bench.control.key(on=True)
                assert radio.keyed
                await bench.control.key(on=False)
                assert not radio.keyed
            assert bench.ear.lost == []

    run(test)
