"""MMDVMHost's JSON: bytes to frames. Pure; fields after its schema, described in docs/radios/mmdvm.md.

One object with one key on `<name>/json`:

    {"DMR":  {"timestamp", "slot", "action", "source", "source_id", "source_info", "destination_id", "destination_type",
              "csbk_desc", "duration", "ber", "loss", "rssi": {"min", "max", "ave"}}}
    {"P25" or "NXDN": the same without slot}    {"D-Star" or "YSF": "source_cs" in place of "source_id"}
    {"RSSI": {"timestamp", "mode", "slot", "value"}}       about once a second while somebody is received
    {"Text": {"timestamp", "mode", "slot", "value"}}       the talker alias
    {"FM":   {"timestamp", "state"}}

The end of a transmission names nobody: `radio_drivers.mmdvm.talkers` remembers its start. There is no audio, and `timestamp`
is not read: what counts is when it happened by the clock of the driver that has the sound, and the message is there at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from radio_drivers.mqtt.fields import FieldError, json_object, number_of, part_of, text_of, whole_of
from radio_drivers.mqtt.protocol import BadPayload

JSON_MAX = 16_000
RSSI_DBM = (-200.0, -10.0)
"""What the schema allows."""
DIGITAL = ("DMR", "P25", "NXDN", "YSF", "D-Star")
TALKING = frozenset(f"{state}_{where}" for state in ("kerchunk", "relaying", "timeout") for where in ("rf", "ext"))
"""FM states in which somebody talks; `..._wait_...` and `hang` are what follows."""


class Action(Enum):
    """What a digital mode tells, as far as it matters here."""

    BEGIN = auto()
    END = auto()
    CONTROL = auto()
    """A control block: neither begin nor end."""
    REFUSED = auto()
    """Somebody was received and not repeated."""


_ACTIONS = {
    "start": Action.BEGIN,
    "late_entry": Action.BEGIN,
    "end": Action.END,
    "lost": Action.END,
    "timeout": Action.END,
    "csbk": Action.CONTROL,
    "invalid": Action.REFUSED,
    "rejected": Action.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Talk:
    """A digital mode's message."""

    mode: str
    slot: int
    """1 or 2; 0 for modes without."""
    action: Action
    unit: str | None = None
    unit_name: str = ""
    destination: int | None = None
    group: bool = True
    network: bool = False
    control_text: str = ""
    strongest_dbm: float | None = None


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong whoever talks is now."""

    mode: str
    slot: int
    dbm: float


@dataclass(frozen=True, slots=True)
class Alias:
    """What whoever talks calls himself."""

    mode: str
    slot: int
    text: str


@dataclass(frozen=True, slots=True)
class Analogue:
    """The FM repeater's state."""

    state: str
    talking: bool


@dataclass(frozen=True, slots=True)
class NotOurBusiness:
    """Bit errors, paging, the host's own mode."""


Frame = Talk | Strength | Alias | Analogue | NotOurBusiness


def decode(payload: bytes) -> Frame | BadPayload:
    """Read one message of `<name>/json`."""
    try:
        fields = json_object(payload, JSON_MAX)
        for mode in DIGITAL:
            if mode in fields:
                return _talk(mode, part_of(fields, mode))
        if "RSSI" in fields:
            part = part_of(fields, "RSSI")
            dbm = _dbm(part, "value")
            if dbm is None:
                raise FieldError(f"RSSI is no strength from {RSSI_DBM[0]:g} to {RSSI_DBM[1]:g} dBm; ignored")
            return Strength(text_of(part, "mode"), _slot(part), dbm)
        if "Text" in fields:
            part = part_of(fields, "Text")
            return Alias(text_of(part, "mode"), _slot(part), text_of(part, "value"))
        if "FM" in fields:
            state = text_of(part_of(fields, "FM"), "state")
            return Analogue(state, state in TALKING)
        return NotOurBusiness()
    except FieldError as refused:
        return BadPayload("json", str(refused))


def _talk(mode: str, fields: Mapping[str, object]) -> Talk:
    action = _ACTIONS.get(text_of(fields, "action"))
    if action is None:
        raise FieldError(f"{mode} has an action that is not known ({text_of(fields, 'action')[:20]!r}); ignored")
    rssi = fields.get("rssi")
    return Talk(
        mode,
        _slot(fields),
        action,
        unit=text_of(fields, "source_id", 64) or text_of(fields, "source_cs", 64) or None,
        unit_name=text_of(fields, "source_info"),
        destination=whole_of(fields, "destination_id"),
        group=text_of(fields, "destination_type") != "individual",
        network=text_of(fields, "source") == "network",
        control_text=text_of(fields, "csbk_desc"),
        strongest_dbm=_dbm(part_of(fields, "rssi"), "max") if isinstance(rssi, dict) else None,
    )


def _slot(fields: Mapping[str, object]) -> int:
    slot = whole_of(fields, "slot")
    if slot not in {None, 1, 2}:
        raise FieldError("slot is neither 1 nor 2; ignored")
    return slot or 0


def _dbm(fields: Mapping[str, object], name: str) -> float | None:
    value = number_of(fields, name)
    return value if value is not None and RSSI_DBM[0] <= value <= RSSI_DBM[1] else None
