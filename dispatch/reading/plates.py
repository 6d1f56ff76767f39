"""Number plates, whole or in part: "plate Lima Tango one nine" is LT19."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.calls import Span
from dispatch.phrases import Token, tokens
from dispatch.reading.numbers import digit_runs
from dispatch.reading.spelling import letter_of
from dispatch.scheme import Scheme

_LONGEST = 7
"""Characters of a plate of today: two letters, two digits, three letters."""
_FILLERS = frozenset(
    {"is", "it", "was", "number", "starts", "starting", "begins", "beginning", "ends", "ending", "with", "in"}
)
_WRITTEN = re.compile(r"[a-z]{2}[0-9]{2} ?[a-z]{3}(?![a-z0-9])")
_PART = re.compile(r"[a-z]{0,3}[0-9]{1,3}[a-z]{0,3}")


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate or a part of one, without spaces and in capitals."""

    text: str
    span: Span


def plate_in(folded: str, scheme: Scheme) -> Plate | None:
    """The first plate; without a word like "plate" before it only a whole one."""
    for cue in scheme.words["description.plate"].find(folded):
        words = tokens(folded[cue.end : cue.end + 120])
        plate, last = _characters(folded[cue.end : cue.end + 120], words)
        if len(plate) >= 2:
            return Plate(plate.upper(), Span(cue.start, cue.end + words[last - 1].end))
    written = re.search(rf"(?<![a-z0-9]){_WRITTEN.pattern}", folded)
    if written is None:
        return None
    return Plate(written.group().replace(" ", "").upper(), Span(written.start(), written.end()))


def _characters(folded: str, words: Sequence[Token]) -> tuple[str, int]:
    """Letters and digits that stand one after the other from the first word that is no filler, and the word behind them."""
    start = next((i for i, word in enumerate(words) if word.text not in _FILLERS), len(words))
    runs = {run.first: run for run in digit_runs(folded, words)}
    found = ""
    i = start
    while i < len(words) and len(found) < _LONGEST:
        word = words[i].text
        if i in runs:
            found += runs[i].digits
            i = runs[i].last
            continue
        if word == "x" and words[i + 1 : i + 2] and words[i + 1].text == "ray":
            found += word
            i += 1
        elif len(word) == 1 and word.isalpha():
            found += word
        elif letter := letter_of(word):
            found += letter
        elif _PART.fullmatch(word):
            found += word
        elif (
            len(word) <= 3
            and i + 1 < len(words)
            and (i + 1 in runs or _PART.fullmatch(words[i + 1].text))
            and not found
        ):
            found += word  # "LT 19"
        else:
            break
        i += 1
    return (found[:_LONGEST] if len(found) <= _LONGEST + 2 else ""), i
