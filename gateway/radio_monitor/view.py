"""The monitor's screen. Values in, things for rich out."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from gateway.radio_monitor.state import Noted, RadioState
from gateway.radio_setup.screens import level_bar, line_lamps
from radio_drivers.line.squelch import QUIETEST_DBFS

KEYS = "q quits   p draws the spectrum of the last call"


def screen(state: RadioState, now: datetime, zone: ZoneInfo, *, keys: bool = True) -> RenderableType:
    """Everything about the radio now."""
    fresh = state.sound_is_fresh(now)
    rows: list[RenderableType] = [
        _channel(state, now),
        Text("sound     ").append_text(
            level_bar(state.meter.now_dbfs, state.meter.peak_dbfs) if fresh else level_bar(QUIETEST_DBFS, QUIETEST_DBFS)
        ),
        Text(f"unit      {state.unit or '-'}"),
        Text(f"strength  {'-' if state.strength_dbm is None else f'{state.strength_dbm:.0f} dBm'}"),
    ]
    if state.inputs:
        rows.append(
            Text("lines     ").append_text(line_lamps({name: (on, False) for name, on in state.inputs.items()}))
        )
    if state.emergency is not None:
        rows.append(Text(f" {state.emergency.what} at {_clock(state.emergency, zone)} ", state.emergency.style))
    rows.append(Text())
    rows += [line(noted, zone) for noted in state.events]
    return Panel(
        Group(*rows),
        title=Text(f" {state.channel} ", "bold"),
        title_align="left",
        subtitle=Text(f" {KEYS} ", "dim") if keys else None,
        subtitle_align="left",
        padding=(0, 1),
    )


def line(noted: Noted, zone: ZoneInfo) -> Text:
    """One event."""
    return Text.assemble((f"{_clock(noted, zone)}  ", "dim"), (noted.what, noted.style))


def _channel(state: RadioState, now: datetime) -> Text:
    text = Text("channel   ")
    if not state.linked:
        return text.append(" no link ", "bold white on red3").append(f" {state.lost_reason}")
    if state.ours_since is not None:
        return text.append(" WE TRANSMIT ", "bold white on magenta")
    if state.talking_since is not None:
        seconds = max(0.0, (now - state.talking_since).total_seconds())
        return text.append(" busy ", "black on green").append(f" {seconds:.0f} s")
    return text.append(" clear ", "dim")


def _clock(noted: Noted, zone: ZoneInfo) -> str:
    return f"{noted.at.astimezone(zone):%H:%M:%S}"
