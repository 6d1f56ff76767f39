"""Reports of the CM108 family, byte by byte, and finding the chip among a machine's HID devices."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.cm108 import Cm108Settings
from radio_drivers.cm108.devices import HidDevice, choose_hid_device, list_hid_devices
from radio_drivers.cm108.protocol import InputReport, gpio_report, input_reports, squelch_level
from radio_drivers.cm108.settings import Squelch
from radio_drivers.interface import RadioSettingsError


def test_the_usual_pin_as_hamlib_and_direwolf_write_it() -> None:
    # Seen from rigctld 4.5.4, `-P CM108 -C ptt_bitnum=2`.
    assert gpio_report(3, high=True) == bytes.fromhex("00 00 04 04 00")
    assert gpio_report(3, high=False) == bytes.fromhex("00 00 00 04 00")


@given(st.integers(1, 8), st.booleans())
def test_only_the_keying_pin_is_an_output(gpio: int, high: bool) -> None:
    number, zero, levels, outputs, last = gpio_report(gpio, high=high)
    assert (number, zero, last) == (0, 0, 0)
    assert outputs == 1 << (gpio - 1)
    assert levels == (outputs if high else 0)


@pytest.mark.parametrize(
    ("report", "source", "level"),
    [
        ("02 00 00 00", "volume_down", True),
        ("00 00 00 00", "volume_down", False),
        ("01 00 00 00", "volume_down", False),
        ("01 00 00 00", "volume_up", True),
        ("0d 0f 00 00", "volume_down", False),
        ("00 02 00 00", "gpio2", True),
        ("00 0d 00 00", "gpio2", False),
        ("00 08 00 00", "gpio4", True),
        ("40 02 00 00", "gpio2", None),
        ("82 02 00 00", "volume_down", True),
    ],
)
def test_where_the_squelch_is_in_a_report(report: str, source: Squelch, level: bool | None) -> None:
    (read,) = input_reports(bytes.fromhex(report))
    assert squelch_level(read, source) is level


@given(st.binary(max_size=64))
def test_any_bytes_are_some_reports(data: bytes) -> None:
    reports = input_reports(data)
    assert len(reports) == len(data) // 4
    for report in reports:
        assert squelch_level(report, "volume_up") in {True, False}
        assert squelch_level(report, "gpio1") in {True, False, None}


def test_what_is_too_short_or_left_over_says_nothing() -> None:
    assert input_reports(b"") == input_reports(b"\x02\0\0") == []
    assert input_reports(b"\x02\0\0\0\x02") == [InputReport(2, 0)]


def plugged(sysfs: Path, number: int, ids: str, name: str, place: str) -> None:
    folder = sysfs / f"hidraw{number}" / "device"
    folder.mkdir(parents=True)
    (folder / "uevent").write_text(
        f"DRIVER=hid-generic\nHID_ID={ids}\nHID_NAME={name}\nHID_PHYS={place}\nHID_UNIQ=\nMODALIAS=hid:b0003\n"
    )


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    plugged(tmp_path, 0, "0003:0000046D:0000C31C", "Logitech USB Keyboard", "usb-0000:00:14.0-1/input0")
    plugged(tmp_path, 2, "0003:00000D8C:0000000C", "C-Media Electronics Inc. USB Audio", "usb-0000:00:14.0-2/input3")
    return tmp_path


def test_the_only_chip_of_the_family_is_found(sysfs: Path) -> None:
    assert choose_hid_device(Cm108Settings(), sysfs) == "/dev/hidraw2"
    assert list_hid_devices(sysfs)[1] == HidDevice(
        "/dev/hidraw2", 0x0D8C, 0x000C, "C-Media Electronics Inc. USB Audio", "usb-0000:00:14.0-2/input3"
    )


def test_a_second_one_must_be_told_apart_by_its_place(sysfs: Path) -> None:
    plugged(sysfs, 10, "0003:00000D8C:00000012", "USB Audio Device", "usb-0000:00:14.0-4/input3")
    with pytest.raises(RadioSettingsError, match=r"several .*cm108\.device.*hidraw2.*14\.0-2.*hidraw10.*14\.0-4"):
        choose_hid_device(Cm108Settings(), sysfs)
    assert choose_hid_device(Cm108Settings(device="14.0-4"), sysfs) == "/dev/hidraw10"
    assert choose_hid_device(Cm108Settings(device="C-Media"), sysfs) == "/dev/hidraw2"
    assert choose_hid_device(Cm108Settings(device="/dev/hidraw7"), sysfs) == "/dev/hidraw7"


def test_a_chip_of_another_family_is_taken_when_told_so(sysfs: Path) -> None:
    (sysfs / "hidraw2" / "device" / "uevent").write_text("HID_ID=0003:00001234:0000ABCD\n")
    with pytest.raises(
        RadioSettingsError, match=r"no CM108 interface found.*046d:c31c Logitech.*1234:abcd without a name"
    ):
        choose_hid_device(Cm108Settings(), sysfs)
    assert choose_hid_device(Cm108Settings(usb_ids=("1234:abc0-abcf",)), sysfs) == "/dev/hidraw2"


def test_a_name_that_fits_none_is_answered_with_those_there_are(sysfs: Path) -> None:
    with pytest.raises(RadioSettingsError, match=r"no HID device 'usb-9' found; there are: /dev/hidraw0 \(046d:c31c"):
        choose_hid_device(Cm108Settings(device="usb-9"), sysfs)


def test_a_machine_without_hid_devices_and_an_entry_that_has_just_gone(sysfs: Path) -> None:
    assert list_hid_devices(sysfs / "nowhere") == []
    (sysfs / "hidraw2" / "device" / "uevent").unlink()
    (sysfs / "hidraw0" / "device" / "uevent").write_bytes(b"HID_ID=\xff:1\n=")
    assert list_hid_devices(sysfs) == []


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"ptt_gpio": 9}, "ptt_gpio = 9 is out of range"),
        ({"hang_ms": 2001}, "hang_ms = 2001 is out of range"),
        ({"ptt_gpio": 2, "squelch": "gpio2"}, "both GPIO 2"),
        ({"usb_ids": ("0d8c",)}, "'0d8c' is no USB id"),
    ],
)
def test_settings_that_cannot_work(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(RadioSettingsError, match=says):
        Cm108Settings(**wrong)  # type: ignore[arg-type]  # wrong on purpose
