r"""What `rigctld` is asked and how it answers: bytes to replies, nothing else.

The extended protocol (rigctld(1), "Protocol"; seen with Hamlib 4.5.4) repeats the command, gives the values and ends with
the return code:

    +\get_ptt   gives   get_ptt:          set_ptt: 1          get_level: STRENGTH
                         PTT: 0            RPRT 0              -35
                         RPRT 0                                RPRT 0

The plain one gives either one line for each value asked, or a return code; nothing says what it answers.
A command it can't read gets `RPRT -1` without a heading, or no answer at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Dialect = Literal["extended", "plain"]

MAX_LINE = 512
"""Bytes. The longest line we ask for has 40; anything longer is no answer to us."""

MAX_VALUES = 32
"""Lines in one answer."""

INVALID, NOT_IMPLEMENTED, TIMED_OUT, NOT_AVAILABLE = -1, -4, -5, -11

MEANINGS = {
    INVALID: "invalid parameter",
    -2: "invalid configuration",
    NOT_IMPLEMENTED: "not implemented for this radio",
    TIMED_OUT: "the radio does not answer",
    -6: "the radio's port failed",
    -7: "an error inside Hamlib",
    -8: "the radio answered nonsense",
    -9: "the radio refused",
    NOT_AVAILABLE: "this radio can't do that",
    -13: "collision on the radio's bus",
    -14: "the radio's bus is busy",
    -20: "the radio is switched off",
}
"""Return codes (Hamlib, `rig_errcode_e` in rig.h)."""

CANNOT = {INVALID, NOT_IMPLEMENTED, NOT_AVAILABLE}
"""Return codes that won't be different next time."""

_CODE = re.compile(r"RPRT (-?\d{1,9})")
_HEADING = re.compile(r"([gs]et_[a-z0-9_]{1,32}):(.*)")
_VFO_MODE = re.compile(r"(?:chk_?vfo:?\s*)?([01])", re.IGNORECASE)

VFO_MODE = "chk_vfo"
"""The one command whose answer has no return code: does every other one need the name of a VFO?"""


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer."""

    heading: str | None
    """The command it repeats, as `get_level STRENGTH`; None where it repeats none."""
    values: tuple[str, ...]
    code: int = 0
    """0, or one of Hamlib's negative error codes."""


def meaning(code: int) -> str:
    """A return code for people."""
    return MEANINGS.get(code, "an error of Hamlib's")


def command(dialect: Dialect, name: str, *arguments: str) -> bytes:
    """One command line.

    Args:
        dialect: how the answer shall be given.
        name: the long name, as `set_ptt`.
        arguments: without spaces.
    """
    mark = "+\\" if dialect == "extended" and name != VFO_MODE else "\\"
    return f"{mark}{' '.join((name, *arguments))}\n".encode("ascii")


class ReplyReader:
    """Puts answers together from bytes as they come. Rubbish costs at most the answer it fell into.

    Args:
        dialect: how they were asked for.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._extended = dialect == "extended"
        self._line = bytearray()
        self._skipping = False
        self._heading: str | None = None
        self._values: list[str] = []

    @property
    def held(self) -> int:
        """Bytes and lines kept for an answer that isn't whole yet."""
        return len(self._line) + len(self._values)

    def feed(self, data: bytes) -> list[Reply]:
        """The next bytes in; the answers they complete out."""
        replies = []
        for piece in data.splitlines(keepends=True):
            ended = piece.endswith((b"\n", b"\r"))
            if not self._skipping:
                self._line += piece.rstrip(b"\r\n")
            if len(self._line) > MAX_LINE:
                self._line.clear()
                self._skipping = True
            if not ended:
                continue
            text = self._line.decode("ascii", "replace").strip()
            self._line.clear()
            skipped, self._skipping = self._skipping, False
            if text and not skipped:
                reply = self._extended_line(text) if self._extended else _plain_line(text)
                if reply is not None:
                    replies.append(reply)
        return replies

    def _extended_line(self, text: str) -> Reply | None:
        heading = _HEADING.fullmatch(text)
        if heading is not None:
            self._heading = " ".join((heading[1], *heading[2].split()))
            self._values.clear()
            return None
        code = _CODE.fullmatch(text)
        if code is not None:
            reply = Reply(self._heading, tuple(self._values), int(code[1]))
            self._forget()
            return reply
        if self._heading is None:
            mode = _VFO_MODE.fullmatch(text)
            return Reply(VFO_MODE, (mode[1],)) if mode is not None else None
        if len(self._values) == MAX_VALUES:
            self._forget()
            return None
        self._values.append(text.rpartition(": ")[2])
        return None

    def _forget(self) -> None:
        self._heading = None
        self._values.clear()


def _plain_line(text: str) -> Reply:
    code = _CODE.fullmatch(text)
    if code is not None:
        return Reply(None, (), int(code[1]))
    mode = _VFO_MODE.fullmatch(text)
    return Reply(None, (mode[1] if mode is not None else text,))
