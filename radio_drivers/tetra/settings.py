"""What an installer says about a TETRA radio on its peripheral equipment interface."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from radio_drivers.interface import RadioSettingsError


class TetraSettingsError(RadioSettingsError, ValueError):
    """Settings of a TETRA radio that contradict each other. A `ValueError` too, so that pydantic names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TetraSettings:
    """A TETRA radio: calls, texts and emergencies over its PEI, voice through a sound card (`[radio.line]`).

    Raises:
        TetraSettingsError: a value is out of range, or two of them contradict each other.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    port: str | None = None
    """A pyserial URL: `/dev/ttyACM0`, `rfc2217://host:port`, `socket://host:port`."""
    baud: int = 38_400
    """As set in the radio: 38400, 9600 and 115200 are found. A USB radio takes any."""
    squelch: Literal["pei", "vox"] = "pei"
    """`pei`: the radio says who talks. `vox`: judge by the sound, for radios that tell nothing of calls."""
    groups: tuple[str, ...] = ()
    """Only calls to these groups (GSSI) count as talk on this channel. Empty: all that the radio takes part in."""
    call_is_talk: bool = False
    """Take an incoming call itself for talk: for radios that don't say `+CTXG` for the first who talks."""
    ptt: Literal["pei", "rts", "dtr", "vox", "none"] = "none"
    """How we press talk. `pei`: by commands. `rts`, `dtr`: a line of the serial port on the accessory connector's PTT pin. `vox`: the
    radio keys itself when it hears sound. `none`: only listen."""
    group: str = ""
    """The group (GSSI) that we call to talk, with `ptt = "pei"`, and write to. Empty: the one selected on the radio."""
    call_setup: str = "0,0,0,1,1,0,1,1,0,0,0"
    """Parameters of `AT+CTSDC` before we call the group. Radios differ: the radio's PEI manual has the order."""
    grant_s: float = 6.0
    """Seconds to wait until the network lets us talk. 1-60."""
    key_max_s: float = 60.0
    """The key is let go of after this whatever else happens. Seconds, 5-300; more than keying.time_out_s."""
    talk_max_s: float = 300.0
    """Nobody talks for longer than this: the end of it was lost. Seconds, 30-3600."""
    strength_s: float = 2.0
    """How often the signal strength is read while somebody talks, seconds; 0: never. On a network it is the base station's
    signal, not the talker's."""
    emergency_status: tuple[int, ...] = (0,)
    """Status numbers that mean emergency. Nearly every network uses 0."""
    emergency_priority: int = 12
    """A call of this priority or above is an emergency call, on a network. 0: none is. 0-15."""
    emergency_priority_direct: int = 3
    """The same in direct mode. 0-15."""
    emergency_location: bool = False
    """A location report sent for the reason "emergency" is one too. The radio then gives its location reports to us."""
    text_out: bool = True
    """We may send text messages."""
    text_to: str = ""
    """Where texts for everybody go: a number (ISSI) or a group (GSSI). Empty: to `group`."""
    text_max: int = 120
    """Characters in one text message. Radios take 80 to 140; what this one says it takes is heeded too. 20-200."""
    text_as: Literal["text", "immediate", "simple"] = "text"
    """`immediate` pops up on most radios. `simple` has neither number nor delivery report, for old ones."""
    text_report: bool = True
    """Ask for a delivery report where one radio is addressed; groups give none."""
    report_s: float = 15.0
    """Seconds to wait for a delivery report. Without one the text counts as sent. 1-60."""
    confirm: bool = True
    """Tell senders who ask for it that their text arrived. Off, where the radio does so by itself."""
    share: bool = True
    """Statuses and texts are shown on the radio too (service profile 2). Off (profile 1): for radios that accept that and then
    give us nothing."""
    keep_alive_s: float = 25.0
    """How often we ask whether the radio is still there. Seconds, 5-120."""
    answer_s: float = 2.0
    """Seconds to wait for the answer to a command. 0.2-30."""

    def __post_init__(self) -> None:
        _within("baud", self.baud, 1_200, 921_600)
        _within("grant_s", self.grant_s, 1, 60)
        _within("key_max_s", self.key_max_s, 5, 300)
        _within("talk_max_s", self.talk_max_s, 30, 3600)
        if self.strength_s:
            _within("strength_s", self.strength_s, 0.5, 60)
        _within("emergency_priority", self.emergency_priority, 0, 15)
        _within("emergency_priority_direct", self.emergency_priority_direct, 0, 15)
        _within("text_max", self.text_max, 20, 200)
        _within("report_s", self.report_s, 1, 60)
        _within("keep_alive_s", self.keep_alive_s, 5, 120)
        _within("answer_s", self.answer_s, 0.2, 30)
        for number in self.emergency_status:
            _within("emergency_status", number, 0, 0xFFFF)
        for key, value in (("group", self.group), ("text_to", self.text_to), *(("groups", g) for g in self.groups)):
            if not re.fullmatch(r"[0-9]{0,17}", value):
                raise TetraSettingsError(f"{key} = {value!r}: give a number such as 500")
        if not re.fullmatch(r"[0-9]*(,[0-9]*)*", self.call_setup):
            raise TetraSettingsError(f"call_setup = {self.call_setup!r}: give numbers with commas between them")

    @property
    def transmits(self) -> bool:
        """The radio can be made to talk."""
        return self.ptt != "none"


def _within(key: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise TetraSettingsError(f"{key} = {value:g} is out of range: {least:g} to {most:g}")
