"""Who has a radio: one program at a time, so that looking at one never takes it from the gateway.

A lock on a file in the state folder. The kernel lets go of it when the process ends, however that happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import structlog

log = structlog.get_logger()


class RadioTaken(Exception):
    """Another program has this radio; the text says which and what to do."""

    def __init__(self, channel: str, holder: str) -> None:
        super().__init__(
            f"the radio {channel} is in use by {holder or 'another huecry'}. The gateway needs it more: look at `huecry log "
            "search` and `journalctl -u huecry`, or stop it for a while (systemctl stop huecry) and start it again afterwards"
        )


@contextlib.contextmanager
def hold_radio(state_dir: Path, channel: str, program: str) -> Iterator[None]:
    """Have a radio for oneself.

    Args:
        state_dir: of the settings. Without it no gateway has run here, and nothing is made.
        channel: the radio.
        program: as the other program shall name us.

    Raises:
        RadioTaken
    """
    handle = _opened(state_dir / f"radio-{channel}.lock")
    if handle is None:
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RadioTaken(channel, os.pread(handle, 200, 0).decode(errors="replace").strip()) from None
        with contextlib.suppress(
            OSError
        ):  # opened for reading only: somebody else's file, the lock counts all the same
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{program} (process {os.getpid()})\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _opened(path: Path) -> int | None:
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        try:
            return os.open(path, flags | os.O_CLOEXEC, 0o644)
        except OSError:
            continue
    return None


@contextlib.asynccontextmanager
async def radios_held(state_dir: Path, channels: Iterable[str], program: str) -> AsyncIterator[None]:
    """Have all these radios. One that is taken is only told: reception of the others, and of this one later, matters more."""
    with contextlib.ExitStack() as held:
        for channel in channels:
            try:
                await asyncio.to_thread(held.enter_context, hold_radio(state_dir, channel, program))
            except RadioTaken as taken:
                log.warning("a radio is in use by another program", channel=channel, why=str(taken))
        yield
