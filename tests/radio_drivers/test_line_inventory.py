"""What is plugged in, from a made-up sysfs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from radio_drivers.interface import RadioSettingsError
from radio_drivers.line.inventory import Inventory, Usb, take_inventory, usb_of
from radio_drivers.line.portaudio import SoundDevice


@dataclass
class Port:
    device: str
    description: str = "n/a"
    vid: int | None = None
    pid: int | None = None
    manufacturer: str | None = None
    product: str | None = None
    serial_number: str | None = None
    location: str | None = None


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def sys(tmp_path: Path) -> Path:
    """A CM108 in the third socket of a hub: a HID interface and card 1, as the kernel lays them out."""
    root = tmp_path / "sys"
    device = root / "devices" / "usb1" / "1-1" / "1-1.3"
    for name, text in (
        ("idVendor", "0d8c\n"),
        ("idProduct", "0012\n"),
        ("manufacturer", "C-Media\n"),
        ("product", "USB Audio\n"),
    ):
        write(device / name, text)
    hid = device / "1-1.3:1.3" / "0003:0D8C:0012.0001"
    write(
        hid / "uevent",
        "HID_ID=0003:00000D8C:00000012\nHID_NAME=C-Media USB Audio\nHID_PHYS=usb-0000:00:14.0-1.3/input3\n",
    )
    for number in (10, 2):
        folder = root / "class" / "hidraw" / f"hidraw{number}"
        folder.mkdir(parents=True)
        (folder / "device").symlink_to(hid)
    card = root / "class" / "sound" / "card1"
    card.mkdir(parents=True)
    (card / "device").symlink_to(device / "1-1.3:1.0")
    (device / "1-1.3:1.0").mkdir()
    return root


def look(sys: Path, dev: Path, ports: list[Port], sounds: list[SoundDevice]) -> Inventory:
    return take_inventory(lambda: ports, lambda: sounds, sys, dev)


def test_everything_with_its_usb_device(sys: Path, tmp_path: Path) -> None:
    dev = tmp_path / "dev"
    tty = dev / "ttyUSB0"
    write(tty, "")
    (dev / "serial" / "by-id").mkdir(parents=True)
    (dev / "serial" / "by-id" / "usb-FTDI_A1").symlink_to(tty)
    ports = [
        Port(str(dev / "ttyUSB10"), vid=1, pid=2),
        Port(str(tty), "FT232R", 0x0403, 0x6001, "FTDI", "FT232R USB UART", "A1", "1-1.2:1.0"),
        Port("/dev/ttyS0", "ttyS0"),
    ]
    sounds = [SoundDevice("USB Audio: - (hw:1,0)", 1, 2, 48_000.0), SoundDevice("default", 32, 32, 48_000.0)]
    found = look(sys, dev, ports, sounds)
    cm108 = Usb(0x0D8C, 0x0012, "C-Media", "USB Audio", "", "1-1.3")
    assert [port.device for port in found.serial] == ["/dev/ttyS0", str(tty), str(dev / "ttyUSB10")]
    _, cable, other = found.serial
    assert cable.usb == Usb(0x0403, 0x6001, "FTDI", "FT232R USB UART", "A1", "1-1.2")
    assert cable.lasting == str(dev / "serial" / "by-id" / "usb-FTDI_A1")
    assert (other.description, other.lasting, other.allowed) == ("", other.device, False)
    assert [(hid.device, hid.usb) for hid in found.hid] == [
        (str(dev / "hidraw2"), cm108),
        (str(dev / "hidraw10"), cm108),
    ]
    assert (found.hid[0].name, found.hid[0].place) == ("C-Media USB Audio", "usb-0000:00:14.0-1.3/input3")
    assert [sound.usb for sound in found.sound] == [cm108, None]


def test_the_name_of_our_own_rule_is_preferred(sys: Path, tmp_path: Path) -> None:
    dev = tmp_path / "dev"
    write(dev / "ttyUSB0", "")
    (dev / "huecry-radio").symlink_to(dev / "ttyUSB0")
    (port,) = look(sys, dev, [Port(str(dev / "ttyUSB0"))], []).serial
    assert port.lasting == str(dev / "huecry-radio")


def test_a_machine_with_nothing(tmp_path: Path) -> None:
    assert look(tmp_path, tmp_path, [], []) == Inventory()


def test_missing_portaudio_is_told_and_the_rest_is_found(sys: Path, tmp_path: Path) -> None:
    def missing() -> list[SoundDevice]:
        raise RadioSettingsError("sound needs PortAudio")

    found = take_inventory(lambda: [Port("/dev/ttyS0")], missing, sys, tmp_path)
    assert found.troubles == ("sound needs PortAudio",)
    assert len(found.serial) == 1


def test_what_is_not_on_usb_has_none(tmp_path: Path) -> None:
    assert usb_of(tmp_path) is None
