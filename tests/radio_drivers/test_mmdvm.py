"""MMDVMHost's JSON, made up and held against the schema of its fields, and the companion around another driver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.recorder import ChannelRecorder, Finished, RecorderRules
from radio_drivers.eventqueue import EventQueue
from radio_drivers.interface import (
    Abilities,
    ChannelBusy,
    EmergencyPressed,
    KeyDown,
    KeyingRules,
    LinkLost,
    RadioEvent,
    RadioSettingsError,
    Signalled,
    StrengthRead,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.mmdvm.driver import MmdvmDriver
from radio_drivers.mmdvm.protocol import Alias, Analogue, NotOurBusiness, Strength, Talk, decode
from radio_drivers.mmdvm.settings import MmdvmSettings
from radio_drivers.mmdvm.talkers import Talkers
from radio_drivers.mqtt.driver import MqttRadioDriver
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.reception import Moment
from radio_drivers.mqtt.settings import MqttRadioSettings
from tests.peers.mosquitto import Mosquitto
from tests.radio_drivers.broker_side import publish, quick_delays, running, tone, until

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "mmdvm.json").read_text())
AT = datetime(2026, 3, 7, 14, 5, 9, tzinfo=UTC)


def says(key: str, **fields: object) -> bytes:
    message = {key: {"timestamp": "2026-03-07T14:05:09.120Z", **fields}}
    jsonschema.validate(message, SCHEMA)
    return json.dumps(message).encode()


START = says(
    "DMR", slot=2, source="rf", action="start", source_id=2340101, source_info="Quill Books", destination_id=9,
    destination_type="group",
)  # fmt: skip
END = says("DMR", slot=2, action="end", duration=4.3, ber=0.1, rssi={"min": -90, "max": -85, "ave": -87})
ALIAS = says("Text", mode="DMR", slot=2, value="Quill door")
RSSI = says("RSSI", mode="DMR", slot=2, value=-87)
PANIC = says("DMR", slot=2, source="rf", action="csbk", source_id=2340102, csbk_desc="Emergency Call", destination_id=9)


def told(*messages: bytes, **settings: Any) -> list[RadioEvent]:  # noqa: ANN401 - fields of the settings
    talkers = Talkers("town", MmdvmSettings(topic="mmdvm", **settings))
    events: list[RadioEvent] = []
    for message in messages:
        frame = decode(message)
        assert not isinstance(frame, BadPayload), frame
        events += talkers.take(frame, Moment(AT, 100.0))
    return events


def test_a_talker_has_unit_alias_and_strength() -> None:
    assert told(START, ALIAS, ALIAS, RSSI, END) == [
        Signalled("town", AT, "MMDVM", "DMR unit 2340101 (Quill Books) to group 9", "2340101", "9"),
        Signalled("town", AT, "MMDVM", "talker alias Quill door", "2340101"),
        StrengthRead("town", AT, -87.0),
        StrengthRead("town", AT, -85.0),
    ]


def test_an_emergency_comes_before_anything_else() -> None:
    emergency, signalled = told(PANIC)
    assert emergency == EmergencyPressed("town", AT, "2340102")
    assert signalled == Signalled("town", AT, "MMDVM", "Emergency Call: DMR unit 2340102 to group 9", "2340102", "9")
    assert [type(e) for e in told(PANIC, emergency_text="")] == [Signalled]
    assert [type(e) for e in told(PANIC, emergency_text="panic")] == [Signalled]


@pytest.mark.parametrize(
    ("settings", "ours"),
    [
        ({}, True),
        ({"slot": 2}, True),
        ({"slot": 1}, False),
        ({"destinations": (9, 10)}, True),
        ({"destinations": (10,)}, False),
        ({"network": False}, True),
    ],
)
def test_a_channel_is_a_slot_and_its_groups(settings: dict[str, Any], ours: bool) -> None:
    assert bool(told(START, RSSI, ALIAS, END, **settings)) == ours


def test_another_group_on_the_slot_ends_ours() -> None:
    other = says("DMR", slot=2, source="rf", action="start", source_id=7, destination_id=10, destination_type="group")
    assert [type(e) for e in told(START, other, RSSI, destinations=(9,))] == [Signalled]


def test_the_network_can_be_left_out() -> None:
    far = says("DMR", slot=2, source="network", action="start", source_id=7, destination_id=9)
    assert told(far, END, network=False) == []
    assert len(told(far, END)) == 2


def test_busy_from_start_to_end_and_never_for_ever() -> None:
    talkers = Talkers("town", MmdvmSettings(topic="mmdvm", busy_max_s=60))

    def take(message: bytes) -> bool:
        frame = decode(message)
        assert not isinstance(frame, BadPayload)
        list(talkers.take(frame, Moment(AT, 100.0)))
        return talkers.busy(100.0)

    assert take(START)
    assert not take(END)
    assert take(says("FM", state="relaying_rf"))
    assert take(says("FM", state="timeout_rf"))
    assert not take(says("FM", state="relaying_wait_rf"))
    assert take(says("FM", state="kerchunk_ext"))
    assert not take(says("FM", state="hang"))
    assert take(says("P25", action="late_entry", source="rf", source_id=99, destination_id=4))
    assert not take(says("P25", action="lost", duration=2.0))
    assert take(START)
    assert not talkers.busy(161.0)


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        (says("YSF", action="start", source="rf", source_cs="AB1CDE"), Talk),
        (says("D-Star", action="start", source="network", source_cs="AB1CDE"), Talk),
        (RSSI, Strength),
        (ALIAS, Alias),
        (says("FM", state="listening"), Analogue),
        (says("BER", mode="DMR", slot=1, value=0.2), NotOurBusiness),
        (says("MMDVM", mode="idle"), NotOurBusiness),
        (b"{}", NotOurBusiness),
        (b"", BadPayload),
        (b'{"DMR": 7}', BadPayload),
        (b'{"DMR": {"action": "dance"}}', BadPayload),
        (b'{"DMR": {"action": "start", "slot": 3}}', BadPayload),
        (b'{"RSSI": {"value": 5}}', BadPayload),
        (b'{"RSSI": {"value": "' + b"9" * 20_000 + b'"}}', BadPayload),
    ],
)
def test_every_message_is_something(message: bytes, frame: type) -> None:
    assert isinstance(decode(message), frame)


VALUES = (
    st.none() | st.booleans() | st.integers(-300, 300) | st.floats() | st.text(max_size=12) | st.lists(st.integers())
)
FIELDS = (
    "action",
    "slot",
    "source",
    "source_id",
    "source_cs",
    "destination_id",
    "csbk_desc",
    "rssi",
    "value",
    "mode",
    "state",
)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_a_complaint(payload: bytes) -> None:
    assert decode(payload) is not None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("DMR", "P25", "YSF", "RSSI", "Text", "FM")),
            st.dictionaries(
                st.sampled_from(FIELDS),
                VALUES | st.sampled_from(("start", "end", "csbk", "relaying_rf", "DMR")),
                max_size=6,
            ),
        ),
        max_size=8,
    )
)
def test_any_fields_leave_at_most_one_talker_for_each_slot(messages: list[tuple[str, dict[str, object]]]) -> None:
    talkers = Talkers("town", MmdvmSettings(topic="mmdvm"))
    for key, fields in messages:
        frame = decode(json.dumps({key: fields}).encode())
        if not isinstance(frame, BadPayload):
            list(talkers.take(frame, Moment(AT, 100.0)))
    assert len(talkers._talking) <= 9
    assert not talkers.busy(1e6)


# Beside another driver.


class Inner:
    """A driver that has the sound. Only what a companion uses."""

    channel = "town"
    abilities = Abilities()
    connected = True

    def __init__(self) -> None:
        self.busy = False
        self.queue = EventQueue()
        self.sent: list[bytes] = []
        self.refuses: RadioSettingsError | None = None

    async def run(self) -> None:
        if self.refuses is not None:
            raise self.refuses
        await asyncio.Event().wait()

    def events(self) -> AsyncIterator[RadioEvent]:
        return self.queue

    async def send_voice(self, pcm: bytes) -> None:
        self.sent.append(pcm)

    async def send_text(self, text: str, to: str | None = None) -> None:
        self.sent.append(text.encode())

    async def drop_key(self) -> None:
        self.sent.append(b"dropped")


QUICK = KeyingRules(busy_wait_s=0.3, clear_for_s=0.0)


def companion(inner: Inner | MqttRadioDriver, broker: Mosquitto, **settings: Any) -> MmdvmDriver:  # noqa: ANN401
    usual = {"topic": "mmdvm", "host": "127.0.0.1", "port": broker.port, **settings}
    return MmdvmDriver(inner, MmdvmSettings(**usual), QUICK, delays=quick_delays)


@pytest.mark.broker
async def test_both_are_one_base_station_and_the_recording_has_its_unit(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        settings = MqttRadioSettings(host="127.0.0.1", port=broker.port)
        driver = companion(MqttRadioDriver("town", settings, QUICK, delays=quick_delays), broker)
        async with running(driver) as listener:
            await until(lambda: driver.connected and driver.companion_connected)
            await publish(broker, "huecry/radio/town/rx/keyup", b"{}")
            await publish(broker, "mmdvm/json", START)
            await until(lambda: bool(listener.of(Signalled)))
            await publish(broker, "huecry/radio/town/rx/audio", tone(1.0))
            await publish(broker, "mmdvm/json", RSSI)
            await until(lambda: bool(listener.of(StrengthRead)))
            await publish(broker, "huecry/radio/town/rx/keydown", b"{}")
            await until(lambda: bool(listener.of(KeyDown)))
    recorder = ChannelRecorder("town", RecorderRules())
    (finished,) = [o for event in listener.events for o in recorder.feed(event) if isinstance(o, Finished)]
    assert finished.take.unit == "2340101"
    assert finished.take.strength_dbm == -87.0


@pytest.mark.broker
async def test_its_talkers_keep_us_off_the_air(tmp_path: Path) -> None:
    inner = Inner()
    with Mosquitto(tmp_path) as broker:
        driver = companion(inner, broker)
        async with running(driver):
            await until(lambda: driver.companion_connected)
            await publish(broker, "mmdvm/json", START)
            await until(lambda: driver.busy)
            with pytest.raises(ChannelBusy, match="by MMDVMHost somebody kept talking"):
                await driver.send_voice(b"words")
            assert inner.sent == []
            await publish(broker, "mmdvm/json", END)
            await until(lambda: not driver.busy)
            await driver.send_voice(b"words")
            await driver.send_text("text")
            await driver.drop_key()
            assert inner.sent == [b"words", b"text", b"dropped"]
            inner.busy = True
            assert driver.busy


@pytest.mark.broker
async def test_what_it_hears_of_us_is_not_passed_on_but_an_emergency_is(tmp_path: Path) -> None:
    inner = Inner()
    with Mosquitto(tmp_path) as broker:
        driver = companion(inner, broker)
        async with running(driver) as listener:
            await until(lambda: driver.companion_connected)
            inner.queue.put(TransmitStarted("town", AT))
            await until(lambda: bool(listener.of(TransmitStarted)))
            await publish(broker, "mmdvm/json", START)
            await publish(broker, "mmdvm/json", PANIC)
            await until(lambda: bool(listener.of(EmergencyPressed)))
            assert not driver.busy
            assert listener.of(Signalled) == []
            inner.queue.put(TransmitEnded("town", AT))
            await until(lambda: bool(listener.of(TransmitEnded)))
            assert not driver.busy
            await publish(broker, "mmdvm/json", START)
            await until(lambda: driver.busy)


@pytest.mark.broker
async def test_its_broker_may_come_and_go_while_the_channel_goes_on(tmp_path: Path) -> None:
    inner = Inner()
    with Mosquitto(tmp_path) as broker:
        driver = companion(inner, broker)
        async with running(driver) as listener:
            await until(lambda: driver.companion_connected)
            await publish(broker, "mmdvm/json", b"rubbish")
            await publish(broker, "mmdvm/json", START)
            await until(lambda: driver.busy)
            broker.kill()
            await until(lambda: not driver.companion_connected)
            assert not driver.busy
            inner.queue.put(KeyDown("town", AT))
            await until(lambda: bool(listener.of(KeyDown)))
            broker.start()
            await until(lambda: driver.companion_connected)
            assert listener.of(LinkLost) == []
            assert driver.bad_payloads == 1


@pytest.mark.broker
async def test_a_broker_that_refuses_it_leaves_the_channel_alone_and_its_own_settings_still_count(
    tmp_path: Path,
) -> None:
    inner = Inner()
    with Mosquitto(tmp_path, users={"someone": "else"}) as broker:
        driver = companion(inner, broker)
        async with running(driver) as listener:
            inner.queue.put(KeyDown("town", AT))
            await until(lambda: bool(listener.of(KeyDown)))
        inner.refuses = RadioSettingsError("no such port")
        with pytest.raises(RadioSettingsError, match="no such port"):
            await driver.run()
