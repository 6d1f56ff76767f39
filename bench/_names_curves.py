"""Recall against false alerts, as a threshold on the score is swept: the same sum for every way of finding names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Named = tuple[str, float]
"""Reference and score, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold of a curve."""

    threshold: float
    recall: float
    """Share of the people due that were named."""
    false_per_1000: float
    """Clips in which somebody was named who is neither due nor may be named, of 1,000."""


def curve(
    truth: Sequence[Mapping[str, Any]], named: Mapping[str, Sequence[Named]], alerting: Mapping[str, bool] | None = None
) -> list[Point]:
    """Recall against false alerts for every threshold that changes anything, from the strictest to the loosest.

    Args:
        truth: rows of truth.jsonl.
        named: file -> who was named, with which score.
        alerting: file -> whether the call is of a kind that alerts, as some reader of calls says; None: every call is.
    """
    due = sum(len(row["alert"]) for row in truth)
    right: list[float] = []
    wrong: list[float] = []
    for row in truth:
        if alerting is not None and not alerting.get(row["file"], False):
            continue
        scores = dict(named.get(row["file"], ()))
        right += [scores[reference] for reference in row["alert"] if reference in scores]
        allowed = {*row["alert"], *row["may_alert"]}
        others = [score for reference, score in scores.items() if reference not in allowed]
        if others:
            wrong.append(max(others))
    return [
        Point(
            threshold,
            sum(score >= threshold for score in right) / max(1, due),
            1000 * sum(score >= threshold for score in wrong) / max(1, len(truth)),
        )
        for threshold in sorted({*right, *wrong}, reverse=True)
    ]


def recall_at(points: Sequence[Point], false_per_1000: float) -> Point | None:
    """The loosest threshold that keeps to so many false alerts; None when even the strictest doesn't."""
    kept = [point for point in points if point.false_per_1000 <= false_per_1000]
    return max(kept, key=lambda point: (point.recall, point.threshold), default=None)
