"""Signalling around a driver: what the reader gets, in which order, and what goes out before an announcement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio_drivers.interface import (
    Audio,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    KeyUp,
    LinkLost,
    RadioEvent,
    Signalled,
    StrengthRead,
    TextReceived,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.mqtt.driver import MqttRadioDriver
from radio_drivers.mqtt.settings import MqttRadioSettings
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.signalling.bursts import Bursts
from radio_drivers.signalling.calls import extra_s, with_call
from radio_drivers.signalling.driver import SignallingDriver
from radio_drivers.signalling.listener import USUAL_HOLD_S, Samples
from radio_drivers.signalling.mdc1200 import Packet
from radio_drivers.signalling.mdc1200_sound import sound_of
from radio_drivers.signalling.recording import heard_in
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.signalling.tables import CCIR
from radio_drivers.signalling.tones import dtmf, five_tone, silence
from radio_drivers.simulator.air import RadioAir
from radio_drivers.simulator.clock import AirClock
from radio_drivers.simulator.driver import SimulatorDriver
from radio_drivers.simulator.radio import SoftwareRadio
from radio_drivers.simulator.settings import SimulatorSettings
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers.broker_side import publish, quick_delays, running, until
from tests.radio_drivers.signalling_sounds import RATE, noise, samples, spoken

T0 = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
FLEET = SignallingSettings(
    five_tone="ccir",
    dtmf=True,
    mdc1200=True,
    unit_digits=("dtmf:*uuu#", "?uuuu"),
    emergency=("9uuuu", "dtmf:*999"),
)
BLOCK = 640


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def talk() -> Samples:
    return np.rint(noise(1, 1.0, 0.1) * 32767).astype(np.int16)


def call(number: str, *, before: Samples | None = None) -> Samples:
    """A call and somebody who talks after it."""
    parts = [samples(silence(0.2), five_tone(number, CCIR), silence(0.15)), talk()]
    return np.concatenate([before, *parts] if before is not None else parts)


def received(sound: Samples, block: int = BLOCK, start: float = 0.0) -> list[RadioEvent]:
    audio: list[RadioEvent] = [
        Audio("town", at(start + n / RATE), sound[n : n + block].tobytes()) for n in range(0, len(sound), block)
    ]
    return [KeyUp("town", at(start), "7"), *audio, KeyDown("town", at(start + len(sound) / RATE))]


def through(events: Sequence[RadioEvent], fleet: SignallingSettings = FLEET) -> list[RadioEvent]:
    bursts = Bursts(fleet)
    return [out for event in events for out in bursts.take(event)]


def pcm(events: Sequence[RadioEvent]) -> Samples:
    return np.frombuffer(b"".join(event.pcm for event in events if isinstance(event, Audio)), "<i2")


def others(events: Sequence[RadioEvent]) -> list[RadioEvent]:
    return [event for event in events if not isinstance(event, Audio)]


def test_a_call_names_the_unit_and_is_silenced() -> None:
    sound = call("12345")
    out = through(received(sound))
    heard = out[next(n for n, event in enumerate(out) if isinstance(event, Signalled))]
    assert isinstance(heard, Signalled)
    assert (heard.system, heard.text, heard.unit, heard.to, heard.status) == (
        "5-tone CCIR",
        "12345",
        "2345",
        None,
        None,
    )
    assert abs((heard.at - at(0.2)).total_seconds()) < 0.03
    assert others(out) == [KeyUp("town", at(0), "7"), heard, KeyDown("town", at(len(sound) / RATE))]
    left = pcm(out)
    assert len(left) == len(sound)
    assert not left[: len(sound) - len(talk())].any()
    np.testing.assert_array_equal(left[-len(talk()) :], talk())


def test_an_emergency_is_told_before_anybody_speaks() -> None:
    out = through(received(call("91234")))
    pressed = next(n for n, event in enumerate(out) if isinstance(event, EmergencyPressed))
    spoken_at = next(n for n, event in enumerate(out) if isinstance(event, Audio) and any(event.pcm))
    assert pressed < spoken_at
    event, after = out[pressed], out[pressed + 1]
    assert isinstance(event, EmergencyPressed)
    assert event.unit == "1234"
    assert isinstance(after, Signalled)
    assert (after.text, after.unit) == ("91234", "1234")


def test_an_emergency_dialled_is_told_with_its_last_key() -> None:
    burst = samples(silence(0.1), dtmf("*999", 0.08, 0.05))
    out = through(received(np.concatenate([burst, talk()])))
    pressed = next(n for n, event in enumerate(out) if isinstance(event, EmergencyPressed))
    assert not any(any(event.pcm) for event in out[:pressed] if isinstance(event, Audio))


@pytest.mark.parametrize(
    ("burst", "told"),
    [
        (dtmf("*999"), [("DTMF", "*999", None, None, None, True)]),
        (dtmf("*123#"), [("DTMF", "*123#", "123", None, None, False)]),
        (sound_of(Packet(0x00, 0x80, 0x1234)), [("MDC-1200", "emergency 1234", "1234", None, None, True)]),
        (sound_of(Packet(0x01, 0x80, 0x1234)), [("MDC-1200", "PTT ID 1234", "1234", None, None, False)]),
        (sound_of(Packet(0x06, 0x07, 0x1234)), [("MDC-1200", "status 07 from 1234", "1234", None, "07", False)]),
        (
            sound_of(Packet(0x20, 0x00, 0x1234)),
            [("MDC-1200", "emergency acknowledged to 1234", None, "1234", None, False)],
        ),
        (
            sound_of(Packet(0x35, 0x89, 0x1234, bytes.fromhex("89004321"))),
            [("MDC-1200", "call to 1234 from 4321", "4321", "1234", None, False)],
        ),
        (sound_of(Packet(0x77, 0x01, 0x1234)), [("MDC-1200", "op 77 argument 01 unit 1234", None, None, None, False)]),
    ],
    ids=["dtmf emergency", "dtmf unit", "emergency", "ptt id", "status", "acknowledge", "call", "unknown"],
)
def test_what_bursts_mean(burst: np.ndarray, told: list[tuple[object, ...]]) -> None:
    out = through(received(samples(silence(0.1), burst, silence(0.3))))
    emergency = any(isinstance(event, EmergencyPressed) for event in out)
    got = [
        (event.system, event.text, event.unit, event.to, event.status, emergency)
        for event in out
        if isinstance(event, Signalled)
    ]
    assert got == told


def test_which_op_codes_are_an_emergency_is_a_setting() -> None:
    fleet = SignallingSettings(mdc1200=True, mdc1200_emergency=("06/09",))
    for packet, emergency in ((Packet(0x00, 0x80, 1), False), (Packet(6, 9, 1), True), (Packet(6, 8, 1), False)):
        out = through(received(samples(silence(0.1), sound_of(packet), silence(0.2))), fleet)
        assert any(isinstance(event, EmergencyPressed) for event in out) is emergency


def test_strip_can_be_off() -> None:
    sound = call("12345")
    out = through(received(sound), SignallingSettings(five_tone="ccir", strip=False))
    np.testing.assert_array_equal(pcm(out), sound)
    assert any(isinstance(event, Signalled) for event in out)


def test_audio_is_held_back_no_longer_than_it_says() -> None:
    bursts, behind, went_in = Bursts(FLEET), 0.0, 0
    came_out = 0
    for event in received(talk())[:-1]:
        went_in += len(event.pcm) // 2 if isinstance(event, Audio) else 0
        came_out += len(pcm(bursts.take(event)))
        behind = max(behind, (went_in - came_out) / RATE)
    assert behind <= USUAL_HOLD_S


def test_a_burst_that_ends_with_the_transmission_is_told_before_key_down() -> None:
    sound = np.concatenate([talk(), samples(silence(0.1), sound_of(Packet(0x01, 0x00, 0x1234)))])
    out = through(received(sound))
    assert [type(event) for event in others(out)] == [KeyUp, Signalled, KeyDown]
    assert len(pcm(out)) == len(sound)


def test_idle_audio_stays_before_its_key_up() -> None:
    sound = call("12345")
    events = received(sound)
    up = events.pop(0)
    events.insert(10, up)
    out = through(events)
    before = pcm(out[: out.index(up)])
    assert len(before) == 10 * BLOCK
    assert len(pcm(out)) == len(sound)


def test_times_go_with_the_samples() -> None:
    for event in through(received(call("12345"), block=500, start=3.0)):
        if isinstance(event, Audio):
            sample = (event.at - at(3.0)).total_seconds() * RATE
            assert sample == pytest.approx(round(sample), abs=0.2)
    stamps = [event for event in through(received(talk(), start=3.0)) if isinstance(event, Audio)]
    place = 0
    for event in stamps:
        assert event.at == pytest.approx(at(3.0 + place / RATE), abs=timedelta(microseconds=20))
        place += len(event.pcm) // 2


@pytest.mark.parametrize("end", [LinkLost("town", at(9), "cut"), TransmitStarted("town", at(9)), KeyUp("town", at(9))])
def test_whatever_ends_a_transmission_brings_out_the_rest_of_it(end: RadioEvent) -> None:
    sound = talk()
    out = through([*received(sound)[:-1], end])
    assert out[-1] == end
    np.testing.assert_array_equal(pcm(out[:-1]), sound)


def test_what_the_base_station_itself_tells_waits_for_nothing() -> None:
    bursts = Bursts(FLEET)
    told: list[RadioEvent] = [
        EmergencyPressed("town", at(0)),
        TextReceived("town", at(0), "all quiet"),
        StrengthRead("town", at(0), -80.0),
        TransmitEnded("town", at(0)),
    ]
    for event in received(talk())[:9]:
        bursts.take(event)
    assert [bursts.take(event) for event in told] == [[event] for event in told]


@settings(max_examples=15)
@given(st.lists(st.integers(1, 2500), min_size=1, max_size=8))
def test_how_audio_was_cut_changes_nothing(sizes: list[int]) -> None:
    sound, place = call("91234"), 0
    events: list[RadioEvent] = []
    while place < len(sound):
        size = sizes[len(events) % len(sizes)]
        events.append(Audio("town", at(place / RATE), sound[place : place + size].tobytes()))
        place += size
    whole = received(sound)
    out = through([whole[0], *events, whole[-1]])
    expected = through(whole)
    np.testing.assert_array_equal(pcm(out), pcm(expected))
    close = timedelta(milliseconds=1)
    for one, other in zip(others(out), others(expected), strict=True):
        assert type(one) is type(other)
        assert abs(one.at - other.at) < close


def test_a_whole_recording() -> None:
    sound = np.concatenate([call("91234"), samples(silence(0.1), sound_of(Packet(0x01, 0x00, 0x1234)))])
    left, told = heard_in(sound.tobytes(), FLEET, "replay", at(0))
    assert [(type(event).__name__, event.unit, event.channel) for event in told] == [
        ("EmergencyPressed", "1234", "replay"),
        ("Signalled", "1234", "replay"),
        ("Signalled", "1234", "replay"),
    ]
    assert len(left) == 2 * len(sound)
    assert told[0].at < at(0.3) < at(1.5) < told[2].at
    assert heard_in(b"", FLEET, "replay", at(0)) == (b"", ())


# What goes out.


@pytest.mark.parametrize(
    ("fleet", "hears", "expected"),
    [
        (SignallingSettings(five_tone="eea", call_before="123AA"), SignallingSettings(five_tone="eea"), ["123AA"]),
        (SignallingSettings(call_before="*4711#", call_with="dtmf"), SignallingSettings(dtmf=True), ["*4711#"]),
        (
            SignallingSettings(call_before="1234", call_with="mdc1200", mdc1200_own="0abc"),
            SignallingSettings(mdc1200=True),
            ["call to 1234 from 0ABC"],
        ),
        (
            SignallingSettings(five_tone="ccir", call_before="12345", mdc1200_own="0abc"),
            SignallingSettings(five_tone="ccir", mdc1200=True),
            ["PTT ID 0ABC", "12345"],
        ),
    ],
    ids=["five_tone", "dtmf", "mdc1200", "both"],
)
def test_the_call_before_an_announcement(
    fleet: SignallingSettings, hears: SignallingSettings, expected: list[str]
) -> None:
    voice = spoken("All shops, this is control.")
    out = with_call(voice.tobytes(), fleet)
    _, told = heard_in(out, hears, "town", at(0))
    assert [event.text for event in told if isinstance(event, Signalled)] == expected
    assert len(out) / 2 / RATE == pytest.approx(len(voice) / RATE + extra_s(fleet), abs=0.001)
    np.testing.assert_allclose(np.frombuffer(out, "<i2")[-len(voice) :], voice, atol=2)


def test_nothing_set_changes_nothing() -> None:
    assert with_call(b"\x01\x02" * 100, SignallingSettings()) == b"\x01\x02" * 100


def test_our_tone_opens_our_own_gate_before_the_first_word() -> None:
    from radio_drivers.signalling.gate import ToneGate

    voice = talk()
    out = np.frombuffer(with_call(voice.tobytes(), SignallingSettings(ctcss_send_hz=94.8)), "<i2")
    gate = ToneGate(94.8, 0.35)
    opened = None
    for number, event in enumerate(received(out)):
        if gate.take(event) and opened is None:
            opened = number * BLOCK
    assert opened is not None
    assert opened <= len(out) - len(voice) + BLOCK
    assert np.abs(out.astype(np.int32)).max() < 32767


class Air:
    """A wrapped simulator that runs, and what its reader got."""

    def __init__(self, driver: SignallingDriver, radio: SoftwareRadio) -> None:
        self.driver = driver
        self.radio = radio
        self.events: list[RadioEvent] = []

    async def listen(self) -> None:
        async for event in self.driver.events():
            self.events.append(event)

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not true():
                await asyncio.sleep(0.002)


@asynccontextmanager
async def on_air(fleet: SignallingSettings) -> AsyncIterator[Air]:
    clock = AirClock(0.0, now=lambda: T0, monotonic=lambda: 0.0)
    async with RadioAir(clock) as radio_air:
        inner = SimulatorDriver("town", radio_air, KeyingRules(), SimulatorSettings(pace=0))
        air = Air(SignallingDriver(inner, fleet), SoftwareRadio("U7").join(radio_air.channel("town")))
        tasks = [asyncio.create_task(air.driver.run()), asyncio.create_task(air.listen())]
        try:
            await air.until(lambda: air.driver.connected)
            yield air
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def test_around_the_simulator() -> None:
    async with on_air(FLEET) as air:
        await air.radio.say(call("91234").tobytes())
        await air.until(lambda: any(isinstance(event, KeyDown) for event in air.events))
        kinds = [type(event).__name__ for event in others(air.events)]
        assert kinds == ["LinkRestored", "KeyUp", "EmergencyPressed", "Signalled", "KeyDown"]
        assert air.driver.channel == "town"
        assert air.driver.abilities == air.driver.inner.abilities
        assert not air.driver.busy


async def test_the_call_goes_out_in_one_key_down_with_the_voice() -> None:
    async with on_air(SignallingSettings(five_tone="ccir", call_before="12345")) as air:
        await air.driver.send_voice(talk().tobytes())
        (heard,) = await air.radio.wait_heard()
        _, told = heard_in(heard.pcm, SignallingSettings(five_tone="ccir"), "town", at(0))
        assert [event.text for event in told if isinstance(event, Signalled)] == ["12345"]
        assert talk().tobytes()[:2000] in heard.pcm
        await air.driver.drop_key()


async def test_who_has_not_our_tone_is_not_heard() -> None:
    async with on_air(SignallingSettings(ctcss_hz=94.8)) as air:
        await air.radio.say(talk().tobytes())
        tone = 600 * np.sin(2 * np.pi * 94.8 * np.arange(RATE) / RATE)
        ours = (talk() + tone).astype("<i2")
        await air.radio.say(ours.tobytes())
        await air.radio.send_text("all quiet")
        await air.until(lambda: any(isinstance(event, TextReceived) for event in air.events))
        kinds = [type(event).__name__ for event in others(air.events)]
        assert kinds == ["LinkRestored", "KeyUp", "KeyDown", "TextReceived"]
        np.testing.assert_array_equal(pcm(air.events), ours)


@pytest.mark.broker
async def test_around_a_base_station_on_a_broker(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        options = MqttRadioSettings(host="127.0.0.1", port=broker.port)
        inner = MqttRadioDriver("town", options, KeyingRules(), delays=quick_delays)
        driver = SignallingDriver(inner, FLEET)
        async with running(driver) as listener:
            await until(lambda: driver.connected)
            sound = np.concatenate([call("12345"), samples(silence(0.1), sound_of(Packet(0x00, 0x80, 0x1234)))])
            await publish(broker, "huecry/radio/town/rx/wav", write_wav(sound.tobytes(), RATE))
            await until(lambda: bool(listener.of(KeyDown)))
            names = listener.names(Audio)
            assert names == ["LinkRestored", "KeyUp", "Signalled", "EmergencyPressed", "Signalled", "KeyDown"]
            assert talk().tobytes() in listener.pcm()
            assert len(listener.pcm()) == 2 * len(sound)
