"""Who is talking, by mode and slot: MMDVMHost's frames to signalling. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from radio_drivers.interface import EmergencyPressed, RadioEvent, Signalled, StrengthRead
from radio_drivers.mmdvm.protocol import Action, Alias, Analogue, Frame, NotOurBusiness, Strength, Talk
from radio_drivers.mmdvm.settings import MmdvmSettings
from radio_drivers.mqtt.reception import Moment

SYSTEM = "MMDVM"
FM = "FM"


@dataclass(slots=True)
class _Talker:
    unit: str | None
    until_s: float
    alias: str = ""


class Talkers:
    """The talkers of one channel. At most one for each mode and slot, so the memory is bounded.

    Args:
        channel: the channel's name in the configuration.
        settings: which slot and groups are this channel's.
    """

    def __init__(self, channel: str, settings: MmdvmSettings) -> None:
        self._channel = channel
        self._settings = settings
        self._talking: dict[tuple[str, int], _Talker] = {}

    def busy(self, seconds: float) -> bool:
        """Somebody talks. `seconds` is the clock of `Moment.seconds`."""
        self._talking = {key: one for key, one in self._talking.items() if seconds < one.until_s}
        return bool(self._talking)

    def gone(self) -> None:
        """The broker went away: nothing is known any more."""
        self._talking.clear()

    def take(self, frame: Frame, now: Moment) -> Iterator[RadioEvent]:
        """What a frame means. The times are those of arrival: they must fit those of the driver that has the sound."""
        match frame:
            case Talk():
                yield from self._talk(frame, now)
            case Strength(mode, slot, dbm):
                if self._ours_now(mode, slot):
                    yield StrengthRead(self._channel, now.utc, dbm)
            case Alias(mode, slot, text):
                talker = self._ours_now(mode, slot)
                if talker is not None and text and talker.alias != text:
                    talker.alias = text
                    yield Signalled(self._channel, now.utc, SYSTEM, f"talker alias {text}", talker.unit)
            case Analogue(_, talking):
                if talking:
                    self._talking[FM, 0] = _Talker(None, now.seconds + self._settings.busy_max_s)
                else:
                    self._talking.pop((FM, 0), None)
            case NotOurBusiness():
                pass

    def _ours_now(self, mode: str, slot: int) -> _Talker | None:
        return self._talking.get((mode, slot))

    def _talk(self, talk: Talk, now: Moment) -> Iterator[RadioEvent]:
        settings = self._settings
        if settings.slot and talk.slot not in {0, settings.slot}:
            return
        key = (talk.mode, talk.slot)
        if talk.action is Action.END:
            talker = self._talking.pop(key, None)
            if talker is not None and talk.strongest_dbm is not None:
                yield StrengthRead(self._channel, now.utc, talk.strongest_dbm)
            return
        if talk.network and not settings.network:
            return
        named = talk.destination is not None
        if settings.destinations and (talk.destination not in settings.destinations if named else True):
            # Another group on the same slot: whoever we thought was talking has ended.
            if talk.action is Action.BEGIN:
                self._talking.pop(key, None)
            return
        match talk.action:
            case Action.BEGIN:
                self._talking[key] = _Talker(talk.unit, now.seconds + settings.busy_max_s)
                yield self._signalled(talk, now)
            case Action.CONTROL:
                word = settings.emergency_text.casefold()
                if word and word in talk.control_text.casefold():
                    yield EmergencyPressed(self._channel, now.utc, talk.unit)
                yield self._signalled(talk, now, f"{talk.control_text or 'control block'}: ")
            case Action.REFUSED:
                yield self._signalled(talk, now, "not repeated: ")

    def _signalled(self, talk: Talk, now: Moment, what: str = "") -> Signalled:
        to = None if talk.destination is None else str(talk.destination)
        # MMDVMHost looks ids up and writes the id itself where it finds nothing.
        name = f" ({talk.unit_name})" if talk.unit_name and talk.unit_name != talk.unit else ""
        text = f"{what}{talk.mode} {f'unit {talk.unit}{name}' if talk.unit else 'a unit'}"
        if to is not None:
            text += f" to {'group' if talk.group else 'unit'} {to}"
        return Signalled(self._channel, now.utc, SYSTEM, text, talk.unit, to)
