"""Tables and pictures of `bench names`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench._names_curves import Point, recall_at

AT_MOST = (2.0, 11.0)
"""False alerts per 1,000 calls at which recall is compared: our target, and what hot words with fuzzy search made in a first trial."""
_FIGURES = (
    ("clips", "files", "{:.0f}"),
    ("due", "due", "{:.0f}"),
    ("alerts raised", "alert_recall_natural", "{:.2f}"),
    ("clear channels", "alert_recall_natural_clear", "{:.2f}"),
    ("found", "found_recall", "{:.2f}"),
    ("false per 1,000", "false_alerts_per_1000", "{:.1f}"),
    ("denied alerted", "denied_alerts", "{:.0f}"),
    ("intent", "intent_accuracy", "{:.2f}"),
    ("calibration error", "calibration_error", "{:.3f}"),
    ("wrong words", "word_error_rate", "{:.2f}"),
    ("latency p50", "latency_p50_s", "{:.2f} s"),
    ("latency p95", "latency_p95_s", "{:.2f} s"),
)


def tables(sets: Mapping[str, Mapping[str, Any]], curves: Mapping[str, Mapping[str, Sequence[Point]]]) -> None:
    """Print the figures of each set, and everybody's recall at a few false alerts."""
    console = Console()
    table = Table("natural voices", *sets, title="Names heard right")
    for title, key, form in _FIGURES:
        values = [figures.get(key) for figures in sets.values()]
        table.add_row(title, *(form.format(value) if value is not None else "-" for value in values))
    console.print(table)
    for title, drawn in curves.items():
        beside = Table("way", *(f"recall at <= {most:g} false per 1,000" for most in AT_MOST), title=title)
        for name, points in drawn.items():
            cells = [recall_at(points, most) for most in AT_MOST]
            beside.add_row(name, *(f"{cell.recall:.2f}" if cell else "-" for cell in cells))
        console.print(beside)


def picture(curves: Mapping[str, Mapping[str, Sequence[Point]]], path: Path) -> None:
    """Draw recall against false alerts, one panel a set and model."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(curves), figsize=(4.6 * len(curves), 4.2), sharey=True, squeeze=False)
    for axis, (title, drawn) in zip(axes[0], curves.items(), strict=True):
        for name, points in drawn.items():
            x = [max(0.7, point.false_per_1000) for point in points]
            ours = name == "Hue and Cry"
            axis.plot(
                x, [point.recall for point in points], label=name, drawstyle="steps-post",
                linewidth=2.6 if ours else 1.3, color="black" if ours else None,
            )  # fmt: skip
        axis.axvline(2, color="0.8", linewidth=1, zorder=0)
        axis.set_xscale("log")
        axis.set_xlim(0.7, 400)
        axis.set_ylim(0, 1)
        axis.set_title(title)
        axis.set_xlabel("false alerts per 1,000 calls")
        axis.grid(alpha=0.25)
    axes[0][0].set_ylabel("alerts due that are raised")
    axes[0][-1].legend(loc="upper left", fontsize=8)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
