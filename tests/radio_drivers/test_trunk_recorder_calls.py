"""trunk-recorder's messages, read and taken apart, without a broker."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.interface import RATE, Audio, EmergencyPressed, KeyDown, KeyUp, RadioEvent, Signalled
from radio_drivers.mqtt.fields import FieldError, epoch_of, number_of, text_of, truth_of, whole_of
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.reception import Moment
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.trunk_recorder.calls import Calls
from radio_drivers.trunk_recorder.protocol import CallAudio, CallEnded, CallStarted, StatusFrame, decode
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings
from radio_drivers.trunk_recorder.sound import SoundError, read_sound
from tests.radio_drivers import trunk_recorder_says as tr
from tests.radio_drivers.broker_side import tone

START = datetime(2026, 3, 7, 14, 5, 9, tzinfo=UTC)
NOW = Moment(START + timedelta(seconds=8), 100.0)


def heard(message: bytes) -> CallAudio:
    frame = decode("audio", message)
    assert isinstance(frame, CallAudio)
    return frame


def events_of(message: bytes, now: Moment = NOW, **settings: Any) -> list[RadioEvent | BadPayload]:  # noqa: ANN401
    frame = heard(message)
    pcm, wrong = read_sound(frame.audio, frame.call.length_s)
    assert not wrong
    return list(Calls("town", TrunkRecorderSettings(**settings)).recorded(frame, pcm, now))


def talkers(events: list[RadioEvent | BadPayload]) -> list[tuple[str | None, float, float]]:
    """Unit, begin after the call's start, length; in seconds."""
    found: list[tuple[str | None, float, float]] = []
    begin: KeyUp | None = None
    size = 0
    for event in events:
        match event:
            case KeyUp():
                begin, size = event, 0
            case Audio():
                size += len(event.pcm)
            case KeyDown():
                assert begin is not None
                assert event.at == begin.at + timedelta(seconds=size / 2 / RATE)
                found.append((begin.unit, (begin.at - START).total_seconds(), round(size / 2 / RATE, 3)))
            case _:
                pass
    return found


def test_a_call_is_one_transmission_with_its_unit_strength_and_time() -> None:
    sound = tone(2.5)
    events = events_of(tr.audio(START, write_wav(sound, RATE), 2.5))
    assert events[0] == KeyUp("town", START, "4401", -96.0)
    assert events[1] == Signalled(
        "town", START, "trunk-recorder", "unit 4401 (Quill Books) on talkgroup 9001 (TOWN)", "4401", "9001"
    )
    assert b"".join(event.pcm for event in events if isinstance(event, Audio)) == sound
    assert events[-1] == KeyDown("town", START + timedelta(seconds=2.5), -96.0)


@pytest.mark.parametrize("as_text", [False, True])
def test_both_ways_of_writing_numbers_are_read(as_text: bool) -> None:
    frame = decode("call_end", tr.call("call_end", START, as_text=as_text, signal=-96, noise=999, emergency=True))
    assert isinstance(frame, CallEnded)
    one = frame.call
    assert (one.system, one.talkgroup, one.unit, one.emergency, one.start, one.strength_dbm) == (
        "shopwatch", 9001, "4401", True, START, -96.0,
    )  # fmt: skip


def test_a_start_without_start_time_has_it_in_its_id() -> None:
    frame = decode("call_start", tr.call("call_start", START, start_time="", signal=999))
    assert isinstance(frame, CallStarted)
    assert frame.call.start == START
    assert frame.call.strength_dbm is None


def test_several_talkers_in_a_recording_are_several_transmissions() -> None:
    sources = (
        tr.source(4401, START, 0.0),
        tr.source(4402, START + timedelta(seconds=2), 2.0),  # two seconds of silence were left out before it
        tr.source(4402, START + timedelta(seconds=2), 3.0),
        tr.source(4401, START + timedelta(seconds=3), 5.5),
    )
    message = tr.audio(START, write_wav(tone(7.0), RATE), 7.0, sources=sources)
    assert talkers(events_of(message)) == [("4401", 0.0, 2.0), ("4402", 4.0, 3.5), ("4401", 8.0, 1.5)]
    assert talkers(events_of(message, split_units=False)) == [("4401", 0.0, 7.0)]


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([(-1, 0.0), (4401, 0.3)], [("4401", 4.0)]),  # the id came a little after talk was pressed
        ([(-1, 0.0), (4401, 3.8)], [("4401", 4.0)]),  # the id came when talk was let go
        ([(-1, 0.0), (4401, 2.0)], [(None, 2.0), ("4401", 2.0)]),  # somebody without an id, then somebody with one
        ([(4401, 0.0), (0, 2.0), (4402, 3.5)], [("4401", 2.0), ("4402", 2.0)]),
        ([(4401, 99.0)], [("4401", 4.0)]),
        ([], [(None, 4.0)]),
    ],
)
def test_stretches_without_an_id(units: list[tuple[int, float]], expected: list[tuple[str | None, float]]) -> None:
    sources = tuple(tr.source(unit, START, position) for unit, position in units)
    message = tr.audio(START, write_wav(tone(4.0), RATE), 4.0, sources=sources)
    assert [(unit, length) for unit, _, length in talkers(events_of(message))] == expected


def test_an_emergency_is_told_once_at_the_first_message_that_says_so() -> None:
    calls = Calls("town", TrunkRecorderSettings())
    start = decode("call_start", tr.call("call_start", START, emergency=True))
    end = decode("call_end", tr.call("call_end", START, emergency=True))
    assert isinstance(start, CallStarted)
    assert isinstance(end, CallEnded)
    first = list(calls.take(start, Moment(START, 1.0)))
    assert first[0] == EmergencyPressed("town", START, "4401")
    assert isinstance(first[1], Signalled)
    assert first[1].text.startswith("emergency: unit 4401")
    assert list(calls.take(end, NOW)) == []
    late = heard(tr.audio(START, write_wav(tone(1.0), RATE), 1.0, emergency=1))
    assert not [e for e in calls.recorded(late, tone(1.0), NOW) if isinstance(e, EmergencyPressed)]


def test_an_emergency_that_only_a_recording_tells_comes_before_its_words() -> None:
    sources = (tr.source(4401, START, 0.0), tr.source(4402, START, 1.0, emergency=1))
    events = events_of(tr.audio(START, write_wav(tone(2.0), RATE), 2.0, sources=sources))
    assert events[0] == EmergencyPressed("town", START, "4402")
    assert sum(isinstance(event, EmergencyPressed) for event in events) == 1


@pytest.mark.parametrize(
    ("settings", "ours"),
    [
        ({}, True),
        ({"systems": ("shopwatch",)}, True),
        ({"systems": ("county",)}, False),
        ({"talkgroups": (9001, 9002)}, True),
        ({"talkgroups": (9002,)}, False),
        ({"systems": ("shopwatch",), "talkgroups": (9002,)}, False),
    ],
)
def test_a_channel_is_a_system_and_its_talkgroups(settings: dict[str, Any], ours: bool) -> None:
    calls = Calls("town", TrunkRecorderSettings(**settings))
    frame = decode("call_start", tr.call("call_start", START, emergency=True))
    assert isinstance(frame, CallStarted)
    assert calls.ours(frame.call) == ours
    assert bool(list(calls.take(frame, NOW))) == ours
    assert calls.busy(NOW.seconds) == ours


def test_busy_from_a_trunked_start_to_its_end_and_never_by_a_conventional_one() -> None:
    calls = Calls("town", TrunkRecorderSettings())

    def take(kind: str, conventional: bool = False) -> None:
        frame = decode(kind, tr.call(kind, START, conventional=conventional))
        assert isinstance(frame, CallStarted | CallEnded)
        list(calls.take(frame, NOW))

    take("call_start", conventional=True)
    assert not calls.busy(NOW.seconds)
    take("call_start")
    assert calls.busy(NOW.seconds)
    take("call_end")
    assert not calls.busy(NOW.seconds)
    take("call_start")
    assert not calls.busy(NOW.seconds + 181)  # an end that was lost


def test_the_same_call_twice_is_one() -> None:
    calls = Calls("town", TrunkRecorderSettings())
    frame = heard(tr.audio(START, write_wav(tone(1.0), RATE), 1.0))
    assert list(calls.recorded(frame, tone(1.0), NOW))
    assert list(calls.recorded(frame, tone(1.0), NOW)) == []


def test_our_own_announcement_is_no_call() -> None:
    message = tr.audio(START, write_wav(tone(1.0), RATE), 1.0)
    assert events_of(message, ignore_units=("4401",)) == []
    assert events_of(message, ignore_units=("4402",))


def test_a_clock_that_is_far_off_is_not_believed_and_said_so() -> None:
    now = Moment(START + timedelta(days=1), 5.0)
    first, up, *_ = events_of(tr.audio(START, write_wav(tone(2.0), RATE), 2.0), now)
    assert isinstance(first, BadPayload)
    assert "2026-03-07 14:05:11Z by its clock, which is not believed" in first.reason
    assert isinstance(up, KeyUp)
    assert up.at == now.utc - timedelta(seconds=2)


# Sound.


def encoded(kind: str, rate: int) -> bytes:
    out = io.BytesIO()
    samples = np.frombuffer(tone(2.0, rate), "<i2")
    soundfile.write(out, samples, rate, format=kind, subtype="MPEG_LAYER_III" if kind == "MP3" else None)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "rate"), [("WAV", 8000), ("WAV", 16000), ("FLAC", 16000), ("OGG", 16000), ("MP3", 16000)]
)
def test_whatever_libsndfile_reads_is_heard(kind: str, rate: int) -> None:
    pcm, wrong = read_sound(encoded(kind, rate), 2.0)
    assert not wrong
    samples = np.frombuffer(pcm, "<i2").astype(float)
    assert len(samples) / RATE == pytest.approx(2.0, abs=0.15)
    spectrum = np.abs(np.fft.rfft(samples[:RATE]))
    assert int(spectrum.argmax()) == pytest.approx(700, abs=2)


@pytest.mark.parametrize(("rate", "said", "heard_s"), [(8000, 2.0, 2.0), (16000, 2.0, 2.0), (8000, 2.3, 2.0)])
def test_bare_samples_are_believed_when_they_are_as_long_as_said(rate: int, said: float, heard_s: float) -> None:
    pcm, _ = read_sound(tone(2.0, rate), said)
    assert len(pcm) / 2 / RATE == pytest.approx(heard_s, abs=0.01)


@pytest.mark.parametrize(
    ("data", "length_s", "message"),
    [
        (b"\x00\x00\x00\x18ftypM4A ....", 3.0, r"M4A .* set the plugin's audio type \(mqtt_audio_type\) to wav"),
        (tone(2.0), None, "as bare samples it has not the length"),
        (tone(2.0), 9.0, "as bare samples it has not the length"),
        (b"fLaC and then nothing", 1.0, "no sound file"),
        (write_wav(b"", RATE)[:44], 1.0, "there are no samples in it"),
        (write_wav(bytes(4000 * 2 * 601), 4000), 601.0, "601 s are too long"),
        (b"", 1.0, "as bare samples it has not the length"),
    ],
)
def test_what_cannot_be_heard_says_what_to_set(data: bytes, length_s: float | None, message: str) -> None:
    with pytest.raises(SoundError, match=message):
        read_sound(data, length_s)


def test_a_recording_cut_off_on_its_way_is_heard_as_far_as_it_came() -> None:
    pcm, wrong = read_sound(write_wav(tone(2.0), RATE)[: 44 + 32000], 2.0)
    assert len(pcm) == 32000
    assert wrong.startswith("cut off")


# Whatever comes.

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    "id",
    "unit",
    "src",
    "talkgroup",
    "start_time",
    "stop_time",
    "signal",
    "emergency",
    "encrypted",
    "srcList",
    "pos",
    "time",
)


@given(st.sampled_from(["call_start", "call_end", "audio", "trunk_recorder/status", "else"]), st.binary(max_size=300))
def test_any_bytes_are_a_frame_or_a_complaint(part: str, payload: bytes) -> None:
    assert isinstance(decode(part, payload), CallStarted | CallEnded | CallAudio | StatusFrame | BadPayload)


@given(
    st.sampled_from(["call_start", "call_end", "audio"]),
    st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8),
    st.lists(st.dictionaries(st.sampled_from(("src", "pos", "time", "emergency", "tag")), JSON), max_size=4),
    st.binary(max_size=4000),
)
def test_any_fields_never_break_reception(
    part: str, fields: dict[str, Any], sources: list[dict[str, Any]], sound: bytes
) -> None:
    calls = Calls("town", TrunkRecorderSettings())
    body: dict[str, Any] = fields
    if part == "audio":
        body = {"audio_wav_base64": base64.b64encode(sound).decode(), "metadata": {**fields, "srcList": sources}}
    frame = decode(part, json.dumps({"call": body}).encode())
    match frame:
        case CallAudio():
            told = list(calls.recorded(frame, sound[: len(sound) & ~1], NOW))
            assert b"".join(e.pcm for e in told if isinstance(e, Audio)) == sound[: len(sound) & ~1]
            assert_well_formed(told)
        case CallStarted() | CallEnded():
            list(calls.take(frame, NOW))
        case _:
            pass


@given(st.binary(max_size=600), st.none() | st.floats(0, 1))
def test_any_bytes_are_sound_or_refused(data: bytes, length_s: float | None) -> None:
    for head in (b"", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"RIFF\x00\x00\x00\x00WAVE"):
        try:
            pcm, _ = read_sound(head + data, length_s)
        except SoundError:
            continue
        assert len(pcm) % 2 == 0


def assert_well_formed(events: list[RadioEvent | BadPayload]) -> None:
    """Key-ups and key-downs take turns, audio lies between them, and time never runs back."""
    up, last = False, datetime.min.replace(tzinfo=UTC)
    for event in _ordered(events):
        assert isinstance(event, KeyDown) == (up and not isinstance(event, Audio))
        up = not isinstance(event, KeyDown)
        assert event.at >= last
        last = event.at
    assert not up


def _ordered(events: list[RadioEvent | BadPayload]) -> Iterator[KeyUp | Audio | KeyDown]:
    for event in events:
        if isinstance(event, KeyUp | Audio | KeyDown):
            yield event


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (text_of, []), (text_of, True), (number_of, "x"), (number_of, True), (number_of, float("nan")), (number_of, 1e300),
        (whole_of, 1.5), (truth_of, []), (truth_of, "perhaps"), (epoch_of, -4), (epoch_of, 1e12),
    ],
)  # fmt: skip
def test_a_field_that_is_something_else_is_named(read: Any, value: object) -> None:  # noqa: ANN401
    with pytest.raises(FieldError, match="colour"):
        read({"colour": value}, "colour")
