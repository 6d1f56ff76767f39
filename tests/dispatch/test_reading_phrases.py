"""Who calls, what for, who is denied, who is a guess: each kind of phrase, both ways."""

from __future__ import annotations

import pytest

from dispatch.calls import Intent, Priority
from dispatch.heard import Heard
from dispatch.reading import read
from tests.dispatch.rules_town import TOWN, heard, reading

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
    ("text", "caller", "called"),
    [
        ("Corner Books to Control, he is back.", "Corner Books", "Control"),
        ("corner books to control he is back", "Corner Books", "Control"),
        ("Corner Brooks to Control, he is back.", "Corner Books", "Control"),
        ("Fernly Hardware to all shops, heads up.", "Fernley Hardware", "all shops"),
        ("Control, Control from Oakwood Toys, he is back.", "Oakwood Toys", "Control"),
        ("Control from the bakery, he is back.", "bakery", "Control"),
        ("Hello Control, this is nobody.", None, None),
        ("Control to Star Clothing, received.", "Control", "Star Clothing"),
        ("Control to last caller, say again.", "Control", "last caller"),
        ("Chemist on Mill Lane to Control, he is back.", "chemist", "Control"),
        ("Riverside Hotel, he is back.", "Riverside Hotel", None),
        ("Riverside Hotel here, he is back.", "Riverside Hotel", None),
        ("Harbour Coffee to Control and all stations, he is back.", "Harbour Coffee", "Control"),
        ("He went to Star Clothing.", None, None),
        ("We are going to control the door.", None, None),
        ("", None, None),
    ],
)
def test_who_calls_whom(text: str, caller: str | None, called: str | None) -> None:
    call = reading(text)
    assert (call.caller, call.called) == (caller, called)


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        # somebody somewhere
        (S, "Corner Books to Control, Kevin Marchwood has just walked in."),
        (S, "Heads up, Kes is about."),
        (S, "star clothing to control tall lad grey hoodie by the till he is on the list"),
        (S, "FT zero one four two, Market Square."),
        (S, "He is heading down Mill Lane on a black bike."),
        (S, "Oakwood Toys, she has come back, wants a refund, no receipt, pink coat."),
        (S, "Young lads on scooters in the mall again, one in a green cap."),
        (S, "I've got a man refusing to leave, can you send a guard?"),
        # something happened
        (N, "Star Clothing to all, she has done a runner with four dresses."),
        (N, "Sunrise Supermarket to Control, theft, male made off with meat, blue coat."),
        (N, "Somebody has smashed our window."),
        (N, "Missing child, boy aged six, red coat, last seen at Market Square."),
        (N, "There is an elderly man here, very confused, no coat on."),
        (N, "He walked out with a coat without paying."),
        (N, "There is a fight outside the Guildhall."),
        (N, "Bag drop behind the bins on Weaver Street."),
        # help
        (E, "Urgent assistance at Crown Jewellers!"),
        (E, "Help! He won't let us out!"),
        (E, "get off me get off me"),
        (E, "Code red, code red, Station Newsagent."),
        (E, "Emergency button pressed on radio 1008."),
        (E, "Staff member down, call an ambulance."),
        # taking back
        (C, "Correction, it was the other Tillwater."),
        (C, "Corner Books, disregard my last."),
        (C, "That is not Kevin Marchwood, I have seen his face."),
        (C, "I said zero one four two, I meant zero one four seven."),
        (C, "Sorry, wrong person, we have apologised to her."),
        (C, "Mistaken identity on that one."),
        # over
        (D, "Stand down, he has left."),
        (D, "All units stand down, thank you."),
        (D, "Cancel the guard, no further assistance required."),
        (D, "One in custody, goods recovered."),
        (D, "Left of his own accord, all in order."),
        (D, "The child has been found safe and well."),
        # questions
        (Q, "Is Kevin Marchwood still on the list?"),
        (Q, "Has anybody seen Denise Rookwell today?"),
        (Q, "Control to Corner Books, say again."),
        (Q, "Stand by, I'm on the phone."),
        (Q, "Can you tell me who that was?"),
        (Q, "Could somebody bring the key round, please?"),
        # radio
        (R, "Crown Jewellers signing on, good morning."),
        (R, "Radio check, please."),
        (R, "Reading you loud and clear."),
        (R, "Oakwood Toys signing off for the night."),
        # nothing
        (T, "Cheers Dave, see you tomorrow."),
        (T, "Put the kettle on, love."),
        (T, "It is quiet today, thanks."),
        (T, "Nice weather for it."),
        # no words
        (U, ""),
        (U, " . . . "),
    ],
)
def test_intents(intent: Intent, text: str) -> None:
    call = reading(text)
    assert call.intent is intent, call.reasons
    assert call.reasons
    if intent is not U:
        plain = reading(text.lower().translate(str.maketrans("", "", ".,!?")))
        assert plain.intent is intent, plain.reasons


@pytest.mark.parametrize(
    ("text", "priority"),
    [
        ("There is a man with a knife on Castle Street.", Priority.URGENT),
        ("Missing child, girl aged four.", Priority.URGENT),
        ("He has punched the manager and run off with the till.", Priority.URGENT),
        ("A lady has collapsed by the till, she is not breathing.", Priority.URGENT),
        ("Help! He won't let us out!", Priority.URGENT),
        ("He made off with a trolley of meat.", Priority.HIGH),
        ("Kevin Marchwood is kicking off at the counter.", Priority.HIGH),
        ("Priority, Kevin Marchwood is in the shop.", Priority.HIGH),
        ("Kevin Marchwood walked past, grey coat.", Priority.NORMAL),
        ("Radio check, please.", Priority.NORMAL),
    ],
)
def test_priorities(text: str, priority: Priority) -> None:
    call = reading(text)
    assert call.priority is priority, call.reasons


def _covers(text: str, words: str, *, hedge: bool = False) -> bool:
    call = reading(text)
    start = text.lower().index(words.lower())
    spans = call.hedges if hedge else call.negations
    return any(span.start < start + len(words) and start < span.end for span in spans)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("That is not Kevin Marchwood.", "Marchwood"),
        ("that is not kevin marchwood it is somebody else", "marchwood"),
        ("It isn't Kes, I know Kes.", "Kes"),
        ("It isn’t Kes.", "Kes"),
        ("It's not Kes or Tommo.", "Kes"),
        ("It's not Kes or Tommo.", "Tommo"),
        ("He wasn't Sean Applegarth after all.", "Applegarth"),
        ("That was Bryan, not Ryan.", "Ryan."),
        ("Negative, not Denise Rookwell.", "Rookwell"),
        ("Definitely not Denise Rookwell.", "Rookwell"),
        ("Kevin Marchwood? No, it's not him.", "Marchwood"),
        ("We called it in as Kevin Marchwood. It wasn't him.", "Marchwood"),
        ("The man in the green coat looks like Kes but it isn't.", "Kes"),
        ("There is no sign of Kevin Marchwood.", "Marchwood"),
        ("I said zero one four two, I meant zero one four seven.", "one four two"),
        ("It's Kes's brother.", "Kes"),
        ("It's the brother of Kevin Marchwood.", "Marchwood"),
        ("I can rule out Kevin Marchwood.", "Marchwood"),
        ("I thought it was Kevin Marchwood but it is somebody else.", "Marchwood"),
        ("The lady we reported as Denise Rookwell is not Denise Rookwell.", "Denise Rookwell is"),
    ],
)
def test_denied(text: str, who: str) -> None:
    assert _covers(text, who)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("It is Kevin Marchwood.", "Marchwood"),
        ("He's not happy, Kevin Marchwood is in the shop.", "Marchwood"),
        ("Kevin Marchwood is here and he did not pay.", "Marchwood"),
        ("Kevin Marchwood will not leave.", "Marchwood"),
        ("Not only that, Kevin Marchwood is back.", "Marchwood"),
        ("It was Bryan, not Ryan.", "Bryan"),
        ("It's not Ryan, it's Bryan.", "Bryan"),
        ("I said zero one four two, I meant zero one four seven.", "four seven"),
        ("Kevin Marchwood is here with his brother.", "Marchwood"),
        ("I said Kevin Marchwood is in the shop.", "Marchwood"),
        ("Denise Rookwell is in, not far from the door.", "Rookwell"),
        ("He hasn't been here long but Kevin Marchwood is in the shop.", "Marchwood"),
    ],
)
def test_not_denied(text: str, who: str) -> None:
    assert not _covers(text, who)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("It might be Kevin Marchwood.", "Marchwood"),
        ("I think it's Kevin Marchwood.", "Marchwood"),
        ("Looks like Kes by the till.", "Kes"),
        ("Could be Kes.", "Kes"),
        ("Kevin Marchwood, I think.", "Marchwood"),
        ("Kevin Marchwood by the door. Could be wrong.", "Marchwood"),
        ("Is that Kevin Marchwood outside?", "Marchwood"),
        ("Someone like Denise Rookwell is in.", "Rookwell"),
        ("Possible Kevin Marchwood at the station.", "Marchwood"),
        ("customer says kevin marchwood is outside", "marchwood"),
        ("Not sure if it's Kes.", "Kes"),
    ],
)
def test_a_guess(text: str, who: str) -> None:
    assert _covers(text, who, hedge=True)


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("It is Kevin Marchwood.", "Marchwood"),
        ("Kevin Marchwood is in the shop, can you send somebody?", "Marchwood"),
        ("Kevin Marchwood is in the shop. Any chance of a guard?", "Marchwood"),
        ("Kevin Marchwood is in the shop, he looks like trouble.", "Marchwood"),
    ],
)
def test_no_guess(text: str, who: str) -> None:
    assert not _covers(text, who, hedge=True)


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("Control to Corner Books, yes received, FT zero one four two, thank you.", True),
        ("Received, Marchwood, thank you.", True),
        ("Control to Corner Books, who was that?", False),
        ("Corner Books to Control, Kevin Marchwood is in, did you get that?", False),
    ],
)
def test_read_back(text: str, *, repeats: bool) -> None:
    assert reading(text).read_back is repeats


@pytest.mark.parametrize(
    ("spoken", "means_something"),
    [
        (Heard("Thank you.", no_speech=0.9), False),
        (Heard("Thank you.", no_speech=0.1, average_logprob=-0.2), True),
        (Heard("Thank you.", no_speech=0.1, average_logprob=-0.8), False),
        (Heard("Marchwood, Marchwood, Marchwood, Marchwood, Marchwood, Marchwood", no_speech=0.1), False),
        (Heard("I'm going to the shop, I'm going to the shop, I'm going to the shop, I'm going to the shop,"), False),
        (Heard("He is in the shop again.", no_speech=0.7, average_logprob=-0.3), True),
        (Heard("He is in the shop again.", no_speech=0.7, average_logprob=-1.3), False),
        (Heard("He is in the shop again.", average_logprob=-2.4), False),
        (Heard("help help help help help help", average_logprob=-0.5), True),
        (Heard("Missing child, missing child, girl in a red coat."), True),
        (Heard("?!"), False),
    ],
)
def test_noise(spoken: Heard, *, means_something: bool) -> None:
    call = read(spoken, TOWN)
    assert (call.intent is not Intent.UNINTELLIGIBLE) is means_something, call.reasons
    assert len(call.reasons) >= 1


def test_reasons_say_which_words_did_it() -> None:
    call = reading("Corner Books to Control, I think it's FT zero one four two, heading towards the station.")
    told = " ".join(call.reasons)
    for part in ("Corner Books calls Control", "A guess", "Reference 0142", "Heading: towards Fernley station"):
        assert part in told


def test_what_is_too_long_is_cut_and_still_read() -> None:
    call = read(heard("Heads up, Kes is about. " + "And then he walked on. " * 1000), TOWN)
    assert call.intent is not Intent.EMERGENCY
    assert len(call.text) <= 4000
