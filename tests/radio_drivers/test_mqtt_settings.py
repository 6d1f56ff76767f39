"""Settings: refused with the key's name, and all of them described."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from radio_drivers.interface import KeyingRules
from radio_drivers.mqtt import protocol
from radio_drivers.mqtt.driver import MqttRadioDriver
from radio_drivers.mqtt.settings import MqttRadioSettings, topic_part
from radio_drivers.simulator.settings import SimulatorSettings

DOCS = Path(__file__).parents[2] / "docs" / "radios"


def parse(**settings: object) -> MqttRadioSettings:
    return TypeAdapter(MqttRadioSettings).validate_python(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"topic": "huecry/#"}, "topic = 'huecry/#': give a plain topic"),
        ({"topic": "/huecry"}, "leading or trailing /"),
        ({"topic": "x" * 201}, "201 characters"),
        ({"host": ""}, "host is empty"),
        ({"port": 70_000}, "port"),
        ({"hots": "localhost"}, "hots"),
        ({"tls": True, "certificate_file": "c.pem"}, "certificate_file and key_file belong together"),
        ({"ca_file": "ca.pem"}, "do nothing without tls = true"),
        ({"transmit": "mp3"}, "transmit"),
        ({"silence_s": 0}, "silence_s"),
        ({"wav_max_mb": 100}, "wav_max_mb"),
    ],
)
def test_what_can_not_work_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        parse(**settings)
    assert message in str(refused.value)


def test_ports_that_are_registered_for_mqtt() -> None:
    assert parse().broker == "localhost:1883"
    assert parse(tls=True).broker == "localhost:8883"
    assert parse(tls=True, port=1234, host="broker").broker == "broker:1234"


@pytest.mark.parametrize(("name", "part"), [("town", "town"), ("Town Hall/1", "Town_Hall_1"), ("a+b#c", "a_b_c")])
def test_channel_names_become_topics(name: str, part: str) -> None:
    assert topic_part(name) == part


async def test_making_a_driver_touches_nothing() -> None:
    driver = MqttRadioDriver("town", parse(host="no.such.host.invalid"), KeyingRules(), password="x")
    assert driver.channel == "town"
    assert not driver.connected
    assert not driver.busy
    assert driver.abilities.text_max == 140
    await driver.drop_key()


@pytest.mark.parametrize(("settings", "page"), [(MqttRadioSettings, "mqtt.md"), (SimulatorSettings, "simulator.md")])
def test_every_setting_is_described_with_its_default(settings: type[Any], page: str) -> None:
    text = (DOCS / page).read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    for field in fields(settings):
        (row,) = [row for row in rows if f"`{field.name}`" in row.split("|")[1]]
        shown = "none" if field.default is None else json.dumps(field.default)
        assert shown in row.split("|")[2]


def test_every_topic_is_described() -> None:
    text = (DOCS / "mqtt.md").read_text()
    ours = (protocol.TX_KEY, protocol.TX_WAV, protocol.TX_AUDIO, protocol.TX_TEXT, protocol.GATEWAY)
    for topic in (*protocol.FROM_BASE_STATION, *ours):
        assert f"| `{topic}` |" in text
