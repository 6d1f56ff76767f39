"""How somebody says a name who only sees it written, as on a list of names: "Grabowski" with the sounds of "grab" and "owe".

By the little network with which hibari-tts reads words that are in no lexicon, learnt by its makers from espeak-ng's readings of 225,000
words. People who know a name say it otherwise (`dispatch.matching.sounds`); a guard with a list in the hand may not know it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from dispatch.matching.phonemes import ALPHABET, from_misaki

Untyped = Any
"""hibari has no types."""
_BRITISH = "oov_gb.onnx"


@cache
def _network() -> Callable[[str], str | None]:
    package: Untyped = importlib.import_module("hibari.g2p.oov")
    read: Callable[[str], str | None] = package.OOV(str(Path(package.ASSETS) / _BRITISH))
    return read


@lru_cache(maxsize=65536)
def read_off(word: str) -> str:
    """The sounds of one word by its letters alone, half a millisecond; empty where there are none to say."""
    return "".join(sound for sound in from_misaki(_network()(word) or "") if sound in ALPHABET)
