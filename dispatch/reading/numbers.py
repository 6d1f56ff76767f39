"""References and alert numbers: digits as people say them and as speech engines write them.

"D T zero one four two", "DT-0142", "number one four two", "one forty two", "o one for two", "double four" and the like.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.calls import Span
from dispatch.phrases import Token, fold, tokens
from dispatch.scheme import Scheme

_CLEAR = {
    "zero": "0", "nought": "0", "naught": "0", "nil": "0", "one": "1", "two": "2", "three": "3", "four": "4", "fower": "4",
    "five": "5", "fife": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "niner": "9",
}  # fmt: skip
_ONLY_AMONG_DIGITS = {
    "o": "0", "oh": "0", "owe": "0", "nero": "0", "hero": "0", "zera": "0", "zira": "0", "xero": "0", "zeros": "0", "won": "1", "wun": "1", "to": "2", "too": "2", "tree": "3", "free": "3", "for": "4",
    "fore": "4", "ate": "8", "sex": "6", "sics": "6", "sax": "6", "nein": "9", "mine": "9",
}  # fmt: skip
_TENS = {
    "twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8",
    "ninety": "9",
}  # fmt: skip
_TEENS = {
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16",
    "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
_PREFIX_LETTERS = {
    "d": ("d", "dee", "de", "delta"), "t": ("t", "tee", "tea", "tango"), "f": ("f", "ef", "eff", "foxtrot"),
    "a": ("a", "alpha", "alfa"), "c": ("c", "see", "sea", "charlie"), "b": ("b", "bee", "be", "bravo"),
    "m": ("m", "em", "mike"), "s": ("s", "ess", "sierra"), "g": ("g", "gee", "golf"), "p": ("p", "pee", "papa"),
    "l": ("l", "el", "lima"), "h": ("h", "aitch", "hotel"), "k": ("k", "kay", "kilo"), "n": ("n", "en", "november"),
    "r": ("r", "are", "ar", "romeo"), "w": ("w", "whiskey", "whisky"), "e": ("e", "echo"), "i": ("i", "eye", "india"),
    "o": ("o", "oh", "oscar"), "x": ("x", "ex", "xray"), "y": ("y", "why", "yankee"), "z": ("z", "zed", "zulu"),
    "j": ("j", "jay", "juliet", "juliett"), "q": ("q", "cue", "quebec"), "u": ("u", "you", "uniform"),
    "v": ("v", "vee", "victor"),
}  # fmt: skip


_IC = re.compile(r"\bi ?\.? ?c\.?[ \-]?$")
"""Before the digit of an IC code: "IC-150's" is IC1 and an age."""


@dataclass(frozen=True, slots=True)
class DigitRun:
    """Neighbouring digits: tokens `first` to `last` (exclusive)."""

    digits: str
    first: int
    last: int
    spoken: bool
    """At least one of them as a word."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as spoken: its digits padded to the scheme's length."""

    digits: str
    span: Span
    sure: bool
    """With prefix, cue or leading zero; otherwise only three bare digits."""


def _joined(folded: str, left: Token, right: Token) -> bool:
    """Nothing but spaces, hyphens, commas or dots stand between them: "1-4-2", "zero, one, four"."""
    return re.fullmatch(r"[ ,.\-]{1,3}", folded[left.after : right.start]) is not None and not re.search(
        r"[.!?]\s", folded[left.after : right.start]
    )


def _digits_of(word: str, among: bool) -> str | None:
    if word.isdigit():
        return word
    if word in _CLEAR:
        return _CLEAR[word]
    return _ONLY_AMONG_DIGITS.get(word) if among else None


def digit_runs(folded: str, words: Sequence[Token]) -> list[DigitRun]:
    """All runs of digits, in order."""
    runs: list[DigitRun] = []
    i = 0
    while i < len(words):
        run = _run_at(folded, words, i)
        if run is None:
            i += 1
            continue
        runs.append(run)
        i = run.last
    return runs


def _run_at(folded: str, words: Sequence[Token], first: int) -> DigitRun | None:
    pieces: list[tuple[str, bool]] = []  # digits, certain
    spoken = False
    i = first
    while i < len(words):
        word = words[i].text
        if i > first and (words[i - 1].ending or not _joined(folded, words[i - 1], words[i])):
            break
        nxt = words[i + 1].text if i + 1 < len(words) else ""
        if word in ("double", "triple") and _digits_of(nxt, True):
            pieces.append(((_digits_of(nxt, True) or "") * (2 if word == "double" else 3), True))
            i += 2
        elif word in _TENS:
            unit = _CLEAR.get(nxt, "0")
            pieces.append((_TENS[word] + unit, True))
            i += 2 if nxt in _CLEAR and nxt not in ("zero", "nought") else 1
        elif word in _TEENS:
            pieces.append((_TEENS[word], True))
            i += 1
        elif word == "hundred" and pieces and len(pieces[-1][0]) == 1:
            i += 2 if nxt == "and" else 1
            rest = words[i].text if i < len(words) else ""
            if not (rest in _TENS or rest in _TEENS or rest in _CLEAR):
                pieces.append(("00", True))
            elif rest in _CLEAR:
                pieces.append(("0", True))
        elif (digits := _digits_of(word, True)) is not None:
            pieces.append((digits, word in _CLEAR or word.isdigit()))
            i += 1
        else:
            break
        spoken = spoken or not word.isdigit()
    # Words like "to" and "for" count only between digits; "o one ..." may begin a reference.
    last = i
    while pieces and not pieces[-1][1]:
        if len("".join(d for d, _ in pieces)) == 4 and pieces[0][0].startswith("0"):
            break
        pieces.pop()
        last -= 1
    while pieces and not pieces[0][1] and not (pieces[0][0] == "0" and len(pieces) > 2):
        return None
    if not pieces:
        return None
    return DigitRun("".join(d for d, _ in pieces), first, last, spoken)


def _prefix_before(folded: str, words: Sequence[Token], first: int, prefixes: Sequence[str]) -> int | None:
    """Index of the token where a spoken or written prefix before token `first` starts."""
    for prefix in prefixes:
        letters = fold(prefix)
        if first >= 1 and words[first - 1].text == letters and _joined(folded, words[first - 1], words[first]):
            return first - 1
        n = len(letters)
        if first >= n and all(
            words[first - n + k].text in _PREFIX_LETTERS.get(letters[k], (letters[k],)) for k in range(n)
        ):
            return first - n
    return None


_RHYMES = ("bcdegptvz", "ajkh", "fslxmn", "iy", "quw")
"""Letters that a noisy radio takes for one another: their names share a vowel."""


def _nearly(heard: str, prefix: str) -> bool:
    """A prefix misheard: as long, at least one letter right, the others with the same vowel in their names ("ST" for "FT")."""
    if len(heard) != len(prefix):
        return False
    same = sum(a == b for a, b in zip(heard, prefix, strict=True))
    rhyme = all(a == b or any(a in row and b in row for row in _RHYMES) for a, b in zip(heard, prefix, strict=True))
    return same >= 1 and rhyme


def _misheard_prefix(word: str, scheme: Scheme) -> bool:
    return any(_nearly(word, fold(prefix)) for prefix in scheme.reference_prefixes)


def _bare(run: DigitRun, words: Sequence[Token]) -> bool:
    """As many digits as a reference has, said one by one with nothing before them; a year may be a year."""
    year = not run.spoken and run.digits[:2] in ("19", "20")
    return not year and not _in_tens(words, run)


def references(folded: str, words: Sequence[Token], scheme: Scheme) -> list[Reference]:
    """References in the text, in order. Whether anybody has that number is for matching to say."""
    found: list[Reference] = []
    wanted = scheme.reference_digits
    prefixes = "|".join(re.escape(fold(prefix)) for prefix in scheme.reference_prefixes)
    for k, token in enumerate(words):
        written = re.fullmatch(rf"(?:{prefixes})(\d{{1,{wanted}}})", token.text) if prefixes else None
        near = re.fullmatch(rf"([a-z]+)(\d{{{wanted}}})", token.text)
        if near and not written and _misheard_prefix(near.group(1), scheme):
            found.append(Reference(near.group(2), Span(token.start, token.end), sure=True))
            continue
        if written:
            digits = written.group(1)
            nxt = digit_runs(folded, words[k + 1 : k + 4])
            end = token.end
            if nxt and nxt[0].first == 0 and len(digits) + len(nxt[0].digits) == wanted:
                digits += nxt[0].digits
                end = words[k + nxt[0].last].end
            found.append(Reference(digits.zfill(wanted), Span(token.start, end), sure=True))
    for run in digit_runs(folded, words):
        span = Span(words[run.first].start, words[run.last - 1].end)
        if any(span.overlaps(reference.span) for reference in found):
            continue
        prefix = _prefix_before(folded, words, run.first, scheme.reference_prefixes)
        if prefix is not None:
            if 3 <= len(run.digits) <= wanted:
                span = Span(words[prefix].start, span.end)
                found.append(Reference(run.digits.zfill(wanted), span, sure=True))
            continue
        if (
            _ic_and_age(folded, run, span)
            or something_else(folded, span, scheme)
            or words[run.last - 1].ending not in ("", "'s")
        ):
            continue
        cue = scheme.words["references.cues"].ends_at(folded, span.start) is not None
        if len(run.digits) == wanted and run.first and _misheard_prefix(words[run.first - 1].text, scheme):
            found.append(Reference(run.digits, Span(words[run.first - 1].start, span.end), sure=True))
        elif len(run.digits) == wanted and (run.digits.startswith("0") or cue):
            found.append(Reference(run.digits, span, sure=True))
        elif len(run.digits) == wanted:
            found.append(
                Reference(run.digits, span, sure=_bare(run, words) or _DOES.match(folded, span.end) is not None)
            )
        elif len(run.digits) == wanted - 1 and not run.digits.startswith("0") and (cue or not _in_tens(words, run)):
            found.append(Reference(run.digits.zfill(wanted), span, sure=cue or _does_something(folded, span)))
    return sorted(found, key=lambda reference: reference.span.start)


def _in_tens(words: Sequence[Token], run: DigitRun) -> bool:
    """Whether it is said like "one ninety three": a price, a bus, a time, unless a word calls for a reference."""
    return any(
        word.text in _TENS or word.text in _TEENS or word.text == "hundred" for word in words[run.first : run.last]
    )


_DOES = re.compile(r"(?:'s|,? (?:is|has|was|just|are)|[.,] (?:it|he|she)'s)\b")


def _does_something(folded: str, span: Span) -> bool:
    """A clause begins with the number and goes on with a verb: "one two nine is behind the bins"."""
    begins = re.search(r"(?:^|[.!?,:;]\s*)$", folded[: span.start]) is not None
    return begins and _DOES.match(folded, span.end) is not None


def _ic_and_age(folded: str, run: DigitRun, span: Span) -> bool:
    """Such as "I see 130" or "I see one, 30": IC1, thirties."""
    return folded[: span.start].endswith("i see ") and re.fullmatch(r"[1-69][1-9]0", run.digits) is not None


def something_else(folded: str, span: Span, scheme: Scheme) -> bool:
    """Digits that are no reference by the words around them: a price, an age, a time, an IC code."""
    if scheme.words["references.units"].starts_at(folded, span.end):
        return True
    before_it = folded[: span.start]
    if before_it[-1:] in ("£", "$", "+") or _IC.search(before_it):
        return True
    # "I see one, fifty": IC1 and an age.
    if before_it.endswith("i see ") and any(ten in folded[span.start : span.end] for ten in _TENS):
        return True
    before = scheme.words["references.others"].ends_at(folded, span.start)
    cue = scheme.words["references.cues"].ends_at(folded, span.start)
    return before is not None and (cue is None or len(before) > len(cue))


def alert_numbers(text: str) -> tuple[int, ...]:
    """Numbers of earlier alerts that are spoken of: "alert seven three one", "alert number 0731"."""
    folded = fold(text)
    words = tokens(folded)
    found = []
    for k, token in enumerate(words):
        if token.text not in ("alert", "alerts"):
            continue
        first = k + 2 if k + 1 < len(words) and words[k + 1].text in ("number", "no") else k + 1
        run = _run_at(folded, words, first) if first < len(words) else None
        if run is not None and len(run.digits) <= 6:
            found.append(int(run.digits))
    return tuple(found)
