"""`huecry log`: what was heard, decided and sent; the sound of it. Each look at it is noted in the audit trail."""

from __future__ import annotations

import asyncio
import getpass
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dispatch.store.address import parse_address
from dispatch.store.errors import StoreUnavailable
from dispatch.store.search import LogEntry
from dispatch.store.store import Store, open_store
from gateway.cli.common import ConfigOption, start
from gateway.cli.when import EXAMPLES, parse_when
from gateway.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Search what was heard and sent; play or export the sound.",
)

PAGE = 200
"""Transmissions asked for at once."""
PLAYERS = (
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("play", "-q"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
)
"""Programs that play a WAV, best first: sound servers before the bare card, which the gateway may hold."""

T = TypeVar("T")
Ids = Annotated[
    list[int], typer.Argument(metavar="ID...", help="Numbers from the first column of `huecry log search`.")
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; None does not matter."""

    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    reference: str | None = None
    channel: str | None = None
    alerts_only: bool = False
    alert: int | None = None


def suits(entry: LogEntry, wanted: Wanted) -> bool:
    """What the store's own question can't express: whether an alert came of it, and which."""
    if wanted.alert is not None:
        return entry.alert_number == wanted.alert
    return entry.alert_id is not None or not wanted.alerts_only


async def find(store: Store, wanted: Wanted, limit: int) -> list[LogEntry]:
    """Newest first, at most `limit`."""
    found: list[LogEntry] = []
    seen: set[int] = set()
    until = wanted.until
    while len(found) < limit:
        page = await store.transmissions.search(
            since=wanted.since,
            until=until,
            text=wanted.text,
            reference=wanted.reference,
            channel=wanted.channel,
            limit=PAGE,
        )
        new = [entry for entry in page if entry.transmission_id not in seen]
        if not new:
            break
        seen.update(entry.transmission_id for entry in new)
        found += [entry for entry in new if suits(entry, wanted)]
        # Several may have begun at the same moment: the next page begins with that moment again.
        until = page[-1].started_at + timedelta(microseconds=1)
        if len(page) < PAGE:
            break
    return found[:limit]


@asynccontextmanager
async def existing_store(settings: Settings) -> AsyncIterator[Store]:
    """The store, which must be there: looking at the log makes no database, and none that belongs to root.

    Raises:
        StoreUnavailable: there is none yet.
    """
    path = parse_address(settings.database_url).path
    if path is not None and not await asyncio.to_thread(path.exists):
        raise StoreUnavailable(f"there is no database yet at {path}: has the gateway run with these settings?")
    async with open_store(settings.database_url) as store:
        yield store


def _ask(settings: Settings, question: Callable[[Store], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with existing_store(settings) as store:
            return await question(store)

    return asyncio.run(ask())


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return "unknown"


async def _noted(store: Store, action: str, entries: Sequence[LogEntry]) -> None:
    now = datetime.now(UTC)
    for entry in entries:
        await store.audit.note(now, _actor(), action, f"transmission {entry.transmission_id}")


@app.command()
def search(
    text: Annotated[list[str] | None, typer.Argument(metavar="[WORDS...]", help="Words that were said.")] = None,
    *,
    since: Annotated[str | None, typer.Option(metavar="TIME", help=f"From: {EXAMPLES}.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Up to.")] = None,
    reference: Annotated[str | None, typer.Option(metavar="REF", help="Of a person who was matched.")] = None,
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="Radio channel.")] = None,
    alerts: Annotated[bool, typer.Option("--alerts", help="Only what led to an alert.")] = False,
    alert: Annotated[int | None, typer.Option(metavar="NUMBER", help="What led to this alert.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 30,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    config: ConfigOption = None,
) -> None:
    """Find transmissions, newest first: by words, time, person, channel or alert."""
    settings = start(config, quiet=True)
    zone, now = settings.scheme.zone, datetime.now(UTC)
    try:
        wanted = Wanted(
            since=parse_when(since, now, zone) if since else None,
            until=parse_when(until, now, zone) if until else None,
            text=" ".join(text) if text else None,
            reference=reference,
            channel=channel,
            alerts_only=alerts,
            alert=alert,
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error

    async def question(store: Store) -> list[LogEntry]:
        entries = await find(store, wanted, limit)
        asked = {name: str(value) for name, value in asdict(wanted).items() if value}
        await store.audit.note(now, _actor(), "searched the log", f"{len(entries)} transmissions", asked)
        return entries

    entries = _ask(settings, question)
    if as_json:
        for entry in entries:
            print(json.dumps(asdict(entry), default=str, ensure_ascii=False))
    else:
        Console().print(as_table(entries, zone) if entries else "nothing found")


def as_table(entries: Sequence[LogEntry], zone: ZoneInfo) -> Table:
    """Entries for people; times are the scheme's own."""
    table = Table(box=None, pad_edge=False)
    for name in ("id", "time", "channel", "from", "heard", "outcome"):
        table.add_column(name, overflow="fold", no_wrap=name in {"id", "time"})
    for entry in entries:
        at = entry.started_at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        said = entry.text if entry.text is not None else entry.failed_reason or "(not heard yet)"
        cells = (entry.channel, came_from(entry), said, outcome(entry))
        table.add_row(str(entry.transmission_id), at, *(Text(cell) for cell in cells))
    return table


def came_from(entry: LogEntry) -> str:
    """Who it was, as far as the radio told: unit and whose it is, strength, signalling that says more than the unit."""
    owner = entry.unit_member or ""
    if entry.unit_site and entry.unit_site != owner:
        owner = f"{owner}, {entry.unit_site}"
    parts = [f"{entry.unit or ''} {owner}".strip()]
    if entry.strength_dbm is not None:
        parts.append(f"{entry.strength_dbm:.0f} dBm")
    return "; ".join(part for part in (*parts, *entry.signalling) if part)


def outcome(entry: LogEntry) -> str:
    """What came of a transmission, in a few words."""
    if entry.decision is None:
        return str(entry.state)
    if entry.alert_number is None:
        return str(entry.decision)
    ended = " (ended)" if entry.alert_ended_at else ""
    return f"{entry.decision} {entry.alert_number}: {entry.alert_summary}{ended}"


@app.command()
def show(ids: Ids, config: ConfigOption = None) -> None:
    """Everything about transmissions: text, people, reasons, times. As JSON."""
    settings = start(config, quiet=True)
    for entry in _entries(settings, ids, "looked at"):
        print(json.dumps(asdict(entry), default=str, ensure_ascii=False, indent=2))


@app.command()
def play(ids: Ids, config: ConfigOption = None) -> None:
    """Play the sound of transmissions."""
    settings = start(config, quiet=True)
    player = next((command for command in PLAYERS if shutil.which(command[0])), None)
    if player is None:
        raise typer.BadParameter(
            "no program to play sound is here: apt-get install alsa-utils, or use `huecry log export`"
        )
    for entry in _entries(settings, ids, "listened to"):
        path = _sound(settings, entry)
        print(f"{entry.transmission_id}: {entry.text or ''}")
        done = subprocess.run([*player, str(path)], check=False)
        if done.returncode != 0:
            print(f"{player[0]} could not play {path} (it ended with {done.returncode})")
            raise typer.Exit(1)


@app.command()
def export(
    ids: Ids,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where to; made if need be.")] = Path("export"),
    config: ConfigOption = None,
) -> None:
    """Copy the sound of transmissions into a folder, each with a JSON file of what is known about it."""
    settings = start(config, quiet=True)
    entries = _entries(settings, ids, "exported")
    sounds = [(entry, _sound(settings, entry)) for entry in entries]
    to.mkdir(parents=True, exist_ok=True)
    for entry, sound in sounds:
        at = entry.started_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        target = to / f"{at}_{entry.transmission_id}{sound.suffix}"
        shutil.copyfile(sound, target)
        known = json.dumps(asdict(entry), default=str, ensure_ascii=False, indent=2)
        target.with_suffix(".json").write_text(known + "\n")
        print(target)


def _entries(settings: Settings, ids: Sequence[int], action: str) -> list[LogEntry]:
    async def question(store: Store) -> list[LogEntry]:
        found = []
        for number in ids:
            kept = await store.transmissions.get(number)
            around = await store.transmissions.search(
                since=kept.started_at, until=kept.started_at + timedelta(microseconds=1), channel=kept.channel
            )
            found += [entry for entry in around if entry.transmission_id == number]
        await _noted(store, action, found)
        return found

    return _ask(settings, question)


def _sound(settings: Settings, entry: LogEntry) -> Path:
    # An absolute path stays as it is.
    path = settings.audio_dir / entry.audio_path
    if not entry.audio_path or not path.is_file():
        raise typer.BadParameter(f"transmission {entry.transmission_id} has no sound (any more)")
    return path
