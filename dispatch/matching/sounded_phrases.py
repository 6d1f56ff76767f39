"""Phrases that say what a call is for, by their sounds alone: where the words have lost one, a stand-down is read as a sighting.

Which phrases, is the scheme's own table (`[sounded]` in words.toml). They are long enough to be like nothing else: in the calls that the
names are fitted on, whoever said one is mostly at 0.0 a sound, and who did not is beyond 1.1 with few exceptions (docs/names.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dispatch.calls import Call, Intent
from dispatch.matching.sounds import unbroken
from dispatch.matching.spotted import Spots
from dispatch.phrases import fold
from dispatch.scheme import PhraseTables

NEAR, NEAR_LONG, LONG = 0.5, 0.8, 10
"""What each sound may cost, and of phrases of so many sounds, which are like less."""
NEAR_IN_NOISE = 0.3
"""The same where the words are nobody's: a cry for help may be under them, or nothing at all."""
_TELLS_LITTLE = frozenset({Intent.SIGHTING, Intent.CHATTER})
OVERRULED: Mapping[Intent, frozenset[Intent]] = {
    Intent.EMERGENCY: _TELLS_LITTLE | {Intent.INCIDENT, Intent.REQUEST, Intent.UNINTELLIGIBLE},
    # A question about it takes nothing back and ends nothing, and an incident is told whoever left.
    Intent.CORRECTION: _TELLS_LITTLE,
    Intent.STAND_DOWN: _TELLS_LITTLE,
    Intent.INCIDENT: _TELLS_LITTLE,
    # "Stand by" is said to who has just reported somebody: a sighting stays one.
    Intent.RADIO_CHECK: frozenset({Intent.CHATTER}),
    Intent.REQUEST: frozenset({Intent.CHATTER}),
}
"""The most pressing first: what a phrase's intent overrules of what the words were read as."""


def ways_of_phrases(words: PhraseTables, call: Call) -> tuple[str, ...]:
    """What an engine that reads single sounds is asked to look for in this call."""
    return tuple(way for _, _, way in _phrases(words, call))


def with_sounds(call: Call, spots: Spots, words: PhraseTables) -> Call:
    """The call, read as what a phrase among its sounds makes of it, unless the words hold that phrase and were read otherwise."""
    for intent, phrase, way in _phrases(words, call):
        place = spots.get(way)
        if place is not None and place.cost <= allowed(way, call) * place.sounds:
            named = intent.value.replace("_", " ")
            why = f'Read as {named} because the sounds are those of "{phrase}", whatever words became of them.'
            return replace(call, intent=intent, unread=False, reasons=(*call.reasons, why))
    return call


def allowed(way: str, call: Call) -> float:
    """What each sound of a phrase may cost in such a call."""
    if call.intent is Intent.UNINTELLIGIBLE:
        return NEAR_IN_NOISE
    return NEAR if len(way) < LONG else NEAR_LONG


def _phrases(words: PhraseTables, call: Call) -> Iterable[tuple[Intent, str, str]]:
    folded = fold(call.text)
    for intent, overruled in OVERRULED.items():
        phrases = words[f"sounded.{intent.value}"]
        if call.intent not in overruled or phrases.first(folded) is not None:
            continue
        for phrase in phrases.listed:
            yield intent, phrase, unbroken(phrase)[0]
