"""What an installer says about a radio on a serial line and a sound card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from radio_drivers.interface import RadioSettingsError


class LineSettingsError(RadioSettingsError, ValueError):
    """Settings of a line radio that contradict each other. A `ValueError` too, so that pydantic names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Any analogue radio: push-to-talk and squelch on modem lines, voice through a sound card.

    Raises:
        LineSettingsError: a value is out of range, or two of them contradict each other.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    port: str | None = None
    """A pyserial URL: `/dev/ttyUSB0`, `rfc2217://host:port`, `loop://`. None: no serial line at all."""
    ptt: Literal["rts", "dtr", "rts-dtr", "rts+dtr", "vox", "none"] = "none"
    """The line that presses talk. `rts-dtr`: RTS on and DTR off, the other way round when released; `rts+dtr`: both together,
    which also keys the radio for an instant as the port is opened. `vox`: the radio keys itself when it hears sound. `none`: this
    radio only listens."""
    ptt_invert: bool = False
    """Talk is pressed while the line is off. Beware: such a radio transmits while nothing holds the port open."""
    hold: Literal["dtr", "rts", "none"] = "none"
    """A line kept on while the port is open, as power supply of the interface."""
    squelch: Literal["cts", "dcd", "dsr", "ri", "vox"] = "vox"
    """The line that says that somebody talks. `vox`: judge by the sound."""
    squelch_invert: bool = False
    """The line is off while somebody talks."""
    debounce_ms: int = 30
    """A line must hold a new level for this long. 0-500."""
    hang_ms: int = 200
    """The channel counts as open for this long after the line closed: weak signals flutter. 0-2000."""
    poll_ms: int = 10
    """How often the lines are read. 5-20."""
    sound_in: str | None = None
    """Part of the name of the sound device that hears the radio. None: the system's default."""
    sound_out: str | None = None
    """Part of the name of the sound device that speaks into the radio. None: the system's default."""
    sound_rate: int = 48_000
    """Hertz asked of the sound card; where it refuses, its own rate is taken. 8000-192000."""
    gain_in_db: float = 0.0
    """Made louder on the way in. -40 to 40."""
    gain_out_db: float = 0.0
    """Made louder on the way out. -40 to 20."""
    vox_threshold_dbfs: float = -40.0
    """Sound below this never counts as talk (RMS between 400 and 3400 Hz; a full-scale sine is -3 dBFS). -90 to 0."""
    vox_attack_ms: int = 60
    """Sound must last this long before it counts as talk: clicks don't. 0-1000."""
    vox_hang_ms: int = 800
    """Talk ends after this much quiet: people breathe between words. 100-5000."""
    tail_cut_ms: int = 0
    """Thrown away at the end of what was received: the burst of noise before a squelch closes. 0-1000."""

    def __post_init__(self) -> None:
        _within("debounce_ms", self.debounce_ms, 0, 500)
        _within("hang_ms", self.hang_ms, 0, 2000)
        _within("poll_ms", self.poll_ms, 5, 20)
        _within("sound_rate", self.sound_rate, 8_000, 192_000)
        _within("gain_in_db", self.gain_in_db, -40, 40)
        _within("gain_out_db", self.gain_out_db, -40, 20)
        _within("vox_threshold_dbfs", self.vox_threshold_dbfs, -90, 0)
        _within("vox_attack_ms", self.vox_attack_ms, 0, 1000)
        _within("vox_hang_ms", self.vox_hang_ms, 100, 5000)
        _within("tail_cut_ms", self.tail_cut_ms, 0, 1000)
        if self.port is None:
            if self.key_lines:
                raise LineSettingsError(f'ptt = "{self.ptt}" needs a port, for instance port = "/dev/ttyUSB0"')
            if self.squelch != "vox":
                raise LineSettingsError(f'squelch = "{self.squelch}" needs a port; without one use squelch = "vox"')
            if self.hold != "none":
                raise LineSettingsError(f'hold = "{self.hold}" needs a port, for instance port = "/dev/ttyUSB0"')
        if self.hold in self.key_lines:
            raise LineSettingsError(f'hold and ptt are both "{self.hold}": the radio would transmit for ever')

    @property
    def key_lines(self) -> tuple[str, ...]:
        """The output lines that press talk: `rts`, `dtr`, both or none."""
        return tuple(line for line in ("rts", "dtr") if line in self.ptt)

    @property
    def transmits(self) -> bool:
        """The radio can be made to talk."""
        return self.ptt != "none"

    def require_sound_only(self) -> None:
        """Another control presses talk: here only the sound card may be set.

        Raises:
            LineSettingsError: a serial port is set all the same.
        """
        if self.port is not None:
            raise LineSettingsError(
                f"line.port = {self.port!r}: with this driver something else presses talk, so leave line.port, line.ptt "
                'and line.squelch out; or use driver = "line"'
            )


def _within(key: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise LineSettingsError(f"{key} = {value:g} is out of range: {least:g} to {most:g}")
