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


HELD_BY = (
    "alerted",
    "named surely, but read as another kind of call",
    "named surely, but under 18",
    "named surely, but denied or as a guess",
    "found, for a person to look at",
    "found, as a weak candidate",
    "not found at all",
)
_ALERT_AT = 0.85
_REVIEW_AT = 0.5


def held_by(truth: Sequence[Mapping[str, Any]], records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """What became of everybody due, by how they were named (full, last, alias, ref, spelled)."""
    counts: dict[str, dict[str, int]] = {what: {} for what in HELD_BY}
    for row in truth:
        record = records.get(row["file"], {})
        for reference in row["alert"]:
            kind = next(p["kind"] for p in row["people"] if p.get("reference") == reference and not p["negated"])
            what = _became(reference, record)
            counts[what][kind] = counts[what].get(kind, 0) + 1
    return counts


def _became(reference: str, record: Mapping[str, Any]) -> str:
    found = [p for p in (*record.get("people", ()), *record.get("candidates", ())) if p["reference"] == reference]
    if not found:
        return HELD_BY[6]
    person = found[0]
    if record["decision"] == "alert" and person["confidence"] >= _REVIEW_AT and not person["negated"]:
        return HELD_BY[0]
    if person["confidence"] < _REVIEW_AT:
        return HELD_BY[5]
    if person["negated"] or "not sure" in record["decision_reason"]:
        return HELD_BY[3]
    if person["confidence"] < _ALERT_AT:
        return HELD_BY[4]
    return HELD_BY[2] if "under 18" in record["decision_reason"] else HELD_BY[1]


def tables(sets: Mapping[str, Mapping[str, Any]], curves: Mapping[str, Mapping[str, Sequence[Point]]]) -> None:
    """Print the figures of each set, and everybody's recall at a few false alerts."""
    console = Console()
    table = Table("natural voices", *sets, title="Names heard right")
    for title, key, form in _FIGURES:
        values = [figures.get(key) for figures in sets.values()]
        table.add_row(title, *(form.format(value) if value is not None else "-" for value in values))
    console.print(table)
    for name, figures in sets.items():
        if figures.get("held_by"):
            _print_held(console, name, figures["held_by"])
    for title, drawn in curves.items():
        beside = Table("way", *(f"recall at <= {most:g} false per 1,000" for most in AT_MOST), title=title)
        for name, points in drawn.items():
            cells = [recall_at(points, most) for most in AT_MOST]
            beside.add_row(name, *(f"{cell.recall:.2f}" if cell else "-" for cell in cells))
        console.print(beside)


def _print_held(console: Console, name: str, counts: Mapping[str, Mapping[str, int]]) -> None:
    kinds = sorted({kind for row in counts.values() for kind in row})
    table = Table(f"{name}: everybody due", *kinds, "all")
    for what, row in counts.items():
        table.add_row(what, *(str(row.get(kind, 0)) for kind in kinds), str(sum(row.values())))
    console.print(table)


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
