"""`huecry models`: which speech models there are, and getting one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from gateway.speech.fetch import FetchError, Sources, fetch
from gateway.speech.models import KNOWN, default_models_folder

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Speech models: list, fetch."
)

FolderOption = Annotated[
    Path | None, typer.Option("--folder", metavar="FOLDER", help="Models folder instead of the configured one.")
]


def _home(folder: Path | None) -> Path:
    """The models folder: the given one, the configured one, or the usual one."""
    if folder is not None:
        return folder
    from gateway.settings import load_settings

    settings = load_settings()
    if settings.speech.models_folder is not None:
        return settings.speech.models_folder
    if settings.paths.state_dir is not None:
        return settings.paths.state_dir / "models"
    return default_models_folder(os.environ)


@app.command("list")
def list_models(folder: FolderOption = None) -> None:
    """Show the known models, and which are here."""
    home = _home(folder)
    names = {model.name for model in KNOWN}
    table = Table("name", "engine", "MB", "here", "licence", "", title=f"Speech models in {home}")
    for model in KNOWN:
        here = model.source is None or (home / model.name).is_dir()
        table.add_row(model.name, model.engine, str(model.megabytes), "yes" if here else "", model.licence, model.note)
    for found in sorted(home.iterdir()) if home.is_dir() else ():
        if found.is_dir() and not found.name.startswith(".") and found.name not in names:
            engine = "vosk" if (found / "am").is_dir() else "whisper" if (found / "model.bin").is_file() else "?"
            table.add_row(found.name, engine, "", "yes", "", "")
    console = Console()
    console.print(table)
    console.print('Use one with [bold]\\[speech][/] model = "NAME"; get one with [bold]huecry models fetch NAME[/].')


@app.command("fetch")
def fetch_model(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="From `huecry models list`, or any name of Vosk's own list.")
    ],
    folder: FolderOption = None,
    mirror: Annotated[
        str | None,
        typer.Option("--mirror", metavar="URL", help="A server with the same paths as the model hub and Vosk's site."),
    ] = None,
) -> None:
    """Download a model, going on where an earlier try stopped, and check it."""
    home = _home(folder)
    base = mirror.rstrip("/") if mirror else None
    sources = Sources(base, f"{base}/vosk/models") if base else Sources()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bars: dict[str, TaskID] = {}

        def tell(file: str, done: int, size: int) -> None:
            if file not in bars:
                bars[file] = progress.add_task(file, total=size)
            progress.update(bars[file], completed=done)

        try:
            there = fetch(name, home, sources=sources, progress=tell)
        except FetchError as error:
            progress.stop()
            typer.echo(f"{name} was not fetched: {error}.", err=True)
            raise typer.Exit(1) from None
    typer.echo(f'{name} is in {there}. To use it: [speech] model = "{name}"')
