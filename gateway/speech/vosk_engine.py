"""Vosk (Kaldi): hears while the talker talks. Synchronous: it lives in a worker process.

Up to three recognisers listen to the same audio. Kaldi gives either word confidences or alternatives, never both from one
recogniser; and a phrase list makes a recogniser deaf to everything else, so it only stands beside the free one.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.speech.child import CannotStartError, RefusedError
from gateway.speech.settings import PhraseList
from gateway.speech.transcript import Hints, Hypothesis, Transcript, Word
from gateway.speech.wordings import distinct, suggestions, words_of

log = logging.getLogger(__name__)

Untyped = Any
"""Vosk's objects: the library has no types."""

RATE: Final = 16_000
_CHUNK: Final = RATE // 4 * 2  # bytes of a quarter of a second
_UNKNOWN: Final = "[unk]"  # what a phrase list hears where none of its phrases is spoken
_ACOUSTIC_SCALE: Final = 0.1
"""Alternatives carry Kaldi's lattice scores, which are on the acoustic model's own scale; this brings their differences near
log-probabilities. Good enough to order wordings, no more."""


@dataclass(frozen=True, slots=True)
class VoskOptions:
    """See `gateway.speech.settings.SpeechSettings`."""

    hypotheses: int = 5
    phrase_list: PhraseList = "off"


class VoskEngine:
    """One loaded model. Use `load`."""

    def __init__(self, model: Untyped, label: str, options: VoskOptions) -> None:
        self.label = label
        self._model = model
        self._options = options

    @classmethod
    def load(cls, folder: Path, name: str, options: VoskOptions) -> VoskEngine:
        """Load a Vosk model folder.

        Raises:
            CannotStartError: not such a folder, or not loadable.
        """
        if not (folder / "am" / "final.mdl").is_file() and not (folder / "final.mdl").is_file():
            raise CannotStartError(
                f"{folder} is no Vosk model: am/final.mdl missing. `huecry models list` shows what there is"
            )
        import vosk  # noqa: TID251 - this is the engine's own module

        vosk.SetLogLevel(-1)
        try:
            model = vosk.Model(str(folder))
        except Exception as error:  # vosk raises nothing finer
            raise CannotStartError(f"the Vosk model in {folder} can't be loaded: {error}") from error
        # Only models with a dynamic graph (lookahead and grammar apart) take a phrase list (alphacephei.com/vosk/adaptation).
        takes_phrases = any((folder / sub / "HCLr.fst").is_file() for sub in ("graph", "."))
        if options.phrase_list != "off" and not takes_phrases:
            raise CannotStartError(
                f'phrase_list = "{options.phrase_list}" needs a Vosk model with a dynamic graph (a "small" or "lgraph" one); '
                f'{name} has none. Set phrase_list = "off" or choose another model'
            )
        return cls(model, f"vosk {name}", options)

    def transcribe(self, pcm: bytes, hints: Hints) -> Transcript:
        """Hear one whole call: mono int16 little-endian at 16 kHz."""
        hearing = self.open(hints)
        for start in range(0, len(pcm), _CHUNK):
            hearing.feed(pcm[start : start + _CHUNK])
        return hearing.finish()

    def score(self, pcm: bytes, wordings: Sequence[str]) -> list[float]:  # noqa: ARG002 - the engines' common signature
        """Vosk can't.

        Raises:
            RefusedError: always.
        """
        raise RefusedError('Vosk can\'t score given wordings; use engine = "whisper" where that is needed')

    def open(self, hints: Hints) -> Hearing:
        """Start hearing one call."""
        import vosk  # noqa: TID251 - this is the engine's own module

        phrases = self._phrases(hints) if self._options.phrase_list != "off" else None
        only = self._options.phrase_list == "only" and phrases is not None

        def recogniser(grammar: str | None) -> Untyped:
            made = vosk.KaldiRecognizer(self._model, float(RATE), *([grammar] if grammar is not None else []))
            made.SetWords(True)
            return made

        main = recogniser(phrases if only else None)
        others = None
        if self._options.hypotheses > 1:
            others = recogniser(phrases if only else None)
            others.SetMaxAlternatives(self._options.hypotheses)
        beside = recogniser(phrases) if phrases is not None and not only else None
        return Hearing(self.label, main, others, beside, self._options.hypotheses)

    def _phrases(self, hints: Hints) -> str | None:
        """The phrase list as Vosk wants it; None when no suggestion consists of words that the model knows."""
        known: list[str] = []
        unknown = 0
        for text in suggestions(hints):
            words = words_of(text)
            if words and all(self._model.vosk_model_find_word(word) >= 0 for word in words):
                known.append(" ".join(words))
            else:
                unknown += 1
        if unknown:
            log.info(
                "phrase list: %d of %d phrases have words that the model doesn't know", unknown, unknown + len(known)
            )
        if not known:
            return None
        if self._model.vosk_model_find_word(_UNKNOWN) >= 0:
            known.append(_UNKNOWN)
        return json.dumps(list(dict.fromkeys(known)), ensure_ascii=False)


class _Recogniser:
    """One recogniser, its results collected over the pauses at which Kaldi ends an utterance."""

    def __init__(self, recogniser: Untyped) -> None:
        self._recogniser = recogniser
        self.results: list[dict[str, Any]] = []

    def feed(self, pcm: bytes) -> None:
        if self._recogniser.AcceptWaveform(pcm):
            self.results.append(json.loads(self._recogniser.Result()))

    def finish(self) -> None:
        self.results.append(json.loads(self._recogniser.FinalResult()))

    def partial(self) -> str:
        said = [str(result.get("text", "")) for result in self.results]
        said.append(str(json.loads(self._recogniser.PartialResult()).get("partial", "")))
        return " ".join(text for text in said if text)


class Hearing:
    """One call being heard."""

    def __init__(
        self, label: str, main: Untyped, others: Untyped | None, beside: Untyped | None, hypotheses: int
    ) -> None:
        self._label = label
        self._main = _Recogniser(main)
        self._others = _Recogniser(others) if others is not None else None
        self._beside = _Recogniser(beside) if beside is not None else None
        self._hypotheses = hypotheses
        self._half = b""
        self._fed = 0

    def feed(self, pcm: bytes) -> str:
        """More audio, cut anywhere. Returns the text so far."""
        pcm = self._half + pcm
        even = len(pcm) & ~1
        pcm, self._half = pcm[:even], pcm[even:]
        if pcm:
            self._fed += len(pcm)
            for recogniser in self._all():
                recogniser.feed(pcm)
        return self._main.partial()

    def finish(self) -> Transcript:
        """The call ended."""
        began = time.perf_counter()
        if self._fed == 0:
            return Transcript("", (), (), 0.0, 1.0, self._label, 0.0)
        for recogniser in self._all():
            recogniser.finish()
        words = _words(self._main.results)
        text = " ".join(word.text for word in words)
        score = _mean_log(words)
        hypotheses = [Hypothesis(text, score)]
        if self._others is not None:
            hypotheses += _alternatives(self._others.results, score, self._hypotheses)
        if self._beside is not None:
            phrases = _words(self._beside.results)
            hypotheses.append(Hypothesis(" ".join(word.text for word in phrases), _mean_log(phrases), biased=True))
        return Transcript(
            text=text,
            words=words,
            hypotheses=tuple(distinct(hypotheses)),
            average_logprob=score,
            no_speech=0.0 if text else 1.0,
            engine=self._label,
            took_s=time.perf_counter() - began,
        )

    def _all(self) -> list[_Recogniser]:
        return [one for one in (self._main, self._others, self._beside) if one is not None]


def _words(results: list[dict[str, Any]]) -> tuple[Word, ...]:
    return tuple(
        Word(str(one["word"]), float(one["start"]), float(one["end"]), min(1.0, max(0.0, float(one["conf"]))))
        for result in results
        for one in result.get("result", ())
        if one["word"] != _UNKNOWN
    )


def _mean_log(words: Sequence[Word]) -> float:
    return sum(math.log(max(word.probability, 1e-4)) for word in words) / len(words) if words else 0.0


def _alternatives(results: list[dict[str, Any]], score: float, count: int) -> list[Hypothesis]:
    """Wordings of the whole call: the best of each utterance, then with one of them exchanged at a time."""
    rows = [[a for a in result.get("alternatives", ()) if a.get("text")] for result in results]
    rows = [row for row in rows if row]
    made = []
    for i, row in enumerate(rows):
        for other in row:
            text = " ".join(str((other if k == i else one[0])["text"]) for k, one in enumerate(rows))
            behind = float(row[0]["confidence"]) - float(other["confidence"])
            made.append(Hypothesis(text, score - max(0.0, behind) * _ACOUSTIC_SCALE / max(1, len(text.split()))))
    return sorted(made, key=lambda one: -one.score)[:count]
