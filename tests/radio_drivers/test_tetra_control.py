"""A TETRA radio as a control: its life, who talks, texts, emergencies, the key. Against a radio in software, on virtual time."""

from __future__ import annotations

import asyncio
import functools
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, ParamSpec

import pytest
import structlog

from radio_drivers.control import Told
from radio_drivers.interface import (
    ChannelBusy,
    EmergencyPressed,
    LinkDown,
    NotSupported,
    RadioEvent,
    RadioSettingsError,
    Signalled,
    StrengthRead,
    TextReceived,
)
from radio_drivers.line.squelch import Change
from radio_drivers.tetra import TetraSettings
from radio_drivers.tetra.control import TetraControl
from radio_drivers.tetra.dialogue import Dialogue
from radio_drivers.tetra.protocol import Done
from tests.peers import virtual_time
from tests.peers.tetra import Habits, MemoryLink, TetraRadio

P = ParamSpec("P")


class Ear:
    """What a control told."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.events: list[RadioEvent] = []
        self.lost: list[str] = []
        self.told = Told(self.changes.append, self.events.append, self.lost.append)

    @property
    def open(self) -> list[bool]:
        return [change.open for change in self.changes]

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


class Bench:
    """A control, its radio and what was told."""

    def __init__(self, radio: TetraRadio, link: MemoryLink, control: TetraControl, ear: Ear) -> None:
        self.radio = radio
        self.link = link
        self.control = control
        self.ear = ear

    async def hear(self, seconds: float = 0.01) -> None:
        """Let what was said arrive."""
        await asyncio.sleep(seconds)


def make(habits: Habits | None = None, *, piece: int | None = None, **settings: object) -> Bench:
    radio = TetraRadio(habits)
    link = MemoryLink(radio, piece=piece)
    loop = asyncio.get_running_loop()
    wanted = TetraSettings(port="memory", **settings)  # type: ignore[arg-type]  # a test's own choice
    control = TetraControl("town", wanted, link=link, clock=loop.time)
    return Bench(radio, link, control, Ear())


@asynccontextmanager
async def opened(habits: Habits | None = None, *, piece: int | None = None, **settings: object) -> AsyncIterator[Bench]:
    bench = make(habits, piece=piece, **settings)
    await bench.control.open(bench.ear.told)
    try:
        yield bench
    finally:
        await bench.control.close()


def virtually(test: Callable[P, Coroutine[object, object, None]]) -> Callable[P, None]:
    """Run an async test on virtual time."""

    @functools.wraps(test)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        virtual_time.run(test(*args, **kwargs))

    return wrapped


# -- life


@virtually
async def test_it_brings_the_radio_into_a_known_state_in_the_right_order() -> None:
    async with opened() as bench:
        assert bench.radio.heard[:4] == ["AT", "ATZ", "ATE0", "AT+CSCS=8859-1"]
        assert bench.radio.listening
        assert not bench.radio.echo
        services = [line for line in bench.radio.heard if line.startswith("AT+CTSP")]
        assert services == [f"AT+CTSP=2,{s}" for s in ("0,0", "1,11", "2,20", "3,2", "3,9", "3,130", "3,137", "3,138")]


@virtually
async def test_a_radio_that_refuses_everything_optional_is_still_a_radio() -> None:
    async with opened(Habits(refuses=("ATZ", "ATE0", "AT+"))) as bench:
        bench.radio.say("+CTICN: 1,0,0,0,1001,1,1,0,1,1,0,500,0", "+CTXG: 1,3,0,0")
        await bench.hear()
        assert bench.ear.open == [True]


@virtually
async def test_a_radio_that_is_silent_where_others_refuse_is_still_a_radio() -> None:
    async with opened(Habits(ignores=("AT+CSCS", "AT+CTSP=2,3", "AT+CNUMF"))) as bench:
        assert "3,130" in bench.radio.profiles


@virtually
async def test_services_fall_back_to_us_alone() -> None:
    async with opened(Habits(refuses=("AT+CTSP=2,3",))) as bench:
        assert "AT+CTSP=1,3,130" in bench.radio.heard
        assert bench.radio.listening


@virtually
async def test_services_only_for_us_where_that_is_set() -> None:
    async with opened(share=False) as bench:
        assert "AT+CTSP=1,3,130" in bench.radio.heard
        assert "AT+CTSP=2,3,130" not in bench.radio.heard


@virtually
async def test_nobody_at_the_other_end() -> None:
    bench = make(Habits(ignores=("AT", "\x1bAT")))
    with pytest.raises(LinkDown, match="does not answer"):
        await bench.control.open(bench.ear.told)
    assert bench.ear.lost == []


@virtually
async def test_a_message_left_half_written_by_a_dead_gateway_is_got_out_of() -> None:
    bench = make()
    bench.radio.receive(b"AT+CTSDS=12,0\r\nAT+CMGS=1002,200\r\n8204")
    await bench.control.open(bench.ear.told)
    assert bench.radio.messages == []
    assert bench.radio.listening
    await bench.control.close()


@virtually
async def test_half_typed_rubbish_in_the_radio_is_got_out_of() -> None:
    bench = make()
    bench.radio.receive(b"xy")
    await bench.control.open(bench.ear.told)
    bench.radio.receive(b"rubbish")
    await bench.control.send_text("hello", "1002")
    assert len(bench.radio.messages) == 1
    bench.radio.receive(b"more rubbish")  # this time before the message itself
    await bench.control.send_text("hello again", "1002")
    assert len(bench.radio.messages) == 2
    await bench.control.close()


@virtually
async def test_a_radio_that_goes_quiet_is_noticed_by_the_keep_alive_and_told_once() -> None:
    async with opened() as bench:
        bench.radio.habits.ignores = ("AT", "\x1bAT")
        await bench.hear(60)
        assert len(bench.ear.lost) == 1
        with pytest.raises(LinkDown):
            await bench.control.key(on=True)
        with pytest.raises(LinkDown):
            await bench.control.send_text("hello", "1002")
        await bench.control.key(on=False)
        await bench.hear(300)
        assert len(bench.ear.lost) == 1


@virtually
async def test_one_lost_answer_is_not_a_lost_radio() -> None:
    async with opened() as bench:
        bench.radio.habits.ignores = ("AT+CMGS",)
        with pytest.raises(LinkDown, match=r"AT\+CMGS"):
            await bench.control.send_text("hello", "1002")
        bench.radio.habits.ignores = ()
        bench.radio.receive(b"\x1b")
        await bench.control.send_text("hello", "1002")
        assert bench.ear.lost == []


@virtually
async def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    async with opened(ptt="pei", group="500") as bench:
        slow = iter([2.5])
        bench.radio.habits.slow_s = lambda: next(slow, 0.0)
        with pytest.raises(LinkDown):
            await bench.control.send_text("hello", "1002")
        await bench.hear(1)
        bench.radio.habits.refuses = ("AT+CTXD", "ATD")
        with pytest.raises(ChannelBusy, match="refused to call"):
            await bench.control.key(on=True)
        await bench.control.key(on=False)


@virtually
async def test_a_radio_switched_off_and_on_is_told_again_what_to_tell_us() -> None:
    async with opened() as bench:
        await bench.control.send_text("before", None)
        bench.radio.reset()
        await bench.hear(60)
        await bench.control.send_text("after", None)
        assert len(bench.radio.messages) == 2
        assert bench.radio.listening
        assert not bench.radio.echo
        assert bench.ear.lost == []


@virtually
async def test_a_radio_that_hides_its_restart_is_told_again_in_time() -> None:
    async with opened(Habits(refuses=("ATE0",))) as bench:
        bench.radio.profiles.clear()
        await bench.hear(400)
        assert bench.radio.listening


@virtually
async def test_after_a_pulled_plug_it_is_opened_again() -> None:
    bench = make()
    await bench.control.open(bench.ear.told)
    bench.radio.incoming()
    bench.radio.talks()
    await bench.hear()
    bench.link.cut()
    await bench.hear()
    assert bench.ear.lost == ["the plug was pulled"]
    await bench.control.close()
    bench.radio.reset()
    await bench.control.open(bench.ear.told)
    assert bench.radio.listening
    await bench.control.close()
    await bench.control.close()


def test_a_port_must_be_set() -> None:
    async def scenario() -> None:
        with pytest.raises(RadioSettingsError, match=r"tetra\.port is not set"):
            await TetraControl("town", TetraSettings()).open(Ear().told)

    asyncio.run(scenario())


# -- who talks


@virtually
async def test_a_call_from_key_up_to_its_end() -> None:
    async with opened(strength_s=2.0) as bench:
        radio, ear = bench.radio, bench.ear
        radio.incoming("1001", "500")
        await bench.hear()
        assert ear.open == []
        radio.talks("1001")
        await bench.hear()
        assert ear.open == [True]
        assert ear.events[0] == Signalled("town", ear.events[0].at, "TETRA", "1001 talks to 500", unit="1001", to="500")
        await bench.hear(5)
        assert [read.dbm for read in ear.of(StrengthRead)] == [-77.0] * 3
        radio.stops()
        await bench.hear()
        radio.talks("1003")
        await bench.hear()
        radio.ends()
        await bench.hear()
        assert ear.open == [True, False, True, False]
        assert [s.unit for s in ear.of(Signalled)] == ["1001", "1003"]
        heard = len(ear.of(StrengthRead))
        await bench.hear(10)
        assert len(ear.of(StrengthRead)) <= heard + 1


@virtually
async def test_who_is_not_named_is_the_caller_at_first_and_nobody_later() -> None:
    async with opened() as bench:
        bench.radio.incoming("1001")
        bench.radio.talks(None)
        bench.radio.talks(None)
        bench.radio.stops()
        bench.radio.talks(None)
        await bench.hear()
        assert bench.ear.open == [True, False, True]
        assert [s.unit for s in bench.ear.of(Signalled)] == ["1001", None]


@virtually
async def test_another_talker_without_an_end_between_is_another_transmission() -> None:
    async with opened() as bench:
        bench.radio.incoming()
        bench.radio.talks("1001")
        bench.radio.talks("1001")
        bench.radio.talks("1003")
        await bench.hear()
        assert bench.ear.open == [True, False, True]


@virtually
async def test_only_our_groups_are_this_channel() -> None:
    async with opened(groups=("500",)) as bench:
        bench.radio.incoming("1001", "600", call=2)
        bench.radio.talks("1001", call=2)
        await bench.hear()
        assert bench.ear.open == []
        bench.radio.incoming("1001", "500", call=3)
        bench.radio.talks("1001", call=3)
        bench.radio.stops(call=2)
        await bench.hear()
        assert bench.ear.open == [True]


@virtually
async def test_a_call_may_itself_be_talk() -> None:
    async with opened(call_is_talk=True) as bench:
        bench.radio.incoming("1001")
        bench.radio.talks("1001")
        bench.radio.ends()
        await bench.hear()
        assert bench.ear.open == [True, False]


@virtually
async def test_talk_whose_end_was_lost_ends_all_the_same() -> None:
    async with opened(talk_max_s=30.0) as bench:
        bench.radio.incoming()
        bench.radio.talks()
        await bench.hear(31)
        assert bench.ear.open == [True, False]


@virtually
async def test_with_squelch_by_sound_talkers_are_told_and_the_squelch_is_not() -> None:
    async with opened(squelch="vox") as bench:
        assert not bench.control.tells_squelch
        bench.radio.incoming()
        bench.radio.talks()
        await bench.hear()
        assert bench.ear.open == []
        assert len(bench.ear.of(Signalled)) == 1


@virtually
async def test_a_radio_without_strength_is_not_asked_for_ever() -> None:
    async with opened(Habits(refuses=("AT+CSQ",))) as bench:
        bench.radio.incoming()
        bench.radio.talks()
        await bench.hear(60)
        assert [line for line in bench.radio.heard if "CSQ" in line] == ["AT+CSQ?", "AT+CSQ"]


@virtually
async def test_unknown_strength_is_no_strength() -> None:
    async with opened(Habits(strength="99,99")) as bench:
        bench.radio.incoming()
        bench.radio.talks()
        await bench.hear(5)
        assert bench.ear.of(StrengthRead) == []


# -- emergencies


@virtually
async def test_status_zero_is_an_emergency_at_once_and_once() -> None:
    async with opened() as bench:
        bench.radio.text("0000", service=13)
        bench.radio.text("0000", service=13)
        await bench.hear()
        ear = bench.ear
        assert [type(event) for event in ear.events] == [EmergencyPressed, Signalled, Signalled]
        assert ear.events[0].unit == "1001"  # type: ignore[union-attr]  # an EmergencyPressed, as asserted
        assert ear.of(Signalled)[0].status == "0"
        bench.radio.text("0000", service=13, source="1003")
        await bench.hear(11)
        bench.radio.text("0000", service=13)
        await bench.hear()
        assert [e.unit for e in ear.of(EmergencyPressed)] == ["1001", "1003", "1001"]


@virtually
async def test_another_status_is_signalled_and_no_emergency() -> None:
    async with opened(emergency_status=(5,)) as bench:
        bench.radio.text("8002", service=13)
        bench.radio.text("0000", service=13)
        await bench.hear()
        assert [s.status for s in bench.ear.of(Signalled)] == ["32770", "0"]
        assert bench.ear.of(EmergencyPressed) == []
        bench.radio.text("0005", service=13)
        await bench.hear()
        assert len(bench.ear.of(EmergencyPressed)) == 1


@pytest.mark.parametrize(
    ("mode", "priority", "emergency"),
    [(0, 0, False), (0, 11, False), (0, 12, True), (0, 15, True), (0, 3, False), (1, 2, False), (1, 3, True)],
)
@virtually
async def test_an_emergency_call_is_told_before_anybody_talks(mode: int, priority: int, emergency: bool) -> None:
    async with opened() as bench:
        bench.radio.say(f"+CTOM: {mode}")
        bench.radio.incoming(priority=priority)
        await bench.hear()
        assert bool(bench.ear.of(EmergencyPressed)) is emergency
        assert bench.ear.open == []
        if emergency:
            assert bench.ear.events[0].unit == "1001"  # type: ignore[union-attr]  # an EmergencyPressed, as asserted


@virtually
async def test_priorities_may_mean_nothing() -> None:
    async with opened(emergency_priority=0) as bench:
        bench.radio.incoming(priority=15)
        await bench.hear()
        assert bench.ear.of(EmergencyPressed) == []


@virtually
async def test_a_location_sent_for_an_emergency_counts_where_it_is_set() -> None:
    payload = "0A" + int("0001" + "0" * 49 + "0" * 15 + f"{2:08b}" + "0000", 2).to_bytes(10, "big").hex().upper()
    async with opened(emergency_location=True) as bench:
        bench.radio.text(payload)
        await bench.hear()
        assert len(bench.ear.of(EmergencyPressed)) == 1
    async with opened() as bench:
        bench.radio.say("+CTSDSR: 12,1001,0,1002,0,88", payload)
        await bench.hear()
        assert bench.ear.events == []


# -- texts in


@virtually
async def test_a_text_comes_in_and_its_sender_is_told_so() -> None:
    async with opened(piece=1) as bench:
        bench.radio.text("82042A0153686F706C6966746572204E6F7274682047617465")
        await bench.hear(1)
        (text,) = bench.ear.of(TextReceived)
        assert (text.text, text.unit, text.channel) == ("Shoplifter North Gate", "1001", "town")
        assert bench.radio.messages == [("1001", 32, "8210002A")]


@virtually
async def test_a_text_is_not_confirmed_where_that_is_off_or_not_asked() -> None:
    async with opened(confirm=False) as bench:
        bench.radio.text("82042A0148454C50")
        await bench.hear(1)
        assert bench.radio.messages == []
    async with opened() as bench:
        bench.radio.text("020148454C50")
        await bench.hear(1)
        assert [t.text for t in bench.ear.of(TextReceived)] == ["HELP"]
        assert bench.radio.messages == []


@virtually
async def test_a_long_text_is_put_together_and_an_incomplete_one_is_told_at_last() -> None:
    async with opened() as bench:
        bench.radio.text("8A00110105000310020254776F")
        bench.radio.text("8A001001050003100201" + b"One".hex().upper())
        await bench.hear()
        assert [t.text for t in bench.ear.of(TextReceived)] == ["OneTwo"]
        bench.radio.text("8A001001050003200201" + b"One".hex().upper())
        await bench.hear(200)
        assert [t.text for t in bench.ear.of(TextReceived)][1:] == ["One [...]"]
        bench.radio.text("8A001001050003210201" + b"Bye".hex().upper())
        await bench.hear()
    assert [t.text for t in bench.ear.of(TextReceived)][2:] == ["Bye [...]"]


@virtually
async def test_what_comes_between_a_command_and_its_ok_is_heard() -> None:
    async with opened() as bench:
        bench.radio.habits.beside = ["+CTSDSR: 12,1003,0,1002,0,48", "020148454C50", "+CTXG: 4,3,0,0,0,1003"]
        await bench.control.send_text("hello", "1002")
        assert [t.unit for t in bench.ear.of(TextReceived)] == ["1003"]
        assert bench.ear.open == [True]


# -- texts out


@pytest.mark.parametrize("prompts", [True, False])
@virtually
async def test_a_text_goes_out_and_its_delivery_is_awaited(prompts: bool) -> None:
    async with opened(Habits(prompts=prompts)) as bench:
        began = asyncio.get_running_loop().time()
        await bench.control.send_text("Shoplifter North Gate", "1002")
        assert 1.0 <= asyncio.get_running_loop().time() - began < 3.0
        assert bench.radio.messages == [("1002", 200, "8206010153686F706C6966746572204E6F7274682047617465")]
        await bench.control.send_text("again", "1002")
        assert [line for line in bench.radio.heard if "CTSDS" in line] == ["AT+CTSDS=12,0,0,0,1"]


@pytest.mark.parametrize(
    ("kind", "payload"), [("text", "8202010148"), ("immediate", "8902010148"), ("simple", "020148")]
)
@virtually
async def test_a_text_to_everybody_goes_to_the_group_without_asking_for_a_report(kind: str, payload: str) -> None:
    async with opened(text_as=kind) as bench:
        await bench.control.send_text("H", None)
        assert bench.radio.messages == [("500", 4 * len(payload), payload)]
    async with opened(text_as=kind, text_to="700") as bench:
        await bench.control.send_text("H", None)
        assert bench.radio.messages[0][0] == "700"


@virtually
async def test_a_text_that_cannot_be_delivered_is_an_error() -> None:
    async with opened(Habits(delivery=0x4B)) as bench:
        with pytest.raises(LinkDown, match="could not be delivered to 1002"):
            await bench.control.send_text("hello", "1002")


@virtually
async def test_a_text_that_does_not_go_out_is_an_error() -> None:
    async with opened(Habits(fails=True)) as bench:
        with pytest.raises(LinkDown, match="network didn't take"):
            await bench.control.send_text("hello", None)


@virtually
async def test_no_report_and_nothing_said_of_sending_counts_as_sent() -> None:
    async with opened(Habits(delivery=None, tells_sent=False)) as bench:
        await bench.control.send_text("hello", "1002")
        began = asyncio.get_running_loop().time()
        await bench.control.send_text("hello", None)
        assert asyncio.get_running_loop().time() - began < 1.0, "it is not waited for twice"
        assert len(bench.radio.messages) == 2


@virtually
async def test_nothing_is_waited_for_on_a_link_that_has_gone() -> None:
    async with opened(Habits(delivery=None)) as bench:
        sending = asyncio.create_task(bench.control.send_text("hello", "1002"))
        await bench.hear(1)
        assert bench.radio.messages
        bench.link.cut()
        await bench.hear()
        with pytest.raises(LinkDown, match="plug was pulled"):
            await sending


@virtually
async def test_a_refused_text_is_an_error_and_the_next_one_goes() -> None:
    async with opened(Habits(refuses=("AT+CMGS=1",))) as bench:
        with pytest.raises(LinkDown, match="refused the message"):
            await bench.control.send_text("hello", "1002")
        await bench.control.send_text("hello", "500")
        assert len(bench.radio.messages) == 1


@virtually
async def test_the_limit_is_what_radio_and_settings_allow() -> None:
    async with opened(text_max=200) as bench:
        assert bench.control.text_max == 144
        await bench.control.send_text("x" * 144, None)
        assert bench.radio.messages[0][1] == 1184
    async with opened(Habits(refuses=("AT+CMGS=?",))) as bench:
        assert bench.control.text_max == 120


@virtually
async def test_nobody_to_write_to_and_no_texts_at_all() -> None:
    async with opened(Habits(refuses=("AT+CTGS",))) as bench:
        with pytest.raises(NotSupported, match=r"tetra\.text_to"):
            await bench.control.send_text("hello", None)
    async with opened(text_out=False) as bench:
        assert bench.control.text_max is None
        with pytest.raises(NotSupported):
            await bench.control.send_text("hello", "1002")
    with pytest.raises(LinkDown):
        await make().control.send_text("hello", "1002")


@virtually
async def test_texts_at_the_same_time_go_one_after_the_other() -> None:
    async with opened(Habits(slow_s=lambda: 0.1)) as bench:
        async with asyncio.TaskGroup() as tasks:
            for number in range(5):
                tasks.create_task(bench.control.send_text(f"text {number}", str(1000 + number)))
        assert sorted(to for to, _, _ in bench.radio.messages) == ["1000", "1001", "1002", "1003", "1004"]


# -- the key


@virtually
async def test_we_call_the_group_and_talk_when_the_network_lets_us() -> None:
    async with opened(ptt="pei", group="500") as bench:
        await bench.control.key(on=True)
        assert bench.radio.on_air
        assert bench.radio.heard[-2:] == ["AT+CTSDC=0,0,0,1,1,0,1,1,0,0,0", "ATD500"]
        await bench.control.key(on=False)
        assert not bench.radio.on_air
        assert bench.radio.heard[-1] == "AT+CUTXC=7"
        await bench.control.key(on=False)
        assert bench.radio.heard[-1] == "AT+CUTXC=7", "releasing twice is harmless"
        await bench.control.key(on=True)
        assert bench.radio.heard[-1] == "AT+CTXD=7,1", "the call still runs, so we talk in it"
        assert bench.radio.on_air
        await bench.control.key(on=False)
        assert bench.ear.open == []


@virtually
async def test_a_call_to_another_group_is_not_talked_in() -> None:
    async with opened(ptt="pei", group="500") as bench:
        bench.radio.incoming("1001", "600")
        await bench.hear()
        await bench.control.key(on=True)
        assert bench.radio.heard[-1] == "ATD500"
        await bench.control.key(on=False)


@pytest.mark.parametrize("grant", ["refused", "never"])
@virtually
async def test_no_right_to_talk_is_a_busy_channel_and_the_wish_is_taken_back(grant: str) -> None:
    async with opened(Habits(grant=grant), ptt="pei", group="500") as bench:
        with pytest.raises(ChannelBusy):
            await bench.control.key(on=True)
        await bench.control.key(on=False)
        assert bench.radio.heard[-1] == "AT+CUTXC=7"
        bench.radio.on_air = True
        bench.radio.say("+CTXG: 7,0,0,0")  # the network was slow
        await bench.hear()
        assert not bench.radio.on_air


@virtually
async def test_a_queued_wish_is_waited_for() -> None:
    async with opened(Habits(grant="queued"), ptt="pei", group="500") as bench:
        await bench.control.key(on=True)
        assert bench.radio.on_air
        await bench.control.key(on=False)


@virtually
async def test_whoever_asks_for_the_key_may_go_away_meanwhile() -> None:
    async with opened(Habits(grant="queued"), ptt="pei", group="500") as bench:
        pressing = asyncio.create_task(bench.control.key(on=True))
        await bench.hear(1)
        pressing.cancel()
        await asyncio.wait({pressing})
        await bench.control.key(on=False)
        await bench.hear(5)
        assert not bench.radio.on_air


@virtually
async def test_a_release_is_carried_out_even_if_whoever_asked_for_it_has_gone() -> None:
    async with opened(ptt="pei", group="500") as bench:
        await bench.control.key(on=True)
        bench.radio.habits.slow_s = lambda: 1.0
        texting = asyncio.create_task(bench.control.send_text("hello", None))
        await bench.hear(0.1)
        releasing = asyncio.create_task(bench.control.key(on=False))
        await bench.hear(0.1)
        releasing.cancel()
        await asyncio.wait({releasing})
        await texting
        assert not bench.radio.on_air
        assert bench.radio.heard.index("AT+CUTXC=7") < bench.radio.heard.index("AT+CMGS=500,72"), "it goes first"


@virtually
async def test_a_release_goes_before_whatever_waits() -> None:
    written: list[bytes] = []
    dialogue = Dialogue(written.append, 2.0)
    running = asyncio.create_task(dialogue.run())
    await asyncio.sleep(0)
    asked = [asyncio.create_task(dialogue.ask(command)) for command in ("AT+ONE", "AT+TWO", "AT+THREE")]
    await asyncio.sleep(0)
    asked.append(asyncio.create_task(dialogue.ask("AT+RELEASE", first=True)))
    for _ in range(5):
        await asyncio.sleep(0.1)
        dialogue.feed(Done(ok=True))
    await asyncio.wait(asked)
    assert written == [b"AT\r\n", b"AT+RELEASE\r\n", b"AT+ONE\r\n", b"AT+TWO\r\n", b"AT+THREE\r\n"]
    running.cancel()
    await asyncio.wait({running})


@virtually
async def test_the_key_is_released_when_we_go() -> None:
    async with opened(ptt="pei", group="500") as bench:
        await bench.control.key(on=True)
    assert not bench.radio.on_air


@virtually
async def test_the_key_is_released_in_time_whoever_forgot_it() -> None:
    async with opened(ptt="pei", group="500", key_max_s=5.0) as bench:
        await bench.control.key(on=True)
        await bench.hear(6)
        assert not bench.radio.on_air


@virtually
async def test_a_key_left_down_by_a_dead_gateway_is_released_on_opening() -> None:
    bench = make(ptt="pei", group="500")
    bench.radio.call, bench.radio.on_air = 3, True
    await bench.control.open(bench.ear.told)
    assert not bench.radio.on_air
    await bench.control.close()


@virtually
async def test_a_radio_that_does_not_know_the_release_is_hung_up() -> None:
    async with opened(Habits(refuses=("AT+CUTXC",)), ptt="pei", group="500") as bench:
        await bench.control.key(on=True)
        await bench.control.key(on=False)
        assert not bench.radio.on_air
        bench.radio.habits.refuses = ("AT+CUTXC", "ATH")
        await bench.control.key(on=True)
        with pytest.raises(LinkDown, match="refuses to release"):
            await bench.control.key(on=False)
        bench.radio.habits.refuses = ()
        await bench.control.key(on=False)
        assert not bench.radio.on_air


@virtually
async def test_who_takes_the_channel_from_us_is_heard_and_not_hung_up() -> None:
    async with opened(ptt="pei", group="500") as bench:
        await bench.control.key(on=True)
        bench.radio.talks("1009", call=7)
        await bench.hear()
        assert bench.ear.open == [True]
        await bench.control.key(on=False)
        assert bench.radio.call == 7
        assert "AT+CUTXC=7" not in bench.radio.heard


@virtually
async def test_the_group_is_the_radios_own_where_none_is_set() -> None:
    async with opened(ptt="pei") as bench:
        await bench.control.key(on=True)
        assert bench.radio.heard[-1] == "ATD500"
        await bench.control.key(on=False)
    async with opened(Habits(refuses=("AT+CTGS",)), ptt="pei") as bench:
        with pytest.raises(NotSupported, match=r"tetra\.group"):
            await bench.control.key(on=True)


@virtually
async def test_a_modem_line_may_press_talk_and_the_time_limit_holds_for_it_too() -> None:
    async with opened(ptt="rts", key_max_s=5.0) as bench:
        await bench.control.key(on=True)
        assert bench.link.lines == {"rts": True}
        assert not bench.radio.on_air
        await bench.hear(6)
        assert bench.link.lines == {"rts": False}
        await bench.control.key(on=True)
    assert bench.link.lines == {"rts": False}


# -- bad lines


@pytest.mark.parametrize("seed", range(20))
@virtually
async def test_slow_radios_in_small_pieces(seed: int) -> None:
    dice = random.Random(seed)
    habits = Habits(slow_s=lambda: dice.uniform(0.005, 0.3), blank=bool(seed % 2), prompts=bool(seed % 3))
    async with opened(habits, piece=1 + seed % 7, ptt="pei", group="500") as bench:
        bench.radio.incoming()
        bench.radio.talks()
        bench.radio.text("82042A0148454C50")
        bench.radio.stops()
        await bench.hear(1)
        await bench.control.key(on=True)
        assert bench.radio.on_air
        await bench.control.key(on=False)
        await bench.control.send_text("hello", "1002")
        assert bench.ear.open == [True, False]
        assert len(bench.ear.of(TextReceived)) == 1
        assert len(bench.radio.messages) == 2
        assert bench.ear.lost == []


async def everything(bench: Bench) -> None:
    """A dialogue that uses all there is."""
    radio, control = bench.radio, bench.control
    await control.open(bench.ear.told)
    radio.incoming(priority=15)
    radio.talks()
    radio.text("82042A0148454C50")
    await bench.hear(1)
    radio.stops()
    radio.text("0000", service=13)
    await bench.hear(1)
    await control.key(on=True)
    await bench.hear(1)
    await control.key(on=False)
    await control.send_text("hello", "1002")


def length_of_everything() -> int:
    async def measure() -> int:
        bench = make(ptt="pei", group="500", strength_s=0.5)
        await everything(bench)
        await bench.control.close()
        return bench.link.carried

    return virtual_time.run(measure())


def test_the_link_may_go_at_every_byte_of_a_dialogue() -> None:
    whole = length_of_everything()
    assert whole > 800

    async def scenario(cut_after: int) -> None:
        bench = make(ptt="pei", group="500", strength_s=0.5)
        bench.link.cut_after = cut_after
        failed = False
        try:
            await everything(bench)
        except LinkDown:
            failed = True
        await bench.hear(1)
        assert failed or bench.ear.lost, cut_after
        assert len(bench.ear.lost) <= 1
        await bench.control.close()
        bench.ear.lost.clear()
        await bench.control.open(bench.ear.told)  # the plug is in again
        assert not bench.radio.on_air, cut_after
        assert bench.radio.listening
        await bench.control.send_text("still there", "1002")
        assert bench.radio.messages[-1][2].endswith(b"still there".hex().upper())
        await bench.control.close()
        assert bench.ear.lost == []

    with structlog.testing.capture_logs():  # thousands of lines
        for cut_after in range(whole):
            virtual_time.run(scenario(cut_after))
