"""Calls as engines mishear them: intent by traces, callers, Dartford's places, descriptions, priority, and noise."""

from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.calls import Intent, Priority
from dispatch.heard import Heard, Wording
from dispatch.phrases import fold, tokens
from dispatch.reading import read
from dispatch.reading.near import near_phrases
from dispatch.reading.noise import marks
from dispatch.reading.plates import plate_in
from dispatch.scheme import Scheme, parse_places, parse_words
from tests.dispatch.rules_town import CONFIG, TOWN, WORDS, heard, reading

DARTFORD = Scheme(
    "DTAC",
    "Dartford Town Against Crime",
    WORDS,
    parse_places((CONFIG / "places.csv").read_text()),
    ("Boots", "Greggs", "Iceland", "Savers", "Superdrug"),
    reference_prefixes=("DT",),
)
S, N, E, C, D, Q, R, T = (
    Intent.SIGHTING,
    Intent.INCIDENT,
    Intent.EMERGENCY,
    Intent.CORRECTION,
    Intent.STAND_DOWN,
    Intent.REQUEST,
    Intent.RADIO_CHECK,
    Intent.CHATTER,
)


@pytest.mark.parametrize(
    ("intent", "text"),
    [
        (N, "The box to control, she's done runner with three coats. She's gone down the high street."),
        (N, "Somebody just passed us a dodgy 20, a fake, so watch out."),
        (N, "Tess go to control, full trolley of spirits straight out the fire exit."),
        (E, "Control emergency. He's got a blade to the manager."),
        (E, "We need someone here right now, they're all fighting with our guard."),
        (E, "male is hitting the warden, urgent assist"),
        (C, "Wilco here, this regard my last please."),
        (C, "Definitely not Wayne Cutler, I have just spoken to him."),
        (C, "he isn't Wayne Cutler"),
        (D, "Security to control, all in all, stan down the police."),
        (D, "We lost him at the station, so that's it."),
        (D, "Control to all, all units resumed, all sorted."),
        (Q, "be cox to control are there any police in town at the moment?"),
        (Q, "Control the street water. What's your location, please?"),
        (Q, "Could someone come and look at our shutter? It's stuck."),
        (Q, "Does anyone have a spare radio battery?"),
        (R, "Control to all stations, this is the morning rail call, please respond with your stall name."),
        (R, "Howl blend to control, on air, good morning."),
        (T, "The lorry's blocking the loading bay again. It's the same every Tuesday."),
        (T, "I'll put the Catalan, do you want a tea?"),
        (S, "Is that Wayne Cutler by the door?"),
        (S, "Might be Wayne Cutler."),
        (S, "It's Wayne Cutler again."),
        (S, "might be wayne cutler"),
        (S, "it's cutler"),
        (T, "it's about time"),
        (C, "that was not wayne cutler"),
        (C, "he isn't cutler"),
        (C, "Control to all, it's not recenter. Repeat not recenter."),
        (C, "It isn't rain cutler, it's his brother."),
        (S, "Neighbours to control, in black and red jacket. Can you send someone down please?"),
    ],
)
def test_intents_of_what_was_misheard(intent: Intent, text: str) -> None:
    call = reading(text)
    assert call.intent is intent, call.reasons


def test_the_reason_names_every_trace() -> None:
    told = " ".join(reading("The box, she's done runner with three coats, gone down the lane.").reasons)
    assert 'because of "done runner"' in told or "sounds like" in told
    assert "points" in told or "runner" in told


def test_a_phrase_of_other_wordings_counts_by_their_share() -> None:
    said = "Control, he is gone, strand dawn please."
    alone = read(heard(said), TOWN)
    backed = read(
        heard(said, "Control, he is gone, stand down please.", "Control he's gone, stand down, please."), TOWN
    )
    assert alone.intent is not D
    assert backed.intent is D
    assert "of the other wordings" in " ".join(backed.reasons)


def test_a_phrase_of_suggested_wordings_counts_for_nothing() -> None:
    said = "Control, he is gone, strand dawn please."
    suggested = read(heard(said, biased=["Control, he is gone, stand down please."] * 3), TOWN)
    assert suggested.intent is not D


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ("she's gone with a coat", None),
        ("he legd it with a coat", "legged it with"),
        ("walked out of it a coat", None),
        ("disregard my lost", "disregard my/last/previous/that"),
        ("cleared the shelvs", "cleared a/the/our shelf/shelves"),
    ],
)
def test_phrases_slightly_misheard(said: str, phrase: str | None) -> None:
    keys = ("intent.incident", "correction.opens")
    found = [near.phrase for near in near_phrases(tokens(said), WORDS, keys)]
    assert found == ([] if phrase is None else [phrase])


def test_a_denial_is_never_made_of_what_is_nearly_one() -> None:
    assert not near_phrases(tokens("it is now him and it was naughty"), WORDS, ("intent.correction",))


def test_a_greeting_to_all_is_no_roll_call() -> None:
    keys = ("intent.radio_check",)
    assert near_phrases(tokens("morning calls from the shop"), WORDS, keys)
    assert not near_phrases(tokens("morning all frosties is about"), WORDS, keys)


@pytest.mark.parametrize(
    ("text", "caller", "called"),
    [
        ("Can trawl to Boots, received.", "Control", "Boots"),
        ("Patrol to all shops, heads up.", "Control", "all shops"),
        ("Boots took control, he is back.", "Boots", "Control"),
        ("Boots to can troll, he is back.", "Boots", "Control"),
        ("Boots two control he is back", "Boots", "Control"),
        ("Greigs to Control, he is back.", "Greggs", "Control"),
        ("Control, control from super drug, he is back.", "Superdrug", "Control"),
        ("Mark from Boots here, he is back.", "Boots", None),
        ("There's a police patrol by Boots.", None, None),
    ],
)
def test_callers_misheard(text: str, caller: str | None, called: str | None) -> None:
    call = read(heard(text), DARTFORD)
    assert (call.caller, call.called) == (caller, called)


@pytest.mark.parametrize(
    ("text", "place", "heading"),
    [
        (
            "Boots to Control, he's outside the old Co-op, heading for the station.",
            "Co-op site",
            "for Dartford station",
        ),
        ("He's by the old Primark.", "Primark unit", None),
        ("He's sat outside the old Wilko.", "Wilko unit", None),
        ("She's gone down hive street towards one bell.", None, "down Hythe Street towards One Bell Corner"),
        ("He's on Spittle Street with a bag.", "Spital Street", None),
        ("Kez is on lofield street heading to the park.", "Lowfield Street", "to Central Park"),
        (
            "He's got off the Fastrak, making his way towards the orchids.",
            "Home Gardens",
            "towards Orchards Shopping Centre",
        ),
        ("He is in height street.", "Hythe Street", None),
        ("He's by the trains.", "Dartford station", None),
        ("He's gone over the footbridge to the station.", None, "over the footbridge to Dartford station"),
        ("He turned left out of the door towards town.", None, "towards town"),
        ("He is out in the street.", None, None),
        ("Greggs to Control, he's in here.", "Greggs", None),
    ],
)
def test_dartfords_places(text: str, place: str | None, heading: str | None) -> None:
    call = read(heard(text), DARTFORD)
    assert (call.place.name if call.place else None, call.heading) == (place, heading)


@pytest.mark.parametrize(
    ("text", "plate"),
    [
        ("red van, plate Lima Tango one nine", "LT19"),
        ("white van, reg Golf Kilo two one Alpha Bravo Charlie", "GK21ABC"),
        ("on the moped no helmet plate golf kilo 2-1.", "GK21"),
        ("plate golf kilo. 2-1.", "GK21"),
        ("index L T one nine A B C, over", "LT19ABC"),
        ("blue Fiesta, LT19 ABC, outside", "LT19ABC"),
        ("blue Fiesta, number plate LT 19", "LT19"),
        ("partial plate starting Golf Kilo", "GK"),
        ("partial plate ending X-ray Yankee Zulu", "XYZ"),
        ("number plate golf kilo seventy one", "GK71"),
        ("the plate was broken", None),
        ("a plate of cakes", None),
        ("we need to index it", None),
        ("FT 0142 is here", None),
    ],
)
def test_plates(text: str, plate: str | None) -> None:
    call = reading(text)
    assert call.description.plate == plate
    if plate:
        assert call.mentions == ()


@given(st.from_regex(r"[A-HJ-NP-Z]{2}[0-9]{2}[A-HJ-NP-Z]{3}", fullmatch=True))
def test_every_plate_of_today_is_read(plate: str) -> None:
    for written in (f"blue van {plate} outside", f"blue van {plate[:4]} {plate[4:]} outside", f"reg {' '.join(plate)}"):
        found = plate_in(fold(written), TOWN)
        assert found is not None
        assert found.text == plate


@pytest.mark.parametrize(
    ("text", "part", "value"),
    [
        ("male IC-150's grey beard", "ic", "IC1"),
        ("he see one male, tall", "ic", "IC1"),
        ("i see one fifty three dear trying to walk out", "ic", "IC1"),
        ("male about forty stocky", "age", "about forty"),
        ("he took about forty pounds", "age", None),
        ("a couple of lads in black tracksuits", "count", 2),
        ("a couple of lads in black tracksuits", "upper", "black tracksuits"),
        ("white trainers, tattoo on his neck, walks with a limp", "other", "white trainers, tattoo, walks with a limp"),
    ],
)
def test_parts_of_a_description(text: str, part: str, value: str | int | None) -> None:
    call = reading(text)
    assert call.description.parts().get(part) == value
    assert call.mentions == ()


@pytest.mark.parametrize(
    ("text", "priority", "category"),
    [
        ("There's a man with a machete outside.", Priority.URGENT, "weapon"),
        ("There is a fight outside, one of them has a knife.", Priority.URGENT, "weapon"),
        ("He punched the manager.", Priority.URGENT, "violence"),
        ("Missing child, boy aged six, red coat.", Priority.URGENT, "child"),
        ("A lady has collapsed outside.", Priority.URGENT, "medical"),
        ("There's a fire in the bins.", Priority.URGENT, "fire"),
        ("Help us, he's in the office!", Priority.URGENT, "emergency"),
        ("He made off with a trolley of meat.", Priority.HIGH, "pressing"),
        ("He walked past, grey coat.", Priority.NORMAL, None),
    ],
)
def test_what_makes_it_urgent(text: str, priority: Priority, category: str | None) -> None:
    call = reading(text)
    assert (call.priority, call.priority_reason) == (priority, category), call.reasons


@pytest.mark.parametrize(
    ("spoken", "says"),
    [
        (Heard("Thank you for watching.", no_speech=0.1, average_logprob=-0.1), "writes for noise"),
        (Heard("Okay. Thanks for watching!", no_speech=0.1, average_logprob=-0.1), "writes for noise"),
        (Heard("Bye. Bye. Bye.", no_speech=0.1, average_logprob=-0.2), "circles"),
        (Heard("[Music]", no_speech=0.1), "Only sounds"),
        (Heard("(upbeat music)", no_speech=0.1), "Only sounds"),
        (Heard("♪ ♪", no_speech=0.1), "Only sounds"),
        (Heard("*beep*", no_speech=0.1), "Only sounds"),
        (Heard("static", no_speech=0.1), "name of a sound"),
        (Heard(". . . ? -", no_speech=0.1), "Nothing was understood"),
        (Heard("Oh" + "h" * 90, no_speech=0.3, average_logprob=-0.4), "held on"),
        (Heard("Bye.", no_speech=0.9), "Nobody spoke"),
    ],
)
def test_inventions_of_the_engine(spoken: Heard, says: str) -> None:
    call = read(spoken, TOWN)
    assert call.intent is Intent.UNINTELLIGIBLE
    assert says in call.reasons[0]
    assert call.text == spoken.text


def test_an_invention_at_the_end_of_a_call_is_marked_and_the_call_counts() -> None:
    text = "Kevin Marchwood is outside with a bag. [Music] Thank you for watching."
    call = read(heard(text), TOWN)
    assert call.intent is S
    assert call.text == text
    told = " ".join(call.reasons)
    assert '"thank you for watching" is what the engine writes for noise.' in told
    assert '"[music]" is a sound and was not said.' in told
    assert marks(heard("Kevin Marchwood is outside."), TOWN) == []


@pytest.mark.parametrize("text", ["Thank you.", "Thanks, bye.", "Okay, thank you."])
def test_thanks_said_surely_are_chatter(text: str) -> None:
    assert read(Heard(text, no_speech=0.05, average_logprob=-0.2), TOWN).intent is T


def test_a_scheme_switches_traces_off() -> None:
    text = (CONFIG / "words.toml").read_text()
    lines = [f"{line.split(' = ')[0]} = []" if "_signs = " in line else line for line in text.splitlines()]
    plain = dataclasses.replace(TOWN, words=parse_words("\n".join(lines)))
    said = heard("Control emergency, he's got a blade to the manager")
    traced = heard("Tess go, full trolley of spirits straight out the fire exit")
    assert read(said, plain).intent is E
    assert read(traced, TOWN).intent is N
    assert read(traced, plain).intent is not N


def test_a_scheme_adds_what_its_engine_mishears() -> None:
    text = (
        (CONFIG / "words.toml")
        .read_text()
        .replace('opens = ["correction",', 'opens = ["correction", "hot collection",')
    )
    ours = dataclasses.replace(TOWN, words=parse_words(text))
    said = heard("Hot collection, FT 0147 and FT 0142.")
    assert read(said, TOWN).intent is S
    assert read(said, ours).intent is C
    assert [mention.negated for mention in read(said, ours).mentions] == [True, False]


def test_five_wordings_are_read_in_no_time() -> None:
    """Process time with a generous bound: about 2 ms each are usual."""
    others = [f"{word} to control, i think it isn't FT 0142, grey coat, heading for the station" for word in "abcd"]
    spoken = heard("Corner Books to Control, I think it's FT 0142, grey coat, heading for the station.", *others)
    read(spoken, TOWN)
    started = time.process_time()
    for _ in range(20):
        read(spoken, TOWN)
    assert (time.process_time() - started) / 20 < 0.02


def test_categories_hold_words_that_make_it_urgent() -> None:
    for category in ("weapon", "violence", "child", "medical", "fire"):
        for word in WORDS[f"priority.{category}"].listed:
            assert any(word in phrase for phrase in WORDS["priority.urgent"].listed), (category, word)


@given(st.lists(st.sampled_from(["not", "Kes", "FT 0147", "FT 0142", "I said", "I met", "is", "outside"]), max_size=9))
def test_other_wordings_only_ever_make_less_sure(words: list[str]) -> None:
    text = " ".join(words)
    plain = read(heard(text), TOWN)
    spoken = heard(text)
    doubted = read(
        dataclasses.replace(spoken, alternatives=(*spoken.alternatives, Wording(f"correction not {text}", -0.3))), TOWN
    )
    assert [mention.negated for mention in plain.mentions] == [mention.negated for mention in doubted.mentions]
    assert all(now.hedged or not before.hedged for before, now in zip(plain.mentions, doubted.mentions, strict=True))
