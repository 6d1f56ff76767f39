"""A form to a call. Pure.

Part names and their aliases: rdio-scanner's `docs/api.md` and `server/parsers.go`, versions 6 and 7; the JSON file of
the second form: trunk-recorder's own, as those parsers and its MQTT plugin's documentation give it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from radio_drivers.upload.fields import entries, label, listed, loaded, moment, real, strength, unit, whole
from radio_drivers.upload.form import Form

AUDIO_MIN = 44
"""Bytes: a file of this length is a WAV header and nothing else."""


@dataclass(frozen=True, slots=True)
class Talker:
    """Who speaks from a moment of the recording on."""

    at_s: float
    """Seconds from the recording's begin."""
    unit: str | None
    alias: str = ""
    """Name of the radio or its user, as the recorder knows it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One finished call."""

    system: int
    talkgroup: int
    at: datetime
    """When it began, by the recorder's clock; UTC."""
    audio: bytes
    audio_type: str = ""
    """As the sender says; only for messages."""
    talkers: tuple[Talker, ...] = ()
    """In order of time; the first speaks from the begin."""
    patches: tuple[int, ...] = ()
    """Other talkgroups that heard it."""
    talkgroup_label: str = ""
    strength_dbm: float | None = None
    """The highest that was measured."""
    emergency: bool = False
    encrypted: bool = False
    """Its sound is noise, in which a speech engine might hear names."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Something is missing."""

    what: str
    """`audio`, `timestamp`, `system` or `talkgroup`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who says that this is whose call. Texts as sent, for the answer."""

    key: str
    system: str
    talkgroup: str


def claim_of(form: Form, meta: Mapping[str, Any] | None = None) -> Claim:
    """Key, system and talkgroup, complete or not."""
    talkgroup = _first(form.values, "talkgroup", "talkgroupId")
    if not talkgroup and meta is not None and whole(meta.get("talkgroup")) is not None:
        talkgroup = str(whole(meta.get("talkgroup")))
    return Claim(_first(form.values, "key"), label(_first(form.values, "system", "systemId")), label(talkgroup))


def call_of(form: Form, meta: Mapping[str, Any] | None = None) -> Call | Incomplete:
    """The call of either form, or what it lacks.

    Of several missing parts the talkgroup is named: SDRTrunk's probe, which has next to nothing, takes only that answer
    for a sign of life.

    Args:
        form: what was sent.
        meta: trunk-recorder's JSON file, with the second form.
    """
    told = meta or {}
    talkgroup = whole(_first(form.values, "talkgroup", "talkgroupId") or told.get("talkgroup"))
    system = whole(_first(form.values, "system", "systemId"))
    at = _begin(form.values, told)
    audio = form.audio if form.audio is not None and len(form.audio) > AUDIO_MIN else None
    if not talkgroup:
        return Incomplete("talkgroup")
    if not system:
        return Incomplete("system")
    if at is None:
        return Incomplete("timestamp")
    if audio is None:
        return Incomplete("audio")
    frequencies = [*entries(listed(form.values.get("frequencies"))), *entries(told.get("freqList"))]
    measured = [strength(entry.get("dbm")) for entry in frequencies] + [strength(told.get("signal"))]
    patches = [*listed(_first(form.values, "patches", "patched_talkgroups")), *_list(told.get("patched_talkgroups"))]
    return Call(
        system=system,
        talkgroup=talkgroup,
        at=at,
        audio=audio,
        audio_type=label(_first(form.values, "audioType", "audioMime") or form.audio_type),
        talkers=_talkers(form.values, told),
        patches=tuple(number for number in map(whole, patches) if number),
        talkgroup_label=label(_first(form.values, "talkgroupLabel", "talkgroupName"))
        or label(told.get("talkgroup_tag")),
        strength_dbm=max((dbm for dbm in measured if dbm is not None), default=None),
        emergency=_emergency(told),
        encrypted=told.get("encrypted") in (1, True),
    )


def meta_of(form: Form) -> Mapping[str, Any] | None:
    """trunk-recorder's JSON file out of its part; None where it is missing or no JSON object."""
    meta = loaded(form.values.get("meta", ""))
    return meta if isinstance(meta, dict) else None


def _first(values: Mapping[str, str], *names: str) -> str:
    return next((values[name] for name in names if values.get(name)), "")


def _list(value: object) -> list[Any]:
    return value[:1000] if isinstance(value, list) else []


def _begin(values: Mapping[str, str], meta: Mapping[str, Any]) -> datetime | None:
    """`timestamp` is the exacter one; rdio-scanner's documentation prefers it where both are there."""
    return moment(values.get("timestamp")) or moment(values.get("dateTime")) or moment(meta.get("start_time"))


def _emergency(meta: Mapping[str, Any]) -> bool:
    """Only the JSON file has it: of the call, and of each talker."""
    return any(told.get("emergency") in (1, True) for told in (meta, *entries(meta.get("srcList"))))


def _talkers(values: Mapping[str, str], meta: Mapping[str, Any]) -> tuple[Talker, ...]:
    """From the richest list there is: version 7's `units`, `sources`, the JSON file's `srcList`, or the one `source`."""
    lists = (
        ([*entries(listed(values.get("units"))), *entries(listed(values.get("unit")))], "id", "offset", "label"),
        (entries(listed(values.get("sources"))), "src", "pos", "tag"),
        (entries(meta.get("srcList")), "src", "pos", "tag"),
    )
    for items, who, when, name in lists:
        talkers = [
            Talker(max(0.0, real(item.get(when)) or 0.0), unit(item.get(who)), label(item.get(name))) for item in items
        ]
        talkers.sort(key=lambda talker: talker.at_s)
        if any(talker.unit for talker in talkers):
            return tuple(talkers)
    alias = label(values.get("talkerAlias"))
    one = unit(values.get("source")) or unit(values.get("unit"))
    return (Talker(0.0, one, alias),) if one or alias else ()
