"""`huecry drill`: speaks every name on the register to the gateway's own ears and says which would be missed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dispatch.people import Person
from dispatch.scheme import SchemeError
from dispatch.store.errors import StoreError
from gateway.cli.common import ConfigOption, start
from gateway.cli.tables import add, table
from gateway.drill.calls import forms_of
from gateway.drill.channel import Quality
from gateway.drill.findings import FormResult, Outcome, PersonResult, advice, worst_first
from gateway.drill.run import NICENESS, DrillBrokenError, Drilled, DrillError, DrillOrder, drill, last_drills
from gateway.settings import Settings
from gateway.speech.transcript import SpeechSettingsError
from gateway.speech.voice_worker import VoiceSettingsError

log = structlog.get_logger()

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def drill_command(
    only: Annotated[
        list[str] | None, typer.Option(metavar="REF", help="Only this person; may be given several times.")
    ] = None,
    calls: Annotated[int, typer.Option(min=1, max=20, help="Sample calls for each way to name a person.")] = 1,
    quality: Annotated[
        Quality, typer.Option("--channel-quality", help="Of the radio channel that the calls go through.")
    ] = Quality.GOOD,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.1, max=1440, help="Begin nobody new after so long; the next drill goes on from there."),
    ] = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Also write everything as one JSON object.")
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="Speak nothing: only show what the last drills found.")] = False,
    config: ConfigOption = None,
) -> None:
    """Speak every name on the register to the gateway's own ears; say which would be missed or taken for another.

    Nothing is sent and no radio is keyed. Names that are missed are findings: the exit code is 0.
    """
    if json_out is not None and not json_out.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {json_out.parent}", param_hint="--json")
    settings = start(config)
    console, errors = Console(), Console(stderr=True)
    order = DrillOrder(quality, calls, tuple(only or ()), minutes)
    try:
        done = asyncio.run(last_drills(settings, quality)) if last else _drilled(settings, order, errors)
        if json_out is not None:
            json_out.write_text(json.dumps(as_json(done, order, datetime.now(UTC)), indent=1, ensure_ascii=False))
    except (DrillError, SpeechSettingsError, VoiceSettingsError, SchemeError, StoreError, OSError) as error:
        errors.print(f"the drill can't be done: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except asyncio.CancelledError:
        errors.print("the drill was stopped; what it found so far is remembered", highlight=False)
        raise typer.Exit(1) from None
    except DrillBrokenError as error:
        errors.print(f"the drill was given up: {error}", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    shown = done.results if order.only else done.known
    show(console, done.people, shown, done.waiting)


def _drilled(settings: Settings, order: DrillOrder, console: Console) -> Drilled:
    os.nice(NICENESS)
    bar = Progress(*COLUMNS, console=console, transient=True) if console.is_terminal else nullcontext()
    with bar as shown:
        task = shown.add_task("drilling", total=None) if shown else None

        def progress(done: int, everybody: int) -> None:
            if shown and task is not None:
                shown.update(task, completed=done, total=everybody)

        async def until_told_to_stop() -> Drilled:
            task = asyncio.current_task()
            if task is not None:
                # Stopped in an orderly way, so that the copy of the register does not stay in the temporary folder.
                asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
            return await drill(settings, order, progress=progress)

        done = asyncio.run(until_told_to_stop())
    # Only counts: names stay out of the journal.
    log.info("drill done", drilled=len(done.results), **summary(done.results), waiting=done.waiting)
    return done


def summary(results: tuple[PersonResult, ...]) -> dict[str, int]:
    """How many ways to name somebody ended how, and how many got worse."""
    forms = [form for result in results for form in result.forms]
    counts = {outcome.name.lower(): sum(form.outcome is outcome for form in forms) for outcome in Outcome}
    return {"forms": len(forms), **counts, "worse": sum(form.worse for form in forms)}


def show(console: Console, people: tuple[Person, ...], results: tuple[PersonResult, ...], waiting: int) -> None:
    """The names that don't get through, worst first, with advice; then the counts."""
    by_reference = {person.reference: person for person in people}
    names = {person.reference: person.name for person in people}
    bad = [result for result in worst_first(results) if result.badness > (0, 0)]
    if bad:
        rows = table("reference", "said", "outcome", "others who fit", "before", title="Names that don't get through")
        for result in bad:
            _add_person(rows, by_reference[result.reference], result, names)
        console.print(rows)
    for result in bad:
        person = by_reference[result.reference]
        told = " ".join(advice(person, result, names))
        console.print(f"{person.reference} {person.name}: {told}", markup=False, highlight=False, soft_wrap=True)
    counts = summary(results)
    console.print(
        f"{len(results)} people, {counts['forms']} ways to name them: {counts['heard']} heard, {counts['unsure']} unsure, "
        f"{counts['missed']} missed, {counts['wrong']} taken for somebody else; {counts['worse']} got worse",
        highlight=False,
        soft_wrap=True,
    )
    if waiting:
        console.print(f"{waiting} people wait for their first drill under these names", highlight=False)


def _add_person(rows: Any, person: Person, result: PersonResult, names: Mapping[str, str]) -> None:  # noqa: ANN401
    spoken = {form.label: form.spoken for form in forms_of(person)}
    reference = person.reference
    for form in result.forms:
        if form.outcome is Outcome.HEARD:
            continue
        others = ", ".join(f"{names.get(other, '?')} ({other})" for other in form.others)
        said = f"{spoken.get(form.label, '')} ({form.label})"
        add(rows, reference, said, _outcome(form), others, f"was {form.before}" if form.worse else "")
        reference = ""


def _outcome(form: FormResult) -> str:
    return form.outcome if form.calls == 1 else f"{form.outcome} ({form.heard} of {form.calls} heard)"


def as_json(done: Drilled, order: DrillOrder, now: datetime) -> dict[str, Any]:
    """Everything, for other programs: worst first. `details` (the calls themselves) only for those drilled now."""
    by_reference = {person.reference: person for person in done.people}
    names = {person.reference: person.name for person in done.people}
    shown = done.results if order.only else done.known
    return {
        "made_at": now.isoformat(),
        "engine": done.engine,
        "voice": done.voice,
        "channel_quality": order.quality,
        "summary": {"people": len(shown), **summary(shown), "waiting": done.waiting},
        "people": [
            {
                "reference": result.reference,
                "name": names[result.reference],
                "drilled_at": result.drilled_at.isoformat(),
                "forms": [{**asdict(form), "worse": form.worse} for form in result.forms],
                "advice": advice(by_reference[result.reference], result, names),
            }
            for result in worst_first(shown)
        ],
    }
