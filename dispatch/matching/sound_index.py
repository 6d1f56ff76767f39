"""Names found by sound in everything a recogniser may have heard, over registers of any size.

    index = SoundIndex.of([(142, "Kieran Postlewaite"), (142, "Postlewaite"), (163, "Nowodworek")])
    index.search(["keiran postle wait has just walked in"])

Two steps: an inverted index of coarse sounds (`sound_grams`) picks some hundreds of names and where each would stand; those are
aligned with the text there, all at once (`sound_align`). Wordings of one call are mostly alike: only what is new is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

import numpy as np

from dispatch.matching.phonemes import ALPHABET
from dispatch.matching.sound_align import LONGEST_STRETCH, Aligned, align
from dispatch.matching.sound_grams import GAP, PLACE_SPAN, Bytes, Grams, Ints, Placed
from dispatch.matching.sounds import pronunciations, said_words

MOST_SOUNDS = 48
"""Longer names are cut here: a double-barrelled full name has some 25."""
_SLACK = 2
"""Sounds looked at before and after the place that the index gives."""
_WAYS = 2
"""Ways of saying a name that are in the index: as it is said, and as it is read off. What a third and fourth find, others find as well:
of 342 names said in own-tune (tiny) 88 % are among the first twelve suspects by words with two, three and four."""
_SHORTLIST = ((5_000, 180), (50_000, 400), (None, 900))
"""How many places are aligned, by the number of pronunciations up to which this holds; at least three times as many as are wanted."""
_PLACES_PER_KEY = 4
"""Places of one key that are aligned, at least. Fewer would leave room for more names, but would lose the pronunciation that
fits best: coarse sounds don't tell the readings of one name apart, and Ryan would pass for Bryan."""
_NEAR = (-1, 0, 1)
"""Words looked at beside one whose neighbours are new in a further wording, so that a name around it is whole."""

_GAP = bytes([GAP])
_TO_CODES = {sound: at for at, sound in enumerate(ALPHABET)}


Place = tuple[int, float, int, int, int]
"""Row, likeness, text, first word, last word."""


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


def _coded(said: str) -> bytes:
    return bytes([_TO_CODES[sound] for sound in said if sound in _TO_CODES])


_codes = lru_cache(maxsize=16384)(_coded)


def _text(codes: Bytes) -> str:
    return codes.tobytes().decode("latin-1").translate(dict(enumerate(ALPHABET + " ")))


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
        fresh = [i for i, context in enumerate(contexts) if context not in seen]
        if not fresh:
            continue
        seen.update(contexts)
        wanted = dict.fromkeys([i + near for i in fresh for near in _NEAR])
        before = fresh[0] + _NEAR[0] - 1
        for i in sorted(wanted):
            if not 0 <= i < len(words):
                continue
            if i != before + 1:
                parts.append(_GAP)
                texts.append(-1)
                places.append(-1)
            before = i
            parts.append(_codes(words[i]))
            texts.append(text)
            places.append(i)
        parts.append(_GAP)
        texts.append(-1)
        places.append(-1)
    lengths = [len(part) for part in parts]
    return _Stream(
        np.frombuffer(b"".join(parts), np.uint8),
        np.array(texts, np.int64).repeat(lengths),
        np.array(places, np.int64).repeat(lengths),
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
    said: str
    """The same as text, a blank for GAP."""
    grams: Grams
    short: Mapping[str, int]
    """Rows of fewer than three sounds ("Mo", "Ann"): found only where a word is said exactly so."""

    @property
    def _shortlist(self) -> int:
        return next(most for rows, most in _SHORTLIST if rows is None or len(self.starts) <= rows)

    @classmethod
    def of(cls, forms: Sequence[tuple[int, str]]) -> SoundIndex:
        """Prepare keys and spoken forms (full names, surnames, aliases, references). About 40 microseconds a form."""
        pairs = {(_coded(said)[:MOST_SOUNDS], key) for key, form in forms for said in pronunciations(form)[:_WAYS]}
        ordered = sorted(pair for pair in pairs if pair[0])
        del pairs
        rows = [codes for codes, _ in groupby(ordered, itemgetter(0))]
        stream = np.frombuffer(bytes([GAP]).join([*rows, b""]), np.uint8)
        starts = np.concatenate([[0], np.cumsum([len(row) + 1 for row in rows])]).astype(np.int64)
        keys = np.fromiter((key for _, key in ordered), np.int64, len(ordered))
        counts = [sum(1 for _ in group) for _, group in groupby(ordered, itemgetter(0))]
        key_starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        said = _text(stream)
        grams = Grams.of(stream, starts)
        without = np.flatnonzero(np.diff(grams.row_starts) == 0).tolist()
        short = {said[starts[row] : starts[row + 1] - 1]: row for row in without}
        return cls(keys, key_starts, stream, starts, said, grams, short)

    def search(self, texts: Sequence[str], most: int = 30, places: int = 1, *, effort: int = 1) -> tuple[SoundHit, ...]:
        """The names that sound most like any words of the texts, surest first, at most `most` hits.

        Args:
            texts: wordings of one call, best first; 5 to 30 of 5 to 40 words, mostly alike.
            most: how many hits.
            places: how often one key may be found, at different words or in different texts.
            effort: so many times as many names are aligned: more is found of what was heard badly, and it takes longer.
        """
        return self.search_said([said_words(text) for text in texts], most, places, effort=effort)

    def search_said(
        self, said: Sequence[Sequence[str]], most: int = 30, places: int = 1, *, effort: int = 1
    ) -> tuple[SoundHit, ...]:
        """The same for texts given as the sounds of each word."""
        if most < 1 or places < 1:
            return ()
        stream = _stream(said)
        placed = self._spread(stream, max(effort * self._shortlist, 3 * most), max(_PLACES_PER_KEY, places))
        table = self._short_places(said) if self.short else []
        if len(placed.rows):
            table += self._long_places(placed, stream)
        # Of two forms that fit alike the longer one: the full name, not the surname in it.
        table.sort(key=lambda place: (-place[1], place[3] - place[4]))
        return self._hits(table, most, places)

    def _spread(self, stream: _Stream, most: int, per_key: int) -> Placed:
        """The likeliest places, of each key the first few: one name in many pronunciations leaves room for others."""
        placed = self.grams.place(stream.codes, 2 * most)
        keys = self.keys[self.key_starts[placed.rows]]
        order = keys.argsort(kind="stable")
        ordered = keys[order]
        first = ordered.searchsorted(ordered)
        kept = np.sort(order[np.arange(len(order)) - first < per_key])[:most]
        return Placed(placed.rows[kept], placed.begins[kept])

    def _short_places(self, said: Sequence[Sequence[str]]) -> list[Place]:
        return [
            (self.short[word], 1.0, text, at, at)
            for text, words in enumerate(said)
            for at, word in enumerate(words)
            if word in self.short
        ]

    def _long_places(self, placed: Placed, stream: _Stream) -> list[Place]:
        longest_first = np.argsort(self.starts[placed.rows] - self.starts[placed.rows + 1], kind="stable")
        rows = placed.rows[longest_first]
        aligned, offsets = self._align(rows, placed.begins[longest_first], stream)
        firsts, lasts = offsets + aligned.begins, offsets + aligned.ends - 1
        found = (aligned.likeness > 0) & (firsts <= lasts) & (firsts >= 0) & (lasts < len(stream.codes))
        kept = np.flatnonzero(found)
        return list(
            zip(
                rows[kept].tolist(),
                aligned.likeness[kept].tolist(),
                stream.text[firsts[kept]].tolist(),
                stream.word[firsts[kept]].tolist(),
                stream.word[lasts[kept]].tolist(),
                strict=True,
            )
        )

    def _align(self, rows: Ints, begins: Ints, stream: _Stream) -> tuple[Aligned, Ints]:
        lengths = self.starts[rows + 1] - self.starts[rows] - 1
        height = int(lengths.max())
        at = np.arange(height)[:, None]
        names = self.stream[np.minimum(self.starts[rows] + at, len(self.stream) - 1)]
        offsets = begins - _SLACK
        width = min(LONGEST_STRETCH, height + 2 * _SLACK + PLACE_SPAN)
        place = offsets + np.arange(width + 1)[:, None]
        inside = (place >= 0) & (place < len(stream.codes))
        # A shorter name needs a shorter stretch; what lies after it is another place.
        place = np.where(inside, place, 0)
        stretches = np.where(inside, stream.codes[place], GAP)[:width]
        edges = (
            ~inside | (stream.word[place] != stream.word[place - 1]) | (stream.text[place] != stream.text[place - 1])
        )
        return align(names, lengths, stretches, edges), offsets

    def _hits(self, table: Iterable[Place], most: int, places: int) -> tuple[SoundHit, ...]:
        found: list[SoundHit] = []
        taken: dict[int, list[SoundHit]] = {}
        for row, likeness, text, first, last in table:
            for key in self.keys[self.key_starts[row] : self.key_starts[row + 1]].tolist():
                if len(found) >= most:
                    return tuple(found)
                others = taken.setdefault(key, [])
                if text < 0 or len(others) >= places:
                    continue
                if any(text == other.text and first < other.last and other.first <= last for other in others):
                    continue
                said = self.said[self.starts[row] : self.starts[row + 1] - 1]
                others.append(SoundHit(key, text, first, last + 1, likeness, said))
                found.append(others[-1])
        return tuple(found)
