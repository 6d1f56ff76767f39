"""Has the trees of the verdict grown in the environment that has scikit-learn, and reads what comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from bench._names_environment import run_inside
from bench._names_fit import Row
from dispatch.matching.evidence import FALLING, RISING
from dispatch.matching.trees import Trees


@dataclass(frozen=True, slots=True)
class Folds:
    """Trees on all rows, and for every call some that were grown without it."""

    whole: Mapping[str, Any]
    """As in the data file."""
    parts: Sequence[Trees]
    fold_of: Mapping[str, int]
    log_loss: float
    """Of the parts on what they had not seen."""

    def without(self, call: str) -> Trees:
        """Trees that never saw this call."""
        return self.parts[self.fold_of.get(call, 0)]


def moved_by(trees: Trees, rows: Sequence[Row], features: Sequence[str]) -> dict[str, float]:
    """By how much each feature moves the log-odds: on average over all rows, against what they would be with its median."""
    usual = {name: median(row.features[name] for row in rows) for name in features}
    said = [trees.log_odds(row.features) for row in rows]
    return {
        name: fmean(
            abs(odds - trees.log_odds({**row.features, name: usual[name]}))
            for row, odds in zip(rows, said, strict=True)
        )
        for name in features
    }


def grow(section: str, rows: Sequence[Row], features: tuple[str, ...], python: Path, scratch: Path) -> Folds:
    """Grow the trees of one section.

    Raises:
        ValueError: there is nothing to grow them on.
        subprocess.CalledProcessError: scikit-learn failed; its own words are on the terminal.
    """
    if not rows:
        raise ValueError(f"nothing to grow the trees of {section!r} on")
    scratch.mkdir(parents=True, exist_ok=True)
    there, back = scratch / f"{section}.rows.json", scratch / f"{section}.trees.json"
    there.write_text(
        json.dumps(
            {
                "features": features,
                "rows": [[row.features[name] for name in features] for row in rows],
                "named": [row.named for row in rows],
                "weights": [row.weight for row in rows],
                "calls": [row.call for row in rows],
                "rising": sorted(RISING),
                "falling": sorted(FALLING),
            }
        ),
        encoding="utf-8",
    )
    run_inside(python, "bench._names_trees", [there, back])
    grown = json.loads(back.read_text(encoding="utf-8"))
    parts = [Trees.parse(part, features) for part in grown["folds"]]
    return Folds(grown["whole"], parts, grown["fold_of"], grown["log_loss"])
