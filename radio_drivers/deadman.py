"""Lets go of the key when the gateway dies in a way that leaves it no last word: killed, out of memory, crashed in a library.

The kernel drops the modem lines of a dead process, but not the level of a GPIO, nor the key that another program holds for it.
So a child is left waiting at a pipe with the link to the base station as its output. When the pipe breaks, because its other
end has died, the child says the one thing that releases the key. It is a shell: 1 MB, and nothing in it that can go wrong.
"""

from __future__ import annotations

import asyncio
import contextlib

import structlog

log = structlog.get_logger(__name__)

_SCRIPT = 'read -r _ || { for word in "$@"; do printf %b "$word"; sleep 0.2; done; sleep 1; }'
"""An orderly end is a line on the pipe. The pauses are for a radio that takes one command after the other; the second's wait
keeps a TCP connection open until the other end has read."""

END_S = 2.0
"""A shell that doesn't end within this is killed."""


class DeadMan:
    """One child for one link. It must be told to `stand_down` before the link is closed, since it holds it open too."""

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None

    async def watch(self, link: int, *release: bytes) -> None:
        """Begin to wait. Without a shell the gateway goes on, and says so.

        Args:
            link: file descriptor of the base station's link; shared, so nothing is read from it.
            release: written to it when we have died, the first at once, the others a fifth of a second apart.
        """
        try:
            self._child = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                _SCRIPT,
                "huecry-deadman",
                *("".join(f"\\0{byte:03o}" for byte in word) for word in release),
                stdin=asyncio.subprocess.PIPE,
                stdout=link,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in a terminal is for us; the child sees the end of it
            )
        except OSError as error:
            log.warning("if the gateway is killed while it talks, nothing releases the key", problem=str(error))

    async def stand_down(self) -> None:
        """The link is closed in order: nothing to do for the child. Never raises."""
        child, self._child = self._child, None
        if child is None or child.stdin is None:
            return
        child.stdin.write(b"\n")
        child.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await child.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
