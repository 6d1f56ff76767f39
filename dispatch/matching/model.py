"""Fitted models: from features to the probability that a person was named, with what moved it.

Logistic regressions, because each weight can be read and argued about: a feature speaks for or against by so much, whoever is
concerned. The weights are a data file, `dispatch/data/names_model.json`, which says how it was made; `docs/names.md` explains it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp

Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Term:
    """One feature of a model: (value - mean) / scale, times weight, is added to the log-odds."""

    mean: float
    scale: float
    weight: float

    def __call__(self, value: float) -> float:
        """What this value adds to the log-odds."""
        return (value - self.mean) / self.scale * self.weight


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Weights of all features."""

    bias: float
    terms: Mapping[str, Term]

    @classmethod
    def parse(cls, text: str, section: str, features: Collection[str]) -> Model:
        """One section of the data file.

        Raises:
            ValueError: no such section, or one for other features.
        """
        data = json.loads(text).get(section)
        if data is None:
            raise ValueError(f"the names model has no section {section!r}; fit it again (bench/fit_names.py)")
        strange = sorted(set(data["features"]) ^ set(features))
        if strange:
            raise ValueError(
                f"the names model is for other features ({', '.join(strange)}); fit it again (bench/fit_names.py)"
            )
        return cls(float(data["bias"]), {name: Term(**term) for name, term in data["features"].items()})

    def shares(self, features: Features) -> dict[str, float]:
        """What each feature adds to the log-odds."""
        return {name: term(features[name]) for name, term in self.terms.items()}

    def log_odds(self, features: Features) -> float:
        """Natural logarithm of the odds that the person was named, between -30 and 30."""
        return max(-30.0, min(30.0, self.bias + sum(self.shares(features).values())))

    def probability(self, features: Features) -> float:
        """That the person was named, 0-1."""
        return 1 / (1 + exp(-self.log_odds(features)))


@cache
def fitted(section: str, features: tuple[str, ...]) -> Model:
    """A model that comes with Hue and Cry: `prior` (by the wordings) or `verdict` (held against the sound)."""
    text = resources.files("dispatch").joinpath("data", "names_model.json").read_text(encoding="utf-8")
    return Model.parse(text, section, features)
