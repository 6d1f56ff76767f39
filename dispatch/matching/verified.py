"""Names held against the sound: each suspect's evidence, with the probability of the fitted model and a reason to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dispatch.calls import Call, MentionKind, Span
from dispatch.matching.context import Wording
from dispatch.matching.evidence import UNOPPOSED, Features, Hearing, features_of
from dispatch.matching.found import Found
from dispatch.matching.model import names_model
from dispatch.matching.suspects import Place, Suspect
from dispatch.matching.weighing import in_best
from dispatch.people import Person

NAMED = (MentionKind.FULL, MentionKind.LAST, MentionKind.ALIAS)
_DENIED_SHARE = 0.25
"""Of the wordings that hold the name: a "not" is easily lost, and a wrong name is worse than none."""

ByText = Mapping[tuple[int, MentionKind], float]
"""The probability by the words alone, for each person and kind of name."""


def verified(hearing: Hearing, by_text: ByText, call: Call) -> Iterable[Found]:
    """Evidence for everybody who was held against the sound."""
    wordings = hearing.wordings
    for suspect in hearing.suspects:
        said_so = max(
            (by_text.get((e.person.offender_id, suspect.form.kind), 0.0) for e in suspect.form.entries), default=0.0
        )
        features = features_of(suspect, hearing, said_so)
        if features is None:
            continue
        probability = names_model().probability(features)
        if len(suspect.form.entries) > 1:
            probability = min(0.98, probability * 1.15) / len(suspect.form.entries)
        place = suspect.places[0]
        wording = wordings[place.wording]
        where = in_best(wordings[0], wording, place.first, place.last) if place.wording else _span(wording, place)
        said = _said(wording, place)
        for entry in suspect.form.entries:
            yield Found(
                entry.person,
                suspect.form.kind,
                said,
                where,
                suspect.form.spoken,
                round(probability, 3),
                reason(suspect, entry.person, said, features),
                _share(suspect, wordings, "denied") >= _DENIED_SHARE
                or any(where.overlaps(scope) for scope in call.negations),
                _share(suspect, wordings, "hedged") >= 0.5 or any(where.overlaps(scope) for scope in call.hedges),
                best_here=features["against_others"] >= 0,
            )


def _span(wording: Wording, place: Place) -> Span:
    return Span(wording.words[place.first].start, wording.words[place.last - 1].end)


def _said(wording: Wording, place: Place) -> str:
    span = _span(wording, place)
    return wording.text[span.start : span.end]


def _share(suspect: Suspect, wordings: Sequence[Wording], kind: str) -> float:
    """The share of the wordings that hold the name in which it is denied or guessed."""
    holds = [(wordings[place.wording], place) for place in suspect.places if place.likeness >= suspect.likeness - 0.15]
    holds = [(wording, place) for wording, place in holds if not wording.biased] or holds
    inside = sum(any(_span(w, p).overlaps(scope) for scope in getattr(w, kind)) for w, p in holds)
    return inside / len(holds) if holds else 0.0


_WHAT = {MentionKind.FULL: "the full name", MentionKind.LAST: "the surname", MentionKind.ALIAS: "an alias"}


def reason(suspect: Suspect, person: Person, said: str, features: Features) -> str:
    """Why this person may or may not have been named, for an operator."""
    alike = suspect.likeness
    how = "is" if features["text"] > 2 and alike > 0.97 else f"sounds {alike:.0%} like"
    parts = [f'"{said}" {how} {_WHAT[suspect.form.kind]} of {person.name}']
    if len(suspect.form.entries) > 1:
        parts[0] += f", shared by {len(suspect.form.entries)} people on the register"
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
