"""Ties signalling and strength to the transmission they belong to. Pure: events carry their own times.

A pre-ID may be decoded before the channel is found open (the squelch is slower than the decoder, or the base station is
told the caller by its own radio), so what was heard shortly before key-up counts. What comes just after key-down is the end of the
last transmission, a post-ID that was decoded late: it must never make the next talker somebody else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from radio_drivers.interface import Signalled

KEPT = 16
"""Signals kept for one transmission; a radio that repeats its digits for two minutes is told once for each text anyway."""


class SignallingHeard:
    """Collects for one channel.

    Args:
        before_s: how long before key-up signalling still belongs to the transmission.
        after_s: how long after key-down it still belongs to the one that ended.
    """

    def __init__(self, before_s: float, after_s: float) -> None:
        self._before = timedelta(seconds=before_s)
        self._after = timedelta(seconds=after_s)
        self._waiting: list[Signalled] = []
        self._ended_at: datetime | None = None
        self._talking = False
        self._texts: list[str] = []
        self.unit: str | None = None
        """Who talks, as the base station said or else the first signal that named a unit."""
        self.strength_dbm: float | None = None
        """The highest measured while talking."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What was signalled, each once, in order: "MDC-1200: PTT ID 1234"."""
        return tuple(self._texts)

    def begin(self, at: datetime, unit: str | None, strength_dbm: float | None) -> None:
        """The channel opened; what the base station itself says about the talker comes first."""
        self.unit, self.strength_dbm, self._texts, self._talking = unit, strength_dbm, [], True
        waiting, self._waiting = self._waiting, []
        for event in waiting:
            if at - event.at <= self._before:
                self._add(event)

    def signalled(self, event: Signalled) -> None:
        """Something was decoded."""
        if self._talking:
            self._add(event)
            return
        late = self._ended_at is not None and event.at - self._ended_at <= self._after
        if not late:
            self._waiting = [*self._waiting[-KEPT + 1 :], event]

    def measured(self, dbm: float | None) -> None:
        """A strength reading; only those while somebody talks count."""
        if self._talking and dbm is not None and (self.strength_dbm is None or dbm > self.strength_dbm):
            self.strength_dbm = dbm

    def end(self, at: datetime | None) -> None:
        """The channel closed. `at` is None where nobody knows when: nothing is late then."""
        self._talking, self._ended_at = False, at

    def forget(self) -> None:
        """Our own key: what was signalled before it, and by ourselves, is nobody's."""
        self._waiting, self._talking = [], False

    def _add(self, event: Signalled) -> None:
        if self.unit is None:
            self.unit = event.unit
        text = f"{event.system}: {event.text}"
        if text not in self._texts and len(self._texts) < KEPT:
            self._texts.append(text)
