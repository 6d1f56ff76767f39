"""From what a suspect and the sound say to numbers, the same numbers for everybody: the features of the fitted model.

Each is a difference or a likeness that means the same in every call; `FEATURES` says what each is for, in the words of the
reasons that people read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from dispatch.calls import MentionKind
from dispatch.matching.claims import Fit, Fits, claimed, heard_at, innocent_names
from dispatch.matching.context import Wording
from dispatch.matching.model import Features
from dispatch.matching.suspects import SOUNDED_FEATURES, Place, Suspect

FEATURES: Mapping[str, str] = {
    "text": "how far the words alone convince the rules, as the logit of their probability",
    "prior": "how far the wordings convince by sound, in log-odds",
    "likeness": "how like the name the likeliest words sound, 0-1",
    "agreement": "mean likeness over all wordings in which no name was suggested, 0-1",
    "sounds": "phonemes of the name, at most 14: a short name is easily met by chance",
    "against_heard": "how much better the name fits the sound than the words heard in its place (log-probability)",
    "heard_per_token": "how sure the engine is of the words it heard in its place (log-probability of a token)",
    "overruled": "how much worse the name fits than words that the engine is sure of: another name, said clearly",
    "per_token": "how likely the name's tokens are on average (log-probability)",
    "against_others": "how much better it fits than any other name of the register there",
    "against_common": "how much better it fits than common names that sound like it",
    "suggested": "1 where the engine wrote the name when it was suggested",
    "context": "how much the words around call for a name",
    "surname": "1 for a surname alone",
    "alias": "1 for an alias",
    "everyday": "1 for a surname or alias that is an everyday word",
    "clarity": "mean log-probability of the best wording: how clear the call is",
}
RISING = frozenset({
    "text", "prior", "likeness", "agreement", "against_heard", "overruled", "per_token", "against_others", "against_common", "suggested",
    "context", "sounded", "sounded_length", "margin", "gain",
})  # fmt: skip
"""Features that speak for a name, the more the higher they are, whatever the others say: the fit is bound to that."""
FALLING = frozenset({"everyday"})
"""And against it."""
SOUNDED: Mapping[str, str] = {**FEATURES, **SOUNDED_FEATURES}
"""The same where the engine reads single sounds as well."""
UNOPPOSED = 8.0
"""Difference to other names where none was asked about."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """One call held against its sound."""

    suspects: Sequence[Suspect]
    wordings: Sequence[Wording]
    fits: Fits
    clarity: float
    """Mean log-probability of the best wording."""

    def fit(self, place: Place, name: str) -> Fit | None:
        """How well a name fits at a place; None where nobody asked."""
        return self.fits.get(claimed(self.wordings[place.wording], place, name))

    def heard(self, place: Place) -> float:
        """How sure the engine is of the words it heard at a place: mean log-probability of their tokens."""
        fit = self.fits.get(heard_at(self.wordings[place.wording], place))
        return fit.claimed / fit.tokens if fit else 0.0

    def gain(self, place: Place, name: str) -> float | None:
        """How much better a name fits than what was heard there; what is before it is the same for both."""
        fit, heard = self.fit(place, name), self.fits.get(heard_at(self.wordings[place.wording], place))
        return None if fit is None or heard is None else fit.claimed + fit.after - heard.claimed - heard.after


def logit(probability: float) -> float:
    """Natural logarithm of the odds, within what 0.7 % to 99.3 % give."""
    bounded = min(0.993, max(0.007, probability))
    return log(bounded / (1 - bounded))


def features_of(suspect: Suspect, hearing: Hearing, by_text: float) -> Features | None:
    """The numbers for one suspect; None where it was not held against the sound.

    Args:
        suspect: about whom.
        hearing: the call.
        by_text: probability by the words alone, 0-1.
    """
    name = suspect.form.spoken
    gains = {place: gain for place in suspect.places if (gain := hearing.gain(place, name)) is not None}
    if not gains:
        return None
    best = max(gains, key=lambda place: gains[place])
    heard = hearing.heard(best)
    fits = [fit for place in gains if (fit := hearing.fit(place, name)) is not None]
    others = [
        gain - other for place, gain in gains.items() if (other := _best_other(suspect, place, hearing)) is not None
    ]
    common = [
        gain - other
        for place, gain in gains.items()
        for innocent in innocent_names(suspect, hearing.wordings[place.wording], place)
        if (other := hearing.gain(place, innocent)) is not None
    ]
    against_heard = _within(max(gains.values()), -20, 6)
    against_others = _within(max(others, default=UNOPPOSED), -10, UNOPPOSED)
    per_token = _within(max(fit.claimed / fit.tokens for fit in fits), -9, 0)
    return {
        "text": logit(by_text),
        "prior": _within(suspect.log_odds, -7, 7),
        "likeness": suspect.likeness,
        "agreement": suspect.agreement,
        "sounds": float(min(14, suspect.sounds)),
        "against_heard": against_heard,
        "heard_per_token": _within(heard, -6, 0),
        "overruled": _within(gains[best], -20, 0) * exp(_within(heard, -6, 0)),
        "per_token": per_token,
        "against_others": against_others,
        "against_common": _within(min(common, default=UNOPPOSED), -10, UNOPPOSED),
        "suggested": float(suspect.suggested),
        "context": _within(max(place.context for place in gains), -6, 2),
        "surname": float(suspect.form.kind is MentionKind.LAST),
        "alias": float(suspect.form.kind is MentionKind.ALIAS),
        "everyday": float(suspect.everyday),
        "clarity": _within(hearing.clarity, -1.5, 0),
        **suspect.sounded,
    }


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def _best_other(suspect: Suspect, place: Place, hearing: Hearing) -> float | None:
    """The best gain of somebody else's name at the same words; another name of the same person is no rival."""
    own = {entry.person.offender_id for entry in suspect.form.entries}
    gains = [
        hearing.gain(there, other.form.spoken)
        for other in hearing.suspects
        if not own & {entry.person.offender_id for entry in other.form.entries}
        for there in other.places
        if there.overlaps(place)
    ]
    return max((gain for gain in gains if gain is not None), default=None)
