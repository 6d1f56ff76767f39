"""`huecry replay`: recordings through the whole pipeline. Measurements and bug reports rely on its options."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import replace as changed
from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dispatch.scheme import SchemeError
from dispatch.store.errors import StoreError
from gateway.cli.common import ConfigOption, start
from gateway.replay import Lists, ReplayError, recordings_in, replay
from gateway.speech.settings import Engine, SpeechSettings
from gateway.speech.transcript import SpeechSettingsError

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())

ELSEWHERE = "wyoming"


def with_engine(speech: SpeechSettings, engine: str) -> SpeechSettings:
    """The settings for one engine, given by name: only the one here, or the one at `speech.url` with the one here behind it.

    Raises:
        BadParameter: there is no such engine.
    """
    if engine == ELSEWHERE:
        if speech.url is None:
            raise typer.BadParameter(
                f"{engine!r} needs its address: set speech.url, or HUECRY_SPEECH__URL=tcp://host:10300",
                param_hint="--engine",
            )
        return speech
    if engine not in get_args(Engine):
        raise typer.BadParameter(
            f"{engine!r} is no speech engine; whisper and vosk are, and {ELSEWHERE} for the one at speech.url",
            param_hint="--engine",
        )
    model = speech.model if engine == speech.engine else None
    return changed(speech, engine=cast("Engine", engine), model=model, url=None)


def replay_command(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE-OR-FOLDER...", help="WAV, FLAC, MP3 or OGG.", exists=True)
    ],
    json_out: Annotated[Path, typer.Option("--json", metavar="OUT.jsonl", help="One JSON object a file.")],
    config: ConfigOption = None,
    register: Annotated[Path | None, typer.Option(metavar="CSV", help="Register of a fresh temporary store.")] = None,
    members: Annotated[Path | None, typer.Option(metavar="CSV", help="Members of a fresh temporary store.")] = None,
    places: Annotated[Path | None, typer.Option(metavar="FILE", help="Places of the town.")] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="whisper|vosk|wyoming", help="Instead of the configured one; wyoming is the one at speech.url."
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME-OR-FOLDER", help="Instead of the configured one.")] = None,
    no_dispatch: Annotated[bool, typer.Option("--no-dispatch", help="Decide, and send nothing.")] = False,
    radio: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose signalling to listen for: else the first radio's that has any."),
    ] = None,
) -> None:
    """Play recordings through the whole pipeline as if they had just been received, one after the other."""
    console = Console(stderr=True)
    settings = start(config, quiet=True)
    speech = settings.speech
    if engine is not None:
        speech = with_engine(speech, engine)
    if model is not None:
        speech = changed(speech, model=model)
    settings = settings.model_copy(update={"speech": speech})
    recordings = list(recordings_in(files))
    if not recordings:
        raise typer.BadParameter("no WAV, FLAC, MP3 or OGG file in there", param_hint="FILE-OR-FOLDER")
    bar = Progress(*COLUMNS, console=console, transient=True) if console.is_terminal else nullcontext()
    try:
        with json_out.open("w", encoding="utf-8") as out, bar as shown:
            task = shown.add_task("replaying", total=len(recordings)) if shown else None

            def done(_: Path) -> None:
                if shown and task is not None:
                    shown.advance(task)

            errors = asyncio.run(
                replay(
                    settings,
                    recordings,
                    out,
                    lists=Lists(register, members, places),
                    dispatch=not no_dispatch,
                    radio=radio,
                    progress=done,
                )
            )
    except (ReplayError, SpeechSettingsError, SchemeError, StoreError, OSError) as error:
        console.print(f"[red]replay can't go on:[/red] {error}", highlight=False)
        raise typer.Exit(2) from None
    console.print(f"{len(recordings)} files, {errors} with errors; results in {json_out}")
    if errors:
        raise typer.Exit(1)
