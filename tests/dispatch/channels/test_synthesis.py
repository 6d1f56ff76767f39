"""Voices: real ones, and one standing in for the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.channels.synthesis import (
    ENGINES,
    LONGEST_TEXT,
    RATE,
    FailoverVoice,
    PreparedPhrases,
    SynthesisError,
    make_synthesizer,
    sayable,
)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Reference DT-0142 seen.", "Reference D T zero one four two seen."),
        ("FN 0199", "F N zero one nine nine"),
        ("Alert 731.", "Alert seven three one."),
        ("Call 999 if seen", "Call nine nine nine if seen"),
        ("ref 0007, camera 27", "ref zero zero zero seven, camera 27"),
        ("at 14:05, 2.5 metres, 12 people", "at 14:05, 2.5 metres, 12 people"),
        ("  two\n lines ", "two lines"),
    ],
)
def test_numbers_as_they_are_said_on_the_radio(written: str, said: str) -> None:
    assert sayable(written) == said


@given(st.text())
def test_any_text_can_be_prepared(text: str) -> None:
    assert len(sayable(text)) <= LONGEST_TEXT * 6
    assert "\n" not in sayable(text)


@pytest.mark.speech
@pytest.mark.parametrize("engine", ["hibari", "espeak"])
def test_a_real_voice_speaks(engine: str) -> None:
    voice = make_synthesizer(engine)
    pcm = voice.speak("Reference zero one nine nine seen in Market Square.")
    assert voice.name == engine
    assert 2 < len(pcm) / 2 / RATE < 7
    samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32768
    assert np.max(np.abs(samples)) > 0.1
    # Sound within the voice band, not noise: most of its power lies below 3.4 kHz.
    power = np.square(np.abs(np.fft.rfft(samples)))
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    assert power[(hertz > 100) & (hertz < 3400)].sum() > 0.8 * power.sum()


@pytest.mark.speech
def test_a_slower_voice_takes_longer() -> None:
    text = "Stand down, stand down."
    assert len(make_synthesizer("espeak", 0.7).speak(text)) > 1.2 * len(make_synthesizer("espeak").speak(text))


def test_hostile_text_is_spoken_and_not_run() -> None:
    pcm = make_synthesizer("espeak").speak('--help; $(touch /tmp/no) <speak> "\x00')
    assert len(pcm) > RATE


class Voice:
    """Speaks until its breath is used up."""

    def __init__(self, name: str, breath: int = 1000) -> None:
        self.name = name
        self.breath = breath
        self.asked = 0

    def speak(self, text: str) -> bytes:
        self.asked += 1
        if self.breath == 0:
            raise SynthesisError(f"{self.name} is out of breath")
        self.breath -= 1
        return text.encode().ljust(100)


def test_one_voice_stands_in_for_another_and_a_failed_one_is_not_asked_again() -> None:
    first, second = Voice("first", breath=1), Voice("second")
    voice = FailoverVoice({"first": lambda _: first, "second": lambda _: second})
    assert voice.name == "first"
    voice.speak("one")
    assert voice.speak("two").strip() == b"two"
    voice.speak("three")
    assert voice.name == "second"
    assert (first.asked, second.asked) == (2, 2)


def test_a_voice_that_is_not_installed_is_passed_over() -> None:
    def missing(_: float) -> Voice:
        raise SynthesisError("not installed")

    voice = FailoverVoice({"missing": missing, "second": lambda _: Voice("second")})
    assert voice.speak("hello").strip() == b"hello"


def test_when_no_voice_is_left_every_reason_is_told_and_the_next_text_begins_anew() -> None:
    voices = {"a": Voice("a", 0), "b": Voice("b", 0)}
    voice = FailoverVoice({name: lambda _, one=one: one for name, one in voices.items()})  # type: ignore[misc]
    for _ in range(2):
        with pytest.raises(SynthesisError, match="no voice works: a is out of breath; b is out of breath"):
            voice.speak("hello")
    voices["a"].breath = 1
    assert voice.speak("hello").strip() == b"hello"
    assert voice.name == "a"


def test_prepared_phrases_are_not_spoken_twice() -> None:
    only = Voice("only")
    voice = FailoverVoice({"only": lambda _: only})
    assert voice.speak("Repeat.") == voice.speak("Repeat.")
    assert only.asked == 1


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 40_000)), max_size=30))
def test_prepared_phrases_keep_to_their_room(phrases: list[tuple[str, int]]) -> None:
    prepared = PreparedPhrases(2.0)
    for text, length in phrases:
        prepared.keep(text, bytes(length))
        assert prepared.get(text) == bytes(length)
        assert sum(map(len, prepared._phrases.values())) == prepared._held <= 2 * RATE * 2


def test_names() -> None:
    assert ENGINES == ("auto", "hibari", "piper", "espeak")
    with pytest.raises(SynthesisError, match="no voice is called 'elvis'"):
        make_synthesizer("elvis")


def test_piper_is_optional() -> None:
    """Asked for by name and not installed: the others stand in."""
    assert make_synthesizer("piper").speak("Stand down.")
