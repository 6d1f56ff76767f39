"""Pseudo-terminals made as svxlink makes them, or taken as its scripts take them.

Making and taking touch the file system: off the event loop. Reading and writing don't block.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import shutil
import termios
import tty
from dataclasses import dataclass, replace
from pathlib import Path

from radio_drivers.interface import LinkDown, RadioError, RadioSettingsError

READ = 4096


class NobodyThere(LinkDown):
    """The other end of a terminal is not open."""


@dataclass(frozen=True, slots=True)
class Pty:
    """One end of a pseudo-terminal."""

    path: str
    """Where the other side finds it, or we found it."""
    fd: int
    made: str | None = None
    """The other end's name, where we made both."""
    held: int | None = None
    """The other end, held open so that nothing that comes and goes on it reads as a hang-up."""

    def write(self, letter: bytes) -> None:
        """Send a letter.

        Raises:
            NobodyThere: no program has opened it.
            LinkDown: one has, and reads nothing.
        """
        if self.made is not None and self.held is None and self._hung_up():
            raise NobodyThere(f"{self.path}: no program has opened this terminal, so nobody presses talk for us")
        if self.held is not None:  # a reader that comes later shall find how things are, not all that has been
            termios.tcflush(self.held, termios.TCIFLUSH)
        try:
            os.write(self.fd, letter)
        except BlockingIOError:
            raise LinkDown(f"{self.path}: whoever has opened this terminal doesn't read it") from None
        except OSError as error:
            raise NobodyThere(f"{self.path}: {error.strerror}") from error

    def read(self) -> bytes:
        """What came in; empty for nothing yet.

        Raises:
            NobodyThere: the other side has gone.
        """
        try:
            data = os.read(self.fd, READ)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise NobodyThere(f"{self.path} has hung up ({error.strerror})") from error
        if not data:
            raise NobodyThere(f"{self.path} has hung up")
        return data

    def close(self) -> None:
        """Let go of it, and take away the link to it if we made it."""
        if self.made is not None:
            with contextlib.suppress(OSError):
                if str(Path(self.path).readlink()) == self.made:
                    Path(self.path).unlink()
        for fd in (self.held, self.fd):
            if fd is not None:
                with contextlib.suppress(OSError):
                    os.close(fd)

    def _hung_up(self) -> bool:
        poll = select.poll()
        poll.register(self.fd, select.POLLOUT)
        return any(event & select.POLLHUP for _, event in poll.poll(0))


def take(path: str) -> Pty:
    """Open a terminal that somebody else made.

    Raises:
        LinkDown: it isn't there yet.
        RadioSettingsError: it isn't ours to open, or no terminal.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _explained(path, error) from error
    try:
        # Nothing of what we are told may come back as an echo; what waits there already is still wanted.
        tty.setraw(fd, termios.TCSANOW)
    except termios.error as error:
        os.close(fd)
        raise RadioSettingsError(f"{path} is no terminal: is it the path of svxlink's PTT_PTY or PTY_PATH?") from error
    return Pty(path, fd)


def make(path: str, group: str | None, *, held: bool) -> Pty:
    """Make a terminal, with a link to it at `path`.

    Args:
        path: a link there is replaced, anything else is not.
        group: who may use it beside our own user.
        held: it is read from. Otherwise it can be told whether anybody has opened it.

    Raises:
        RadioSettingsError: the link can't be made, or there is no such group.
    """
    master, slave = os.openpty()
    pty = Pty(path, master, os.ttyname(slave), slave)
    try:
        _shape(pty, slave, group)
    except LookupError as error:
        pty.close()
        raise RadioSettingsError(f"svxlink.group = {group!r}: there is no such group") from error
    except OSError as error:
        pty.close()
        raise RadioSettingsError(f"the terminal {path} can't be made: {error.strerror}") from error
    if held:
        return pty
    os.close(slave)
    return replace(pty, held=None)


def _shape(pty: Pty, slave: int, group: str | None) -> None:
    tty.setraw(slave)
    os.set_blocking(pty.fd, False)
    name = os.ttyname(slave)
    if group is not None:
        shutil.chown(name, group=group)
        Path(name).chmod(0o660)
    link = Path(pty.path)
    if link.is_symlink():
        link.unlink()
    link.symlink_to(name)


def _explained(path: str, error: OSError) -> RadioError:
    if error.errno in {errno.ENOENT, errno.ENXIO, errno.EIO}:
        return LinkDown(f"{path} is not there: is svxlink running, with PTT_TYPE=PTY and SQL_DET=PTY, and this path?")
    if error.errno in {errno.EACCES, errno.EPERM}:
        return RadioSettingsError(
            f"{path} may not be opened by this user: svxlink's terminals are its own; docs/radios/svxlink.md says how to share"
        )
    return RadioSettingsError(f"{path} can't be opened: {error.strerror}")
