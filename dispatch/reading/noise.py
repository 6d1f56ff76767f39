"""Text that stands for nothing: silence, stock phrases of speech engines, loops."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from dispatch.calls import Span
from dispatch.heard import Heard
from dispatch.phrases import fold, tokens
from dispatch.scheme import Scheme

NO_SPEECH = 0.6
"""Whisper's own threshold for "nobody spoke" (openai/whisper, transcribe.py, no_speech_threshold)."""
LOGPROB = -1.0
"""... which it takes as silence only together with a poor score (logprob_threshold)."""


def unintelligible(heard: Heard, scheme: Scheme) -> str | None:
    """Why this is no call, in one sentence; None when it is one."""
    folded = fold(heard.text)
    spoken, brackets = _without_brackets(folded)
    words = [token.text for token in tokens(spoken)]
    if not words:
        return f'Only sounds: "{brackets[0]}".' if brackets else "Nothing was understood."
    plain = " ".join(words)
    tables = scheme.words
    invented = tables["noise.invented"].find(spoken)
    if invented and len(tokens(_without(spoken, invented))) <= _FEW_WORDS:
        return f'"{spoken[invented[0].start : invented[0].end]}" is what the engine writes for noise.'
    if plain in tables.words("noise.sounds"):
        return f'Only the name of a sound: "{plain}".'
    stock = tables["noise.stock"].find(spoken)
    only_stock = plain in tables.words("noise.stock") or not tokens(_without(spoken, stock))
    if only_stock and len(stock) > 2:
        return f'The engine went round in circles on "{spoken[stock[0].start : stock[0].end]}".'
    if heard.no_speech > NO_SPEECH:
        if only_stock:
            return f'Nobody spoke: "{heard.text.strip()}" is what the engine writes for noise.'
        if heard.average_logprob < LOGPROB:
            return "Nobody seems to have spoken, and the wording scores poorly."
    if heard.average_logprob < 2 * LOGPROB:
        return "The wording scores so poorly that it means nothing."
    if (stretched := _STRETCHED.search(spoken)) and len(stretched.group()) > len(spoken) / 2:
        return f'Only one sound held on: "{stretched.group()[:12]}...".'
    loop = repeated(words)
    if loop and not tables["intent.emergency"].find(folded):
        return f'The engine went round in circles on "{loop}".'
    if only_stock and heard.average_logprob < LOGPROB / 2:
        return f'Only "{plain}" was heard, and uncertainly.'
    return None


def marks(heard: Heard, scheme: Scheme) -> list[str]:
    """What in a call that means something is probably the engine's invention, a sentence each. Nothing is taken out."""
    folded = fold(heard.text)
    spoken, brackets = _without_brackets(folded)
    invented = [spoken[span.start : span.end] for span in scheme.words["noise.invented"].find(spoken)]
    return [
        *(f'"{sound}" is a sound and was not said.' for sound in brackets),
        *(f'"{phrase}" is what the engine writes for noise.' for phrase in invented),
    ]


_BRACKETS = re.compile(r"\[[^\]\[]{0,60}\]|\([^()]{0,60}\)|\*[^*]{1,60}\*|[\u2669-\u266f]+")
_STRETCHED = re.compile(r"([a-z])\1{7,}")
_FEW_WORDS = 2
"""Beside an invented phrase so few words mean nothing either: "Okay. Thanks for watching"."""


def _without_brackets(folded: str) -> tuple[str, list[str]]:
    """The text with blanks for what stands in brackets or are notes, and those stretches."""
    found = [hit.group() for hit in _BRACKETS.finditer(folded)]
    return _BRACKETS.sub(lambda hit: " " * len(hit.group()), folded), found


def _without(folded: str, spans: Sequence[Span]) -> str:
    for span in spans:
        folded = folded[: span.start] + " " * (span.end - span.start) + folded[span.end :]
    return folded


def repeated(words: list[str]) -> str | None:
    """The words of a loop: up to eight words said four or five times running, or most of the text."""
    for size in range(1, 9):
        grams = [tuple(words[i : i + size]) for i in range(len(words) - size + 1)]
        for i, gram in enumerate(grams):
            times = 1
            while grams[i + times * size : i + times * size + 1] == [gram]:
                times += 1
            if times >= 5 or (size >= 2 and times >= 4):
                return " ".join(gram)
    if len(words) >= 24:
        gram, times = Counter(zip(words, words[1:], words[2:], strict=False)).most_common(1)[0]
        if times * 3 > 0.6 * len(words):
            return " ".join(gram)
    return None
