"""Rules about texts and audio that the engines share: values in, values out, no model."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.speech.transcript import Hints, Hypothesis

RATE: Final = 16_000

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")

_FASTEST_WORDS_PER_S: Final = 4.5
"""Hurried English is about 4 words a second; a looping decoder fills whatever room it has."""


def words_of(text: str) -> list[str]:
    """The words as they are compared: no punctuation, no case, "push-chair" like "push chair"."""
    return [word.casefold() for word in _WORD.findall(text)]


def says_again(text: str) -> bool:
    """Whether the text says three or more words twice in a row, or fewer words four times.

    A sign of a looping decoder, and no more: people on the radio do say things twice.
    """
    words = words_of(text)
    for length in range(1, len(words) * 2 // 3 + 1):
        run = 0
        for i in range(length, len(words)):
            run = run + 1 if words[i] == words[i - length] else 0
            if run >= (length if length >= 3 else 3 * length):
                return True
        # A decoder that ran out of room stops in the middle of the second time.
        if length >= 5 and run >= length * 0.6:
            return True
    return False


def repeats(text: str, duration_s: float) -> bool:
    """Whether a decoder looped beyond doubt: the text says things again, and is more than fits into the time."""
    return says_again(text) and len(words_of(text)) > _FASTEST_WORDS_PER_S * max(duration_s, 0.5)


def distinct(hypotheses: Iterable[Hypothesis]) -> list[Hypothesis]:
    """Without those that differ from an earlier one only in case or punctuation; order kept.

    A biased one counts as different from an unbiased one: that both passes heard the same is worth knowing.
    """
    seen: set[tuple[bool, tuple[str, ...]]] = set()
    kept = []
    for hypothesis in hypotheses:
        key = (hypothesis.biased, tuple(words_of(hypothesis.text)))
        if key[1] and key not in seen:
            seen.add(key)
            kept.append(hypothesis)
    return kept


def suggestions(hints: Hints) -> list[str]:
    """Hints in the order in which engines should take them: names, places, callers; each once."""
    every = (text.strip() for group in (hints.names, hints.places, hints.callers) for text in group)
    return list(dict.fromkeys(text for text in every if text))


def pack(texts: Sequence[str], count: Callable[[str], int], room: int, prompts: int) -> tuple[list[str], int]:
    """Comma-separated prompts of whole suggestions, in order, as many as fit.

    Args:
        texts: suggestions, most useful first.
        count: tokens of a text.
        room: tokens of one prompt.
        prompts: at most so many.

    Returns:
        The prompts, and how many suggestions found no room.
    """
    packed: list[str] = []
    current, left_out = "", 0
    for done, text in enumerate(texts):
        longer = f"{current}, {text}" if current else text
        if count(longer) <= room:
            current = longer
        elif count(text) > room:
            left_out += 1
        else:
            packed.append(current)
            current = text
            if len(packed) == prompts:
                return packed, left_out + len(texts) - done
    if current:
        packed.append(current)
    return packed, left_out


def windows(samples: npt.NDArray[np.float32], longest_s: float, *, search_s: float = 8.0) -> list[tuple[int, int]]:
    """Cut a long call at quiet points.

    Args:
        samples: shape (n,), mono, at `RATE`.
        longest_s: no window is longer.
        search_s: the last part of a window in which the quietest point is looked for.

    Returns:
        Half-open sample ranges that cover everything in order; one range when nothing needs cutting.
    """
    longest, search, step = int(longest_s * RATE), int(search_s * RATE), RATE // 50
    ranges = []
    start = 0
    while len(samples) - start > longest:
        near = samples[start + longest - search : start + longest]
        frames = near[: len(near) // step * step].reshape(-1, step)
        energy = np.square(frames).mean(axis=1)
        smooth = np.convolve(energy, np.ones(15) / 15, mode="valid")  # 0.3 s: a pause, not the gap inside a "t"
        quietest = int(np.argmin(smooth)) + 7
        end = start + longest - search + quietest * step
        ranges.append((start, end))
        start = end
    ranges.append((start, len(samples)))
    return ranges


def divide(wording: str, heard: Sequence[str]) -> list[str]:
    """Spread a wording of a whole call over its windows, as the text heard in each suggests.

    Args:
        wording: another wording of the same call.
        heard: the text of each window.

    Returns:
        One part for each window, in order; together all words of `wording`.
    """
    if len(heard) == 1:
        return [wording]
    pieces = wording.split()
    old = [word.casefold().strip(".,?!") for text in heard for word in text.split()]
    new = [word.casefold().strip(".,?!") for word in pieces]
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    parts, begin, position = [], 0, 0
    for text in heard[:-1]:
        position += len(text.split())
        end = begin
        for _tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
            if old_start <= position <= old_end:
                share = (position - old_start) / (old_end - old_start) if old_end > old_start else 1.0
                end = max(begin, new_start + round(share * (new_end - new_start)))
        parts.append(" ".join(pieces[begin:end]))
        begin = end
    parts.append(" ".join(pieces[begin:]))
    return parts


def join(choice: list[Hypothesis]) -> Hypothesis:
    """One wording of the whole call from one of each window."""
    return Hypothesis(
        text=" ".join(one.text for one in choice if one.text),
        score=sum(one.score for one in choice) / len(choice),
        biased=choice[0].biased,
        repeats=any(one.repeats for one in choice),
        varied=choice[0].varied,
    )


def joined(rows: list[list[Hypothesis]], count: int) -> list[Hypothesis]:
    """Wordings of the whole call from those of its windows: the best of each, then with one window exchanged at a time."""
    if len(rows) <= 1:
        return list(rows[0][:count]) if rows else []
    best = [row[0] for row in rows]
    others = [join([*best[:i], other, *best[i + 1 :]]) for i, row in enumerate(rows) for other in row[1:]]
    return [join(best), *sorted(others, key=lambda one: -one.score)][:count]
