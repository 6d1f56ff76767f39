"""Phrases that end an alert, by their sounds alone: where the words have lost one, a stand-down is read as a sighting."""

from __future__ import annotations

from dataclasses import replace

from dispatch.calls import Call, Intent
from dispatch.matching.sounds import unbroken
from dispatch.matching.spotted import Spots

ENDS = ("stand down", "stood down", "standing down")
NEAR = 0.5
"""What each sound may cost. Of 31 stand-downs in the fitting calls, all channels, none cost more than 0.2; of 485 other calls none less than 1.6 but for music (0.6)."""
_OVERRULED = frozenset({Intent.SIGHTING, Intent.CHATTER})
"""A question about it ends nothing, and an incident is told whoever left."""


def ways_of_phrases() -> tuple[str, ...]:
    """What an engine that reads single sounds is asked to look for in every call."""
    return tuple(unbroken(phrase)[0] for phrase in ENDS)


def with_sounds(call: Call, spots: Spots) -> Call:
    """The call, read as a stand-down if it was read as a sighting or as small talk and "stand down" is among its sounds."""
    if call.intent not in _OVERRULED:
        return call
    for phrase, way in zip(ENDS, ways_of_phrases(), strict=True):
        place = spots.get(way)
        if place is not None and place.cost <= NEAR * place.sounds:
            why = f'Read as stand down because the sounds are those of "{phrase}", whatever words became of them.'
            return replace(call, intent=Intent.STAND_DOWN, unread=False, reasons=(*call.reasons, why))
    return call
