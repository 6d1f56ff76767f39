"""What trunk-recorder's MQTT plugin publishes: bytes to frames. Pure; described in docs/radios/trunk-recorder.md.

Below the plugin's topic, QoS 0 unless set otherwise:

    call_start               {"type", "call": {id, sys_name, talkgroup, unit, emergency, encrypted, ...}, "timestamp"}
    call_end                 the same with start_time, stop_time, signal, noise
    audio                    {"call": {"audio_wav_base64" or "audio_m4a_base64", "metadata": {short_name, talkgroup, start_time,
                             stop_time, call_length, signal, noise, emergency, encrypted, "srcList": [{src, time, pos, emergency, tag}]}}}
    trunk_recorder/status    {"client_id", "instance_id", "status": "connected" or "disconnected"}; retained, last will

Older versions of the plugin write every value as text; `radio_drivers.mqtt.fields` reads both.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from radio_drivers.mqtt.fields import (
    EPOCH_MAX,
    FieldError,
    epoch_of,
    json_object,
    number_of,
    part_of,
    parts_of,
    text_of,
    truth_of,
    whole_of,
)
from radio_drivers.mqtt.protocol import BadPayload

CALL_START, CALL_END, AUDIO = "call_start", "call_end", "audio"
JSON_MAX = 64_000
"""Bytes of a message without audio."""
SOURCES_MAX = 500
NOT_KNOWN_DB = 999
"""What the plugin writes for a signal or noise that was not measured."""
UNIT_MAX = 64


@dataclass(frozen=True, slots=True)
class Source:
    """Who talks from here on in a recording."""

    unit: str | None
    position_s: float
    """Seconds from the recording's beginning."""
    at: datetime | None = None
    emergency: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What a message says about a call."""

    system: str
    talkgroup: int | None
    start: datetime | None
    stop: datetime | None
    unit: str | None
    unit_name: str
    talkgroup_name: str
    emergency: bool
    encrypted: bool
    conventional: bool
    strength_dbm: float | None
    length_s: float | None


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A trunked call begins. For conventional channels only that a recorder is ready again."""

    call: Call


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call was recorded; its audio may follow."""

    call: Call


@dataclass(frozen=True, slots=True)
class CallAudio:
    """A recorded call."""

    call: Call
    sources: tuple[Source, ...]
    audio: bytes
    """A whole sound file, or bare samples."""
    m4a_only: bool
    """No WAV came with it."""


@dataclass(frozen=True, slots=True)
class StatusFrame:
    """Whether a trunk-recorder is there."""

    client: str
    online: bool


Frame = CallStarted | CallEnded | CallAudio | StatusFrame


def decode(part: str, payload: bytes, *, audio_max: int = 24_000_000) -> Frame | BadPayload:
    """Read one message.

    Args:
        part: the topic below the plugin's; anything but the three above is taken as a status.
        payload: as it came.
        audio_max: bytes of the largest recording to accept.
    """
    try:
        if part == AUDIO:
            return _audio(json_object(payload, audio_max * 4 // 3 + JSON_MAX), audio_max)
        fields = json_object(payload, JSON_MAX)
        match part:
            case "call_start":
                return CallStarted(_call(part_of(fields, "call")))
            case "call_end":
                return CallEnded(_call(part_of(fields, "call")))
            case _:
                return _status(fields)
    except FieldError as refused:
        return BadPayload(part, str(refused))


def _call(fields: Mapping[str, object]) -> Call:
    start = epoch_of(fields, "start_time") or _start_in(text_of(fields, "id"))
    talkgroup_name = text_of(fields, "talkgroup_alpha_tag") or text_of(fields, "talkgroup_tag")
    return Call(
        system=text_of(fields, "sys_name") or text_of(fields, "short_name"),
        talkgroup=whole_of(fields, "talkgroup"),
        start=start,
        stop=epoch_of(fields, "stop_time"),
        unit=_unit(fields, "unit"),
        unit_name=text_of(fields, "unit_alpha_tag"),
        talkgroup_name=talkgroup_name,
        emergency=truth_of(fields, "emergency"),
        encrypted=truth_of(fields, "encrypted"),
        conventional=truth_of(fields, "conventional"),
        strength_dbm=_decibels(fields, "signal"),
        length_s=_seconds(fields, "call_length") or _seconds(fields, "length"),
    )


def _audio(fields: Mapping[str, object], audio_max: int) -> CallAudio:
    outer = part_of(fields, "call")
    meta = part_of(outer, "metadata")
    wav, m4a = outer.get("audio_wav_base64"), outer.get("audio_m4a_base64")
    coded = wav or m4a
    if not isinstance(coded, str) or not coded:
        raise FieldError(
            "there is no audio in it; ignored. The plugin's audio type (mqtt_audio_type) must be wav, not none"
        )
    try:
        audio = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FieldError(f"its audio is no base64 ({error}); ignored") from error
    if len(audio) > audio_max:
        raise FieldError(f"{len(audio)} bytes of audio are too many, the limit is {audio_max}; ignored")
    sources = tuple(_source(one) for one in parts_of(meta, "srcList", SOURCES_MAX))
    return CallAudio(_call(meta), sources, audio, m4a_only=not wav)


def _source(fields: Mapping[str, object]) -> Source:
    position_s = number_of(fields, "pos") or 0.0
    return Source(
        _unit(fields, "src"),
        max(0.0, position_s),
        epoch_of(fields, "time"),
        truth_of(fields, "emergency"),
        text_of(fields, "tag"),
    )


def _status(fields: Mapping[str, object]) -> StatusFrame:
    status = text_of(fields, "status")
    if not status:
        raise FieldError("status is missing; ignored")
    return StatusFrame(text_of(fields, "client_id"), status not in {"disconnected", "offline"})


def _unit(fields: Mapping[str, object], name: str) -> str | None:
    """A unit id; 0 and -1 are what trunk-recorder writes when it knows none."""
    unit = text_of(fields, name, UNIT_MAX)
    return None if unit in {"", "0", "-1"} else unit


def _decibels(fields: Mapping[str, object], name: str) -> float | None:
    value = number_of(fields, name)
    return None if value is None or value == NOT_KNOWN_DB or not -300 <= value <= 100 else value


def _seconds(fields: Mapping[str, object], name: str) -> float | None:
    value = number_of(fields, name)
    return value if value is not None and value > 0 else None


def _start_in(call_id: str) -> datetime | None:
    """`<system number>_<talkgroup>_<start>` is how ids are made."""
    last = call_id.rpartition("_")[2]
    if not (last.isascii() and last.isdigit() and len(last) <= 10 and 0 < int(last) < EPOCH_MAX):
        return None
    return datetime.fromtimestamp(int(last), UTC)
