"""Frames of Tait's computer-controlled data interface (CCDI): bytes in, frames out, and back. Pure, bounded, never waits.

    IDENT(1) SIZE(2) PARAMETERS(0..255) CHECKSUM(2) CR

    f 03 041 A2 CR       f: function; three characters of parameters; everything before the checksum and the checksum add up to
                         0 modulo 256

Source: Tait, "TM8100/TM8200 Computer-Controlled Data Interface Protocol Manual", MMA-00038-02, part 1.

Nothing marks the beginning of a frame, so a reader finds its feet at each CR. Before a frame on its line may be prompts (`.`,
never followed by CR), which are told apart here, and noise: a radio that is switched on begins with bytes like 9C FE 0D. On a line
with software flow control XON and XOFF come between any two bytes; they are no part of what is said, and nor is LF.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from typing_extensions import override

PARAMETERS_MAX = 255
FRAME_MAX = 1 + 2 + PARAMETERS_MAX + 2
"""Characters of the longest frame without its CR."""

LINE_MAX = FRAME_MAX + 64
"""Bytes of a line that are kept: the longest frame with some noise in front. A longer line is thrown away to its end."""

SHOWN_MAX = 40
"""Bytes of an unreadable line that are kept for the log."""

PROMPT = ord(".")
CR = b"\r"

_IDLE = b"\x11\x13\n"
"""XON, XOFF and LF."""

_HEAD = re.compile(rb"(?=[a-z]([0-9A-F]{2}))")
"""Where a frame may begin; heads may overlap."""


class FrameError(ValueError):
    """Something that can't be written as a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One command or one message."""

    ident: str
    """One lower-case letter: what kind it is."""
    parameters: str = ""
    """Up to 255 characters of ISO 8859-1; nearly always of ASCII."""

    def to_bytes(self) -> bytes:
        """As it goes over the wire, with its CR.

        Raises:
            FrameError: no such frame can be written.
        """
        if not re.fullmatch(r"[a-z]", self.ident):
            raise FrameError(f"{self.ident!r} is no kind of frame")
        if len(self.parameters) > PARAMETERS_MAX:
            raise FrameError(f"{len(self.parameters)} characters of parameters; a frame has room for {PARAMETERS_MAX}")
        try:
            parameters = self.parameters.encode("latin-1")
        except UnicodeEncodeError as error:
            raise FrameError(f"{self.parameters!r} has characters that a frame can't carry") from error
        if any(byte in parameters for byte in b"\r" + _IDLE):
            raise FrameError(f"{self.parameters!r} has a line end, XON or XOFF in it")
        body = b"%b%02X%b" % (self.ident.encode(), len(parameters), parameters)
        return b"%b%02X\r" % (body, checksum(body))

    @override
    def __str__(self) -> str:
        return f"{self.ident}{self.parameters}"


@dataclass(frozen=True, slots=True)
class Prompt:
    """`.`: a command was received whole, or a message of the radio's has ended. It says nothing of success."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no frame: noise, a damaged frame, or another language (CCR mode)."""

    start: bytes
    """Its first bytes."""


Item = Frame | Prompt | BadLine


def checksum(body: bytes) -> int:
    """What makes the sum of all bytes 0 modulo 256.

    The manual calls it a modulo-2 sum, but its own examples come out with ordinary addition only.
    """
    return -sum(body) & 0xFF


class FrameReader:
    """Takes bytes as they come and tells what they say. How they are cut into pieces makes no difference."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._skipping = False

    @property
    def held(self) -> int:
        """Bytes of an unfinished line that are kept."""
        return len(self._line)

    def feed(self, data: bytes) -> list[Item]:
        """The next bytes.

        Returns:
            What they complete, in order. Prompts need no line end.
        """
        items: list[Item] = []
        *ends, rest = data.translate(None, _IDLE).split(CR)
        for piece in ends:
            self._add(piece, items)
            self._end(items)
        self._add(rest, items)
        return items

    def _add(self, piece: bytes, items: list[Item]) -> None:
        if self._skipping:
            return
        if not self._line:
            begun = piece.lstrip(b".")
            items.extend([Prompt()] * (len(piece) - len(begun)))
            piece = begun
        self._line += piece
        if len(self._line) > LINE_MAX:
            items.append(BadLine(bytes(self._line[:SHOWN_MAX])))
            self._line.clear()
            self._skipping = True

    def _end(self, items: list[Item]) -> None:
        line, self._line = bytes(self._line), bytearray()
        if self._skipping:
            self._skipping = False
        elif line:
            items.append(read_line(line))

    def clear(self) -> None:
        """Forget the unfinished line."""
        self._line.clear()
        self._skipping = False


def read_line(line: bytes) -> Frame | BadLine:
    """What one line says.

    A frame ends where its line ends, so with noise in front it is the longest end of the line that is a frame.

    Args:
        line: without its CR.
    """
    if re.fullmatch(rb"[0-9A-F]{2}", line[-2:]):
        for head in _HEAD.finditer(line):
            frame = line[head.start() :]
            if int(head[1], 16) == len(frame) - 5 and checksum(frame[:-2]) == int(frame[-2:], 16):
                return Frame(chr(frame[0]), frame[3:-2].decode("latin-1"))
    return BadLine(line[:SHOWN_MAX])
