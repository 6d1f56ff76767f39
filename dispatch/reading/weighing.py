"""An intent without a sure phrase: all traces of it added up, each with the words it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.calls import Intent
from dispatch.phrases import tokens
from dispatch.reading.intents import POINTING, UNSURE, Read, asks_whether_over, sure_intent, tells, tells_besides
from dispatch.reading.near import near_phrases

ENOUGH = 2.5
"""Points from which an intent other than a sighting is believed."""
SEEN = 1.5
"""Points from which somebody is said to be somewhere."""
_SHORT = 5
"""Words of a call that is no more than a greeting, or a question."""
_SIGN, _SMALL_SIGN = 1.5, 1.0
_MOST_SIGNS = 3
_ENOUGH_SIGNS = 4.0
"""Points that make an emergency of words alone: "I can help right now" is none."""
_SHARE = 0.2
"""Of the weight of all hypotheses, from which a phrase in others counts."""
_PRESSING = (
    Intent.EMERGENCY,
    Intent.CORRECTION,
    Intent.STAND_DOWN,
    Intent.RADIO_CHECK,
    Intent.INCIDENT,
    Intent.REQUEST,
)
"""The more pressing first: with equal points the first is taken."""
_HARMLESS = (Intent.RADIO_CHECK, Intent.INCIDENT, Intent.REQUEST)
_KEYS = {intent: f"intent.{intent.value}" for intent in _PRESSING}
# A question and a statement differ by a word: "is he on the list", "he is on the list".
_NEAR_KEYS = tuple(key for intent, key in _KEYS.items() if intent is not Intent.REQUEST)
_ASKED = frozenset({Intent.REQUEST, Intent.RADIO_CHECK})


_QUESTION = re.compile(
    r"(?:^\W*|[.!?]\s+)(?:and |so |control,? )?(?:what|which|where|who|how|when|why|does|do|did|(?:is|was)(?! that| this| it)|are|were|has|have)\b[^.!?]*\?"
)
"""Engines write the question mark they hear; without a question word it is worth nothing. Who asks "is that ...?" sees somebody."""


_ASKED_OF_CONTROL = re.compile(
    r"(?:^|\bcontrol|\ball|\bstations)\W*"
    r"(can you|can we|can i|could you|do you|do we|does|did|is (?!that|this|it|in)|are|has any|have you|who|what|where|which|when|how)\b"
)
"""How a question begins, where the engine wrote no question mark."""


FOR_WANT = "Read as chatter: nobody is said to be anywhere, and nothing happened."
"""The sentence of a call in which nothing says what it is for."""
FOR_WANT_LONG = "Read as sighting: too long for small talk, though nothing in it says what it is for."
"""The same of a long one. Nobody is announced on the strength of it: see `Call.unread`."""


_ASIDE = re.compile(
    r"(?:[a-z0-9']+,? ){2}(?!(?:is|was|are|be|his|it's|its|that's|he's|she's|definitely|repeat|no|sorry)\b)[a-z0-9']+,? "
    r"not (?!at\b)[a-z]"
)
"""A "not" put in after who is there, and not behind "is" or "it's"."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that speaks for an intent."""

    points: float
    why: str
    decisive: bool = False
    """A phrase, not only words that go with the intent."""


def intent_of(read: Read) -> tuple[Intent, str]:
    """The intent and the sentence that says why."""
    sure = sure_intent(read)
    if sure:
        return sure[0], f'Read as {_named(sure[0])} because of "{sure[1].strip()}".'
    traces = _traces(read)
    points = {intent: sum(trace.points for trace in found) for intent, found in traces.items()}
    likeliest = max(_PRESSING, key=lambda intent: points[intent])
    sighting = list(_of_a_sighting(read))
    seen = sum(trace.points for trace in sighting)
    decisive = any(trace.decisive for trace in traces[likeliest])
    enough = ENOUGH if decisive or likeliest is not Intent.EMERGENCY else _ENOUGH_SIGNS
    # "He has been round" is a letter from "he has been found": of somebody who is there one trace ends nothing.
    alone = likeliest is Intent.STAND_DOWN and len(traces[likeliest]) == 1 and seen >= SEEN
    if points[likeliest] >= enough and (decisive or (points[likeliest] > seen and not alone)):
        return likeliest, _weighed(likeliest, traces[likeliest])
    for intent, rule in UNSURE:
        said = rule(read)
        if said is not None:
            return intent, f'Read as {_named(intent)} because of "{said.strip()}".'
    if seen >= SEEN:
        return Intent.SIGHTING, _weighed(Intent.SIGHTING, sighting)
    # One word that goes with it never raises an alarm and never ends an alert.
    harmless = max(_HARMLESS, key=lambda intent: points[intent])
    if points[harmless] >= SEEN:
        return harmless, _weighed(harmless, traces[harmless])
    return (Intent.SIGHTING, FOR_WANT_LONG) if tells(read) else (Intent.CHATTER, FOR_WANT)


def _named(intent: Intent) -> str:
    return intent.value.replace("_", " ")


def _weighed(intent: Intent, traces: list[Trace]) -> str:
    strongest = sorted(traces, key=lambda trace: -trace.points)
    total = sum(trace.points for trace in traces)
    return f"Read as {_named(intent)} because of {', '.join(trace.why for trace in strongest)} ({total:.1f} points)."


def _traces(read: Read) -> dict[Intent, list[Trace]]:
    found: dict[Intent, list[Trace]] = {intent: [] for intent in _PRESSING}
    tables = read.scheme.words
    near = {item.key: item for item in near_phrases(tokens(read.message), tables, _NEAR_KEYS)}
    question = _QUESTION.search(read.message)
    # "Anyone near the bank? I've got him here" asks for help with somebody who is there.
    told = question is not None and tells_besides(read, question.end() - 1)
    for intent, key in _KEYS.items():
        if intent is Intent.STAND_DOWN and asks_whether_over(read):
            continue
        # A phrase that is there was looked at and put aside by the rules for sure phrases.
        put_aside = read.said(key) is not None or (
            intent is Intent.EMERGENCY and read.said("intent.emergency_not") is not None
        )
        if not put_aside and key in near:
            item = near[key]
            points = 2.5 + (item.likeness - 86) / 14
            found[intent].append(
                Trace(points, f'"{item.said}", which sounds like "{item.phrase}"', decisive=intent is Intent.EMERGENCY)
            )
        share, said = _in_others(read, key)
        if said is not None and share >= _SHARE and not put_aside:
            found[intent].append(Trace(4.5 * share, f'"{said}" in {share:.0%} of the other wordings', decisive=True))
        if intent is Intent.REQUEST and told:
            continue
        found[intent] += _signs(read, f"{key}_signs", _SMALL_SIGN if intent in _ASKED else _SIGN)
    few = len(tokens(read.message)) <= _SHORT
    if found[Intent.RADIO_CHECK] and few:
        found[Intent.RADIO_CHECK].append(Trace(0.5, "no more than a few words"))
    if question:
        if not told:
            found[Intent.REQUEST].append(Trace(2.0, "a question"))
    elif asked := _ASKED_OF_CONTROL.search(read.message):
        found[Intent.REQUEST].append(Trace(1.5 if few else 1.0, f'"{asked.group(1)}", as questions begin'))
    if read.denies:
        # "Kes by the till, not Dazza" and "there's a lad outside, it's not Kes" tell who is there; "that's not Kes" takes it back.
        here = read.said("intent.presence") or ""
        strong = bool(here) and here not in read.scheme.words.words("intent.presence_weak")
        aside = strong or _ASIDE.search(read.folded) is not None
        found[Intent.CORRECTION].append(Trace(1.5 if aside else 3.0, f'"not {read.denies}"'))
    return found


def _in_others(read: Read, key: str) -> tuple[float, str | None]:
    """The share of the engine's other hypotheses that hold a phrase of the list, and that phrase."""
    share, said = 0.0, None
    for folded, weight in read.others:
        hit = read.scheme.words[key].first(folded)
        if hit is not None:
            share += weight
            said = said or hit
    return share, said


def _signs(read: Read, key: str, points: float = _SIGN) -> list[Trace]:
    """Words that go with an intent without deciding it; each once."""
    said = dict.fromkeys(read.message[span.start : span.end] for span in read.scheme.words[key].find(read.message))
    return [Trace(points, f'"{sign}"') for sign in list(said)[:_MOST_SIGNS]]


def _of_a_sighting(read: Read) -> Iterable[Trace]:
    presence = read.said("intent.presence")
    if presence and not (presence in POINTING and read.denies):
        weak = presence in read.scheme.words.words("intent.presence_weak")
        points = 2.0 if not weak else 1.0 if presence in POINTING else 1.5
        yield Trace(points, f'"{presence}"')
    if read.points_at:
        yield Trace(1.0, f'"{read.points_at}"')
    if read.heading:
        yield Trace(2.0, f'"{read.heading}"')
    parts = [str(value) for kind, value in read.description.parts().items() if kind != "sex"]
    if parts:
        yield Trace(1.5 + 0.5 * len(parts), f'"{", ".join(parts)}"')
    if read.gives_reference:
        yield Trace(2.0, "a reference")
    if read.guesses:
        yield Trace(1.5, f'"{read.guesses}", a guess')
    # A place at the very start is rather who calls.
    if read.place and read.parties.caller is None and read.folded.find(read.place.said) > 4:
        yield Trace(1.5, f'"{read.place.said}"')
    yield from _signs(read, "intent.sighting_signs")
