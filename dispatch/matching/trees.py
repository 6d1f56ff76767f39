"""The verdict's model: small decision trees whose answers add up, so that features can speak together.

A short nickname that the engine wrote by itself and whose sounds were there is sure; either alone is not. A sum of single features can't say so;
trees can. What keeps them honest: where a feature can only speak one way (a better fit never makes a name less likely) the fit
was bound to that, for every value of all others. They are a data file, `dispatch/data/names_trees.json`, which says how it was
made; `docs/names.md` shows what moves them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import exp
from typing import Any

from dispatch.matching.model import Features

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A question (is this feature at most so much?) with the numbers of the nodes for yes and no, or an answer."""

    feature: str | None
    """None at a leaf."""
    threshold: float
    yes: int
    no: int
    log_odds: float
    """What a leaf adds."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """All trees of one model."""

    base: float
    """Log-odds before any tree is asked."""
    trees: tuple[tuple[Node, ...], ...]
    """Each tree's nodes, the first one the root."""

    @classmethod
    def parse(cls, data: Json, features: Sequence[str]) -> Trees:
        """From the data file: rows of feature (its place, or -1 for a leaf), threshold, yes, no, log-odds.

        Raises:
            ValueError: for other features, or a node that leads nowhere.
        """
        strange = sorted(set(data["features"]) ^ set(features))
        if strange:
            raise ValueError(
                f"the names trees are for other features ({', '.join(strange)}); fit them again (bench fit_names)"
            )
        names = list(data["features"])
        trees = tuple(
            tuple(_node(row, names, place, len(tree)) for place, row in enumerate(tree)) for tree in data["trees"]
        )
        return cls(float(data["base"]), trees)

    def log_odds(self, features: Features) -> float:
        """Natural logarithm of the odds that the person was named."""
        return self.base + sum(_answer(tree, features) for tree in self.trees)

    def probability(self, features: Features) -> float:
        """That the person was named, 0-1."""
        return 1 / (1 + exp(-max(-30.0, min(30.0, self.log_odds(features)))))


def _node(row: Sequence[float], names: Sequence[str], place: int, size: int) -> Node:
    feature, threshold, yes, no, log_odds = row
    if feature < 0:
        return Node(None, 0.0, 0, 0, float(log_odds))
    if not (place < yes < size and place < no < size and feature < len(names)):
        raise ValueError(f"node {place} of a names tree leads nowhere: {list(row)}")
    return Node(names[int(feature)], float(threshold), int(yes), int(no), 0.0)


def _answer(tree: Sequence[Node], features: Features) -> float:
    node = tree[0]
    while node.feature is not None:
        node = tree[node.yes if features[node.feature] <= node.threshold else node.no]
    return node.log_odds


@cache
def grown(section: str, features: tuple[str, ...]) -> Trees:
    """Trees that come with Hue and Cry: `verdict`, or `verdict by words` where the engine can't read single sounds."""
    text = resources.files("dispatch").joinpath("data", "names_trees.json").read_text(encoding="utf-8")
    data = json.loads(text).get(section)
    if data is None:
        raise ValueError(f"the names trees have no section {section!r}; fit them again (bench fit_names)")
    return Trees.parse(data, features)
