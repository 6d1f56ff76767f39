"""What can be set about a software base station."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings:
    """Settings of one `simulator` base station.

    Raises:
        ValueError: settings that contradict each other.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    listen: str = ""
    """Where other processes may talk on the channel: "127.0.0.1:4711", "127.0.0.1:0" (any free port) or "unix:/path".
    Empty: nowhere. Only addresses of this machine: there is no password."""
    address_file: str = ""
    """The address that was really taken is written to this file when it is open (for "127.0.0.1:0")."""
    unit: str = "BASE"
    """Our own radio unit id, as others see it."""
    pace: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Real seconds for one second on the air; 0 means as fast as possible."""
    snr_db: Annotated[float | None, Field(ge=-10, le=60)] = None
    """Speech to noise at every receiver, with the 300-3000 Hz band of FM; absent: a perfect channel."""
    squelch_tail_s: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Seconds of loud noise between the end of a carrier and the closing of the squelch."""
    repeater: bool = False
    """We hear our own transmissions come back, as on a repeater's output."""
    idle_audio: bool = False
    """Samples keep coming while nobody talks, as from a sound card."""
    text_out: bool = True
    """It takes text messages."""
    text_max: Annotated[int, Field(ge=1, le=1000)] = 140
    """Characters in one text message."""
    seed: int = 0
    """Of the noise."""

    def __post_init__(self) -> None:
        if self.idle_audio and not self.pace:
            raise ValueError("idle_audio = true needs a pace above 0: silence as fast as possible never ends")
        if self.address_file and not self.listen:
            raise ValueError("address_file does nothing without listen")
        if not self.unit:
            raise ValueError("unit is empty: give the base station a radio unit id")
