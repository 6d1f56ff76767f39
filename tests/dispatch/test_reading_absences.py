"""Somebody present and somebody else who is not: only the absent one is denied, and nobody who is denied is announced."""

from __future__ import annotations

import pytest

from dispatch.calls import DecisionKind, Intent
from dispatch.matching import match
from dispatch.policy import decide
from tests.dispatch.rules_town import NOW, PEOPLE, RULES, TOWN, ZONE, heard, person, reading

KES, DENISE, SPARROW, TOMMO = 142, 147, 160, 163
EVERYBODY = (*PEOPLE, person(401, "Dazza Thornbury", "Dazza"))


def _scopes(text: str, who: str) -> tuple[bool, bool]:
    """Whether `who` is denied, and whether a guess; the first place where the name stands."""
    call = reading(text)
    start = text.lower().index(who.lower())
    end = start + len(who)
    return (
        any(span.start < end and start < span.end for span in call.negations),
        any(span.start < end and start < span.end for span in call.hedges),
    )


@pytest.mark.parametrize(
    ("text", "present", "missing"),
    [
        pytest.param("Kevin Marchwood is by the till, and Dazza isn't with him.", "Marchwood", "Dazza", id="isn't with him"),
        pytest.param("Kevin Marchwood is by the till and Dazza isn't with him", "Marchwood", "Dazza", id="no comma"),
        pytest.param("Kes is outside, Dazza's not with him today.", "Kes", "Dazza", id="'s not with him"),
        pytest.param("Kes on his own, no Dazza.", "Kes", "Dazza", id="no Dazza"),
        pytest.param("Kes is here, no Dazza or Tommo with him.", "Kes", "Tommo", id="no Dazza or Tommo"),
        pytest.param("kes is outside no dazza with him", "kes", "dazza", id="no capitals"),
        pytest.param("Kes is outside without Dazza for once.", "Kes", "Dazza", id="without"),
        pytest.param("Kes is by the bins. No sign of Dazza.", "Kes", "Dazza", id="no sign of"),
        pytest.param("I've got Kes here by the vapes, not Dazza.", "Kes", "Dazza", id="not, put in"),
        pytest.param("Kes is by the door with a bloke, it isn't Dazza.", "Kes", "Dazza", id="it isn't, of another"),
        pytest.param("Kes is outside but Dazza is nowhere to be seen.", "Kes", "Dazza", id="nowhere to be seen"),
        pytest.param("Kes is outside, I can't see Dazza.", "Kes", "Dazza", id="can't see"),
    ],
)  # fmt: skip
def test_only_who_is_missing_is_denied(text: str, present: str, missing: str) -> None:
    assert _scopes(text, missing)[0], reading(text).reasons
    assert _scopes(text, present) == (False, False), reading(text).reasons
    assert reading(text).intent is Intent.SIGHTING, reading(text).reasons


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Kes is not about today.", id="not about"),
        pytest.param("kes his not about today", id="misheard"),
        pytest.param("Kes hasn't been in all week.", id="hasn't been in"),
        pytest.param("Kes's not been seen since Sunday.", id="not been seen"),
        pytest.param("We haven't had Kes in for weeks.", id="haven't had"),
        pytest.param("I don't think it's Kes, this one has a beard.", id="don't think"),
        pytest.param("It's not the Kes we know, same name.", id="not the one we know"),
        pytest.param("The man we stopped is not, repeat not, Kes.", id="repeat not"),
        pytest.param("Can you cancel what I said about Kes, it's somebody else.", id="what I said about"),
        pytest.param("He looks nothing like Kes.", id="nothing like"),
        pytest.param("We were wrong about Kes, it's his sister.", id="wrong about"),
        pytest.param("Kes, he's not about.", id="he, a short clause behind"),
    ],
)
def test_who_is_not_there_at_all_is_denied(text: str) -> None:
    assert _scopes(text, "Kes")[0], reading(text).reasons


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("No, Kes is outside.", id="no, an answer"),
        pytest.param("Kes is on his own by the bins, she isn't with him.", id="she isn't with him"),
        pytest.param("Kes is not about to leave.", id="about to"),
        pytest.param("Kes is here, he's got no receipt and no bag.", id="no things"),
        pytest.param("Kes has walked out without paying.", id="without paying"),
        pytest.param("I can't see his face but Kes is by the door.", id="can't see his face"),
        pytest.param("Kes is by the till with his sister.", id="with his sister"),
        pytest.param("It's number one four two, no H in it.", id="no letter"),
    ],
)
def test_nobody_is_denied_by_words_that_only_look_so(text: str) -> None:
    name = "one four two" if "Kes" not in text else "Kes"
    assert not _scopes(text, name)[0], reading(text).reasons


def test_where_no_comma_tells_whose_denial_it_is_the_words_before_are_a_guess() -> None:
    assert _scopes("kes is outside the bank with a bag dazza isn't with him", "dazza")[0]
    assert _scopes("kes who was here earlier isn't in", "kes") != (False, False)


def test_no_and_a_name_with_a_verb_behind_is_looked_at_by_a_person() -> None:
    assert _scopes("No Kes is outside the bank.", "Kes") == (False, True)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Kevin Marchwood is by the till, and Dazza Thornbury isn't with him.", {KES}),
        ("Denise Rookwell is in the shop, no Kevin Marchwood with her.", {DENISE}),
        ("Sean Applegarth is outside, not with Tomasz Wyrzykowski today.", {SPARROW}),
        ("Kevin Marchwood is not about today.", set()),
        ("No sign of Kevin Marchwood this morning.", set()),
        ("Group of lads on bikes, no Kevin Marchwood as far as I can see.", set()),
        ("I don't think it's Kevin Marchwood, this one has a beard.", set()),
        ("We haven't had Kevin Marchwood in for weeks.", set()),
    ],
)
def test_nobody_who_is_denied_is_announced(text: str, named: set[int]) -> None:
    call = reading(text)
    found = match(heard(text), call, EVERYBODY, NOW, ZONE, TOWN)
    decision = decide(call, found, (), NOW, ZONE, RULES, "town")
    assert {one.person.offender_id for one in decision.named} == named, (call.reasons, found)
    assert (decision.kind is DecisionKind.ALERT) is bool(named)
