"""What an installer says about a radio behind `rigctld`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from radio_drivers.interface import RadioSettingsError


class RigctldSettingsError(RadioSettingsError, ValueError):
    """Settings of a radio behind rigctld that can't work. A `ValueError` too, so that pydantic names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RigctldSettings:
    """A radio that Hamlib knows, behind its `rigctld`; the voice goes through a sound card (`line`).

    Raises:
        RigctldSettingsError: a value is out of range.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    host: str = "127.0.0.1"
    """The machine that `rigctld` runs on."""
    port: int = 4532
    """Its TCP port. 1-65535."""
    dialect: Literal["extended", "plain"] = "extended"
    """How answers are asked for. `plain` for programs that only imitate `rigctld` and don't know its extended answers."""
    ptt: Literal["on", "mic", "data", "none"] = "on"
    """Talk is pressed with the radio's choice of audio input, its microphone's, or its data socket's. `none`: this radio
    only listens, or keys itself (`line.ptt = "vox"`)."""
    read_back: bool = True
    """Ask the radio whether it did press or release talk, where it can say."""
    squelch: Literal["dcd", "vox"] = "dcd"
    """The radio tells whether somebody talks (`get_dcd`). `vox`: judge by the sound, with the `vox_` keys of `line`."""
    poll_ms: int = 100
    """How often the squelch is asked for. 20-2000. A radio on a slow serial line answers in 50 ms or more."""
    debounce_ms: int = 0
    """The squelch must hold a new level for this long. 0-2000."""
    hang_ms: int = 200
    """The channel counts as open for this long after the squelch closed. 0-2000."""
    strength: bool = True
    """Read the signal strength while the squelch is open."""
    strength_ms: int = 300
    """How often. 100-10000."""
    s9_dbm: float = -93.0
    """What the radio calls S9, in dBm: Hamlib tells strength against it. -93 is usual above 30 MHz, -73 below; the radio's
    own meter may be 10 dB off either. -140 to 0."""
    answer_s: float = 3.0
    """Without an answer for this long the link counts as lost. `rigctld` itself tries a silent radio several times. 0.2-30."""

    def __post_init__(self) -> None:
        if not self.host.strip():
            raise RigctldSettingsError("host is empty: name the machine that rigctld runs on")
        _within("port", self.port, 1, 65_535)
        _within("poll_ms", self.poll_ms, 20, 2000)
        _within("debounce_ms", self.debounce_ms, 0, 2000)
        _within("hang_ms", self.hang_ms, 0, 2000)
        _within("strength_ms", self.strength_ms, 100, 10_000)
        _within("s9_dbm", self.s9_dbm, -140, 0)
        _within("answer_s", self.answer_s, 0.2, 30)


def _within(key: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise RigctldSettingsError(f"{key} = {value:g} is out of range: {least:g} to {most:g}")
