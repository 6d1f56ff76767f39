"""Text that stands for nothing: silence, stock phrases of speech engines, loops."""

from __future__ import annotations

from collections import Counter

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
    words = [token.text for token in tokens(folded)]
    if not words:
        return "Nothing was understood."
    plain = " ".join(words)
    if heard.no_speech > NO_SPEECH:
        if plain in scheme.words.words("noise.stock"):
            return f'Nobody spoke: "{heard.text.strip()}" is what the engine writes for noise.'
        if heard.average_logprob < LOGPROB:
            return "Nobody seems to have spoken, and the wording scores poorly."
    if heard.average_logprob < 2 * LOGPROB:
        return "The wording scores so poorly that it means nothing."
    loop = repeated(words)
    if loop and not scheme.words["intent.emergency"].find(folded):
        return f'The engine went round in circles on "{loop}".'
    if plain in scheme.words.words("noise.stock") and heard.average_logprob < LOGPROB / 2:
        return f'Only "{plain}" was heard, and uncertainly.'
    return None


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
