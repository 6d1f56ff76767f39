"""What short calls are for: each rule that tells one intent from the one it is taken for, in words of every sort of speaker."""

from __future__ import annotations

import pytest

from dispatch.calls import DecisionKind, Intent, MentionKind
from dispatch.matching import match
from dispatch.policy import decide
from dispatch.reading import with_names
from tests.dispatch.rules_town import NOW, PEOPLE, RULES, TOWN, ZONE, heard, reading

S, N, E, C, D, Q, R, T, U = (
    Intent.SIGHTING,
    Intent.INCIDENT,
    Intent.EMERGENCY,
    Intent.CORRECTION,
    Intent.STAND_DOWN,
    Intent.REQUEST,
    Intent.RADIO_CHECK,
    Intent.CHATTER,
    Intent.UNINTELLIGIBLE,
)


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        # a question beside somebody who is there
        pytest.param(S, "Has anyone got a view of the bank? I've got Kes sat on the steps.", id="question, then a sighting"),
        pytest.param(S, "Can somebody come over? Marchwood has just walked in.", id="wish, then a sighting"),
        pytest.param(Q, "Is Kes allowed in the library or is it just shops?", id="nothing but a question"),
        pytest.param(Q, "Am I right in thinking Marchwood is barred from the Priory as well?", id="a question about a ban"),
        pytest.param(S, "Is that Kes by the fountain?", id="is that, of somebody seen"),
        pytest.param(T, "Did you watch the match last night?", id="a question among friends"),
        pytest.param(Q, "Hold the line, I've got the police on the other channel.", id="got the police is no cry"),
        pytest.param(S, "Anybody near the station? Kes is stood there now, green parka.", id="near, and somebody there"),
        pytest.param(Q, "Can the butchers turn their radio down, it's coming through the wall.", id="coming through"),
        pytest.param(S, "Marsh woods. Is in our car park by the trolleys?", id="is in, of somebody there"),
        pytest.param(Q, "Thanks, Marchwood, he's current until next spring.", id="a notice is current"),
        # a name spelled, within an exchange or with somebody there
        pytest.param(Q, "Oakwood Toys, it's Denise Rookwell, Romeo Oscar Oscar.", id="spelled, an answer"),
        pytest.param(Q, "Whiskey Yankee Romeo Zulu, Yankee Kilo Oscar Whiskey.", id="spelled and nothing else"),
        pytest.param(S, "Romeo Oscar Oscar Kilo Whiskey Echo Lima Lima is in the shop.", id="spelled, and there"),
        pytest.param(S, "It's Rookwell, Romeo Oscar Oscar Kilo, black gilet.", id="spelled, and described"),
        pytest.param(C, "Bakery, sorry, spelling, it's Romeo Oscar Oscar Kilo and he's still here.", id="sorry, spelling"),
        # nearly a phrase of another sort
        pytest.param(S, "Oakwood Toys calling Control, we have Kes on the shop floor.", id="on the shop, done the shop"),
        pytest.param(S, "Black coat, he has been round us three times.", id="been round, been found"),
        # somebody gone, and where to look
        pytest.param(D, "She has left the premises quietly, thanks all.", id="gone"),
        pytest.param(D, "They've all gone.", id="gone, at the end"),
        pytest.param(S, "She's gone round the back, black coat.", id="gone round"),
        pytest.param(S, "He's gone off towards the station.", id="gone, with a heading"),
        pytest.param(D, "Don't worry about coming, he's gone off on his bike.", id="don't worry"),
        pytest.param(D, "Panic over, his mum's found him.", id="panic over"),
        pytest.param(D, "Marchwood has been arrested at the station, job done.", id="arrested"),
        pytest.param(N, "Little girl here, she's lost her daddy.", id="lost her daddy, not lost her"),
        # denied, taken back or told apart
        pytest.param(C, "That's not Kes, sorry.", id="not, taken back"),
        pytest.param(S, "Kes and another lad, not Tommo, looking at the phones.", id="not, told apart"),
        pytest.param(S, "There's a man sat outside drinking, it's not Kes.", id="not, of somebody there"),
        pytest.param(D, "Cancel the guard, it wasn't Kes after all.", id="over, and not him"),
        pytest.param(C, "As you were, it wasn't Kes after all.", id="not after all"),
        pytest.param(S, "Kes is in again with her sister.", id="with her sister"),
        pytest.param(C, "That should be a white van, not a silver one.", id="a description put right"),
        # something done, or somebody there
        pytest.param(N, "They've emptied a whole shelf of baby milk into a pram.", id="emptied"),
        pytest.param(N, "Her purse has been taken out of her bag.", id="taken"),
        pytest.param(N, "Customer's come over all dizzy, we've sat her down.", id="dizzy"),
        pytest.param(N, "He's been hit by a scooter outside the bank.", id="been hit"),
        pytest.param(S, "He's filling his pockets by the tills.", id="filling, not gone yet"),
        # help
        pytest.param(E, "Get somebody down here now, he's hitting her.", id="somebody, now"),
        pytest.param(E, "He's coming at me with a bottle, please hurry.", id="coming at me"),
        pytest.param(E, "I need backup, he's swinging a bottle at everyone.", id="backup"),
        pytest.param(N, "Can you help, there's a lady who has fallen over.", id="help, and no cry"),
        pytest.param(D, "Turns out it was a false alarm, no help needed.", id="no help needed"),
        pytest.param(D, "You can stand the guard down, he has paid.", id="stand the guard down"),
        # the radio itself
        pytest.param(R, "Bit crackly but I've got you.", id="how it sounds"),
        pytest.param(R, "New battery in, can you hear me now?", id="can you hear me"),
        pytest.param(R, "Oakwood Toys, radio's on, morning.", id="on"),
        pytest.param(R, "That's me off shift, see you tomorrow.", id="off"),
        # nothing
        pytest.param(T, "Roger that.", id="understood"),
        pytest.param(T, "On my way, be there in two minutes.", id="on my way"),
        pytest.param(T, "My feet are killing me.", id="killing me"),
        pytest.param(T, "All quiet here, nothing to report.", id="quiet"),
        pytest.param(U, "Subtitles by the Amara.org community", id="subtitles"),
    ],
)  # fmt: skip
def test_intent(intent: Intent, text: str) -> None:
    call = reading(text)
    assert call.intent is intent, call.reasons


def test_a_long_call_of_which_nothing_was_understood_is_a_sighting_but_unread() -> None:
    call = reading(
        "Contoso only three drill the right eye and a unit that worked over to be and so on to the next of it"
    )
    assert (call.intent, call.unread) == (S, True)
    assert "too long for small talk" in " ".join(call.reasons)
    short = reading("Contoso only three drill the right eye.")
    assert (short.intent, short.unread) == (T, True)


def test_one_friendly_word_makes_no_small_talk_of_a_long_call() -> None:
    text = "Contoso only three drill the right eye, thank you, a unit that worked over to be and so on of it"
    assert reading(text).intent is S
    assert reading("Thank you, mate, see you tomorrow.").intent is T


@pytest.mark.parametrize(
    ("name", "kind", "decided"),
    [
        pytest.param("Kevin Marchwood", MentionKind.FULL, DecisionKind.ALERT, id="full name"),
        pytest.param("Marchwood", MentionKind.LAST, DecisionKind.REVIEW, id="surname"),
        pytest.param("Kes", MentionKind.ALIAS, DecisionKind.REVIEW, id="nickname"),
    ],
)
def test_in_an_unread_long_call_a_whole_name_is_announced_and_less_is_looked_at(
    name: str, kind: MentionKind, decided: DecisionKind
) -> None:
    spoken = heard(f"Harbour Coffee to all, {name} the bearing of a rock jour, the lane about us and so on of it.")
    call = reading(spoken.text)
    assert call.unread, call.reasons
    found = match(spoken, call, PEOPLE, NOW, ZONE, TOWN)
    assert [one.mention.kind for one in found if one.confidence > 0.85] == [kind]
    decision = decide(with_names(call, found), found, (), NOW, ZONE, RULES, "town")
    assert decision.kind is decided, decision
