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
    alone = np.full(size, _NEVER, np.int32)
    alone[:GAP] = np.rint(ALONE * _UNIT)
    instead = np.full((size, size), _NEVER, np.int32)
    instead[:GAP, :GAP] = np.rint(SUBSTITUTION * _UNIT)
    return ((instead - alone) << _PLACE_BITS).ravel(), alone << _PLACE_BITS


_INSTEAD, _ALONE = _tables()
"""What a sound of the text (column) costs instead of one of the name (row), less what it would cost alone; what each costs alone."""


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
        lengths: shape (pairs,): at least 1, the longest first.
        stretches: shape (longest stretch, pairs): codes, GAP where there is no text; at most LONGEST_STRETCH long.
        word_edges: shape (longest stretch + 1, pairs): whether a word begins or ends before this sound.
    """
    width, pairs = stretches.shape
    heard = stretches.astype(np.intp)
    edge = np.where(word_edges, 0, int(_INSIDE_WORD * _UNIT) << _PLACE_BITS).astype(np.int32)
    # Costs are kept less those of all sounds of the text so far: hearing sounds too many is then a running minimum.
    so_far = np.zeros((width + 1, pairs), np.int32)
    np.cumsum(_ALONE[stretches], axis=0, out=so_far[1:])
    state = edge - so_far + np.arange(width + 1, dtype=np.int32)[:, None]
    step, other = np.empty_like(state), np.empty_like(state)
    place = np.empty_like(heard)
    final = np.empty_like(state)
    whole = np.zeros(pairs, np.int32)
    # Names that have more than i sounds come first, so that the rest is left alone.
    going = np.searchsorted(-lengths, -np.arange(len(names)), side="left")
    for i, count in enumerate(going.tolist()):
        row = names[i, :count]
        alone = _ALONE[row]
        whole[:count] += alone
        now, new, spare = state[:, :count], step[:, :count], other[:, :count]
        np.add(heard[:, :count], row.astype(np.intp) * (GAP + 1), out=place[:, :count])
        _INSTEAD.take(place[:, :count], out=new[1:], mode="clip")
        new[1:] += now[:-1]
        np.add(now, alone, out=spare)
        np.minimum(new[1:], spare[1:], out=new[1:])
        new[0] = spare[0]
        # The running minimum over four sounds, by doubling: more heard too many in a row is another place.
        spare[0] = new[0]
        np.minimum(new[1:], new[:-1], out=spare[1:])
        now[:2] = spare[:2]
        np.minimum(spare[2:], spare[:-2], out=now[2:])
        if i + 1 == len(names) or going[i + 1] < count:
            done = slice(going[i + 1] if i + 1 < len(names) else 0, count)
            final[:, done] = state[:, done]
    final += so_far
    final += edge
    ends = (final[1:] >> _PLACE_BITS).argmin(axis=0) + 1
    every = np.arange(pairs)
    best = final[ends, every]
    likeness = 1.0 - (best >> _PLACE_BITS) / np.maximum(whole >> _PLACE_BITS, 1)
    begins = best & ((1 << _PLACE_BITS) - 1)
    return Aligned(np.clip(likeness, 0.0, 1.0).astype(np.float32), begins.astype(np.int64), ends)
