"""Fuzz target: whatever a Wyoming server may send, cut into pieces, and what its events mean."""

from __future__ import annotations

from contextlib import suppress

from gateway.speech.wyoming import messages
from gateway.speech.wyoming.framing import DATA_LIMIT, LINE_LIMIT, PAYLOAD_LIMIT, Decoder, Event, FramingError, encode
from gateway.speech.wyoming.messages import MeaningError

_INFO = {
    "asr": [{"name": "ear", "installed": True, "models": [{"name": "m"}]}],
    "tts": [{"name": "mouth", "voices": [{}, {}]}],
}
_SOUND = {"rate": 22_050, "width": 2, "channels": 1}
SEEDS = (
    b"\x00" + encode(Event("info", _INFO)) + encode(Event("transcript", {"text": "shop\x00lifter"})),
    b"\x07"
    + b'{"type":"info","data":{"asr":[{"installed":false}]},"version":"1"}\n'
    + encode(Event("error", {"text": "no"})),
    b"\x01" + encode(Event("audio-start", _SOUND)) + encode(Event("audio-chunk", _SOUND, b"\n{}\n")),
    b"\x20" + b'{"type":"t","data_length":18,"payload_length":3}\n{"text": "\\ud83d"}..abc',
)


def one_input(data: bytes) -> None:
    """Args: the first byte is the length of the pieces (0: all at once), the rest the stream."""
    if not data:
        return
    step, stream = data[0] or len(data), data[1:]
    decoder = Decoder()
    try:
        for start in range(0, len(stream), step):
            for event in decoder.feed(stream[start : start + step]):
                _understood(event)
            assert decoder.held <= LINE_LIMIT + DATA_LIMIT + PAYLOAD_LIMIT + step
    except FramingError:
        assert decoder.held == 0


def _understood(event: Event) -> None:
    for domain in ("asr", "tts"):
        name = messages.service(event, domain, None)
        assert name is None or _harmless(name, 90)
    assert _harmless(messages.trouble(event), 200)
    with suppress(MeaningError):
        assert _harmless(messages.transcript(event), messages.LONGEST_TEXT)
    with suppress(MeaningError):
        assert 16_000 <= messages.sound(event).bytes_per_s <= 96_000 * 4


def _harmless(text: str, most: int) -> bool:
    """It can be stored, logged and shown."""
    text.encode("utf-8")
    return len(text) <= most and (text.isprintable() or not text)
