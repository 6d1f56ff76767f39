"""Whisper through CTranslate2, made for short calls. Synchronous: it lives in a worker process.

What differs from `faster_whisper.WhisperModel.transcribe`, which decodes well and is used for all the parts it is good at:

- The encoder runs on the call's own length and some silence, not on 30 s: most of the time is saved there (bench/encoder.py).
- n-best wordings, each with its mean log-probability; stock faster-whisper gives only the best.
- Hot words are cut to whole names that fit, and it is said how many did; their wordings come from a second pass and never
  replace the unbiased text, because a suggested name may be heard where nobody spoke it.
- Any wording can be scored against the same audio, the encoder output reused.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.speech.child import CannotStartError, RefusedError
from gateway.speech.sound_reader import STEP_S, SoundReader
from gateway.speech.spotting import spot_all
from gateway.speech.transcript import Claim, Fit, Hints, Hypothesis, Spotted, Transcript, Word
from gateway.speech.whisper_fits import Heard, cropped, fits, noisy, storage, timed_words
from gateway.speech.wordings import (
    distinct,
    divide,
    join,
    joined,
    pack,
    repeats,
    says_again,
    suggestions,
    windows,
    words_of,
)

log = logging.getLogger(__name__)

Untyped = Any
"""CTranslate2's and tokenizers' objects: the libraries have no types."""

RATE: Final = 16_000
_HOP: Final = 160
"""Samples per mel frame; two frames make one position of the encoder (Radford et al. 2022, section 2.2)."""
_FULL_FRAMES: Final = 3000  # 30 s, what Whisper was trained on
_LONGEST_WINDOW_S: Final = 28.0
_SHORTEST_S: Final = 0.1
_SILENT_PEAK: Final = 16 / 32768  # -66 dBFS: a muted line, not a talker
_TOKENS_PER_S: Final = 10.0  # hurried speech is about 7
_TOKENS_SPARE: Final = 20
_REMEMBERED: Final = 4
_VARIED_S: Final = 24.0  # seconds of sound in all varied wordings together: a long call gets fewer, at least two
_AGAIN_BEAM: Final = 1  # what is heard with suggestions only shows where to look

# As openai/whisper and faster-whisper judge a window to hold no speech (their defaults).
_NO_SPEECH: Final = 0.6
_POOR_LOGPROB: Final = -1.0

_MODEL_FILES: Final = ("model.bin", "config.json", "tokenizer.json")


@dataclass(frozen=True, slots=True)
class WhisperOptions:
    """See `gateway.speech.settings.SpeechSettings`."""

    beam: int = 5
    hypotheses: int = 5
    padding_s: float = 4.0
    threads: int = 2
    hot_words: bool = True
    hot_word_passes: int = 1
    varied: int = 6
    language: str = "en"
    compute_type: str = "int8"


@dataclass(frozen=True, slots=True)
class _Wording:
    """What the decoder gives. `logprob` is the sum over the tokens and the end-of-text token."""

    tokens: tuple[int, ...]
    logprob: float
    text: str

    @property
    def average(self) -> float:
        return self.logprob / (len(self.tokens) + 1)


@dataclass(slots=True)
class _Window:
    """One encoded piece of a call."""

    samples: npt.NDArray[np.float32]
    start_s: float
    encoded: Untyped
    """ctranslate2.StorageView, shape (1, positions, width)."""
    text: str = ""
    """As heard; empty where nobody spoke."""
    heard: bool = False
    on_full_length: bool = False
    """Encoded on 30 s after all."""

    @property
    def duration_s(self) -> float:
        return len(self.samples) / RATE


class WhisperEngine:
    """One loaded model. Use `load`."""

    def __init__(self, model: Untyped, tokenizer: Untyped, label: str, options: WhisperOptions) -> None:
        self.label = label
        self.heard_again = 0
        """Windows that were decoded on 30 s after all."""
        self._whisper = model
        self._tokenizer = tokenizer
        self._options = options
        self._remembered: OrderedDict[bytes, list[_Window]] = OrderedDict()
        self._told_cut: tuple[int, int] | None = None
        self._sounds = SoundReader.load(options.threads)
        self._read: tuple[bytes, list[tuple[float, npt.NDArray[np.float32]]]] | None = None
        """The call whose sounds were read last: a large register is asked about in several messages."""

    @classmethod
    def load(cls, folder: Path, name: str, options: WhisperOptions) -> WhisperEngine:
        """Load a CTranslate2 Whisper folder.

        Raises:
            CannotStartError: not such a folder, or not loadable.
        """
        missing = [file for file in _MODEL_FILES if not (folder / file).is_file()]
        if missing:
            raise CannotStartError(
                f"{folder} is no CTranslate2 Whisper folder: {', '.join(missing)} missing. "
                "`huecry models list` shows what there is"
            )
        from faster_whisper import WhisperModel  # noqa: TID251 - this is the engine's own module
        from faster_whisper.tokenizer import Tokenizer  # noqa: TID251

        try:
            model = WhisperModel(
                str(folder),
                device="cpu",
                compute_type=options.compute_type,
                cpu_threads=options.threads,
                local_files_only=True,
            )
            tokenizer = Tokenizer(
                model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=options.language
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise CannotStartError(
                f"the Whisper model in {folder} can't be loaded: {error}. Fetch it again: `huecry models fetch {name}`"
            ) from error
        return cls(model, tokenizer, f"whisper {name} {options.compute_type}", options)

    def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        """Hear one call: mono int16 little-endian at 16 kHz, any length; half a sample at the end is left out."""
        began = time.perf_counter()
        samples = _samples(pcm)
        if len(samples) < _SHORTEST_S * RATE or float(np.abs(samples).max()) < _SILENT_PEAK:
            return Transcript("", (), (), 0.0, 1.0, self.label, time.perf_counter() - began)
        rows: list[list[Hypothesis]] = []
        varied: list[list[Hypothesis]] = []
        words: list[Word] = []
        logprob, tokens, no_speech = 0.0, 0, 1.0
        pieces = self._encoded(pcm, samples)
        for window in pieces:
            heard, silence = self._decode(window, [], self._options.hypotheses)
            if says_again(heard[0].text) and not window.on_full_length:
                heard = self._decode_again(window)
            no_speech, window.heard = min(no_speech, silence), True
            if not words_of(heard[0].text) or (silence > _NO_SPEECH and heard[0].average < _POOR_LOGPROB):
                window.text = ""
                continue
            window.text = heard[0].text
            logprob += heard[0].logprob
            tokens += len(heard[0].tokens) + 1
            twice = says_again(window.text)
            rows.append([_hypothesis(one, window, twice=twice) for one in heard])
            varied.append([_hypothesis(one, window, twice=twice, varied=True) for one in self._vary(window, heard[0])])
            words.extend(self._words(window, heard[0]))
        hypotheses = joined(rows, self._options.hypotheses)
        hypotheses += [join(list(drawn)) for drawn in zip(*varied, strict=False)]  # a short window has more
        hypotheses += self._listen_for(pieces, hints)
        return Transcript(
            text=" ".join(window.text for window in pieces if window.text),
            words=tuple(words),
            hypotheses=tuple(distinct(hypotheses)),
            average_logprob=logprob / tokens if tokens else 0.0,
            no_speech=no_speech,
            engine=self.label,
            took_s=time.perf_counter() - began,
        )

    def listen_for(self, pcm: bytes, hints: Hints) -> tuple[Hypothesis, ...]:
        """Hear a call once more with words suggested; quick right after `transcribe` of the same audio."""
        pieces = self._heard(pcm)
        return tuple(distinct(self._listen_for(pieces, hints))) if pieces else ()

    def weigh(self, pcm: bytes, claims: Sequence[Claim]) -> list[Fit]:
        """How well each claim fits the sound.

        Raises:
            RefusedError: a claim is empty or longer than the decoder, or there is no audio.
        """
        pieces = self._heard(pcm)
        if not pieces:
            raise RefusedError("there is no audio to hold wordings against")
        windows = [Heard(*cropped(one.encoded, len(one.samples), _HOP), one.text) for one in pieces]
        return fits(self._whisper.model, self._tokenizer, windows, claims, self._whisper.max_length // 2)

    def spot(self, pcm: bytes, ways: Sequence[str]) -> list[Spotted]:
        """Where each sequence of phonemes was most likely said: by its single sounds, without the decoder and its words.

        In a call of several windows, wherever it fits best.
        """
        samples = _samples(pcm)
        if not ways or len(samples) < _SHORTEST_S * RATE:
            return []
        if self._read is None or self._read[0] != pcm:
            self._read = (pcm, self._sounds.read(samples))
        found = [spot_all(read, tuple(ways), self._sounds.alphabet, STEP_S, start_s) for start_s, read in self._read[1]]
        return [min(places, key=lambda one: one.cost) for places in zip(*found, strict=True)]

    def _heard(self, pcm: bytes) -> list[_Window]:
        """The call's windows, decoded; nothing where there is no sound."""
        samples = _samples(pcm)
        if len(samples) < _SHORTEST_S * RATE or float(np.abs(samples).max()) < _SILENT_PEAK:
            return []
        pieces = self._encoded(pcm, samples)
        if not all(window.heard for window in pieces):
            self.transcribe(pcm, Hints())
        return pieces

    def _listen_for(self, pieces: Sequence[_Window], hints: Hints) -> list[Hypothesis]:
        """Wordings with words suggested, best first within each pass."""
        found: list[Hypothesis] = []
        for prompt in self._prompts(hints):
            rows = []
            for window in pieces:
                if not window.text:
                    continue  # where nobody spoke, suggestions would be heard all the same
                decoded, _ = self._decode(window, prompt, _AGAIN_BEAM, min(_AGAIN_BEAM, self._options.beam))
                twice = says_again(window.text)
                # Suggestions make the decoder loop more often: what doesn't loop goes first.
                rows.append(
                    sorted(
                        (_hypothesis(one, window, twice=twice, biased=True) for one in decoded),
                        key=lambda one: one.repeats,
                    )
                )
            # Only the best of each window when there are several: the rest would multiply.
            found += [join([row[0] for row in rows])] if len(rows) > 1 else rows[0] if rows else []
        return found

    def _vary(self, window: _Window, best: _Wording) -> list[_Wording]:
        """Wordings heard through a little noise; those of a beam differ in commas, these where the decoder is at a loss.

        One that is much longer than the best has gone astray and is cut short: it would take most of the time.
        """
        count = min(self._options.varied, max(2, int(_VARIED_S / max(window.duration_s, 1.0))))
        if not self._options.varied:
            return []
        tokenizer = self._tokenizer
        encoded, _ = cropped(window.encoded, len(window.samples), _HOP)
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        room = max(int(1.3 * len(best.tokens)), int(window.duration_s * _TOKENS_PER_S / 2)) + _TOKENS_SPARE // 2
        results = self._whisper.model.generate(
            storage(noisy(encoded, count)),
            [start] * count,
            beam_size=1,
            return_scores=True,
            max_length=min(len(start) + room, self._whisper.max_length),
        )
        return [
            _Wording(tuple(ids), score * max(len(ids), 1), tokenizer.decode(ids).strip())
            for result in results
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]

    def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:
        """Sum of the log-probabilities of each wording's tokens on this audio.

        Raises:
            RefusedError: a wording is empty or longer than the decoder, or there is no audio.
        """
        samples = _samples(pcm)
        if len(samples) < _SHORTEST_S * RATE:
            raise RefusedError("there is no audio to score wordings on")
        pieces = self._encoded(pcm, samples)
        if len(pieces) > 1 and not any(window.text for window in pieces):
            self.transcribe(pcm, Hints())
        scores = []
        for wording in wordings:
            if not wording.strip():
                raise RefusedError("an empty wording can't be scored")
            parts = divide(wording, [window.text for window in pieces])
            scores.append(sum(self._score(window, part) for window, part in zip(pieces, parts, strict=True) if part))
        return scores

    def _score(self, window: _Window, text: str) -> float:
        tokens = self._tokenizer.encode(" " + text.strip())
        if len(tokens) > self._whisper.max_length // 2:
            raise RefusedError(f"a wording of {len(tokens)} tokens is longer than the decoder takes")
        aligned = self._whisper.model.align(
            window.encoded, self._tokenizer.sot_sequence, [tokens], max(2, len(window.samples) // _HOP)
        )[0]
        return float(sum(math.log(max(p, 1e-10)) for p in aligned.text_token_probs))

    def _encoded(self, pcm: bytes, samples: npt.NDArray[np.float32]) -> list[_Window]:
        """The call's windows through the encoder, remembered for the next question about the same audio."""
        key = hashlib.blake2b(pcm, digest_size=16).digest()
        if key in self._remembered:
            self._remembered.move_to_end(key)
            return self._remembered[key]
        longest = min(_LONGEST_WINDOW_S, 30.0 - self._options.padding_s)
        pieces = [
            _Window(samples[a:b], a / RATE, self._encode(samples[a:b], self._options.padding_s))
            for a, b in windows(samples, longest)
        ]
        self._remembered[key] = pieces
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return pieces

    def _encode(self, samples: npt.NDArray[np.float32], padding_s: float | None) -> Untyped:
        """Run the encoder; `padding_s` None fills up to the 30 s of the training."""
        length = _FULL_FRAMES * _HOP if padding_s is None else len(samples) + int(padding_s * RATE)
        padded = np.zeros(length, np.float32)
        padded[: len(samples)] = samples
        features = self._whisper.feature_extractor(padded, padding=0)
        even = features.shape[1] // 2 * 2  # the encoder's convolution has stride 2
        return self._whisper.encode(np.ascontiguousarray(features[:, :even]))

    def _decode(
        self, window: _Window, prompt: list[int], count: int, beam: int | None = None
    ) -> tuple[list[_Wording], float]:
        """Best wordings of a window, best first, at least one; and the probability that it holds no speech."""
        tokenizer, options = self._tokenizer, self._options
        start = [*prompt, *tokenizer.sot_sequence, tokenizer.no_timestamps]
        room = int(window.duration_s * _TOKENS_PER_S) + _TOKENS_SPARE
        result = self._whisper.model.generate(
            window.encoded,
            [start],
            beam_size=beam or options.beam,
            num_hypotheses=min(count, beam or options.beam),
            return_scores=True,
            return_no_speech_prob=True,
            max_length=min(len(start) + room, self._whisper.max_length),
        )[0]
        heard = [
            # CTranslate2 divides the sum by the number of tokens without the end of text (length_penalty 1).
            _Wording(tuple(ids), score * max(len(ids), 1), tokenizer.decode(ids).strip())
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]
        return heard, float(result.no_speech_prob)

    def _decode_again(self, window: _Window) -> list[_Wording]:
        """The best text says things twice: hear again on the 30 s that Whisper was trained on, and believe that.

        On the call's own length some calls come out with their sentence doubled, fewer with more padding (docs/speech.md). Those 30 s cost half a
        second, and only these calls pay it; who really said it twice is heard twice again.
        """
        self.heard_again += 1
        window.encoded, window.on_full_length = self._encode(window.samples, None), True
        again, _ = self._decode(window, [], self._options.hypotheses)
        sane = [one for one in again if not repeats(one.text, window.duration_s)]
        log.debug(
            "a text said things twice and was heard again on 30 s: %s",
            "so it was said" if sane and says_again(sane[0].text) else "mended" if sane else "not mended",
        )
        return sane + [one for one in again if one not in sane]

    def _prompts(self, hints: Hints) -> list[list[int]]:
        """Hot words as prompts of previous text, as faster-whisper gives them; empty when there are none."""
        texts = suggestions(hints) if self._options.hot_words else []
        if not texts:
            return []
        room = self._whisper.max_length // 2 - 1
        packed, left_out = pack(
            texts, lambda text: len(self._tokenizer.encode(" " + text)), room, self._options.hot_word_passes
        )
        if left_out and self._told_cut != (len(texts), left_out):
            self._told_cut = (len(texts), left_out)
            log.info(
                "hot words: %d of %d fit into %d passes of %d tokens; the last %d are not suggested",
                len(texts) - left_out, len(texts), len(packed), room, left_out,
            )  # fmt: skip
        return [[self._tokenizer.sot_prev, *self._tokenizer.encode(" " + text)] for text in packed]

    def _words(self, window: _Window, wording: _Wording) -> list[Word]:
        return timed_words(
            self._whisper.model, self._tokenizer, window.encoded, wording.tokens,
            samples=len(window.samples), hop=_HOP, start_s=window.start_s,
        )  # fmt: skip


def _samples(pcm: bytes) -> npt.NDArray[np.float32]:
    """Audio as numbers from -1 to 1; half a sample at the end is left out."""
    return np.frombuffer(pcm[: len(pcm) & ~1], dtype="<i2").astype(np.float32) / 32768.0


def _hypothesis(
    wording: _Wording, window: _Window, *, twice: bool, biased: bool = False, varied: bool = False
) -> Hypothesis:
    """Args: `twice`, whether the window's best text says things twice: then others may, too."""
    looped = repeats(wording.text, window.duration_s) or (not twice and says_again(wording.text))
    return Hypothesis(wording.text, wording.average, biased, looped, varied)
