"""The letters on svxlink's pseudo-terminals (svxlink.conf(5), SQL_DET and PTT_PTY): one each, nothing around them.

svxlink sends `T` when it begins to transmit and `R` when it stops; it reads `O` for an open squelch and `Z` for a closed one.
One terminal may serve several functions, so whatever else comes by is none of our business; neither are line ends of scripts.
"""

from __future__ import annotations

from typing import Literal

Side = Literal["radio", "svxlink"]

_TALKING = {"svxlink": (b"T", b"R"), "radio": (b"O", b"Z")}
"""What each side says when it begins and ends to send voice."""


def key_letter(we_are: Side, *, on: bool) -> bytes:
    """What our side says as we press or release talk."""
    pressed, released = _TALKING[we_are]
    return pressed if on else released


def levels(we_are: Side, data: bytes) -> list[bool]:
    """What the other side says: True for the channel's opening, False for its closing, in order."""
    opened, closed = _TALKING["radio" if we_are == "svxlink" else "svxlink"]
    return [bytes((letter,)) == opened for letter in data if bytes((letter,)) in {opened, closed}]
