"""Selective calls and DTMF: ours by multimon-ng, sox's by ours, and what is neither."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio_drivers.signalling.dtmf import Dtmf
from radio_drivers.signalling.five_tone import FiveTone, said
from radio_drivers.signalling.found import Digits, Found
from radio_drivers.signalling.listener import LONGEST_HOLD_S, USUAL_HOLD_S, Listener, Samples
from radio_drivers.signalling.mdc1200_decoder import Mdc1200
from radio_drivers.signalling.spectra import CHUNK
from radio_drivers.signalling.tables import (
    CCIR,
    DTMF_HIGH,
    DTMF_KEYS,
    DTMF_LOW,
    EEA,
    TONE_SETS,
    ZVEI1,
    ZVEI2,
    ToneSet,
)
from radio_drivers.signalling.tones import dtmf, five_tone, silence, tones, with_repeats
from tests.radio_drivers.signalling_sounds import (
    RATE,
    heard,
    noise,
    plus_noise,
    program,
    raw,
    samples,
    sox,
    spoken,
    with_silence,
)

SETS = pytest.mark.parametrize("tone_set", TONE_SETS.values(), ids=TONE_SETS)
NUMBERS = ("12345", "34433", "22222", "00900", "123A", "55AA5")


def digits(found: list[Found]) -> list[str]:
    return [one.digits for one in found if isinstance(one, Digits)]


def faster(tone_set: ToneSet, part: float) -> ToneSet:
    return replace(tone_set, hertz={digit: hertz * (1 + part) for digit, hertz in tone_set.hertz.items()})


def test_a_digit_twice_in_a_row_is_sent_as_e() -> None:
    # Examples of the reference works on five-tone calling.
    assert with_repeats("34433") == "34E3E"
    assert with_repeats("22222") == "2E2E2"
    assert with_repeats("12345") == "12345"


@given(st.text("0123456789ABCDF", min_size=1, max_size=12))
def test_repeat_tones_are_undone(number: str) -> None:
    assert said(list(with_repeats(number))) == number


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    ("name", "tone_set"), [("CCIR", CCIR), ("EEA", EEA), ("ZVEI1", ZVEI1), ("ZVEI2", ZVEI2)], ids=lambda v: str(v)[:5]
)
def test_multimon_ng_decodes_our_calls(name: str, tone_set: ToneSet, number: str, tmp_path: Path) -> None:
    # multimon-ng lets go of the last digit when nothing follows it, and prints repeat tones as E.
    raw(tmp_path / "call.raw", with_silence(five_tone(number, tone_set)), 22_050)
    command = [program("multimon-ng"), "-q", "-t", "raw", "-a", name, str(tmp_path / "call.raw")]
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert f"{name}: {with_repeats(number)}" in out.splitlines()


def test_multimon_ng_decodes_our_keys(tmp_path: Path) -> None:
    keys = "".join(DTMF_KEYS)
    raw(tmp_path / "keys.raw", with_silence(dtmf(keys), level=0.5), 22_050)
    command = [program("multimon-ng"), "-q", "-t", "raw", "-a", "DTMF", str(tmp_path / "keys.raw")]
    out = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert [line.removeprefix("DTMF: ") for line in out.split("\n") if line] == list(keys)


@SETS
def test_we_decode_calls_that_sox_made(tone_set: ToneSet) -> None:
    parts: list[str] = []
    for digit in "9E271":
        parts += [f"|sox -n -r 16000 -b 16 -c 1 -p synth {tone_set.tone_s} sine {tone_set.hertz[digit]} gain -12"]
    sound = sox(*parts, "-t", "raw", "-e", "signed", "-b", "16", "-", "pad", "0.3", "0.3")
    assert digits(heard(sound, FiveTone(tone_set))[0]) == ["99271"]


def test_we_decode_keys_that_sox_made() -> None:
    parts: list[str] = []
    for key in "147*0#":
        row = next(index for index, row in enumerate(DTMF_KEYS) if key in row)
        low, high = DTMF_LOW[row], DTMF_HIGH[DTMF_KEYS[row].index(key)]
        both = f"synth 0.08 sine {low} synth 0.08 sine mix {high}"
        parts += [f"|sox -n -r 16000 -b 16 -c 1 -p {both} gain -9 pad 0 0.05"]
    sound = sox(*parts, "-t", "raw", "-e", "signed", "-b", "16", "-", "pad", "0.3", "0.3")
    assert digits(heard(sound, Dtmf())[0]) == ["147*0#"]


@SETS
@pytest.mark.parametrize("part", [-0.015, -0.007, 0.015])
def test_tones_that_are_off_by_1_5_per_cent_are_decoded(tone_set: ToneSet, part: float) -> None:
    for number in NUMBERS[:4]:
        sound = plus_noise(with_silence(five_tone(number, faster(tone_set, part))), 1, 10)
        assert digits(heard(sound, FiveTone(tone_set))[0]) == [number]


@SETS
def test_tones_of_nobody_are_not(tone_set: ToneSet) -> None:
    off = faster(tone_set, 0.029)
    assert heard(with_silence(five_tone("12345", off)), FiveTone(tone_set))[0] == []


@pytest.mark.parametrize("milliseconds", [85, 100, 115])
def test_tones_may_be_a_little_longer_or_shorter(milliseconds: int) -> None:
    sent = replace(CCIR, tone_s=milliseconds / 1000)
    assert digits(heard(with_silence(five_tone("40712", sent)), FiveTone(CCIR))[0]) == ["40712"]


def test_the_length_of_tones_tells_ccir_from_eea() -> None:
    assert heard(with_silence(five_tone("40712", CCIR)), FiveTone(EEA))[0] == []
    assert heard(with_silence(five_tone("40712", EEA)), FiveTone(CCIR))[0] == []


def test_a_stretched_first_tone_is_a_tone() -> None:
    sound = with_silence(five_tone("40712", EEA, first_s=0.9))
    assert digits(heard(sound, FiveTone(EEA))[0]) == ["40712"]
    assert heard(sound, FiveTone(EEA, first_s=0.3))[0] == []


def test_a_set_of_the_fleets_own() -> None:
    own = ToneSet("own", {"0": 600.0, "1": 700.0, "2": 820.0, "3": 960.0, "E": 1100.0}, 0.06, 0.2)
    assert digits(heard(with_silence(five_tone("31102", own)), FiveTone(own))[0]) == ["31102"]


def test_too_few_and_too_many_tones_are_no_call() -> None:
    for number in ("1234", "123456789"):
        assert heard(with_silence(five_tone(number, ZVEI1)), FiveTone(ZVEI1))[0] == []
    assert digits(heard(with_silence(five_tone("1234567", ZVEI1)), FiveTone(ZVEI1))[0]) == ["1234567"]


def test_two_calls_are_two_calls() -> None:
    sound = with_silence(five_tone("12345", CCIR), silence(0.3), five_tone("54321", CCIR))
    assert digits(heard(sound, FiveTone(CCIR))[0]) == ["12345", "54321"]


def test_a_call_that_runs_to_the_end_of_the_transmission_counts() -> None:
    assert digits(heard(samples(silence(0.2), five_tone("12345", CCIR)), FiveTone(CCIR))[0]) == ["12345"]


def test_a_call_cut_off_by_the_key_up_is_none() -> None:
    burst = five_tone("12345", CCIR)
    assert heard(samples(burst[len(burst) // 3 :], silence(0.4)), FiveTone(CCIR))[0] == []


@pytest.mark.parametrize(("on", "off"), [(0.1, 0.05), (0.05, 0.05), (0.04, 0.02)])
def test_short_keys_and_equal_keys_are_told_apart(on: float, off: float) -> None:
    assert digits(heard(with_silence(dtmf("112233#", on, off)), Dtmf())[0]) == ["112233#"]


def test_a_pause_ends_a_number_and_few_keys_are_none() -> None:
    sound = with_silence(dtmf("1234"), silence(1.0), dtmf("56"), silence(1.0), dtmf("7890"))
    assert digits(heard(sound, Dtmf(least=4, gap_s=0.7))[0]) == ["1234", "7890"]


def test_keys_whose_tones_disagree_about_the_clock_are_speech() -> None:
    low, high = tones([(697 * 1.012, 0.1)]), tones([(1336 * 0.988, 0.1)])
    pair = np.concatenate([0.5 * (low + high), silence(0.05)]).astype(np.float32)
    assert heard(with_silence(*[pair] * 5), Dtmf())[0] == []


@SETS
def test_what_was_sent_is_silenced_and_nothing_else(tone_set: ToneSet) -> None:
    talk = spoken("Control, this is the bookshop, radio check please.")
    burst = samples(five_tone("40712", tone_set))
    sound = np.concatenate([talk, np.zeros(3200, np.int16), burst, np.zeros(3200, np.int16), talk])
    found, left = heard(sound, FiveTone(tone_set))
    assert digits(found) == ["40712"]
    assert len(left) == len(sound)
    start = len(talk) + 3200
    assert not left[start : start + len(burst)].any()
    np.testing.assert_array_equal(left[: len(talk)], talk)
    np.testing.assert_array_equal(left[-len(talk) :], talk)


def test_keys_are_silenced() -> None:
    burst = dtmf("4071")
    _, left = heard(with_silence(burst), Dtmf())
    assert not left.any()


SOUND = np.concatenate(
    [
        plus_noise(with_silence(five_tone("40712", EEA), silence(0.1), dtmf("4433*", 0.05, 0.05)), 3, 12),
        samples(tones([(1981, 0.9)]), noise(4, 0.2, 0.2)),
    ]
)


def decoders() -> tuple[FiveTone, Dtmf, Mdc1200]:
    return FiveTone(EEA), Dtmf(), Mdc1200()


@cache
def at_once() -> tuple[list[Found], Samples]:
    return heard(SOUND, *decoders())


@settings(max_examples=10)
@given(st.lists(st.integers(0, len(SOUND)), max_size=40))
def test_how_the_stream_was_cut_makes_no_difference(cuts: list[int]) -> None:
    found, left = at_once()
    again, left_again = heard(SOUND, *decoders(), cuts=cuts)
    assert digits(found) == ["40712", "4433*"]
    assert again == found
    np.testing.assert_array_equal(left_again, left)


@pytest.mark.parametrize("hertz", [1981.0, 1800.0, 697.0])
def test_no_tone_is_held_back_for_ever(hertz: float) -> None:
    listener = Listener(decoders())
    sound = samples(silence(0.6), tones([(hertz, 3.0)]), tones([(941, 2.0)]) * 0.5 + tones([(1336, 2.0)]) * 0.5)
    longest = 0
    for start in range(0, len(sound), CHUNK):
        listener.hear(sound[start : start + CHUNK])
        longest = max(longest, start + CHUNK - listener.passed)
        if start < RATE // 2:
            assert longest <= USUAL_HOLD_S * RATE
    assert longest <= LONGEST_HOLD_S * RATE


def test_speech_and_noise_are_no_calls() -> None:
    talk = spoken("One two three four five. Zero nine. The quick brown fox is seen by the tills, she is in a red coat.")
    sounds = [talk, spoken("Hello control, all quiet here, out.", "-v", "en-us+f3", "-p", "80")]
    sounds += [np.rint(noise(seed, 2.0, 0.2) * 32767).astype(np.int16) for seed in range(2)]
    everybody = [FiveTone(tone_set) for tone_set in TONE_SETS.values()]
    for sound in sounds:
        assert heard(sound, *everybody, Dtmf(), Mdc1200())[0] == []


@settings(max_examples=30)
@given(st.binary(max_size=6000), st.integers(1, 6))
def test_any_samples_are_heard_and_all_come_out(data: bytes, times: int) -> None:
    sound = np.frombuffer((data * times)[: len(data) * times // 2 * 2], "<i2")
    _, left = heard(sound, *decoders())
    assert len(left) == len(sound)


@pytest.mark.parametrize("seconds", [0.5, 0.8, 1.2])
def test_a_whistle_that_rises_through_all_digits_is_no_call(seconds: float) -> None:
    # Another carrier drifting past: it spends as long near each digit as a tone of EEA does.
    hertz = np.linspace(1000, 2100, round(seconds * RATE))
    glide = np.sin(2 * np.pi * np.cumsum(hertz) / RATE).astype(np.float32)
    for wave in (glide, glide[::-1].copy()):
        for tone_set in TONE_SETS.values():
            assert heard(with_silence(wave), FiveTone(tone_set))[0] == []
