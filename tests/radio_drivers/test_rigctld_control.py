"""A radio behind rigctld: against Hamlib's own program with its dummy radio, and against a stand-in that misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Literal

import pytest
from structlog.testing import capture_logs

from radio_drivers.control import Told
from radio_drivers.hamlib import RigctldControl, RigctldSettings, control
from radio_drivers.interface import (
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioEvent,
    RadioSettingsError,
    StrengthRead,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.line import LineDriver, LineSettings
from radio_drivers.line.squelch import Change
from tests.peers import card
from tests.peers.card import Card, until
from tests.peers.ports import free_port
from tests.peers.rigctld import Rigctld, StandIn


class Watcher:
    """What a control tells."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.events: list[RadioEvent] = []
        self.lost: list[str] = []
        self.told = Told(self.changes.append, self.events.append, self.lost.append)


def settings(
    port: int,
    *,
    squelch: Literal["dcd", "vox"] = "dcd",
    ptt: Literal["on", "data", "none"] = "on",
    dialect: Literal["extended", "plain"] = "extended",
    hang_ms: int = 0,
) -> RigctldSettings:
    return RigctldSettings(
        port=port, squelch=squelch, ptt=ptt, dialect=dialect, poll_ms=20, hang_ms=hang_ms, strength_ms=100, answer_s=0.5
    )


@asynccontextmanager
async def opened(wanted: RigctldSettings) -> AsyncIterator[tuple[RigctldControl, Watcher]]:
    watcher = Watcher()
    rig = RigctldControl("shops", wanted)
    await rig.open(watcher.told)
    try:
        yield rig, watcher
    finally:
        await rig.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "READ_BACK_S", 0.005)


@pytest.fixture
async def radio() -> AsyncIterator[StandIn]:
    async with StandIn() as radio:
        yield radio


async def test_the_key_is_released_first_pressed_and_released_and_each_is_read_back(radio: StandIn) -> None:
    radio.keyed = True  # left so by somebody who died
    async with opened(settings(radio.port, squelch="vox")) as (rig, _):
        assert not radio.keyed
        await rig.key(on=True)
        assert radio.keyed
        await rig.key(on=False)
        assert not radio.keyed
        await rig.key(on=True)
    assert not radio.keyed
    assert radio.asked[:6] == ["chk_vfo", "set_ptt 0", "set_ptt 1", "get_ptt", "set_ptt 0", "get_ptt"]


async def test_the_data_socket_is_keyed_where_the_sound_card_is_wired_to_it(radio: StandIn) -> None:
    async with opened(settings(radio.port, squelch="vox", ptt="data")) as (rig, _):
        await rig.key(on=True)
    assert "set_ptt 3" in radio.asked


async def test_squelch_and_strength(radio: StandIn) -> None:
    async with opened(settings(radio.port, hang_ms=50)) as (rig, watcher):
        assert rig.tells_squelch
        assert rig.squelch_late_s == pytest.approx(0.09)
        assert watcher.changes == []
        radio.talking = True
        await until(lambda: len(watcher.events) >= 2)
        radio.talking = False
        await until(lambda: len(watcher.changes) == 2)
        told = len(watcher.events)
        await until(lambda: radio.asked[-5:] == ["get_dcd"] * 5)
    assert [change.open for change in watcher.changes] == [True, False]
    strengths = [event for event in watcher.events if isinstance(event, StrengthRead)]
    assert len(strengths) == told, "asked while somebody talks, not after"
    assert {(event.channel, event.dbm) for event in strengths} == {("shops", -113.0)}


async def test_strength_is_of_a_call_not_of_a_click(radio: StandIn) -> None:
    slow = RigctldSettings(port=radio.port, poll_ms=20, debounce_ms=2000, strength_ms=100)
    async with opened(slow) as (_, watcher):
        radio.talking = True
        await until(lambda: radio.asked.count("get_dcd") > 6)
    assert watcher.events == []


async def test_while_we_talk_the_radio_is_not_asked_for_its_squelch(radio: StandIn) -> None:
    async with opened(settings(radio.port)) as (rig, watcher):
        await rig.key(on=True)
        asked = len(radio.asked)
        radio.talking = True  # some radios show their own carrier
        await asyncio.sleep(0.06)
        assert radio.asked[asked:] == []
        radio.talking = False
        await rig.key(on=False)
        await until(lambda: radio.asked[-1] == "get_dcd")
    assert watcher.changes == []


async def test_a_radio_that_does_not_follow_is_an_error_and_released(radio: StandIn) -> None:
    radio.follows = False
    async with opened(settings(radio.port, squelch="vox")) as (rig, _):
        with pytest.raises(LinkDown, match="does not transmit: see its PTT settings"):
            await rig.key(on=True)
        await rig.key(on=False)
    assert radio.asked.count("get_ptt") == control.READ_BACKS + 1


async def test_a_radio_that_still_transmits_after_its_release_is_an_error(radio: StandIn) -> None:
    async with opened(settings(radio.port, squelch="vox")) as (rig, _):
        radio.refuses["set_ptt"] = -9
        with pytest.raises(LinkDown, match="set_ptt 0: the radio refused"):
            await rig.key(on=False)


async def test_a_radio_that_sticks_to_the_key_is_an_error(radio: StandIn) -> None:
    async with opened(settings(radio.port, squelch="vox")) as (rig, _):
        radio.sticks = True
        await rig.key(on=True)
        with pytest.raises(LinkDown, match="the radio still transmits"):
            await rig.key(on=False)
        radio.sticks = False


@pytest.mark.parametrize("answer", ["get_ptt:\nRPRT 0\n", "get_ptt:\nRPRT -6\n"])
async def test_a_read_back_that_says_nothing_is_no_yes(radio: StandIn, answer: str) -> None:
    async with opened(settings(radio.port, squelch="vox")) as (rig, _):
        radio.says["get_ptt"] = answer
        with pytest.raises(LinkDown):
            await rig.key(on=True)


async def test_a_radio_that_cannot_say_whether_it_transmits_is_believed(radio: StandIn) -> None:
    radio.refuses["get_ptt"] = -11
    async with opened(settings(radio.port, squelch="vox")) as (rig, _):
        for on in (True, False, True):
            await rig.key(on)
            assert radio.keyed is on
    assert radio.asked.count("get_ptt") == 1


async def test_a_radio_without_a_meter_is_asked_once(radio: StandIn) -> None:
    radio.refuses["get_level"] = -11
    radio.talking = True
    async with opened(settings(radio.port)) as (_, watcher):
        await until(lambda: radio.asked[-8:] == ["get_dcd"] * 8)
        assert watcher.lost == []
    assert radio.asked.count("get_level STRENGTH") == 1


@pytest.mark.parametrize(
    ("refused", "code", "error", "says"),
    [
        ("set_ptt", -1, RadioSettingsError, r'-P RIG.*or set rigctld\.ptt = "none"'),
        ("get_dcd", -11, RadioSettingsError, r"this radio can't do that \(RPRT -11\).*rigctld\.squelch = \"vox\""),
        ("get_dcd", -4, RadioSettingsError, "not implemented for this radio"),
        ("set_ptt", -5, LinkDown, "the radio does not answer"),
    ],
)
async def test_what_the_radio_cannot_do_is_told_with_what_to_do(
    radio: StandIn, refused: str, code: int, error: type[Exception], says: str
) -> None:
    radio.refuses[refused] = code
    rig = RigctldControl("shops", settings(radio.port))
    with pytest.raises(error, match=says):
        await rig.open(Watcher().told)
    await rig.close()


@pytest.mark.parametrize(
    ("question", "answer", "says"),
    [
        ("get_dcd", "get_dcd:\nDCD: perhaps\nRPRT 0\n", "get_dcd was answered with"),
        ("get_dcd", "get_dcd:\nRPRT 0\n", "get_dcd was answered with"),
        ("get_level", "get_level: STRENGTH\nweak\nRPRT 0\n", "no number"),
        ("get_dcd", "only rubbish\n", "no answer to get_dcd"),
    ],
)
async def test_nonsense_is_a_lost_link(radio: StandIn, question: str, answer: str, says: str) -> None:
    async with opened(settings(radio.port)) as (_, watcher):
        radio.talking = True
        radio.says[question] = answer
        await until(lambda: watcher.lost)
    assert says in watcher.lost[0]


async def test_a_meter_that_fails_now_and_then_is_no_lost_radio(radio: StandIn) -> None:
    radio.refuses["get_level"] = -6
    radio.talking = True
    async with opened(settings(radio.port)) as (_, watcher):
        await until(lambda: radio.asked.count("get_level STRENGTH") >= 2)
        radio.refuses.clear()
        await until(lambda: watcher.events)
    assert watcher.lost == []


async def test_what_nobody_asked_for_is_left_alone(radio: StandIn) -> None:
    radio.chatter = "RPRT 0\nset_freq: 145000000\nRPRT 0\nmay I interrupt\n"
    async with opened(settings(radio.port)) as (rig, watcher):
        radio.talking = True
        await until(lambda: watcher.changes and watcher.events)
        await rig.key(on=True)
        await rig.key(on=False)
    assert watcher.lost == []


async def test_an_answer_that_never_comes_does_not_give_the_next_one_to_the_wrong_question(radio: StandIn) -> None:
    async with opened(settings(radio.port)) as (rig, watcher):
        radio.says["get_dcd"] = "rubbish\n"
        asked = len(radio.asked)
        await until(lambda: len(radio.asked) > asked)
        await rig.key(on=True)
        assert radio.keyed
        await until(lambda: watcher.lost)
    assert "no answer to get_dcd" in watcher.lost[0]
    assert not radio.keyed


async def test_when_watching_fails_for_our_own_fault_the_link_is_begun_anew(radio: StandIn) -> None:
    def broken(_: Change) -> None:
        raise RuntimeError("a bug")

    lost: list[str] = []
    rig = RigctldControl("shops", settings(radio.port))
    with capture_logs() as logs:
        await rig.open(Told(broken, lambda _: None, lost.append))
        radio.talking = True
        await until(lambda: lost)
        await rig.close()
    assert "watching it failed" in lost[0]
    assert [entry["log_level"] for entry in logs] == ["error"]


async def test_a_busy_bus_is_borne_for_a_while(radio: StandIn) -> None:
    async with opened(settings(radio.port)) as (_, watcher):
        radio.refuses["get_dcd"] = -14
        asked = len(radio.asked)
        await until(lambda: len(radio.asked) >= asked + 2)
        radio.refuses.clear()
        await until(lambda: len(radio.asked) >= asked + 6)
        assert watcher.lost == []
        radio.refuses["get_dcd"] = -5
        await until(lambda: watcher.lost)
    assert len(watcher.lost) == 1
    assert "the radio does not answer" in watcher.lost[0]


async def test_a_radio_that_falls_silent_is_lost_and_orders_are_refused(radio: StandIn) -> None:
    async with opened(settings(radio.port)) as (rig, watcher):
        radio.silent = True
        with pytest.raises(LinkDown):
            await rig.key(on=True)
        await until(lambda: watcher.lost)
        with pytest.raises(LinkDown, match="not connected"):
            await rig.key(on=True)
        await rig.key(on=False)
        radio.silent = False
    assert len(watcher.lost) == 1
    assert "no answer to" in watcher.lost[0]


async def test_without_polling_a_dead_link_is_found_too(radio: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "PROOF_S", 0.02)
    radio.refuses["get_ptt"] = -11  # an answer all the same
    async with opened(settings(radio.port, squelch="vox", ptt="none")) as (rig, watcher):
        assert not rig.transmits
        await until(lambda: radio.asked.count("get_ptt") > control.PATIENCE)
        assert watcher.lost == []
        radio.silent = True
        await until(lambda: watcher.lost)
    assert not any(question.startswith("set_ptt") for question in radio.asked)


async def test_when_the_connection_breaks_with_the_key_down_a_new_one_releases_it(radio: StandIn) -> None:
    async with opened(settings(radio.port, squelch="vox")) as (rig, watcher):
        await rig.key(on=True)
        rig._link.abort("the cable")
        await until(lambda: watcher.lost)
        assert radio.keyed, "rigctld holds the key for a client that has gone"
    assert not radio.keyed
    assert radio.connections == 2


async def test_a_key_that_nothing_can_release_is_told(radio: StandIn) -> None:
    with capture_logs() as logs:
        async with opened(settings(radio.port, squelch="vox")) as (rig, _):
            await rig.key(on=True)
            await radio.stop()
    assert [entry["log_level"] for entry in logs if "may still transmit" in entry["event"]] == ["error"]


async def test_a_radio_that_falls_silent_with_the_key_down_does_not_hold_up_the_end(
    radio: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "RELEASE_S", 0.05)
    with capture_logs() as logs:
        async with opened(settings(radio.port, squelch="vox")) as (rig, _):
            await rig.key(on=True)
            radio.silent = True
    assert [entry["problem"] for entry in logs if entry["log_level"] == "error"] == ["no answer within 0.05 s"]


@pytest.mark.parametrize("dialect", ["extended", "plain"])
async def test_the_answer_to_a_cancelled_order_is_nobody_elses(dialect: Literal["extended", "plain"]) -> None:
    async with (
        StandIn(plain=dialect == "plain") as radio,
        opened(settings(radio.port, squelch="vox", dialect=dialect)) as (rig, watcher),
    ):
        pressing = asyncio.create_task(rig.key(on=True))
        await asyncio.sleep(0)
        pressing.cancel()
        await asyncio.wait({pressing})
        await rig.key(on=False)
        assert not radio.keyed
        assert radio.asked[2:] == ["set_ptt 1", "set_ptt 0", "get_ptt"]
        assert watcher.lost == []


async def test_programs_that_know_only_the_plain_protocol() -> None:
    async with StandIn(plain=True) as radio:
        radio.says["chk_vfo"] = "RPRT -11\n"
        async with opened(settings(radio.port, dialect="plain")) as (rig, watcher):
            await calls_and_key(radio, rig, watcher)


async def calls_and_key(radio: StandIn, rig: RigctldControl, watcher: Watcher) -> None:
    radio.talking = True
    await until(lambda: watcher.changes and watcher.events)
    await rig.key(on=True)
    assert radio.keyed
    await rig.key(on=False)
    assert watcher.lost == []


@pytest.mark.parametrize(
    ("dialect", "least"),
    [("extended", 2 + 18 + 23 + 18 + 23 + 18 + 23), ("plain", 2 + 7 + 2 + 7 + 2 + 7 + 2)],
    ids=["extended", "plain"],
)
async def test_the_link_may_break_at_every_byte(dialect: Literal["extended", "plain"], least: int) -> None:
    """Wherever it breaks: an error and a loss are told, nothing hangs, and the key is up in the end."""
    for cut in count():
        async with StandIn(plain=dialect == "plain") as radio:
            radio.cut_after = cut
            watcher = Watcher()
            rig = RigctldControl("shops", settings(radio.port, dialect=dialect))
            try:
                await rig.open(watcher.told)
                await rig.key(on=True)
                await rig.key(on=False)
            except LinkDown:
                whole = False
                assert len(watcher.lost) == 1, cut
            else:
                whole = watcher.lost == []
            finally:
                await rig.close()
            assert not radio.keyed, cut
            radio.cut_after = None
            async with asyncio.timeout(5):
                await rig.open(Watcher().told)
            await rig.close()
        if whole:
            assert cut >= least, "opening, pressing and releasing"
            return


async def test_nobody_listening_may_change() -> None:
    with pytest.raises(LinkDown, match=r"can't be reached: is it running there\?"):
        await RigctldControl("shops", settings(free_port())).open(Watcher().told)


async def test_a_machine_that_swallows_connects(radio: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("radio_drivers.hamlib.link.CONNECT_S", 0.0)
    with pytest.raises(LinkDown, match="does not answer: is it running, and no firewall between"):
        await RigctldControl("shops", settings(radio.port)).open(Watcher().told)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"host": " "}, "host is empty"),
        ({"port": 0}, "port = 0 is out of range: 1 to 65535"),
        ({"poll_ms": 5}, "poll_ms = 5 is out of range: 20 to 2000"),
        ({"s9_dbm": 3.0}, "s9_dbm = 3 is out of range"),
        ({"answer_s": 0.0}, "answer_s = 0 is out of range"),
    ],
)
def test_settings_that_cannot_work(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(RadioSettingsError, match=says):
        RigctldSettings(**wrong)  # type: ignore[arg-type]  # wrong on purpose


async def test_there_is_no_text(radio: StandIn) -> None:
    rig = RigctldControl("shops", settings(radio.port))
    assert rig.text_max is None
    with pytest.raises(NotSupported):
        await rig.send_text("hello", None)


@pytest.fixture
def hamlib() -> Iterator[Rigctld]:
    with Rigctld("-P", "RIG") as hamlib:
        yield hamlib


async def asked_by_another(port: int, question: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{question}\n".encode())
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()


async def test_the_real_program_keys_its_dummy_radio(hamlib: Rigctld) -> None:
    async with opened(settings(hamlib.port, squelch="vox")) as (rig, watcher):
        assert await asked_by_another(hamlib.port, "t") == "0"
        await rig.key(on=True)
        assert await asked_by_another(hamlib.port, "t") == "1"
        await rig.key(on=False)
        assert await asked_by_another(hamlib.port, "t") == "0"
        await rig.key(on=True)
        assert watcher.lost == []
    assert await asked_by_another(hamlib.port, "t") == "0"


async def test_the_real_program_tells_squelch_and_strength(hamlib: Rigctld) -> None:
    async with opened(settings(hamlib.port)) as (rig, watcher):
        await until(lambda: len(watcher.changes) >= 4 and watcher.events)
        await rig.key(on=True)
        await rig.key(on=False)
    assert [change.open for change in watcher.changes[:4]] == [True, False, True, False]
    assert all(isinstance(event, StrengthRead) and -170 < event.dbm < 0 for event in watcher.events)


async def test_the_real_program_in_vfo_mode() -> None:
    with Rigctld("-P", "RIG", "-o") as hamlib:
        async with opened(settings(hamlib.port)) as (rig, watcher):
            await until(lambda: watcher.changes)
            await rig.key(on=True)
            assert await asked_by_another(hamlib.port, "t currVFO") == "1"
            await rig.key(on=False)


@pytest.mark.parametrize("dialect", ["extended", "plain"])
async def test_the_real_program_without_a_way_to_press_talk(dialect: Literal["extended", "plain"]) -> None:
    with Rigctld() as hamlib:
        rig = RigctldControl("shops", settings(hamlib.port, dialect=dialect))
        with pytest.raises(RadioSettingsError, match="-P RIG"):
            await rig.open(Watcher().told)
        await rig.close()
        async with opened(settings(hamlib.port, ptt="none", dialect=dialect)) as (_, watcher):
            await until(lambda: watcher.changes)


async def test_the_real_program_is_killed_while_we_talk_and_comes_back(
    hamlib: Rigctld, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.use(monkeypatch, retry_s=0.05)
    monkeypatch.setattr(Card, "playing_s", 60.0)
    rules = KeyingRules(lead_in_s=0.0, tail_s=0.0, clear_for_s=0.0, busy_wait_s=5.0, time_out_s=60.0)
    driver = LineDriver("shops", LineSettings(), rules, RigctldControl("shops", settings(hamlib.port, squelch="vox")))
    async with card.on_air(driver) as events:
        sending = asyncio.create_task(driver.send_voice(bytes(320)))
        await until(lambda: any(isinstance(event, TransmitStarted) for event in events))
        await asyncio.to_thread(hamlib.stop)
        await until(lambda: any(isinstance(event, LinkLost) for event in events))
        assert not driver.connected
        await asyncio.to_thread(hamlib.start)
        await until(lambda: any(isinstance(event, LinkRestored) for event in events))
        await driver.drop_key()
        await asyncio.wait({sending})
        assert sending.exception() is not None
        assert await asked_by_another(hamlib.port, "t") == "0"
        monkeypatch.setattr(Card, "playing_s", 0.0)
        await driver.send_voice(bytes(320))
        assert [type(event) for event in events].count(TransmitEnded) == 2


async def test_a_call_and_its_strength_come_out_of_the_driver(radio: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    card.use(monkeypatch)
    driver = LineDriver("shops", LineSettings(), control=RigctldControl("shops", settings(radio.port)))
    async with card.on_air(driver) as events:
        radio.talking = True
        await until(lambda: any(isinstance(event, StrengthRead) for event in events))
        assert driver.busy
        radio.talking = False
        await until(lambda: any(isinstance(event, KeyDown) for event in events))
    assert isinstance(events[0], KeyUp)


async def test_two_channels_do_not_hear_or_key_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    card.use(monkeypatch)
    rules = KeyingRules(lead_in_s=0.0, tail_s=0.0, clear_for_s=0.0, busy_wait_s=5.0, time_out_s=5.0)
    async with StandIn() as north, StandIn() as south:
        drivers = [
            LineDriver(name, LineSettings(), rules, RigctldControl(name, settings(radio.port)))
            for name, radio in (("north", north), ("south", south))
        ]
        async with card.on_air(drivers[0]) as heard_north, card.on_air(drivers[1]) as heard_south:
            north.talking = True
            await until(lambda: drivers[0].busy)
            await drivers[1].send_voice(bytes(320))
            assert "set_ptt 1" in south.asked
            assert "set_ptt 1" not in north.asked
            north.talking = False
            await until(lambda: not drivers[0].busy)
            await until(lambda: len(heard_south) == 2)
        assert {event.channel for event in heard_north} == {"north"}
        assert [type(event) for event in heard_south] == [TransmitStarted, TransmitEnded]
