"""Masks and settings of signalling: what an installer may write, and what he is told when it can't work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.radios import make_driver
from gateway.settings import RadioSettings, SettingsError, load_settings
from radio_drivers.mmdvm.settings import MmdvmSettings
from radio_drivers.signalling.driver import SignallingDriver
from radio_drivers.signalling.masks import Fields, Mask, first_that_fits
from radio_drivers.signalling.settings import SignallingSettings, SignallingSettingsError
from radio_drivers.simulator.driver import SimulatorDriver


@pytest.mark.parametrize(
    ("mask", "digits", "fields"),
    [
        ("?uuuu", "12345", Fields(unit="2345")),
        ("uuuuuss", "1234507", Fields(unit="12345", status="07")),
        ("tttuu", "12345", Fields(unit="45", to="123")),
        ("uuuu9", "12349", Fields(unit="1234")),
        ("uuuu9", "12348", None),
        ("uuuu9", "1234", None),
        ("*uuu#", "*123#", Fields(unit="123")),
        ("dtmf:uuuu", "1234", None),
        ("five_tone:uuuu", "1234", Fields(unit="1234")),
    ],
)
def test_masks(mask: str, digits: str, fields: Fields | None) -> None:
    assert Mask.read(mask).take("five_tone", digits) == fields


def test_the_first_mask_that_fits_counts() -> None:
    masks = (Mask.read("0uuuu"), Mask.read("uuuu?"))
    assert first_that_fits(masks, "dtmf", "01234") == Fields(unit="1234")
    assert first_that_fits(masks, "dtmf", "12340") == Fields(unit="1234")
    assert first_that_fits(masks, "dtmf", "123") is None


@given(st.text(max_size=12), st.text("0123456789ABCDF*#", max_size=12))
def test_any_text_is_a_mask_or_refused(text: str, digits: str) -> None:
    try:
        mask = Mask.read(text)
    except ValueError:
        return
    fields = mask.take("dtmf", digits)
    assert fields is None or len(digits) == len(mask.digits)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"five_tone": "own"}, "needs own_tones"),
        ({"five_tone": "own", "own_tones": {"1": 1000.0, "2": 1020.0}}, "too close"),
        ({"own_tones": {"G": 1000.0}}, "no digit"),
        ({"own_tones": {"1": 5000.0}}, "own_tones.1 = 5000 is out of range"),
        ({"five_tone_ms": 10}, "five_tone_ms = 10 is out of range"),
        ({"five_tone_least": 8, "five_tone_most": 5}, "more than five_tone_most"),
        ({"ctcss_hz": 1000.0}, "ctcss_hz = 1000 is out of range"),
        ({"unit_digits": ("uuuu",)}, "set five_tone or dtmf"),
        ({"dtmf": True, "unit_digits": ("uuxu",)}, "'x' is none of them"),
        ({"dtmf": True, "unit_digits": ("mdc:uuu",)}, "only five_tone or dtmf"),
        ({"dtmf": True, "emergency": ("*9",)}, "can never fit: numbers have 4 to 40 digits"),
        ({"five_tone": "ccir", "unit_digits": ("dtmf:uuuuu",)}, "can never fit: numbers have 5 to 8 digits"),
        ({"dtmf": True, "emergency": ("uuuu",)}, "fits every number of 4 digits"),
        ({"mdc1200_emergency": ("0",)}, "must be an op code"),
        ({"mdc1200_own": "12"}, "four hexadecimal digits"),
        ({"call_before": "12345"}, "which set?"),
        ({"call_before": "1234E", "five_tone": "ccir"}, "digits of CCIR"),
        ({"call_before": "115", "five_tone": "own", "own_tones": {"1": 1000.0, "5": 1200.0}}, "has no E"),
        ({"call_before": "12x", "call_with": "dtmf"}, "keys 0-9"),
        ({"call_before": "1234", "call_with": "mdc1200"}, "set mdc1200_own"),
        ({"call_before": "123", "call_with": "mdc1200", "mdc1200_own": "0001"}, "four hexadecimal digits"),
    ],
)
def test_what_cannot_work_is_refused_with_its_key(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SignallingSettingsError, match=says.replace("?", r"\?")):
        SignallingSettings(**settings)


def test_the_tone_length_can_be_the_fleets_own() -> None:
    tone_set = SignallingSettings(five_tone="ccir", five_tone_ms=70).tone_set
    assert tone_set is not None
    assert (tone_set.name, tone_set.tone_s) == ("CCIR", 0.07)
    assert SignallingSettings().tone_set is None
    assert not SignallingSettings().on


def test_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "huecry.toml"
    text = """
[[radio]]
name = "town"
driver = "simulator"
[radio.signalling]
five_tone = "own"
unit_digits = ["?uuuu"]
emergency = ["9uuuu"]
ctcss_hz = 94.8
[radio.signalling.own_tones]
0 = 1981
1 = 1124
E = 2110
"""
    file.write_text(text)
    signalling = load_settings(file).radio[0].signalling
    assert signalling.own_tones == {"0": 1981.0, "1": 1124.0, "E": 2110.0}
    file.write_text(text.replace("9uuuu", "uuuuu"))
    with pytest.raises(SettingsError, match=r"radio\[0\]\.signalling.*fits every number"):
        load_settings(file)


def test_the_driver_is_wrapped_only_when_something_is_on() -> None:
    assert isinstance(make_driver(RadioSettings("town", "simulator")), SimulatorDriver)
    radio = RadioSettings("town", "simulator", signalling=SignallingSettings(mdc1200=True))
    assert isinstance(make_driver(radio), SignallingDriver)
    both = RadioSettings(
        "town", "simulator", signalling=SignallingSettings(dtmf=True), mmdvm=MmdvmSettings(topic="mmdvm")
    )
    assert make_driver(both).channel == "town"


def test_the_time_out_must_leave_room_for_the_call(tmp_path: Path) -> None:
    file = tmp_path / "huecry.toml"
    text = """
[voice]
max_s = 20
[[radio]]
name = "town"
driver = "simulator"
[radio.keying]
time_out_s = 21
"""
    file.write_text(text)
    load_settings(file)
    file.write_text(text + '[radio.signalling]\nfive_tone = "ccir"\ncall_before = "12345"\n')
    with pytest.raises(SettingsError, match=r"time_out_s.*the call before it"):
        load_settings(file)
