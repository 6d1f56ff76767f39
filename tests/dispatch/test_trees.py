"""The trees of the verdict: what the data file holds, and that no evidence ever speaks the wrong way."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.matching.evidence import FALLING, FEATURES, RISING, SOUNDED
from dispatch.matching.trees import Trees, grown
from dispatch.matching.verified import CAP

TWO = ("length", "margin")
STUMPS: dict[str, Any] = {
    "features": list(TWO),
    "base": -1.0,
    "trees": [
        [[0, 3.0, 1, 2, 0], [-1, 0, 0, 0, -2.0], [1, 0.5, 3, 4, 0], [-1, 0, 0, 0, 0.5], [-1, 0, 0, 0, 4.0]],
        [[-1, 0, 0, 0, 0.25]],
    ],
}
"""A long name is worth something; with a margin, much more."""


def test_questions_are_asked_from_the_root_and_the_answers_add_up() -> None:
    trees = Trees.parse(STUMPS, TWO)
    assert trees.log_odds({"length": 3.0, "margin": 9.0}) == -2.75
    assert trees.log_odds({"length": 3.1, "margin": 0.5}) == -0.25
    assert trees.log_odds({"length": 3.1, "margin": 0.6}) == 3.25
    assert trees.probability({"length": 0.0, "margin": 0.0}) < 0.1 < trees.probability({"length": 9.0, "margin": 9.0})


@pytest.mark.parametrize("row", [[0, 1.0, 0, 2, 0], [0, 1.0, 1, 5, 0], [2, 1.0, 1, 2, 0]])
def test_a_damaged_file_is_refused(row: list[float]) -> None:
    damaged = STUMPS | {"trees": [[row, *STUMPS["trees"][0][1:]]]}
    with pytest.raises(ValueError, match="leads nowhere"):
        Trees.parse(damaged, TWO)
    with pytest.raises(ValueError, match="shoe size"):
        Trees.parse(STUMPS, (*TWO, "shoe size"))


def test_the_data_file_is_for_the_present_features_and_says_how_it_was_made() -> None:
    data = json.loads(resources.files("dispatch").joinpath("data", "names_trees.json").read_text())
    assert set(data) == {"verdict", "verdict by words"}
    for section in data.values():
        assert section["made"]["from"]
    assert grown("verdict", tuple(SOUNDED)).trees
    assert grown("verdict by words", tuple(FEATURES)).trees
    with pytest.raises(ValueError, match="no section"):
        grown("guess", tuple(FEATURES))


values = st.fixed_dictionaries(dict.fromkeys(SOUNDED, st.floats(-20, 20)))


@given(values, st.sampled_from(sorted(RISING | FALLING)), st.floats(0, 20))
def test_better_evidence_never_makes_a_name_less_likely(features: dict[str, float], name: str, more: float) -> None:
    """Whatever all the others say; the fit is bound to it, and this is what holds it to that."""
    trees = grown("verdict", tuple(SOUNDED))
    before, after = trees.log_odds(features), trees.log_odds(features | {name: features[name] + more})
    assert after >= before - 1e-3 if name in RISING else after <= before + 1e-3


@given(st.fixed_dictionaries(dict.fromkeys(FEATURES, st.floats(-1e6, 1e6))))
def test_a_probability_whatever_the_features(features: dict[str, float]) -> None:
    assert 0 <= grown("verdict by words", tuple(FEATURES)).probability(features) <= 1
    assert 0 < CAP < 1
