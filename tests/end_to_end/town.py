"""A small town for tests of the whole gateway: settings, register, members, and the gateway as a process."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from radio_drivers.simulator.client import SimulatorClient
from tests.peers.twilio import ACCOUNT, TOKEN, TwilioPeer

ROOT = Path(__file__).resolve().parents[2]

REGISTER = """reference,first_name,last_name,aliases,sex,notice_status,notice_served_on,notice_expires_on
FT-0101,Martin,Blackwood,,m,active,{served},{expires}
FT-0117,Benjamin,Ashworth,,m,active,{served},{expires}
FT-0108,Simon,Hartley,,m,expired,2024-01-10,2025-01-09
"""
MEMBERS = """member,site,radio_unit,contact,phone,wants_sms
Corner Books,Market Square,1002,,,
Garden Flowers,Mill Lane,,Rosa,+447700900101,yes
Old Bakery,Castle Street,,Tom,+447700900102,yes
"""
PHONES = {"+447700900101", "+447700900102"}

CONFIG = """
[scheme]
name = "Fernley Town Against Crime"
short = "FTAC"

[paths]
state_dir = "{state}"

[speech]
hot_words = false

[[radio]]
name = "town"
driver = "simulator"
[radio.simulator]
listen = "127.0.0.1:0"
address_file = "{address}"
pace = 0.1
[radio.keying]
clear_for_s = 0.2

[sms]
enabled = true
account_sid = "{account}"
sender = "+447700900999"
base_url = "{twilio}"

[secrets]
sms_auth_token = "{token}"

[outbox]
first_retry_s = 0.2
longest_retry_s = 4
max_tries = 15
poll_s = 0.5
"""


class Town:
    """One town in one folder. The gateway can be started, killed and started again; Twilio's counterpart stays."""

    def __init__(self, folder: Path, twilio: TwilioPeer) -> None:
        self.folder = folder
        self.twilio = twilio
        self.state = folder / "state"
        self.config = folder / "huecry.toml"
        self.address = folder / "address"
        self.log = folder / "gateway.log"
        self._process: asyncio.subprocess.Process | None = None
        folder.mkdir(exist_ok=True)
        self.config.write_text(
            CONFIG.format(state=self.state, address=self.address, account=ACCOUNT, token=TOKEN, twilio=twilio.url)
        )
        today = datetime.now(UTC).date()
        served, expires = today - timedelta(days=30), today + timedelta(days=300)
        (folder / "register.csv").write_text(REGISTER.format(served=served, expires=expires))
        (folder / "members.csv").write_text(MEMBERS)

    async def command(self, *words: str) -> str:
        """Run a `huecry` command to its end; its output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway",
            "--config",
            str(self.config),
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=ROOT,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
        return out.decode()

    async def settle(self) -> None:
        """Import the register and the members."""
        await self.command("register", "import", str(self.folder / "register.csv"))
        await self.command("members", "import", str(self.folder / "members.csv"))

    async def start(self, *, die: str = "") -> None:
        """Start the gateway and wait until it listens.

        Args:
            die: kill -9 itself at this hand-over; see `dying_gateway`.
        """
        self.address.unlink(missing_ok=True)
        module = ["tests.end_to_end.dying_gateway", die] if die else ["gateway"]
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *module,
                "--config",
                str(self.config),
                "run",
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        await self.until(lambda: self.address.exists() or self._process is None or self._process.returncode is not None)
        assert self._process.returncode is None, self.log.read_text()
        await self.until(lambda: b"listening" in self.log.read_bytes()[-4000:])

    @property
    def running(self) -> bool:
        """The process is there."""
        return self._process is not None and self._process.returncode is None

    async def ended(self, within_s: float = 30.0) -> int:
        """Wait for the process to end; its exit code (negative: the signal)."""
        assert self._process is not None
        async with asyncio.timeout(within_s):
            return await self._process.wait()

    async def stop(self, how: signal.Signals = signal.SIGTERM, within_s: float = 30.0) -> tuple[int, float]:
        """End it by a signal; exit code and how long it took."""
        assert self._process is not None
        began = time.monotonic()
        if self._process.returncode is None:
            self._process.send_signal(how)
        code = await self.ended(within_s)
        return code, time.monotonic() - began

    @asynccontextmanager
    async def radio(self, unit: str) -> AsyncIterator[SimulatorClient]:
        """A guard's radio on the channel."""
        async with SimulatorClient.connect(self.address.read_text().strip(), unit) as client:
            yield client

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Ask the database directly."""
        with sqlite3.connect(f"file:{self.state / 'huecry.db'}?mode=ro", uri=True) as db:
            return db.execute(query).fetchall()

    async def until(self, true: Callable[[], object], within_s: float = 30.0) -> None:
        """Wait until something holds, looking often."""
        deadline = time.monotonic() + within_s
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {within_s} s in vain; the gateway's log:\n{self.log.read_text()[-4000:]}")
            await asyncio.sleep(0.02)

    async def nothing_more_to_send(self, within_s: float = 30.0) -> None:
        """Wait until every delivery has ended."""
        await self.until(
            lambda: (
                self.rows("select count(*) from deliveries")[0][0]
                and not self.rows("select count(*) from deliveries where state in ('pending', 'sending')")[0][0]
            ),
            within_s,
        )
