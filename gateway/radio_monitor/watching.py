"""Runs a driver and shows what it tells, until somebody presses q. Never transmits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.live import Live
from rich.text import Text

from gateway.radio_monitor.picture import drawn, save_picture
from gateway.radio_monitor.state import RadioState
from gateway.radio_monitor.view import line, screen
from gateway.terminal_keys import END, Keys, Pressed
from radio_drivers.control import ShowsInputs
from radio_drivers.interface import RadioDriver, RadioSettingsError

DRAWN_S = 0.1


@dataclass(frozen=True, slots=True)
class Show:
    """How it is shown."""

    console: Console
    zone: ZoneInfo
    picture: Path | None = None
    """Where pictures go besides the terminal."""
    keyboard: Callable[[], AbstractContextManager[Pressed]] = Keys


async def watch_radio(driver: RadioDriver, show: Show) -> None:
    """Show one radio until q, Ctrl-D or cancelled.

    Raises:
        RadioSettingsError: its settings can't work.
    """
    try:
        await _watch(driver, show)
    except ExceptionGroup as group:
        problem = next((error for error in group.exceptions if isinstance(error, RadioSettingsError)), None)
        if problem is None:
            raise
        raise problem from None


async def _watch(driver: RadioDriver, show: Show) -> None:
    state = RadioState(driver.channel)
    live = show.console.is_terminal
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(driver.run(), name=f"link {driver.channel}"),
            group.create_task(_listen(driver, state, show, printing=not live), name=f"ears {driver.channel}"),
        ]
        try:
            if live:
                await _draw(driver, state, show)
            else:
                await asyncio.Event().wait()
        finally:
            for task in tasks:
                task.cancel()


async def _listen(driver: RadioDriver, state: RadioState, show: Show, *, printing: bool) -> None:
    async for event in driver.events():
        noted = state.feed(event)
        if printing and noted is not None:
            show.console.print(line(noted, show.zone), highlight=False)


async def _draw(driver: RadioDriver, state: RadioState, show: Show) -> None:
    console = show.console
    with show.keyboard() as keys, Live(console=console, auto_refresh=False) as live:
        while True:
            pressed = keys.pressed()
            if "p" in pressed:
                await _picture(state, show)
            if "q" in pressed or END in pressed:
                return
            state.inputs = inputs_of(driver)
            live.update(screen(state, datetime.now(UTC), show.zone), refresh=True)
            await asyncio.sleep(DRAWN_S)


def inputs_of(driver: RadioDriver) -> dict[str, bool]:
    """The lines of a driver, or of the one inside it."""
    inner: object = driver
    while inner is not None:
        if isinstance(inner, ShowsInputs):
            return inner.inputs
        inner = getattr(inner, "inner", None)
    return {}


async def _picture(state: RadioState, show: Show) -> None:
    console, call = show.console, state.last_call
    if not call:
        console.print(Text("no call has ended yet", "dim"))
        return
    image = await asyncio.to_thread(drawn, call, min(console.width, 120), colours=console.color_system is not None)
    console.print(image)
    if show.picture is not None:
        try:
            await asyncio.to_thread(save_picture, call, show.picture)
        except OSError as error:
            console.print(Text(f"{show.picture} can't be written: {error.strerror or error}", "red"))
        else:
            console.print(Text(f"saved as {show.picture}", "dim"))
