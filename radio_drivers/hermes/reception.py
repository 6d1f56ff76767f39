"""A microphone's stream of frames to transmissions: there is no key-up in Hermes, so the sound decides. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from radio_drivers.hermes.settings import HermesSettings
from radio_drivers.interface import RATE, Audio, KeyDown, KeyUp, RadioEvent
from radio_drivers.line.blockclock import BlockClock
from radio_drivers.line.squelch import Vox
from radio_drivers.mqtt.reception import Resampler


class Reception:
    """One channel's ears.

    Args:
        channel: the channel's name in the configuration.
        settings: voice-operated squelch, waits.
        put: takes the events.
        clock: seconds that never jump.
    """

    def __init__(
        self,
        channel: str,
        settings: HermesSettings,
        put: Callable[[RadioEvent], None],
        *,
        clock: Callable[[], float],
    ) -> None:
        self._channel = channel
        self._put = put
        self._clock = clock
        self._silence_s = settings.silence_s
        self._deaf_s = settings.deaf_s
        self._vox = Vox(settings.vox_threshold_dbfs, settings.vox_attack_ms / 1000, settings.vox_hang_ms / 1000)
        self._resampler = Resampler(RATE)
        self._times = BlockClock()
        self._fed = 0
        self._open = False
        self._ours = False
        self._deaf_until = float("-inf")
        self._heard_until: datetime | None = None
        self._last_frame: float | None = None
        self._quiet_since: float | None = clock()

    @property
    def busy(self) -> bool:
        """Somebody else is talking."""
        return self._open

    @property
    def quiet_since(self) -> float | None:
        """On the clock: since when nobody talks. None while somebody does."""
        return None if self._open else self._quiet_since

    @property
    def deadline(self) -> float | None:
        """When `tick` wants to be called, on the clock: a transmission is open and no frames may come any more."""
        return self._last_frame + self._silence_s if self._open and self._last_frame is not None else None

    def frame(self, pcm: bytes, rate: int, arrived: datetime) -> None:
        """A frame of the microphone.

        Args:
            pcm: mono int16 little-endian at `rate`.
            rate: Hertz.
            arrived: UTC.
        """
        self._last_frame = self._clock()
        if rate != self._resampler.rate:
            self._resampler = Resampler(rate)
        samples = np.frombuffer(self._resampler.feed(pcm), "<i2")
        if not len(samples):
            return
        at = self._times.at(arrived, len(samples) / RATE)
        if self._ours or self._clock() < self._deaf_until:
            return  # our own voice must not even become the pre-roll of the answer to it
        self._heard_until = at + timedelta(seconds=len(samples) / RATE)
        start_s = self._fed / RATE
        self._fed += len(samples)
        changes = self._vox.feed(samples)
        for change in changes:
            if change.open and not self._open:
                self._open = True
                self._put(KeyUp(self._channel, at + timedelta(seconds=change.since_s - start_s)))
        self._put(Audio(self._channel, at, samples.tobytes()))
        for change in changes:
            if not change.open:
                self._close(at + timedelta(seconds=change.since_s - start_s))

    def tick(self) -> None:
        """Time has passed."""
        deadline = self.deadline
        if deadline is not None and self._clock() >= deadline:
            self.stop()

    def stop(self) -> None:
        """No more frames come: what was open ends where its sound ended."""
        if self._heard_until is not None:
            self._close(self._heard_until)
        self._vox.reset()
        self._times = BlockClock()

    def we_talk(self, at: datetime) -> None:
        """Our announcement begins."""
        self._close(at)
        self._ours = True

    def we_stopped(self) -> None:
        """Our announcement has ended."""
        self._ours = False
        self._deaf_until = self._clock() + self._deaf_s
        self._quiet_since = self._clock()
        self._vox.reset()

    def _close(self, at: datetime) -> None:
        if self._open:
            self._open = False
            self._quiet_since = self._clock()
            self._put(KeyDown(self._channel, at))
