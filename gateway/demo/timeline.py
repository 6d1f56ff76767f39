"""A picture of the demonstration: who talked when, what was decided, when every radio heard about it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dispatch.calls import DecisionKind
from dispatch.deliveries import ChannelKind
from gateway.demo.diary import Diary

LANES = ("guards talk", "decided", "rebroadcast", "texts")
COLOURS = {
    DecisionKind.ALERT: "#c0392b",
    DecisionKind.REVIEW: "#f1c40f",
    DecisionKind.STAND_DOWN: "#27ae60",
    DecisionKind.LOG: "#7f8c8d",
}


def draw(diary: Diary, path: Path, zone: ZoneInfo, title: str) -> None:
    """Write the picture as PNG. Blocking; takes about a second."""
    # Without a screen, and without matplotlib's global state: this may run beside other threads.
    import matplotlib.dates as mdates
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    def number(at: datetime) -> float:
        return float(mdates.date2num(at))

    figure = Figure(figsize=(15, 5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for entry in diary.entries:
        if entry.ended_at is None:
            continue
        begin, end = number(entry.began_at), number(entry.ended_at)
        kind = entry.handled.decision.kind if entry.handled else DecisionKind.LOG
        axes.barh(3, end - begin, left=begin, height=0.5, color=COLOURS[kind], alpha=0.85)
        if entry.handled:
            axes.plot(number(entry.handled.decided_at), 2, "o", color=COLOURS[kind], markersize=9)
        for event in diary.sent(entry):
            if event.delivery.channel is ChannelKind.SMS:
                axes.plot(number(event.at), 0, "^", color=COLOURS[kind], markersize=8)
        label = entry.script.says.split(",")[0]
        label = label if len(label) < 34 else label[:32] + "…"
        axes.annotate(label, (begin, 3.32), rotation=28, fontsize=8, ha="left", va="bottom")
    for began, ended in diary.rebroadcasts:
        axes.barh(1, number(ended) - number(began), left=number(began), height=0.5, color="#2c3e50")
    axes.set_yticks([3, 2, 1, 0], LANES)
    axes.set_ylim(-0.5, 4.9)
    axes.xaxis.set_major_locator(mdates.SecondLocator(bysecond=(0, 20, 40), tz=zone))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%H:%M:%S", tz=zone))
    axes.grid(axis="x", alpha=0.3)
    axes.set_title(title, loc="left", fontweight="bold")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    names = {
        "alert": DecisionKind.ALERT,
        "ask a person": DecisionKind.REVIEW,
        "stand down": DecisionKind.STAND_DOWN,
        "log only": DecisionKind.LOG,
    }
    handles = [Patch(color=COLOURS[kind], label=name) for name, kind in names.items()]
    axes.legend(handles=handles, loc="upper right", ncols=4, frameon=False, fontsize=9)
    FigureCanvasAgg(figure).print_png(str(path))
