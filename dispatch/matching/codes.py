"""References and spelled names: words that stand for exactly one person, or for nobody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from dispatch.calls import Call, MentionKind, Span
from dispatch.matching.confidence import Evidence
from dispatch.matching.context import Wording
from dispatch.matching.found import Found
from dispatch.matching.register import Entry, Form, Register, number_ways
from dispatch.matching.spotted import Spots, sounded
from dispatch.phrases import fold, tokens
from dispatch.reading.numbers import references
from dispatch.scheme import Scheme

UNSURE = -5.0
"""Added to z for digits without anything that calls for a reference: prices, ages and IC codes look the same."""


def find_references(call: Call, best: Wording, register: Register, scheme: Scheme) -> Iterable[Found]:
    """References are exact or nothing: a wrong digit is another person."""
    sure = {r.span: r.sure for r in references(best.folded, best.words, scheme)}
    for mention in call.mentions:
        if mention.kind is not MentionKind.REF:
            continue
        entries = register.by_number.get(mention.wanted.lstrip("0"), ())
        certain = sure.get(mention.span, True)
        evidence = Evidence(
            MentionKind.REF, 1.0, len(mention.wanted), context=0.0 if certain else UNSURE, rivals=max(1, len(entries))
        )
        for entry in entries:
            how = "is" if certain else "without a word that calls for a reference, is perhaps"
            yield Found(
                entry.person,
                MentionKind.REF,
                mention.said,
                mention.span,
                mention.wanted,
                evidence.confidence(),
                f'"{mention.said}" {how} reference {entry.person.reference}.',
                mention.negated,
                mention.hedged or quoted(best, mention.span),
            )


ANOTHER = 0.1
"""How much nearer, a sound, another reference must come to the sounds for the one that was written to be in doubt."""
DOUBTED_CAP = 0.6


def near_numbers(call: Call) -> tuple[Form, ...]:
    """What else may have been said where a reference was written: every number with one digit changed, whoever has it."""
    return one_digit_off(mention.wanted for mention in call.mentions if mention.kind is MentionKind.REF)


def one_digit_off(numbers: Iterable[str]) -> tuple[Form, ...]:
    """Every number that differs from one of these in one digit, without these.

    As many noughts stay in front: those are said or left out, which makes two numbers of different length of one.
    """
    written = dict.fromkeys(numbers)
    near = {
        digits[:at] + other + digits[at + 1 :]: None
        for digits in written
        for at in range(len(digits))
        for other in "0123456789"
        if digits.isdigit()
    }
    noughts = {len(digits) - len(digits.lstrip("0")) for digits in written}
    return tuple(
        Form(MentionKind.REF, number, ())
        for number in near
        if number not in written and len(number) - len(number.lstrip("0")) in noughts
    )


def doubted(found: Iterable[Found], call: Call, register: Register, spots: Spots) -> Iterable[Found]:
    """References held against the single sounds: one misheard digit is another person, on the register or not.

    Where the sounds are nearer to another reference than to the one written, nobody is announced. If somebody on the register has the other,
    both are shown.
    """
    written = list(found)
    if not written:
        return  # most calls: nothing to compare, so no ways of saying numbers to work out
    known = {form.spoken.lstrip("0") for form in register.numbers}
    numbers = (*register.numbers, *(form for form in near_numbers(call) if form.spoken.lstrip("0") not in known))
    by_sound = sounded(spots, number_ways(numbers), numbers)
    keys = {entry.person.offender_id: key for key, form in enumerate(numbers) for entry in form.entries}
    for one in written:
        key = keys.get(one.person.offender_id)
        other = None if key is None else by_sound.nearer(key, ANOTHER)
        if other is None:
            yield one
            continue
        number, cap = numbers[other], min(one.confidence, DOUBTED_CAP)
        whose = [entry.person.reference for entry in number.entries] or [f"{number.spoken}, which nobody has"]
        yield replace(
            one, confidence=cap, reason=f"{one.reason.rstrip('.')}; but its sounds come nearer to reference {whose[0]}."
        )
        for entry in number.entries:
            yield replace(
                one,
                person=entry.person,
                wanted=entry.number,
                confidence=cap,
                reason=f'The sounds of "{one.said}" come near to reference {entry.person.reference}.',
            )


def quoted(best: Wording, span: Span) -> bool:
    """Somebody said it before: "... said 0107, ..." begins a correction more often than not."""
    before = [token.text for token in best.words if token.after <= span.start]
    return bool(before) and before[-1] in ("said", "say", "says")


def _spelling_distance(heard: str, name: str) -> float:
    """Letters that differ; a letter that was not understood ("?") counts half."""
    distance = float(Levenshtein.distance(heard, name))
    return distance - 0.5 * min(heard.count("?"), distance)


def find_spelled(call: Call, register: Register) -> Iterable[Found]:
    """Spelled names, with a letter or two wrong in long ones; only the nearest on the register."""
    for mention in call.mentions:
        if mention.kind is not MentionKind.SPELLED:
            continue
        heard = mention.wanted
        allowed = 0 if len(heard) < 4 else 1 if len(heard) < 7 else 2 if len(heard) < 11 else 3
        near: list[tuple[float, Entry, str, bool]] = []
        for entry in register.entries:
            surnames = [entry.last, entry.first + entry.last]
            surnames += [part for part in _parts(entry) if len(part) >= 4]
            for name, only_first in [*((name, False) for name in surnames), (entry.first, True)]:
                if name and abs(len(name) - len(heard)) <= allowed:
                    distance = _spelling_distance(heard, name)
                    if distance <= allowed:
                        near.append((distance, entry, name, only_first))
        if not near:
            continue
        nearest = min(distance for distance, *_ in near)
        chosen = {e.person.offender_id: (e, name, first) for d, e, name, first in near if d == nearest}
        runner_up = min((d for d, e, *_ in near if d > nearest), default=nearest + 3)
        for entry, name, only_first in chosen.values():
            evidence = Evidence(
                MentionKind.SPELLED,
                1 - nearest / len(heard) * 0.6,
                len(name),
                margin=min(0.2, (runner_up - nearest) * 0.1),
                rivals=len(chosen),
            )
            confidence = min(evidence.confidence(), 0.6) if only_first else evidence.confidence()
            wrong = f" ({nearest:g} of {len(heard)} letters differ)" if nearest else ""
            what = "the first name of" if only_first else "the name of"
            yield Found(
                entry.person,
                MentionKind.SPELLED,
                mention.said,
                mention.span,
                heard,
                confidence,
                f"Spelled {heard.upper()}{wrong}, {what} {entry.person.name}.",
                mention.negated,
                mention.hedged,
            )


def _parts(entry: Entry) -> list[str]:
    return [token.text for token in tokens(fold(entry.person.last_name))]
