"""How known words are said: the British lexicon that comes inside `hibari-tts`, packed so that it stays small in memory.

The files are read where the package lies, without importing it: its code would bring onnxruntime into the process.
A fact source, not state: the same words always give the same sounds.
"""

from __future__ import annotations

import gzip
import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources, util
from pathlib import Path

from dispatch.matching.phonemes import from_misaki

_FILES = ("lexicon_gb_silver.json.gz", "lexicon_gb_gold.json.gz")
"""The better one last: it overrules."""


@dataclass(frozen=True, slots=True)
class Words:
    """Sorted lines "word TAB sounds" in one string: 200,000 words in 9 MB."""

    text: str
    starts: array[int]
    """Where each line begins in `text`; one more than there are lines."""

    @classmethod
    def of(cls, said: Mapping[str, str]) -> Words:
        """Pack words and their Misaki phonemes, which are folded in one go."""
        text = from_misaki("\n".join([f"{word}\t{sounds}" for word, sounds in sorted(said.items())]))
        starts = array("I", [0])
        at = 0
        for line in text.split("\n"):
            at += len(line) + 1
            starts.append(at)
        return cls(text, starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def get(self, word: str) -> str | None:
        """Sounds of a word in lower case."""
        key = word + "\t"
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self.text[self.starts[middle] : self.starts[middle + 1] - 1] < key:
                low = middle + 1
            else:
                high = middle
        if low == len(self) or not self.text.startswith(key, self.starts[low]):
            return None
        return self.text[self.starts[low] + len(key) : self.starts[low + 1] - 1]


def _lexicons() -> list[Path]:
    spec = util.find_spec("hibari")
    places = spec.submodule_search_locations if spec else None
    return [Path(next(iter(places))) / "assets" / name for name in _FILES] if places else []


@cache
def known_words() -> Words:
    """All words of the lexicons with their sounds. Read once, about half a second of one core.

    Names written with a capital answer to lower case too, unless that is a word of its own ("march" the verb and the month are
    said alike anyway). Of words said in several ways, the usual one.
    """
    packed = resources.files("dispatch").joinpath("data", "more_words.txt.gz").read_bytes()
    said: dict[str, str] = dict(line.split("\t") for line in gzip.decompress(packed).decode().splitlines())
    for path in _lexicons():
        entries = json.loads(gzip.decompress(path.read_bytes()))
        for word, value in entries.items():
            low = word.lower()
            if low != word and (low in entries or (word.isupper() and len(word) > 1)):
                continue
            usual = value.get("DEFAULT") if isinstance(value, dict) else value
            if usual:
                said[low] = usual
    return Words.of(said)
