"""Names held against the sound: each suspect's evidence, with the probability of the fitted model and a reason to read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from dispatch.calls import Call, MentionKind, Span
from dispatch.matching.context import Wording
from dispatch.matching.evidence import FEATURES, SOUNDED, UNOPPOSED, Hearing, features_of, logit
from dispatch.matching.found import Found
from dispatch.matching.model import Features, fitted
from dispatch.matching.suspects import Place, Suspect
from dispatch.matching.trees import Trees, grown
from dispatch.matching.weighing import in_best
from dispatch.people import Person

CAP = 0.985
"""Nothing heard on a radio is certain."""
EVERYDAY_CAP = 0.45
"""A surname or alias that is an everyday word ("Street", "Castle") fits the sound of that word as well: nobody is asked about it,
unless the words around it convince the rules."""
AGAINST, UNLIKELY = -12.0, -6.0
CONTRADICTED_CAP = 0.45
"""However like a name the words are: where the sound itself fits it this much worse than what was heard, it is no finding."""
NEARER, PREFERRED = -0.5, -5.0
ANOTHER_NAME_CAP = 0.8
"""Where what was written is nearer to the sounds by half a sound, and likelier to the decoder as well, it may be the name of somebody innocent ("Oakford"
for Okafor): a person looks first."""
SURNAMES_PREFERRED = -10.0
"""Of a full name whose first name was said, the surname may be somebody else's all the same ("Marcus Locker" for Lockyer): what was written instead of it
counts by itself. Of 371 full names given 0.85 and more in the fitting calls this holds for five: two of the 366 that were said, and three of the other five."""
NAMED = (MentionKind.FULL, MentionKind.LAST, MentionKind.ALIAS)
UNLIKE = 0.6
"""Likeness below which no wording without suggestions has anything like the name."""
CLEARLY, ROUGHLY = 0.45, 1.0
"""Unlikeness up to which the sounds of a name were there clearly, or roughly."""
ALONE = 0.5
"""Margin from which they are nobody else's."""
LIKELY = 3.0
"""Log-odds, by wordings and single sounds, from which a decoder that prefers its own words is no contradiction: of names that were alike so and against
which it spoke, 22 in 24 of the fitting calls had been said."""
BEATEN = -4.0
"""Log-probability by which another name explains the same sound better, so that this one is no rival to it."""
_DENIED_SHARE = 0.25
"""Of the wordings that hold the name: a "not" is easily lost, and a wrong name is worse than none."""

_SAME_WORDS = 0.05
"""Places this much less like the name are other words: "not Ryan" does not deny Bryan."""

ByText = Mapping[tuple[int, MentionKind], float]
"""The probability by the words alone, for each person and kind of name."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One suspect held against the sound."""

    suspect: Suspect
    features: Features
    probability: float
    """That the name was said, whoever bears it, by the model."""
    cap: float
    """What the rules allow at most."""


def verified(hearing: Hearing, by_text: ByText, call: Call) -> Iterable[Found]:
    """Evidence for everybody who was held against the sound."""
    wordings = hearing.wordings
    judged = judge(hearing, by_text)
    for one in judged:
        suspect, features = one.suspect, one.features
        probability = min(one.cap, calibrated(beside_rivals(one, judged)))
        place = suspect.places[0]
        wording = wordings[place.wording]
        where = (
            in_best(wordings[0], wording, place.first, place.last)
            if place.wording
            else wording.span(place.first, place.last)
        )
        said = _said(wording, place)
        for entry in suspect.form.entries:
            yield Found(
                entry.person,
                suspect.form.kind,
                said,
                where,
                suspect.form.spoken,
                round(probability * share_of(entry.person, one, judged), 3),
                reason(suspect, entry.person, said, features),
                suspect.denied
                or _share(suspect, wordings, "denied") >= _DENIED_SHARE
                or any(where.overlaps(scope) for scope in call.negations),
                _share(suspect, wordings, "hedged") >= 0.5
                or any(where.overlaps(scope) for scope in call.hedges)
                or _after_a_lost_not(wording, place),
                best_here=suspect.denied or features["against_others"] >= 0,
                shared=len(suspect.form.entries) > 1,
            )


def trees_for(suspect: Suspect) -> Trees:
    """The model that comes with Hue and Cry, for what is known of this suspect."""
    if suspect.unlikeness is None:
        return grown("verdict by words", tuple(FEATURES))
    return grown("verdict", tuple(SOUNDED))


def judge(hearing: Hearing, by_text: ByText, trees: Callable[[Suspect], Trees] = trees_for) -> list[Judged]:
    """Everybody who was held against the sound.

    Args:
        hearing: the call.
        by_text: probabilities by the words alone.
        trees: the model for a suspect; another one while a model is being fitted.
    """
    looped = bool(hearing.wordings) and says_little(hearing.wordings[0])
    written = {token.text for token in hearing.wordings[0].words} if hearing.wordings else set()
    judged = [
        _judged(suspect, features, said_so, trees(suspect), written, looped=looped)
        for suspect, features, said_so in evidence(hearing, by_text)
    ]
    others = {
        _people(one.suspect)
        for one in judged
        if one.suspect.form.kind is MentionKind.LAST and _nearer(one.features, SURNAMES_PREFERRED)
    }
    return [
        replace(one, cap=min(one.cap, ANOTHER_NAME_CAP))
        if _whole(one.suspect, written) and any(_people(one.suspect) <= people for people in others)
        else one
        for one in judged
    ]


def says_little(best: Wording) -> bool:
    """At least half of the words are ones that were there before: what an engine makes of tones and noise ("Come on. Come on.")."""
    words = [token.text for token in best.words]
    return 2 * len(set(words)) <= len(words)


def evidence(hearing: Hearing, by_text: ByText) -> Iterator[tuple[Suspect, Features, float]]:
    """Everybody who was held against the sound: their features, and the probability by the words alone."""
    for suspect in hearing.suspects:
        said_so = max(by_text.get((entry.person.offender_id, suspect.form.kind), 0.0) for entry in suspect.form.entries)
        features = features_of(suspect, hearing, said_so)
        if features is not None:
            yield suspect, features, said_so


def share_of(person: Person, one: Judged, judged: Sequence[Judged]) -> float:
    """Which part of a name's probability is this person's.

    People who share a name share that; where one of them is named whole at the same words, the others have what that leaves.
    """
    others = {entry.person.offender_id for entry in one.suspect.form.entries} - {person.offender_id}
    if not others:
        return 1.0
    whole = [
        calibrated(beside_rivals(other, judged))
        for other in judged
        if other.suspect.form.kind is MentionKind.FULL
        and _people(other.suspect) <= others
        and _same_words(one.suspect, other.suspect)
    ]
    alone = 1 / (len(others) + 1)
    return min(alone, (1 - max(whole)) / len(others)) if whole else alone


def calibrated(probability: float) -> float:
    """What a probability beside its rivals has turned out to mean."""
    log_odds = {"log_odds": logit(probability)}
    return min(CAP, fitted("calibration", tuple(log_odds)).probability(log_odds))


def _judged(
    suspect: Suspect, features: Features, said_so: float, trees: Trees, written: Collection[str], *, looped: bool
) -> Judged:
    probability = min(CAP, trees.probability(features))
    cap = CAP
    if suspect.everyday:
        cap = max(EVERYDAY_CAP, said_so)
    against = features["against_heard"] <= AGAINST and features["per_token"] <= UNLIKELY
    if (against and not _sounded_there(suspect)) or (looped and suspect.likeness < UNLIKE):
        cap = min(cap, CONTRADICTED_CAP)
    if _is_anothers(suspect, features, written):
        cap = min(cap, ANOTHER_NAME_CAP)
    return Judged(suspect, features, probability, cap)


def _is_anothers(suspect: Suspect, features: Features, written: Collection[str]) -> bool:
    """Another name was written there, and both sounds and decoder find it likelier.

    Of a full name it needs its first name written as it is: "Oakford" behind a clear "Darren" was understood, "post away" behind "Keeron" was not.
    """
    understood = suspect.form.kind is not MentionKind.FULL or _whole(suspect, written)
    return understood and _nearer(features, PREFERRED)


def _whole(suspect: Suspect, written: Collection[str]) -> bool:
    """A full name, and its first name stands in the best wording."""
    return suspect.form.kind is MentionKind.FULL and any(entry.first in written for entry in suspect.form.entries)


def _nearer(features: Features, preferred: float) -> bool:
    """What was written there is nearer to the sounds, and so much likelier to the decoder."""
    return features.get("gain", 0.0) <= NEARER and features["against_heard"] <= preferred


def _sounded_there(suspect: Suspect) -> bool:
    """Its single sounds were there, and nobody else's nearly as much, or with the wordings they make it likely."""
    if suspect.unlikeness is None:
        return False
    return (suspect.unlikeness <= ROUGHLY and suspect.margin >= ALONE) or suspect.log_odds >= LIKELY


def beside_rivals(one: Judged, judged: Sequence[Judged]) -> float:
    """Only one name can have been said at the same words: the odds of all who may be meant there are set side by side."""
    own = _people(one.suspect)
    rivals: dict[frozenset[int], float] = {}
    for other in judged:
        whom = _people(other.suspect)
        if not whom & own and _same_words(one.suspect, other.suspect) and not _beaten(other, one):
            rivals[whom] = max(rivals.get(whom, 0.0), _odds(other.probability))
    odds = _odds(one.probability)
    return odds / (1 + odds + sum(rivals.values()))


def _beaten(other: Judged, one: Judged) -> bool:
    """At these words this one fits best, and the other one far worse: that the other sounds alike takes nothing from it."""
    return one.features["against_others"] > 0 and other.features["against_others"] <= BEATEN


def _people(suspect: Suspect) -> frozenset[int]:
    return frozenset(entry.person.offender_id for entry in suspect.form.entries)


def _odds(probability: float) -> float:
    return probability / (1 - probability)


def _same_words(one: Suspect, other: Suspect) -> bool:
    return any(here.overlaps(there) for here in one.places for there in other.places)


def _said(wording: Wording, place: Place) -> str:
    span = wording.span(place.first, place.last)
    return wording.text[span.start : span.end]


def _share(suspect: Suspect, wordings: Sequence[Wording], kind: str) -> float:
    """The share of the wordings that hold the name in which it is denied or guessed; those with suggestions if no other does."""
    said = {
        _words(wordings[place.wording], place.first, place.last)
        for place in suspect.places
        if place.likeness >= suspect.likeness - _SAME_WORDS
    }
    holds = [(wording, span) for wording in wordings if (span := _where(wording, said)) is not None]
    holds = [(wording, span) for wording, span in holds if not wording.biased] or holds
    inside = sum(any(span.overlaps(scope) for scope in getattr(wording, kind)) for wording, span in holds)
    return inside / len(holds) if holds else 0.0


_BE = frozenset({"was", "is", "were", "wasn", "isn"})
_LEFT_OF_NOT = frozenset({"an", "and", "in", "nt", "un", "end"})


def _after_a_lost_not(wording: Wording, place: Place) -> bool:
    """Where a denial may have been said, whatever became of it: a name right behind it is at most a guess.

    "It was an" before a name may have been "it wasn't": no name takes an article. And a "not" that denies nothing ("not great")
    may have denied the name that comes right behind it.
    """
    first = max(0, place.first - 4)
    near = [token.text for token in wording.words[first : place.first + 1]]
    if any(one in _BE and other in _LEFT_OF_NOT for one, other in pairwise(near)):
        return True
    gap = wording.folded[wording.words[max(0, place.first - 3)].start : wording.words[place.first].start]
    clause = gap[max(gap.rfind(mark) for mark in ".!?;,") + 1 :]
    return "not" in clause.split()


def _words(wording: Wording, first: int, last: int) -> tuple[str, ...]:
    return tuple(token.text for token in wording.words[first:last])


def _where(wording: Wording, said: Collection[tuple[str, ...]]) -> Span | None:
    """Where a wording holds one of these runs of words."""
    for words in said:
        for first in range(len(wording.words) - len(words) + 1):
            if _words(wording, first, first + len(words)) == words:
                return wording.span(first, first + len(words))
    return None


_WHAT = {
    MentionKind.SPELLED: "the spelled surname",
    MentionKind.FULL: "the full name",
    MentionKind.LAST: "the surname",
    MentionKind.ALIAS: "an alias",
}


def reason(suspect: Suspect, person: Person, said: str, features: Features) -> str:
    """Why this person may or may not have been named, for an operator."""
    alike = suspect.likeness
    how = "is" if features["text"] > 2 and alike > 0.97 else f"sounds {alike:.0%} like"
    parts = [f'"{said}" {how} {_WHAT[suspect.form.kind]} of {person.name}']
    if len(suspect.form.entries) > 1:
        parts[0] += f", shared by {len(suspect.form.entries)} people on the register"
    if suspect.unlikeness is not None:
        parts.append(_sounded(suspect.unlikeness, suspect.margin))
    if suspect.denied:
        parts.append("a denial is heard right before it")
    gain = features["against_heard"]
    if gain >= 0:
        parts.append("the sound fits the name at least as well as the words heard")
    else:
        parts.append(
            f"the sound fits the name {'a little' if gain > -4 else 'much'} less than the words heard ({gain:.1f})"
        )
    if features["against_others"] < UNOPPOSED:
        better = features["against_others"] > 0
        parts.append(
            f"{'better' if better else 'worse'} than other names of the register ({features['against_others']:+.1f})"
        )
    if features["against_common"] < 0:
        parts.append(f"a common name fits better ({features['against_common']:+.1f})")
    if features["agreement"] < 0.6:
        parts.append("few wordings agree")
    return "; ".join(parts) + "."


def _sounded(unlikeness: float, margin: float) -> str:
    said = "clearly there" if unlikeness <= CLEARLY else "roughly there" if unlikeness <= ROUGHLY else "hardly there"
    return (
        f"its sounds are {said} ({unlikeness:.2f} off a sound{', those of another name nearer' if margin < 0 else ''})"
    )
