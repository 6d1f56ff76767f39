"""What the events of the Wyoming protocol mean: those we send, and those we read. Values in, values out.

Field names are those of the protocol's README (github.com/OHF-Voice/wyoming, "Event Types"). Whatever another machine says
is checked here: nothing of the wrong type, without end, or that a database or terminal chokes on gets further.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from gateway.speech.wyoming.framing import Event

RATE: Final = 16_000
"""Hertz of what we send: mono, 16 bit little-endian."""
CHUNK: Final = 1024
"""Samples in one audio-chunk, as the protocol's own tools send."""
LONGEST_TEXT: Final = 4_000
"""Characters of a transcript: five minutes of hurried talk."""

_OURS: Final = {"rate": RATE, "width": 2, "channels": 1}

Domain = Literal["asr", "tts"]
"""Speech to text, text to speech."""


class MeaningError(Exception):
    """A well-formed event that says nothing usable."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Form of the samples in audio-start and audio-chunk."""

    rate: int
    """Hertz."""
    channels: int

    @property
    def bytes_per_s(self) -> int:
        """At 16 bit."""
        return self.rate * self.channels * 2


def describe() -> Event:
    """Ask what the other end can do; it answers with `info`."""
    return Event("describe")


def transcription(pcm: bytes, *, language: str, model: str | None) -> Iterator[Event]:
    """One transmission to be heard. Half a sample at the end is left out.

    Args:
        pcm: mono int16 little-endian at `RATE`.
        language: spoken, for instance "en".
        model: the server's own name of one; None lets it choose.
    """
    asked = {"language": language} if language else {}
    yield Event("transcribe", asked | {"name": model} if model else asked)
    yield Event("audio-start", _OURS)
    for start in range(0, len(pcm) & ~1, CHUNK * 2):
        yield Event("audio-chunk", _OURS, pcm[start : min(start + CHUNK * 2, len(pcm) & ~1)])
    yield Event("audio-stop")


def synthesis(text: str, *, voice: str | None) -> Event:
    """A text to be spoken.

    Args:
        text: in full.
        voice: the server's own name of one; None lets it choose.
    """
    return Event("synthesize", {"text": text} | ({"voice": {"name": voice}} if voice else {}))


def service(info: Event, domain: Domain, wanted: str | None) -> str | None:
    """Name of the first service of a kind, with the model or voice where that is certain; None where there is none.

    Args:
        info: the answer to `describe`.
        domain: the kind.
        wanted: the model or voice that will be asked for.
    """
    programs = [program for program in _list(info.data.get(domain)) if program.get("installed") is not False]
    if not programs:
        return None
    first = programs[0]
    inside = _list(first.get("models" if domain == "asr" else "voices"))
    model = wanted or (plain(inside[0].get("name"), 40) if len(inside) == 1 else "")
    return " ".join(part for part in (plain(first.get("name"), 40) or "unnamed", model) if part)


def transcript(event: Event) -> str:
    """The text in a `transcript`.

    Raises:
        MeaningError: it has none.
    """
    text = event.data.get("text")
    if not isinstance(text, str):
        raise MeaningError(f"a transcript without a text: {str(dict(event.data))[:80]}")
    return plain(text, LONGEST_TEXT)


def trouble(event: Event) -> str:
    """What an `error` says."""
    return plain(event.data.get("text"), 200) or "an error without a text"


def sound(event: Event) -> Sound:
    """The form of the samples in an `audio-start` or `audio-chunk`.

    Raises:
        MeaningError: none that we take.
    """
    rate, width, channels = (_whole(event.data.get(key)) for key in ("rate", "width", "channels"))
    if rate is None or width is None or channels is None:
        raise MeaningError(f"audio without rate, width and channels: {str(dict(event.data))[:80]}")
    if not 8_000 <= rate <= 96_000 or width != 2 or channels not in {1, 2}:
        said = f"rate {str(rate)[:12]}, width {str(width)[:12]}, channels {str(channels)[:12]}"
        raise MeaningError(f"audio of {said}; 8000 to 96000 Hz, 2 bytes, 1 or 2 channels are taken")
    return Sound(rate, channels)


def plain(text: object, most: int) -> str:
    """Text that can be stored, shown and logged: no control characters, no halves of characters, not too long."""
    if not isinstance(text, str):
        return ""
    whole = text[:most].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in whole).split())


def _whole(value: Any) -> int | None:  # noqa: ANN401 - whatever JSON can hold
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _list(value: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - whatever JSON can hold
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
