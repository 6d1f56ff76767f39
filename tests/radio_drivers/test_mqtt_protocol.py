"""Payloads to frames: every field, every limit, and anything at all as input."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from radio_drivers.mqtt import protocol
from radio_drivers.mqtt.protocol import (
    AudioFrame,
    BadPayload,
    BusyFrame,
    EmergencyFrame,
    Frame,
    KeyDownFrame,
    KeyUpFrame,
    Outcome,
    StateFrame,
    StatusFrame,
    TextFrame,
    WavFrame,
    decode,
)
from radio_drivers.mqtt.wav import write_wav

NOON = datetime(2026, 3, 7, 12, 0, 0, 250_000, tzinfo=UTC)
PCM = bytes(range(200)) * 4


@pytest.mark.parametrize(
    ("topic", "payload", "frame"),
    [
        ("rx/keyup", b"{}", KeyUpFrame()),
        (
            "rx/keyup",
            b'{"v":1,"at":"2026-03-07T12:00:00.250Z","unit":"U7","strength_dbm":-87.5,"rate":8000,"audio":"wav"}',
            KeyUpFrame(NOON, "U7", -87.5, 8000, whole=True),
        ),
        ("rx/keyup", b'{"at":"2026-03-07T13:00:00.250+01:00","unit":12345}', KeyUpFrame(NOON, "12345")),
        ("rx/keyup", b'{"unit":null,"something_new":[1]}', KeyUpFrame()),
        ("rx/keydown", b'{"v":1,"strength_dbm":-90}', KeyDownFrame(None, -90.0)),
        ("rx/busy", b'{"busy":true}', BusyFrame(busy=True)),
        ("rx/text", '{"text":" na\u00efve\\u0000 ","unit":"U7"}'.encode(), TextFrame("na\u00efve", None, "U7")),
        ("rx/emergency", b'{"unit":"U7"}', EmergencyFrame(None, "U7")),
        (
            "tx/state",
            b'{"id":"ab","state":"refused","reason":"hot"}',
            StateFrame("ab", Outcome.REFUSED, "hot"),
        ),
        ("status", b'{"v":1,"online":false}', StatusFrame(online=False)),
        ("status", b"online", StatusFrame(online=True)),
        ("rx/audio", PCM, AudioFrame(PCM)),
        ("rx/audio", write_wav(PCM, 8000), AudioFrame(PCM, 8000)),
        ("rx/wav", write_wav(PCM, 48000), WavFrame(PCM, 48000)),
    ],
)
def test_good_payloads(topic: str, payload: bytes, frame: Frame) -> None:
    assert decode(topic, payload) == (frame,)


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("rx/keyup", b"", "empty"),
        ("rx/keyup", b"\xff", "no JSON"),
        ("rx/keyup", b"{", "no JSON"),
        ("rx/keyup", b"[" * 10_000, "no JSON"),
        ("rx/keyup", b"17", "no object"),
        ("rx/keyup", b'{"v":2}', "this gateway knows 1"),
        ("rx/keyup", b'{"v":true}', "this gateway knows 1"),
        ("rx/keyup", b'{"at":1795280400}', "at is no text"),
        ("rx/keyup", b'{"at":"yesterday"}', "at is no time: 'yesterday'"),
        ("rx/keyup", b'{"at":"2026-03-07T12:00:00"}', "no time zone"),
        ("rx/keyup", b'{"at":"0001-01-01T00:00:00+12:00"}', "at is no time"),
        ("rx/keyup", b'{"unit":["U7"]}', "unit is neither"),
        ("rx/keyup", b'{"unit":"' + b"U" * 65 + b'"}', "unit has 65 characters, the limit is 64"),
        ("rx/keyup", b'{"strength_dbm":true}', "strength_dbm is no number"),
        ("rx/keyup", b'{"strength_dbm":NaN}', "strength_dbm is no number"),
        ("rx/keyup", b'{"strength_dbm":1e999}', "strength_dbm is no number"),
        ("rx/keyup", b'{"rate":"8000"}', "rate is no whole number"),
        ("rx/keyup", b'{"rate":1}', "rate is no whole number"),
        ("rx/keyup", b'{"audio":"mp3"}', "audio is none of pcm, wav"),
        ("rx/keyup", b'{"a":"' + b"x" * 16_000 + b'"}', "the limit is 16000"),
        ("rx/busy", b"{}", "busy is neither true nor false"),
        ("rx/text", b"{}", "text is missing or empty"),
        ("rx/text", b'{"text":7}', "text is no text"),
        ("tx/state", b'{"id":"a"}', "state is none of"),
        ("rx/wav", b"RIFF", "does not begin with RIFF and WAVE"),
        ("rx/wav", write_wav(b"", 8000), "holds no samples"),
        ("rx/wav", write_wav(bytes(2 * 4000 * 601), 4000), "601 s are too long"),
        ("rx/wav", bytes(24_000_001), "24000001 bytes are too many, the limit is 24000000"),
        ("rx/audio", b"", "empty"),
        ("rx/audio", b"x", "1 bytes"),
        ("rx/audio", bytes(1_000_001), "too many"),
        ("rx/audio", write_wav(b"", 8000), "holds no samples"),
        ("rx/unheard-of", b"{}", "nothing is known about this topic"),
    ],
)
def test_bad_payloads_say_what_is_wrong(topic: str, payload: bytes, reason: str) -> None:
    (bad,) = decode(topic, payload)
    assert isinstance(bad, BadPayload)
    assert bad.topic == topic
    assert reason in bad.reason


def test_a_cut_wav_keeps_what_came() -> None:
    frame, bad = decode("rx/wav", write_wav(PCM, 8000)[:-101])
    assert frame == WavFrame(PCM[:-102], 8000)
    assert bad == BadPayload("rx/wav", "cut off: 101 bytes are missing; the 0.04 s that came are used")


def test_half_a_sample_is_left_out() -> None:
    frame, bad = decode("rx/audio", PCM + b"\x01")
    assert frame == AudioFrame(PCM)
    assert isinstance(bad, BadPayload)


def test_a_wavs_labels_are_user_properties_and_a_wrong_one_costs_no_audio() -> None:
    wav = write_wav(PCM, 8000)
    labels = {"at": "2026-03-07T12:00:00.250Z", "unit": "U7", "strength_dbm": "-87.5", "other": "x"}
    assert decode("rx/wav", wav, labels) == (WavFrame(PCM, 8000, NOON, "U7", -87.5),)
    frame, bad = decode("rx/wav", wav, {"unit": "U7", "strength_dbm": "loud"})
    assert frame == WavFrame(PCM, 8000)
    assert isinstance(bad, BadPayload)
    assert "strength_dbm" in bad.reason


TOPICS = (*protocol.FROM_BASE_STATION, "", "rx", "tx/key", "rx/\u00fc")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["v", "at", "unit", "strength_dbm", "rate", "audio", "busy", "text", "id", "state", "reason", "online", "x"]
)


def check(topic: str, payload: bytes, properties: dict[str, str]) -> None:
    for frame in decode(topic, payload, properties, wav_max=10_000):
        assert isinstance(frame, (BadPayload, *get_args(Frame)))
        if isinstance(frame, BadPayload):
            assert frame.reason
            assert len(frame.reason) < 300
            frame.reason.encode()
        if isinstance(frame, KeyUpFrame | WavFrame | TextFrame | EmergencyFrame):
            assert frame.at is None or frame.at.utcoffset() is not None
            (frame.unit or "").encode()
            assert "\0" not in (frame.unit or "")
        if isinstance(frame, TextFrame):
            assert "\0" not in frame.text
            frame.text.encode()
        if isinstance(frame, AudioFrame | WavFrame):
            assert frame.pcm
            assert len(frame.pcm) % 2 == 0


@settings(deadline=None)
@given(st.sampled_from(TOPICS), st.binary(max_size=300))
def test_any_bytes_on_any_topic(topic: str, payload: bytes) -> None:
    check(topic, payload, {})


@settings(deadline=None)
@given(st.sampled_from(TOPICS), st.dictionaries(NAMES, VALUES, max_size=6))
def test_any_json_on_any_topic(topic: str, fields: dict[str, object]) -> None:
    check(topic, json.dumps(fields).encode(), {})


@settings(deadline=None)
@given(
    st.sampled_from(["rx/wav", "rx/audio"]),
    st.binary(max_size=60),
    st.integers(0, 60),
    st.dictionaries(NAMES, st.text(max_size=80), max_size=3),
)
def test_any_damage_to_a_wav(topic: str, damage: bytes, at: int, properties: dict[str, str]) -> None:
    wav = bytearray(write_wav(PCM, 8000))
    wav[at : at + len(damage)] = damage
    check(topic, bytes(wav), properties)


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones()))
def test_times_come_back(at: datetime) -> None:
    (frame,) = decode("rx/keydown", protocol.encode(at=protocol.encode_time(at)))
    assert isinstance(frame, KeyDownFrame)
    assert frame.at is not None
    assert abs((frame.at - at.astimezone(UTC)).total_seconds()) < 0.001
