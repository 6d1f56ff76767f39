"""References and spelled names by their sounds alone: so long that little else sounds like one, whatever words were made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dispatch.calls import Call, Intent, MentionKind, Span
from dispatch.heard import HeardWord
from dispatch.matching.codes import one_digit_off, quoted
from dispatch.matching.confidence import Evidence
from dispatch.matching.context import Wording
from dispatch.matching.found import Found
from dispatch.matching.register import Form, Register, number_ways
from dispatch.matching.spotted import Sounded, Spot, Spots, sounded, ways_of_denial, words_at
from dispatch.reading.numbers import digit_runs, something_else
from dispatch.reading.spelling import letter_of
from dispatch.scheme import Scheme

SURE, PERHAPS = 0.5, 0.8
"""Unlikeness up to which somebody is announced for a reference, and up to which a person is asked to look."""
SPELLED_SURE, SPELLED_PERHAPS = 0.65, 0.95
"""The same for spelled names. In the fitting calls 24 that were spelled came nearer than 0.8, and of those that were not spelled none nearer than 1,
but for one inside a longer name."""
APART = 0.15
"""How much nearer a reference has to come, a sound, than one with another digit in one place."""
MAYBE_LONGER = 2.2
"""What each further sound of a longer name may cost for it to be what was said: as a "got" before a name that might have been "not" (`DENIED`)."""
PERHAPS_CAP = 0.6
_MOST = 6


def ways_of_codes(register: Register, spots: Spots) -> tuple[str, ...]:
    """What to look for next where the sounds point at references: each with another digit in one place, and each denied."""
    numbers = tuple(register.numbers[key] for key, _ in _pointed_at(_numbers(register, spots), PERHAPS))
    others = number_ways(one_digit_off(form.spoken for form in numbers), short=False)
    return tuple(dict.fromkeys((*others, *ways_of_denial(numbers))))


def find_sounded_references(  # noqa: PLR0917 - one caller
    call: Call, best: Wording, register: Register, scheme: Scheme, spots: Spots, times: Sequence[HeardWord]
) -> Iterator[Found]:
    """Who is meant by references that the words do not hold, or hold otherwise."""
    pointed = _pointed_at(_numbers(register, spots), PERHAPS)
    if not pointed:
        return
    written = [mention.span for mention in call.mentions if mention.kind is MentionKind.REF]
    known = {form.spoken for form in register.numbers}
    off = one_digit_off(register.numbers[key].spoken for key, _ in pointed)
    every = (*register.numbers, *(form for form in off if form.spoken not in known))
    by_sound = sounded(spots, number_ways(every, short=False), every)
    for key, spot in pointed:
        where = words_at(best, times, spot)
        if where is None or by_sound.margin(key) <= 0 or _another_number(best, where, len(every[key].spoken), scheme):
            continue
        span = best.span(*where)
        sure = (
            spot.unlikeness <= SURE
            and by_sound.margin(key) >= APART
            and len(pointed) == 1
            and call.intent is not Intent.CORRECTION
            and not any(span.overlaps(other) for other in written)
        )
        yield from _found(every[key], best, span, spot, call, sure=sure, denied=by_sound.denied(key))


def find_sounded_spelling(
    call: Call, best: Wording, register: Register, spots: Spots, times: Sequence[HeardWord]
) -> Iterator[Found]:
    """Who is meant by surnames that were spelled, whatever words became of the letters."""
    by_sound = sounded(spots, register.spelled_ways, register.spelled)
    for key, spot in _pointed_at(by_sound, SPELLED_PERHAPS):
        where = words_at(best, times, spot)
        if (
            where is None
            or by_sound.margin(key) <= 0
            or _goes_on(best, where)
            or _inside_another(spot, register, spots)
        ):
            continue
        sure = spot.unlikeness <= SPELLED_SURE
        yield from _found(register.spelled[key], best, best.span(*where), spot, call, sure=sure, denied=False)


def other_brothers(call: Call, register: Register, spots: Spots) -> frozenset[int]:
    """Who is not meant because the first name of a namesake was spelled: "Bryan Ashdownley, Bravo Romeo Yankee Alpha November".

    Or its first letter was given ("Bravo for Bryan"). The words count only where they leave no doubt: a lost "Bravo" makes Ryan of Bryan.

    Returns:
        Their `offender_id`s.
    """
    said = {mention.wanted for mention in call.mentions if mention.kind is MentionKind.SPELLED}
    sure = {
        first
        for first in said
        if not any(
            first != other.first and first in other.first
            for entry in register.by_first.get(first, ())
            for other in register.by_last.get(entry.last, ())
        )
    }
    given = sounded(spots, register.given_ways, register.given)
    for key, spot in _pointed_at(given, SPELLED_PERHAPS):
        if not _inside_another(spot, register, spots):
            sure |= {entry.first for entry in register.given[key].entries}
    meant = [entry for first in sure for entry in register.by_first.get(first, ())]
    return frozenset(
        other.person.offender_id
        for entry in meant
        for other in register.by_last.get(entry.last, ())
        if other.first not in sure
    )


def _numbers(register: Register, spots: Spots) -> Sounded:
    return sounded(spots, register.whole_number_ways, register.numbers)


def _pointed_at(by_sound: Sounded, unlikeness: float) -> list[tuple[int, Spot]]:
    return [(key, by_sound.spots[key]) for key in by_sound.nearest(_MOST, unlikeness)]


def _another_number(best: Wording, where: tuple[int, int], digits: int, scheme: Scheme) -> bool:
    """The words there are a longer number, such as a telephone's, or a price, an age, a time."""
    return any(
        len(run.digits) > digits + 1 or something_else(best.folded, best.span(run.first, run.last), scheme)
        for run in digit_runs(best.folded, best.words)
        if run.first < where[1] and where[0] < run.last
    )


def _goes_on(best: Wording, where: tuple[int, int]) -> bool:
    """More letters stand right before it or behind it: part of a longer name."""
    beside = [*best.words[max(0, where[0] - 1) : where[0]], *best.words[where[1] : where[1] + 1]]
    return any(letter_of(token.text) is not None for token in beside)


def _inside_another(spot: Spot, register: Register, spots: Spots) -> bool:
    """A longer spelled name may have been said there: Ryan's letters are the last of Bryan's."""
    return any(
        other.sounds > spot.sounds and other.meets(spot) and _longer_cost(spot, other) <= MAYBE_LONGER
        for ways, forms in ((register.spelled_ways, register.spelled), (register.given_ways, register.given))
        for other in sounded(spots, ways, forms).spots.values()
    )


def _longer_cost(short: Spot, long: Spot) -> float:
    """What each sound costs that a longer name has more."""
    return (long.cost - short.cost) / (long.sounds - short.sounds)


def _found(
    form: Form, best: Wording, span: Span, spot: Spot, call: Call, *, sure: bool, denied: bool
) -> Iterable[Found]:
    evidence = Evidence(form.kind, 1.0, len(form.spoken), rivals=len(form.entries))
    confidence = evidence.confidence() if sure else min(evidence.confidence(), PERHAPS_CAP)
    said = best.text[span.start : span.end]
    for entry in form.entries:
        what = (
            f"reference {entry.person.reference}"
            if form.kind is MentionKind.REF
            else f"the spelled surname of {entry.person.name}"
        )
        yield Found(
            entry.person,
            form.kind,
            said,
            span,
            form.spoken,
            confidence,
            f'At "{said}" the sounds are those of {what} ({spot.unlikeness:.2f} off a sound).',
            denied or any(span.overlaps(scope) for scope in call.negations),
            any(span.overlaps(scope) for scope in call.hedges) or quoted(best, span),
        )
