"""Debian's svxlink without a sound card: its audio goes through UDP sockets, its radio is a pair of pseudo-terminals.

It is a simplex station that answers each end of a call with a beep, so it transmits after whatever it hears.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

RATE = 16_000

_CONFIG = """
[GLOBAL]
LOGICS=SimplexLogic
CARD_SAMPLE_RATE=16000
CARD_CHANNELS=2

[SimplexLogic]
TYPE=Simplex
RX=Ear
TX=Mouth
CALLSIGN=TOWN
EVENT_HANDLER=/usr/share/svxlink/events.tcl
RGR_SOUND_DELAY=0
RGR_SOUND_ALWAYS=1

[Ear]
TYPE=Local
AUDIO_DEV=udp:127.0.0.1:{hears}
AUDIO_CHANNEL=0
SQL_DET=PTY
PTY_PATH={squelch}
SQL_START_DELAY=0
SQL_DELAY=0
SQL_HANGTIME=0

[Mouth]
TYPE=Local
AUDIO_DEV=udp:127.0.0.1:{says}
AUDIO_CHANNEL=0
PTT_TYPE=PTY
PTT_PTY={ptt}
TIMEOUT=0
TX_DELAY=100
"""


class Svxlink:
    """One process. `stop` and `start` may be called again and again.

    Args:
        folder: for its configuration, its terminals and its log.
        one_terminal: one for both functions.
    """

    def __init__(self, folder: Path, *, one_terminal: bool = False) -> None:
        self.squelch = folder / "squelch"
        self.ptt = self.squelch if one_terminal else folder / "ptt"
        self._config = folder / "svxlink.conf"
        self._log = folder / "log"
        self._air = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._air.bind(("127.0.0.1", 0))
        self._air.setblocking(False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self._hears: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self._config.write_text(
            _CONFIG.format(hears=self._hears, says=self._air.getsockname()[1], squelch=self.squelch, ptt=self.ptt)
        )

    @property
    def log(self) -> list[str]:
        """What it wrote so far."""
        return self._log.read_text(errors="replace").splitlines()

    def start(self) -> None:
        before = len(self.log) if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                ["svxlink", f"--config={self._config}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 15
        while not (
            self.squelch.exists() and self.ptt.exists() and "handler script successfully" in "".join(self.log[before:])
        ):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("svxlink did not start:\n" + "\n".join(self.log))
            time.sleep(0.02)

    def stop(self) -> None:
        """It is killed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def hears(self) -> None:
        """Its sound card's clock: silence for its receiver until cancelled. What it says is thrown away."""
        while True:
            self._air.sendto(bytes(RATE // 50 * 4), ("127.0.0.1", self._hears))
            try:
                while self._air.recv(65_536):
                    pass
            except OSError:
                await asyncio.sleep(0.02)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._air.close()
