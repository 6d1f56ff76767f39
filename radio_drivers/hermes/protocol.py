"""Hermes topics and payloads: bytes to frames and back. Pure; after rhasspy-hermes 0.6, described in docs/radios/hermes.md.

hermes/audioServer/<site>/audioFrame          one whole WAV file, usually of 1024 samples       from the microphone
hermes/audioServer/<site>/playBytes/<id>      one whole WAV file                                to the loudspeaker
hermes/audioServer/<site>/playFinished        JSON {id, sessionId}                              from the loudspeaker
hermes/error/audioServer/play                 JSON {error, context: the id, siteId}             from the loudspeaker
hermes/tts/say                                JSON {text, siteId, lang, id}                     to the synthesiser
hermes/tts/sayFinished                        JSON {id, siteId}                                 from the synthesiser
hermes/error/tts                              JSON {error, context: the id, siteId}             from the synthesiser
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from radio_drivers.mqtt.fields import FieldError, json_object, text_of
from radio_drivers.mqtt.protocol import BadPayload
from radio_drivers.mqtt.wav import Wav, WavError, read_wav

FRAME_MAX = 1_000_000
"""Bytes of one frame: half a minute at 16 kHz."""
PLAY_MAX = 32_000_000
"""Bytes of a file that somebody else plays."""
JSON_MAX = 16_000
ID_MAX = 100
SAY, SAID = "tts/say", "tts/sayFinished"
SAY_ERROR, PLAY_ERROR = "error/tts", "error/audioServer/play"


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A piece of what the microphone hears."""

    pcm: bytes
    """Mono int16 little-endian."""
    rate: int


@dataclass(frozen=True, slots=True)
class Playing:
    """The loudspeaker was given something to play, by somebody else."""

    id: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Finished:
    """Something was played, or said."""

    id: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Something could not be played, or said."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class NotForUs:
    """Another site's."""


Frame = AudioFrame | Playing | Finished | Failed | NotForUs


def topics(base: str, site: str) -> dict[str, str]:
    """What to subscribe to: topic -> the part of it that `decode` takes."""
    audio = f"{base}/audioServer/{site}"
    return {
        f"{audio}/audioFrame": "audioFrame",
        f"{audio}/playBytes/+": "playBytes",
        f"{audio}/playFinished": "playFinished",
        **{f"{base}/{part}": part for part in (SAID, SAY_ERROR, PLAY_ERROR)},
    }


def part_of_topic(topic: str, base: str, site: str) -> tuple[str, str]:
    """The part that `decode` takes, and the request's id where the topic has one."""
    audio = f"{base}/audioServer/{site}/"
    if not topic.startswith(audio):
        return topic.removeprefix(f"{base}/"), ""
    part, _, request = topic.removeprefix(audio).partition("/")
    return part, request


def decode(part: str, payload: bytes, *, site: str, request: str = "") -> Frame | BadPayload:
    """Read one message.

    Args:
        part: from `part_of_topic`.
        payload: as it came.
        site: ours; messages on shared topics that name another are not for us.
        request: from `part_of_topic`.
    """
    try:
        match part:
            case "audioFrame":
                wav = _wav(payload, FRAME_MAX)
                return AudioFrame(wav.pcm, wav.rate)
            case "playBytes":
                return Playing(request, _wav(payload, PLAY_MAX).seconds)
            case "playFinished":
                return Finished(text_of(json_object(payload, JSON_MAX), "id", ID_MAX))
            case _:
                pass
        fields = json_object(payload, JSON_MAX)
        if (text_of(fields, "siteId", ID_MAX) or "default") != site:
            return NotForUs()
        match part:
            case "tts/sayFinished":
                return Finished(text_of(fields, "id", ID_MAX))
            case "error/tts" | "error/audioServer/play":
                return Failed(text_of(fields, "context", ID_MAX), text_of(fields, "error") or "no reason was given")
            case _:
                return BadPayload(part, "nothing is known about this topic; ignored")
    except FieldError as refused:
        return BadPayload(part, str(refused))
    except WavError as error:
        return BadPayload(part, f"no WAV that can be played: {error}; ignored")


def _wav(payload: bytes, most: int) -> Wav:
    if len(payload) > most:
        raise FieldError(f"{len(payload)} bytes are too many, the limit is {most}; ignored")
    return read_wav(payload)


def encode_say(text: str, *, site: str, request: str, lang: str = "") -> bytes:
    """The payload of `tts/say`."""
    fields = {"text": text, "siteId": site, "id": request, "sessionId": "", **({"lang": lang} if lang else {})}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
