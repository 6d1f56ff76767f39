"""Reports of the CM108 family (C-Media CM108B datasheet 1.11, "HID", pages 16-18): bytes to values and back.

To the chip, behind the report number 0 that Linux wants before reports without a number:

    HID_OR0  00: the next two are about GPIOs
    HID_OR1  levels of the GPIOs that are outputs, GPIO1 in bit 0
    HID_OR2  which GPIOs are outputs
    HID_OR3  00

From the chip, whenever one of them changes:

    HID_IR0  bit 0 volume up, bit 1 volume down (levels), bits 2, 3 mutes (pulses); bits 7-6 are 0 when HID_IR1 is GPIOs
    HID_IR1  levels of GPIO1 to GPIO4 in bits 0 to 3
    HID_IR2, HID_IR3
"""

from __future__ import annotations

from dataclasses import dataclass

from radio_drivers.cm108.settings import Squelch

SIZE = 4
"""Bytes of one report from the chip. Linux gives one with each read."""

_BITS = {"volume_up": 0x01, "volume_down": 0x02}
_GPIOS = {"gpio1": 0x01, "gpio2": 0x02, "gpio3": 0x04, "gpio4": 0x08}


@dataclass(frozen=True, slots=True)
class InputReport:
    """What the chip says about its pins."""

    buttons: int
    """HID_IR0, bits 0-3."""
    gpios: int | None
    """HID_IR1, bits 0-3; None in a report about something else."""


def gpio_report(gpio: int, *, high: bool) -> bytes:
    """Make one GPIO an output of this level, and leave the others inputs.

    Args:
        gpio: 1-8.
        high: its level.
    """
    mask = 1 << (gpio - 1)
    return bytes((0, 0, mask if high else 0, mask, 0))


def input_reports(data: bytes) -> list[InputReport]:
    """The reports in what was read. What is left over of an unknown chip's longer reports is dropped."""
    return [
        InputReport(data[start] & 0x0F, data[start + 1] & 0x0F if not data[start] & 0xC0 else None)
        for start in range(0, len(data) - SIZE + 1, SIZE)
    ]


def squelch_level(report: InputReport, source: Squelch) -> bool | None:
    """The level of the squelch's pin: button pressed, GPIO high. None where the report doesn't say."""
    if source in _BITS:
        return bool(report.buttons & _BITS[source])
    if source in _GPIOS and report.gpios is not None:
        return bool(report.gpios & _GPIOS[source])
    return None
