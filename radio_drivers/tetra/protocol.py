"""The lines of a TETRA radio's peripheral equipment interface (PEI): bytes in, frames out. Pure, bounded, never waits.

Source: ETSI EN 300 392-5 (TETRA; peripheral equipment interface), as two open programs speak it: ftl/tetra-pei and svxlink's
TetraLogic. Everything is told by its prefix, never by its place: an unsolicited line, or a message's header and its line of
hex digits, may come between a command and its `OK`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

LINE_MAX = 2_048
"""Longest line kept, in characters. The longest message (2047 bits) is a line of 512 hex digits."""

HEADER_WAITS = 4
"""A message's header waits so many other lines for its hex digits, then it is given up."""

BAD_COMMAND = 35
"""`+CME ERROR: 35`: what we wrote was appended to something half-typed; say it again (ftl/tetra-pei)."""


@dataclass(frozen=True, slots=True)
class Done:
    """The final result of a command."""

    ok: bool
    error: int | None = None
    """The number of `+CME ERROR` or `+CMS ERROR`; None for a plain `ERROR`."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """`>`: the radio waits for the payload of a message."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Our own command coming back: the radio's echo is on, as it is after power-up."""


@dataclass(frozen=True, slots=True)
class Message:
    """A short data message: `+CTSDSR` and its line of hex digits."""

    service: int
    """AI service: 9 to 12 short data of types 1 to 4, 13 status."""
    source: str | None
    """Who sent it, as a short identity; None where the radio doesn't say."""
    destination: str | None
    payload: bytes


@dataclass(frozen=True, slots=True)
class SendReport:
    """`+CMGS`: what became of a message of ours."""

    status: int | None
    """4 sent, 5 failed; None in the plain answer to the command."""
    reference: int | None


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """`+CTICN`: somebody calls us or one of our groups."""

    call: int
    caller: str | None
    called: str | None
    group: bool
    priority: int | None


@dataclass(frozen=True, slots=True)
class Grant:
    """`+CTXG`: who may talk now."""

    call: int
    grant: int
    """0 we, 1 refused to us, 2 we are queued, 3 somebody else."""
    talker: str | None


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """`+CDTXC`: the talker let go."""

    call: int


@dataclass(frozen=True, slots=True)
class CallUp:
    """`+CTCC` (connected) or `+CTOCP` (our own call is being set up)."""

    call: int


@dataclass(frozen=True, slots=True)
class CallEnded:
    """`+CTCR`: the call is over."""

    call: int
    cause: int | None


@dataclass(frozen=True, slots=True)
class Strength:
    """`+CSQ`: the signal, None where the radio doesn't know it."""

    dbm: float | None


@dataclass(frozen=True, slots=True)
class Mode:
    """`+CTOM`: 0 trunked, 1 direct, the rest between the two."""

    mode: int


@dataclass(frozen=True, slots=True)
class Identity:
    """`+CNUMF`: the radio's own number, as a short identity."""

    unit: str


@dataclass(frozen=True, slots=True)
class Group:
    """`+CTGS`: the talk group that the radio has selected."""

    group: str


@dataclass(frozen=True, slots=True)
class SendLimit:
    """`+CMGS: (...),(8-1184)`: the longest payload the radio says it takes, in bits."""

    bits: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """Any other line, for the log."""

    line: str


Frame = (
    Done
    | Prompt
    | Echo
    | Message
    | SendReport
    | IncomingCall
    | Grant
    | TalkEnded
    | CallUp
    | CallEnded
    | Strength
    | Mode
    | Identity
    | Group
    | SendLimit
    | Unknown
)


@dataclass(frozen=True, slots=True)
class _Header:
    service: int
    source: str | None
    destination: str | None


def short_identity(text: str) -> str | None:
    """A radio's or group's number as people know it.

    A full identity (TSI: country code of 4 digits, network code of 5, 8 digits of number) is cut down to its number; zeros in
    front go.
    """
    digits = text.strip().strip('"')
    if not digits.isdecimal() or not digits.isascii():
        return None
    return digits[-8:].lstrip("0") or "0"


class PeiParser:
    """Makes frames of what the radio sends, however it is cut into pieces."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._overlong = False
        self._header: _Header | None = None
        self._header_waits = 0

    @property
    def held(self) -> int:
        """Bytes of a line that has not ended."""
        return len(self._line)

    def feed(self, data: bytes) -> list[Frame]:
        """The next bytes.

        Args:
            data: any number of them, cut anywhere.

        Returns:
            What they complete, oldest first. What makes no sense is `Unknown`, or nothing where it is no text at all.
        """
        frames: list[Frame] = []
        for byte in data:
            if byte in b"\r\n":
                self._end_line(frames)
            elif byte == ord(">") and not self._line.strip():
                self._line.clear()
                frames.append(Prompt())
            elif len(self._line) >= LINE_MAX:
                self._overlong = True
            elif byte >= 0x20:
                self._line.append(byte)
        return frames

    def _end_line(self, frames: list[Frame]) -> None:
        line, overlong = self._line.decode("latin-1").strip(), self._overlong
        self._line.clear()
        self._overlong = False
        if not line or overlong:
            return
        frame = self._read(line)
        if frame is not None:
            frames.append(frame)

    def _read(self, line: str) -> Frame | None:
        header = self._header
        if header is not None:
            if _HEX.fullmatch(line):
                self._header = None
                # The digits, not the header's count of bits: some radios miscount.
                return Message(
                    header.service, header.source, header.destination, bytes.fromhex(line + "0" * (len(line) % 2))
                )
            self._header_waits += 1
            if self._header_waits > HEADER_WAITS:
                self._header = None
        upper = line.upper()
        if upper in _RESULTS:
            return Done(upper == "OK")
        if upper.startswith("AT"):
            return Echo()
        name, colon, rest = line.partition(":")
        if not colon:
            return Unknown(line)
        if name.upper() == "+CTSDSR":
            return self._take_header(line, rest)
        reader = _READERS.get(name.upper())
        frame = reader([field.strip() for field in rest.split(",")]) if reader is not None else None
        return Unknown(line) if frame is None else frame

    def _take_header(self, line: str, rest: str) -> Frame | None:
        header = _read_header([field.strip() for field in rest.split(",")])
        if header is None:
            return Unknown(line)
        self._header, self._header_waits = header, 0
        return None


_HEX = re.compile(r"[0-9A-Fa-f]{2,}")
_RESULTS = {"OK", "ERROR"}


def _number(fields: list[str], place: int) -> int | None:
    if -len(fields) <= place < len(fields) and re.fullmatch(r"[0-9]{1,9}", fields[place]):
        return int(fields[place])
    return None


def _read_header(fields: list[str]) -> _Header | None:
    # EN 300 392-5: AI service, [calling identity, its type], called identity, its type, length, [end-to-end encryption].
    # Radios leave out the caller (3 or 4 fields), the types or the encryption.
    service = _number(fields, 0)
    if service is None or len(fields) < 3:
        return None
    if len(fields) < 5:
        return _Header(service, None, short_identity(fields[1]))
    if len(fields) == 5:
        return _Header(service, short_identity(fields[1]), short_identity(fields[2]))
    return _Header(service, short_identity(fields[1]), short_identity(fields[3]))


def _error(fields: list[str]) -> Frame:
    return Done(ok=False, error=_number(fields, 0))


def _send_report(fields: list[str]) -> Frame | None:
    span = re.fullmatch(r".*\((\d{1,5})-(\d{1,5})\)", ",".join(fields))
    if span is not None:
        return SendLimit(int(span[2]))
    if _number(fields, 0) is None:
        return None
    return SendReport(_number(fields, 1), _number(fields, 2))


def _incoming_call(fields: list[str]) -> Frame | None:
    # call, status, AI service, caller type, caller, hook, simplex, encryption, comms type, slots, called type, called, priority
    call = _number(fields, 0)
    if call is None:
        return None
    return IncomingCall(
        call,
        caller=short_identity(fields[4]) if len(fields) > 4 else None,
        called=short_identity(fields[11]) if len(fields) > 11 else None,
        group=_number(fields, 8) != 0,
        priority=_number(fields, 12),
    )


def _grant(fields: list[str]) -> Frame | None:
    # call, grant, request permission, encryption, [identity type, identity]
    call, grant = _number(fields, 0), _number(fields, 1)
    if call is None or grant is None:
        return None
    return Grant(call, grant, short_identity(fields[5]) if len(fields) > 5 else None)


def _talk_ended(fields: list[str]) -> Frame | None:
    call = _number(fields, 0)
    return None if call is None else TalkEnded(call)


def _call_up(fields: list[str]) -> Frame | None:
    call = _number(fields, 0)
    return None if call is None else CallUp(call)


def _call_ended(fields: list[str]) -> Frame | None:
    call = _number(fields, 0)
    return None if call is None else CallEnded(call, _number(fields, 1))


def _strength(fields: list[str]) -> Frame | None:
    value = _number(fields, 0)
    if value is None:
        return None
    return Strength(None if value > 31 else -113.0 + 2 * value)  # 99 unknown; the scale ends at 31 (3GPP TS 27.007)


def _mode(fields: list[str]) -> Frame | None:
    mode = _number(fields, 0)
    return None if mode is None else Mode(mode)


def _identity(fields: list[str]) -> Frame | None:
    unit = short_identity(fields[-1])
    return None if unit is None else Identity(unit)


def _group(fields: list[str]) -> Frame | None:
    group = short_identity(fields[-1])
    return None if group is None else Group(group)


_READERS: dict[str, Callable[[list[str]], Frame | None]] = {
    "+CME ERROR": _error,
    "+CMS ERROR": _error,
    "+CMGS": _send_report,
    "+CTICN": _incoming_call,
    "+CTXG": _grant,
    "+CDTXC": _talk_ended,
    "+CTCC": _call_up,
    "+CTOCP": _call_up,
    "+CTCR": _call_ended,
    "+CSQ": _strength,
    "+CTOM": _mode,
    "+CNUMF": _identity,
    "+CTGS": _group,
}
