"""Signalling in a recording, for `huecry replay`: what a radio would have told while it was received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.settings import Settings
from gateway.signalling_heard import SignallingHeard
from radio_drivers.interface import EmergencyPressed, Signalled
from radio_drivers.signalling.recording import heard_in
from radio_drivers.signalling.settings import SignallingSettings


class NoSuchRadio(ValueError):
    """The settings have no radio of that name; the text says which they have."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording and what was signalled in it."""

    pcm: bytes
    """Without the bursts, where the settings strip them."""
    unit: str | None = None
    signalling: tuple[str, ...] = ()
    emergency: EmergencyPressed | None = None
    """The first, if any: a radio repeats it."""


def signalling_of(settings: Settings, radio: str | None = None) -> SignallingSettings | None:
    """What to listen for.

    Args:
        settings: with their radios.
        radio: whose signalling; None takes the first radio that listens for any.

    Raises:
        NoSuchRadio
    """
    if radio is None:
        return next((one.signalling for one in settings.radio if one.signalling.hears), None)
    found = next((one for one in settings.radio if one.name == radio), None)
    if found is None:
        there = ", ".join(one.name for one in settings.radio) or "none"
        raise NoSuchRadio(f"no radio is called {radio!r}; there are: {there}")
    return found.signalling if found.signalling.hears else None


def listen(pcm: bytes, settings: SignallingSettings | None, at: datetime) -> Heard:
    """Decode a recording. Takes about as long as 1 % of its length: call it off the event loop.

    Args:
        pcm: mono int16 at 16 kHz.
        settings: what to listen for; None hears nothing.
        at: UTC time of the first sample.
    """
    if settings is None:
        return Heard(pcm)
    stripped, told = heard_in(pcm, settings, "replay", at)
    collected = SignallingHeard(0.0, 0.0)
    collected.begin(at, None, None)
    for event in told:
        if isinstance(event, Signalled):
            collected.signalled(event)
    emergency = next((event for event in told if isinstance(event, EmergencyPressed)), None)
    return Heard(stripped, collected.unit, collected.texts, emergency)
