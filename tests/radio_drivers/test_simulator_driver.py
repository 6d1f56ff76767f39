"""The software channel: radios hear each other and the gateway, as real ones would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from radio_drivers.interface import (
    RATE,
    Audio,
    ChannelBusy,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkDown,
    LinkLost,
    LinkRestored,
    NotSupported,
    RadioEvent,
    TextReceived,
    TransmitEnded,
    TransmitStarted,
    TransmitTimeout,
)
from radio_drivers.keying import KeyDropped
from radio_drivers.simulator.air import RadioAir, SoftwareChannel
from radio_drivers.simulator.clock import AirClock
from radio_drivers.simulator.driver import SimulatorDriver
from radio_drivers.simulator.radio import SoftwareRadio
from radio_drivers.simulator.settings import SimulatorSettings

NOON = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
RULES = KeyingRules()


def tone(seconds: float, hertz: float = 700.0, level: float = 8000.0) -> bytes:
    t = np.arange(int(seconds * RATE)) / RATE
    pcm: bytes = (level * np.sin(2 * np.pi * hertz * t)).astype("<i2").tobytes()
    return pcm


def level_at(pcm: bytes, hertz: float) -> float:
    sound = np.frombuffer(pcm, "<i2").astype(float)
    turns = np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / RATE)
    return float(2 * abs(np.mean(sound * turns)))


class Gateway:
    """A driver that runs, and the events that came."""

    def __init__(self, driver: SimulatorDriver, channel: SoftwareChannel) -> None:
        self.driver = driver
        self.channel = channel
        self.events: list[RadioEvent] = []

    async def listen(self) -> None:
        async for event in self.driver.events():
            self.events.append(event)

    def of(self, *kinds: type) -> list[RadioEvent]:
        return [event for event in self.events if isinstance(event, kinds)]

    def kinds(self) -> list[type]:
        return [type(event) for event in self.events if not isinstance(event, Audio)]

    def pcm(self) -> bytes:
        return b"".join(event.pcm for event in self.events if isinstance(event, Audio))

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():  # a test watches from outside
                await asyncio.sleep(0.002)


@asynccontextmanager
async def on_air(
    settings: SimulatorSettings | None = None, rules: KeyingRules = RULES, pace: float = 0.0
) -> AsyncIterator[Gateway]:
    clock = AirClock(pace, now=lambda: NOON, monotonic=(lambda: 0.0) if pace == 0 else asyncio.get_running_loop().time)
    async with RadioAir(clock) as air:
        driver = SimulatorDriver("town", air, rules, settings)
        gateway = Gateway(driver, air.channel("town"))
        tasks = [asyncio.create_task(driver.run()), asyncio.create_task(gateway.listen())]
        try:
            await gateway.until(lambda: driver.connected)
            yield gateway
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            assert all(task.cancelled() for task in tasks)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


async def test_a_perfect_channel_changes_no_sample_and_time_is_as_if_real() -> None:
    said = tone(3.0)
    async with on_air() as gateway:
        await SoftwareRadio("U7").join(gateway.channel).say(said)
        assert gateway.kinds() == [LinkRestored, KeyUp, KeyDown]
        up, down = gateway.of(KeyUp, KeyDown)
        assert up == KeyUp("town", NOON, "U7", None)
        assert isinstance(down, KeyDown)
        assert down.at == after(3.0)
        assert gateway.pcm() == said
        pieces = gateway.of(Audio)
        assert [event.at for event in pieces] == [after(0.02 * n) for n in range(150)]


async def test_everyone_else_hears_what_one_says() -> None:
    async with on_air() as gateway:
        one, two, three = (SoftwareRadio(unit).join(gateway.channel) for unit in ("U1", "U2", "U3"))
        await one.say(tone(0.5))
        await two.say(tone(0.4))
        assert [heard.units for heard in three.heard] == [("U1",), ("U2",)]
        assert [heard.units for heard in one.heard] == [("U2",)]
        assert three.heard[0].pcm == tone(0.5)
        assert three.heard[1].at > three.heard[0].ended_at
        assert gateway.kinds() == [LinkRestored, KeyUp, KeyDown, KeyUp, KeyDown]


async def test_the_rebroadcast_is_heard_by_all_and_not_by_ourselves() -> None:
    async with on_air() as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        await gateway.driver.send_voice(tone(1.0))
        (heard,) = await radio.wait_heard()
        assert heard.units == ("BASE",)
        seconds = len(heard.pcm) / 2 / RATE
        assert seconds == pytest.approx(RULES.lead_in_s + 1.0 + RULES.tail_s, abs=0.07)
        lead = heard.pcm[: int((RULES.lead_in_s - 0.02) * RATE) * 2]  # the air goes in steps of 20 ms
        assert not any(lead)
        assert tone(1.0) in heard.pcm
        assert gateway.kinds() == [LinkRestored, TransmitStarted, TransmitEnded]
        assert gateway.pcm() == b""


async def test_a_repeater_gives_our_own_voice_back() -> None:
    async with on_air(SimulatorSettings(pace=0, repeater=True, squelch_tail_s=0.2)) as gateway:
        await gateway.driver.send_voice(tone(1.0))
        await gateway.until(lambda: bool(gateway.of(KeyDown)))
        kinds = gateway.kinds()
        assert kinds.index(TransmitStarted) < kinds.index(KeyUp)
        (up,) = gateway.of(KeyUp)
        assert isinstance(up, KeyUp)
        assert up.unit is None
        assert tone(1.0) in gateway.pcm()


async def test_two_talkers_collide() -> None:
    async with on_air() as gateway:
        one, two, three = (SoftwareRadio(unit).join(gateway.channel) for unit in ("U1", "U2", "U3"))
        await asyncio.gather(one.say(tone(1.0, 700)), two.say(tone(0.5, 1300)))
        (heard,) = three.heard
        assert set(heard.units) == {"U1", "U2"}
        assert level_at(heard.pcm[:16_000], 700) == pytest.approx(8000, rel=0.02)
        assert level_at(heard.pcm[:16_000], 1300) == pytest.approx(8000, rel=0.02)
        assert level_at(heard.pcm[16_640:], 1300) < 200
        assert one.heard == []  # half duplex: who talks hears nothing
        assert len(two.heard) == 1  # let go half-way, and heard the rest
        assert gateway.kinds() == [LinkRestored, KeyUp, KeyDown]


async def test_mixing_stops_at_full_scale() -> None:
    async with on_air() as gateway:
        one, two = (SoftwareRadio(unit).join(gateway.channel) for unit in ("U1", "U2"))
        loud = tone(0.2, 700, 30_000)
        await asyncio.gather(one.say(loud), two.say(loud))
        heard = np.frombuffer(gateway.pcm(), "<i2")
        assert heard.max() == 32767
        assert heard.min() == -32768


async def test_we_wait_for_a_clear_channel() -> None:
    async with on_air() as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        talking = asyncio.create_task(radio.say(tone(5.0)))
        await gateway.until(lambda: gateway.driver.busy)
        await gateway.driver.send_voice(tone(0.5))
        await talking
        down, started = gateway.of(KeyDown, TransmitStarted)
        assert isinstance(down, KeyDown)
        assert isinstance(started, TransmitStarted)
        assert (started.at - down.at).total_seconds() >= RULES.clear_for_s - 0.05


async def test_a_channel_that_never_clears() -> None:
    async with on_air() as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        with gateway.channel.occupied():
            assert gateway.driver.busy
            with pytest.raises(ChannelBusy):
                await gateway.driver.send_voice(tone(0.5))
        assert not gateway.driver.busy
        assert radio.heard == []
        await gateway.driver.send_voice(tone(0.5))


async def test_the_time_out_timer_drops_the_key() -> None:
    async with on_air(rules=KeyingRules(time_out_s=2.0)) as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        with pytest.raises(TransmitTimeout):
            await gateway.driver.send_voice(tone(10.0))
        (heard,) = await radio.wait_heard()
        assert (heard.ended_at - heard.at).total_seconds() == pytest.approx(2.0, abs=0.1)


async def test_drop_key_ends_it_in_mid_word() -> None:
    async with on_air(pace=1.0) as gateway:
        opened: list[str] = []
        radio = SoftwareRadio("U7", on_opened=lambda unit, at: opened.append(unit)).join(gateway.channel)
        sending = asyncio.create_task(gateway.driver.send_voice(tone(20.0)))
        await gateway.until(lambda: bool(opened))
        await gateway.driver.drop_key()
        with pytest.raises(KeyDropped):
            await sending
        await radio.wait_heard()
        assert gateway.kinds()[-1] is TransmitEnded


async def test_stopping_the_driver_releases_the_key() -> None:
    async with on_air(pace=1.0) as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        sending = asyncio.create_task(gateway.driver.send_voice(tone(20.0)))
        await gateway.until(lambda: gateway.channel.busy_for(radio))
    assert not gateway.channel.busy_for(radio)
    with pytest.raises(KeyDropped):
        await sending
    with pytest.raises(LinkDown):
        await gateway.driver.send_voice(tone(0.1))


async def test_emergency_and_text_both_ways() -> None:
    async with on_air() as gateway:
        one, two = (SoftwareRadio(unit).join(gateway.channel) for unit in ("U1", "U2"))
        await one.press_emergency()
        await one.send_text("all quiet")
        await gateway.driver.send_text("Alert 12", to="U2")
        await gateway.driver.send_text("to all")
        await gateway.until(lambda: bool(gateway.of(TextReceived)))
        assert gateway.of(EmergencyPressed, TextReceived) == [
            EmergencyPressed("town", NOON, "U1"),
            TextReceived("town", NOON, "all quiet", "U1"),
        ]
        assert two.emergencies == ["U1"]
        assert [text.text for text in two.texts] == ["all quiet", "Alert 12", "to all"]
        assert [text.text for text in one.texts] == ["to all"]
        with pytest.raises(NotSupported, match="text_max is 140"):
            await gateway.driver.send_text("x" * 141)
    async with on_air(SimulatorSettings(pace=0, text_out=False)) as gateway:
        with pytest.raises(NotSupported, match="text_out"):
            await gateway.driver.send_text("hello")


async def test_a_lost_link_is_told_once_and_nothing_is_heard_meanwhile() -> None:
    async with on_air() as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        gateway.channel.lose_link("the cable was cut")
        gateway.channel.lose_link("again")
        assert not gateway.driver.connected
        await radio.say(tone(0.5))
        await radio.press_emergency()
        with pytest.raises(LinkDown):
            await gateway.driver.send_voice(tone(0.5))
        with pytest.raises(LinkDown):
            await gateway.driver.send_text("hello")
        gateway.channel.restore_link()
        gateway.channel.restore_link()
        await radio.say(tone(0.5))
        assert gateway.kinds() == [LinkRestored, LinkLost, LinkRestored, KeyUp, KeyDown]
        (lost,) = gateway.of(LinkLost)
        assert isinstance(lost, LinkLost)
        assert lost.reason == "the cable was cut"


async def test_a_link_lost_in_mid_word_leaves_no_transmission_open() -> None:
    async with on_air(pace=1.0) as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        talking = asyncio.create_task(radio.say(tone(0.6)))
        await gateway.until(lambda: len(gateway.of(Audio)) > 3)
        gateway.channel.lose_link()
        await asyncio.sleep(0.1)
        gateway.channel.restore_link()
        await talking
        assert gateway.kinds() == [LinkRestored, KeyUp, KeyDown, LinkLost, LinkRestored, KeyUp, KeyDown]


async def test_a_link_lost_while_we_transmit_drops_the_key() -> None:
    async with on_air(pace=1.0) as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        sending = asyncio.create_task(gateway.driver.send_voice(tone(20.0)))
        await gateway.until(lambda: gateway.channel.busy_for(radio))
        gateway.channel.lose_link()
        assert not [carrier for carrier in gateway.channel._carriers if not carrier.released]
        with pytest.raises(LinkDown):
            await sending
        assert gateway.kinds()[-2:] == [LinkLost, TransmitEnded]


async def test_real_pace_takes_real_time() -> None:
    async with on_air(pace=1.0) as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        began = asyncio.get_running_loop().time()
        await radio.say(tone(0.5))
        assert 0.5 <= asyncio.get_running_loop().time() - began < 0.9


async def test_idle_audio_flows_while_nobody_talks() -> None:
    async with on_air(SimulatorSettings(idle_audio=True), pace=0.1) as gateway:
        assert gateway.driver.abilities.idle_audio
        await gateway.until(lambda: len(gateway.of(Audio)) > 20)
        assert gateway.of(KeyUp) == []
        await SoftwareRadio("U7").join(gateway.channel).say(tone(0.5))
        assert tone(0.5) in gateway.pcm()
        await gateway.until(lambda: isinstance(gateway.events[-1], Audio))


async def test_sitting_on_the_button() -> None:
    async with on_air() as gateway:
        await SoftwareRadio("U7").join(gateway.channel).hold_key(150.0)
        up, down = gateway.of(KeyUp, KeyDown)
        assert isinstance(up, KeyUp)
        assert isinstance(down, KeyDown)
        assert (down.at - up.at).total_seconds() == pytest.approx(150.0, abs=0.1)


async def test_a_radio_that_is_switched_off_in_mid_word_lets_go() -> None:
    async with on_air(pace=1.0) as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        talking = asyncio.create_task(radio.say(tone(20.0)))
        await gateway.until(lambda: bool(gateway.of(KeyUp)))
        radio.leave()
        await talking
        await gateway.until(lambda: bool(gateway.of(KeyDown)))
        with pytest.raises(RuntimeError, match="on no channel"):
            await radio.say(tone(0.1))


async def test_one_unit_id_is_one_radio() -> None:
    async with on_air() as gateway:
        SoftwareRadio("U7").join(gateway.channel)
        with pytest.raises(ValueError, match="U7 is on channel town already"):
            SoftwareRadio("U7").join(gateway.channel)


async def test_with_noise_the_gateway_hears_signal_strength_and_a_squelch_tail() -> None:
    async with on_air(SimulatorSettings(pace=0, snr_db=20, squelch_tail_s=0.16)) as gateway:
        await SoftwareRadio("U7").join(gateway.channel).say(tone(1.0))
        up, down = gateway.of(KeyUp, KeyDown)
        assert isinstance(up, KeyUp)
        assert isinstance(down, KeyDown)
        assert up.strength_dbm == -111.0
        assert (down.at - up.at).total_seconds() == pytest.approx(1.16, abs=0.001)
        tail = np.frombuffer(gateway.pcm()[-4800:], "<i2").astype(float)
        assert np.sqrt(np.mean(tail**2)) == pytest.approx(6000, rel=0.15)
        assert level_at(gateway.pcm()[3200:28_800], 700) == pytest.approx(8000, rel=0.05)


async def test_a_hundred_calls_as_fast_as_possible_lose_nothing() -> None:
    async with on_air() as gateway:
        radio = SoftwareRadio("U7").join(gateway.channel)
        for _ in range(100):
            await radio.say(tone(0.4))
        assert gateway.kinds() == [LinkRestored, *([KeyUp, KeyDown] * 100)]
        assert gateway.pcm() == tone(0.4) * 100
        times = [event.at for event in gateway.events]
        assert times[1:] == sorted(times[1:])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pace": -1}, "pace"),
        ({"idle_audio": True, "pace": 0}, "pace above 0"),
        ({"address_file": "address"}, "listen"),
        ({"noise": 3}, "noise"),
        ({"unit": ""}, "unit"),
    ],
)
def test_settings_that_can_not_work(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(SimulatorSettings).validate_python(settings)


async def test_waits_on_leaping_time_end_in_order() -> None:
    clock = AirClock(0.0, now=lambda: NOON, monotonic=lambda: 0.0)
    order: list[str] = []

    async def wait(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        order.append(f"{name}@{clock.seconds():.1f}")

    def work() -> list[Coroutine[Any, Any, None]]:
        return [wait("c", 30.0), wait("a", 0.5), wait("b", 3.0)]

    cancelled = asyncio.create_task(wait("never", 1.0))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(*work())
    assert order == ["a@0.5", "b@3.0", "c@30.0"]
    assert clock.now() == after(30.0)
    await clock.close()
    with pytest.raises(ValueError, match="pace = -1"):
        AirClock(-1)
