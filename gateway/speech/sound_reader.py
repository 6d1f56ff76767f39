"""Which sounds were said when, read off a call by a network of our own that knows no words.

Whisper's decoder writes words that it knows: "Mulcahy" comes out as "me to sleep and". The network here gives every 40 ms
the probabilities of British phonemes. It began as the encoder of Whisper tiny.en and was trained on spoken sentences full of names, through radio
channels (`./run bench fit_sounds`, docs/names.md); whatever model hears the words, it reads the sounds.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.speech.child import CannotStartError
from gateway.speech.wordings import RATE, windows

Floats = npt.NDArray[np.float32]
Untyped = Any
"""onnxruntime's and faster-whisper's objects: the libraries have no types."""

STEP_S: Final = 0.04
"""Seconds of two positions of Whisper's encoder (Radford et al. 2022, section 2.2), which are read together: no sound is shorter."""
LONGEST_S: Final = 28.0
"""What is read at once; the network can take 30 s."""
_FRAMES: Final = 4
"""Mel frames of one step."""
SOUNDS_FILE: Final = "sounds.onnx"


def mels(samples: Floats) -> Floats:
    """Spectra as Whisper wants them, whole steps of four frames.

    Args:
        samples: mono at 16 kHz.

    Returns:
        Shape (frames, 80), a frame every 10 ms.
    """
    frames = np.asarray(_extractor()(samples, padding=0), np.float32).T
    return np.ascontiguousarray(frames[: len(samples) // (_FRAMES * 160) * _FRAMES])


@cache
def _extractor() -> Untyped:
    from faster_whisper.feature_extractor import FeatureExtractor  # noqa: TID251 - an engine's part, used by one

    return FeatureExtractor()


class SoundReader:
    """The network, loaded. Use `load`."""

    def __init__(self, session: Untyped, alphabet: str) -> None:
        self.alphabet = alphabet
        """The sounds, from column 1 on; column 0 is "no sound, or the same still"."""
        self._session = session

    @classmethod
    def load(cls, threads: int, network: bytes | None = None) -> SoundReader:
        """The network that comes with the package, or another as its file holds it.

        Raises:
            CannotStartError: its file is missing or damaged.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        # Threads that wait must not spin: the recogniser needs the processor meanwhile.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False  # which would keep what the longest call took
        try:
            network = network or resources.files("gateway.speech").joinpath("data", SOUNDS_FILE).read_bytes()
            session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
            alphabet = session.get_modelmeta().custom_metadata_map["alphabet"]
        except Exception as error:  # onnxruntime's errors have no common ancestor
            raise CannotStartError(
                f"the network that reads sounds ({SOUNDS_FILE} of gateway/speech/data) can't be loaded: {error}. Install huecry again"
            ) from error
        return cls(session, alphabet)

    def read(self, samples: Floats) -> list[tuple[float, Floats]]:
        """Log-probabilities of the sounds of a call of any length, in pieces: when each begins, in seconds, and what `__call__` gives of it."""
        return [(start / RATE, self(samples[start:end])) for start, end in windows(samples, LONGEST_S)]

    def __call__(self, samples: Floats) -> Floats:
        """Log-probabilities of the sounds.

        Args:
            samples: mono at 16 kHz, at most 30 s.

        Returns:
            Shape (steps, 1 + sounds): a row every `STEP_S`; what is left over at the end has none.
        """
        if len(samples) < _FRAMES * 160:
            return np.zeros((0, 1 + len(self.alphabet)), np.float32)
        (read,) = self._session.run(None, {"mels": mels(samples)[np.newaxis]})
        return np.asarray(read[0], np.float32)
