"""What `huecry radio setup` shows. Values in, things for rich out; readable without colours and in 80 columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from gateway.radio_setup.levels import LOUD_DBFS, QUIET_DBFS, Meter, Verdict
from gateway.radio_setup.seems import Candidate

BAR_CELLS = 40
BAR_LOW_DBFS, BAR_HIGH_DBFS = -60.0, 0.0
KINDS = {"serial": "serial port", "cm108": "radio pins", "rigctld": "rigctld", "sound": "sound"}
STYLES = {Verdict.GOOD: "green", Verdict.NOTHING: "dim"}


def found_table(candidates: Sequence[Candidate]) -> Table:
    """Everything that was found, numbered as it is asked for; what is made for radios in bold."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("", "what", "where", "seems to be", "for"):
        table.add_column(name, overflow="fold", no_wrap=name in {"", "what"})
    for number, found in enumerate(candidates, 1):
        style = "bold" if found.likely else ""
        good_for = Text(found.good_for)
        if found.hint:
            good_for.append(f"\n{found.hint}", "red")
        table.add_row(
            str(number), KINDS[found.use], Text(found.where, style), Text(found.seems or "?", style), good_for
        )
    return table


def level_bar(now_dbfs: float, peak_dbfs: float) -> Text:
    """A level with its peak, -60 to 0 dBFS."""

    def cell(dbfs: float) -> int:
        share = (dbfs - BAR_LOW_DBFS) / (BAR_HIGH_DBFS - BAR_LOW_DBFS)
        return max(0, min(BAR_CELLS, round(share * BAR_CELLS)))

    bar, filled, peak = Text(), cell(now_dbfs), cell(peak_dbfs)
    for position in range(BAR_CELLS):
        dbfs = BAR_LOW_DBFS + position * (BAR_HIGH_DBFS - BAR_LOW_DBFS) / BAR_CELLS
        colour = "red" if dbfs >= LOUD_DBFS else "green" if dbfs >= QUIET_DBFS else "yellow"
        mark = "█" if position < filled else "│" if position == peak - 1 else "·"
        bar.append(mark, colour if mark != "·" else "dim")
    return bar.append(f" {now_dbfs:4.0f} dBFS")


def line_lamps(lines: Mapping[str, tuple[bool, bool]]) -> Text:
    """Lines with their levels; those that moved are marked."""
    lamps = Text()
    for name, (on, moved) in lines.items():
        lamps.append(f"{name.upper()} ", "bold" if moved else "")
        lamps.append("on " if on else "off", "black on green" if on else "dim")
        lamps.append(" moved   " if moved else "   ")
    return lamps


def watching(lines: Mapping[str, tuple[bool, bool]], meter: Meter, foot: str) -> RenderableType:
    """The live screen while somebody talks."""
    judged = meter.judged()
    verdict = Text(str(judged.verdict), STYLES.get(judged.verdict, "bold red"))
    if judged.verdict is not Verdict.NOTHING:
        verdict.append(f"  ({judged.speech_dbfs:.0f} dBFS over {meter.talk_s:.0f} s of talk)", "dim")
    rows: list[RenderableType] = []
    if lines:
        rows.append(Text("lines  ").append_text(line_lamps(lines)))
    rows += [
        Text("sound  ").append_text(level_bar(meter.now_dbfs, meter.peak_dbfs)),
        Text("talk   ").append_text(verdict),
        Text(foot, "dim"),
    ]
    return Group(*rows)


def keying(seconds_left: float, how: str) -> Text:
    """The live line while we transmit."""
    return Text.assemble((" ON THE AIR ", "bold white on red3"), f" {how}, {seconds_left:.1f} s left; any key releases")


def changes(difference: str) -> RenderableType:
    """A unified diff."""
    return Syntax(difference, "diff", theme="ansi_dark", background_color="default", word_wrap=True)
