"""What an installer says about a USB interface with a CM108-family chip."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from radio_drivers.interface import RadioSettingsError

Squelch = Literal["volume_down", "volume_up", "gpio1", "gpio2", "gpio3", "gpio4", "vox"]

FAMILY = (
    "0d8c:0008-000f",  # CM108, CM109, CM119
    "0d8c:0012-0013",  # CM108B, CM119B
    "0d8c:0139-013a",  # CM108AH, CM119A
    "0d8c:013c",  # CM108AH
    "0c76:1605",  # SSS1621 and the like: two GPIOs only
    "0c76:1607",
    "0c76:160b",
    "1209:7388",  # All-In-One-Cable
)
"""USB ids of chips that behave alike, as direwolf 1.6 knows them (src/cm108.c)."""


class Cm108SettingsError(RadioSettingsError, ValueError):
    """Settings of a CM108 interface that can't work. A `ValueError` too, so that pydantic names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cm108Settings:
    """A radio on the pins of a USB sound chip of the CM108 family; the voice goes through the same chip (`line`).

    Raises:
        Cm108SettingsError: a value is out of range, or two of them contradict each other.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    device: str | None = None
    """`/dev/hidrawN`, a link to it, or part of the name or USB place of one, as `usb-0000:00:14.0-2`, for more than one
    interface. Not set: the only one of `usb_ids` that is plugged in."""
    usb_ids: tuple[str, ...] = FAMILY
    """Chips looked for, as `vendor:product` or `vendor:first-last`, hexadecimal. An interface with other ids that behaves
    like a CM108 is added here."""
    ptt_gpio: int = 3
    """The pin that presses talk. 3 on nearly all interfaces. 1-8; 0: this radio only listens, or keys itself
    (`line.ptt = "vox"`)."""
    ptt_invert: bool = False
    """Talk is pressed while the pin is low. Beware: such a radio transmits while the chip is being reset."""
    squelch: Squelch = "vox"
    """The pin that says that somebody talks; most interfaces that have one wire it to `volume_down`. `vox`: judge by the
    sound, with the `vox_` keys of `line`."""
    squelch_invert: bool = False
    """The button is released, or the GPIO low, while somebody talks."""
    debounce_ms: int = 30
    """The squelch must hold a new level for this long. 0-2000."""
    hang_ms: int = 200
    """The channel counts as open for this long after the squelch closed. 0-2000."""

    def __post_init__(self) -> None:
        if not 0 <= self.ptt_gpio <= 8:
            raise Cm108SettingsError(f"ptt_gpio = {self.ptt_gpio} is out of range: 0 to 8")
        for key in ("debounce_ms", "hang_ms"):
            if not 0 <= getattr(self, key) <= 2000:
                raise Cm108SettingsError(f"{key} = {getattr(self, key)} is out of range: 0 to 2000")
        if self.squelch == f"gpio{self.ptt_gpio}":
            raise Cm108SettingsError(
                f"ptt_gpio and squelch are both GPIO {self.ptt_gpio}: a pin is either way out or way in"
            )
        for text in self.usb_ids:
            usb_ids(text)


def usb_ids(text: str) -> tuple[int, range]:
    """The vendor and the products of one entry of `usb_ids`.

    Raises:
        Cm108SettingsError: it isn't one.
    """
    match = re.fullmatch(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})(?:-([0-9a-fA-F]{4}))?", text)
    if match is None:
        raise Cm108SettingsError(f"usb_ids: {text!r} is no USB id; write it as 0d8c:000c or 0d8c:0008-000f")
    first = int(match[2], 16)
    last = int(match[3], 16) if match[3] else first
    return int(match[1], 16), range(first, last + 1)
