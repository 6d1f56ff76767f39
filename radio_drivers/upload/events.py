"""A finished call to the events of a base station, all with the call's own times. Pure.

EmergencyPressed                       before any speech, where the recorder says so
KeyUp Signalled Audio ... KeyDown      for each talker
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from radio_drivers.interface import RATE, Audio, EmergencyPressed, KeyDown, KeyUp, RadioEvent, Signalled
from radio_drivers.upload.call import Call, Talker

PIECE_BYTES = 2 * RATE
"""A long recording is handed on in pieces of one second."""

PART_MIN_S = 1.0
"""Nothing shorter is split off: it belongs to its neighbour."""

LATE = timedelta(minutes=10)
"""A call so old on arrival is stored and searched, but the gateway tells nobody of it any more; worth a line in the log."""

SYSTEM = "call upload"


@dataclass(frozen=True, slots=True)
class Part:
    """One talker's share of a recording."""

    at: datetime
    """UTC."""
    pcm: bytes
    """Mono int16 at `RATE`."""
    talker: Talker | None

    @property
    def until(self) -> datetime:
        """After the last sample."""
        return self.at + timedelta(seconds=len(self.pcm) / 2 / RATE)


def begin_of(call: Call, seconds: float, now: datetime, clock_error_s: float) -> datetime | None:
    """When the call began; None where the recorder's clock can't be right.

    An old time is believed, however old: recorders keep calls while we can't be reached, and an old call told as a new
    one would send guards after somebody who left an hour ago. A call that ends in the future is a wrong clock.
    """
    end = call.at + timedelta(seconds=seconds)
    return call.at if end <= now + timedelta(seconds=clock_error_s) else None


def parts_of(call: Call, at: datetime, pcm: bytes, *, split: bool) -> tuple[Part, ...]:
    """The recording, cut where another radio begins to speak.

    rdio-scanner passes positions on in whole seconds, which would cut a name in two: a recording with no other
    positions stays whole.
    """
    talkers = call.talkers
    cuts: list[tuple[int, Talker | None]] = [(0, talkers[0] if talkers else None)]
    exact = any(talker.at_s != int(talker.at_s) for talker in talkers)
    length, least = len(pcm) // 2, int(PART_MIN_S * RATE)
    for talker in talkers[1:] if split and exact else ():
        sample = int(min(talker.at_s * RATE, float(length)))
        known = cuts[-1][1]
        if known is not None and known.unit == talker.unit:
            continue
        if sample - cuts[-1][0] >= least and length - sample >= least:
            cuts.append((sample, talker))
    ends = [sample for sample, _ in cuts[1:]] + [length]
    return tuple(
        Part(at + timedelta(seconds=begin / RATE), pcm[2 * begin : 2 * end], talker)
        for (begin, talker), end in zip(cuts, ends, strict=True)
    )


def events_of(channel: str, call: Call, parts: tuple[Part, ...]) -> Iterator[RadioEvent]:
    """Everything to tell, in order."""
    if call.emergency:
        first = parts[0].talker
        yield EmergencyPressed(channel, parts[0].at, first.unit if first else None)
    for part in parts:
        who = part.talker
        yield KeyUp(channel, part.at, who.unit if who else None, call.strength_dbm)
        yield Signalled(
            channel,
            part.at,
            SYSTEM,
            told_of(call, who),
            unit=who.unit if who else None,
            to=str(call.talkgroup),
        )
        for begin in range(0, len(part.pcm), PIECE_BYTES):
            yield Audio(channel, part.at + timedelta(seconds=begin / 2 / RATE), part.pcm[begin : begin + PIECE_BYTES])
        yield KeyDown(channel, part.until, call.strength_dbm)


def told_of(call: Call, who: Talker | None) -> str:
    """Talkgroup and radio, for a person to read."""
    group = f"talkgroup {call.talkgroup}" + (f" {call.talkgroup_label}" if call.talkgroup_label else "")
    if who is None or not (who.unit or who.alias):
        return group
    return f"{group}, radio {' '.join(word for word in (who.unit, who.alias) if word)}"
