"""Who is talking, by what the radio says about calls. A state machine without clock or I/O.

    idle --CTICN--> call --CTXG 3--> talking --CDTXC--> call --CTXG 3--> talking ... --CTCR--> idle

Source: EN 300 392-5, clause 6.14 and 6.15, as svxlink's TetraLogic follows it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from radio_drivers.tetra.protocol import CallEnded, CallUp, Grant, IncomingCall, TalkEnded, short_identity

OURS, REFUSED, QUEUED, OTHERS = 0, 1, 2, 3
"""What `+CTXG` grants."""

CALLS_MAX = 8
"""Calls remembered. A radio is in one; more only where their ends were lost."""


@dataclass(frozen=True, slots=True)
class Talking:
    """Somebody began to talk."""

    unit: str | None
    group: str | None
    priority: int | None


@dataclass(frozen=True, slots=True)
class Silence:
    """Whoever talked stopped."""


@dataclass(frozen=True, slots=True)
class Called:
    """A call came in."""

    unit: str | None
    group: str | None
    priority: int | None


Turn = Talking | Silence | Called


@dataclass(slots=True)
class _Call:
    caller: str | None = None
    called: str | None = None
    priority: int | None = None


class Talk:
    """The calls of one radio.

    Args:
        groups: only calls to these groups are talk on this channel; empty: all.
        call_is_talk: take an incoming call itself for talk, for radios that give no `+CTXG` to the first talker.
    """

    def __init__(self, groups: Collection[str] = (), *, call_is_talk: bool = False) -> None:
        self._groups = frozenset(short_identity(group) for group in groups)
        self._call_is_talk = call_is_talk
        self._calls: dict[int, _Call] = {}
        self._talking_in: int | None = None
        self._talker: str | None = None

    @property
    def talking(self) -> bool:
        """Somebody else talks."""
        return self._talking_in is not None

    def call_to(self, group: str) -> int | None:
        """The call that runs and in which `group` would hear us; None: there is none."""
        for number, call in reversed(self._calls.items()):
            if call.called is None or call.called == short_identity(group):
                return number
        return None

    def feed(
        self, frame: IncomingCall | Grant | TalkEnded | CallUp | CallEnded, *, called: str | None = None
    ) -> list[Turn]:
        """What the radio said.

        Args:
            frame: about a call.
            called: the group of a call of our own, with `CallUp`.

        Returns:
            What that means, oldest first.
        """
        match frame:
            case IncomingCall():
                return self._incoming(frame)
            case Grant():
                return self._granted(frame)
            case CallUp(number):
                call = self._call(number)
                call.called = call.called or (short_identity(called) if called else None)
                return []
            case TalkEnded(number):
                return self._silence() if self._talking_in == number else []
            case CallEnded(number):
                self._calls.pop(number, None)
                return self._silence() if self._talking_in == number else []

    def _incoming(self, frame: IncomingCall) -> list[Turn]:
        self._calls.pop(frame.call, None)  # a number used again is another call
        call = self._call(frame.call)
        call.caller, call.called, call.priority = frame.caller, frame.called, frame.priority
        turns: list[Turn] = self._silence() if self._talking_in == frame.call else []
        turns.append(Called(call.caller, call.called, call.priority))
        if self._call_is_talk:
            turns += self._talk(frame.call, call.caller)
        return turns

    def _granted(self, frame: Grant) -> list[Turn]:
        call = self._call(frame.call)
        if frame.grant == OTHERS:
            if frame.talker is None and self._talking_in == frame.call:
                return []
            # Without a name the first to talk is who called; who comes after that is not known.
            return self._talk(frame.call, frame.talker or call.caller)
        if frame.grant == OURS and self._talking_in == frame.call:
            return self._silence()
        return []

    def _talk(self, number: int, unit: str | None) -> list[Turn]:
        call = self._call(number)
        if self._groups and call.called is not None and call.called not in self._groups:
            return []
        if self._talking_in == number and self._talker == unit:
            return []
        turns: list[Turn] = self._silence() if self.talking else []
        self._talking_in, self._talker = number, unit
        call.caller = None
        return [*turns, Talking(unit, call.called, call.priority)]

    def _silence(self) -> list[Turn]:
        self._talking_in = self._talker = None
        return [Silence()]

    def forget(self, number: int) -> None:
        """We left that call."""
        if self._talking_in != number:
            self._calls.pop(number, None)

    def give_up(self) -> list[Turn]:
        """Whoever talked has talked for longer than anybody may: the end of it was lost."""
        return self._silence() if self.talking else []

    def _call(self, number: int) -> _Call:
        if number not in self._calls:
            while len(self._calls) >= CALLS_MAX:
                forgotten = next(n for n in self._calls if n != self._talking_in)
                del self._calls[forgotten]
            self._calls[number] = _Call()
        return self._calls[number]
