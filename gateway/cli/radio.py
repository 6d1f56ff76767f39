"""`huecry radio`: sets a radio up with its installer watching, and shows it live."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from gateway.cli.app import complain
from gateway.cli.common import ConfigOption, start
from gateway.radio_lock import RadioTaken, hold_radio
from gateway.radio_monitor.watching import Show, watch_radio
from gateway.radio_setup.dialogue import Setup, Work
from gateway.radio_setup.merging import CanNotMerge
from gateway.radio_setup.rigs import rigs_here
from gateway.radio_setup.screens import found_table
from gateway.radio_setup.seems import Candidate, candidates
from gateway.radio_setup.terminal import NoAnswer, Terminal
from gateway.radios import make_driver
from gateway.settings import RadioSettings, Settings, require_radio
from gateway.settings_errors import SettingsError
from gateway.settings_file import SYSTEM_FILE, settings_file
from radio_drivers.interface import RadioSettingsError
from radio_drivers.line.inventory import Inventory, take_inventory

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Set up a radio, step by step; watch one live.",
)

ChannelOption = Annotated[str | None, typer.Option("--channel", metavar="NAME", help="Which radio.")]


@app.command()
def setup(
    config: ConfigOption = None,
    channel: ChannelOption = None,
    only_list: Annotated[bool, typer.Option("--list", help="Show what is plugged in, and end.")] = False,
) -> None:
    """Find out how a radio is wired and how loud it is, and write the settings. Asks before it keys or writes."""
    console = Console(highlight=False)
    with asyncio.Runner() as runner:
        inventory, found = runner.run(_look())
        for trouble in inventory.troubles:
            console.print(Text(trouble, "red"))
        if only_list:
            console.print(found_table(found) if found else "no serial port, radio interface or sound device was found")
            return
        file = settings_file(config, os.environ) or (SYSTEM_FILE if os.geteuid() == 0 else Path("huecry.toml"))
        terminal = Terminal(console)
        with ExitStack() as locks:
            _warn_of_gateway(config, file, terminal, locks)
            try:
                written = Setup(terminal, Work(file, found, channel), runner).run()
            except (NoAnswer, CanNotMerge) as error:
                complain(f"huecry: {error}")
                raise typer.Exit(2) from None
            except OSError as error:
                complain(f"huecry: {file} can't be changed: {error.strerror or error}")
                raise typer.Exit(2) from None
            except KeyboardInterrupt:
                console.print("\nNothing was written; nothing is keyed.")
                raise typer.Exit(1) from None
    if not written:
        raise typer.Exit(1)


async def _look() -> tuple[Inventory, tuple[Candidate, ...]]:
    inventory = await asyncio.to_thread(take_inventory)
    return inventory, candidates(inventory, await rigs_here())


def _warn_of_gateway(config: Path | None, file: Path, terminal: Terminal, locks: ExitStack) -> None:
    """Settings that don't work yet are what the setup is for; a gateway that runs has the ports."""
    if not file.is_file():
        return
    try:
        settings = start(config, quiet=True)
    except SettingsError:
        return
    for radio in settings.radio:
        try:
            locks.enter_context(hold_radio(settings.state_dir, radio.name, "huecry radio setup"))
        except RadioTaken as taken:
            terminal.say(Text(f"{taken}\n", "red"))


@app.command()
def monitor(
    config: ConfigOption = None,
    channel: ChannelOption = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE.png", help="p saves the picture there, too.")
    ] = None,
) -> None:
    """Watch one radio: channel, level, unit, strength, signalling, texts, emergencies. Never transmits."""
    settings = start(config, quiet=True)
    radio = _chosen(settings, channel)
    try:
        with hold_radio(settings.state_dir, radio.name, "huecry radio monitor"), asyncio.Runner() as runner:
            show = Show(Console(highlight=False), settings.scheme.zone, picture)
            runner.run(watch_radio(make_driver(radio), show))
    except KeyboardInterrupt:
        pass
    except (RadioTaken, RadioSettingsError) as error:
        complain(f"huecry: {error}")
        raise typer.Exit(2) from None


def _chosen(settings: Settings, channel: str | None) -> RadioSettings:
    radios = require_radio(settings)
    names = ", ".join(radio.name for radio in radios)
    if channel is None and len(radios) > 1:
        raise typer.BadParameter(f"which one? {names}", param_hint="--channel")
    found = next((radio for radio in radios if channel in {None, radio.name}), None)
    if found is None:
        raise typer.BadParameter(f"no radio is called {channel!r}; there are: {names}", param_hint="--channel")
    return found
