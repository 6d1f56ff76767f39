"""References and spelled names that became other words: found by their sounds, and by nothing less."""

from __future__ import annotations

import pytest

from dispatch.calls import Match, MentionKind
from dispatch.heard import Spotted
from dispatch.matching import Fit, Register, conclude, look_for, ways_to_spot, ways_to_spot_next
from dispatch.matching.sounded_codes import PERHAPS_CAP, other_brothers
from dispatch.matching.sounds import unbroken
from dispatch.matching.spotted import DENIALS
from dispatch.reading import read
from dispatch.reading.spelling import spell
from tests.dispatch.rules_town import NOW, PEOPLE, RULES, TOWN, ZONE
from tests.dispatch.test_sounded_suspects import timed

REGISTER = Register.of(PEOPLE)
LOST = "Corner Books to Control, they're on five sixths is outside again."
"""A reference was said where "they're on five sixths" stands."""
AT = (1.6, 3.2)
SURE = RULES.alert_at


def said(what: str, cost: float, at: tuple[float, float] = AT) -> dict[str, Spotted]:
    """Everything said so, at a moment, and what it costs in all."""
    return {way: Spotted(cost, len(way), *at) for way in unbroken(what)}


def letters(name: str) -> str:
    """A name in the alphabet of the radio."""
    return " ".join(word.capitalize() for word in spell(name))


def found(text: str, near: dict[str, Spotted], fits: Fit | None = None) -> dict[str, Match]:
    spoken = timed(text)
    search = look_for(spoken, read(spoken, TOWN), REGISTER, TOWN, near)
    asked = dict.fromkeys(search.claims(), fits) if fits else {}
    return {match.person.reference: match for match in conclude(search, asked, NOW, ZONE)}


def test_a_reference_that_became_other_words_is_found_by_its_sounds() -> None:
    match = found(LOST, said("0152", 1.0))["FT-0152"]
    assert match.confidence >= SURE
    assert match.mention.kind is MentionKind.REF
    assert match.mention.said == "they're on five sixths"
    assert "the sounds are those of reference FT-0152" in match.reason
    assert "FT-0152" not in found(LOST, {})


def test_sounds_that_are_not_quite_there_are_for_a_person_and_far_ones_for_nobody() -> None:
    digits = len(unbroken("0152")[0])
    assert 0.5 < found(LOST, said("0152", 0.6 * digits))["FT-0152"].confidence <= PERHAPS_CAP
    assert "FT-0152" not in found(LOST, said("0152", 1.2 * digits))


def test_numbers_with_another_digit_are_looked_for_next_and_one_as_near_leaves_nobody_named() -> None:
    call = read(timed(LOST), TOWN)
    near = said("0152", 1.0)
    ways = ways_to_spot_next(REGISTER, call, near)
    assert {*unbroken("0159")} <= {*ways}
    assert {DENIALS[0] + way for way in unbroken("0152")} <= {*ways}
    assert not {*unbroken("0152")} & {*ways}
    assert ways_to_spot_next(REGISTER, call, said("0152", 90.0)) == ()
    assert found(LOST, near | said("0159", 2.0))["FT-0152"].confidence <= PERHAPS_CAP, "hardly nearer"
    assert "FT-0152" not in found(LOST, near | said("0159", 0.5)), "nobody has 0159, but that is what was said"


def test_two_references_by_sound_are_for_a_person() -> None:
    both = found(LOST, said("0152", 1.0) | said("0163", 1.0, (0.2, 1.2)))
    assert {reference for reference, match in both.items() if match.confidence > PERHAPS_CAP} == set()
    assert {"FT-0152", "FT-0163"} <= set(both)


@pytest.mark.parametrize(
    "text",
    [
        "Corner Books to Control, ring 0 1 5 2 7 7 4 please.",
        "Corner Books to Control, that is 0152 pounds worth gone.",
    ],
)
def test_a_longer_number_or_a_price_is_no_reference(text: str) -> None:
    assert "FT-0152" not in found(text, said("0152", 0.5, (1.6, 2.8)))


def test_another_reference_in_words_leaves_it_to_a_person() -> None:
    text = "Corner Books to Control, FT 0158 has just walked in, over."
    assert found(text, said("0152", 0.5, (1.6, 2.4)))["FT-0152"].confidence <= PERHAPS_CAP


def test_a_reference_denied_by_sound_is_denied() -> None:
    behind = {DENIALS[0] + way: Spotted(1.2, len(way) + 3, 1.3, 3.2) for way in unbroken("0152")}
    assert found(LOST, said("0152", 1.0) | behind)["FT-0152"].mention.negated
    assert not found(LOST, said("0152", 1.0))["FT-0152"].mention.negated


def test_in_a_correction_a_reference_by_sound_may_be_the_wrong_one() -> None:
    text = "Corner Books to Control, correction, they're on five sixths is outside again."
    assert found(LOST, said("0152", 1.0, (2.0, 3.6)))["FT-0152"].confidence >= SURE
    assert found(text, said("0152", 1.0, (2.0, 3.6)))["FT-0152"].confidence <= PERHAPS_CAP


SPELLED = "Corner Books to Control, the pier queue back in the store is here."


def test_a_spelled_surname_that_became_other_words_is_found_by_its_sounds() -> None:
    assert unbroken(letters("quenby"))[0] in {*ways_to_spot(REGISTER, read(timed(SPELLED), TOWN), TOWN.words)}
    match = found(SPELLED, said(letters("rookwell"), 3.0))["FT-0147"]
    assert match.mention.kind is MentionKind.SPELLED
    assert match.confidence >= SURE
    assert "the spelled surname of Denise Rookwell" in match.reason
    half = 0.75 * len(unbroken(letters("rookwell"))[0])
    assert found(SPELLED, said(letters("rookwell"), half))["FT-0147"].confidence <= PERHAPS_CAP


def test_letters_inside_a_longer_spelling_name_nobody() -> None:
    """ "Mike India Lima Lima" may be the end of anybody's name."""
    short = said(letters("mill"), 0.5, (2.0, 3.2))
    assert "FT-0200" in found(SPELLED, short)
    assert "FT-0200" not in found(SPELLED, short | said(letters("marchwood"), 3.0, (1.0, 3.2)))
    text = "Corner Books to Control, tango oscar mike india lima lima is here."
    assert "FT-0200" not in found(text, said(letters("mill"), 0.5, (2.4, 4.0)))


BROTHERS = "Corner Books to Control, Bryan Tillwater, bravo romeo, is here."
EVEN = Fit(-1.0, -2.0, -1.0, 3)


def test_a_spelled_first_name_tells_brothers_apart() -> None:
    near = said("Bryan Tillwater", 2.0, (1.6, 2.4)) | said("Ryan Tillwater", 2.0, (1.6, 2.4))
    assert all(match.confidence < SURE for match in found(BROTHERS, near, EVEN).values())
    bryan = found(BROTHERS, near | said(letters("bryan"), 2.0, (2.4, 3.6)), EVEN)
    assert "FT-0151" not in bryan
    assert bryan["FT-0152"].confidence >= SURE


def test_the_letters_of_one_brother_inside_those_of_the_other_rule_out_nobody_where_both_may_be() -> None:
    call = read(timed(BROTHERS), TOWN)
    ryan, bryan = said(letters("ryan"), 1.0, (2.8, 3.6)), said(letters("bryan"), 2.0, (2.4, 3.6))
    unclear = said(letters("bryan"), 0.75 * len(unbroken(letters("bryan"))[0]), (2.4, 3.6))
    assert other_brothers(call, REGISTER, ryan) == {152}
    assert other_brothers(call, REGISTER, ryan | bryan) == {151}
    assert other_brothers(call, REGISTER, ryan | unclear) == frozenset()


def test_a_first_name_spelled_in_words_tells_brothers_apart_where_no_lost_word_would_make_it_the_other() -> None:
    text = "Corner Books to Control, Bryan Tillwater, {}romeo yankee alpha november, is here."
    assert other_brothers(read(timed(text.format("bravo ")), TOWN), REGISTER, {}) == {151}
    assert other_brothers(read(timed(text.format("")), TOWN), REGISTER, {}) == frozenset(), "the bravo may be lost"
    assert other_brothers(read(timed(BROTHERS), TOWN), REGISTER, {}) == frozenset()


def test_the_first_letter_tells_brothers_apart() -> None:
    call = read(timed(BROTHERS), TOWN)
    assert {*unbroken("Bravo for Bryan")[:1]} <= {*ways_to_spot(REGISTER, call, TOWN.words)}
    assert other_brothers(call, REGISTER, said("Bravo for Bryan", 2.0)) == {151}
