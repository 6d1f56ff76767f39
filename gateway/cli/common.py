"""What the commands share: the `--config` option, and the start of every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.logs import set_up_logging
from gateway.settings import Settings, load_settings

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings file. Also $HUECRY_CONFIG.")
]
"""`def command(config: ConfigOption = None)`."""


def start(config: Path | None = None, *, quiet: bool = False) -> Settings:
    """Read the settings and set up logging as they say; `quiet` commands show warnings only.

    Raises:
        SettingsError: `gateway.cli.app.main` turns it into a message and exit code 2.
    """
    settings = load_settings(config)
    level = settings.log.level
    set_up_logging("warning" if quiet and level == "info" else level, settings.log.format)
    return settings
