"""The tones of selective calling and of DTMF, in Hertz.

Sources: five-tone sets as multimon-ng (`demod_ccir.c`, `demod_eea.c`, `demod_zvei1.c`, `demod_zvei2.c`) and svxlink
(`SelCall.tcl`) have them, and Debian's multimon-ng decodes them; DTMF is ITU-T Q.23. Tone lengths are the sets' usual
ones, and a setting where a fleet differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DIGITS = "0123456789ABCDEF"

REPEAT = "E"
"""Sent in place of a digit that is the same as the one before: 11234 is sent as 1, E, 2, 3, 4."""


@dataclass(frozen=True, slots=True)
class ToneSet:
    """One way of five-tone calling."""

    name: str
    """As people know it."""
    hertz: Mapping[str, float]
    """The tone of each digit, 0 to 9 and A to F; E repeats the digit before it."""
    tone_s: float
    """How long one tone lasts."""
    quiet_s: float
    """Silence after the last tone, before anything else is sent."""


def _of(*hertz: float) -> dict[str, float]:
    return dict(zip(DIGITS, hertz, strict=True))


CCIR = ToneSet(
    "CCIR",
    _of(1981, 1124, 1197, 1275, 1358, 1446, 1540, 1640, 1747, 1860, 2400, 930, 2247, 991, 2110, 1055),
    tone_s=0.100,
    quiet_s=0.250,
)
EEA = ToneSet(
    "EEA",
    _of(1981, 1124, 1197, 1275, 1358, 1446, 1540, 1640, 1747, 1860, 1055, 930, 2400, 991, 2110, 2247),
    tone_s=0.040,
    quiet_s=0.150,
)
ZVEI1 = ToneSet(
    "ZVEI-1",
    _of(2400, 1060, 1160, 1270, 1400, 1530, 1670, 1830, 2000, 2200, 2800, 810, 970, 885, 2600, 680),
    tone_s=0.070,
    quiet_s=0.250,
)
ZVEI2 = ToneSet(
    "ZVEI-2",
    _of(2400, 1060, 1160, 1270, 1400, 1530, 1670, 1830, 2000, 2200, 885, 825, 740, 680, 970, 2600),
    tone_s=0.070,
    quiet_s=0.250,
)

TONE_SETS: Mapping[str, ToneSet] = {"ccir": CCIR, "eea": EEA, "zvei1": ZVEI1, "zvei2": ZVEI2}
"""By the word that the settings use."""

DTMF_LOW = (697.0, 770.0, 852.0, 941.0)
DTMF_HIGH = (1209.0, 1336.0, 1477.0, 1633.0)
DTMF_KEYS = ("123A", "456B", "789C", "*0#D")
"""A key sounds with the low tone of its row and the high tone of its column."""

CTCSS_HERTZ = (
    67.0, 69.3, 71.9, 74.4, 77.0, 79.7, 82.5, 85.4, 88.5, 91.5, 94.8, 97.4, 100.0, 103.5, 107.2, 110.9, 114.8, 118.8,
    123.0, 127.3, 131.8, 136.5, 141.3, 146.2, 150.0, 151.4, 156.7, 159.8, 162.2, 165.5, 167.9, 171.3, 173.8, 177.3,
    179.9, 183.5, 186.2, 189.9, 192.8, 196.6, 199.5, 203.5, 206.5, 210.7, 218.1, 225.7, 229.1, 233.6, 241.8, 250.3, 254.1,
)  # fmt: skip
"""The tones in use (TIA-603's, and those that makers added)."""
