"""Sound devices through PortAudio: what the radio says, and what is said into it.

PortAudio calls back in threads of its own; what they hear goes to the event loop in blocks of 40 ms.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import soxr
from typing_extensions import Buffer

from radio_drivers.interface import RATE, LinkDown
from radio_drivers.line.blockclock import BlockClock
from radio_drivers.line.portaudio import BLOCK_S, BlockTimes, Stream, Wanted, close_stream, open_stream
from radio_drivers.line.squelch import Samples

STALLED_S = 3.0
"""A device that gives or takes no block for this long has gone; PortAudio often doesn't say so. A PulseAudio sink that
slept may need two seconds for its first block."""


def louder(samples: Samples, gain_db: float) -> Samples:
    """The samples amplified, clipped at full scale."""
    if gain_db == 0.0:
        return samples
    scaled = np.rint(samples.astype(np.float32) * np.float32(10 ** (gain_db / 20)))
    clipped: Samples = np.clip(scaled, -32768, 32767).astype(np.int16)
    return clipped


class Capture:
    """Hears the radio.

    Args:
        name: part of the device's name, None for the default.
        rate: hertz asked of it.
        gain_db: amplification.
    """

    def __init__(self, name: str | None, rate: int, gain_db: float = 0.0) -> None:
        self._name = name
        self._rate = rate
        self._gain_db = gain_db
        self._stream: Stream | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._heard_at = 0.0

    async def open(self, on_audio: Callable[[Samples, datetime], None], on_lost: Callable[[str], None]) -> None:
        """Start hearing.

        Args:
            on_audio: called in the event loop with each block: samples at `RATE` and the UTC time of the first.
            on_lost: called in the event loop when the device has gone.

        Raises:
            RadioSettingsError, LinkDown: as `open_stream`.
        """
        loop = asyncio.get_running_loop()
        clock = BlockClock()
        resamplers: dict[float, soxr.ResampleStream] = {}

        def heard(data: Buffer, frames: int, _times: BlockTimes, _status: object) -> None:
            stream = self._stream
            if stream is None:
                return  # the first block may come before the opening call has returned
            at = clock.at(datetime.now(UTC), frames / stream.samplerate)
            samples = np.frombuffer(memoryview(data), np.int16).reshape(-1, stream.channels)[:, 0].copy()
            if stream.samplerate != RATE:
                if stream.samplerate not in resamplers:
                    resamplers[stream.samplerate] = soxr.ResampleStream(stream.samplerate, RATE, 1, dtype="int16")
                samples = resamplers[stream.samplerate].resample_chunk(samples)
            self._heard_at = time.monotonic()
            _tell(loop, self._pass_on, on_audio, louder(samples, self._gain_db), at)

        def ended() -> None:
            _tell(loop, self._lost, on_lost, "the sound device stopped")

        opening = asyncio.create_task(
            asyncio.to_thread(open_stream, Wanted("input", self._name, self._rate), heard, ended),
            name="open sound input",
        )
        self._stream = await _opened(opening)
        self._heard_at = time.monotonic()
        self._watch = loop.call_later(STALLED_S / 2, self._look, on_lost)

    async def close(self) -> None:
        """Let go of the device."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        stream, self._stream = self._stream, None
        if stream is not None:
            await _closed(stream)

    def _pass_on(self, on_audio: Callable[[Samples, datetime], None], samples: Samples, at: datetime) -> None:
        if self._stream is not None:  # what was under way when we closed is nobody's
            on_audio(samples, at)

    def _look(self, on_lost: Callable[[str], None]) -> None:
        if time.monotonic() - self._heard_at > STALLED_S:
            self._lost(on_lost, f"nothing came from the sound device for {STALLED_S:g} s")
            return
        self._watch = asyncio.get_running_loop().call_later(STALLED_S / 2, self._look, on_lost)

    def _lost(self, on_lost: Callable[[str], None], reason: str) -> None:
        if self._stream is not None:  # not while we close it ourselves
            on_lost(f"sound input {self._name or 'default'!r}: {reason}")


class Playback:
    """Speaks into the radio. Open from before the key goes down until after it is up; silence in between.

    Args:
        name: part of the device's name, None for the default.
        rate: hertz asked of it.
        gain_db: amplification.
    """

    def __init__(self, name: str | None, rate: int, gain_db: float = 0.0) -> None:
        self._name = name
        self._rate = rate
        self._gain_db = gain_db
        self._stream: Stream | None = None
        self._left = memoryview(b"")
        self._played: asyncio.Future[float] | None = None

    async def open(self) -> None:
        """Start the device, playing silence.

        Raises:
            RadioSettingsError, LinkDown: as `open_stream`.
        """
        if self._stream is not None:
            return
        loop = asyncio.get_running_loop()

        def fill(block: Buffer, frames: int, times: BlockTimes, _status: object) -> None:
            out, left = memoryview(block), self._left
            taken = left[: len(out)]
            out[: len(taken)] = taken
            out[len(taken) :] = bytes(len(out) - len(taken))
            self._left = left[len(taken) :]
            if len(taken) and not self._left:
                stream = self._stream
                block_s = frames / stream.samplerate if stream is not None else BLOCK_S
                # Some back ends give no times: then the difference is zero or nonsense.
                queued_s = min(1.0, max(0.0, times.outputBufferDacTime - times.currentTime))
                _tell(loop, self._settle, queued_s + block_s)

        def ended() -> None:
            _tell(loop, self._fail, "the sound device stopped")

        opening = asyncio.create_task(
            asyncio.to_thread(open_stream, Wanted("output", self._name, self._rate), fill, ended),
            name="open sound output",
        )
        self._stream = await _opened(opening)

    async def play(self, pcm: bytes) -> None:
        """Play mono int16 at `RATE`; returns when the last sample has left the device.

        Raises:
            LinkDown: the device isn't open, or went away meanwhile.
        """
        stream = self._stream
        if stream is None:
            raise LinkDown(f"sound output {self._name or 'default'!r} is not open")
        if not pcm:
            return
        data = await asyncio.to_thread(self._converted, pcm, stream)
        self._played = asyncio.get_running_loop().create_future()
        self._left = memoryview(data)
        length_s = len(pcm) / (2 * RATE)
        try:
            async with asyncio.timeout(length_s + STALLED_S):
                queued_s = await self._played
        except TimeoutError:
            raise LinkDown(
                f"sound output {self._name or 'default'!r}: the sound device took nothing for {STALLED_S:g} s"
            ) from None
        finally:
            self._left = memoryview(b"")
            self._played = None
        await asyncio.sleep(queued_s)

    async def close(self) -> None:
        """Let go of the device; what is still to be played is dropped."""
        stream, self._stream = self._stream, None
        self._left = memoryview(b"")
        self._fail("the sound output was closed")
        if stream is not None:
            await _closed(stream)

    def _converted(self, pcm: bytes, stream: Stream) -> bytes:
        samples: Samples = np.frombuffer(pcm, np.int16)
        if stream.samplerate != RATE:
            samples = soxr.resample(samples, RATE, stream.samplerate)
        samples = louder(samples, self._gain_db)
        return np.repeat(samples, stream.channels).astype(np.int16).tobytes()

    def _settle(self, queued_s: float) -> None:
        if self._played is not None and not self._played.done():
            self._played.set_result(queued_s)

    def _fail(self, reason: str) -> None:
        if self._played is not None and not self._played.done():
            self._played.set_exception(LinkDown(f"sound output {self._name or 'default'!r}: {reason}"))


async def _opened(opening: asyncio.Task[Stream]) -> Stream:
    """The stream of a thread that is opening it; closed again when we are cancelled before it is there."""
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await asyncio.wait({opening})
        if not opening.cancelled() and opening.exception() is None:
            await _closed(opening.result())
        raise


async def _closed(stream: Stream) -> None:
    closing = asyncio.create_task(asyncio.to_thread(close_stream, stream), name="close sound device")
    try:
        await asyncio.shield(closing)
    except asyncio.CancelledError:
        await asyncio.wait({closing})
        raise


def _tell(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *values: object) -> None:
    try:
        loop.call_soon_threadsafe(call, *values)
    except RuntimeError:
        if not loop.is_closed():
            raise
