"""The fitted model: from features to the probability that a person was named, with what moved it.

A logistic regression, because each weight can be read and argued about: a feature speaks for or against by so much, whoever is
concerned. The weights are a data file, `dispatch/data/names_model.json`, which says how it was made; `docs/names.md` explains it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from math import exp

from dispatch.matching.evidence import FEATURES, Features

CAP = 0.985
"""Nothing heard on a radio is certain."""


@dataclass(frozen=True, slots=True)
class Term:
    """One feature of the model: (value - mean) / scale, times weight, is added to the log-odds."""

    mean: float
    scale: float
    weight: float

    def __call__(self, value: float) -> float:
        """What this value adds to the log-odds."""
        return (value - self.mean) / self.scale * self.weight


@dataclass(frozen=True, slots=True, eq=False)
class NamesModel:
    """Weights of all features."""

    bias: float
    terms: Mapping[str, Term]

    @classmethod
    def parse(cls, text: str) -> NamesModel:
        """From the data file.

        Raises:
            ValueError: not such a file, or one for other features.
        """
        data = json.loads(text)
        unknown = set(data["features"]) ^ set(FEATURES)
        if unknown:
            raise ValueError(
                f"a model for other features: {', '.join(sorted(unknown))}; fit it again (bench/fit_names.py)"
            )
        return cls(float(data["bias"]), {name: Term(**term) for name, term in data["features"].items()})

    def shares(self, features: Features) -> dict[str, float]:
        """What each feature adds to the log-odds."""
        return {name: term(features[name]) for name, term in self.terms.items()}

    def probability(self, features: Features) -> float:
        """That the person was named, 0 to `CAP`."""
        z = self.bias + sum(self.shares(features).values())
        return min(CAP, 1 / (1 + exp(-max(-30.0, min(30.0, z)))))


@lru_cache(maxsize=1)
def names_model() -> NamesModel:
    """The model that comes with Hue and Cry."""
    return NamesModel.parse(
        resources.files("dispatch").joinpath("data", "names_model.json").read_text(encoding="utf-8")
    )
