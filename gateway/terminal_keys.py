"""Single keys from a terminal, for screens that go on meanwhile. Works over ssh; echoes nothing."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Any, Protocol

END = "\x04"
"""What is said for good when there will be no more keys: Ctrl-D, a closed pipe, a terminal that has gone."""


class Pressed(Protocol):
    """Whatever tells which keys were pressed."""

    def pressed(self) -> str:
        """The keys since it was last asked; empty when none."""
        ...


class Keys:
    """The keyboard while it is entered: keys come at once, without Enter; Ctrl-C still interrupts.

    Args:
        handle: of the terminal; a pipe works too, it only waits for nothing.
    """

    def __init__(self, handle: int | None = None) -> None:
        self._handle = sys.stdin.fileno() if handle is None else handle
        self._before: list[Any] | None = None
        self._ended = False

    def __enter__(self) -> Keys:
        if os.isatty(self._handle):
            self._before = termios.tcgetattr(self._handle)
            tty.setcbreak(self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            # TCSADRAIN, not FLUSH: what was typed ahead belongs to the next question.
            termios.tcsetattr(self._handle, termios.TCSADRAIN, self._before)

    def pressed(self) -> str:
        """The keys since it was last asked; empty when none. Never waits."""
        if self._ended:
            return END
        ready, _, _ = select.select([self._handle], [], [], 0)
        if not ready:
            return ""
        try:
            typed = os.read(self._handle, 64)
        except OSError:  # the terminal has gone: the ssh session was cut
            typed = b""
        self._ended = not typed
        return typed.decode(errors="replace") or END
