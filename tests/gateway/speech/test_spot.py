"""Names looked for by their sounds in speech: by the engine, by the desk of a worker, and through real workers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from typing_extensions import override

from dispatch import heard
from dispatch.calls import Call, Intent, MentionKind
from dispatch.matching import Register
from dispatch.matching.codes import one_digit_off
from dispatch.matching.register import Entry, Form, number_ways
from dispatch.matching.sounded_codes import APART, SPELLED_PERHAPS, SURE
from dispatch.matching.sounded_phrases import allowed
from dispatch.matching.sounds import unbroken
from dispatch.matching.spotted import DENIALS, DENIED, sounded
from dispatch.people import Person
from dispatch.reading.spelling import spell
from gateway.speech import workers as workers_module
from gateway.speech.child import RefusedError
from gateway.speech.framing import HEADER_LIMIT, encode
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import Claim, Fit, Hints, Hypothesis, Spotted, Transcriber, Transcript
from gateway.speech.whisper import WhisperEngine
from gateway.speech.wire import spotted_from
from gateway.speech.worker import Desk
from gateway.speech.workers import SpeechWorkers
from tests.gateway.speech.conftest import Say

SETTINGS = SpeechSettings(threads=1, hot_words=False)
NOT_SAID = ("Gavin Oxley", "Denise Rookwell", "Winston Babbage", "Ottoline Frith", "Marcus Pettigrew")
SAID = (
    ("Control from the bakery, {} is by the tills in a green coat.", "Ilse Quarrington"),
    ("Has anybody seen {} today?", "Tobin Winstanley"),
    ("Stand down, {} has gone to the station.", "Mulcahy"),
)


def ways_of(name: str) -> tuple[str, ...]:
    return unbroken(name)


def of_matching(one: Spotted) -> heard.Spotted:
    return heard.Spotted(one.cost, one.sounds, one.start_s, one.end_s)


def entries(*names: str) -> tuple[Entry, ...]:
    people = (Person(at, f"FT-{at:04d}", "", name, (), None, None, ()) for at, name in enumerate(names, 1))
    return Register.of(people).entries


def a_sound(one: Spotted) -> float:
    return one.cost / one.sounds


def quiet(seconds: float) -> bytes:
    noise = np.random.default_rng(2).normal(0, 30, int(seconds * 16_000))
    return noise.astype("<i2").tobytes()


@pytest.mark.speech
@pytest.mark.parametrize(("text", "name"), SAID)
def test_the_name_that_was_said_costs_less_than_those_that_were_not(
    whisper: WhisperEngine, say: Say, text: str, name: str
) -> None:
    ways = {way: who for who in (name, *NOT_SAID) for way in ways_of(who)}
    found = whisper.spot(say(text.format(name)), list(ways))
    nearest: dict[str, float] = {}
    for (_, who), one in zip(ways.items(), found, strict=True):
        nearest[who] = min(a_sound(one), nearest.get(who, 99.0))
    assert min(nearest, key=lambda who: nearest[who]) == name
    assert nearest[name] < 0.8 * min(nearest[who] for who in NOT_SAID)


@pytest.mark.speech
def test_a_name_is_found_where_it_was_said(whisper: WhisperEngine, say: Say) -> None:
    before, after = quiet(2.0) + say("Control, good morning."), say("Tobin Winstanley.")
    pcm = before + quiet(0.5) + after + quiet(1.0)
    found = min(whisper.spot(pcm, ways_of("Tobin Winstanley")), key=a_sound)
    began = (len(before) + len(quiet(0.5))) / 32_000
    assert began - 0.2 < found.start_s < found.end_s < began + len(after) / 32_000 + 0.2
    assert found.end_s - found.start_s > 0.4


@pytest.mark.speech
@pytest.mark.parametrize(
    ("text", "denied"),
    [
        ("Disregard my last, it isn't Ilse Quarrington, sorry.", True),
        ("Correction, that was not Ilse Quarrington, somebody else.", True),
        ("Control, it's Ilse Quarrington by the tills.", False),
        ("Control, we've got Ilse Quarrington on camera.", False),
    ],
)
def test_a_denial_before_a_name_is_heard(whisper: WhisperEngine, say: Say, text: str, denied: bool) -> None:
    own = ways_of("Ilse Quarrington")
    ways = [*own, *(denial + way for denial in DENIALS for way in own)]
    found = dict(zip(ways, whisper.spot(say(text), ways), strict=True))
    nearest = min(own, key=lambda way: found[way].cost)
    more = min((found[denial + nearest].cost - found[nearest].cost) / len(denial) for denial in DENIALS)
    assert (more <= DENIED) is denied


@pytest.mark.speech
@pytest.mark.parametrize("digits", ["0152", "0963", "2470"])
def test_a_reference_is_nearer_than_every_number_with_another_digit(
    whisper: WhisperEngine, say: Say, digits: str
) -> None:
    spoken = {
        "0": "zero",
        "1": "one",
        "2": "two",
        "3": "three",
        "4": "four",
        "5": "five",
        "6": "six",
        "7": "seven",
        "9": "nine",
    }
    every = (Form(MentionKind.REF, digits, entries("Marchwood")), *one_digit_off([digits]))
    ways = number_ways(every, short=False)
    pcm = say(f"{' '.join(spoken[digit] for digit in digits)} is outside again with a trolley.")
    near = sounded(dict(zip(ways, map(of_matching, whisper.spot(pcm, list(ways))), strict=True)), ways, every)
    assert near.nearest(1, SURE) == [0]
    assert near.margin(0) >= APART


@pytest.mark.speech
@pytest.mark.parametrize(
    ("text", "phrase", "said"),
    [
        ("Control, stand down please, he has left by bus.", "stand down", True),
        ("All units stand down, that is finished.", "stand down", True),
        ("Control, he is standing by the door downstairs.", "stand down", False),
        ("He has sat down in our doorway with a bag.", "stand down", False),
        ("Corner Books, urgent assistance, he is at the till.", "urgent assistance", True),
        ("The agent has his assistant with him at the till.", "urgent assistance", False),
        ("Correction from Corner Books, it was the other lady.", "correction", True),
        ("The charity collection is at the church on Sunday.", "correction", False),
    ],
)
def test_a_phrase_is_heard_by_its_sounds(
    whisper: WhisperEngine, say: Say, text: str, phrase: str, *, said: bool
) -> None:
    way = unbroken(phrase)[0]
    (found,) = whisper.spot(say(text), [way])
    assert (a_sound(found) <= allowed(way, Call(text, Intent.SIGHTING))) is said


@pytest.mark.speech
def test_spelled_letters_are_nearer_than_those_of_other_names(whisper: WhisperEngine, say: Say) -> None:
    names = ("ridgewell", "ridgeway", "bryan", "ryan", "castle")
    ways = {unbroken(" ".join(spell(name)))[0]: (at,) for at, name in enumerate(names)}
    forms = [Form(MentionKind.SPELLED, name, (entry,)) for name, entry in zip(names, entries(*names), strict=True)]
    pcm = say("His name is Bravo Romeo Yankee Alpha November, on camera now.")
    found = dict(zip(ways, map(of_matching, whisper.spot(pcm, list(ways))), strict=True))
    near = sounded(found, ways, forms)
    assert {names[key] for key in near.nearest(5, SPELLED_PERHAPS)} == {"bryan", "ryan"}


@pytest.mark.speech
def test_in_a_long_call_it_is_found_in_the_right_window(whisper: WhisperEngine, say: Say) -> None:
    before = say("Boots to Control, good morning.") + quiet(26.0) + say("All stations stand by.") + quiet(1.0)
    pcm = before + say("Now Ilse Quarrington is in the park.")
    found = min(whisper.spot(pcm, ways_of("Ilse Quarrington")), key=a_sound)
    assert len(before) / 32_000 - 0.2 < found.start_s < found.end_s < len(pcm) / 32_000 + 0.1


@pytest.mark.speech
def test_every_way_has_an_answer_also_in_what_is_no_speech(whisper: WhisperEngine) -> None:
    ways = [*ways_of("Gavin Oxley"), "", "?"]
    for pcm in (quiet(1.0), bytes(32_000), b"\x01\x02" * 1601):
        found = whisper.spot(pcm, ways)
        assert len(found) == len(ways)
        assert all(one.cost > 1e5 for one in found[-2:])
    assert whisper.spot(quiet(1.0), []) == []
    assert whisper.spot(quiet(0.05), ways) == []
    assert whisper.spot(b"", ways) == []


@pytest.mark.speech
def test_a_call_is_read_once_however_often_it_is_asked_about(
    whisper: WhisperEngine, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Mock(wraps=whisper._sounds.read)
    monkeypatch.setattr(whisper._sounds, "read", read)
    first, second = say("Radio check please."), say("Tobin Winstanley again.")
    found = [whisper.spot(pcm, ["ʧɛk"]) for pcm in (first, first, second, first)]
    assert read.call_count == 3
    assert found[0] == found[1] == found[3] != found[2]


class OneEngine:
    """Finds whatever it is asked for, later and later."""

    label = "one"

    def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        raise AssertionError

    def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        raise AssertionError

    def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        raise AssertionError

    def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        raise AssertionError

    def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        return [Spotted(1.25, len(way), at / 2, len(pcm) / 2) for at, way in enumerate(ways)]


class DeafEngine:
    """Hears words only."""

    label = "deaf"

    def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        raise AssertionError

    def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        raise AssertionError


def test_what_a_worker_answers_comes_back_as_it_was() -> None:
    answer, payload = Desk(OneEngine()).handle({"op": "spot", "ways": ["ɒksli", "ʤAn"]}, bytes(8))
    assert payload == b""
    rows = json.loads(json.dumps(answer))["spotted"]
    assert spotted_from(rows) == [Spotted(1.25, 5, 0.0, 4.0), Spotted(1.25, 3, 0.5, 4.0)]
    assert spotted_from([]) == []
    with pytest.raises(TypeError):
        spotted_from([{"cost": 1.0}])


def test_an_engine_of_words_refuses() -> None:
    with pytest.raises(RefusedError, match="deaf"):
        Desk(DeafEngine()).handle({"op": "spot", "ways": ["ɒksli"]}, bytes(8))


def test_what_is_asked_at_once_fits_into_a_message() -> None:
    most = workers_module.MOST_WAYS
    ways = ["ʤɔʤʃɔʃʤɔʤʃɔʃʤɔʤʃɔʃ"] * most
    encode({"op": "spot", "ways": ways})
    spotted = Spotted(1_000_123.456789012, 40, 123.45678901234567, 123.45678901234567)
    answer, _ = Desk(_Always(spotted)).handle({"op": "spot", "ways": ways}, b"")
    assert len(encode(answer)) < HEADER_LIMIT


class _Always(OneEngine):
    def __init__(self, answer: Spotted) -> None:
        self.answer = answer

    @override
    def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        return [self.answer] * len(ways)


@pytest.mark.speech
async def test_workers_find_the_same_however_many_are_asked_about(
    whisper: WhisperEngine, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    pcm = say("Has anybody seen Tobin Winstanley today?")
    ways = [way for name in ("Tobin Winstanley", *NOT_SAID) for way in ways_of(name)]
    async with SpeechWorkers(SETTINGS) as started:
        transcriber: Transcriber = started
        at_once = await transcriber.spot(pcm, ways)
        monkeypatch.setattr(workers_module, "MOST_WAYS", 2)
        assert await transcriber.spot(pcm, ways) == at_once
        assert await transcriber.spot(pcm, []) == []
    assert [one.sounds for one in at_once] == [len(way) for way in ways]
    assert ways[min(range(len(ways)), key=lambda at: a_sound(at_once[at]))] in ways_of("Tobin Winstanley")


@pytest.mark.speech
async def test_an_engine_without_sounds_is_not_asked(korean_model: Path) -> None:
    settings = replace(SETTINGS, engine="vosk", model=str(korean_model))
    async with SpeechWorkers(settings) as started:
        assert await started.spot(quiet(1.0), ["ɒksli"]) == []
