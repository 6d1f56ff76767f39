"""Many names against their stretches of text at once: weighted edit distance with a free start and a free end in the text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dispatch.matching.sound_costs import ALONE, SUBSTITUTION
from dispatch.matching.sound_grams import GAP, Bytes, Ints

_UNIT = 200
"""Costs are whole numbers of 1/200, so that a cost and a place fit one number and the cheaper, then the earlier, is the smaller."""
_PLACE_BITS = 7
LONGEST_STRETCH = (1 << _PLACE_BITS) - 2
_NEVER = 40 * _UNIT
_INSIDE_WORD = 0.2
"""What it costs to begin or end inside a word's sounds: recognisers do break names so, but "Ann" is not in "Savannah"."""

Packed = npt.NDArray[np.int32]


def _tables() -> tuple[Packed, Packed]:
    size = GAP + 1
    substitution = np.full((size, size), _NEVER, np.int32)
    substitution[:GAP, :GAP] = np.rint(SUBSTITUTION * _UNIT)
    alone = np.full(size, _NEVER, np.int32)
    alone[:GAP] = np.rint(ALONE * _UNIT)
    return substitution << _PLACE_BITS, alone


_SUBSTITUTION, _ALONE = _tables()


@dataclass(frozen=True, slots=True)
class Aligned:
    """Best place of each name within its stretch."""

    likeness: npt.NDArray[np.float32]
    """Shape (names,): 1 the same sounds, 0 nothing in common."""
    begins: Ints
    ends: Ints
    """Sounds `begins` to `ends` (exclusive) of the stretch."""


def align(names: Bytes, lengths: Ints, stretches: Bytes, word_edges: npt.NDArray[np.bool_]) -> Aligned:
    """Align names with stretches of text, pair by pair.

    Args:
        names: shape (longest name, pairs): codes of sounds, anything after a name's end.
        lengths: shape (pairs,), at least 1.
        stretches: shape (longest stretch, pairs): codes, GAP where there is no text; at most LONGEST_STRETCH long.
        word_edges: shape (longest stretch + 1, pairs): whether a word begins or ends before this sound.
    """
    height, pairs = names.shape
    width = len(stretches)
    every = np.arange(pairs)
    alone = np.zeros((height + 1, pairs), np.int32)
    np.cumsum(_ALONE[names], axis=0, out=alone[1:])
    packed = alone << _PLACE_BITS
    edge = np.where(word_edges, 0, int(_INSIDE_WORD * _UNIT)).astype(np.int32) << _PLACE_BITS
    added = (_ALONE[stretches] << _PLACE_BITS).astype(np.int32)
    flat = _SUBSTITUTION.ravel()
    rows = names.astype(np.intp) * (GAP + 1)
    final = np.empty((width, pairs), np.int32)
    # State less the cost of leaving out the name so far: leaving out more of it is then a running minimum.
    # Eight sounds missing in a row are as far as a name is looked for.
    state = np.repeat(edge[:1], height + 1, axis=0)
    step = np.empty_like(state)
    steps_alone = packed[1:] - packed[:-1]
    place = np.empty((height, pairs), np.intp)
    for j in range(width):
        step[0] = edge[j + 1] + (j + 1)
        np.add(rows, stretches[j], out=place)
        np.take(flat, place, out=step[1:], mode="clip")
        step[1:] -= steps_alone
        step[1:] += state[:-1]
        np.minimum(step[1:], state[1:] + added[j], out=step[1:])
        # The running minimum over the last eight sounds, by doubling.
        np.copyto(state, step)
        np.minimum(step[1:], step[:-1], out=state[1:])
        np.copyto(step, state)
        np.minimum(state[2:], state[:-2], out=step[2:])
        np.copyto(state, step)
        np.minimum(step[4:], step[:-4], out=state[4:])
        final[j] = state[lengths, every]
    final += packed[lengths, every] + edge[1:]
    costs = final >> _PLACE_BITS
    ends = costs.argmin(axis=0)
    likeness = 1.0 - costs[ends, every] / np.maximum(alone[lengths, every], 1)
    begins = final[ends, every] & ((1 << _PLACE_BITS) - 1)
    return Aligned(np.clip(likeness, 0.0, 1.0).astype(np.float32), begins.astype(np.int64), ends + 1)
