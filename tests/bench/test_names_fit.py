"""The fit behind the names model: it finds the weights that made the data, and says how well it is calibrated."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench._names_fit import Row, as_json, calibration_error, fit
from bench._names_report import HELD_BY, held_by
from dispatch.matching.model import Model

FEATURES = ("fits", "likeness")


def rows(count: int = 1500, seed: int = 4) -> list[Row]:
    """Suspects of whom the sound tells three times as much as the likeness."""
    dice = np.random.default_rng(seed)
    values = dice.normal(size=(count, 2))
    odds = 3 * values[:, 0] + values[:, 1] - 1
    named = dice.random(count) < 1 / (1 + np.exp(-odds))
    return [
        Row(f"call {i // 4}", {"fits": float(fits), "likeness": float(like)}, bool(right))
        for i, ((fits, like), right) in enumerate(zip(values, named, strict=True))
    ]


def test_the_weights_that_made_the_data_are_found() -> None:
    fitted = fit(rows(), FEATURES)
    fits, likeness = (fitted.weights / fitted.scale).tolist()
    assert fits == pytest.approx(3, abs=0.5)
    assert likeness == pytest.approx(1, abs=0.3)
    assert fitted.calibration_error < 0.05


def test_the_model_file_gives_the_same_probabilities() -> None:
    fitted = fit(rows(), FEATURES)
    model = Model.parse(json.dumps({"verdict": as_json(fitted, {"by": "a test"})}), "verdict", FEATURES)
    z = fitted.bias + float(((np.array([1.0, -1.0]) - fitted.mean) / fitted.scale) @ fitted.weights)
    assert model.probability({"fits": 1.0, "likeness": -1.0}) == pytest.approx(1 / (1 + np.exp(-z)), abs=1e-3)


def test_calibration_error_is_the_gap_between_what_is_said_and_what_is_true() -> None:
    said = np.full(100, 0.95)
    assert calibration_error(said, np.arange(100) < 95) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error(said, np.arange(100) < 50) == pytest.approx(0.45)
    assert calibration_error(np.full(10, 0.2), np.zeros(10, bool)) == 0.0, "what nobody sees does not count"


def test_nothing_to_fit_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to fit on"):
        fit([], FEATURES)


def test_what_became_of_everybody_due() -> None:
    def record(decision: str, confidence: float, *, negated: bool = False, reason: str = "") -> dict[str, object]:
        person = {"reference": "DT-1", "confidence": confidence, "negated": negated}
        return {"decision": decision, "people": [person], "candidates": [], "decision_reason": reason}

    person = {"reference": "DT-1", "kind": "full", "negated": False}
    truth = [{"file": f"{n}.wav", "alert": ["DT-1"], "people": [person]} for n in range(7)]
    records = {
        "0.wav": record("alert", 0.9),
        "1.wav": record("log", 0.9),
        "2.wav": record("review", 0.9, reason="DT-1 is under 18: description only, and the manager decides."),
        "3.wav": record("log", 0.9, negated=True),
        "4.wav": record("review", 0.7),
        "5.wav": record("log", 0.2),
    }
    assert held_by(truth, records) == {what: {"full": 1} for what in HELD_BY}
