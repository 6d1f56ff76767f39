"""Fits the names model: features of everybody who was held against a sound, and whether they had been named.

Logistic regression with a ridge, by Newton's method; the ridge is chosen by cross-validation over calls (all clips of one written
call on the same side), because clips of one call are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
RIDGES = (0.3, 1.0, 3.0, 10.0, 30.0)
FOLDS = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One suspect of one clip."""

    call: str
    """Which written call: the group that is never split."""
    features: Mapping[str, float]
    named: bool
    """This person was spoken of."""
    weight: float = 1.0
    """How many such suspects of real days this one stands for."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights on standardised features, and how well they did on calls that they had not seen."""

    bias: float
    features: tuple[str, ...]
    weights: Floats
    mean: Floats
    scale: Floats
    ridge: float
    log_loss: float
    calibration_error: float


def table(rows: Sequence[Row], features: Sequence[str]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Features, shape (rows, features), and whether each was named."""
    values = np.array([[row.features[name] for name in features] for row in rows], dtype=np.float64)
    return values, np.array([row.named for row in rows])


def newton(x: Floats, y: npt.NDArray[np.bool_], ridge: float, counts: Floats) -> Floats:
    """Weights, the bias last; the bias is not shrunk. `counts` is how often each row counts."""
    design = np.hstack([x, np.ones((len(x), 1))])
    shrink = np.full(design.shape[1], ridge)
    shrink[-1] = 0.0
    weights = np.zeros(design.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (counts * (p - y)) + shrink * weights
        curvature = (design * (counts * p * (1 - p))[:, None]).T @ design + np.diag(shrink + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        weights = weights - step
        if float(np.abs(step).max()) < 1e-7:
            break
    return weights


def probabilities(x: Floats, weights: Floats) -> Floats:
    """Of being named."""
    z = x @ weights[:-1] + weights[-1]
    return np.asarray(1 / (1 + np.exp(-z)), dtype=np.float64)


def calibration_error(p: Floats, y: npt.NDArray[np.bool_], least: float = 0.5) -> float:
    """Expected calibration error over ten bins, of those that a person would see (`least` and more)."""
    seen = p >= least
    if not seen.any():
        return 0.0
    bins = np.minimum(9, (p[seen] * 10).astype(int))
    total = sum(
        abs(float(p[seen][bins == k].mean()) - float(y[seen][bins == k].mean())) * int((bins == k).sum())
        for k in np.unique(bins)
    )
    return total / int(seen.sum())


def fit(rows: Sequence[Row], features: tuple[str, ...]) -> Fitted:
    """Choose the ridge by cross-validation, then fit on everything."""
    if not rows:
        raise ValueError("nothing to fit on")
    values, y = table(rows, features)
    mean, scale = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)
    x = (values - mean) / scale
    counts = np.array([row.weight for row in rows])
    calls = sorted({row.call for row in rows})
    fold_of = {call: i % FOLDS for i, call in enumerate(calls)}
    folds = np.array([fold_of[row.call] for row in rows])
    best = (np.inf, RIDGES[-1], 1.0)
    for ridge in RIDGES:
        p = np.zeros(len(rows))
        for fold in range(FOLDS):
            held = folds == fold
            if held.any() and not held.all():
                p[held] = probabilities(x[held], newton(x[~held], y[~held], ridge, counts[~held]))
        clipped = np.clip(p, 1e-4, 1 - 1e-4)
        loss = float(-(counts * (y * np.log(clipped) + ~y * np.log(1 - clipped))).mean() / counts.mean())
        if loss < best[0]:
            best = loss, ridge, calibration_error(p, y)
    weights = newton(x, y, best[1], counts)
    return Fitted(float(weights[-1]), features, weights[:-1], mean, scale, best[1], best[0], best[2])


def as_json(fitted: Fitted, made: Mapping[str, object]) -> dict[str, object]:
    """The data file that `dispatch.matching.model` reads."""
    return {
        "made": dict(made),
        "cross_validated": {
            "ridge": fitted.ridge,
            "log_loss": round(fitted.log_loss, 4),
            "calibration_error": round(fitted.calibration_error, 4),
        },
        "bias": round(fitted.bias, 5),
        "features": {
            name: {
                "mean": round(float(fitted.mean[i]), 5),
                "scale": round(float(fitted.scale[i]), 5),
                "weight": round(float(fitted.weights[i]), 5),
            }
            for i, name in enumerate(fitted.features)
        },
    }
