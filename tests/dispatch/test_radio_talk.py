"""Everything people say on shop radio, row by row, from text to decision: what each way of naming somebody leads to.

Nobody here exists. Texts are as an engine writes them; where a row is about mishearing, they are as engines mishear them.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dispatch.calls import AlertKind, Call, Decision, DecisionKind, Intent, Match
from dispatch.deliveries import LiveAlert
from dispatch.heard import Heard
from dispatch.matching import match
from dispatch.policy import decide, which_end
from dispatch.reading import read
from tests.dispatch.rules_town import NOW, PEOPLE, RULES, TOWN, ZONE, heard, live_alert, person

A, R, E, L = DecisionKind.ALERT, DecisionKind.REVIEW, DecisionKind.STAND_DOWN, DecisionKind.LOG

MORE = (
    person(301, "Will Harcastle"),
    person(302, "Bill Tredgold"),
    person(303, "Mark Spennymoor"),
    person(304, "Chase Ollerton"),
    person(305, "Grant Wexford"),
    person(306, "April Finchley", sex="f"),
    person(307, "Aoife Gallacher", sex="f"),
    person(309, "Oluwaseun Adebayo", "Seun"),
    person(310, "Krzysztof Szczepanski"),
    person(311, "Zoe Carrington-Blythe", sex="f"),
    person(312, "Patrick O'Dowd"),
    person(313, "Mohammed Al-Rashid", "Mo"),
    person(314, "Jean-Paul Lefevre"),
    person(315, "Nguyen Thanh Binh"),
    person(316, "Spencer Marks"),
)
EVERYBODY = PEOPLE + MORE


def through(spoken: str | Heard, live: Sequence[LiveAlert] = ()) -> tuple[Call, tuple[Match, ...], Decision]:
    """Read, match and decide."""
    said = heard(spoken) if isinstance(spoken, str) else spoken
    call = read(said, TOWN)
    matches = match(said, call, EVERYBODY, NOW, ZONE, TOWN)
    return call, matches, decide(call, matches, live, NOW, ZONE, RULES, "town")


def named(spoken: str | Heard, live: Sequence[LiveAlert] = ()) -> tuple[DecisionKind, list[int]]:
    """What is decided, and whom an alert names."""
    decision = through(spoken, live)[2]
    return decision.kind, sorted(m.person.offender_id for m in decision.named)


class TestNamesAlert:
    """Named surely in one of the ways people name somebody: an alert names exactly that person."""

    @pytest.mark.parametrize(
        ("text", "who"),
        [
            pytest.param("Corner Books to Control, Kevin Marchwood has just walked in.", 142, id="full name"),
            pytest.param("corner books to control kevin marchwood has just walked in", 142, id="full name, no capitals"),
            pytest.param("Marchwood is outside, grey coat.", 142, id="surname alone"),
            pytest.param("That Marchwood's outside again.", 142, id="surname, possessive"),
            pytest.param("Heads up, Kes is about.", 142, id="nickname"),
            pytest.param("Heads up, Tommo's just come in.", 163, id="nickname, possessive"),
            pytest.param("Number one four two is by the tills.", 142, id="reference, number"),
            pytest.param("One four two is by the bins.", 142, id="three digits, and what they do"),
            pytest.param("F T zero one four two is by the tills.", 142, id="reference, letters"),
            pytest.param("S T 0142 is by the tills.", 142, id="reference, a letter misheard"),
            pytest.param("ST0142 is by the tills.", 142, id="reference, a letter misheard, in one"),
            pytest.param("Foxtrot Tango zero one four two is by the tills.", 142, id="reference, NATO letters"),
            pytest.param("FT Nero 1, 4, 2 is by the tills.", 142, id="reference, misheard zero"),
            pytest.param("Mike Alpha Romeo Charlie Hotel Whiskey Oscar Oscar Delta is in the shop.", 142, id="NATO"),
            pytest.param("surname mic alfa romero charley motel whisky oscar oscar delta outside", 142, id="NATO, misheard"),
            pytest.param("M for mother, A for apple, R for Robert, C for Charlie, Hotel, Whiskey, Oscar, Oscar, Delta, in the shop.", 142, id="NATO, S for sugar"),
            pytest.param("Mike Alpha Romeo Charlie Hotel Whiskey Oscar Delta is in the shop.", 142, id="NATO, a letter lost"),
            pytest.param("Kevin Marchwood's bag is by the till and he's outside.", 142, id="possessive"),
            pytest.param("Zoe Carrington-Blythe is in the toilets.", 311, id="double-barrelled"),
            pytest.param("Zoe Carrington Blythe is in the toilets.", 311, id="double-barrelled, two words"),
            pytest.param("Zoe Carrington is in the toilets.", 311, id="double-barrelled, half of it"),
            pytest.param("Gavin Lowther Pike's outside.", 180, id="double-barrelled, possessive"),
            pytest.param("Mohammed Al Rashid is outside.", 313, id="Arabic"),
            pytest.param("Oluwaseun Adebayo is by the door.", 309, id="Yoruba"),
            pytest.param("Tomasz Wyrzykowski is outside.", 163, id="Polish"),
            pytest.param("Christoph Shchepanski is outside.", 310, id="Polish, as heard"),
            pytest.param("Jean Paul Lefevre is outside.", 314, id="French"),
            pytest.param("Patrick O'Dowd is in the shop.", 312, id="Irish"),
            pytest.param("patrick o dowd is in the shop", 312, id="Irish, as engines write it"),
            pytest.param("Will Harcastle has just walked in.", 301, id="Will"),
            pytest.param("Bill's in the shop, Bill Tredgold.", 302, id="Bill"),
            pytest.param("Mark Spennymoor is by the tills.", 303, id="Mark"),
            pytest.param("Chase Ollerton is at the station.", 304, id="Chase"),
            pytest.param("Grant Wexford is outside.", 305, id="Grant"),
            pytest.param("April Finchley is in the toilets.", 306, id="April"),
            pytest.param("Jodie Mill is on Mill Lane.", 200, id="a street's name in hers"),
            pytest.param("It was Bryan, not Ryan. Bryan Tillwater is in the shop.", 152, id="Bryan, not Ryan"),
            pytest.param("Ryan Tillwater, Romeo Yankee Alpha November, is outside.", 151, id="Ryan, spelled"),
        ],
    )  # fmt: skip
    def test_alert(self, text: str, who: int) -> None:
        assert named(text) == (A, [who]), through(text)


class TestNobodyIsAlerted:
    """Heard, understood, and on no account an alert that names somebody."""

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            pytest.param("Denise is outside with a bag.", R, id="first name alone"),
            pytest.param("Heads up, Gavin's just come in.", R, id="first name, possessive"),
            pytest.param("Ryan Tillwater is outside.", R, id="one of two brothers"),
            pytest.param("Tillwater is outside.", L, id="surname of two brothers"),
            pytest.param("He is by the bins again one four two.", R, id="three bare digits"),
            pytest.param("Thirteen, one forty two in the black, heading for the station.", L, id="a number of something"),
            pytest.param("Will you be in tomorrow?", L, id="will, the verb"),
            pytest.param("There will be a bill to pay outside the shop.", L, id="bill, the noun"),
            pytest.param("Mark the door please, he is outside.", L, id="mark, the verb"),
            pytest.param("They gave chase down Mill Lane.", L, id="chase, the noun"),
            pytest.param("The council gave us a grant, the lady in the green coat says.", L, id="grant, the noun"),
            pytest.param("She is outside Marks and Spencer with a bag.", L, id="Marks and Spencer"),
            pytest.param("Young man in Marks and Spencer, grey coat.", L, id="Marks and Spencer, inside"),
            pytest.param("He is on Weaver Street with a bag.", L, id="a street"),
            pytest.param("Heading down Castle Street, black coat.", L, id="a street, heading"),
            pytest.param("Mark from Corner Books here, man outside, green coat.", L, id="staff, from"),
            pytest.param("Ryan at Corner Books to Control, man outside, green coat.", L, id="staff, at"),
            pytest.param("Grant on the door at Star Clothing says he's outside.", L, id="staff, on the door"),
            pytest.param("Thanks Grant, he's outside.", L, id="staff, thanked"),
            pytest.param("Denise speaking, a man in a green coat is outside.", L, id="staff, speaking"),
            pytest.param("Missing child outside, boy aged four, answers to Kevin.", A, id="a child's name"),
            pytest.param("Is Kevin Marchwood still on the list?", L, id="question, list"),
            pytest.param("Control, can you check if Kevin Marchwood is still banned?", L, id="question, banned"),
            pytest.param("What does Kevin Marchwood look like?", L, id="question, looks"),
            pytest.param("Has anybody seen Kevin Marchwood?", L, id="question, seen"),
            pytest.param("Corner Books to Control, who is Kevin Marchwood?", L, id="question, who"),
            pytest.param("It might be Kevin Marchwood outside.", R, id="hedge, might be"),
            pytest.param("Could be Kevin Marchwood.", R, id="hedge, could be"),
            pytest.param("Not a hundred percent but I think Kevin Marchwood is outside.", R, id="hedge, I think"),
            pytest.param("Somebody who looks like Kevin Marchwood is outside.", R, id="hedge, looks like"),
            pytest.param("Kevin Marchwood is outside, I can't be certain.", R, id="hedge, afterwards"),
            pytest.param("Is that Kevin Marchwood by the door?", R, id="hedge, a question of who it is"),
            pytest.param("That is not Kevin Marchwood.", L, id="denial, is not"),
            pytest.param("That's NOT Kevin Marchwood outside.", L, id="denial, capitals"),
            pytest.param("It isn't Kevin Marchwood, it's his brother.", L, id="denial, his brother"),
            pytest.param("It's Kevin Marchwood's brother outside.", L, id="denial, possessive brother"),
            pytest.param("Negative, that's not Kevin Marchwood.", L, id="denial, negative"),
            pytest.param("He's been checked and he's not Kevin Marchwood.", L, id="denial, checked"),
            pytest.param("Kevin Marchwood? No, it's not him.", L, id="denial, afterwards"),
            pytest.param("Definitely not 0142.", L, id="denial, reference"),
            pytest.param("Kevin Marchwood is not in the shop.", L, id="denial, not there"),
            pytest.param("There's no sign of Kevin Marchwood here.", L, id="denial, no sign"),
        ],
    )  # fmt: skip
    def test_no_name(self, text: str, kind: DecisionKind) -> None:
        assert named(text) == (kind, []), through(text)


CORRECTED = [
    pytest.param("Correction from Star Clothing, I said zero one four seven, I meant zero one four two.", id="as said"),
    pytest.param("Correction from Star Clothing, I said 0147, I mean 0142.", id="mean"),
    pytest.param("Correction from Star Clothing, I said 0147. I met 0142.", id="met"),
    pytest.param("Correction from Star Clothing I said 0147 eye meant 0142", id="eye meant"),
    pytest.param("Collection from Star Clothing, I said 0147, I met 0142.", id="collection, met"),
    pytest.param("Star Clothing, I said 0147, I'm at 0142.", id="no correction, I'm at"),
    pytest.param("Correction from star clothing. I sit 0147. I met 0142.", id="sit, met"),
    pytest.param("Direction from Star Clothing, I said 0147, amend 0142.", id="direction, amend"),
    pytest.param("Erection from Star Clothing, ice head 0147, and meant 0142.", id="ice head, and meant"),
    pytest.param("Star Clothing, 0147 should have been 0142.", id="should have been"),
    pytest.param("Disregard 0147, make that 0142.", id="make that"),
    pytest.param("Correction, that number should be 0142, not 0147.", id="should be, not"),
    pytest.param("Control, this regard FT 0147, it's FT 0142.", id="this regard"),
    pytest.param("Wrong reference given, not 0147, should have been 142.", id="should have been, three digits"),
]
GARBLED = [
    pytest.param("Correction from Star Clothing, I said 0147.", id="cut off"),
    pytest.param(
        "Correction from Star Clothing, I set zero one four seven, I'm a zero won for.", id="the right one lost"
    ),
    pytest.param("Crashing from Star Clothing, I said 0147, iron zero one four two.", id="nothing heard but said"),
    pytest.param("Shun from Star Clothing, eyes 0147, eyemen 0142.", id="nothing heard at all"),
    pytest.param("Correction from Star Clothing, FT 0147 in the shop.", id="only the wrong one"),
    pytest.param("Correction, 0147 is not in the shop.", id="not there"),
    pytest.param("Correction, that number should be 0142 dot 0147.", id="not, heard as dot"),
    pytest.param("Correction, it's 0142 0147.", id="not, lost"),
    pytest.param("Correction, should be 0142, knot 0147.", id="not, heard as knot"),
    pytest.param("Disregard my last about 0147.", id="disregard"),
]


class TestCorrections:
    """What takes an earlier call back never alerts on what it takes back, however it was misheard."""

    @pytest.mark.parametrize("text", CORRECTED)
    def test_the_right_one_is_announced(self, text: str) -> None:
        assert named(text) == (A, [142]), through(text)

    @pytest.mark.parametrize("text", CORRECTED)
    def test_the_alert_on_the_wrong_one_ends(self, text: str) -> None:
        wrong = live_alert(731, 147, caller="Star Clothing")
        call, _, decision = through(text, [wrong])
        assert [alert.number for alert in which_end(decision, [wrong])] == [731], (call, decision)

    @pytest.mark.parametrize("text", [*CORRECTED, *GARBLED])
    def test_the_wrong_one_never_is(self, text: str) -> None:
        assert 147 not in named(text)[1], through(text)

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("Corner Books to Control, disregard my last.", id="disregard"),
            pytest.param("Corner Books, this regard my last.", id="this regard"),
            pytest.param("That's not Kevin Marchwood, we've seen his face.", id="not him"),
            pytest.param("Mistaken identity, we have apologised.", id="mistaken"),
            pytest.param("Corner Books to Control, he isn't Kevin Marchwood.", id="isn't"),
        ],
    )
    def test_a_live_alert_is_taken_back(self, text: str) -> None:
        live = live_alert(731, 142)
        call, _, decision = through(text, [live])
        assert call.intent is Intent.CORRECTION, call.reasons
        assert (decision.kind, decision.alert_kind) == (E, AlertKind.CORRECTION)
        assert [alert.number for alert in which_end(decision, [live])] == [731]

    def test_a_lost_not_leaves_only_the_last_name(self) -> None:
        assert named("Correction, it's not Denise Rookwell, it's Kevin Marchwood.") == (A, [142])
        assert named("Correction, it's Denise Rookwell, it's Kevin Marchwood.") == (A, [142])

    def test_two_people_are_no_correction(self) -> None:
        assert named("FT 0142 and FT 0147 are in the shop.") == (A, [142, 147])

    def test_a_not_that_only_other_wordings_hold_is_a_doubt(self) -> None:
        sure = heard("That is Kevin Marchwood outside.", "that's Kevin Marchwood outside.")
        lost = heard("That is Kevin Marchwood outside.", "That is not Kevin Marchwood outside.")
        assert named(sure) == (A, [142])
        assert named(lost)[1] == []

    def test_a_correction_that_only_other_wordings_hold_is_a_doubt(self) -> None:
        lost = heard("Collecting FT 0147 in the shop.", "Correction, FT 0147 in the shop.")
        assert named(lost) == (R, [])

    def test_digits_that_most_wordings_hold_otherwise_are_a_doubt(self) -> None:
        others = ("FT 0142 is in the shop.", "FT 0142 is in this shop.", "FT 0142 is in the stop.")
        assert named(heard("FT 0147 is in the shop.", *others))[1] == []
        assert named(heard("FT 0147 is in the shop.", "FT 0147 is in this shop.")) == (A, [147])


class TestStandDowns:
    """What ends it ends it, and the name in it is no new sighting."""

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("Stand down on Kevin Marchwood, he's left.", id="stand down"),
            pytest.param("Kevin Marchwood has been arrested.", id="arrested"),
            pytest.param("Kevin Marchwood is in custody.", id="custody"),
            pytest.param("We've lost Kevin Marchwood at the station, he got on the train.", id="lost at the station"),
            pytest.param("Control to all, all units resume.", id="all units resume"),
            pytest.param("Cancel the guard please, he has gone.", id="cancel the guard"),
            pytest.param("Sends down everyone, thank you.", id="misheard"),
            pytest.param("Stan down please, all sorted now.", id="misheard again"),
        ],
    )
    def test_ends(self, text: str) -> None:
        live = live_alert(731, 142)
        call, _, decision = through(text, [live])
        assert call.intent is Intent.STAND_DOWN, call.reasons
        assert (decision.kind, decision.alert_kind) == (E, AlertKind.STAND_DOWN), decision.reason
        assert [alert.number for alert in which_end(decision, [live])] == [731]

    @pytest.mark.parametrize("text", ["Stand by, please.", "Standby, I'm on the phone.", "Corner Books, stand by."])
    def test_stand_by_ends_nothing(self, text: str) -> None:
        live = live_alert(731, 142)
        call, _, decision = through(text, [live])
        assert call.intent is Intent.REQUEST
        assert which_end(decision, [live]) == ()


class TestSmallTalk:
    """One word that could belong to something serious raises no alarm and ends no alert."""

    @pytest.mark.parametrize(
        "text",
        [
            "Sorry about that, mate.",
            "That's the wrong till roll.",
            "We found your keys by the way.",
            "Is he in custody?",
            "Has the little girl been found?",
            "Could you help me with the shutter?",
            "I can help right now if you like.",
            "Testing the panic alarm at ten.",
            "I missed the train, I'll be late.",
            "It is quiet today.",
        ],
    )
    def test_changes_nothing(self, text: str) -> None:
        live = live_alert(731, 142)
        call, _, decision = through(text, [live])
        assert decision.kind is L, call.reasons
        assert which_end(decision, [live]) == ()


class TestReadBacks:
    """Control repeating what it was told is no second sighting, and still a sighting if the first was missed."""

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param("Control to Corner Books, yes received, FT zero one four two, cameras looking for him now.", id="received"),
            pytest.param("Can trawl to Corner Books, yes received, FT zero one four two, grey coat.", id="control misheard"),
            pytest.param("Control to Corner Books, copied, Kevin Marchwood, grey coat, thanks.", id="copied"),
            pytest.param("Cattle to Corner Books, received, Kevin Marchwood, grey coat.", id="control not understood"),
            pytest.param("Control to Corner Books, yes perceived, FT 0142, cameras looking for him.", id="received misheard"),
        ],
    )  # fmt: skip
    def test_is_no_second_sighting(self, text: str) -> None:
        call = read(heard(text), TOWN)
        assert call.read_back, call.reasons
        assert call.intent is Intent.SIGHTING, call.reasons
        assert named(text, [live_alert(731, 142)]) == (L, [])
        assert named(text) == (A, [142])

    @pytest.mark.parametrize(
        "text",
        [
            "Corner Books to Control, Kevin Marchwood is in, did you get that?",
            "Corner Books to Control, he has received a warning, Kevin Marchwood, he's outside.",
            "Control to all shops, Kevin Marchwood is on Mill Lane, grey coat.",
        ],
    )
    def test_others_are_none(self, text: str) -> None:
        assert not read(heard(text), TOWN).read_back
