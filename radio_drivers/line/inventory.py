"""What is plugged into this machine that may belong to a radio: serial ports, HID interfaces, sound devices.

Read from pyserial, PortAudio and Linux' sysfs; nothing is opened, so nothing is keyed. Everything here blocks: call it off the
event loop.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from serial.tools import list_ports  # noqa: TID251 this package is pyserial's place

from radio_drivers.interface import RadioSettingsError
from radio_drivers.line.portaudio import SoundDevice, list_sound_devices

SYS, DEV = Path("/sys"), Path("/dev")


@dataclass(frozen=True, slots=True)
class Usb:
    """The USB device behind something."""

    vendor: int
    product: int
    maker: str
    """As the device itself says; empty where it doesn't."""
    model: str
    serial: str
    socket: str
    """Where it is plugged in, as Linux counts: `1-1.4` is the fourth socket of the hub in the first."""


@dataclass(frozen=True, slots=True)
class FoundSerial:
    """A serial port."""

    device: str
    lasting: str
    """The name that stays whatever else is plugged in: of /dev/serial/by-id or of our udev rules; `device` where there is none."""
    description: str
    usb: Usb | None
    allowed: bool
    """This user may open it."""


@dataclass(frozen=True, slots=True)
class FoundHid:
    """A HID interface that can be written to: the pins of a CM108 and its like."""

    device: str
    name: str
    place: str
    """Where it is plugged in, as the kernel says (`usb-0000:00:14.0-2/input3`): stays when others come and go."""
    usb: Usb | None
    allowed: bool


@dataclass(frozen=True, slots=True)
class FoundSound:
    """A sound device, as `sound_in` and `sound_out` look for it."""

    device: SoundDevice
    usb: Usb | None


@dataclass(frozen=True, slots=True)
class Inventory:
    """All of it."""

    serial: tuple[FoundSerial, ...] = ()
    hid: tuple[FoundHid, ...] = ()
    sound: tuple[FoundSound, ...] = ()
    troubles: tuple[str, ...] = ()
    """What could not be looked at, and what to do about it."""


class PortInfo(Protocol):
    """What we use of pyserial's description of a port."""

    device: str
    description: str
    vid: int | None
    pid: int | None
    manufacturer: str | None
    product: str | None
    serial_number: str | None
    location: str | None


def take_inventory(
    ports: Callable[[], Iterable[PortInfo]] = list_ports.comports,
    sounds: Callable[[], list[SoundDevice]] = list_sound_devices,
    sys: Path = SYS,
    dev: Path = DEV,
) -> Inventory:
    """Look at everything.

    Args:
        ports: pyserial's list.
        sounds: PortAudio's list.
        sys: sysfs.
        dev: the device files.
    """
    troubles = []
    try:
        heard = sounds()
    except RadioSettingsError as error:
        heard = []
        troubles.append(str(error))
    return Inventory(
        serial=tuple(_serial(port, dev) for port in sorted(ports(), key=lambda port: _counted(port.device))),
        hid=tuple(_hid(folder, dev) for folder in _numbered(sys / "class" / "hidraw", "hidraw")),
        sound=tuple(FoundSound(device, _usb_of_sound(device.name, sys)) for device in heard),
        troubles=tuple(troubles),
    )


def usb_of(folder: Path) -> Usb | None:
    """The USB device that a folder of sysfs belongs to.

    Args:
        folder: of the port, the card, the HID interface; links are followed.
    """
    here = folder.resolve()
    for above in (here, *here.parents):
        if (above / "idVendor").is_file():
            return Usb(
                vendor=int(_word(above / "idVendor") or "0", 16),
                product=int(_word(above / "idProduct") or "0", 16),
                maker=_word(above / "manufacturer"),
                model=_word(above / "product"),
                serial=_word(above / "serial"),
                socket=above.name,
            )
    return None


def _serial(port: PortInfo, dev: Path) -> FoundSerial:
    usb = None
    if port.vid is not None and port.pid is not None:
        socket = (port.location or "").split(":")[0]
        usb = Usb(port.vid, port.pid, port.manufacturer or "", port.product or "", port.serial_number or "", socket)
    # pyserial writes "n/a" or the name once more where it knows nothing.
    description = "" if port.description in {None, "n/a", Path(port.device).name} else port.description
    lasting = _lasting_name(port.device, dev)
    return FoundSerial(port.device, lasting, description, usb, os.access(port.device, os.R_OK | os.W_OK))


def _lasting_name(device: str, dev: Path) -> str:
    real = Path(device).resolve()
    ours, by_id = dev / "huecry-radio", dev / "serial" / "by-id"
    for link in (ours, *(sorted(by_id.iterdir()) if by_id.is_dir() else ())):
        if link.is_symlink() and link.resolve() == real:
            return str(link)
    return device


def _hid(folder: Path, dev: Path) -> FoundHid:
    lines = _word(folder / "device" / "uevent").splitlines()
    said = dict(line.split("=", 1) for line in lines if "=" in line)
    device = str(dev / folder.name)
    allowed = os.access(device, os.R_OK | os.W_OK)
    return FoundHid(device, said.get("HID_NAME", ""), said.get("HID_PHYS", ""), usb_of(folder / "device"), allowed)


def _usb_of_sound(name: str, sys: Path) -> Usb | None:
    """PortAudio names ALSA's cards like `USB Audio Device: - (hw:1,0)`; those of a sound server have no number."""
    card = re.search(r"\(hw:(\d+),\d+\)", name)
    return usb_of(sys / "class" / "sound" / f"card{card[1]}" / "device") if card else None


def _numbered(folder: Path, prefix: str) -> list[Path]:
    found = [path for path in folder.iterdir() if path.name.startswith(prefix)] if folder.is_dir() else []
    return sorted(found, key=lambda path: _counted(path.name))


def _counted(name: str) -> tuple[str, int]:
    """Sorts ttyUSB10 after ttyUSB2."""
    digits = re.search(r"\d+$", name)
    return name.rstrip("0123456789"), int(digits[0]) if digits else -1


def _word(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
