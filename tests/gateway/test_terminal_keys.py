"""Keys from a terminal, a pipe, and from nowhere."""

from __future__ import annotations

import os
import pty
import termios
import time

from gateway.terminal_keys import END, Keys


def typed(keys: Keys, within_s: float = 5.0) -> str:
    deadline = time.monotonic() + within_s
    while not (pressed := keys.pressed()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return pressed


def test_keys_come_at_once_and_the_terminal_is_as_before() -> None:
    master, slave = pty.openpty()
    try:
        before = termios.tcgetattr(slave)
        with Keys(slave) as keys:
            assert keys.pressed() == ""
            os.write(master, b"q")
            assert typed(keys) == "q"
            assert not termios.tcgetattr(slave)[3] & termios.ECHO
            assert termios.tcgetattr(slave)[3] & termios.ISIG, "Ctrl-C still interrupts"
        assert termios.tcgetattr(slave) == before
    finally:
        os.close(master)
        os.close(slave)


def test_a_terminal_that_has_gone_ends() -> None:
    master, slave = pty.openpty()
    keys = Keys(slave)
    os.close(master)
    try:
        assert typed(keys) == END
        assert keys.pressed() == END
    finally:
        os.close(slave)


def test_a_pipe_works_and_its_end_is_told() -> None:
    there, here = os.pipe()
    try:
        with Keys(there) as keys:
            assert keys.pressed() == ""
            os.write(here, b"p")
            assert typed(keys) == "p"
            os.close(here)
            assert typed(keys) == END
    finally:
        os.close(there)
