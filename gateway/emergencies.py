"""Which presses of an emergency button are news. Pure: events carry their own times.

Radios repeat the burst until somebody acknowledges it, and one press may arrive twice: from the base station and out of
the audio. Each alert too many teaches people to ignore the next one; but someone who is still calling for help minutes later
is announced again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from radio_drivers.interface import EmergencyPressed


@dataclass(slots=True)
class _Calling:
    announced_at: datetime
    last_at: datetime


class Presses:
    """Remembers who is calling for help.

    Args:
        repeat_s: from the same unit within this time of its last press, it is the same call for help.
        again_s: but not for longer than this after it was announced.
    """

    def __init__(self, repeat_s: float, again_s: float) -> None:
        self._repeat = timedelta(seconds=repeat_s)
        self._again = timedelta(seconds=again_s)
        self._calling: dict[tuple[str, str | None], _Calling] = {}

    def is_news(self, event: EmergencyPressed) -> bool:
        """Whether this press must be announced.

        A press without a unit repeats whoever called last on its channel; one that names its unit is news even right
        after one that didn't, because now it is known who needs help.
        """
        self._calling = {who: one for who, one in self._calling.items() if event.at - one.last_at <= self._repeat}
        here = [who for who in self._calling if who[0] == event.channel and event.unit in {None, who[1]}]
        known = self._calling[here[-1]] if here else None
        if known is not None and event.at - known.announced_at < self._again:
            known.last_at = max(known.last_at, event.at)
            return False
        self._calling[event.channel, event.unit] = _Calling(event.at, event.at)
        return True

    def forget(self, event: EmergencyPressed) -> None:
        """This press could not be announced: its next repeat must be."""
        self._calling.pop((event.channel, event.unit), None)
