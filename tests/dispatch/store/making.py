"""Short ways to make the values that tests put into the store. All people are invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dispatch.calls import (
    AlertKind,
    Call,
    Decision,
    DecisionKind,
    Intent,
    Match,
    Mention,
    MentionKind,
    Priority,
    Span,
)
from dispatch.deliveries import ChannelKind, NewAlert, NewDelivery
from dispatch.heard import HeardWord, Wording
from dispatch.people import NoticeState, Person
from dispatch.register.csv_import import parse_register
from dispatch.store.decisions import Committed
from dispatch.store.store import Store
from dispatch.store.transmissions import NewTranscript, NewTransmission

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

HEADER = "reference,first_name,last_name,aliases,notice_status,notice_served_on,notice_expires_on"
REGISTER = f"""{HEADER}
DT-0142,Wendell,Ackerby,Wink;Ack,active,2026-03-01,2027-02-28
DT-0201,Perpetua,Quillfeather,,warning,2026-05-01,2027-04-30
""".encode()


class Clock:
    """Stands still unless told otherwise."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Now."""
        return self.now

    def forward(self, seconds: float) -> datetime:
        """Move on."""
        self.now += timedelta(seconds=seconds)
        return self.now


def seconds(number: float) -> timedelta:
    """A duration."""
    return timedelta(seconds=number)


def transmission(uid: str = "a1", at: datetime = NOON, channel: str = "town", sha256: str = "5a") -> NewTransmission:
    """A recording of three seconds."""
    return NewTransmission(
        uid=uid,
        channel=channel,
        unit="U7",
        strength_dbm=-71.5,
        started_at=at,
        ended_at=at + seconds(3),
        duration_s=3.0,
        audio_path=f"/audio/{uid}.wav",
        sha256=sha256,
    )


def transcript(text: str = "Control from Superdrug, Wendell Ackerby is back") -> NewTranscript:
    """A transcript with one word and two wordings."""
    return NewTranscript(
        text=text,
        words=(HeardWord("Control", 0.1, 0.5, 0.93),),
        hypotheses=(Wording(text, -0.31), Wording("Control from Superdrug, Wendell Ackerley", -0.52, biased=True)),
        average_logprob=-0.31,
        no_speech=0.02,
        engine="whisper tiny.en int8",
        took_s=0.41,
    )


def call(intent: Intent = Intent.SIGHTING, text: str = "Wendell Ackerby is back") -> Call:
    """What the transcript means."""
    return Call(text=text, intent=intent, caller="Superdrug", called="Control", reasons=("opening names the caller",))


def match(person: Person, confidence: float = 0.94) -> Match:
    """A full name."""
    mention = Mention(said=person.name, kind=MentionKind.FULL, span=Span(0, len(person.name)), wanted=person.name)
    notice_id = person.notices[0].notice_id if person.notices else None
    return Match(mention, person, confidence, NoticeState.ACTIVE, notice_id, "said in full")


def sms(number: int = 1, body: str = "HC1 DT-0142 Superdrug") -> NewDelivery:
    """A text to one of the numbers that Ofcom keeps for drama."""
    return NewDelivery(ChannelKind.SMS, f"+4477009{number:05d}", body)


VOICE = NewDelivery(ChannelKind.RADIO_VOICE, "town", "All units, DT-0142, Superdrug")


def alert(
    number: int,
    *deliveries: NewDelivery,
    kind: AlertKind = AlertKind.SIGHTING,
    priority: Priority = Priority.NORMAL,
    at: datetime = NOON,
    life_s: float = 600,
    people: tuple[Person, ...] = (),
    ends: tuple[int, ...] = (),
    updates: int | None = None,
) -> NewAlert:
    """An alert that lives ten minutes."""
    return NewAlert(
        number=number,
        kind=kind,
        priority=priority,
        created_at=at,
        expires_at=at + seconds(life_s),
        offender_ids=tuple(person.offender_id for person in people),
        notice_ids=tuple(notice.notice_id for person in people for notice in person.notices),
        place="Superdrug",
        summary=f"alert {number}",
        deliveries=deliveries or (VOICE, sms()),
        ends=ends,
        updates=updates,
    )


def decision(kind: DecisionKind = DecisionKind.ALERT, named: tuple[Match, ...] = ()) -> Decision:
    """With its reason."""
    return Decision(kind, "said in full, notice in force", AlertKind.SIGHTING, named=named)


async def record(store: Store, uid: str = "a1", at: datetime = NOON) -> int:
    """A recorded transmission."""
    return await store.transmissions.record(transmission(uid, at))


async def raise_alert(
    store: Store,
    *deliveries: NewDelivery,
    kind: AlertKind = AlertKind.SIGHTING,
    priority: Priority = Priority.NORMAL,
    at: datetime = NOON,
    life_s: float = 600,
    people: tuple[Person, ...] = (),
    ends: tuple[int, ...] = (),
) -> Committed:
    """Record, decide, commit."""
    number = await store.decisions.reserve_number()
    transmission_id = await record(store, f"uid{number}", at)
    new = alert(number, *deliveries, kind=kind, priority=priority, at=at, life_s=life_s, people=people, ends=ends)
    matches = tuple(match(person) for person in people)
    return await store.decisions.commit(
        transmission_id, call(), matches, decision(named=matches), new, at, {"speech": 0.4}
    )


async def fill_register(store: Store, data: bytes = REGISTER) -> tuple[Person, ...]:
    """Two people."""
    parsed = parse_register(data)
    assert not parsed.refusals
    await store.register.import_people(parsed.rows, dry_run=False, by="tests")
    return await store.register.people()
