"""Frames to events: which audio belongs to which transmission, and what to do when a part never comes. No I/O, no clock.

A transmission is open from its key-up to its key-down. What real base stations and lost messages add to that:

- Audio without a key-up opens one (the key-up was lost; the words were not).
- A WAV without a key-up is a whole transmission of its own.
- A key-up that announces one WAV stays open after its key-down until the WAV is there: many record first and send then.
- A second key-up ends the one before (its key-down was lost); the same key-up once more (QoS 1 may repeat) does nothing.
- Nothing for `silence_s`: the base station has vanished, the transmission ends where its audio ended.
- While *we* are cut off from the broker the wait is `session_s`: the broker is keeping the rest for us.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import soxr

from radio_drivers.interface import RATE, Audio, EmergencyPressed, KeyDown, KeyUp, RadioEvent, TextReceived
from radio_drivers.mqtt.protocol import (
    AUDIO,
    BUSY,
    EMERGENCY,
    KEYDOWN,
    KEYUP,
    TEXT,
    WAV,
    AudioFrame,
    BadPayload,
    BusyFrame,
    EmergencyFrame,
    KeyDownFrame,
    KeyUpFrame,
    TextFrame,
    WavFrame,
)

PIECE_BYTES = 2 * RATE
"""A long recording is handed on in pieces of one second."""

WAV_AFTER_S = 10.0
"""How long after its key-down an announced WAV may come. Later it counts as a transmission of its own."""

BUSY_MAX_S = 180.0
"""A `busy` that is never taken back ends after this (a stuck carrier is reported by relays after three minutes)."""

ReceivedFrame = KeyUpFrame | AudioFrame | WavFrame | KeyDownFrame | BusyFrame | TextFrame | EmergencyFrame
Outcome = RadioEvent | BadPayload


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on two clocks."""

    utc: datetime
    seconds: float
    """Of a clock that never jumps; for waiting."""


class Resampler:
    """Pieces of audio at any rate to pieces at `RATE`, without clicks between them."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        """Hertz, of what comes in."""
        self._stream = None if rate == RATE else soxr.ResampleStream(rate, RATE, 1, dtype="int16")

    def feed(self, pcm: bytes, *, last: bool = False) -> bytes:
        """The next piece; what comes out lags a little behind, until the `last`."""
        if self._stream is None:
            return pcm
        resampled: bytes = self._stream.resample_chunk(np.frombuffer(pcm, "<i2"), last=last).tobytes()
        return resampled


@dataclass(slots=True)
class _Open:
    """The transmission that is going on."""

    start: datetime
    key_up: KeyUpFrame | None
    trusted: bool
    """`start` is by the base station's clock."""
    resampler: Resampler
    sent_bytes: int = 0
    key_down: KeyDownFrame | None = None
    """Talk was let go, the announced WAV is still to come."""

    @property
    def heard_until(self) -> datetime:
        return self.start + timedelta(seconds=self.sent_bytes / 2 / RATE)


class Reception:
    """The receiving side of one channel.

    Args:
        channel: the channel's name in the configuration.
        silence_s: ends a transmission of which nothing more comes.
        longest_s: how long to wait for an announced WAV.
        session_s: how long to wait for the rest while the broker can't be reached.
        clock_error_s: the base station's times are believed when they are this near to ours.
    """

    def __init__(
        self, channel: str, *, silence_s: float, longest_s: float, session_s: float, clock_error_s: float
    ) -> None:
        self._channel = channel
        self._silence_s = silence_s
        self._longest_s = longest_s
        self._session_s = session_s
        self._clock_error = timedelta(seconds=clock_error_s)
        self._open: _Open | None = None
        self._deadline: float | None = None
        self._busy_until: float | None = None
        self._held = False
        self._last_wav: tuple[datetime, str | None] | None = None

    @property
    def talking(self) -> bool:
        """A transmission is open."""
        return self._open is not None

    @property
    def busy(self) -> bool:
        """Somebody talks, whether we hear them or not."""
        return (self._open is not None and self._open.key_down is None) or self._busy_until is not None

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called, on the clock of `Moment.seconds`."""
        waits = [when for when in (self._deadline, self._busy_until) if when is not None]
        return min(waits, default=None)

    def take(self, frame: ReceivedFrame, now: Moment) -> Iterator[Outcome]:
        """What a frame means, in order. Exhaust it before the next call."""
        match frame:
            case KeyUpFrame():
                yield from self._key_up(frame, now)
            case AudioFrame():
                yield from self._audio(frame, now)
            case WavFrame():
                yield from self._wav(frame, now)
            case KeyDownFrame():
                yield from self._key_down(frame, now)
            case BusyFrame(busy):
                self._busy_until = now.seconds + BUSY_MAX_S if busy else None
            case TextFrame(text, at, unit):
                when, bad = self._believe(TEXT, at, now)
                yield from bad
                yield TextReceived(self._channel, when or now.utc, text, unit)
            case EmergencyFrame(at, unit):
                when, bad = self._believe(EMERGENCY, at, now)
                yield from bad
                yield EmergencyPressed(self._channel, when or now.utc, unit)

    def tick(self, now: Moment) -> Iterator[Outcome]:
        """Time has passed."""
        if self._busy_until is not None and now.seconds >= self._busy_until:
            self._busy_until = None
            yield BadPayload(BUSY, f"said to be busy for {BUSY_MAX_S:.0f} s; not believed any longer")
        if self._open is not None and self._deadline is not None and now.seconds >= self._deadline:
            going = self._open
            waits_for_wav = going.key_up is not None and going.key_up.whole and not going.sent_bytes
            topic, what = (WAV, "the announced WAV") if waits_for_wav else (KEYDOWN, "the key-down")
            yield BadPayload(topic, f"{what} never came; the transmission is ended")
            yield from self._close(going, now)

    def hold(self, now: Moment) -> None:
        """The broker can't be reached: what is missing may be kept there for us."""
        self._held = True
        self._busy_until = None
        self._wait(now)

    def go_on(self, now: Moment) -> None:
        """The broker is back."""
        self._held = False
        self._wait(now)

    def vanish(self, now: Moment) -> Iterator[Outcome]:
        """The base station is gone: nothing more will come."""
        self._busy_until = None
        if self._open is not None:
            yield from self._close(self._open, now)

    def _key_up(self, frame: KeyUpFrame, now: Moment) -> Iterator[Outcome]:
        before = self._open
        if before is not None:
            if before.key_up == frame and frame.at is not None:
                return
            if before.key_down is None:
                yield BadPayload(KEYUP, "a key-up while one is open: the key-down between was lost; ended there")
            else:
                yield BadPayload(WAV, "the announced WAV never came; the transmission is ended")
            yield from self._close(before, now)
        at, bad = self._believe(KEYUP, frame.at, now)
        yield from bad
        yield from self._begin(at or now.utc, frame, now, trusted=at is not None)

    def _audio(self, frame: AudioFrame, now: Moment) -> Iterator[Outcome]:
        going = self._open
        if going is None:
            rate = frame.rate or RATE
            yield BadPayload(AUDIO, "audio without a key-up; taken as the begin of a transmission")
            start = now.utc - timedelta(seconds=len(frame.pcm) / 2 / rate)
            yield from self._begin(start, None, now, trusted=False, rate=rate)
            going = self._open
        if going is not None:
            yield from self._give(going, frame.pcm, frame.rate or going.resampler.rate)
            self._wait(now)

    def _wav(self, frame: WavFrame, now: Moment) -> Iterator[Outcome]:
        going = self._open
        if going is not None:
            yield from self._give(going, frame.pcm, frame.rate)
            self._wait(now)
            if going.key_down is not None:
                yield from self._close(going, now)
            return
        if frame.at is not None:
            if self._last_wav == (frame.at, frame.unit):  # QoS 1 may repeat after a break; nobody may be alerted twice
                return
            self._last_wav = (frame.at, frame.unit)
        at, bad = self._believe(WAV, frame.at, now)
        yield from bad
        start = at or now.utc - timedelta(seconds=len(frame.pcm) / 2 / frame.rate)
        key_up = KeyUpFrame(frame.at, frame.unit, frame.strength_dbm, frame.rate)
        yield from self._begin(start, key_up, now, trusted=at is not None)
        whole = self._open
        if whole is not None:
            yield from self._give(whole, frame.pcm, frame.rate)
            yield from self._close(whole, now)

    def _key_down(self, frame: KeyDownFrame, now: Moment) -> Iterator[Outcome]:
        going = self._open
        if going is None:
            yield BadPayload(KEYDOWN, "a key-down, but nobody was talking; ignored")
            return
        if going.key_up is not None and going.key_up.whole and not going.sent_bytes:
            going.key_down = frame
            self._wait(now)
            return
        going.key_down = frame
        yield from self._close(going, now)

    def _begin(
        self, start: datetime, frame: KeyUpFrame | None, now: Moment, *, trusted: bool, rate: int | None = None
    ) -> Iterator[Outcome]:
        self._open = _Open(start, frame, trusted, Resampler(rate or (frame.rate if frame else RATE)))
        self._wait(now)
        yield KeyUp(self._channel, start, frame.unit if frame else None, frame.strength_dbm if frame else None)

    def _give(self, going: _Open, pcm: bytes, rate: int) -> Iterator[Outcome]:
        if rate != going.resampler.rate:
            yield from self._pieces(going, going.resampler.feed(b"", last=True))
            going.resampler = Resampler(rate)
        yield from self._pieces(going, going.resampler.feed(pcm))

    def _pieces(self, going: _Open, pcm: bytes) -> Iterator[Audio]:
        for begin in range(0, len(pcm), PIECE_BYTES):
            piece = pcm[begin : begin + PIECE_BYTES]
            at = going.heard_until
            going.sent_bytes += len(piece)
            yield Audio(self._channel, at, piece)

    def _close(self, going: _Open, now: Moment) -> Iterator[Outcome]:
        yield from self._pieces(going, going.resampler.feed(b"", last=True))
        self._open, self._deadline = None, None
        end, strength = going.heard_until, None
        if going.key_down is not None:
            strength = going.key_down.strength_dbm
            if going.key_down.at is not None and going.trusted:
                said, bad = self._believe(KEYDOWN, going.key_down.at, now)
                yield from bad
                # Never before its own audio, whatever two clocks say.
                end = max(end, said) if said is not None else end
            elif not going.sent_bytes:
                end = max(end, now.utc)
        yield KeyDown(self._channel, end, strength)

    def _wait(self, now: Moment) -> None:
        going = self._open
        if going is None:
            self._deadline = None
            return
        wait_s = self._silence_s
        if going.key_down is not None:
            wait_s = max(self._silence_s, WAV_AFTER_S)
        elif going.key_up is not None and going.key_up.whole and not going.sent_bytes:
            wait_s = self._longest_s
        if self._held:
            wait_s = max(wait_s, self._session_s)
        self._deadline = now.seconds + wait_s

    def _believe(self, topic: str, at: datetime | None, now: Moment) -> tuple[datetime | None, list[BadPayload]]:
        if at is None or abs(at - now.utc) <= self._clock_error:
            return at, []
        reason = f"its clock says {at:%Y-%m-%d %H:%M:%S}Z and is not believed; set the base station's clock"
        return None, [BadPayload(topic, reason)]
