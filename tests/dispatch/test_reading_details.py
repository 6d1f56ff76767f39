"""References, spelled names, places, headings and descriptions; and any text whatever."""

from __future__ import annotations

import dataclasses
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.calls import Description, MentionKind, Span
from dispatch.phrases import fold, tokens
from dispatch.reading import read
from dispatch.reading.noise import repeated
from dispatch.reading.numbers import alert_numbers, references
from dispatch.reading.spelling import letter_of
from tests.dispatch.rules_town import NOW, PEOPLE, PLACES, TOWN, deciding, heard, reading


def _wanted(text: str, kind: MentionKind) -> list[str]:
    return [mention.wanted for mention in reading(text).mentions if mention.kind is kind]


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("FT-0142 is here", ["0142"]),
        ("FT 0142 is here", ["0142"]),
        ("FT0142 is here", ["0142"]),
        ("ft0142's here", ["0142"]),
        ("F T zero one four two is here", ["0142"]),
        ("F.T. 0142 is here", ["0142"]),
        ("FT, zero, one, four, two", ["0142"]),
        ("Foxtrot Tango zero one four two is here", ["0142"]),
        ("eff tee oh one four two is here", ["0142"]),
        ("FT 142 is here", ["0142"]),
        ("FT one four two is here", ["0142"]),
        ("number zero one four two is here", ["0142"]),
        ("number 142 is here", ["0142"]),
        ("one four two is behind the hoarding", ["0142"]),
        ("1-4-2 is behind the hoarding", ["0142"]),
        ("0142 is here", ["0142"]),
        ("0 1 4 2 is here", ["0142"]),
        ("01 42 is here", ["0142"]),
        ("o one for two is here", ["0142"]),
        ("zero won four too is here", ["0142"]),
        ("zero one four to is here", ["0142"]),
        ("zero one double four is here", ["0144"]),
        ("number one forty two is here", ["0142"]),
        ("number one hundred and forty two is here", ["0142"]),
        ("number two hundred is here", ["0200"]),
        ("reference one oh five is here", ["0105"]),
        ("FT 0142 and FT 0147 are here", ["0142", "0147"]),
        ("FT-0142, he's going to the park, FT-0147 is with him", ["0142", "0147"]),
        # other numbers
        ("the four nine two has arrived", []),
        ("he got off the 492", []),
        ("route one four two is late", []),
        ("two hundred pounds' worth", []),
        ("£142 of meat", []),
        ("142 pounds of meat", []),
        ("alert seven three one is over", []),
        ("camera 142 is down", []),
        ("plate LT 19 one four two", []),
        ("ring 07700 900123", []),
        ("about one hundred and twenty people", []),
        ("he went to the shop for two minutes", []),
        ("1 4 2 9 5 1 is the till code", []),
        ("I see one male", []),
        ("at 14:05 he came in", []),
        ("wait one, coming to you", []),
    ],
)
def test_references(text: str, digits: list[str]) -> None:
    assert _wanted(text, MentionKind.REF) == digits


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("FT-0142 is here", True),
        ("zero one four two is here", True),
        ("number one four two is here", True),
        ("one four two is here", True),
        ("he is here again one four two", False),
        ("one, four, two. He's here", True),
        ("to control 2076 is here", True),
        ("we opened in 2019 with a new till", False),
    ],
)
def test_how_sure_a_reference_is(text: str, *, sure: bool) -> None:
    folded = fold(text)
    assert [reference.sure for reference in references(folded, tokens(folded), TOWN)] == [sure]


@given(st.integers(min_value=0, max_value=9999))
def test_every_reference_spoken_digit_by_digit_is_read(number: int) -> None:
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    spoken = " ".join(names[int(digit)] for digit in f"{number:04d}")
    assert _wanted(f"Corner Books to Control, F T {spoken} is in the shop.", MentionKind.REF) == [f"{number:04d}"]
    assert _wanted(f"Corner Books to Control, FT-{number:04d} is in the shop.", MentionKind.REF) == [f"{number:04d}"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("stand down alert seven three one", (731,)),
        ("cancel alert number 0731 and alert 732", (731, 732)),
        ("red alert", ()),
        ("alert everyone", ()),
        ("alert", ()),
    ],
)
def test_alert_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert alert_numbers(text) == numbers


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("Kilo Echo Sierra", ["kes"]),
        ("surname Romeo Oscar Oscar Kilo Whiskey Echo Lima Lima", ["rookwell"]),
        ("Romeo, Oscar, Oscar, Kilo, whisky, eco, leema, Lima", ["rookwell"]),
        ("Juliet Juliett Juliette", ["jjj"]),
        ("alfa x-ray Zulu", ["axz"]),
        ("Romeo Oscar double Oscar Kilo", ["roook"]),
        ("Sierra Mike, hyphen, India Tango Hotel", ["smith"]),
        ("S for sugar, M for mother, I for ink", ["smi"]),
        ("K-E-S-T-O-N is the name", ["keston"]),
        ("K.E.S.T.O.N. is the name", ["keston"]),
        ("Romeo Oscar Oscar brrr Whiskey Echo Lima Lima", ["roo?well"]),
        ("Bravo Romero Yankey Alpha November", ["bryan"]),
        # no spelling
        ("Charlie and Mike went for a drink", []),
        ("plate Lima Tango one nine", []),
        ("registration Lima Tango Kilo Echo", []),
        ("I C one male", []),
        ("Oscar is at the hotel", []),
        ("Bravo for Bryan", []),
    ],
)
def test_spelled_names(text: str, letters: list[str]) -> None:
    assert _wanted(text, MentionKind.SPELLED) == letters


def test_an_ordinary_word_is_no_letter() -> None:
    assert [letter_of(word) for word in ("november", "remember", "indicate", "kilt", "to")] == [
        "n",
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Kes is at the station.", "Fernley station"),
        ("Kes is on meal lane.", "Mill Lane"),
        ("Kes is outside the old Regal.", "Regal Cinema"),
        ("Kes is by the bandstand.", "Riverside Park"),
        ("Kes is outside Star Clothing.", "Star Clothing"),
        ("Corner Books to Control, Kes is here.", "Corner Books"),
        ("Corner Books to Control, Kes is on Castle Street heading towards the station.", "Castle Street"),
        ("Chemist on Mill Lane to Control, he is back.", "chemist, Mill Lane"),
        ("Kes is in Northgayte Retail Park.", "Northgate Retail Park"),
        ("Control to Corner Books, where is he?", None),
        ("Kes is about.", None),
    ],
)
def test_places(text: str, place: str | None) -> None:
    read_place = reading(text).place
    assert (read_place.name if read_place else None) == place


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("Kes is heading towards the station.", "towards Fernley station"),
        ("He has run down Mill Lane towards the park, over.", "down Mill Lane towards Riverside Park"),
        ("Out towards the Guildhall with a bag.", "towards the Guildhall"),
        ("On foot, making his way to meal lane.", "to Mill Lane"),
        ("Legged it towards Castle Street.", "towards Castle Street"),
        ("He is going to be trouble.", None),
        ("He has gone in the back.", None),
        ("He is by the till.", None),
    ],
)
def test_headings(text: str, heading: str | None) -> None:
    assert reading(text).heading == heading


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IC1 male", Description(sex="male", ic="IC1")),
        ("I C one male", Description(sex="male", ic="IC1")),
        ("i see one mail", Description(sex="male", ic="IC1")),
        ("icy three female", Description(sex="female", ic="IC3")),
        ("I.C. 4 woman", Description(sex="female", ic="IC4")),
        ("IC9", Description(ic="IC9")),
        ("I see two of them", Description()),
        ("I see free lads", Description(sex="male")),
        ("a lady about forty, slim", Description(sex="female", age="about forty", build="slim")),
        ("boy aged four", Description(sex="male", age="aged four")),
        ("girl aged 5, yellow coat", Description(sex="female", age="aged 5", upper="yellow coat")),
        ("male, early thirties, tall", Description(sex="male", age="early thirties", height="tall")),
        ("male, mid 20s", Description(sex="male", age="mid 20s")),
        ("man, 45 years old", Description(sex="male", age="aged 45")),
        ("gentleman in his eighties", Description(sex="male", age="eighties")),
        ("navy puffer jacket, grey joggers", Description(upper="navy puffer jacket", lower="grey joggers")),
        ("black and white striped top", Description(upper="black and white striped top")),
        ("red North Face, blue jeans", Description(upper="red north face", lower="blue jeans")),
        ("black beanie and a green parka", Description(upper="green parka", headwear="black beanie")),
        ("hood up", Description(headwear="hood up")),
        ("blonde ponytail", Description(hair="blonde ponytail")),
        ("a blue bag for life", Description(carrying="blue bag for life")),
        ("on a black electric bike", Description(vehicle="black electric bike")),
        ("in the car park", Description()),
        ("he is with two others", Description(sex="male", count=3)),
        ("him and another male", Description(sex="male", count=2)),
        ("group of about eight youths", Description(count=8, age="youths")),
        ("three lads", Description(sex="male", count=3)),
        ("she said he did it", Description()),
        ("bag drop behind the bins", Description()),
    ],
)
def test_descriptions(text: str, expected: Description) -> None:
    assert reading(text).description == expected


@pytest.mark.parametrize(
    ("words", "loop"),
    [
        ("no no no", None),
        ("no no no no no", "no"),
        ("over here over here over here over here", "over here"),
        ("the man in the shop and the man in the park and the man", None),
    ],
)
def test_loops(words: str, loop: str | None) -> None:
    assert repeated(words.split()) == loop


PIECES = [
    *(name for p in PEOPLE for name in (p.first_name, p.last_name, *p.aliases)),
    *(place.name for place in PLACES),
    *["is", "not", "isn't", "it's", "that", "I", "said", "meant", "correction", "stand", "down", "cancel", "zero", "one", "four", "two", "FT", "FT-0142", "number", "and"],
    *["Kilo", "Echo", "Sierra", "double", "hyphen", "for", "towards", "heading", "male", "IC1", "black", "coat", "?", ".", ",", "!", "'", "-", "alert", "over", "Control", "to", "from"],
    "Corner Books", "might be", "I think", "his brother", "missing child", "\u00e9\u0130\u2019", "\U0001f600", "\x00",
]  # fmt: skip

texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join))


@given(texts, st.floats(0, 1), st.floats(-3, 0))
def test_any_text_is_read(text: str, no_speech: float, score: float) -> None:
    spoken = dataclasses.replace(heard(text, no_speech=no_speech), average_logprob=score)
    call = read(spoken, TOWN)
    assert call.reasons
    spans: list[Span] = [*call.negations, *call.hedges, *(mention.span for mention in call.mentions)]
    assert all(0 <= span.start < span.end <= len(call.text) for span in spans)
    for mention in call.mentions:
        assert call.text[mention.span.start : mention.span.end] == mention.said


@given(texts)
def test_any_text_is_decided(text: str) -> None:
    decision = deciding(text, now=NOW)
    assert decision.reason


@pytest.mark.parametrize(
    "piece", ["a", "a-", "not ", "is that ", "black and ", "b ", "one hundred and ", "'s ", "i see one "]
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    """The longest text there is, made to trip patterns up; process time with a generous bound."""
    text = ("urgent assistance " + piece * 4000)[:4000]
    started = time.process_time()
    assert reading(text).intent is not None
    assert time.process_time() - started < 4
