"""`huecry doctor`: checks everything and says how to mend what is wrong."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.cli.common import ConfigOption, start
from gateway.doctor import Finding, Level, worst
from gateway.doctor_probes import examine

COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


def doctor(
    config: ConfigOption = None,
    online: Annotated[bool, typer.Option("--online", help="Also ask Twilio about the account.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Findings as JSON, for other programs.")] = False,
) -> None:
    """Check this gateway and say how to mend what is wrong. Exit code 1 when something does not work."""
    settings = start(config, quiet=True)
    findings = asyncio.run(examine(settings, online=online))
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        show(findings, Console())
    if worst(findings) is Level.FAIL:
        raise typer.Exit(1)


def show(findings: list[Finding], console: Console) -> None:
    """Print the table, then how to mend each thing that needs it."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column("level", no_wrap=True)
    table.add_column("part", no_wrap=True)
    table.add_column("found", overflow="fold")
    for finding in findings:
        lines = finding.text if not finding.mend else f"{finding.text}\n-> {finding.mend}"
        table.add_row(f"[{COLOURS[finding.level]}]{finding.level}[/]", finding.part, _plain(lines))
    console.print(table)
    counts = {level: sum(finding.level is level for finding in findings) for level in Level}
    console.print(f"\n{counts[Level.OK]} well, {counts[Level.WARN]} to look at, {counts[Level.FAIL]} that don't work")


def _plain(text: str) -> str:
    """Text that may hold square brackets, which rich would take for its own."""
    return text.replace("[", "\\[")
