"""Names found by sound in everything a recogniser may have heard, over registers of any size.

    index = SoundIndex.of([(142, "Kieran Postlewaite"), (142, "Postlewaite"), (163, "Nowodworek")])
    index.search(["keiran postle wait has just walked in"])

Two steps: an inverted index of coarse sounds (`sound_grams`) picks some hundreds of names and where each would stand; those are
aligned with the text there, all at once (`sound_align`). Wordings of one call are mostly alike: only what is new is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dispatch.matching.phonemes import ALPHABET
from dispatch.matching.sound_align import LONGEST_STRETCH, Aligned, align
from dispatch.matching.sound_grams import GAP, Bytes, Grams, Ints
from dispatch.matching.sounds import pronunciations, said_words

MOST_SOUNDS = 48
"""Longer names are cut here: a double-barrelled full name has some 25."""
_SLACK = 4
"""Sounds looked at before and after the place that the index gives."""
_SHORTLIST = 240
"""Names aligned at least; three times as many as are wanted if that is more."""
_CONTEXT_WORDS = 2
"""Words looked at on either side of what a further wording has differently, so that a name around it is whole."""

_GAP = bytes([GAP])
_TO_CODES = {ord(sound): at for at, sound in enumerate(ALPHABET)}


@dataclass(frozen=True, slots=True)
class SoundHit:
    """A name, where it sounds most like the text."""

    key: int
    text: int
    """Which of the texts."""
    first: int
    last: int
    """Words `first` to `last` (exclusive) of `tokens(fold(text))`."""
    likeness: float
    """0-1; 1 is the same sounds."""
    sounds: str
    """The pronunciation of the name that fits best."""


@lru_cache(maxsize=65536)
def _codes(said: str) -> bytes:
    return bytes(_TO_CODES[ord(sound)] for sound in said if ord(sound) in _TO_CODES)


@dataclass(frozen=True, slots=True)
class _Stream:
    """What is to be looked at of all texts, one stretch after another with GAPs between."""

    codes: Bytes
    text: Ints
    word: Ints
    """Shape (sounds,): the text and word that each sound belongs to; -1 in gaps."""


def _stream(said: Sequence[Sequence[str]]) -> _Stream:
    parts: list[bytes] = [_GAP]
    texts: list[int] = [-1]
    places: list[int] = [-1]
    seen: set[tuple[str, str, str]] = set()
    for text, words in enumerate(said):
        contexts = list(zip(("", *words), words, (*words[1:], ""), strict=False))
        done = -1
        for i, context in enumerate(contexts):
            if context in seen:
                continue
            start = max(done, i - _CONTEXT_WORDS, 0)
            end = min(len(words), i + _CONTEXT_WORDS + 1)
            if start != done and done >= 0:
                parts.append(_GAP)
                texts.append(-1)
                places.append(-1)
            if end > start:
                parts += [_codes(word) for word in words[start:end]]
                texts += [text] * (end - start)
                places += range(start, end)
                done = end
        seen.update(contexts)
        parts.append(_GAP)
        texts.append(-1)
        places.append(-1)
    lengths = [len(part) for part in parts]
    return _Stream(
        np.frombuffer(b"".join(parts), np.uint8),
        np.repeat(np.array(texts, np.int64), lengths),
        np.repeat(np.array(places, np.int64), lengths),
    )


@dataclass(frozen=True, slots=True, eq=False)
class SoundIndex:
    """Spoken forms by their sounds."""

    keys: Ints
    """Keys of all spoken forms, those of one pronunciation together."""
    key_starts: Ints
    """Shape (rows + 1,): where each pronunciation's keys begin in `keys`."""
    stream: Bytes
    """Codes of all pronunciations, a GAP after each."""
    starts: Ints
    """Shape (rows + 1,): where each begins in `stream`."""
    grams: Grams

    @classmethod
    def of(cls, forms: Sequence[tuple[int, str]]) -> SoundIndex:
        """Prepare keys and spoken forms (full names, surnames, aliases, references). About 60 microseconds a name."""
        by_codes: dict[bytes, dict[int, None]] = {}
        for key, form in forms:
            for said in pronunciations(form):
                codes = _codes(said)[:MOST_SOUNDS]
                if codes:
                    by_codes.setdefault(codes, {})[key] = None
        rows = sorted(by_codes)
        stream = np.frombuffer(bytes([GAP]).join([*rows, b""]), np.uint8)
        starts = np.concatenate([[0], np.cumsum([len(row) + 1 for row in rows])]).astype(np.int64)
        keys = np.fromiter((key for row in rows for key in by_codes[row]), np.int64)
        key_starts = np.concatenate([[0], np.cumsum([len(by_codes[row]) for row in rows])]).astype(np.int64)
        return cls(keys, key_starts, stream, starts, Grams.of(stream, starts))

    def search(self, texts: Sequence[str], most: int = 30, places: int = 1) -> tuple[SoundHit, ...]:
        """The names that sound most like any words of the texts, surest first, at most `most` hits.

        Args:
            texts: wordings of one call, best first; 5 to 30 of 5 to 40 words, mostly alike.
            most: how many hits.
            places: how often one key may be found, at different words or in different texts.
        """
        return self.search_said([said_words(text) for text in texts], most, places)

    def search_said(self, said: Sequence[Sequence[str]], most: int = 30, places: int = 1) -> tuple[SoundHit, ...]:
        """The same for texts given as the sounds of each word."""
        stream = _stream(said)
        placed = self.grams.place(stream.codes, max(_SHORTLIST, 3 * most))
        if not len(placed.rows):
            return ()
        rows = placed.rows
        aligned, offsets = self._align(rows, placed.begins, stream)
        firsts, lasts = offsets + aligned.begins, offsets + aligned.ends - 1
        found = (aligned.likeness > 0) & (firsts <= lasts) & (firsts >= 0) & (lasts < len(stream.codes))
        kept = np.flatnonzero(found)
        kept = kept[np.argsort(-aligned.likeness[kept], kind="stable")]
        table = zip(
            rows[kept].tolist(),
            aligned.likeness[kept].tolist(),
            stream.text[firsts[kept]].tolist(),
            stream.word[firsts[kept]].tolist(),
            stream.word[lasts[kept]].tolist(),
            strict=True,
        )
        return self._hits(table, most, places)

    def _align(self, rows: Ints, begins: Ints, stream: _Stream) -> tuple[Aligned, Ints]:
        lengths = self.starts[rows + 1] - self.starts[rows] - 1
        height = int(lengths.max())
        at = np.arange(height)[:, None]
        names = self.stream[np.minimum(self.starts[rows] + at, len(self.stream) - 1)]
        offsets = begins - _SLACK
        width = min(LONGEST_STRETCH, height + 3 * _SLACK + 2)
        place = offsets + np.arange(width + 1)[:, None]
        inside = (place >= 0) & (place < len(stream.codes))
        # A shorter name needs a shorter stretch; what lies after it is another place.
        place = np.where(inside, place, 0)
        stretches = np.where(inside, stream.codes[place], GAP)[:width]
        edges = (
            ~inside | (stream.word[place] != stream.word[place - 1]) | (stream.text[place] != stream.text[place - 1])
        )
        return align(names, lengths, stretches, edges), offsets

    def _hits(self, table: Iterable[tuple[int, float, int, int, int]], most: int, places: int) -> tuple[SoundHit, ...]:
        found: list[SoundHit] = []
        taken: dict[int, list[tuple[int, int]]] = {}
        for row, likeness, text, first, last in table:
            for key in self.keys[self.key_starts[row] : self.key_starts[row + 1]].tolist():
                others = taken.setdefault(key, [])
                if text < 0 or len(others) >= places or (text, first) in others:
                    continue
                others.append((text, first))
                codes = self.stream[self.starts[row] : self.starts[row + 1] - 1].tolist()
                said = "".join([ALPHABET[code] for code in codes])
                found.append(SoundHit(key, text, first, last + 1, likeness, said))
                if len(found) == most:
                    return tuple(found)
        return tuple(found)
