"""Names by sound: who may have been named, what is asked about the sound, and what the answers make of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.calls import Intent, Match, Mention, MentionKind, Span
from dispatch.heard import Heard, Wording
from dispatch.matching import Claim, Fit, Register, Search, conclude, look_for, match
from dispatch.matching.claims import ASKED, MOST_CLAIMS, common_surnames
from dispatch.matching.context import prepare
from dispatch.matching.model import Model
from dispatch.matching.suspects import PRIOR_FEATURES, SOUNDED_FEATURES
from dispatch.matching.verified import EVERYDAY_CAP, says_little
from dispatch.people import NoticeState
from dispatch.reading import read, with_names
from tests.dispatch.rules_town import NOW, PEOPLE, TOWN, ZONE, heard, person

REVIEW, ALERT = 0.5, 0.85
REGISTER = Register.of(PEOPLE)

Sound = Callable[[str], float]
"""What each token of a claimed name is worth, by the name: a stand-in for what an engine hears."""


def searching(text: str, *others: str, biased: Sequence[str] = (), varied: Sequence[str] = ()) -> Search:
    spoken = heard(text, *others, biased=biased)
    more = tuple(Wording(one, -0.8, varied=True) for one in varied)
    spoken = Heard(text, (), (*spoken.alternatives, *more), -0.3, 0.05, 4.0)
    return look_for(spoken, read(spoken, TOWN), REGISTER, TOWN)


def suspected(search: Search) -> list[str]:
    return [suspect.form.spoken for suspect in search.suspects[:ASKED]]


def judging(search: Search, sound: Sound) -> dict[str, Match]:
    """Matches by name, where the sound of each claim is what `sound` says of the claimed characters."""
    fits = {}
    for claim in search.claims():
        tokens = max(1, (claim.end - claim.start) // 3)
        worth = sound(claim.text[claim.start : claim.end])
        fits[claim] = Fit(-4.0, worth * tokens, worth, tokens)
    return {found.person.name: found for found in conclude(search, fits, NOW, ZONE)}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Corner Books to Control, kevin march would has just walked in.", "Kevin Marchwood"),
        ("Control, shawn apple garth is outside.", "Sean Applegarth"),
        ("that's the near rook well by the door", "Denise Rookwell"),
        ("gavin louder pike is on the bench", "Gavin Lowther-Pike"),
        ("tomash vizhikovski has gone to the station", "Tomasz Wyrzykowski"),
        ("Corner Books to Control, case is about in a red coat", "Kes"),
    ],
)
def test_a_name_broken_into_words_is_suspected(text: str, name: str) -> None:
    assert name in suspected(searching(text))


def test_what_one_wording_lost_another_has() -> None:
    lost = "the man with the hat is outside"
    assert "Denise Rookwell" not in suspected(searching(lost))[:3]
    assert suspected(searching(lost, varied=["then ease rook well is outside"]))[0] == "Denise Rookwell"


def test_brothers_are_suspected_together() -> None:
    found = suspected(searching("Brian till water is in the shop"))
    assert {"Ryan Tillwater", "Bryan Tillwater"} <= set(found)


def test_words_of_a_place_or_a_shop_are_nobody() -> None:
    assert "Castle" not in suspected(searching("He is outside Castle Street car park with a bag."))


def test_nothing_was_said_and_nobody_is_on_the_register() -> None:
    assert searching("").suspects == ()
    assert searching("").claims() == ()
    spoken = heard("Kevin Marchwood is outside.")
    assert look_for(spoken, read(spoken, TOWN), (), TOWN).suspects == ()


def test_every_claim_has_what_was_heard_beside_it() -> None:
    search = searching("kevin march would is outside", "kevin marsh wood is outside")
    texts = {wording.text for wording in search.wordings}
    assert 2 <= len(search.claims()) <= MOST_CLAIMS
    assert any(claim.text in texts for claim in search.claims())
    for claim in search.claims():
        assert claim.text[claim.start : claim.end].strip()
    assert any(claim.text == "Kevin Marchwood is outside" for claim in search.claims())


def test_common_names_are_asked_beside_the_likeliest_and_are_not_its_own() -> None:
    search = searching("kevin marshal is outside")
    claimed = {claim.text[claim.start : claim.end] for claim in search.claims()}
    innocent = {name for name in claimed if name.removeprefix("Kevin ") in common_surnames()}
    assert innocent
    assert "Kevin Marchwood" in claimed - innocent


def fits_only(*names: str) -> Sound:
    """The sound is that of these names; what the engine wrote fits a little worse, everybody else much worse."""
    return lambda name: -0.4 if name in names else -1.2 if name.islower() else -6.0


def test_a_name_that_the_sound_bears_out_is_sure() -> None:
    search = searching(
        "Corner Books to Control, kevin march would has just walked in, grey hoodie.",
        varied=["Corner Books to Control, kevin marsh wood has just walked in, grey hoodie."],
        biased=["Corner Books to Control, Kevin Marchwood has just walked in, grey hoodie."],
    )
    found = judging(search, fits_only("Kevin Marchwood"))
    assert found["Kevin Marchwood"].confidence >= ALERT
    assert "the sound fits the name" in found["Kevin Marchwood"].reason


def test_a_suggested_name_that_the_sound_does_not_bear_out_is_not_even_looked_at() -> None:
    search = searching("the man is outside by the till", biased=["Kevin Marchwood is outside by the till"] * 3)
    found = judging(search, lambda name: -7.0 if name.startswith("Kev") or name == "Marchwood" else -0.3)
    assert "Kevin Marchwood" not in found or found["Kevin Marchwood"].confidence < REVIEW


def test_of_brothers_the_one_that_the_sound_fits_is_named() -> None:
    search = searching(
        "Brian till water is in the shop, blue coat.", varied=["Bryan Tillwater is in the shop, blue coat."]
    )
    found = judging(search, fits_only("Bryan Tillwater"))
    assert found["Bryan Tillwater"].confidence >= ALERT
    assert "Ryan Tillwater" not in found or found["Ryan Tillwater"].confidence < REVIEW


def test_a_surname_leaves_little_for_the_brother_of_whoever_is_named_whole() -> None:
    search = searching("Bryan Tillwater is in the shop, blue coat.")
    found = judging(search, fits_only("Bryan Tillwater", "Tillwater"))
    assert found["Bryan Tillwater"].confidence >= ALERT
    assert "Ryan Tillwater" not in found or found["Ryan Tillwater"].confidence < 0.2


def test_brothers_who_fit_alike_are_for_a_person_to_tell_apart() -> None:
    search = searching("Brian till water is in the shop, blue coat.")
    found = judging(search, fits_only("Bryan Tillwater", "Ryan Tillwater"))
    assert max(one.confidence for one in found.values()) < ALERT
    assert sum(one.confidence for one in found.values() if "Tillwater" in one.person.name) <= 1.1


def test_a_surname_that_is_a_word_is_for_a_person_to_look_at() -> None:
    people = (*PEOPLE, person(300, "Nick Street"))
    spoken = heard("There is a fight in the street, two males.")
    search = look_for(spoken, read(spoken, TOWN), people, TOWN)
    found = judging(search, lambda name: -0.05 if name.casefold() in {"street", "the street"} else -6.0)
    assert "Nick Street" not in found or found["Nick Street"].confidence <= EVERYDAY_CAP


def test_a_denial_that_some_wordings_lost_still_denies() -> None:
    search = searching(
        "Poundstretcher to Control, that is Kevin March would in the coat.",
        "Poundstretcher to Control, that is not Kevin March would in the coat.",
    )
    found = judging(search, fits_only("Kevin Marchwood"))
    assert found["Kevin Marchwood"].mention.negated


def test_a_nickname_suggested_where_a_shop_calls_is_nobody() -> None:
    """ "Boots to Control" heard "boost the control": a name like it that the engine writes once suggested is the shop all the same."""
    people = (*PEOPLE, person(301, "Dora Finch", "Bootsy"))
    spoken = heard(
        "Boost the control, male in a red coat outside.", biased=["Bootsy Control, male in a red coat outside."]
    )
    search = look_for(spoken, read(spoken, TOWN), people, TOWN)
    assert not any(name.startswith("Bootsy") for name in suspected(search))
    elsewhere = heard("Control, boost he is outside.", biased=["Control, Bootsy is outside."])
    found = suspected(look_for(elsewhere, read(elsewhere, TOWN), people, TOWN))
    assert any(name.startswith("Bootsy") for name in found)


def test_a_coloured_coat_is_nobody() -> None:
    people = (*PEOPLE, person(302, "Craig Green"), person(303, "Dora Parker"))
    spoken = heard("He is outside in a Green Parker with the hood up.")
    assert not {"Green", "Parker"} & set(suspected(look_for(spoken, read(spoken, TOWN), people, TOWN)))
    named = heard("Control, Parker is outside in a green coat.")
    assert "Parker" in suspected(look_for(named, read(named, TOWN), people, TOWN))


def test_of_brothers_the_one_named_whole_is_not_denied_by_the_surname() -> None:
    search = searching(
        "Correction, it was Bryan not Ryan. Bryan till water is in the shop.",
        varied=["Correction, it was Bryan not Ryan till water. Bryan till water is in the shop."],
    )
    found = judging(search, fits_only("Bryan Tillwater", "Tillwater"))
    assert not found["Bryan Tillwater"].mention.negated
    assert "Ryan Tillwater" not in found or found["Ryan Tillwater"].mention.negated


def test_without_answers_the_words_alone_decide() -> None:
    spoken = heard("Kevin Marchwood is outside with Denise Rookwell.")
    call = read(spoken, TOWN)
    alone = match(spoken, call, PEOPLE, NOW, ZONE, TOWN)
    assert conclude(look_for(spoken, call, PEOPLE, TOWN), {}, NOW, ZONE) == alone
    assert [one.mention.kind for one in alone[:2]] == [MentionKind.FULL] * 2


SOUNDED_PRIOR = {**PRIOR_FEATURES, **SOUNDED_FEATURES}


@pytest.mark.parametrize(("section", "features"), [("prior by words", PRIOR_FEATURES), ("prior", SOUNDED_PRIOR)])
def test_the_model_file_is_for_these_features_and_says_how_it_was_made(section: str, features: dict[str, str]) -> None:
    text = resources.files("dispatch").joinpath("data", "names_model.json").read_text()
    model = Model.parse(text, section, features)
    assert set(model.terms) == set(features)
    assert json.loads(text)[section]["made"]
    assert 0 <= model.probability(dict.fromkeys(features, 0.0)) <= 1
    with pytest.raises(ValueError, match="fit it again"):
        Model.parse(text, section, [*features, "shoe size"])
    with pytest.raises(ValueError, match="no section"):
        Model.parse("{}", section, features)


@given(st.text("abcdef 'KkMmWw.,!?-", max_size=80), st.text("Kevin Marchwood., ", max_size=40))
def test_any_wording_can_be_searched_and_asked_about(text: str, other: str) -> None:
    search = searching(text or "x", varied=[other])
    assert len(search.claims()) <= MOST_CLAIMS
    assert all(0 <= claim.start < claim.end <= len(claim.text) for claim in search.claims())
    judging(search, lambda _: -1.0)


def test_claims_are_values() -> None:
    assert Claim("a b", 0, 1) == Claim("a b", 0, 1)
    assert len({Claim("a b", 0, 1), Claim("a b", 0, 1)}) == 1


def _reread(
    text: str, name: str, confidence: float, kind: MentionKind = MentionKind.FULL, *, negated: bool = False
) -> Intent:
    call = read(heard(text), TOWN)
    who = next(one for one in PEOPLE if one.name == name)
    said = Mention(name, kind, Span(0, 1), name, negated=negated)
    return with_names(call, [Match(said, who, confidence, NoticeState.ACTIVE, who.offender_id, "")]).intent


def test_a_call_of_which_only_the_name_was_understood_is_a_sighting() -> None:
    garbled = "W makes me call it villainy by the magazine"
    assert read(heard(garbled), TOWN).unread
    assert _reread(garbled, "Kevin Marchwood", 0.95) is Intent.SIGHTING
    assert _reread(garbled, "Kevin Marchwood", 0.8) is Intent.CHATTER
    assert _reread(garbled, "Kevin Marchwood", 0.95, MentionKind.LAST) is Intent.CHATTER
    assert _reread(garbled, "Kevin Marchwood", 0.95, negated=True) is Intent.CHATTER


def test_a_spelled_name_is_a_sighting_where_much_was_said_around_it() -> None:
    long = (
        "and your own urine yankee and yolina delta and your roman ole and your mind, control, all the way to the rest"
    )
    assert read(heard(long), TOWN).unread
    assert read(heard(long), TOWN).intent is Intent.SIGHTING
    said = Mention("yankee", MentionKind.SPELLED, Span(0, 1), "marchwood")
    match = Match(said, PEOPLE[0], 0.95, NoticeState.ACTIVE, 1, "")
    assert not with_names(read(heard(long), TOWN), [match]).unread
    assert with_names(read(heard(long), TOWN), [replace(match, mention=replace(said, kind=MentionKind.LAST))]).unread
    answer = replace(match, mention=replace(said, span=Span(0, len(long) - 20)))
    assert with_names(read(heard(long), TOWN), [answer]).unread, "little but the spelling"
    assert (
        _reread("W makes me call it villainy by the magazine", "Kevin Marchwood", 0.95, MentionKind.SPELLED)
        is Intent.CHATTER
    )


def test_a_call_that_says_what_it_is_for_stays_what_it_is() -> None:
    assert _reread("Cheers mate, see you later, have a good weekend.", "Kevin Marchwood", 0.98) is Intent.CHATTER
    assert _reread("Is Kevin Marchwood still on the exclusion list?", "Kevin Marchwood", 0.98) is Intent.REQUEST


@pytest.mark.parametrize(
    ("text", "little"),
    [
        ("Come on. Come on.", True),
        ("This is it, this is it, this is it", True),
        ("Corner Books to Control, he is back in the shop", False),
        ("no, no, Kevin Marchwood", False),
        ("", True),
    ],
)
def test_words_that_only_repeat_say_little(text: str, little: bool) -> None:
    assert says_little(prepare(text, TOWN, opening_words=0, biased=False)) is little


def test_a_suggested_name_in_words_that_only_repeat_is_a_weak_candidate() -> None:
    noise, name = "come on come on come on", "Tomasz Wyrzykowski"
    plain = judging(searching("go on now over there", biased=[f"{name} go on now"]), lambda _: -0.2)
    looped = judging(searching(noise, biased=[f"{name} come on"]), lambda _: -0.2)
    assert plain[name].confidence > EVERYDAY_CAP
    assert looped[name].confidence <= EVERYDAY_CAP
