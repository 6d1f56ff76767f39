"""Where given sounds were said, by the probabilities of sounds over time: pure, no engine.

A name is looked for as its phonemes one after another, each lasting as long as it likes, with pauses between them: the paths of
connectionist temporal classification (Graves et al. 2006, section 4.1), of which the cheapest is taken (Viterbi). A path costs what
it is less likely than the likeliest sounds at the same time, so words that were said clearly cost nothing, and others the more
the less they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from gateway.speech.transcript import Spotted

Floats = npt.NDArray[np.float32]
Steps = npt.NDArray[np.int32]

MOST_SOUNDS: Final = 40
"""Longer names are cut here."""
MOST_A_STEP: Final = 7.0
"""What one step may cost: one sound that was swallowed must not outweigh all the others."""
WORST: Final = 3.0
"""What a sound of a way may cost on average where it may have been said."""
_NEVER: Final = np.float32(1e6)


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Sequences of sounds as a table of states: sounds at even places, the pauses between them at odd ones."""

    states: npt.NDArray[np.intp]
    """Shape (ways, most states); which column of the probabilities each state is."""
    leap: Floats
    """Shape as `states`: 0 where a sound may follow the one before it without a pause, as two different ones may."""
    last: npt.NDArray[np.intp]
    """The state in which each way ends."""
    sounds: npt.NDArray[np.float32]
    """How many sounds each way has."""

    def some(self, which: npt.NDArray[np.intp]) -> Ways:
        """Only these of them."""
        return Ways(self.states[which], self.leap[which], self.last[which], self.sounds[which])

    @classmethod
    def of(cls, ways: Sequence[Sequence[int]]) -> Ways:
        """Ways as columns of sounds, each at least one long."""
        most = 2 * max(map(len, ways)) - 1
        states = np.zeros((len(ways), most), np.intp)
        leap = np.full((len(ways), most), _NEVER, np.float32)
        for row, way in enumerate(ways):
            states[row, 0 : 2 * len(way) - 1 : 2] = way
            for at in range(1, len(way)):
                if way[at] != way[at - 1]:
                    leap[row, 2 * at] = 0.0
        counts = np.array([len(way) for way in ways])
        return cls(states, leap, 2 * counts - 2, counts.astype(np.float32))


GROUPS: Final = (6, 10, 18, MOST_SOUNDS)
"""Ways are looked for together with others of about their length: a table is as wide as its longest."""


@lru_cache(maxsize=4)
def tables(ways: tuple[str, ...], alphabet: str) -> tuple[tuple[Ways, tuple[int, ...]], ...]:
    """Phoneme strings as tables, each with which of them it holds; those without any sound of the alphabet are in none.

    A register stays the same from call to call, so its tables are kept.
    """
    columns = {sound: column for column, sound in enumerate(alphabet, 1)}
    rows = [tuple(columns[sound] for sound in way if sound in columns)[:MOST_SOUNDS] for way in ways]
    groups = []
    for shorter, longest in pairwise((0, *GROUPS)):
        kept = tuple(at for at, row in enumerate(rows) if shorter < len(row) <= longest)
        if kept:
            groups.append((Ways.of([rows[at] for at in kept]), kept))
    return tuple(groups)


def spot_all(
    log_probabilities: Floats, ways: tuple[str, ...], alphabet: str, step_s: float, start_s: float = 0.0
) -> list[Spotted]:
    """The best place of every phoneme string, in their order; what can't be said fits nowhere.

    Args:
        log_probabilities: shape (steps, 1 + sounds); column 0 is "no sound, or the same still".
        ways: what to look for.
        alphabet: the sounds of the columns from 1 on.
        step_s: seconds a step lasts.
        start_s: when the first step begins.
    """
    found = [Spotted(float(_NEVER), 1, start_s, start_s)] * len(ways)
    for group, kept in tables(ways, alphabet):
        for at, spotted in zip(kept, spot(log_probabilities, group, step_s, start_s), strict=True):
            found[at] = spotted
    return found


def spot(log_probabilities: Floats, ways: Ways, step_s: float, start_s: float = 0.0) -> list[Spotted]:
    """The best place of every way, in their order.

    Where a way begins is only found for those that cost at most `WORST` a sound; of the others, which were not said, nobody asks: theirs is
    where they end.

    Args:
        log_probabilities: shape (steps, 1 + sounds); column 0 is "no sound, or the same still".
        ways: what to look for.
        step_s: seconds a step lasts.
        start_s: when the first step begins.
    """
    costs = np.minimum(log_probabilities.max(axis=1, keepdims=True) - log_probabilities, MOST_A_STEP).astype(np.float32)
    best, last = _cheapest(costs, ways)
    first = last.copy()
    near = np.flatnonzero(best <= WORST * ways.sounds)
    if len(near):
        first[near] = _beginnings(costs, ways.some(near), last[near])
    return [
        Spotted(float(cost), int(sounds), start_s + step_s * int(begin), start_s + step_s * (int(end) + 1))
        for cost, sounds, begin, end in zip(best, ways.sounds, first, last, strict=True)
    ]


def _cheapest(costs: Floats, ways: Ways) -> tuple[Floats, Steps]:
    """What each way costs at least, and the step in which that path ends."""
    states, leap = np.ascontiguousarray(ways.states.T), np.ascontiguousarray(ways.leap.T[2:])
    at_end = ways.last, np.arange(len(ways.last))
    before = np.full(states.shape, _NEVER, np.float32)
    after, leapt = before.copy(), np.empty(leap.shape, np.float32)
    best, last = np.full(len(ways.last), _NEVER, np.float32), np.zeros(len(ways.last), np.int32)
    for step, cost in enumerate(costs):
        after[0] = 0.0  # a name may begin at any time
        np.minimum(before[1:], before[:-1], out=after[1:])
        np.add(before[:-2], leap, out=leapt)
        np.minimum(after[2:], leapt, out=after[2:])
        after += cost[states]
        ended = after[at_end]
        better = ended < best
        best[better], last[better] = ended[better], step
        before, after = after, before
    return best, last


def _beginnings(costs: Floats, ways: Ways, last: Steps) -> Steps:
    """In which step each way's cheapest path began, given the one in which it ended: the same search, from there backwards."""
    states, leap = ways.states, ways.leap
    rows = np.arange(len(last))
    first = last.copy()
    cost = np.full(states.shape, _NEVER, np.float32)
    best = np.full(len(last), _NEVER, np.float32)
    for step in range(int(last.max()), -1, -1):
        before = cost
        cost = np.minimum(before, np.pad(before[:, 1:], ((0, 0), (0, 1)), constant_values=_NEVER))
        leapt = before[:, 2:] + leap[:, 2:]
        cost[:, : leapt.shape[1]] = np.minimum(cost[:, : leapt.shape[1]], leapt)
        starts = rows[last == step]
        cost[starts, ways.last[starts]] = 0.0
        cost += costs[step][states]
        begun = cost[:, 0]
        better = begun < best
        best[better], first[better] = begun[better], step
    return first
