"""What an installer says about a Tait radio on its data port."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from radio_drivers.interface import RadioSettingsError
from radio_drivers.tait.messages import DESTINATION, EXTENDED_MAX, TEXT_MAX

SPEEDS = (28_800, 9_600, 19_200, 14_400, 4_800, 2_400, 1_200, 115_200)
"""Bits a second that a radio can be programmed for, in the order in which they are tried."""

UNIT = "{unit}"


class TaitSettingsError(RadioSettingsError, ValueError):
    """Settings of a Tait radio that contradict each other. A `ValueError` too, so that pydantic names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaitSettings:
    """A Tait radio: talk, squelch, calls and texts over its data port (CCDI), voice through a sound card (`[radio.line]`).

    Raises:
        TaitSettingsError: a value is out of range, or two of them contradict each other.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    port: str | None = None
    """A pyserial URL: `/dev/ttyUSB0`, `rfc2217://host:port`, `socket://host:port`."""
    baud: Literal[0, 1_200, 2_400, 4_800, 9_600, 14_400, 19_200, 28_800, 115_200] = 0
    """As programmed in the radio, usually 28800. 0: all are tried, which takes a few seconds."""
    flow: Literal["none", "xonxoff", "rtscts"] = "none"
    """Flow control, as programmed in the radio."""
    squelch: Literal["radio", "vox"] = "radio"
    """`radio`: it says itself when the channel is busy. `vox`: judge by the sound."""
    ptt: Literal["radio", "none"] = "radio"
    """`radio`: talk is pressed by command. `none`: only listen."""
    busy_max_s: float = 180.0
    """A channel that was busy for so long without a word counts as clear: the end of it was lost. Seconds, 10-3600."""
    strength_s: float = 0.4
    """How often the signal strength is read while somebody talks, seconds, 0.2-10; 0: never. TM8100 only."""
    keepalive_s: float = 10.0
    """How often the radio is told again what to tell us; it forgets when it restarts, and a dead one shows. Seconds, 2-60."""
    key_confirm_s: float = 0.5
    """The radio must say so soon that it transmits. Seconds, up to 5; 0: it isn't waited for."""
    channel: str = ""
    """The channel to be on, as digits: `7`, or on a radio with zones `010012`. It is put back when somebody turns the knob.
    Empty: whatever the radio is on."""
    selcall: str = ""
    """Selective call sent before each announcement: digits, A to F, V and -. Empty: none."""
    selcall_s: float = 5.0
    """The selective call must have been sent within this. Seconds, 1-20."""
    emergency_status: tuple[str, ...] = ()
    """Status numbers of Selcall that mean emergency, two characters each: `99`. The emergency call itself needs none."""
    text_to: str = ""
    """Whom text messages to all radios are for: four characters of fleet and four of unit, * for any: `5200****`. Empty: no texts go out."""
    text_simple: bool = False
    """Send texts by the older command (SEND_SDM)."""
    text_extended: bool = False
    """Texts may have 128 characters; otherwise 32. All radios must know extended messages."""
    text_lead_in_ms: int = 100
    """Carrier before the data of a text, for repeaters to open. 20-5000."""
    text_receipt_s: float = 7.0
    """A radio's acknowledgement is waited for so long, where a text is for one radio. Seconds, up to 30; 0: never."""
    text_ids: bool = False
    """The radios send their id as a message of its own before each text. If they don't, leave it off: a text may be taken for an id."""
    text_sender: str = ""
    """How a text that was received begins if it names its sender: `{unit}:` takes `1234: thanks` for 1234's. Empty: it doesn't."""
    escape: str = "+"
    """The character that, three times, ends the radio's transparent mode. Empty: don't try."""

    def __post_init__(self) -> None:
        _within("busy_max_s", self.busy_max_s, 10, 3600)
        if self.strength_s:
            _within("strength_s", self.strength_s, 0.2, 10)
        _within("keepalive_s", self.keepalive_s, 2, 60)
        _within("key_confirm_s", self.key_confirm_s, 0, 5)
        _within("selcall_s", self.selcall_s, 1, 20)
        _within("text_lead_in_ms", self.text_lead_in_ms, 20, 5000)
        _within("text_receipt_s", self.text_receipt_s, 0, 30)
        if self.channel and not re.fullmatch(r"[0-9]{1,4}|[0-9]{6}", self.channel):
            raise TaitSettingsError(f"channel = {self.channel!r}: give 1 to 4 digits, or 2 of zone and 4 of channel")
        if not re.fullmatch(r"[0-9A-FV-]{0,32}", self.selcall):
            raise TaitSettingsError(f"selcall = {self.selcall!r}: give up to 32 of 0-9, A-F, V and -")
        for status in self.emergency_status:
            if not re.fullmatch(r"[0-9A-F]{2}", status) or status == "FF":
                raise TaitSettingsError(f"emergency_status: {status!r} is no status; give two characters such as 99")
        if self.text_to and not DESTINATION.fullmatch(self.text_to):
            raise TaitSettingsError(f"text_to = {self.text_to!r}: give 8 letters, digits or *, for instance 5200****")
        if self.text_simple and self.text_extended:
            raise TaitSettingsError("text_simple and text_extended: the older command has no extended messages")
        if self.text_sender and self.text_sender.count(UNIT) != 1:
            raise TaitSettingsError(f"text_sender = {self.text_sender!r}: it must have {UNIT} in it, once")
        if not re.fullmatch(r"[!-~]?", self.escape):
            raise TaitSettingsError(f"escape = {self.escape!r}: give one character")

    @property
    def text_max(self) -> int | None:
        """Characters in one text message; None where none go out."""
        if not self.text_to:
            return None
        return EXTENDED_MAX if self.text_extended else TEXT_MAX


def _within(key: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise TaitSettingsError(f"{key} = {value:g} is out of range: {least:g} to {most:g}")
