"""What it costs to take one sound for another, to miss one, to hear one too many: 0 nothing, 1 another sound altogether.

The weights are reasoned from phonetics, not fitted:

* Voice, place and manner are features that listeners confuse one at a time (Miller and Nicely 1955, consonants in noise and
  through filters): voicing pairs are cheap, as are the three nasals, the three voiceless and the three voiced stops.
* Shop radio passes some 300-3000 Hz. The noise of f, θ, s, ʃ lies mostly above, so that they are told apart badly.
* Vowels are told apart by height, frontness and rounding; weak vowels (schwa) hardly at all, and writers of names disagree.
* In British speech h is dropped, l is said like w or ʊ at a word's end, th is fronted to f, r links or goes, t and d go in clusters.
* Recognisers write an unknown name as known words: what is rare in English (v before d, ʃʧ) turns into what is common.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dispatch.matching.phonemes import ALPHABET, CONSONANTS, VOWELS

Costs = npt.NDArray[np.float32]

_PAIRS: tuple[tuple[str, float], ...] = (
    # voice only
    ("pb td kg fv θð sz ʃʒ ʧʤ", 0.3),
    # fricatives in a narrow band, th fronted
    ("fθ vð", 0.2),
    ("θs ðz fs sʃ zʒ", 0.45),
    ("θʃ fʃ θz ðs fð vθ vz ʃz sʒ", 0.6),
    ("hf hθ hs hʃ hk hp ht", 0.65),
    # nasals, stops of one voice
    ("mn nŋ", 0.3),
    ("mŋ", 0.4),
    ("pt pk tk bd bg dg", 0.5),
    ("pd pg tb tg kb kd", 0.7),
    # stop and fricative or affricate of one place
    ("tθ dð bv pf", 0.4),
    ("tʧ dʤ ʃʧ ʒʤ sʧ zʤ ʃʤ ʒʧ sʤ zʧ", 0.5),
    ("tʤ dʧ kʧ gʤ dz ts", 0.65),
    # nasals, stops and liquids of one place
    ("mb nd ŋg nl", 0.55),
    ("mp nt ŋk dl lð rd mv mw nð", 0.7),
    # glides and liquids
    ("wl wr wv", 0.4),
    ("lr vb jʤ", 0.5),
    ("rv jl rj wj wb wm", 0.65),
    # glides and vowels of one place; l at the end of a word
    ("ji jɪ wu wʊ", 0.25),
    ("lʊ lə lɔ lu lQ", 0.5),
    ("rə wə jə rɜ wQ wɔ wW jA jI", 0.6),
)
"""Pairs of sounds by cost, in both directions."""

_PLACE = {
    # (height 0 open to 1 close, backness 0 front to 1 back, rounded); diphthongs begin and end
    "i": ((1.0, 0.0, 0), (1.0, 0.0, 0)),
    "ɪ": ((0.85, 0.2, 0), (0.85, 0.2, 0)),
    "ɛ": ((0.5, 0.1, 0), (0.5, 0.1, 0)),
    "e": ((0.5, 0.15, 0), (0.45, 0.3, 0)),
    "a": ((0.1, 0.25, 0), (0.1, 0.25, 0)),
    "ɑ": ((0.05, 0.8, 0), (0.05, 0.8, 0)),
    "ɒ": ((0.15, 0.95, 1), (0.15, 0.95, 1)),
    "ɔ": ((0.5, 1.0, 1), (0.5, 1.0, 1)),
    "ʊ": ((0.8, 0.75, 1), (0.8, 0.75, 1)),
    "u": ((1.0, 0.65, 1), (1.0, 0.65, 1)),
    "ʌ": ((0.25, 0.55, 0), (0.25, 0.55, 0)),
    "ɜ": ((0.5, 0.5, 0), (0.5, 0.5, 0)),
    "ə": ((0.5, 0.5, 0), (0.5, 0.5, 0)),
    "A": ((0.55, 0.1, 0), (0.9, 0.1, 0)),
    "I": ((0.1, 0.45, 0), (0.85, 0.2, 0)),
    "Y": ((0.4, 1.0, 1), (0.85, 0.2, 0)),
    "Q": ((0.5, 0.6, 0), (0.85, 0.75, 1)),
    "W": ((0.1, 0.4, 0), (0.8, 0.75, 1)),
}
_WEAK = "əɪʊ"
"""What unstressed vowels become."""

_ALONE = {
    # what missing a sound costs, or hearing one too many
    "ə": 0.25, "ɪ": 0.35, "ʊ": 0.4, "h": 0.3, "r": 0.4, "j": 0.4, "w": 0.45, "t": 0.5, "d": 0.5, "l": 0.6, "ŋ": 0.6, "v": 0.6, "n": 0.65,
}  # fmt: skip
_ALONE_CONSONANT, _ALONE_VOWEL = 0.75, 0.6
_VOWEL_FOR_CONSONANT = 1.0
_LONG_AND_SHORT = 0.05
"""Even the nearest two vowels are two."""


def _vowel_cost(one: str, other: str) -> float:
    ends = zip(_PLACE[one], _PLACE[other], strict=True)
    apart = sum(((h - k) ** 2 + (b - c) ** 2 + 0.06 * (r != s)) ** 0.5 for (h, b, r), (k, c, s) in ends) / 2
    cost: float = min(0.8, _LONG_AND_SHORT + 0.75 * apart)
    if one in _WEAK and other in _WEAK:
        return min(cost, 0.2)
    if "ə" in (one, other):
        return min(cost, 0.3)
    return min(cost, 0.45) if one in _WEAK or other in _WEAK else cost


def _substitution() -> Costs:
    size = len(ALPHABET)
    costs = np.full((size, size), 0.9, np.float32)
    for i, one in enumerate(ALPHABET):
        for k, other in enumerate(ALPHABET):
            if (one in VOWELS) != (other in VOWELS):
                costs[i, k] = _VOWEL_FOR_CONSONANT
            elif one in VOWELS:
                costs[i, k] = 0.0 if one == other else _vowel_cost(one, other)
    for pairs, cost in _PAIRS:
        for pair in pairs.split():
            one, other = tuple(pair)
            i, k = ALPHABET.index(one), ALPHABET.index(other)
            costs[i, k] = costs[k, i] = cost
    np.fill_diagonal(costs, 0.0)
    return costs


def _alone() -> Costs:
    return np.array(
        [_ALONE.get(sound, _ALONE_CONSONANT if sound in CONSONANTS else _ALONE_VOWEL) for sound in ALPHABET], np.float32
    )


SUBSTITUTION: Costs = _substitution()
"""Shape (sounds, sounds), in the order of the alphabet: what taking one for the other costs."""
ALONE: Costs = _alone()
"""Shape (sounds,): what a sound costs that the other side lacks."""
for _table in (SUBSTITUTION, ALONE):
    _table.setflags(write=False)
