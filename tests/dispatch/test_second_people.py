"""Several people in one call: beside somebody who is named surely, a doubtful name is nobody's."""

from __future__ import annotations

import pytest

from dispatch.calls import Match, Mention, MentionKind, Span
from dispatch.matching.matcher import BESIDE_CAP, SECOND, SURE, beside_the_sure
from dispatch.people import NoticeState
from tests.dispatch.rules_town import PEOPLE


def named(number: int, confidence: float, *, negated: bool = False) -> Match:
    """One of the people of the town, as found at words of their own."""
    span = Span(number * 10, number * 10 + 5)
    mention = Mention("x", MentionKind.FULL, span, "x", negated=negated)
    return Match(mention, PEOPLE[number], confidence, NoticeState.ACTIVE, 1, "Sounds alike.")


def left(*matches: Match) -> list[float]:
    return [match.confidence for match in beside_the_sure(matches)]


def test_a_doubtful_second_name_is_a_weak_candidate_and_says_why() -> None:
    sure, doubtful = beside_the_sure([named(0, 0.97), named(1, 0.7)])
    assert (sure.confidence, doubtful.confidence) == (0.97, BESIDE_CAP)
    assert doubtful.reason == f"Sounds alike; {PEOPLE[0].name} is named more surely."


def test_two_people_who_are_both_as_good_as_certain_stay() -> None:
    assert left(named(0, 0.98), named(1, SECOND)) == [0.98, SECOND]
    assert left(named(0, 0.98), named(1, SECOND - 0.01)) == [0.98, BESIDE_CAP]


def test_where_nobody_is_sure_all_are_shown() -> None:
    assert left(named(0, SURE - 0.01), named(1, 0.6)) == [SURE - 0.01, 0.6]


@pytest.mark.parametrize("other", [0.3, 0.7, 0.97])
def test_who_is_denied_neither_hides_nor_is_hidden(other: float) -> None:
    """ "That was not Ryan, it was Bryan": what is said of one is no evidence about the other's name."""
    assert left(named(0, 0.98, negated=True), named(1, other)) == [0.98, other]
    assert left(named(1, 0.98), named(0, other, negated=True)) == [0.98, other]
