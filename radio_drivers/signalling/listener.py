"""One channel's decoders together: samples in, what was found and the samples to pass on out.

Everything happens in chunks of 40 ms counted from the beginning of the stream, so that neither what is found nor what is
silenced depends on how the stream was cut. Samples are held back until no decoder can want them silenced any more:

    usually                          `USUAL_HOLD_S`: one chunk, half a frame and a margin
    while something may be a call    from its beginning until it is known; at most `LONGEST_HOLD_S`
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from radio_drivers.interface import RATE
from radio_drivers.signalling.dtmf import Dtmf
from radio_drivers.signalling.five_tone import HOLD_S, FiveTone
from radio_drivers.signalling.found import Decoder, Found, Looked, Span
from radio_drivers.signalling.masks import first_that_fits
from radio_drivers.signalling.mdc1200_decoder import Mdc1200
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.signalling.spectra import CHUNK, FRAME, Spectra

Samples = npt.NDArray[np.int16]

USUAL_HOLD_S = (CHUNK + FRAME // 2 + 192) / RATE
LONGEST_HOLD_S = HOLD_S + CHUNK / RATE


@dataclass(frozen=True, slots=True)
class Heard:
    """What one piece of the stream gave."""

    found: Sequence[Found]
    samples: Samples
    """To be passed on: those after the ones given before, silenced where they were signalling."""


def decoders_of(settings: SignallingSettings) -> list[Decoder]:
    """The decoders that the settings ask for."""
    decoders: list[Decoder] = []
    tone_set = settings.tone_set
    if tone_set is not None:
        first_s = settings.five_tone_first_ms / 1000
        decoders.append(FiveTone(tone_set, settings.five_tone_least, settings.five_tone_most, first_s))
    if settings.dtmf:
        masks = settings.emergency_masks
        decoders.append(
            Dtmf(
                settings.dtmf_least,
                settings.dtmf_gap_ms / 1000,
                # Whoever dials an emergency may speak right after its last key.
                at_once=lambda number: first_that_fits(masks, "dtmf", number) is not None,
            )
        )
    if settings.mdc1200:
        decoders.append(Mdc1200())
    return decoders


class Listener:
    """Decoders over one stream. Pure: no clock, no I/O.

    Args:
        decoders: who listens.
        strip: silence what is signalling.
    """

    def __init__(self, decoders: Sequence[Decoder], *, strip: bool = True) -> None:
        self._decoders = tuple(decoders)
        self._strip = strip
        self._spectra = Spectra()
        self._base = 0
        """Chunks are counted anew after each `finish`; decoders' samples too."""
        self._new: list[Samples] = []
        self._new_size = 0
        self._held = np.zeros(0, np.int16)
        self._held_at = 0
        self._seen = 0

    @property
    def passed(self) -> int:
        """Samples given out since the start."""
        return self._base + self._held_at

    def hear(self, samples: Samples) -> Heard:
        """The next samples, however many."""
        self._new.append(samples)
        self._new_size += len(samples)
        if self._new_size < CHUNK:
            return Heard((), samples[:0])
        new = np.concatenate(self._new)
        whole = len(new) // CHUNK * CHUNK
        self._new, self._new_size = [new[whole:]], len(new) - whole
        found: list[Found] = []
        out = [self._chunk(new[start : start + CHUNK], found) for start in range(0, whole, CHUNK)]
        return Heard(found, np.concatenate(out))

    def finish(self) -> Heard:
        """The transmission has ended: decide now, give out everything, and begin anew."""
        found: list[Found] = []
        out: list[Samples] = []
        rest = np.concatenate(self._new) if self._new else np.zeros(0, np.int16)
        self._new, self._new_size = [], 0
        # Silence after the end lets the last frames be centred on it.
        padded = np.zeros((len(rest) + FRAME) // CHUNK * CHUNK + CHUNK, np.int16)
        padded[: len(rest)] = rest
        end = self._seen + len(rest)
        out.extend(self._chunk(padded[start : start + CHUNK], found) for start in range(0, len(padded), CHUNK))
        for decoder in self._decoders:
            self._take(decoder.finish(), found)
        given = self._held_at + len(self._held)
        out.append(self._held)
        everything = np.concatenate(out)
        self._base += end
        self._held, self._held_at, self._seen = np.zeros(0, np.int16), 0, 0
        self._spectra = Spectra()
        return Heard(found, everything[: len(everything) - (given - end)])

    def _chunk(self, chunk: Samples, found: list[Found]) -> Samples:
        self._held = np.concatenate([self._held, chunk])
        self._seen += CHUNK
        sound = chunk.astype(np.float32) / np.float32(32768)
        frames = self._spectra.of(sound)
        for decoder in self._decoders:
            self._take(decoder.look(sound, frames), found)
        free = min((decoder.held_from(self._seen) for decoder in self._decoders), default=self._seen)
        ready = max(0, free - self._held_at)
        out, self._held = self._held[:ready], self._held[ready:]
        self._held_at += len(out)
        return out

    def _take(self, looked: Looked, found: list[Found]) -> None:
        found.extend(looked.found)
        if self._strip:
            for span in looked.spans:
                self._silence(span)

    def _silence(self, span: Span) -> None:
        start, end = max(0, span.start - self._held_at), max(0, span.end - self._held_at)
        self._held[start:end] = 0
