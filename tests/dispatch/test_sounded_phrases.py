"""A "stand down" that the words have lost is heard all the same, and nothing else becomes one."""

from __future__ import annotations

import pytest

from dispatch.calls import Intent
from dispatch.heard import Spotted
from dispatch.matching import Register, ways_to_spot, with_sounds
from dispatch.matching.sounded_phrases import ENDS, ways_of_phrases
from dispatch.reading import read
from tests.dispatch.rules_town import PEOPLE, TOWN, heard

LOST = "Corner Books to Control, sundown Kevin Marchwood has left by five, grey hoodie."


def there(cost: float) -> dict[str, Spotted]:
    """Where every phrase may have been said, and what it costs a sound."""
    return {way: Spotted(cost * len(way), len(way), 1.0, 1.6) for way in ways_of_phrases()}


def test_it_is_looked_for_in_every_call() -> None:
    assert {*ways_of_phrases()} <= {*ways_to_spot(Register.of(PEOPLE), read(heard(LOST), TOWN))}
    assert len(ways_of_phrases()) == len(ENDS)


def test_a_sighting_with_the_sounds_of_a_stand_down_is_one() -> None:
    call = read(heard(LOST), TOWN)
    assert call.intent is Intent.SIGHTING
    ended = with_sounds(call, there(0.2))
    assert ended.intent is Intent.STAND_DOWN
    assert not ended.unread
    assert 'the sounds are those of "stand down"' in ended.reasons[-1]
    assert with_sounds(call, there(0.7)) is call
    assert with_sounds(call, {}) is call


@pytest.mark.parametrize(
    "text",
    [
        "Corner Books to Control, has Kevin Marchwood been sundown?",
        "Help, help, Corner Books, Kevin Marchwood has a knife.",
        "Correction from Corner Books, it was Denise Rookwell.",
    ],
)
def test_questions_emergencies_and_corrections_stay_what_they_are(text: str) -> None:
    call = read(heard(text), TOWN)
    assert call.intent not in (Intent.SIGHTING, Intent.CHATTER)
    assert with_sounds(call, there(0.0)) is call
