"""Which names could be in a text at all: an inverted index of short runs of coarse sounds.

Sounds that are easily confused are one class, so that most mishearings change nothing. Two kinds of runs are indexed: three
neighbouring sounds, vowels in three classes; and three neighbouring consonants, whatever vowels lie between. A name's score is the
share of its runs, by how telling they are, that stand anywhere in the texts; where most of them stand in a row is its place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dispatch.matching.phonemes import ALPHABET

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

GAP = len(ALPHABET)
"""Code of what separates stretches of text: no run reaches across it."""
_CLASSES = ("pb", "fvθðw", "td", "kg", "szʃʒʧʤ", "mnŋ", "lr", "iɪɛeaAj", "ɑɒɔʊuʌQW", "ɜəIY")
_CONSONANT_CLASSES = 7
_BREAK = 15
KEYS = 2 * 16**3
"""Keys of runs are below this."""
_SMOOTH = 12.0
"""Added to what a name weighs: short names are wholly there by chance. Of 1, 4, 10 and 20, the latter two found more."""
_FEW_ROWS = 5_000
"""Up to here one count over all is quicker than one addition per key."""
_LEAD = 64
"""A name may begin so many sounds before the stream."""
_BIN = 4
"""Places are counted in bins of so many sounds; two neighbouring bins are one place."""
PLACE_SPAN = 2 * _BIN
"""A row begins up to so many sounds after the place that is given for it."""


def _class_table() -> Bytes:
    table = np.zeros(GAP + 1, np.uint8)
    for number, members in enumerate(_CLASSES, 1):
        for sound in members:
            table[ALPHABET.index(sound)] = number
    table[GAP] = _BREAK
    return table


_CLASS = _class_table()


def runs(codes: Bytes) -> tuple[Ints, Ints]:
    """Keys of all runs in a stretch of sounds (codes are places in the alphabet, or GAP), and where each begins."""
    classes = _CLASS[codes]
    sounding = classes > 0
    consonants = sounding & ((classes <= _CONSONANT_CLASSES) | (classes == _BREAK))
    keys, places = [], []
    for kind, kept in enumerate((consonants, sounding)):
        at = kept.nonzero()[0]
        c = classes[at].astype(np.int64)
        key = (kind * 16 + c[:-2]) * 256 + c[1:-1] * 16 + c[2:]
        whole = np.maximum(np.maximum(c[:-2], c[1:-1]), c[2:]) != _BREAK
        keys.append(key[whole])
        places.append(at[: len(key)][whole])
    return np.concatenate(keys), np.concatenate(places)


@dataclass(frozen=True, slots=True)
class Placed:
    """Rows that may be in the text, likeliest first, and where in its stream of sounds each would begin, give or take."""

    rows: Ints
    begins: Ints


@dataclass(frozen=True, slots=True)
class Grams:
    """The inverted index over rows of sounds."""

    row_starts: Ints
    """Shape (rows + 1,): where each row's runs begin in `keys` and `offsets`."""
    keys: npt.NDArray[np.uint16]
    offsets: Bytes
    """Where in its row each run begins."""
    key_starts: Ints
    """Shape (KEYS + 1,): where each key's rows begin in `postings`."""
    postings: npt.NDArray[np.uint32]
    telling: Floats
    """Shape (KEYS,): the logarithm of how rare a run is."""
    weights: Floats
    """Shape (rows,): what a row's runs weigh together, smoothed."""

    @classmethod
    def of(cls, stream: Bytes, starts: Ints) -> Grams:
        """Index rows that lie one after another in `stream`, a GAP after each; `starts` has one more than there are rows."""
        rows = len(starts) - 1
        keys, places = runs(stream)
        row_of = np.searchsorted(starts, places, side="right") - 1
        order = np.argsort(row_of, kind="stable")
        keys, places, row_of = keys[order], places[order], row_of[order]
        pair_keys, pair_rows = np.divmod(np.unique(keys * max(1, rows) + row_of), max(1, rows))
        counts = np.bincount(pair_keys, minlength=KEYS)
        telling = np.log((rows + 1.0) / (counts + 1.0)).astype(np.float32) + np.float32(0.1)
        weights = np.bincount(pair_rows, telling[pair_keys], minlength=rows).astype(np.float32) + _SMOOTH
        return cls(
            np.searchsorted(row_of, np.arange(rows + 1)),
            keys.astype(np.uint16),
            (places - starts[row_of]).astype(np.uint8),
            np.concatenate([[0], np.cumsum(counts)]),
            pair_rows.astype(np.uint32),
            telling,
            weights,
        )

    def place(self, stream: Bytes, most: int) -> Placed:
        """The `most` likeliest places of rows in a stream of sounds with GAPs; a row may have two places."""
        keys, places = runs(stream)
        scores = self._scores(keys)
        wider = max(most, min(3 * most, len(scores) // 40))
        if len(scores) > wider:
            least = max(np.partition(scores, len(scores) - wider)[-wider], np.float32(1e-6))
            near = np.flatnonzero(scores >= least)[: 2 * wider]
        else:
            near = np.flatnonzero(scores > 0)
        if not len(near):
            return Placed(near, near)
        return self._places(near, keys, places, len(stream), most)

    def _scores(self, keys: Ints) -> Floats:
        """Shape (rows,): the share of each row that stands anywhere, by weight."""
        present = np.zeros(KEYS, np.bool_)
        present[keys] = True
        distinct = np.flatnonzero(present)
        starts, ends = self.key_starts[distinct], self.key_starts[distinct + 1]
        if len(self.weights) < _FEW_ROWS:
            counts = ends - starts
            hit = self.postings[_ranges(starts, counts)]
            scores = np.bincount(hit, np.repeat(self.telling[distinct], counts), minlength=len(self.weights))
            return (scores / self.weights).astype(np.float32)
        sums = np.zeros(len(self.weights), np.float32)
        for start, end, telling in zip(starts.tolist(), ends.tolist(), self.telling[distinct], strict=True):
            sums[self.postings[start:end]] += telling
        sums /= self.weights
        return sums

    def _places(self, rows: Ints, keys: Ints, places: Ints, length: int, most: int) -> Placed:
        order = np.argsort(keys)
        places = places[order]
        in_text = np.bincount(keys, minlength=KEYS)
        before = np.cumsum(in_text) - in_text
        counts = self.row_starts[rows + 1] - self.row_starts[rows]
        mine = _ranges(self.row_starts[rows], counts)
        row_keys = self.keys[mine]
        times = in_text[row_keys]
        here = np.flatnonzero(times)
        row_keys, times, mine = row_keys[here], times[here], mine[here]
        begins = places[_ranges(before[row_keys], times)] - np.repeat(self.offsets[mine].astype(np.int64), times)
        bins = (length + _LEAD) // _BIN + 3
        index = np.repeat(np.repeat(np.arange(len(rows)) * bins, counts)[here], times) + (begins + _LEAD) // _BIN
        found = np.bincount(index, np.repeat(self.telling[row_keys], times), minlength=len(rows) * bins)
        found = found.reshape(len(rows), bins)
        found[:, :-1] += found[:, 1:]
        every = np.arange(len(rows))
        best = found.argmax(axis=1)
        score = found[every, best] / self.weights[rows]
        for around in (-2, -1, 0, 1, 2):
            found[every, np.clip(best + around, 0, bins - 1)] = 0
        second = found.argmax(axis=1)
        scores = np.concatenate([score, found[every, second] / self.weights[rows]])
        chosen = np.argsort(-scores)[:most]
        chosen = chosen[scores[chosen] > 0]
        return Placed(np.concatenate([rows, rows])[chosen], np.concatenate([best, second])[chosen] * _BIN - _LEAD)


def _ranges(starts: Ints, counts: Ints) -> Ints:
    """All indices of several ranges one after another: starts 5 and 9, counts 2 and 3 give 5 6 9 10 11."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - ends + counts, counts)
