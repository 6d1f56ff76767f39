"""How well given wordings fit a sound, and when each word was said, by Whisper's own decoder: synchronous, lives in the worker beside `whisper`.

`ctranslate2.models.Whisper.align` returns the probability of every token of a given text on encoded audio. What is asked about
a claim is the claimed name's tokens and a few after them; what comes later is the same for all claims and costs time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from gateway.speech.child import RefusedError
from gateway.speech.transcript import Claim, Fit, Word
from gateway.speech.wordings import divide

Untyped = Any
"""CTranslate2's and tokenizers' objects: the libraries have no types."""

AFTER: Final = 6
"""Tokens after the name that are looked at: a wrong name surprises the decoder for three or four words."""
SPARE_POSITIONS: Final = 25
"""Half a second of the encoder's output behind the call; the rest of the padding only costs time."""
NOISE: Final = (0.2, 0.7)
"""Of the encoder's own spread. More, and the wordings lose the call; less, and they all say the same (docs/names.md)."""
_SEED: Final = 1
_RATE: Final = 16_000
AT_ONCE: Final = 4
"""Claims scored together. More at once is slower: what the decoder keeps for each no longer fits the processor's cache."""
_LEAST: Final = 1e-10


@dataclass(frozen=True, slots=True)
class Heard:
    """One encoded window of a call."""

    encoded: npt.NDArray[np.float32]
    """Shape (1, positions, width)."""
    frames: int
    """Mel frames that hold sound; two make a position."""
    text: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """The tokens of one claim; `first` to `last` (exclusive) are the name's."""

    window: int
    tokens: tuple[int, ...]
    first: int
    last: int


def fits(model: Untyped, tokenizer: Untyped, windows: Sequence[Heard], claims: Sequence[Claim], most: int) -> list[Fit]:
    """How well each claim fits.

    Args:
        model: a `ctranslate2.models.Whisper`.
        tokenizer: a `faster_whisper.tokenizer.Tokenizer`.
        windows: the call.
        claims: wordings of the whole call.
        most: tokens that the decoder takes.

    Raises:
        RefusedError: a claim is empty, points outside its text, or is too long.
    """
    asked = [_asked(tokenizer, windows, claim, most) for claim in claims]
    # Alike lengths together, and the same question only once.
    different = sorted(dict.fromkeys(asked), key=lambda one: (one.window, len(one.tokens)))
    answers: dict[_Asked, Fit] = {}
    for batch in _batches(different):
        heard = windows[batch[0].window]
        aligned = model.align(
            storage(np.repeat(heard.encoded, len(batch), axis=0)),
            tokenizer.sot_sequence,
            [list(one.tokens) for one in batch],
            [heard.frames] * len(batch),
        )
        for one, answer in zip(batch, aligned, strict=True):
            logs = [math.log(max(p, _LEAST)) for p in answer.text_token_probs]
            answers[one] = Fit(
                sum(logs[: one.first]),
                sum(logs[one.first : one.last]),
                sum(logs[one.last :]),
                max(1, one.last - one.first),
            )
    return [answers[one] for one in asked]


def timed_words(
    model: Untyped,
    tokenizer: Untyped,
    encoded: Untyped,
    tokens: Sequence[int],
    *,
    samples: int,
    hop: int,
    start_s: float,
) -> list[Word]:
    """The words of a text with times, by the decoder's attention (as `faster_whisper` finds them).

    Args:
        model: a `ctranslate2.models.Whisper`.
        tokenizer: a `faster_whisper.tokenizer.Tokenizer`.
        encoded: one window.
        tokens: the text heard in it.
        samples: how long the window is.
        hop: samples per mel frame.
        start_s: when it begins.
    """
    aligned = model.align(
        encoded,
        tokenizer.sot_sequence,
        [list(tokens)],
        max(2, samples // hop),  # only where there is audio: a word can't lie in the padding
        median_filter_width=7,
    )[0]
    places = np.array([position for _, position in aligned.alignments])
    rows = np.array([row for row, _ in aligned.alignments])
    starts = places[np.pad(np.diff(rows), (1, 0), constant_values=1).astype(bool)] * (2 * hop / _RATE)
    pieces, piece_tokens = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    words: list[Word] = []
    at = 0
    for piece, ids in zip(pieces[:-1], piece_tokens[:-1], strict=True):
        end = at + len(ids)
        began_s = float(starts[min(at, len(starts) - 1)])
        ended_s = min(float(starts[min(end, len(starts) - 1)]), samples / _RATE)
        sure = float(np.mean(aligned.text_token_probs[at:end])) if end > at else 0.0
        at = end
        if words and not piece.startswith(" "):  # punctuation belongs to the word before it
            before = words[-1]
            words[-1] = Word(before.text + piece.strip(), before.start_s, before.end_s, before.probability)
        elif piece.strip():
            words.append(Word(piece.strip(), start_s + min(began_s, ended_s), start_s + ended_s, min(sure, 1.0)))
    return words


def cropped(encoded: Untyped, samples: int, hop: int) -> tuple[npt.NDArray[np.float32], int]:
    """The encoder's output without most of its padding, and how many mel frames hold sound."""
    positions = np.asarray(encoded)
    kept = np.ascontiguousarray(positions[:, : samples // (2 * hop) + SPARE_POSITIONS])
    return kept, max(2, min(samples // hop, 2 * kept.shape[1]) // 2 * 2)


def noisy(encoded: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    """Copies of the encoder's output with a little noise on them, more of it from one to the next.

    Drawing wordings at random from the decoder would do as well, but CTranslate2's dice can't be thrown the same way twice; this
    noise is always the same, so a call is heard the same way every time.

    Args:
        encoded: shape (1, positions, width).
        count: how many copies.

    Returns:
        Shape (count, positions, width).
    """
    noise = np.random.default_rng(_SEED).standard_normal((count, *encoded.shape[1:]), dtype=np.float32)
    strength = np.linspace(*NOISE, count, dtype=np.float32)[:, None, None]
    return encoded + noise * strength * np.float32(encoded.std())


def storage(values: npt.NDArray[np.float32]) -> Untyped:
    """Values as CTranslate2 takes them."""
    import ctranslate2

    return ctranslate2.StorageView.from_array(np.ascontiguousarray(values))


def _batches(asked: Sequence[_Asked]) -> Iterable[list[_Asked]]:
    batch: list[_Asked] = []
    for one in asked:
        if batch and (one.window != batch[0].window or len(batch) == AT_ONCE):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch


def _asked(tokenizer: Untyped, windows: Sequence[Heard], claim: Claim, most: int) -> _Asked:
    if not 0 <= claim.start < claim.end <= len(claim.text) or not claim.text[claim.start : claim.end].strip():
        raise RefusedError(f"characters {claim.start} to {claim.end} of {claim.text!r} claim nothing")
    window, before, name, after = _in_window(claim, [one.text for one in windows])
    first = len(tokenizer.encode(" " + before)) if before else 0
    whole = tokenizer.encode(" " + f"{before} {name}".strip() + after)
    last = max(first + 1, len(tokenizer.encode(" " + f"{before} {name}".strip())))
    if last > most:
        raise RefusedError(f"a wording of {last} tokens is longer than the decoder takes")
    return _Asked(window, tuple(whole[: min(last + AFTER, most)]), first, min(last, len(whole)))


def _in_window(claim: Claim, texts: Sequence[str]) -> tuple[int, str, str, str]:
    """Which window the claim is about, and its text before, in and after the name there."""
    before = claim.text[: claim.start].strip()
    name = claim.text[claim.start : claim.end].strip()
    after = claim.text[claim.end :].rstrip()
    if len(texts) == 1:
        return 0, before, name, after
    parts = divide(claim.text, texts)
    words_before = len(before.split())
    for window, part in enumerate(parts):
        size = len(part.split())
        if words_before < size or window == len(parts) - 1:
            pieces = part.split()
            rest = " ".join(pieces[words_before + len(name.split()) :])
            return window, " ".join(pieces[:words_before]), name, f" {rest}" if rest else ""
        words_before -= size
    raise RefusedError("a wording of nothing can't be scored")
