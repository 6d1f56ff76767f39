"""Hears bursts in a driver's audio: events in, events out, with what was heard added and the bursts silenced.

Audio is held back as long as `Listener` holds it; key-up waits for the audio before it, key-down and everything after it for the
audio of its transmission. What a base station itself tells (an emergency, a text) waits for nothing.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime

import numpy as np

from radio_drivers.interface import Audio, KeyDown, KeyUp, LinkLost, RadioEvent, TransmitStarted
from radio_drivers.signalling.found import Found
from radio_drivers.signalling.listener import Heard, Listener, decoders_of
from radio_drivers.signalling.meaning import Meaning
from radio_drivers.signalling.settings import SignallingSettings
from radio_drivers.signalling.timeline import Timeline


class Bursts:
    """One channel's ear for bursts. Pure.

    Args:
        settings: what to listen for, and what it means.
    """

    def __init__(self, settings: SignallingSettings) -> None:
        self._listener = Listener(decoders_of(settings), strip=settings.strip)
        self._meaning = Meaning(settings)
        self._time = Timeline()
        self._came = 0
        self._began = 0
        """The sample from which decoders count."""
        self._waiting: deque[tuple[int, KeyUp]] = deque()
        self._inside = False

    def take(self, event: RadioEvent) -> list[RadioEvent]:
        """What goes on of, or because of, the next event."""
        match event:
            case Audio():
                return self._audio(event)
            case KeyUp():
                out = self._end(event.channel) if self._inside else []
                self._inside = True
                self._waiting.append((self._came, event))
                return [*out, *self._due()]
            case KeyDown() | TransmitStarted() | LinkLost():
                self._inside = False
                return [*self._end(event.channel), event]
            case _:
                return [event]

    def _audio(self, event: Audio) -> list[RadioEvent]:
        self._time.mark(self._came, event.at)
        samples = np.frombuffer(event.pcm[: len(event.pcm) // 2 * 2], "<i2")
        self._came += len(samples)
        start = self._listener.passed
        return self._told(self._listener.hear(samples), start, event.channel)

    def _end(self, channel: str) -> list[RadioEvent]:
        start = self._listener.passed
        out = self._told(self._listener.finish(), start, channel)
        self._began = self._came
        return [*out, *self._due()]

    def _told(self, heard: Heard, start: int, channel: str) -> list[RadioEvent]:
        out: list[RadioEvent] = []
        for found in heard.found:
            out += self._meaning.of(found, channel, self._when(found))
        at, samples = start, heard.samples
        while self._waiting and self._waiting[0][0] <= start + len(heard.samples):
            place, up = self._waiting.popleft()
            if place > at:
                out.append(Audio(channel, self._time.at(at), samples[: place - at].tobytes()))
                samples, at = samples[place - at :], place
            out.append(up)
        if len(samples):
            out.append(Audio(channel, self._time.at(at), samples.tobytes()))
        return out

    def _due(self) -> list[RadioEvent]:
        out: list[RadioEvent] = []
        while self._waiting and self._waiting[0][0] <= self._listener.passed:
            out.append(self._waiting.popleft()[1])
        return out

    def _when(self, found: Found) -> datetime:
        return self._time.at(self._began + max(0, found.start))
