"""Which calls have come before. Pure; the memory is bounded.

Two things make a duplicate: a recorder that had no answer sends the same recording once more, and two recorders hear the
same talkgroup. The first is known by the recording itself. The second only by the time, and only between recorders:
one recorder's times are in whole seconds, and a click and the call after it may share one.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

REMEMBERED = 5_000
"""Calls. A busy town has a thousand a day."""


@dataclass(frozen=True, slots=True)
class Known:
    """A call that was taken."""

    source: str
    system: int
    talkgroup: int
    at: datetime
    until: datetime


def print_of(system: int, talkgroup: int, at: datetime, audio: bytes) -> bytes:
    """What the same recording, sent again, has in common."""
    digest = hashlib.sha256(f"{system}/{talkgroup}/{at.isoformat()}/".encode())
    digest.update(audio)
    return digest.digest()


class Taken:
    """The calls of one channel that were taken.

    Args:
        within_s: two recorders may differ by so much; 0 compares no times.
    """

    def __init__(self, within_s: float) -> None:
        self._within = timedelta(seconds=within_s)
        self._calls: OrderedDict[bytes, Known] = OrderedDict()

    def __len__(self) -> int:
        return len(self._calls)

    def same_recording(self, mark: bytes) -> bool:
        """This very file was taken before."""
        return mark in self._calls

    def same_time(self, call: Known) -> bool:
        """Another recorder has already brought all of it.

        All of it: where the other began late or broke off, the words it lacks must not be lost. And more than half of
        it at the same time: the answer that follows a call at once is another call.
        """
        if not self._within:
            return False
        return any(
            known.source != call.source
            and (known.system, known.talkgroup) == (call.system, call.talkgroup)
            and known.at - self._within <= call.at
            and call.until <= known.until + self._within
            and min(known.until, call.until) - max(known.at, call.at) > (call.until - call.at) / 2
            for known in reversed(self._calls.values())
        )

    def add(self, mark: bytes, call: Known) -> None:
        """It was taken."""
        self._calls[mark] = call
        self._calls.move_to_end(mark)
        while len(self._calls) > REMEMBERED:
            self._calls.popitem(last=False)
