"""Fuzz target: what trunk-recorder's plugin may publish, and what it means; recordings in every form."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

from radio_drivers.interface import Audio, KeyDown, KeyUp
from radio_drivers.mqtt.reception import Moment
from radio_drivers.trunk_recorder.calls import Calls
from radio_drivers.trunk_recorder.protocol import CallAudio, CallEnded, CallStarted, decode
from radio_drivers.trunk_recorder.settings import TrunkRecorderSettings
from radio_drivers.trunk_recorder.sound import SoundError, read_sound

_NOW = Moment(datetime(2026, 3, 7, 14, 5, 9, tzinfo=UTC), 100.0)
_PARTS = ("call_start", "call_end", "audio", "trunk_recorder/status")
_META = {"short_name": "town", "talkgroup": 9001, "start_time": 1772892309, "srcList": [{"src": 1, "pos": 0}]}

SEEDS = (
    b"\x00" + json.dumps({"call": {"sys_name": "town", "talkgroup": "9001", "unit": 7, "emergency": "true"}}).encode(),
    b"\x02" + json.dumps({"call": {"audio_wav_base64": "AAAA", "metadata": _META}}).encode(),
    b"\x03" + b'{"status": "connected", "client_id": "tr"}',
    b"\x04RIFF\x24\x00\x00\x00WAVEfmt ",
)


def one_input(data: bytes) -> None:
    """The first byte chooses the topic, or that the rest is a recording."""
    if not data:
        return
    kind, rest = data[0] % 5, data[1:]
    if kind == 4:
        _sound(rest)
        return
    calls = Calls("town", TrunkRecorderSettings())
    frame = decode(_PARTS[kind], rest, audio_max=100_000)
    match frame:
        case CallStarted() | CallEnded():
            list(calls.take(frame, _NOW))
        case CallAudio():
            _transmissions(calls, frame, frame.audio[: len(frame.audio) & ~1])
        case _:
            pass


def _sound(recording: bytes) -> None:
    try:
        pcm, _ = read_sound(recording, len(recording) / 16_000)
    except SoundError:
        return
    coded = base64.b64encode(recording).decode()
    frame = decode("audio", json.dumps({"call": {"audio_wav_base64": coded, "metadata": _META}}).encode())
    if isinstance(frame, CallAudio):
        _transmissions(Calls("town", TrunkRecorderSettings()), frame, pcm)


def _transmissions(calls: Calls, frame: CallAudio, pcm: bytes) -> None:
    events = list(calls.recorded(frame, pcm, _NOW))
    if b"".join(event.pcm for event in events if isinstance(event, Audio)) != pcm:
        raise AssertionError("sound was lost or made up")
    ups, downs = (sum(isinstance(event, kind) for event in events) for kind in (KeyUp, KeyDown))
    if ups != downs:
        raise AssertionError(f"{ups} key-ups and {downs} key-downs")
