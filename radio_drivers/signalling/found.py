"""What decoders give: what was sent, and where in the stream it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from radio_drivers.signalling.mdc1200 import Packet
from radio_drivers.signalling.spectra import Floats, Frames


@dataclass(frozen=True, slots=True)
class Digits:
    """A number: a selective call, or keys of a telephone. Places are samples from the beginning of the stream."""

    kind: str
    """`five_tone` or `dtmf`, as masks name it."""
    system: str
    """As people name it: `5-tone CCIR`, `DTMF`."""
    digits: str
    """Repeat tones replaced by what they repeat."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Burst:
    """One MDC-1200 packet."""

    packet: Packet
    start: int
    end: int


Found = Digits | Burst


@dataclass(frozen=True, slots=True)
class Span:
    """Samples `start` up to, not including, `end`, that are signalling and nothing to listen to."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look at a chunk gave."""

    found: Sequence[Found] = ()
    spans: Sequence[Span] = ()
    """To be silenced. A long burst gives several, as it goes on."""


class Decoder(Protocol):
    """One kind of signalling. Chunks come in order and are all `CHUNK` long."""

    def look(self, chunk: Floats, frames: Frames) -> Looked:
        """Hear the next chunk."""
        ...

    def finish(self) -> Looked:
        """The transmission has ended: decide on what was heard, and begin anew with the next chunk."""
        ...

    def held_from(self, end: int) -> int:
        """Samples before this can't become a span any more. `end` is the end of the last chunk."""
        ...
