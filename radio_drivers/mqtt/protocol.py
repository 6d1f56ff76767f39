"""Topics and payloads of an `mqtt` base station: bytes to frames and back. Pure; described in docs/radios/mqtt.md.

Below the base topic (`huecry/radio/<channel>`), from the base station:

    rx/keyup      JSON {"v":1, "at", "unit", "strength_dbm", "rate", "audio": "pcm" or "wav"}    QoS 1
    rx/audio      mono int16 little-endian at the key-up's rate (or a small WAV), any length      QoS 1
    rx/wav        one WAV: all of a transmission, or all of the one that is keyed up              QoS 1
    rx/keydown    JSON {"v":1, "at", "strength_dbm"}                                              QoS 1
    rx/busy       JSON {"v":1, "busy"}: somebody talks whom we can't hear                         QoS 1
    rx/text       JSON {"v":1, "at", "unit", "text"}                                              QoS 1
    rx/emergency  JSON {"v":1, "at", "unit"}                                                      QoS 1
    tx/state      JSON {"v":1, "id", "state": "played" or "refused", "reason"}                    QoS 1
    status        JSON {"v":1, "online"}, or the bare words online and offline; retained, last will   QoS 1

and to it:

    tx/key        JSON {"v":1, "id", "down", "time_out_s"}                                        QoS 1
    tx/wav        one WAV, 16 kHz mono 16 bit; user property `id`                                 QoS 1
    tx/audio      mono int16 little-endian at 16 kHz, as time passes; user property `id`          QoS 1
    tx/text       JSON {"v":1, "id", "at", "text", "to"}                                          QoS 1
    gateway       JSON {"v":1, "online"}, retained and last will: offline means release the key   QoS 1

A bad payload never stops reception: `decode` answers with `BadPayload`, beside whatever could be saved of it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast

from radio_drivers.mqtt.wav import WavError, looks_like_wav, read_wav

VERSION = 1
JSON_MAX = 16_000
"""Bytes of one JSON payload."""
PCM_MAX = 1_000_000
"""Bytes of one piece of audio: half a minute at 16 kHz."""
WAV_MAX_S = 600.0
"""Seconds of one WAV."""
UNIT_MAX = 64
TEXT_MAX = 4_000
REASON_MAX = 300
RATES = range(4_000, 192_001)
"""Hertz."""

KEYUP, AUDIO, WAV, KEYDOWN = "rx/keyup", "rx/audio", "rx/wav", "rx/keydown"
BUSY, TEXT, EMERGENCY, STATE, STATUS = "rx/busy", "rx/text", "rx/emergency", "tx/state", "status"
TX_KEY, TX_WAV, TX_AUDIO, TX_TEXT, GATEWAY = "tx/key", "tx/wav", "tx/audio", "tx/text", "gateway"

FROM_BASE_STATION = (KEYUP, AUDIO, WAV, KEYDOWN, BUSY, TEXT, EMERGENCY, STATE, STATUS)
"""What to subscribe to."""


@dataclass(frozen=True, slots=True)
class BadPayload:
    """A message that breaks the rules above, wholly or in part."""

    topic: str
    reason: str
    """What is wrong, and what was done about it."""


@dataclass(frozen=True, slots=True)
class KeyUpFrame:
    """Somebody pressed talk."""

    at: datetime | None = None
    unit: str | None = None
    strength_dbm: float | None = None
    rate: int = 16_000
    whole: bool = False
    """The audio will come as one WAV, perhaps after the key-down."""


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A piece of what is being said."""

    pcm: bytes
    """Mono int16 little-endian."""
    rate: int | None = None
    """Hertz; None means that of the key-up."""


@dataclass(frozen=True, slots=True)
class WavFrame:
    """All of a transmission."""

    pcm: bytes
    rate: int
    at: datetime | None = None
    """When talk was pressed."""
    unit: str | None = None
    strength_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class KeyDownFrame:
    """Talk was let go."""

    at: datetime | None = None
    strength_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class BusyFrame:
    """The channel is in use by somebody whom we don't hear, or no longer."""

    busy: bool


@dataclass(frozen=True, slots=True)
class TextFrame:
    """A text message from a radio."""

    text: str
    at: datetime | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class EmergencyFrame:
    """An emergency button."""

    at: datetime | None = None
    unit: str | None = None


class Outcome(StrEnum):
    """What became of something that we asked to transmit."""

    PLAYED = "played"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StateFrame:
    """An answer to `tx/wav` or `tx/text`."""

    id: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StatusFrame:
    """Whether the base station is there."""

    online: bool


Frame = (
    KeyUpFrame
    | AudioFrame
    | WavFrame
    | KeyDownFrame
    | BusyFrame
    | TextFrame
    | EmergencyFrame
    | StateFrame
    | StatusFrame
)


class _PayloadError(Exception):
    """Nothing of this payload can be used."""


def decode(
    topic: str, payload: bytes, properties: Mapping[str, str] | None = None, *, wav_max: int = 24_000_000
) -> tuple[Frame | BadPayload, ...]:
    """Read one message.

    Args:
        topic: below the base topic, for instance "rx/keyup".
        payload: as it came.
        properties: MQTT 5 user properties; `at`, `unit` and `strength_dbm` are read for `rx/wav`.
        wav_max: bytes of the largest WAV to accept.

    Returns:
        A frame, a `BadPayload`, or both where a part could be saved (a cut WAV, an odd number of bytes).
    """
    try:
        _check_size(topic, payload, wav_max)
        if topic == WAV:
            return _decode_wav(payload, properties or {})
        if topic == AUDIO:
            return _decode_audio(payload)
        return (_decode_json(topic, payload),)
    except _PayloadError as refused:
        return (BadPayload(topic, str(refused)),)


def _check_size(topic: str, payload: bytes, wav_max: int) -> None:
    if not payload:
        raise _PayloadError("it is empty; ignored")
    limit = {WAV: wav_max, AUDIO: PCM_MAX}.get(topic, JSON_MAX)
    if len(payload) > limit:
        raise _PayloadError(f"{len(payload)} bytes are too many, the limit is {limit}; ignored")


def _decode_wav(payload: bytes, properties: Mapping[str, str]) -> tuple[Frame | BadPayload, ...]:
    try:
        wav = read_wav(payload)
    except WavError as error:
        raise _PayloadError(f"no WAV that can be played: {error}; ignored") from error
    if wav.seconds > WAV_MAX_S:
        raise _PayloadError(f"{wav.seconds:.0f} s are too long, the limit is {WAV_MAX_S:.0f} s; ignored")
    bad: list[BadPayload] = []
    if wav.missing:
        bad.append(
            BadPayload(WAV, f"cut off: {wav.missing} bytes are missing; the {wav.seconds:.2f} s that came are used")
        )
    fields: dict[str, object] = {
        name: properties[name] for name in ("at", "unit", "strength_dbm") if name in properties
    }
    try:
        if "strength_dbm" in fields:
            fields["strength_dbm"] = _number_in(properties["strength_dbm"])
        at, unit, strength = _at(fields), _unit(fields), _strength(fields)
    except _PayloadError as refused:
        # The words somebody spoke matter more than the label on them.
        bad.append(BadPayload(WAV, f"user property {refused}; the audio is used without it"))
        at, unit, strength = None, None, None
    return (WavFrame(wav.pcm, wav.rate, at, unit, strength), *bad)


def _decode_audio(payload: bytes) -> tuple[Frame | BadPayload, ...]:
    if looks_like_wav(payload):
        try:
            wav = read_wav(payload)
        except WavError as error:
            raise _PayloadError(f"no WAV that can be played: {error}; ignored") from error
        if wav.missing:
            return AudioFrame(wav.pcm, wav.rate), BadPayload(
                AUDIO, f"cut off: {wav.missing} bytes are missing; the rest is used"
            )
        return (AudioFrame(wav.pcm, wav.rate),)
    if len(payload) % 2:
        bad = BadPayload(AUDIO, f"{len(payload)} bytes are half a sample too many or few; the last byte is left out")
        return (AudioFrame(payload[:-1]), bad) if len(payload) > 1 else (bad,)
    return (AudioFrame(payload),)


def _decode_json(topic: str, payload: bytes) -> Frame:
    if topic == STATUS and payload in (b"online", b"offline"):  # what most firmware sends as its last will
        return StatusFrame(payload == b"online")
    fields = _object(payload)
    match topic:
        case "rx/keyup":
            whole = _choice(fields, "audio", ("pcm", "wav"), "pcm") == "wav"
            return KeyUpFrame(_at(fields), _unit(fields), _strength(fields), _rate(fields), whole)
        case "rx/keydown":
            return KeyDownFrame(_at(fields), _strength(fields))
        case "rx/busy":
            return BusyFrame(_truth(fields, "busy"))
        case "rx/text":
            text = _text(fields, "text", TEXT_MAX)
            if not text:
                raise _PayloadError("text is missing or empty; ignored")
            return TextFrame(text, _at(fields), _unit(fields))
        case "rx/emergency":
            return EmergencyFrame(_at(fields), _unit(fields))
        case "tx/state":
            outcome = Outcome(_choice(fields, "state", tuple(Outcome), None))
            return StateFrame(_text(fields, "id", UNIT_MAX), outcome, _text(fields, "reason", REASON_MAX))
        case "status":
            return StatusFrame(_truth(fields, "online"))
        case _:
            raise _PayloadError("nothing is known about this topic; ignored")


def _object(payload: bytes) -> dict[str, object]:
    try:
        value = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # RecursionError: ten thousand opening brackets
        raise _PayloadError(f"no JSON: {str(error)[:80]}; ignored") from error
    if not isinstance(value, dict):
        raise _PayloadError("JSON, but no object; ignored")
    fields = cast("dict[str, object]", value)
    version = fields.get("v", VERSION)
    if version is True or version != VERSION:
        raise _PayloadError(f'"v" is {str(version)[:20]!r}; this gateway knows {VERSION}; ignored')
    return fields


def _at(fields: Mapping[str, object]) -> datetime | None:
    value = fields.get("at")
    if value is None:
        return None
    if not isinstance(value, str):
        raise _PayloadError('at is no text such as "2026-03-07T14:05:09.250Z"')
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise _PayloadError("at has no time zone: end it with Z")
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _PayloadError(f"at is no time: {clean(value)[:40]!r}") from error


def _unit(fields: Mapping[str, object]) -> str | None:
    value = fields.get("unit")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise _PayloadError("unit is neither text nor a number")
    unit = clean(value).strip() if value else ""
    if len(unit) > UNIT_MAX:
        raise _PayloadError(f"unit has {len(unit)} characters, the limit is {UNIT_MAX}")
    return unit or None


def _strength(fields: Mapping[str, object]) -> float | None:
    value = fields.get("strength_dbm")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not -300 <= value <= 100:
        raise _PayloadError("strength_dbm is no number from -300 to 100")
    return float(value)


def _number_in(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan  # refused by the range check, in the same words as in JSON


def _rate(fields: Mapping[str, object]) -> int:
    value = fields.get("rate", 16_000)
    if isinstance(value, bool) or not isinstance(value, int) or value not in RATES:
        raise _PayloadError(f"rate is no whole number of Hertz from {RATES[0]} to {RATES[-1]}")
    return value


def _choice(fields: Mapping[str, object], name: str, choices: tuple[str, ...], default: str | None) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str) or value not in choices:
        raise _PayloadError(f"{name} is none of {', '.join(choices)}")
    return value


def _truth(fields: Mapping[str, object], name: str) -> bool:
    value = fields.get(name)
    if not isinstance(value, bool):
        raise _PayloadError(f"{name} is neither true nor false")
    return value


def _text(fields: Mapping[str, object], name: str, most: int) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise _PayloadError(f"{name} is no text")
    if len(value) > most:
        raise _PayloadError(f"{name} has {len(value)} characters, the limit is {most}")
    return clean(value).strip()


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")


def clean(text: str) -> str:
    """Text that any database and screen takes: no control characters but tab and newline, no half characters."""
    return _CONTROL.sub("", text).encode("utf-8", "replace").decode("utf-8")


def encode(**fields: object) -> bytes:
    """A JSON payload of this version."""
    return json.dumps({"v": VERSION, **fields}, ensure_ascii=False, separators=(",", ":")).encode()


def encode_time(at: datetime) -> str:
    """As `at` is written: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
