"""The root of the command line. Each command's module is imported when it is used, so that `--help` is quick.

Exit codes: 0 done, 1 done with errors, 2 wrong usage or configuration, with a message and without a traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer._click.core import Command, Context
from typer.core import TyperCommand, TyperGroup
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives."""

    help: str
    module: str
    attribute: str
    """A `typer.Typer` (`app`) or the command's own function."""


COMMANDS = {
    "run": Entry("Listen, decide and tell: the daemon.", "gateway.cli.run", "run"),
    "demo": Entry("A made-up town's afternoon, without a radio.", "gateway.cli.demo", "demo"),
    "replay": Entry("Play recordings through the whole pipeline.", "gateway.cli.replay", "replay_command"),
    "drill": Entry("Which names on the register would be missed.", "gateway.cli.drill", "drill_command"),
    "register": Entry("The people on the register: import, list, show, alike.", "gateway.cli.register", "app"),
    "members": Entry("Members and their sites: import, list.", "gateway.cli.members", "app"),
    "places": Entry("Places that callers speak of: import, list.", "gateway.cli.members", "places_app"),
    "models": Entry("Speech models: list, fetch.", "gateway.cli.models", "app"),
    "radio": Entry("Base stations: set one up, watch one live.", "gateway.cli.radio", "app"),
    "log": Entry("Search what was heard and sent; play or export the sound.", "gateway.cli.log", "app"),
    "db": Entry("The database: state, upgrade.", "gateway.cli.db", "app"),
    "doctor": Entry("Check this gateway and say how to mend what is wrong.", "gateway.cli.doctor", "doctor"),
}


class LazyCommand(TyperCommand):
    """Stands for a command until it is used."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help, short_help=entry.help)
        self.entry = entry

    def load(self) -> Command:
        """The command itself."""
        target = getattr(importlib.import_module(self.entry.module), self.entry.attribute)
        if not isinstance(target, typer.Typer):
            app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
            app.command(self.name)(target)
            target = app
        return typer.main.get_command(target)

    @override
    def make_context(
        self, info_name: str | None, args: list[str], parent: Context | None = None, **extra: Any
    ) -> Context:
        return self.load().make_context(info_name, args, parent=parent, **extra)


class LazyGroup(TyperGroup):
    """Knows its commands by name and one line; imports one when it is called."""

    def __init__(self, **attrs: Any) -> None:  # noqa: ANN401 - typer passes its own keywords on
        super().__init__(**attrs)
        self.commands = {name: LazyCommand(name, entry) for name, entry in COMMANDS.items()}


app = typer.Typer(
    cls=LazyGroup,
    name="huecry",
    help="Hears a town's shop radio, finds who is named on the register, and tells everyone who should know.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from gateway import __version__

        print(f"huecry {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Settings file. Also $HUECRY_CONFIG.")
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version and end.")
    ] = False,
) -> None:
    """Options for all commands."""
    if config is not None:
        # The variable is what `load_settings` looks at, and it reaches speech workers in processes of their own.
        before = os.environ.get("HUECRY_CONFIG")
        os.environ["HUECRY_CONFIG"] = str(config)
        ctx.call_on_close(lambda: _restore(before))


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop("HUECRY_CONFIG", None)
    else:
        os.environ["HUECRY_CONFIG"] = before


def complain(message: str) -> None:
    """Write to standard error, where it can't get into a command's output."""
    print(message, file=sys.stderr)


OURS = (
    ("dispatch.store.errors", "StoreError"),
    ("dispatch.scheme", "SchemeError"),
    ("gateway.speech.transcript", "SpeechError"),
    ("gateway.resources", "ResourceMissingError"),
    ("radio_drivers.interface", "RadioError"),
)
"""Errors whose text is made for people. Looked up only where the module is loaded: nothing is imported for it."""


def readable(error: Exception) -> bool:
    """Its text says what happened and what to do, so that a traceback would only hide it."""
    trees = (getattr(sys.modules.get(module), name, None) for module, name in OURS)
    return any(isinstance(tree, type) and isinstance(error, tree) for tree in trees)


def main(args: list[str] | None = None) -> None:
    """The `huecry` program. Ends the process."""
    try:
        app(args=args, prog_name="huecry")
    except Exception as error:
        # Imported late: the settings bring pydantic, which --help has no use for.
        from gateway.settings_errors import SettingsError

        if isinstance(error, SettingsError):
            complain(f"The settings can't be used:\n{error}")
            raise SystemExit(2) from None
        if readable(error):
            complain(f"huecry: {error}")
            raise SystemExit(1) from None
        raise
