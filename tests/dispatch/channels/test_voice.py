"""Announcements: how they sound, who stands in for whom, and what is said again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.calls import AlertKind, Priority
from dispatch.channels.announcement import (
    NOTES,
    RATE,
    Announcement,
    Tone,
    VoiceSettings,
    attention,
    band_limited,
    compose,
    cut_at_pause,
)
from dispatch.channels.radio_text import RadioTextChannel, TextRefused, split_text
from dispatch.channels.voice import REPEAT, RadioVoiceChannel, SpeakError, VoiceRefused, tone_for
from dispatch.deliveries import ChannelKind, DeliveryFailed, LeasedDelivery, ReceiptKind
from tests.dispatch.deliveries_in_hand import NOW, SetClock, leased

PLAIN = VoiceSettings()


def tone(hertz: float, seconds: float, level: float = 0.3) -> bytes:
    t = np.arange(int(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hertz * t) * level * 32767).astype("<i2").tobytes()


def samples(pcm: bytes) -> npt.NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64) / 32768


def loudness(pcm: bytes) -> float:
    return float(np.sqrt(np.mean(np.square(samples(pcm)))))


def strongest_hz(pcm: bytes) -> float:
    spectrum = np.abs(np.fft.rfft(samples(pcm)))
    return float(np.argmax(spectrum) * RATE / len(samples(pcm)))


# -- sound -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hertz", "passes"), [(100, False), (200, False), (500, True), (2800, True), (3300, False)])
def test_only_the_voice_band_passes(hertz: float, passes: bool) -> None:
    pcm = tone(hertz, 1.0)
    left = loudness(band_limited(pcm)) / loudness(pcm)
    assert left > 0.95 if passes else left < 0.02


def test_consonants_are_lifted_over_vowels() -> None:
    both = (np.frombuffer(tone(500, 1.0), "<i2") // 2 + np.frombuffer(tone(2000, 1.0), "<i2") // 2).astype("<i2")

    def ratio(lift_db: float) -> float:
        spectrum = np.abs(np.fft.rfft(samples(band_limited(both.tobytes(), lift_db))))
        return float(20 * np.log10(spectrum[2000] / spectrum[500]))

    assert ratio(0) == pytest.approx(0, abs=0.1)
    assert ratio(3) == pytest.approx(6, abs=0.1)  # two octaves


def test_lifting_does_not_clip() -> None:
    loud = tone(2500, 0.5, 0.99)
    lifted = samples(band_limited(loud, 6.0))
    spectrum = np.abs(np.fft.rfft(lifted))
    assert np.max(np.abs(lifted)) <= 1.0
    assert spectrum[1250] > 0.9 * spectrum.sum() / 2  # still one clean tone


def test_the_filter_moves_nothing_in_time() -> None:
    pcm = bytes(RATE) + tone(1000, 0.2) + bytes(RATE)
    assert len(band_limited(pcm)) == len(pcm)
    loud = np.flatnonzero(np.abs(samples(band_limited(pcm))) > 0.15)
    assert abs(loud[0] - RATE / 2) < 80
    assert abs(loud[-1] - RATE * 0.7) < 80


@pytest.mark.parametrize("level", [0.01, 0.3, 0.99])
@pytest.mark.parametrize("kind", list(Tone))
def test_quiet_and_loud_voices_peak_six_decibels_below_full_scale(level: float, kind: Tone) -> None:
    announcement = compose((tone(800, 1.0, level),), kind, PLAIN)
    peak = 20 * np.log10(np.max(np.abs(samples(announcement.pcm))))
    assert -6.5 < peak < -5.5


def test_tones_can_be_told_apart_and_are_inside_the_band() -> None:
    sounds = {kind: attention(kind).raw_data for kind in Tone}
    assert len(set(sounds.values())) == len(Tone)
    for kind, pcm in sounds.items():
        assert 0.2 < len(pcm) / 2 / RATE < 0.8
        assert loudness(band_limited(pcm)) > 0.95 * loudness(pcm)
        assert all(300 < hertz < 3000 and abs(hertz - 1750) > 100 for hertz, _ in NOTES[kind])


def test_tone_then_pause_then_speech() -> None:
    announcement = compose((tone(500, 1.0),), Tone.NORMAL, PLAIN)
    first, second = NOTES[Tone.NORMAL]
    head = (first[1] + second[1]) * RATE // 1000 * 2
    assert abs(strongest_hz(announcement.pcm[: first[1] * RATE // 1000 * 2]) - first[0]) < 10
    assert loudness(announcement.pcm[head : head + RATE // 10 * 2]) == 0
    assert abs(strongest_hz(announcement.pcm[head + RATE // 2 :]) - 500) < 10
    assert announcement.seconds == pytest.approx(0.35 + 0.18 + 1.0, abs=0.01)


def test_without_tone() -> None:
    assert compose((tone(500, 1.0),), Tone.URGENT, VoiceSettings(tone=False)).seconds == pytest.approx(1.0, abs=0.01)


def test_the_tone_is_given_up_before_speech_is() -> None:
    announcement = compose((tone(500, 2.9),), Tone.NORMAL, VoiceSettings(max_s=3.0))
    assert announcement.seconds == pytest.approx(2.9, abs=0.01)
    assert not announcement.cut


def test_what_is_too_long_ends_at_a_pause() -> None:
    speech = tone(500, 2.6) + bytes(RATE // 5 * 2) + tone(500, 5.0)
    announcement = compose((speech,), Tone.NORMAL, VoiceSettings(max_s=3.0))
    assert announcement.cut
    assert announcement.seconds == pytest.approx(2.7, abs=0.12)


def test_urgent_ones_can_be_said_again_when_there_is_room() -> None:
    once = compose((tone(500, 2.0),), Tone.URGENT, VoiceSettings(repeats=0))
    again = compose((tone(500, 2.0),), Tone.URGENT, VoiceSettings(repeats=2, max_s=6.0))
    normal = compose((tone(500, 2.0),), Tone.NORMAL, VoiceSettings(repeats=2))
    assert again.seconds == pytest.approx(once.seconds + 2.18, abs=0.01)
    assert normal.seconds < 3


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.binary(max_size=4000).map(lambda data: data[: len(data) // 2 * 2]), max_size=3),
    st.sampled_from(list(Tone)),
    st.booleans(),
)
def test_any_samples_make_an_announcement(parts: list[bytes], kind: Tone, with_tone: bool) -> None:
    made = compose(tuple(parts), kind, VoiceSettings(tone=with_tone))
    assert isinstance(made, Announcement)
    assert len(made.pcm) % 2 == 0
    assert made.seconds <= PLAIN.max_s


@given(st.integers(0, 5000), st.integers(1, 6000))
def test_a_cut_is_never_longer_than_allowed(length: int, most: int) -> None:
    pcm = np.zeros(length, "<i2").tobytes()
    left = cut_at_pause(pcm, most)
    assert len(left) // 2 <= max(most, 0)
    assert pcm.startswith(left)


@pytest.mark.parametrize("wrong", [{"speed": 9}, {"max_s": 1}, {"repeats": 3}, {"clarity_db": -1}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="works"):
        VoiceSettings(**wrong)  # type: ignore[arg-type]


# -- the channel -------------------------------------------------------------------------------------------------------


class Radio:
    """Keeps what was keyed; refuses what the script says."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.script: list[Exception] = []

    async def send_voice(self, pcm: bytes) -> None:
        if self.script:
            raise self.script.pop(0)
        self.heard.append(pcm)


def spoken(text: list[str]) -> Callable[[str], Awaitable[bytes]]:
    async def speak(words: str) -> bytes:
        text.append(words)
        await asyncio.sleep(0)
        return tone(600, 0.4)

    return speak


def voice(number: int = 1, **changes: object) -> LeasedDelivery:
    return leased(number, ChannelKind.RADIO_VOICE, **{"recipient": "town", "body": "Reference seen.", **changes})


async def test_an_alert_is_spoken() -> None:
    radio, said = Radio(), list[str]()
    channel = RadioVoiceChannel({"town": radio}, spoken(said), PLAIN, SetClock())
    receipt = await channel.deliver(voice())
    assert receipt.kind is ReceiptKind.ACCEPTED
    assert receipt.detail == "on the air for 0.9 s"
    assert said == ["Reference seen."]
    assert len(radio.heard) == 1
    assert await channel.find(voice()) is None


async def test_a_busy_channel_is_worth_another_try_and_nothing_is_announced_as_a_repeat() -> None:
    radio, said = Radio(), list[str]()
    radio.script = [VoiceRefused("the channel stayed busy for 20 s", retryable=True)]
    channel = RadioVoiceChannel({"town": radio}, spoken(said), PLAIN, SetClock())
    with pytest.raises(DeliveryFailed, match="stayed busy") as failure:
        await channel.deliver(voice())
    assert failure.value.retryable
    await channel.deliver(voice(attempts=1))
    assert REPEAT not in said


async def test_what_was_partly_heard_is_announced_as_a_repeat() -> None:
    radio, said = Radio(), list[str]()
    radio.script = [VoiceRefused("the link broke", retryable=True, partly_heard=True)]
    channel = RadioVoiceChannel({"town": radio}, spoken(said), PLAIN, SetClock())
    with pytest.raises(DeliveryFailed):
        await channel.deliver(voice())
    said.clear()
    await channel.deliver(voice(attempts=1))
    assert said == [REPEAT, "Reference seen."]
    said.clear()
    await channel.deliver(voice(2))
    assert said == ["Reference seen."]


async def test_half_sent_before_a_crash_is_announced_as_a_repeat() -> None:
    said: list[str] = []
    await RadioVoiceChannel({"town": Radio()}, spoken(said), PLAIN, SetClock()).deliver(voice(half_sent=True))
    assert said == [REPEAT, "Reference seen."]


async def test_a_radio_that_is_gone_from_the_settings() -> None:
    channel = RadioVoiceChannel({}, spoken([]), PLAIN, SetClock())
    with pytest.raises(DeliveryFailed, match="'town'") as failure:
        await channel.deliver(voice())
    assert not failure.value.retryable


async def test_no_voice_left() -> None:
    async def speak(text: str) -> bytes:
        raise SpeakError(f"nothing says {text!r}")

    channel = RadioVoiceChannel({"town": Radio()}, speak, PLAIN, SetClock())
    with pytest.raises(DeliveryFailed, match="no voice") as failure:
        await channel.deliver(voice())
    assert failure.value.retryable


async def test_a_voice_so_slow_that_the_alert_expired_stays_silent() -> None:
    radio, clock = Radio(), SetClock()

    async def speak(text: str) -> bytes:
        clock.now = NOW + timedelta(hours=1)
        return tone(600, 0.4)

    with pytest.raises(DeliveryFailed, match="too old"):
        await RadioVoiceChannel({"town": radio}, speak, PLAIN, clock).deliver(voice())
    assert radio.heard == []


def test_which_tone() -> None:
    assert tone_for(AlertKind.SIGHTING, Priority.NORMAL) is Tone.NORMAL
    assert tone_for(AlertKind.SIGHTING, Priority.URGENT) is Tone.URGENT
    assert tone_for(AlertKind.EMERGENCY, Priority.HIGH) is Tone.URGENT
    assert tone_for(AlertKind.STAND_DOWN, Priority.URGENT) is Tone.ENDING


# -- text on the radio -------------------------------------------------------------------------------------------------


class TextingRadio:
    def __init__(self, text_max: int | None = None) -> None:
        self._text_max = text_max
        self.heard: list[str] = []
        self.script: list[Exception | None] = []

    @property
    def text_max(self) -> int | None:
        return self._text_max

    async def send_text(self, text: str) -> None:
        answer = self.script.pop(0) if self.script else None
        if answer is not None:
            raise answer
        self.heard.append(text)


async def test_radio_text_goes_on_where_it_was_interrupted() -> None:
    radio = TextingRadio(20)
    radio.script = [None, TextRefused("link down", retryable=True)]
    channel = RadioTextChannel({"town": radio}, SetClock())
    delivery = leased(1, ChannelKind.RADIO_TEXT, recipient="town", body="REF 0199 seen Quill Books to station")
    with pytest.raises(DeliveryFailed, match="link down"):
        await channel.deliver(delivery)
    assert (await channel.deliver(delivery)).detail == "3 message(s)"
    assert radio.heard == ["1/3 REF 0199 seen", "2/3 Quill Books to", "3/3 station"]
    assert await channel.find(delivery) is None


async def test_radio_text_that_cannot_work() -> None:
    channel = RadioTextChannel({"town": TextingRadio(5)}, SetClock())
    for recipient, says in (("town", "too short"), ("gone", "'gone'")):
        with pytest.raises(DeliveryFailed, match=says) as failure:
            await channel.deliver(leased(1, ChannelKind.RADIO_TEXT, recipient=recipient))
        assert not failure.value.retryable


def test_splitting() -> None:
    assert split_text("short", 40) == ("short",)
    assert split_text("as long as you like " * 9, None) == (("as long as you like " * 9).strip(),)
    assert split_text("", 40) == ()
    assert split_text("x" * 30, 20) == ("1/2 " + "x" * 16, "2/2 " + "x" * 14)
    endless = split_text("word " * 200, 20)
    assert len(endless) == 9
    assert endless[-1].endswith("...")


@given(st.text(), st.integers(12, 200))
def test_parts_fit_and_lose_nothing(text: str, most: int) -> None:
    parts = split_text(text, most)
    assert all(0 < len(part) <= most for part in parts)
    if len(parts) == 1:
        assert parts[0] == " ".join(text.split())
    elif len(parts) > 1 and not parts[-1].endswith("..."):
        said = "".join(part.split(" ", 1)[1] for part in parts)
        assert said.replace(" ", "") == "".join(text.split())


def test_the_programs_that_the_tests_count_on_are_here() -> None:
    assert shutil.which("espeak-ng"), "apt-get install espeak-ng"
