"""What makes a Tait radio transmit: the key and its release whatever happens, selective calls, texts. On virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from radio_drivers.interface import (
    ChannelBusy,
    KeyDown,
    LinkDown,
    NotSupported,
    RadioEvent,
    Signalled,
    TransmitEnded,
    TransmitStarted,
    TransmitTimeout,
)
from radio_drivers.keying import Keying
from radio_drivers.tait import TaitControl
from radio_drivers.tait import messages as m
from tests.peers.tait import BadLine, TaitRadio, framed
from tests.radio_drivers.tait_bench import RULES, Bench, opened, run

UNKEY = m.UNKEY.to_bytes()
KEY = m.KEY.to_bytes()


def test_key_and_release_end_when_the_radio_says_so() -> None:
    async def test() -> None:
        async with opened() as bench:
            began = bench.now
            await bench.control.key(on=True)
            assert bench.radio.keyed
            assert bench.now - began < 0.05
            await bench.control.key(on=False)
            assert not bench.radio.keyed
            assert bench.now - began < 0.1
            await bench.control.key(on=False)
            assert not bench.radio.keyed

    run(test)


def test_a_radio_that_only_listens_is_never_keyed() -> None:
    async def test() -> None:
        async with opened(ptt="none") as bench:
            assert not bench.control.transmits
            with pytest.raises(NotSupported, match="only listens"):
                await bench.control.key(on=True)
            assert bench.radio.keyings == []

    run(test)


def test_before_and_after_the_link_nothing_can_be_keyed() -> None:
    async def test() -> None:
        bench = Bench(text_to="5200****")
        with pytest.raises(LinkDown):
            await bench.control.key(on=True)
        with pytest.raises(LinkDown):
            await bench.control.send_text("hello", None)
        await bench.control.key(on=False)
        await bench.open()
        await bench.control.close()
        with pytest.raises(LinkDown):
            await bench.control.key(on=True)
        await bench.control.key(on=False)
        assert bench.radio.keyings == []

    run(test)


def test_an_inhibited_radio_is_a_busy_channel() -> None:
    async def test() -> None:
        async with opened(text_to="5200****") as bench:
            bench.radio.inhibited = True
            with pytest.raises(ChannelBusy, match="refuses to send the text"):
                await bench.control.send_text("hello", None)
            assert not bench.radio.keyed
        async with opened() as bench:
            bench.radio.inhibited = True
            with pytest.raises(ChannelBusy, match="refuses to transmit"):
                await bench.control.key(on=True)
            assert bench.line.written[-1] == UNKEY

    run(test)


@pytest.mark.parametrize(("code", "error"), [(5, ChannelBusy), (6, ChannelBusy), (1, NotSupported), (3, NotSupported)])
def test_a_refused_key(code: int, error: type[Exception]) -> None:
    async def test() -> None:
        async with opened() as bench:
            bench.radio.refuses = {"f91": code}
            with pytest.raises(error):
                await bench.control.key(on=True)
            assert bench.radio.heard[-1] == "f90"
            bench.radio.refuses = {}
            await bench.control.key(on=True)

    run(test)


def test_a_radio_that_accepts_the_key_but_does_not_transmit() -> None:
    async def test() -> None:
        async with opened(key_confirm_s=0.5) as bench:
            bench.radio.ignores_key = True
            with pytest.raises(LinkDown, match="key_confirm_s"):
                await bench.control.key(on=True)
            assert bench.radio.heard[-1] == "f90"
        async with opened(key_confirm_s=0) as bench:
            bench.radio.ignores_key = True
            await bench.control.key(on=True)

    run(test)


def test_a_lost_answer_to_the_key_still_leads_to_a_release() -> None:
    async def test() -> None:
        bench = Bench()
        await bench.open()
        pressing = asyncio.create_task(bench.control.key(on=True))
        await asyncio.sleep(0.001)
        send, bench.radio.send = bench.radio.send, lambda _: None  # from now on nothing comes back
        await asyncio.wait({pressing})
        assert isinstance(pressing.exception(), LinkDown)
        assert not bench.radio.keyed, "it heard our release, though we heard nothing of it"
        assert len(bench.ear.lost) == 1
        bench.radio.send = send
        await bench.control.close()

    run(test)


def test_a_release_that_is_refused_for_good_is_told() -> None:
    async def test() -> None:
        async with opened() as bench:
            await bench.control.key(on=True)
            bench.radio.refuses = {"f90": 6}
            with pytest.raises(LinkDown, match="could not be released"):
                await bench.control.key(on=False)
            bench.radio.refuses = {}
            await bench.control.key(on=False)
            assert not bench.radio.keyed
            bench.radio.refuses = {"f90": 6}
            await bench.control.key(on=False)  # it doesn't transmit: there is nothing to release
            bench.radio.refuses = {}

    run(test)


def test_a_release_without_its_message_is_said_twice() -> None:
    async def test() -> None:
        async with opened() as bench:
            await bench.control.key(on=True)
            bench.radio.progress = False
            count = bench.radio.heard.count("f90")
            await bench.control.key(on=False)
            assert bench.radio.heard.count("f90") == count + 2
            assert not bench.radio.keyed
            bench.radio.progress = True
            began = bench.now
            await bench.control.key(on=True)
            assert bench.now - began < 0.1, "nothing is thought to be on the air"

    run(test)


def test_a_forgotten_key_is_let_go_of() -> None:
    async def test() -> None:
        async with opened(rules=replace(RULES, time_out_s=10)) as bench:
            await bench.control.key(on=True)
            (pressed_at, _) = bench.radio.keyings[-1]
            await asyncio.sleep(60)
            released_at, on = bench.radio.keyings[-1]
            assert not on
            assert released_at - pressed_at == pytest.approx(12, abs=0.1)
            await bench.control.key(on=True)
            await asyncio.sleep(8)
            await bench.control.key(on=False)
            await bench.control.key(on=True)
            await asyncio.sleep(8)
            assert bench.radio.keyed, "each transmission has its own time"

    run(test)


def test_the_guard_does_not_give_up() -> None:
    async def test() -> None:
        async with opened(rules=replace(RULES, time_out_s=10)) as bench:
            await bench.control.key(on=True)
            bench.radio.refuses = {"f90": 6}
            await asyncio.sleep(30)
            assert bench.radio.keyed
            bench.radio.refuses = {}
            await asyncio.sleep(3)
            assert not bench.radio.keyed

    run(test)


def test_closing_releases_the_key() -> None:
    async def test() -> None:
        bench = Bench()
        await bench.open()
        await bench.control.key(on=True)
        await bench.control.close()
        await asyncio.sleep(0.1)
        assert not bench.radio.keyed

    run(test)


def test_closing_while_the_key_is_being_pressed_releases_it() -> None:
    async def test() -> None:
        for after in (0.0, 0.001, 0.014, 0.0145, 0.02, 0.03):
            bench = Bench()
            await bench.open()
            pressing = asyncio.create_task(bench.control.key(on=True))
            await asyncio.sleep(after)
            pressing.cancel()
            await bench.control.close()
            await asyncio.wait({pressing})
            await asyncio.sleep(0.1)
            assert not bench.radio.keyed, after

    run(test)


def test_closing_a_radio_that_says_nothing_any_more_releases_it_all_the_same() -> None:
    async def test() -> None:
        bench = Bench()
        await bench.open()
        await bench.control.key(on=True)
        bench.radio.send = lambda _: None
        began = bench.now
        await bench.control.close()
        await asyncio.sleep(0.1)
        assert not bench.radio.keyed
        assert bench.now - began < 2

    run(test)


def test_a_cancelled_close_has_said_it_nevertheless() -> None:
    async def test() -> None:
        bench = Bench()
        await bench.open()
        await bench.control.key(on=True)
        bench.radio.send = lambda _: None
        closing = asyncio.create_task(bench.control.close())
        await asyncio.sleep(0.1)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        await asyncio.sleep(0.1)
        assert not bench.radio.keyed
        assert bench.line.link is None

    run(test)


def test_after_a_pulled_plug_the_first_thing_said_is_the_release() -> None:
    async def test() -> None:
        async with opened() as bench:
            await bench.control.key(on=True)
            bench.line.cut()
            await asyncio.sleep(1)
            assert bench.radio.keyed, "there is no way to tell it"
            assert len(bench.ear.lost) == 1
            said = len(bench.line.written)
            await bench.reopen()
            assert bench.line.written[said] == b"\r" + UNKEY
            assert not bench.radio.keyed
            said = len(bench.line.written)
            await bench.reopen()
            assert bench.line.written[said] == b"\r"

    run(test)


def test_a_radio_that_restarts_while_it_transmits_for_us_is_a_lost_link() -> None:
    async def test() -> None:
        async with opened() as bench:
            await bench.control.key(on=True)
            bench.radio.restart(boot_s=1.0)
            await asyncio.sleep(5)
            assert bench.ear.lost == ["the radio restarted while it transmitted for us"]
            await bench.reopen()
            await bench.control.key(on=True)
            await bench.control.key(on=False)

    run(test)


def test_a_fault_of_ours_while_we_transmit_ends_with_the_key_up() -> None:
    async def test() -> None:
        bench = Bench()

        def faulty(event: RadioEvent) -> None:
            raise ZeroDivisionError("a bug")

        await bench.control.open(replace(bench.ear.told, event=faulty))
        manners = Manners(bench, bench.control)
        talking = asyncio.create_task(manners.keying.transmit(bytes(20 * 32_000)))
        await manners.playing.wait()
        assert bench.radio.keyed
        assert bench.line.link is not None
        with pytest.raises(ZeroDivisionError):  # pyserial's thread hands it over the same way
            bench.line.link._on_bytes(framed("p", "17"))  # type: ignore[misc]  # it is open
        await bench.control.close()
        assert not bench.radio.keyed
        talking.cancel()
        await asyncio.wait({talking})
        assert not bench.radio.keyed

    run(test)


def test_a_fault_while_looking_after_the_radio_is_a_lost_link() -> None:
    async def test() -> None:
        bench = Bench()

        def faulty(event: RadioEvent) -> None:
            raise ZeroDivisionError("a bug")

        await bench.control.open(replace(bench.ear.told, event=faulty))
        bench.radio.carrier(on=True)
        await asyncio.sleep(1)
        assert len(bench.ear.lost) == 1
        assert "a bug" in bench.ear.lost[0]
        await bench.control.close()

    run(test)


def test_while_we_transmit_nothing_else_is_asked_of_the_radio() -> None:
    async def test() -> None:
        async with opened(keepalive_s=2) as bench:
            await bench.control.key(on=True)
            said = len(bench.radio.heard)
            await asyncio.sleep(20)
            assert len(bench.radio.heard) == said
            await bench.control.key(on=False)
            await asyncio.sleep(3)
            assert len(bench.radio.heard) > said + 1

    run(test)


def test_a_selective_call_comes_first() -> None:
    async def test() -> None:
        async with opened(selcall="12345") as bench:
            began = bench.now
            await bench.control.key(on=True)
            assert bench.radio.called == ["012345"]
            assert bench.radio.keyings[-1][0] - began > 0.6, "not into the call's tones"
            await bench.control.key(on=False)
            bench.radio.refuses = {"d": 6}
            with pytest.raises(NotSupported, match="programming"):
                await bench.control.key(on=True)
            assert not bench.radio.keyed

    run(test)


def test_a_selective_call_that_the_radio_refuses_to_send() -> None:
    async def test() -> None:
        async with opened(selcall="12345") as bench:
            bench.radio.inhibits_calls = True
            with pytest.raises(ChannelBusy, match="selective call"):
                await bench.control.key(on=True)
            assert bench.radio.keyings == []

    run(test)


def test_a_selective_call_whose_end_was_lost_does_not_pass_for_our_key() -> None:
    async def test() -> None:
        async with opened(selcall="12345", selcall_s=2) as bench:
            pressing = asyncio.create_task(bench.control.key(on=True))
            await asyncio.sleep(0.3)
            bench.line.quality = BadLine(0, drop=1.0)
            await asyncio.sleep(0.5)
            bench.line.quality = BadLine(0)
            bench.radio.ignores_key = True
            await asyncio.wait({pressing})
            assert isinstance(pressing.exception(), LinkDown)
            assert "key_confirm_s" in str(pressing.exception())

    run(test)


def test_somebody_at_the_base_stations_own_microphone_is_waited_for() -> None:
    async def test() -> None:
        async with opened(text_to="5200****", busy_max_s=20) as bench:
            bench.radio.say("07")
            await asyncio.sleep(0.1)
            pressing = asyncio.create_task(bench.control.key(on=True))
            await asyncio.sleep(2)
            assert bench.radio.keyings == []
            bench.radio.say("08")
            await pressing
            await bench.control.key(on=False)
            bench.radio.say("07")
            await asyncio.sleep(0.1)
            with pytest.raises(ChannelBusy, match="own microphone"):
                await bench.control.key(on=True)
            await asyncio.sleep(20)
            await bench.control.key(on=True)  # the end of that was lost
            await bench.control.key(on=False)

    run(test)


class Manners:
    """Our keying rules around a control, as the line driver has them."""

    def __init__(self, bench: Bench, control: TaitControl) -> None:
        self.events: list[RadioEvent] = []
        self.control = control
        self.playing = asyncio.Event()
        self.keying = Keying(
            "town",
            RULES,
            self,
            busy=lambda: bench.radio.busy,
            put=self.events.append,
            clock=bench.loop.time,
        )

    async def key(self, on: bool) -> None:
        await self.control.key(on)

    async def play(self, pcm: bytes) -> None:
        self.playing.set()
        await asyncio.sleep(len(pcm) / 32_000)


def test_under_our_manners_a_transmission_ends_with_the_key_up() -> None:
    async def test() -> None:
        async with opened() as bench:
            manners = Manners(bench, bench.control)
            await manners.keying.transmit(bytes(2 * 32_000))
            (pressed_at, _), (released_at, _) = bench.radio.keyings
            assert released_at - pressed_at == pytest.approx(2.4, abs=0.1)
            with pytest.raises(TransmitTimeout):
                await manners.keying.transmit(bytes(60 * 32_000))
            assert not bench.radio.keyed
            assert isinstance(manners.events[0], TransmitStarted)
            assert isinstance(manners.events[-1], TransmitEnded)
            assert not any(isinstance(event, KeyDown) for event in manners.events)

    run(test)


def test_a_dropped_key_is_up_at_once() -> None:
    async def test() -> None:
        async with opened() as bench:
            manners = Manners(bench, bench.control)
            talking = asyncio.create_task(manners.keying.transmit(bytes(20 * 32_000)))
            await manners.playing.wait()
            assert bench.radio.keyed
            began = bench.now
            await manners.keying.drop()
            assert not bench.radio.keyed
            assert bench.now - began < 0.3
            await asyncio.wait({talking})
            assert talking.exception() is not None

    run(test)


def test_a_radio_that_falls_silent_while_we_transmit_is_a_lost_link_soon_after() -> None:
    async def test() -> None:
        bench = Bench()
        await bench.open()
        manners = Manners(bench, bench.control)
        talking = asyncio.create_task(manners.keying.transmit(bytes(5 * 32_000)))
        await manners.playing.wait()
        bench.line.dead = True
        await asyncio.wait({talking})
        ended = bench.now
        await bench.waits_for(lambda: bench.ear.lost)
        assert bench.now - ended < 10
        assert bench.radio.keyed, "it can't be told"
        await bench.control.close()
        bench.line.dead = False
        await bench.open()
        assert not bench.radio.keyed
        await bench.control.close()

    run(test)


def test_a_release_whose_asker_gave_up_is_tried_again() -> None:
    async def test() -> None:
        async with opened() as bench:
            await bench.control.key(on=True)
            bench.line.dead = True
            releasing = asyncio.create_task(bench.control.key(on=False))
            await asyncio.sleep(0.1)
            releasing.cancel()
            await asyncio.wait({releasing})
            bench.line.dead = False
            await asyncio.sleep(0.5)
            assert not bench.radio.keyed
            await bench.control.key(on=True)
            await asyncio.sleep(10)
            assert bench.radio.keyed, "the next transmission has nothing to do with that"
            await bench.control.key(on=False)

    run(test)


def test_a_text_to_all() -> None:
    async def test() -> None:
        async with opened(text_to="5200****") as bench:
            assert bench.control.text_max == 32
            await bench.control.send_text("North gate", None)
            assert bench.radio.sent_texts == [("5200****", "North gate")]
            assert bench.radio.heard[-1] == "a05200" + "5200****" + "North gate"
            assert bench.ear.of(Signalled) == []
        async with opened(text_to="5200****", text_simple=True) as bench:
            await bench.control.send_text("North gate", None)
            assert bench.radio.heard[-1] == "s05" + "5200****" + "North gate"
        async with opened(text_to="5200****", text_extended=True) as bench:
            assert bench.control.text_max == 128
            await bench.control.send_text("x" * 100, None)
            assert bench.radio.sent_texts == [("5200****", "x" * 100)]

    run(test)


def test_a_text_to_one_is_acknowledged_or_nobody_knows() -> None:
    async def test() -> None:
        async with opened(text_to="5200****") as bench:
            await bench.control.send_text("Hi", "0001")
            await bench.control.send_text("Hi", "0002")
            told = [(event.text, event.to) for event in bench.ear.of(Signalled)]
            assert told == [
                ("text acknowledged", "52000001"),
                ("text not acknowledged; it may have arrived all the same", "52000002"),
            ]

    run(test)


def test_after_an_acknowledgement_of_its_own_a_radio_misses_the_next() -> None:
    """Both rules of the TM8110: the first text after one, and any within 9 s of one, seem to be unacknowledged."""

    async def test() -> None:
        async with opened(text_to="5200****") as bench:
            bench.radio.text("hello")
            await asyncio.sleep(20)
            acknowledged = []
            for _ in range(2):
                await bench.control.send_text("Hi", "0001")
                acknowledged.append(bench.ear.of(Signalled)[-1].text == "text acknowledged")
            assert acknowledged == [False, True]
            bench.radio.text("hello")
            for _ in range(3):
                await bench.control.send_text("Hi", "0001")
                acknowledged.append(bench.ear.of(Signalled)[-1].text == "text acknowledged")
            assert acknowledged[2:] == [False, False, True]
            assert len(bench.radio.sent_texts) == 5, "all of them were sent, once"

    run(test)


def test_receipts_need_not_be_waited_for() -> None:
    async def test() -> None:
        async with opened(text_to="5200****", text_receipt_s=0) as bench:
            began = bench.now
            await bench.control.send_text("Hi", "0001")
            assert bench.now - began < 1.5

    run(test)


def test_a_text_waits_for_a_clear_channel() -> None:
    async def test() -> None:
        async with opened(text_to="5200****") as bench:
            bench.radio.carrier(on=True)
            await asyncio.sleep(0.1)
            sending = asyncio.create_task(bench.control.send_text("Hi", None))
            await asyncio.sleep(2)
            assert bench.radio.sent_texts == []
            bench.radio.carrier(on=False)
            await asyncio.sleep(0.2)
            bench.radio.carrier(on=True)  # it was not clear for long enough
            await asyncio.sleep(0.5)
            assert bench.radio.sent_texts == []
            bench.radio.carrier(on=False)
            await sending
            assert len(bench.radio.sent_texts) == 1
            bench.radio.carrier(on=True)
            with pytest.raises(ChannelBusy, match="5 s"):
                await bench.control.send_text("Hi", None)
            assert len(bench.radio.sent_texts) == 1

    run(test)


def test_a_text_waits_for_our_own_voice_and_the_voice_for_a_text() -> None:
    async def test() -> None:
        async with opened(text_to="5200****") as bench:
            await bench.control.key(on=True)
            sending = asyncio.create_task(bench.control.send_text("Hi", None))
            await asyncio.sleep(20)
            assert bench.radio.sent_texts == []
            await bench.control.key(on=False)
            await asyncio.sleep(0.7)
            assert len(bench.radio.sent_texts) == 1
            await bench.control.key(on=True)
            assert sending.done()
            await bench.control.key(on=False)

    run(test)


def test_a_text_waits_for_our_own_voice_also_where_the_radio_tells_nothing() -> None:
    async def test() -> None:
        radio = TaitRadio()
        radio.refuses = {"f041": 1}
        async with opened(radio, squelch="vox", key_confirm_s=0, text_to="5200****") as bench:
            await bench.control.key(on=True)
            sending = asyncio.create_task(bench.control.send_text("Hi", None))
            await asyncio.sleep(5)
            assert radio.sent_texts == []
            await bench.control.key(on=False)
            await sending
            assert len(radio.sent_texts) == 1

    run(test)


def test_the_voice_waits_for_an_acknowledgement_too() -> None:
    async def test() -> None:
        async with opened(text_to="5200****") as bench:
            sending = asyncio.create_task(bench.control.send_text("Hi", "0001"))
            await asyncio.sleep(1.3)
            assert not bench.radio.on_air, "the text itself is over"
            await bench.control.key(on=True)
            assert sending.done()
            await bench.control.key(on=False)
            assert bench.ear.of(Signalled)[-1].text == "text acknowledged"

    run(test)


def test_a_text_that_the_radio_is_not_programmed_for() -> None:
    async def test() -> None:
        async with opened(text_to="5200****") as bench:
            bench.radio.refuses = {"a": 6}
            with pytest.raises(NotSupported, match="programming"):
                await bench.control.send_text("Hi", None)
            bench.radio.refuses = {"a": 5}
            with pytest.raises(ChannelBusy):
                await bench.control.send_text("Hi", None)
        async with opened() as bench:
            with pytest.raises(NotSupported, match="text_to"):
                await bench.control.send_text("Hi", None)

    run(test)


def test_a_text_is_never_sent_twice_by_us() -> None:
    async def test() -> None:
        bench = Bench(text_to="5200****")
        await bench.open()
        bench.radio.send = lambda _: None
        with pytest.raises(LinkDown):
            await bench.control.send_text("Hi", None)
        assert len(bench.radio.sent_texts) == 1
        await bench.control.close()

    run(test)
