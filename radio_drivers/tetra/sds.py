"""What is inside a short data message: texts, statuses, reports. Bytes to values and back; pure.

Source: EN 300 392-2, clauses 14.8.34 (status), 29.4 (SDS-TL) and 29.5 (text), as ftl/tetra-pei reads and writes them; the location
report is TS 100 392-18-1's short one.
"""

from __future__ import annotations

from dataclasses import dataclass

from radio_drivers.tetra import text as texts

SHORT_DATA = 12
STATUS = 13
"""AI services: type 4 with SDS-TL, and status."""

SIMPLE, SIMPLE_IMMEDIATE = 0x02, 0x09
LOCATION = 0x0A
TEXT, IMMEDIATE, WITH_HEADER = 0x82, 0x89, 0x8A
"""Protocol identifiers."""

REPORT_RECEIVED, REPORT_CONSUMED = 0x04, 0x08
"""In byte 1 of a transfer: the sender wants to know that it arrived, that somebody read it."""

LONG_REPORT = 0x02
"""In byte 1 of a transfer: a report as a message, please, not squeezed into a status."""

PARTS_MAX = 16
"""More parts than this in one text is no text that anybody wrote."""


@dataclass(frozen=True, slots=True)
class Part:
    """Which piece of a longer text."""

    reference: int
    total: int
    number: int
    """1 to `total`."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""

    protocol: int
    text: str
    reference: int | None = None
    """The message's number, where it has one."""
    wants_report: bool = False
    """The sender asked to be told that it arrived."""
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a text of ours."""

    reference: int
    delivered: bool | None
    """None: nothing final, for instance that the network keeps it for later."""
    status: int
    """As sent (table 29.16), for the log."""
    wants_ack: bool = False
    protocol: int = TEXT


@dataclass(frozen=True, slots=True)
class Status:
    """A status number: 0 is an emergency on nearly all networks, 0x8000 and above are the users' own."""

    number: int


@dataclass(frozen=True, slots=True)
class Location:
    """A location report; where the radio is is not looked at, only why it says so."""

    reason: int
    """2 emergency, 3 push-to-talk."""


@dataclass(frozen=True, slots=True)
class Other:
    """Something else, or too short to be what it says."""

    protocol: int | None


Content = Text | Report | Status | Location | Other


def read(service: int, payload: bytes) -> Content:
    """What a message says.

    Args:
        service: the AI service of its header.
        payload: the bytes of its hex digits.
    """
    if service == STATUS:
        return _status(payload)
    if service != SHORT_DATA or not payload:
        return Other(None)
    protocol = payload[0]
    if protocol in {SIMPLE, SIMPLE_IMMEDIATE}:
        if len(payload) < 2:
            return Other(protocol)
        return Text(protocol, texts.decode(payload[1] & 0x7F, payload[2:]))
    if protocol in {TEXT, IMMEDIATE, WITH_HEADER}:
        return _transported(payload) or Other(protocol)
    if protocol == LOCATION:
        return _location(payload)
    return Other(protocol)


def write_text(text: str, *, protocol: int, reference: int, report: bool, most_bytes: int) -> bytes:
    """The payload of a text.

    Args:
        text: what to say; cut off where it is too long.
        protocol: `TEXT`, `IMMEDIATE`, or `SIMPLE`, which has neither reference nor report.
        reference: 0 to 255.
        report: ask for a delivery report.
        most_bytes: longest payload.
    """
    if protocol in {SIMPLE, SIMPLE_IMMEDIATE}:
        coding, body = texts.encode(text, most_bytes - 2)
        return bytes((protocol, coding)) + body
    coding, body = texts.encode(text, most_bytes - 4)
    return bytes((protocol, (REPORT_RECEIVED if report else 0) | LONG_REPORT, reference, coding)) + body


def write_report(text: Text) -> bytes:
    """The payload that tells the sender of `text` that it arrived."""
    return bytes((text.protocol, 0x10, 0x00, text.reference or 0))


def write_ack(report: Report) -> bytes:
    """The payload that tells a terminal that its report arrived."""
    return bytes((report.protocol, 0x20, report.status, report.reference))


def _status(payload: bytes) -> Content:
    if len(payload) < 2:
        return Other(None)
    if 0x78 <= payload[0] <= 0x7F:
        # A report squeezed into a status: 2 received, 3 consumed, 0 and 1 couldn't be (EN 300 392-2, 29.4.2.3).
        kind = payload[0] & 0x03
        return Report(payload[1], delivered=kind >= 2, status=kind)
    return Status(payload[0] << 8 | payload[1])


def _transported(payload: bytes) -> Content | None:
    """SDS-TL; None where it is too short or of no known type."""
    if len(payload) < 4:
        return None
    protocol, control = payload[0], payload[1]
    kind = control >> 4
    if kind == 1:
        status = payload[2]
        return Report(payload[3], _delivered(status), status, wants_ack=bool(control & 0x08), protocol=protocol)
    if kind != 0:
        return None
    at = 3
    if control & 0x01:
        length = _stored_and_forwarded(payload[at:])
        if length is None:
            return None
        at += length
    if at >= len(payload):
        return None
    coding = payload[at]
    at += 4 if coding & 0x80 else 1  # three bytes of time stamp
    part = None
    if protocol == WITH_HEADER:
        header_length = 1 + payload[at] if at < len(payload) else 1
        part = _part(payload[at : at + header_length])
        at += header_length
    if at > len(payload):
        return None
    return Text(
        protocol,
        texts.decode(coding & 0x7F, payload[at:]),
        reference=payload[2],
        wants_report=bool(control & REPORT_RECEIVED),
        part=part,
    )


def _delivered(status: int) -> bool | None:
    """Table 29.16: 00-1F success, 20-3F trouble that may pass, 40-5F failed, the rest says nothing about one message."""
    if status < 0x20:
        return True
    return False if 0x40 <= status < 0x60 else None


def _stored_and_forwarded(data: bytes) -> int | None:
    """Length of the store-and-forward block: validity (5 bits), address type (3 bits), address (table 29.18)."""
    if not data:
        return None
    kind = data[0] & 0x07
    if kind == 3:  # an outside number: count of digits, two digits in a byte
        return None if len(data) < 2 else 2 + (data[1] + 1) // 2
    return {0: 2, 1: 4, 2: 7}.get(kind, 1)


def _part(header: bytes) -> Part | None:
    """The piece's place from the user data header (29.5.9): elements of number, length, content."""
    at = 1
    while at + 2 <= len(header):
        element, length = header[at], header[at + 1]
        content = header[at + 2 : at + 2 + length]
        if (element, length, len(content)) in {(0x00, 3, 3), (0x08, 4, 4)}:
            *reference, total, number = content
            if 1 <= number <= total <= PARTS_MAX:
                return Part(int.from_bytes(bytes(reference), "big"), total, number)
            return None
        at += 2 + length
    return None


def _location(payload: bytes) -> Content:
    # Short location report after the protocol byte: type (2 bits, 0), time elapsed (2), longitude (25), latitude (24), position
    # error (3), velocity (7), direction (4), kind of additional data (1, 0), reason for sending (8).
    bits = 8 * (len(payload) - 1)
    if bits < 76:
        return Other(LOCATION)
    value = int.from_bytes(payload[1:], "big") >> (bits - 76)
    if value >> 74 != 0 or value >> 8 & 1:
        return Other(LOCATION)
    return Location(value & 0xFF)
