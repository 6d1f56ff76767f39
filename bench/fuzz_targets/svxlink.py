"""The letters on svxlink's pseudo-terminals."""

from __future__ import annotations

from radio_drivers.svxlink.protocol import levels


def one_input(data: bytes) -> None:
    """Every letter of the other side counts, nothing else does."""
    if len(levels("svxlink", data)) != data.count(b"O") + data.count(b"Z"):
        raise AssertionError("squelch letters miscounted")
    if len(levels("radio", data)) != data.count(b"T") + data.count(b"R"):
        raise AssertionError("talk letters miscounted")
