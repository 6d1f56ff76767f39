"""The invented town of the demo and invented people, for the tests of the pure rules."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dispatch.calls import AlertKind, Call, Decision, Match
from dispatch.deliveries import LiveAlert
from dispatch.heard import Heard, Wording
from dispatch.matching import match
from dispatch.people import Notice, NoticeStatus, Person
from dispatch.policy import PolicyRules, decide
from dispatch.reading import read
from dispatch.scheme import Scheme, parse_places, parse_words

CONFIG = Path(__file__).parents[2] / "config"
ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
RULES = PolicyRules()

WORDS = parse_words((CONFIG / "words.toml").read_text())
PLACES = parse_places((CONFIG / "demo/places.csv").read_text())
with (CONFIG / "demo/members.csv").open(newline="") as _rows:
    MEMBERS = tuple(dict.fromkeys(row["member"] for row in csv.DictReader(_rows)))
TOWN = Scheme("FTAC", "Fernley Town Against Crime", WORDS, PLACES, MEMBERS, reference_prefixes=("FT",))


def person(
    number: int,
    name: str,
    *aliases: str,
    sex: str = "m",
    born: date | None = date(1985, 4, 3),
    status: NoticeStatus = NoticeStatus.ACTIVE,
    served: date | None = date(2026, 5, 1),
    expires: date | None = date(2027, 4, 30),
) -> Person:
    """Somebody on the register; `number` is also the reference's."""
    first, _, last = name.partition(" ")
    notices = (Notice(number, status, served, expires),)
    return Person(number, f"FT-{number:04d}", first, last, aliases, sex, born, notices)


PEOPLE = (
    person(142, "Kevin Marchwood", "Kes"),
    person(147, "Denise Rookwell", sex="f"),
    person(151, "Ryan Tillwater"),
    person(152, "Bryan Tillwater"),
    person(160, "Sean Applegarth", "Sparrow"),
    person(163, "Tomasz Wyrzykowski", "Tommo"),
    person(170, "Lena Castle", sex="f"),
    person(171, "Mark King", "Ginge"),
    person(180, "Gavin Lowther-Pike"),
    person(190, "Robin Oldcastle", status=NoticeStatus.APPEALED),
    person(191, "Nadia Fennimore", sex="f", expires=date(2026, 11, 1)),
    person(192, "Piers Quenby", status=NoticeStatus.WITHDRAWN),
    person(193, "Ivor Thackstone", status=NoticeStatus.WARNING),
    person(194, "Callum Braddock", born=date(2011, 6, 1)),
    person(195, "Otis Pennywell", status=NoticeStatus.DRAFT, served=None),
    person(200, "Jodie Mill", sex="f"),
    person(201, "Wayne Weaver"),
)


def heard(text: str, *others: str, biased: Sequence[str] = (), no_speech: float = 0.05) -> Heard:
    """What an engine might have given: the best wording, others, and some with names suggested."""
    wordings = [Wording(text, -0.3), *(Wording(other, -0.5) for other in others)]
    wordings += [Wording(one, -0.4, biased=True) for one in biased]
    return Heard(text, (), tuple(wordings), -0.3, no_speech, 4.0)


def reading(text: str) -> Call:
    """Read one wording."""
    return read(heard(text), TOWN)


def matching(
    text: str, *others: str, biased: Sequence[str] = (), people: Sequence[Person] = PEOPLE
) -> tuple[Match, ...]:
    """Read and match."""
    spoken = heard(text, *others, biased=biased)
    return match(spoken, read(spoken, TOWN), people, NOW, ZONE, TOWN)


def confidences(text: str, *others: str, biased: Sequence[str] = ()) -> dict[int, float]:
    """Confidence by number for everybody matched and not denied."""
    found = matching(text, *others, biased=biased)
    return {m.person.offender_id: m.confidence for m in found if not m.mention.negated}


def deciding(
    text: str, live: Sequence[LiveAlert] = (), now: datetime = NOW, people: Sequence[Person] = PEOPLE
) -> Decision:
    """All the rules, from text to decision."""
    spoken = heard(text)
    call = read(spoken, TOWN)
    return decide(call, match(spoken, call, people, now, ZONE, TOWN), live, now, ZONE, RULES, "town")


def live_alert(
    number: int,
    *offenders: int,
    kind: AlertKind = AlertKind.SIGHTING,
    ago_s: float = 300,
    place: str | None = "Mill Lane",
    caller: str | None = "Corner Books",
    channel: str = "town",
) -> LiveAlert:
    """An alert that is on people's minds; its id is its number plus 1000."""
    references = tuple(f"FT-{offender:04d}" for offender in offenders)
    created = NOW - timedelta(seconds=ago_s)
    return LiveAlert(number + 1000, number, kind, created, offenders, references, place, channel, caller)
