"""What frames mean: commands to the radio, and its messages. Pure.

Source: Tait, MMA-00038-02, 1.9 (commands) and 1.10 (messages); what hardware does beyond it is from two TM8110 (CCDI 03.02) as the
authors of github.com/packet-net/packet.net wrote it down in docs/research.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from radio_drivers.tait.protocol import Frame

# Commands without a choice in them.
UNKEY = Frame("f", "90")
KEY = Frame("f", "91")
"""Function 9. A transmission begun this way does not end by the radio's own transmit timer."""
PROGRESS_ON = Frame("f", "041")
RINGS_ON = Frame("f", "031")
TEXTS_ON = Frame("f", "101")
"""Give each text message as it arrives, unasked."""
TEXT_IDS_ON = Frame("f", "121")
"""Expect the sender's id as a message of its own before each text."""
CHANNELS_ON = Frame("f", "051")
CHANNEL_NOW = Frame("f", "052")
DROP_TEXT = Frame("c", "1")
"""Empty the radio's one place for a received text; while it is full, the radio takes no other."""
GET_TEXT = Frame("q", "1")
GET_MODEL = Frame("q", "0")
GET_VERSIONS = Frame("q", "3")
GET_SERIAL = Frame("q", "4")
GET_STRENGTH = Frame("q", "5063")
"""The averaged signal strength: CCTM 063. TM8100 from 2.09 on."""

STRENGTH = "063"
EXTENDED_MAX, TEXT_MAX = 128, 32
"""Characters in one text message, with and without extension."""
DESTINATION = re.compile(r"[0-9A-Za-z*]{8}")
"""Whom a text is for: fleet (4), unit (4); `*` stands for any character."""


class Kind(IntEnum):
    """Kinds of PROGRESS messages that mean something to us."""

    ANSWERED = 0x00
    DEFERRED = 0x01
    INHIBITED = 0x02
    EMERGENCY = 0x03
    EMERGENCY_OVER = 0x04
    BUSY = 0x05
    CLEAR = 0x06
    PTT_ON = 0x07
    PTT_OFF = 0x08
    RETRY = 0x16
    STUNNED = 0x17
    REVIVED = 0x18
    DATA_HEARD = 0x19
    CALL_RECEIPT = 0x1C
    TEXT_RECEIPT = 0x1D
    GPS = 0x1E
    RESTARTED = 0x1F
    TONE = 0x20
    CHANNEL = 0x21
    TDMA = 0x22
    KEY_PRESSED = 0x23
    CHANNEL_NAME = 0x31


@dataclass(frozen=True, slots=True)
class Progress:
    """`p`: something began or ended."""

    kind: int
    """A `Kind`, or a number we don't know."""
    parameter: str = ""


CALLS = {
    "0": "call",
    "2": "status",
    "3": "interrogation",
    "4": "text waiting",
    "5": "data",
    "6": "remote monitor",
}
"""RING's first TYPE character."""


@dataclass(frozen=True, slots=True)
class Ring:
    """`r`: somebody called. On a TM8110 text messages come with category 1 and no caller."""

    category: str
    """0 Selcall, 1 undefined, 2 Type 99."""
    types: str
    """Four characters: what kind of call, how urgent, to whom, and a fourth that only P25 radios use."""
    status: str | None
    """Two characters; None where there is none (`FF`)."""
    caller: str | None
    called: str | None
    """Given where it is not the radio's own id."""

    @property
    def what(self) -> str:
        """The kind of call, in words."""
        return CALLS.get(self.types[0], f"call of type {self.types[0]}")

    @property
    def text_waits(self) -> bool:
        """A text message lies in the radio."""
        return self.types[0] == "4"

    @property
    def emergency(self) -> bool:
        """The caller's emergency button: second TYPE character 1, or Issue 2's emergency alarm as the fourth."""
        return self.types[1] == "1" or self.types[3] == "9"


@dataclass(frozen=True, slots=True)
class Text:
    """`s`: a received text message; empty where none was waiting. It doesn't say who sent it."""

    text: str


@dataclass(frozen=True, slots=True)
class Model:
    """`m`: what kind of radio."""

    radio: str
    """In words."""
    version: str
    """Of CCDI."""


@dataclass(frozen=True, slots=True)
class Serial:
    """`n`: the radio's serial number."""

    number: str


@dataclass(frozen=True, slots=True)
class Version:
    """`v`: one of the radio's versions."""

    record: str
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """`j`: a measured value."""

    what: str
    """Number of the CCTM command that asked."""
    value: str

    @property
    def dbm(self) -> float | None:
        """The value as a signal strength, sent in tenths of dBm."""
        return int(self.value) / 10 if re.fullmatch(r"-?[0-9]{1,5}", self.value) else None


@dataclass(frozen=True, slots=True)
class Refusal:
    """`e`: an error."""

    system: bool
    """Something is wrong with the radio; otherwise with a command of ours."""
    code: int

    @property
    def reason(self) -> str:
        """In words."""
        return REASONS.get(self.code, f"error {self.code:02X}") if not self.system else f"system error {self.code:02X}"


UNSUPPORTED, DAMAGED, PARAMETER, NOT_READY, NOT_ACCEPTED = 0x01, 0x02, 0x03, 0x05, 0x06

REASONS = {
    UNSUPPORTED: "it doesn't know this command",
    DAMAGED: "the command arrived damaged",
    PARAMETER: "a value in the command is wrong",
    NOT_READY: "not ready",
    NOT_ACCEPTED: "not possible as it is programmed or just now",
}

Message = Progress | Ring | Text | Model | Serial | Version | Reading | Refusal

_RADIOS = {"1": "TM9100", "2": "TM8200", "3": "TM8100"}
_TIERS = {"31": "TM8105 or TM8115", "32": "TM8110"}


def read(frame: Frame) -> Message | None:
    """What a frame of the radio's means; None where we don't know."""
    text = frame.parameters
    match frame.ident:
        case "p" if re.fullmatch(r"[0-9A-F]{2}", text[:2]):
            return Progress(int(text[:2], 16), text[2:])
        case "r" if len(text) >= 7:
            return _ring(text)
        case "s":
            return Text("".join(c if c.isprintable() else " " for c in text).strip())
        case "m" if len(text) >= 3:
            radio = _TIERS.get(text[1:3]) or _RADIOS.get(text[1]) or f"model {text[1:3]}"
            return Model(radio, text[3:])
        case "n":
            return Serial(text)
        case "v" if len(text) >= 2:
            return Version(text[:2], text[2:])
        case "j" if re.fullmatch(r"[0-9]{3}", text[:3]):
            return Reading(text[:3], text[3:])
        case "e" if re.fullmatch(r"[01][0-9A-F]{2}", text):
            return Refusal(text[0] == "1", int(text[1:], 16))
        case _:
            return None


def _ring(text: str) -> Ring:
    called, dash, caller = text[7:].partition("-")
    if not dash:
        called, caller = "", called
    status = text[5:7]
    return Ring(text[0], text[1:5], None if status == "FF" else status, _id(caller), _id(called))


def _id(digits: str) -> str | None:
    return "".join(c for c in digits if c.isprintable() and c != " ") or None


def channel_of(progress: Progress) -> str | None:
    """The channel that a CHANNEL message names, as digits without its zeros in front; None for an invalid one.

    A TM8200 gives zone and channel (`000007`), a TM8100 only the channel.
    """
    kind, digits = progress.parameter[:1], progress.parameter[1:]
    if kind == "9" or not re.fullmatch(r"[0-9]{1,6}", digits):
        return None
    return same_channel(digits)


def same_channel(digits: str) -> str:
    """A channel number as it compares: `7`, `0007` and `000007` (zone 0) are one."""
    return digits.lstrip("0") or "0"


def dial(digits: str) -> Frame:
    """Send a Selcall sequence: digits 0 to 9, A to F, `-` (gap) and V."""
    return Frame("d", f"0{digits}")


def go_to(channel: str) -> Frame:
    """Change channel: one to four digits, on a TM8200 with zones two digits of zone and four of channel."""
    return Frame("g", channel)


def text_to(destination: str, text: str, *, lead_in_s: float, simple: bool = False) -> Frame:
    """Send a text message.

    Args:
        destination: eight characters.
        text: one message, of at most 32 characters, or 128 where it isn't `simple`.
        lead_in_s: carrier before the data, in steps of 20 ms.
        simple: SEND_SDM (`s`), which every radio has; otherwise SEND_ADAPTABLE_SDM (`a`) with text format.
    """
    lead_in = f"{min(255, max(1, round(lead_in_s / 0.02))):02X}"
    if simple:
        return Frame("s", f"{lead_in}{destination}{text}")
    # GFI 2 is text. Up to 32 characters SFI 00; more go with 04, which the TM8110 takes with GFI 2 though the manual
    # names it beside 1.
    return Frame("a", f"{lead_in}2{'00' if len(text) <= TEXT_MAX else '04'}{destination}{text}")
