"""What an installer says about a base station joined by svxlink's pseudo-terminals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from radio_drivers.interface import RadioSettingsError


class SvxlinkSettingsError(RadioSettingsError, ValueError):
    """Settings of svxlink's terminals that can't work. A `ValueError` too, so that pydantic names the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SvxlinkSettings:
    """A base station joined by svxlink's pseudo-terminals; the voice goes through a sound card or a loopback (`line`).

    Raises:
        SvxlinkSettingsError: a value is out of range, or two of them contradict each other.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    we_are: Literal["radio", "svxlink"] = "radio"
    """`radio`: svxlink runs, makes the terminals, and takes the gateway for its radio: what svxlink transmits is heard here,
    what is said here is received there. `svxlink`: the gateway makes the terminals, and a script or program made for svxlink
    works the real radio."""
    ptt_pty: str | None = None
    """svxlink's `PTT_PTY`: on it svxlink says when it transmits. A path outside /tmp, which the service does not see."""
    squelch_pty: str | None = None
    """svxlink's `PTY_PATH` with `SQL_DET=PTY`: on it svxlink hears when the channel is open. May be the same as `ptt_pty`."""
    group: str | None = None
    """Unix group that may use the terminals the gateway makes (`we_are = "svxlink"`). Not set: only its own user."""
    debounce_ms: int = 0
    """The channel must be open or closed for this long to count. 0-2000."""
    hang_ms: int = 100
    """The channel counts as open for this long after it closed. 0-2000."""

    def __post_init__(self) -> None:
        for key in ("debounce_ms", "hang_ms"):
            if not 0 <= getattr(self, key) <= 2000:
                raise SvxlinkSettingsError(f"{key} = {getattr(self, key)} is out of range: 0 to 2000")
        for key in ("ptt_pty", "squelch_pty"):
            path = getattr(self, key)
            if path is not None and not path.startswith("/"):
                raise SvxlinkSettingsError(f"{key} = {path!r} is no absolute path, such as /run/svxlink/{key}")
        if self.group is not None and self.we_are == "radio":
            raise SvxlinkSettingsError(
                'group is for terminals that the gateway makes: with we_are = "radio" svxlink does'
            )

    @property
    def key_pty(self) -> str | None:
        """The terminal that our key goes out on."""
        return self.squelch_pty if self.we_are == "radio" else self.ptt_pty

    @property
    def heard_pty(self) -> str | None:
        """The terminal that tells us when somebody talks."""
        return self.ptt_pty if self.we_are == "radio" else self.squelch_pty
