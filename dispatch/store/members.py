"""Members, their sites and telephones; and, by delegation, the places of the town."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from dispatch.register.members_csv import MemberRow as MemberLine
from dispatch.register.plan import Action, FieldChange
from dispatch.register.report import ImportReport, RecordChange, report
from dispatch.register.table import Refusal
from dispatch.scheme import Place
from dispatch.store import counters
from dispatch.store.audit import add_audit
from dispatch.store.database import Database
from dispatch.store.errors import ImportRefused
from dispatch.store.places import PlacesStore
from dispatch.store.tables import ContactRow, MemberRow, SiteRow


@dataclass(frozen=True, slots=True)
class Site:
    """A place of a member. Latitude and longitude in degrees (WGS 84)."""

    site_id: int
    name: str
    latitude: float | None
    longitude: float | None
    hours: str
    radio_unit: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """A telephone of a member."""

    contact_id: int
    name: str
    phone: str
    """E.164."""
    wants_sms: bool
    opted_out: bool
    site: str | None
    retired: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A business in the scheme."""

    member_id: int
    name: str
    retired: bool
    sites: tuple[Site, ...] = ()
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class SmsContact:
    """Somebody who gets texts."""

    contact_id: int
    member: str
    name: str
    phone: str
    """E.164."""


class MembersStore:
    """Questions about members.

    Args:
        database: where they are.
        clock: aware UTC now.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._places = PlacesStore(database, clock)

    async def list(self, *, retired: bool = False) -> tuple[Member, ...]:
        """All members by name; those that left only if asked for."""
        async with self._database.read() as session:
            rows = await _rows(session)
        return tuple(_member(row) for row in rows if retired or row.retired_at is None)

    async def sms_contacts(self) -> tuple[SmsContact, ...]:
        """Who gets texts: wants them, did not send STOP, has not left."""
        query = (
            select(ContactRow.id, MemberRow.name, ContactRow.name, ContactRow.phone)
            .join(MemberRow, MemberRow.id == ContactRow.member_id)
            .where(
                ContactRow.wants_sms,
                ~ContactRow.opted_out,
                ContactRow.retired_at.is_(None),
                MemberRow.retired_at.is_(None),
            )
            .order_by(ContactRow.id)
        )
        async with self._database.read() as session:
            return tuple(SmsContact(*row) for row in (await session.execute(query)).all())

    async def set_opted_out(self, phone: str, opted_out: bool, by: str = "contact") -> bool:
        """STOP or START came from a number (E.164). False when no contact has it; the trail has it in both cases."""
        query = select(ContactRow).where(ContactRow.phone == phone).with_for_update()
        async with self._database.write() as session:
            row = (await session.scalars(query)).one_or_none()
            now = self._clock()
            if row is not None and row.opted_out != opted_out:
                row.opted_out = opted_out
                row.opted_out_at = now if opted_out else None
            action = "opted out" if opted_out else "opted in"
            add_audit(session, now, by, action, f"phone {phone}", {"known": row is not None})
        return row is not None

    async def import_members(
        self,
        rows: Sequence[MemberLine],
        *,
        dry_run: bool,
        partial: bool = False,
        by: str,
        refusals: Sequence[Refusal] = (),
        retire_missing: bool = False,
    ) -> ImportReport:
        """Bring members, sites and contacts up to a list, in one transaction: all of it or nothing.

        Contacts are known by their number, sites by their name within the member. Nobody is removed; `retire_missing`
        retires members and telephones that the list lacks. An opt-out is never taken back.

        Raises:
            ImportRefused: `retire_missing` with refused rows, or with an empty list.
            StoreUnavailable: nothing was changed; try again.
        """
        refused = tuple(refusals)
        if retire_missing and (refused or not rows):
            what = "refused rows" if refused else "an empty list"
            raise ImportRefused(f"--retire-missing with {what} would retire members who are still in the scheme")
        # A dry run does the work and takes it back, so that it can't disagree with the import.
        apply = not dry_run and (partial or not refused)
        async with self._database.write() as session:
            await counters.next_value(session, counters.MEMBERS_VERSION)
            work = _Import({row.name: row for row in await _rows(session)}, self._clock())
            session.autoflush = False
            for line in rows:
                work.line(line)
            if retire_missing:
                work.retire_missing()
            session.add_all(work.members.values())
            done = report(work.records(), refused, applied=apply, dry_run=dry_run)
            if apply and done.records:
                detail = {"added": done.added, "changed": done.changed, "retired": done.retired}
                add_audit(session, self._clock(), by, "imported members", "members", detail)
            else:
                await session.rollback()
        return done

    async def places(self) -> tuple[Place, ...]:
        """The places people name on the radio, by name."""
        return await self._places.list()

    async def import_places(
        self,
        rows: Sequence[Place],
        *,
        dry_run: bool,
        partial: bool = False,
        by: str,
        refusals: Sequence[Refusal] = (),
        retire_missing: bool = False,
    ) -> ImportReport:
        """Bring the places up to a list; the rules are those of `import_members`."""
        return await self._places.import_places(
            rows, dry_run=dry_run, partial=partial, by=by, refusals=refusals, retire_missing=retire_missing
        )


class _Import:
    """One list being worked into the rows of one session."""

    def __init__(self, members: dict[str, MemberRow], now: datetime) -> None:
        self.members = members
        self._now = now
        self._phones = {contact.phone: contact for row in members.values() for contact in row.contacts}
        self._changes: dict[str, list[FieldChange]] = {}
        self._added: set[str] = set()
        self._retired: set[str] = set()
        self._listed_phones: set[str] = set()

    def line(self, line: MemberLine) -> None:
        """Work in one line."""
        row = self.members.get(line.member)
        changes = self._changes.setdefault(line.member, [])
        if row is None:
            row = MemberRow(name=line.member, created_at=self._now, sites=[], contacts=[])
            self.members[line.member] = row
            self._added.add(line.member)
        if row.retired_at is not None:
            row.retired_at = None
            changes.append(FieldChange("retired", "yes", "no"))
        site = self._site(row, line, changes)
        if line.phone is not None:
            self._listed_phones.add(line.phone)
            self._contact(row, site, line, line.phone, changes)

    def _site(self, row: MemberRow, line: MemberLine, changes: list[FieldChange]) -> SiteRow | None:
        name = line.site or row.name
        says_something = line.site or line.latitude is not None or line.hours or line.radio_unit
        site = next((site for site in row.sites if site.name == name), None)
        if site is None:
            if not says_something:
                return None
            site = SiteRow(name=name, hours="")
            row.sites.append(site)
            changes.append(FieldChange("site", "", name))
        if not says_something:
            return site  # a second telephone of the same site need not repeat where it is
        for field, column in (
            ("latitude", "lat"),
            ("longitude", "lon"),
            ("hours", "hours"),
            ("radio_unit", "radio_unit"),
        ):
            if column in line.given:
                _set(site, field, getattr(line, field), f"site {name} {column}", changes)
        return site

    def _contact(
        self, row: MemberRow, site: SiteRow | None, line: MemberLine, phone: str, changes: list[FieldChange]
    ) -> None:
        contact = self._phones.get(phone)
        if contact is None:
            contact = ContactRow(
                name=line.contact, phone=phone, wants_sms=line.wants_sms, opted_out=False, created_at=self._now
            )
            contact.member = row
            self._phones[phone] = contact
            changes.append(FieldChange("contact", "", f"{line.contact} {phone}".strip()))
        elif contact.member is not row:
            changes.append(FieldChange(f"contact {phone} member", contact.member.name, row.name))
            contact.member = row
        if contact.retired_at is not None:
            contact.retired_at = None
            changes.append(FieldChange(f"contact {phone} retired", "yes", "no"))
        if "contact" in line.given:
            _set(contact, "name", line.contact, f"contact {phone} name", changes)
        if "wants_sms" in line.given:
            _set(contact, "wants_sms", line.wants_sms, f"contact {phone} wants_sms", changes)
        if contact.site is not site and (site is not None or "site" in line.given):
            if contact.id is not None:
                changes.append(FieldChange(f"contact {phone} site", _name(contact.site), _name(site)))
            contact.site = site
        if line.opted_out and not contact.opted_out:
            contact.opted_out, contact.opted_out_at = True, self._now
            changes.append(FieldChange(f"contact {phone} opted_out", "no", "yes"))

    def retire_missing(self) -> None:
        """Retire members and telephones that no line named."""
        for name, row in self.members.items():
            if name not in self._changes and row.retired_at is None:
                row.retired_at = self._now
                self._retired.add(name)
                self._changes[name] = [FieldChange("retired", "no", "yes")]
        for phone, contact in self._phones.items():
            if phone not in self._listed_phones and contact.retired_at is None:
                contact.retired_at = self._now
                change = FieldChange(f"contact {phone} retired", "no", "yes")
                self._changes.setdefault(contact.member.name, []).append(change)

    def records(self) -> list[RecordChange]:
        """What became of each member that the list named or retired."""
        return [RecordChange(name, self._action(name), tuple(changes)) for name, changes in self._changes.items()]

    def _action(self, name: str) -> Action:
        if name in self._added:
            return Action.ADDED
        if name in self._retired:
            return Action.RETIRED
        return Action.CHANGED if self._changes[name] else Action.UNCHANGED


def _set(row: SiteRow | ContactRow, field: str, value: object, shown: str, changes: list[FieldChange]) -> None:
    before = getattr(row, field)
    if before == value:
        return
    setattr(row, field, value)
    changes.append(FieldChange(shown, _text(before), _text(value)))


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def _name(site: SiteRow | None) -> str:
    return site.name if site else ""


async def _rows(session: AsyncSession) -> Sequence[MemberRow]:
    query = (
        select(MemberRow)
        .options(
            selectinload(MemberRow.sites),
            selectinload(MemberRow.contacts).selectinload(ContactRow.site),
            selectinload(MemberRow.contacts).joinedload(ContactRow.member),
        )
        .order_by(MemberRow.name)
    )
    return (await session.scalars(query)).all()


def _member(row: MemberRow) -> Member:
    return Member(
        member_id=row.id,
        name=row.name,
        retired=row.retired_at is not None,
        sites=tuple(Site(s.id, s.name, s.latitude, s.longitude, s.hours, s.radio_unit) for s in row.sites),
        contacts=tuple(
            Contact(
                c.id,
                c.name,
                c.phone,
                c.wants_sms,
                c.opted_out,
                None if c.site is None else c.site.name,
                c.retired_at is not None,
            )
            for c in row.contacts
        ),
    )
