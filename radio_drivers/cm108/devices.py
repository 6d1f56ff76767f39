"""Which HID devices this machine has, and which of them is the radio's. Reads the file system: call it off the event loop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from typing_extensions import override

from radio_drivers.cm108.settings import Cm108Settings, usb_ids
from radio_drivers.interface import RadioSettingsError

SYSFS = Path("/sys/class/hidraw")


@dataclass(frozen=True, slots=True)
class HidDevice:
    """A HID device of this machine."""

    path: str
    """What is opened: `/dev/hidrawN`."""
    vendor: int
    product: int
    name: str
    """As the device calls itself."""
    place: str
    """Where it is plugged in: `usb-0000:00:14.0-2/input3`. Stays as long as the plug isn't moved."""

    @override
    def __str__(self) -> str:
        return f"{self.path} ({self.vendor:04x}:{self.product:04x} {self.name}, {self.place})"


def list_hid_devices(sysfs: Path = SYSFS) -> list[HidDevice]:
    """The HID devices of this machine.

    Args:
        sysfs: where the kernel lists them.
    """
    if not sysfs.is_dir():
        return []
    devices = []
    for entry in sorted(sysfs.iterdir(), key=lambda entry: (len(entry.name), entry.name)):
        device = _read(entry)
        if device is not None:
            devices.append(device)
    return devices


def choose_hid_device(settings: Cm108Settings, sysfs: Path = SYSFS) -> str:
    """The path of the radio's device.

    Args:
        settings: `device` and `usb_ids`.
        sysfs: where the kernel lists them.

    Raises:
        RadioSettingsError: there is none, or several and no word which.
    """
    wanted = settings.device
    if wanted is not None and wanted.startswith("/"):
        return wanted
    every = list_hid_devices(sysfs)
    there = "; ".join(map(str, every)) or "none"
    if wanted is not None:
        found = [device for device in every if wanted in device.name or wanted in device.place]
        if not found:
            raise RadioSettingsError(f"cm108.device: no HID device {wanted!r} found; there are: {there}")
    else:
        known = [usb_ids(text) for text in settings.usb_ids]
        found = [
            device
            for device in every
            if any(device.vendor == vendor and device.product in products for vendor, products in known)
        ]
        if not found:
            raise RadioSettingsError(
                f"no CM108 interface found: plug it in, or name it by cm108.device, or its ids in cm108.usb_ids. "
                f"HID devices here: {there}"
            )
    if len(found) > 1:
        raise RadioSettingsError(
            "several CM108 interfaces fit: say in cm108.device which, best by its place (usb-...): "
            + "; ".join(map(str, found))
        )
    return found[0].path


def _read(entry: Path) -> HidDevice | None:
    """One device from its uevent file; None where it has gone meanwhile, or isn't as the kernel writes them."""
    try:
        lines = (entry / "device" / "uevent").read_text(errors="replace").splitlines()
    except OSError:
        return None
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    try:
        _, vendor, product = (int(part, 16) for part in values["HID_ID"].split(":"))
    except (KeyError, ValueError):
        return None
    return HidDevice(
        f"/dev/{entry.name}",
        vendor,
        product,
        values.get("HID_NAME", "without a name"),
        values.get("HID_PHYS", "no place"),
    )
