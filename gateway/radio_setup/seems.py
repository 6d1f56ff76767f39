"""What something on USB seems to be, from its ids and names. Pure.

Ids of serial chips: their drivers in Linux (drivers/usb/serial). The CM108 family: `radio_drivers.cm108.settings`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from radio_drivers.cm108.settings import FAMILY, usb_ids
from radio_drivers.line.inventory import FoundHid, FoundSerial, FoundSound, Inventory, Usb

Use = Literal["serial", "cm108", "sound", "rigctld"]

SERIAL_CHIPS = {
    (0x0403, 0x6001): "FTDI FT232R cable",
    (0x0403, 0x6010): "FTDI FT2232 cable",
    (0x0403, 0x6011): "FTDI FT4232 cable",
    (0x0403, 0x6014): "FTDI FT232H cable",
    (0x0403, 0x6015): "FTDI FT-X cable",
    (0x10C4, 0xEA60): "Silicon Labs CP210x cable",
    (0x10C4, 0xEA70): "Silicon Labs CP2105 cable",
    (0x067B, 0x2303): "Prolific PL2303 cable",
    (0x1A86, 0x7523): "WCH CH340 cable",
    (0x1A86, 0x5523): "WCH CH341 cable",
}
AIOC = (0x1209, 0x7388)
MAKERS = ("tait", "motorola", "sepura", "hytera", "icom", "kenwood", "yaesu", "simoco", "cleartone", "airbus", "damm")
"""Makers of base stations, looked for in what a cable or radio says about itself."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One line of the table, and what choosing it means."""

    use: Use
    address: str
    """What goes into the settings."""
    where: str
    """What a person calls it."""
    seems: str
    good_for: str
    usb: Usb | None = None
    inputs: int = 0
    outputs: int = 0
    likely: bool = False
    """Made for radios, or commonly used with them."""
    hint: str = ""
    """What keeps it from working as it is."""


@dataclass(frozen=True, slots=True)
class Rig:
    """A `rigctld` that answered."""

    host: str
    port: int
    model: str
    """What it says about its radio; empty where it doesn't."""


def candidates(inventory: Inventory, rigs: tuple[Rig, ...] = ()) -> tuple[Candidate, ...]:
    """Everything, as the table shows it: serial ports, HID interfaces of the CM108 family, rigctld, sound devices."""
    hids = [found for found in inventory.hid if found.usb is not None and is_cm108(found.usb)]
    names = [found.device.name for found in inventory.sound]
    return (
        *map(of_serial, inventory.serial),
        *map(of_hid, hids),
        *map(of_rig, rigs),
        *(of_sound(found, names) for found in inventory.sound),
    )


def is_cm108(usb: Usb) -> bool:
    """Of the family whose pins can key a radio."""
    return any(usb.vendor == vendor and usb.product in products for vendor, products in map(usb_ids, FAMILY))


def of_serial(found: FoundSerial) -> Candidate:
    """What a serial port seems to be."""
    usb, where = found.usb, found.device
    hint = "" if found.allowed else "this user may not open it: add it to the group dialout"
    said = f"{found.description} {usb.maker} {usb.model}".casefold() if usb else found.description.casefold()
    maker = next((name for name in MAKERS if name in said.split() or f"{name}_" in said), None)
    good_for = "lines of any radio, or a data port"
    if usb is None:
        seems = found.description or ("the machine's own port" if "ttyS" in where else "a serial port")
        return Candidate("serial", found.lasting, where, seems, good_for, hint=hint)
    names = " ".join(dict.fromkeys(part for part in (usb.maker, usb.model) if part))
    chip = SERIAL_CHIPS.get((usb.vendor, usb.product))
    if (usb.vendor, usb.product) == AIOC:
        chip = "All-in-one cable (AIOC)"
    if maker is not None:
        seems = f"{maker.capitalize()} radio or cable ({names})"
    elif chip is not None:
        seems = f"{chip} ({names})" if names else chip
    else:
        seems = names or f"USB serial port {usb.vendor:04x}:{usb.product:04x}"
    return Candidate(
        "serial", found.lasting, where, seems, good_for, usb, likely=maker is not None or chip is not None, hint=hint
    )


def of_hid(found: FoundHid) -> Candidate:
    """What a HID interface of the family seems to be."""
    usb = found.usb
    names = found.name or (f"{usb.maker} {usb.model}".strip() if usb else "")
    hint = "" if found.allowed else "this user may not open it: install systemd/60-huecry-radio.rules"
    kind = "All-in-one cable (AIOC)" if usb and (usb.vendor, usb.product) == AIOC else "radio interface, CM108 family"
    seems = f"{kind} ({names})" if names else kind
    good_for = "talk and squelch on its pins"
    return Candidate("cm108", found.place or found.device, found.device, seems, good_for, usb, likely=True, hint=hint)


def of_rig(rig: Rig) -> Candidate:
    """A rigctld."""
    address = f"{rig.host}:{rig.port}"
    seems = f"Hamlib's rigctld, {rig.model}" if rig.model else "Hamlib's rigctld"
    return Candidate("rigctld", address, address, seems, "talk, squelch, strength", likely=True)


def of_sound(found: FoundSound, names: Sequence[str]) -> Candidate:
    """What a sound device seems to be; `names` are those of all of them."""
    device, usb = found.device, found.usb
    ways = [f"{count} {way}" for count, way in ((device.inputs, "in"), (device.outputs, "out")) if count]
    radio = usb is not None and is_cm108(usb)
    seems = (
        "sound chip of radio interfaces" if radio else (f"{usb.maker} {usb.model}".strip() if usb else "a sound card")
    )
    name = sound_name(device.name, names)
    return Candidate(
        "sound", name, device.name, seems, ", ".join(ways), usb, device.inputs, device.outputs, likely=radio
    )


def sound_name(name: str, names: Sequence[str]) -> str:
    """What names this device in the settings: without `(hw:1,0)`, which changes with the order of plugging in.

    The whole name where the part would fit another one of `names`, too.
    """
    part = name.split(" (hw:", maxsplit=1)[0].rstrip(" -:")
    return part if part and sum(part.casefold() in other.casefold() for other in names) == 1 else name


def belonging(chosen: Candidate | None, sounds: tuple[Candidate, ...]) -> Candidate | None:
    """The sound device that most likely belongs to a chosen control: of the same USB device, or else beside it on the same hub."""
    if not sounds:
        return None
    usb = chosen.usb if chosen else None

    def nearness(sound: Candidate) -> int:
        if usb is None or sound.usb is None:
            return 1 if sound.likely else 0
        if sound.usb.socket == usb.socket:
            return 4
        beside = sound.usb.socket.rpartition(".")[0] == usb.socket.rpartition(".")[0] != ""
        return 3 if beside else 1 + sound.likely

    best = max(sounds, key=nearness)
    return best if nearness(best) > 0 or len(sounds) == 1 else None
