"""`huecry demo`: an invented afternoon, without radio or network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gateway.demo.show import PACE, show
from gateway.logs import set_up_logging


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where everything is left.")] = Path(
        "huecry-demo"
    ),
    pace: Annotated[float, typer.Option("--pace", min=0.1, max=1.0, help="Real seconds for one on the air.")] = PACE,
) -> None:
    """An invented town's afternoon, on a software radio channel, through the real gateway."""
    set_up_logging("error", "console")
    try:
        shown = asyncio.run(show(out, Console(), pace=pace))
    except FileExistsError as error:
        raise typer.BadParameter(str(error), param_hint="--out") from None
    if shown.as_scripted < shown.calls:
        raise typer.Exit(1)
