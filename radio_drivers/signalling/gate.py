"""Lets through only who sends our sub-audible tone: a shared channel carries others, and they are no business of ours.

Key-up and audio are held back until the tone has been there in four looks, 40 ms apart, at windows of 200 ms: usually 200 to 300 ms
after it began. Then they go on, with the times they came at. Audio of which it isn't known yet waits; audio without the tone is thrown
away. When the tone stops, what came after it is thrown away, and key-down goes on once it has been missing for the hang time.

    SHUT      no tone: nothing goes on; the last 0.3 s, and 0.7 s after a key-up, are kept for when one is found
    OPEN      audio goes on up to the middle of the last window that had the tone
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import structlog

from radio_drivers.interface import (
    RATE,
    Audio,
    KeyDown,
    KeyUp,
    LinkLost,
    RadioEvent,
    StrengthRead,
    TransmitEnded,
    TransmitStarted,
)
from radio_drivers.signalling.ctcss import WINDOW_SAMPLES, SubAudibleEar, is_tone
from radio_drivers.signalling.spectra import CHUNK
from radio_drivers.signalling.timeline import Timeline

log = structlog.get_logger(__name__)

LOOKS = 4
"""So many looks in a row must have the tone; three let noise pass thirteen times as often."""
BEFORE = round(0.15 * RATE)
"""Of the first window that had the tone, so much is let through: the rest was before it."""
KEPT = BEFORE + (LOOKS + 1) * CHUNK
"""Samples kept while nothing goes on."""
SAME_TALKER = round(0.7 * RATE)
"""A tone found so soon after key-up was there from the beginning, too weak to be sure of: one carrier, one talker."""
SHORT = round(0.12 * RATE)
"""A transmission that ends before so many looks is let through if the tone was in it and it was at least so long."""


class ToneGate:
    """One channel's gate: events in, events out. Pure.

    Args:
        hertz: our tone.
        hang_s: it may be missing for so long.
    """

    def __init__(self, hertz: float, hang_s: float) -> None:
        self._hertz = hertz
        self._hang = round(hang_s * RATE)
        self._time = Timeline()
        self._came = 0
        """Samples that came in since the start."""
        self._up: KeyUp | None = None
        """Somebody talks, and the key-up hasn't gone on."""
        self._up_at = 0
        self._talking = False
        """A key-up has gone on."""
        self._inside = False
        """Between key-up and key-down of the base station."""
        self._strength: StrengthRead | None = None
        self._said = False
        self._begin()

    def _begin(self) -> None:
        self._ear = SubAudibleEar()
        self._new = np.zeros(0, np.int16)
        self._held = np.zeros(0, np.int16)
        self._looked = self._came
        self._began = self._came
        self._row = 0
        self._first_with = self._last_with = 0
        self._open = False

    def take(self, event: RadioEvent) -> list[RadioEvent]:
        """What goes on of, or because of, the next event."""
        match event:
            case Audio():
                return self._audio(event)
            case KeyUp():
                out = self._end(event) if self._inside else []
                self._inside, self._up, self._up_at = True, event, self._came
                return out
            case KeyDown():
                out = self._end(event)
                self._inside = False
                return out
            case TransmitStarted() | LinkLost():
                out = [*self._end(event), event]
                self._inside = False
                return out
            case TransmitEnded():
                self._begin()
                return [event]
            case StrengthRead():
                if self._talking or not self._inside:
                    return [event]
                self._strength = event
                return []
            case _:
                return [event]

    def _audio(self, event: Audio) -> list[RadioEvent]:
        self._time.mark(self._came, event.at)
        samples = np.frombuffer(event.pcm[: len(event.pcm) // 2 * 2], "<i2")
        self._came += len(samples)
        self._held = np.concatenate([self._held, samples])
        self._new = np.concatenate([self._new, samples])
        out: list[RadioEvent] = []
        while len(self._new) >= CHUNK:
            chunk, self._new = self._new[:CHUNK], self._new[CHUNK:]
            self._looked += CHUNK
            out += self._look(chunk, event.channel)
        return out

    def _look(self, chunk: npt.NDArray[np.int16], channel: str) -> list[RadioEvent]:
        heard = self._ear.hear(chunk.astype(np.float32) / np.float32(32768))
        if is_tone(heard, self._hertz, kept=self._open):
            self._row += 1
            self._last_with = self._looked
            if self._row == 1:
                self._first_with = self._looked
            if not self._open and self._row >= LOOKS:
                self._open = True
                self._forget(self._since_up(self._first_with - BEFORE))
            return self._release(self._looked - WINDOW_SAMPLES // 2, channel) if self._open else []
        self._row = 0
        if not self._open:
            self._forget(self._since_up(self._looked - KEPT))
            return []
        if self._looked - self._last_with <= self._hang:
            return []
        self._open = False
        out: list[RadioEvent] = []
        if self._talking:
            self._talking = False
            out.append(KeyDown(channel, self._time.at(self._held_at)))
        self._forget(self._looked - KEPT)
        return out

    @property
    def _held_at(self) -> int:
        return self._came - len(self._held)

    def _since_up(self, sample: int) -> int:
        """This sample, or the key-up's if that was before it and not long ago."""
        fresh = self._up is not None and self._looked - self._up_at <= SAME_TALKER
        return min(sample, self._up_at) if fresh else sample

    def _forget(self, until: int) -> None:
        self._held = self._held[max(0, until - self._held_at) :]

    def _release(self, until: int, channel: str) -> list[RadioEvent]:
        """Let audio go on up to this sample, and the key-up where it came."""
        out: list[RadioEvent] = []
        if self._inside and not self._talking:
            if self._up is not None and self._up_at > self._held_at:
                out += self._pass_on(min(until, self._up_at), channel)
            if until >= self._up_at:
                out += self._key_up(channel)
        return [*out, *self._pass_on(until, channel)]

    def _key_up(self, channel: str) -> list[RadioEvent]:
        """The key-up that waited, or, when the tone came back within a transmission, one of our own."""
        began = self._time.at(self._held_at) if self._came > self._began else None
        up, self._up = self._up, None
        if up is None:
            up = KeyUp(channel, self._time.at(self._held_at))
        elif began is not None and self._up_at < self._held_at:
            up = replace(up, at=max(up.at, began))
        self._talking = True
        strength, self._strength = self._strength, None
        return [up, strength] if strength is not None else [up]

    def _pass_on(self, until: int, channel: str) -> list[RadioEvent]:
        start = self._held_at
        out, self._held = self._held[: max(0, until - start)], self._held[max(0, until - start) :]
        return [Audio(channel, self._time.at(start), out.tobytes())] if len(out) else []

    def _end(self, event: RadioEvent) -> list[RadioEvent]:
        """A transmission ended: let through what had the tone, and its key-down."""
        if not self._open and self._inside and self._came - self._up_at >= SHORT and len(self._new):
            # Too short for so many looks: look at what there is.
            last = np.zeros(CHUNK, np.int16)
            last[: len(self._new)] = self._new
            if is_tone(self._ear.hear(last.astype(np.float32) / np.float32(32768)), self._hertz):
                self._row += 1
                self._last_with = self._came
        out: list[RadioEvent] = []
        short = not self._open and self._row > 0 and self._came - self._up_at < LOOKS * CHUNK + WINDOW_SAMPLES
        if self._open or short:
            fresh = self._came - self._last_with <= LOOKS * CHUNK  # one bad look at the very end
            out += self._release(self._came if fresh else min(self._came, self._last_with), event.channel)
        elif self._inside and not self._talking and not self._said:
            self._said = True  # once: on a shared channel it happens all day
            log.info(
                "somebody without our tone is on this channel; not passed on",
                channel=event.channel,
                tone_hz=self._hertz,
            )
        if self._talking:
            out.append(event if isinstance(event, KeyDown) else KeyDown(event.channel, event.at))
        self._talking, self._up, self._strength = False, None, None
        self._begin()
        return out
