"""Grows the trees of the verdict, inside the environment of `bench names` (scikit-learn's histogram gradient boosting).

    python -m bench._names_trees ROWS.json OUT.json

ROWS: {"features": [...], "rows": [[...], ...], "named": [...], "weights": [...], "calls": [...], "rising": [...], "falling": [...]}.
OUT: the trees on all rows, as `dispatch.matching.trees` reads them, and those on seven eighths of the calls for each eighth, so that what they say of
calls they have not seen can be put to use.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

FOLDS = 8
TREES, LEAVES, LEAST = 150, 8, 30
"""Chosen by cross-validation on the fitting calls: fewer and smaller are less sure, more are no better."""
RATE, RIDGE = 0.06, 5.0


def grow(values: Any, named: Any, weights: Any, bound: list[int]) -> Any:  # noqa: ANN401 - scikit-learn has no types here
    """A fitted booster."""
    ensemble = importlib.import_module("sklearn.ensemble")
    booster = ensemble.HistGradientBoostingClassifier(
        max_iter=TREES, learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=LEAST, l2_regularization=RIDGE,
        monotonic_cst=bound, early_stopping=False, random_state=1,
    )  # fmt: skip
    return booster.fit(values, named, sample_weight=weights)


def as_data(booster: Any, features: list[str]) -> dict[str, Any]:  # noqa: ANN401
    """The booster as plain numbers."""
    trees = []
    for (predictor,) in booster._predictors:  # noqa: SLF001 - scikit-learn has no public way to its trees
        trees.append(
            [
                [-1, 0, 0, 0, round(float(node["value"]), 5)] if node["is_leaf"] else
                [int(node["feature_idx"]), float(f"{node['num_threshold']:.7g}"), int(node["left"]), int(node["right"]), 0]
                for node in predictor.nodes
            ]
        )  # fmt: skip
    return {"features": features, "base": round(float(booster._baseline_prediction.ravel()[0]), 5), "trees": trees}  # noqa: SLF001


def main(rows_file: Path, out: Path) -> None:
    """Grow all of them and write them down."""
    given = json.loads(rows_file.read_text(encoding="utf-8"))
    features = given["features"]
    values, named, weights = (np.array(given[key]) for key in ("rows", "named", "weights"))
    bound = [1 if name in given["rising"] else -1 if name in given["falling"] else 0 for name in features]
    calls = sorted(set(given["calls"]))
    fold_of = {call: number % FOLDS for number, call in enumerate(calls)}
    folds = np.array([fold_of[call] for call in given["calls"]])
    unseen = np.zeros(len(named))
    parts = []
    for fold in range(FOLDS):
        part = grow(values[folds != fold], named[folds != fold], weights[folds != fold], bound)
        unseen[folds == fold] = part.predict_proba(values[folds == fold])[:, 1]
        parts.append(as_data(part, features))
    whole = as_data(grow(values, named, weights, bound), features)
    clipped = np.clip(unseen, 1e-4, 1 - 1e-4)
    loss = -(weights * np.where(named, np.log(clipped), np.log(1 - clipped))).sum() / weights.sum()
    out.write_text(
        json.dumps({"whole": whole, "folds": parts, "fold_of": fold_of, "log_loss": float(loss)}), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
