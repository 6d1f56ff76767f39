"""A voice on another machine, by the Wyoming protocol."""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np
import numpy.typing as npt

from dispatch.channels.synthesis import at_our_rate, sayable
from gateway.speech.voice_worker import VoiceError
from gateway.speech.wyoming import messages
from gateway.speech.wyoming.client import Conversation, WyomingError, address_of
from gateway.speech.wyoming.messages import MeaningError, Sound

LONGEST_S: Final = 90.0
"""Seconds of speech: no announcement is longer."""
MOST_RECEIVED: Final = 36 << 20
"""Bytes of one conversation: `LONGEST_S` in the largest form that is taken, and an `info`."""
_SILENT_PEAK: Final = 200
"""Of 32767. What stays below it would go on the air as silence."""
TRIAL: Final = "Radio check."


class WyomingSynthesiser:
    """One server. Nothing is kept open between requests."""

    def __init__(self, url: str, *, voice: str | None = None, time_out_s: float = 10.0) -> None:
        """Args: as the settings of `[voice]` (`url`, `url_voice`, `url_time_out_s`).

        Raises:
            ValueError: no address.
        """
        self.address = address_of(url)
        self._voice = voice
        self._time_out_s = time_out_s
        self._name = ""

    @property
    def name(self) -> str:
        """For instance "wyoming piper at box:10200"; without a name before it was first met."""
        return " ".join(part for part in ("wyoming", self._name, f"at {self.address}") if part)

    async def look(self) -> str:
        """Meet the server without giving it work; what it is.

        Raises:
            VoiceError: it isn't there, or no voice.
        """
        try:
            async with Conversation(self.address, most=MOST_RECEIVED) as talk:
                self._name = await talk.described("tts", self._voice)
        except WyomingError as error:
            raise VoiceError(str(error)) from error
        return self.name

    async def prove(self) -> None:
        """See that it speaks.

        Raises:
            VoiceError: it doesn't.
        """
        await self.speak(TRIAL)

    async def speak(self, text: str) -> bytes:
        """Say a text.

        Returns:
            Mono int16 little-endian at 16 kHz, whatever the server's own rate is.

        Raises:
            VoiceError: no speech came in time.
        """
        try:
            async with asyncio.timeout(self._time_out_s):
                form, raw = await self._asked(sayable(text))
                pcm = await asyncio.to_thread(converted, raw, form)
        except TimeoutError as error:
            raise VoiceError(f"{self.address} has not spoken within {self._time_out_s:g} s") from error
        except MeaningError as error:
            raise VoiceError(f"{self.address} sent {error}") from error
        except WyomingError as error:
            raise VoiceError(str(error)) from error
        if not pcm:
            raise VoiceError(f"{self.address} gave silence for a text of {len(text)} characters")
        return pcm

    async def _asked(self, text: str) -> tuple[Sound, bytes]:
        async with Conversation(self.address, most=MOST_RECEIVED) as talk:
            self._name = await talk.described("tts", self._voice)
            await talk.send([messages.synthesis(text, voice=self._voice)])
            form: Sound | None = None
            raw = bytearray()
            while (event := await talk.answer("audio-start", "audio-chunk", "audio-stop")).type != "audio-stop":
                now = messages.sound(event)
                if form not in {None, now}:
                    raise MeaningError("audio that changes its form in the middle")
                form = now
                raw += event.payload
                if len(raw) > LONGEST_S * form.bytes_per_s:
                    raise MeaningError(f"more than {LONGEST_S:g} s of speech for one text")
            if form is None:
                raise MeaningError("no audio")
            return form, bytes(raw)


def converted(raw: bytes, form: Sound) -> bytes:
    """Samples at our rate, mono; nothing where they are silence. Takes a while: not in the event loop."""
    frame = form.channels * 2
    samples = np.frombuffer(raw[: len(raw) // frame * frame], "<i2").reshape(-1, form.channels)
    if not len(samples) or int(np.abs(samples.astype(np.int32)).max()) < _SILENT_PEAK:
        return b""
    mono: npt.NDArray[np.float32] = samples.astype(np.float32).mean(axis=1) / 32768
    return at_our_rate(mono, form.rate)
