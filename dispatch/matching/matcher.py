"""Ties what was said to people on the register, surest first, each with a probability and a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.calls import Call, Intent, Match, Mention, MentionKind, Span
from dispatch.heard import Heard
from dispatch.heard import Wording as HeardWording
from dispatch.matching.claims import Claim, Fits, claims_for
from dispatch.matching.codes import doubted, find_references, find_spelled, near_numbers
from dispatch.matching.confidence import CAPS, together
from dispatch.matching.context import Wording, opening_words, prepare
from dispatch.matching.evidence import Hearing
from dispatch.matching.found import Found
from dispatch.matching.names import find_names
from dispatch.matching.register import Register, number_ways, prepared
from dispatch.matching.sounded_codes import (
    find_sounded_references,
    find_sounded_spelling,
    other_brothers,
    ways_of_codes,
)
from dispatch.matching.sounded_phrases import ways_of_phrases
from dispatch.matching.spotted import Spots, sounded, ways_of_denial, ways_of_words
from dispatch.matching.suspects import Suspect, find_suspects
from dispatch.matching.verified import NAMED, ByText, verified
from dispatch.matching.weighing import weigh
from dispatch.people import Person
from dispatch.phrases import fold, tokens
from dispatch.scheme import PhraseTables, Scheme

SURE, SECOND = 0.85, 0.95
"""Probability from which somebody is named surely, and what a second person in the same call then needs."""
BESIDE_CAP = 0.45
WORTH_KEEPING = 0.08
"""Candidates below this probability are left out."""
DENIABLE = 10
"""As many names are looked for with a denial before them."""
MOST = 12
"""No more candidates than this a transmission."""
MOST_PLAIN, MOST_VARIED, MOST_BIASED = 10, 12, 6
"""Wordings of each kind that are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """Everything that points at people on the register, before anything was held against the sound."""

    call: Call
    wordings: tuple[Wording, ...]
    """The best first."""
    found: tuple[Found, ...]
    """By the words alone."""
    suspects: tuple[Suspect, ...]
    """By sound, likeliest first."""
    clarity: float
    ruled_out: frozenset[int] = frozenset()
    """Offenders who are not meant: the first name of a namesake was spelled."""

    @property
    def names(self) -> tuple[str, ...]:
        """What may have been said, worth suggesting to an engine that hears the call again; each once."""
        said = (suspect.form for suspect in self.suspects)
        return tuple(dict.fromkeys(form.spoken for form in said if form.kind is not MentionKind.SPELLED))

    @property
    def denials(self) -> tuple[str, ...]:
        """What an engine that reads single sounds is asked to look for next: the likeliest names with a denial right before them."""
        likeliest = (suspect.form for suspect in self.suspects[:DENIABLE] if suspect.unlikeness is not None)
        return tuple(dict.fromkeys(ways_of_denial(likeliest)))

    @property
    def by_text(self) -> ByText:
        """The probability by the words alone, for each person and kind of name."""
        surest: dict[tuple[int, MentionKind], float] = {}
        for item in self.found:
            key = item.person.offender_id, item.kind
            surest[key] = max(surest.get(key, 0.0), item.confidence)
        return surest

    def held_against(self, fits: Fits) -> Hearing:
        """The suspects with what the sound says of them."""
        suspects = tuple(
            suspect
            for suspect in self.suspects
            if not {entry.person.offender_id for entry in suspect.form.entries} <= self.ruled_out
        )
        return Hearing(suspects, self.wordings, fits, self.clarity)

    def claims(self) -> tuple[Claim, ...]:
        """What to hold against the sound."""
        return claims_for(self.suspects, self.wordings)


def look_for(
    heard: Heard, call: Call, people: Sequence[Person] | Register, scheme: Scheme, spots: Spots | None = None
) -> Search:
    """Who may have been named, in any wording, by words and by sound.

    Args:
        heard: all hypotheses of the engine.
        call: what was read from the best one.
        people: the register, or one prepared by `Register.of`.
        scheme: places, members and phrases.
        spots: where each of `ways_to_spot`, and of an earlier search's `denials`, fits the sounds best; None where the engine can't tell.
    """
    if _nothing_understood(call):
        return Search(call, (), (), (), heard.average_logprob)
    register = prepared(people)
    every = _wordings(heard, call, scheme)
    plain = [wording for wording in every if not wording.varied]
    codes: list[Found] = [*find_references(call, plain[0], register, scheme)]
    if spots:
        codes = [
            *doubted(codes, call, register, spots),
            *find_sounded_references(call, plain[0], register, scheme, spots, heard.words),
            *find_sounded_spelling(call, plain[0], register, spots, heard.words),
        ]
    found: list[Found] = [
        *codes,
        *find_spelled(call, register),
        *weigh(find_names(plain, call, register, scheme), plain, heard, call),
    ]
    by_sounds = sounded(spots, register.ways, register.forms) if spots else None
    suspects = find_suspects(every, register, scheme, by_sounds, heard.words)
    out = other_brothers(call, register, spots or {})
    return Search(call, tuple(every), tuple(found), suspects, heard.average_logprob, out)


def ways_to_spot(register: Register, call: Call, phrases: PhraseTables) -> tuple[str, ...]:
    """What an engine that reads single sounds is asked to look for; only cries for help in a call of which nothing was understood.

    Every name and reference, what the call's references may have been, the words that were written, which any name must outdo, and the
    phrases that say what a call is for.
    """
    said = ways_of_phrases(phrases, call)
    if _nothing_understood(call):
        return said if call.text.strip() else ()
    written = ways_of_words([token.text for token in tokens(fold(call.text))])
    near = number_ways(near_numbers(call))
    return tuple(dict.fromkeys((*register.all_ways, *near, *written, *said)))


def ways_to_spot_next(register: Register, call: Call, spots: Spots) -> tuple[str, ...]:
    """What an engine that reads single sounds is asked to look for once it has found `spots`, before anything is searched for."""
    return () if _nothing_understood(call) else ways_of_codes(register, spots)


def _nothing_understood(call: Call) -> bool:
    return call.intent is Intent.UNINTELLIGIBLE or not call.text.strip()


def conclude(search: Search, fits: Fits, now: datetime, zone: ZoneInfo) -> tuple[Match, ...]:
    """People on the register who may have been named, surest first, each once; also weak candidates.

    Args:
        search: what pointed at them.
        fits: how well the search's claims fit the sound; empty where the engine can't say, and the words alone count.
        now: aware; notices are looked up at this moment.
        zone: the scheme's own time zone.
    """
    found = [
        item for item in search.found if item.kind is MentionKind.REF or item.person.offender_id not in search.ruled_out
    ]
    if fits:
        found = [item for item in found if item.kind not in NAMED]
        found += verified(search.held_against(fits), search.by_text, search.call)
    by_person: dict[int, list[Found]] = {}
    for item in found:
        by_person.setdefault(item.person.offender_id, []).append(item)
    matches = [_match(items, now, zone) for items in by_person.values()]
    matches = [m for m in matches if m.confidence >= WORTH_KEEPING]
    matches.sort(key=lambda m: (-m.confidence, m.mention.span.start, m.person.reference))
    if fits:
        matches = sorted(beside_the_sure(matches), key=lambda m: -m.confidence)
    return tuple(matches[:MOST])


def beside_the_sure(matches: Sequence[Match]) -> Iterable[Match]:
    """Where one person is named surely, somebody else is only shown if as good as certain.

    Few calls name two people, and a sound that came near to one name comes near to others: of second people at 0.5 to 0.85 in the calls that
    the model was fitted on, one in twenty-three had been named (docs/names.md).
    """
    sure = next((m for m in matches if m.confidence >= SURE and not m.mention.negated), None)
    for match in matches:
        if sure is None or match is sure or match.mention.negated or match.confidence >= SECOND:
            yield match
        else:
            yield replace(
                match,
                confidence=min(match.confidence, BESIDE_CAP),
                reason=f"{match.reason.rstrip('.')}; {sure.person.name} is named more surely.",
            )


def match(  # noqa: PLR0917 - values of six stages, in the order of the pipeline
    heard: Heard,
    call: Call,
    people: Sequence[Person] | Register,
    now: datetime,
    zone: ZoneInfo,
    scheme: Scheme,
) -> tuple[Match, ...]:
    """`look_for` and `conclude` by the words alone, where nothing can be held against the sound."""
    return conclude(look_for(heard, call, people, scheme), {}, now, zone)


def _wordings(heard: Heard, call: Call, scheme: Scheme) -> list[Wording]:
    """The best hypothesis first, then each different one once."""
    opening = opening_words(call.text, scheme)
    best = prepare(call.text, scheme, opening_words=opening, biased=False, call=call)
    seen: dict[tuple[str, bool], int] = {}
    texts: dict[tuple[str, bool], str] = {}
    varied: set[tuple[str, bool]] = set()
    for wording in _chosen(heard.alternatives):
        key = (" ".join(fold(wording.text).split()), wording.biased)
        if wording.varied and key not in seen:
            varied.add(key)
        seen[key] = seen.get(key, 0) + 1
        texts.setdefault(key, wording.text[:4000])
    best_key = (" ".join(best.folded.split()), False)
    best = replace(best, weight=max(1, seen.pop(best_key, 1)))
    return [
        best,
        *(
            prepare(texts[key], scheme, opening_words=opening, biased=key[1], weight=weight, varied=key in varied)
            for key, weight in seen.items()
            if key[0]
        ),
    ]


def _chosen(alternatives: Sequence[HeardWording]) -> Iterable[HeardWording]:
    """The engine's own wordings, those heard through noise unless they loop, and those with names suggested."""
    plain = [one for one in alternatives if not one.varied and not one.biased]
    varied = [one for one in alternatives if one.varied and not one.repeats]
    biased = [one for one in alternatives if one.biased]
    return [*plain[:MOST_PLAIN], *varied[:MOST_VARIED], *biased[:MOST_BIASED]]


def _match(items: list[Found], now: datetime, zone: ZoneInfo) -> Match:
    """The best evidence for one person; a person who is denied anywhere is denied."""
    items = sorted(items, key=lambda item: -item.confidence)
    top = items[0]
    strongest: dict[MentionKind, float] = {}
    # The same words counted once: evidence adds up only from different places of the text.
    spans: list[Span] = []
    for item in items:
        if item.kind not in strongest and not any(item.span.overlaps(span) for span in spans):
            strongest[item.kind] = item.confidence
            spans.append(item.span)
    confidence = together(list(strongest.values()))
    if set(strongest) == {MentionKind.FIRST} or all(item.only_biased for item in items):
        confidence = min(confidence, top.confidence)
    confidence = min(confidence, max(0.985, CAPS[top.kind])) if len(strongest) > 1 else top.confidence
    if set(strongest) <= {MentionKind.FIRST}:
        confidence = min(confidence, CAPS[MentionKind.FIRST])
    # Whom a denial fits best is denied, whatever else is said of that person; but of two brothers the surname denies only the one
    # who isn't named whole beside it: "Bryan not Ryan".
    named_whole = top.kind is MentionKind.FULL and not top.denied
    negated = any(item.denied and item.best_here and not (item.shared and named_whole) for item in items)
    hedged = all(item.hedged for item in items if item.confidence >= 0.5 * top.confidence)
    person = top.person
    state, notice = person.notice(now, zone)
    mention = Mention(said=top.said, kind=top.kind, span=top.span, wanted=top.wanted, negated=negated, hedged=hedged)
    also = f"; also {', '.join(k.value for k in list(strongest)[1:])}" if len(strongest) > 1 else ""
    return Match(
        mention=mention,
        person=person,
        confidence=confidence,
        notice=state,
        notice_id=notice.notice_id if notice else None,
        reason=top.reason.rstrip(".")
        + also
        + ("; denied by the speaker" if negated else "")
        + ("; the speaker is unsure" if hedged else "")
        + ".",
    )
