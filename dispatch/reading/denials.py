"""Where naming somebody denies it, and where naming somebody is only a guess: scopes in characters of the text."""

from __future__ import annotations

import re

from dispatch.calls import Span
from dispatch.phrases import clause_end, fold, sentence, tokens
from dispatch.reading.absences import absent
from dispatch.scheme import Scheme

_DENIED_WORDS = 6
"""How far a denial reaches without punctuation: "is not" and two names with a title or a joining word."""
_BARE_NOT_WORDS = 4
_GUESSED_WORDS = 8
_AUXILIARIES = frozenset(
    [
        "will",
        "did",
        "does",
        "do",
        "has",
        "have",
        "had",
        "can",
        "could",
        "would",
        "should",
        "must",
        "may",
        "might",
        "shall",
        "am",
    ]
)
"""Before "not" these deny an action, not who somebody is: "did not pay"."""


def _words_on(folded: str, start: int, count: int) -> int:
    """Position after `count` words from `start`."""
    words = tokens(folded[start:])
    return start + words[min(count, len(words)) - 1].after if words else start


def _forward(folded: str, start: int, count: int, scheme: Scheme, *, own_again: bool) -> Span:
    """From `start` to the end of the clause, at most `count` words; `own_again`: words like "it's" end it as well."""
    end = min(clause_end(folded, start), _words_on(folded, start, count))
    if own_again:
        ends = [span.start for span in scheme.words["denial.ends"].find(folded[start:end]) if span.start > 0]
        if ends:
            end = start + ends[0]
    return Span(start, max(start, end))


_QUESTION = re.compile(
    r"\W*(?:(?:control|and|so|\w+ to \w+),? )?(?:is|was|are|were|has|have|did|does|do|who(?!(?:'s)? to ))\b"
)
"""A question about somebody, not a wish ("can you ...")."""


def denials(text: str, scheme: Scheme) -> tuple[Span, ...]:
    """Stretches of `text` in which naming somebody denies that person."""
    folded = fold(text)
    exceptions = scheme.words["denial.not_denials"].find(folded)
    scopes: list[Span] = []
    for hit in scheme.words["denial.before"].find(folded):
        if any(hit.overlaps(exception) for exception in exceptions):
            continue
        said = folded[hit.start : hit.end]
        before = folded[: hit.start].rstrip().rsplit(" ", 1)[-1]
        if said == "not" and before in _AUXILIARIES:
            continue
        if said in ("i said", "we said", "said it was") and not _corrected(folded[hit.end :], scheme):
            continue
        if said.startswith("thought") and not re.search(r"\b(?:but|is ?n.t|not|was ?n.t|wrong)\b", folded[hit.end :]):
            continue
        count = _BARE_NOT_WORDS if said == "not" else _DENIED_WORDS
        # "Is not, repeat not, Kes": the comma behind a repeated "not" ends nothing.
        start = hit.end + 1 if said.endswith("repeat not") and folded[hit.end : hit.end + 1] == "," else hit.end
        scopes.append(_forward(folded, start, count, scheme, own_again=True))
        tail = re.match(r"[^.!?]{0,60}?\b(?:or|nor)\b", folded[hit.end : scopes[-1].end])
        if tail:  # "it isn't this one or that one"
            end = min(clause_end(folded, hit.end), _words_on(folded, hit.end, count + 4))
            scopes.append(Span(hit.end, end))
    scopes += [
        _backward(folded, hit)
        for hit in scheme.words["denial.after"].find(folded)
        if not any(hit.overlaps(exception) for exception in exceptions) and not _of_another(text, folded, hit, scheme)
    ]
    scopes += absent(text, folded, scheme).denied
    relatives = "|".join(map(re.escape, scheme.words["denial.relatives"].listed))
    if relatives:
        scopes += [
            Span(hit.start(1), hit.end(1))
            for hit in re.finditer(rf"((?:[a-z\-]+ ){{0,2}}[a-z\-]+)'s (?:{relatives})\b", folded)
        ]
        scopes += [
            _forward(folded, hit.end(), 3, scheme, own_again=True)
            for hit in re.finditer(rf"\b(?:{relatives}) of (?=[a-z])", folded)
        ]
    return merged(scopes)


def _corrected(after: str, scheme: Scheme) -> bool:
    """What follows "I said ..." says that it was wrong."""
    if re.search(r"\b(?:should|correct\w*|but|wrong)\b", after):
        return True
    return scheme.words["correction.meant"].first(after) is not None


def _of_another(text: str, folded: str, hit: Span, scheme: Scheme) -> bool:
    """A name right behind the denial is who is denied, not the one before: "Kes is outside, it isn't Dazza"."""
    if not folded[: hit.end].endswith(("not", "n't", "nt")):
        return False
    words = tokens(folded[hit.end : clause_end(folded, hit.end)])[:1]
    if not words:
        return False
    if text.islower():
        return len(words[0].text) > 2 and words[0].text not in scheme.words.words("names.ordinary")
    return text[hit.end + words[0].start].isupper()


def _backward(folded: str, hit: Span) -> Span:
    """From the start of the sentence; if that holds nothing but the denial, the sentence before as well."""
    start = sentence(folded, hit.start).start
    if len(tokens(folded[start : hit.start])) < 3 and start > 0:
        start = sentence(folded, start - 1).start
    return Span(start, hit.start)


def hedges(text: str, scheme: Scheme) -> tuple[Span, ...]:
    """Stretches of `text` in which naming somebody is a guess or a question."""
    folded = fold(text)
    scopes = [
        _forward(folded, hit.end, _GUESSED_WORDS, scheme, own_again=False)
        for hit in scheme.words["hedge.before"].find(folded)
    ]
    both_ways = scheme.words.words("hedge.before")
    # "I think" looks back only where nothing follows it.
    scopes += [
        _backward(folded, hit)
        for hit in scheme.words["hedge.after"].find(folded)
        if folded[hit.start : hit.end] not in both_ways or clause_end(folded, hit.end) <= hit.end + 1
    ]
    for mark in re.finditer(r"\?", folded):
        asked = sentence(folded, max(0, mark.start() - 1))
        if _QUESTION.match(folded[asked.start : asked.end]):
            scopes.append(asked)
    return merged([*scopes, *absent(text, folded, scheme).unsure])


def merged(scopes: list[Span]) -> tuple[Span, ...]:
    """Stretches in order, those that touch made one."""
    merged: list[Span] = []
    for scope in sorted((s for s in scopes if s.end > s.start), key=lambda s: (s.start, s.end)):
        if merged and scope.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, scope.end))
        else:
            merged.append(scope)
    return tuple(merged)
