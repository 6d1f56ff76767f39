"""A real PostgreSQL server of Debian's package, in a private folder on a free port.

One server serves the whole test session; each test gets a database of its own, copied from a template that holds the
migrated tables. Nothing has to last, so it runs without waiting for the disk.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # comes without types

from tests.peers.ports import free_port

USER = "huecry"
ADMIN = "postgres"
"""The database that every server has."""
SETTINGS = {
    "fsync": "off",  # but synchronous_commit stays on: what is committed survives a killed server
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
}


class PostgresServer:
    """Start, stop, and databases by name. Constructing it does nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        self._programs = programs_folder()
        self._folder = Path(tempfile.mkdtemp(prefix="huecry-postgres-"))
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._server: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)

    def start(self) -> None:
        """Make the cluster if there is none, start the server, wait until it answers.

        Raises:
            RuntimeError: it does not start; the message holds its log.
        """
        owner = unprivileged_user()
        if owner is not None:
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        if not self._data.exists():
            made = subprocess.run(
                [
                    *self._as_owner(),
                    self._program("initdb"),
                    *("--pgdata", str(self._data), "--username", USER, "--auth", "trust"),
                    *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
                ],
                capture_output=True,
                check=False,
                cwd=self._folder,
            )
            if made.returncode != 0:
                raise RuntimeError(f"initdb failed: {made.stderr.decode()}")
        arguments = [f"-c{name}={value}" for name, value in SETTINGS.items()]
        with self._log.open("ab") as log:
            self._server = subprocess.Popen(
                [
                    *self._as_owner(),
                    self._program("postgres"),
                    *("-D", str(self._data), "-p", str(self.port), "-k", str(self._folder), *arguments),
                ],
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        self._wait_until_ready(self._server)

    def stop(self, *, at_once: bool = False) -> None:
        """End it, cutting all connections. `at_once` is like a power cut."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGQUIT if at_once else signal.SIGINT)
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None

    def remove(self) -> None:
        """Stop it and delete everything."""
        self.stop(at_once=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """As `database.url` takes it."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    async def create_database(self, template: str = "template1") -> str:
        """A fresh database, a copy of another that nobody is connected to. Returns its name."""
        name = f"test_{next(self._names)}"
        # Copying files is four times as quick as logging each page, with nothing waiting for the disk.
        await self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return name

    async def rename_database(self, name: str, new: str) -> None:
        """Give a database that nobody is connected to another name."""
        await self._admin(f'ALTER DATABASE "{name}" RENAME TO "{new}"')

    async def drop_database(self, name: str) -> None:
        """Delete it, whoever is connected."""
        await self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    async def _admin(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url(ADMIN))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _wait_until_ready(self, server: subprocess.Popen[bytes], within_s: float = 20.0) -> None:
        asks = [self._program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + within_s
        while subprocess.run(asks, check=False).returncode != 0:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"postgres does not start: {self._log.read_text()}")
            time.sleep(0.03)

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _as_owner(self) -> list[str]:
        """PostgreSQL refuses to run as root. However the tests end, the server ends with them."""
        owner = unprivileged_user()
        change = [] if owner is None else [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
        return ["setpriv", *change, "--pdeathsig", "INT", "--"]


def unprivileged_user() -> pwd.struct_passwd | None:
    """Whom to run as: nobody else when we are not root."""
    if os.getuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


def programs_folder() -> Path:
    """Where Debian keeps the server's programs, the newest version first.

    Raises:
        RuntimeError: not installed, and how to install it.
    """
    versions = [
        (int(found[1]), path.parent)
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if (found := re.search(r"/(\d+)/bin/initdb$", str(path)))
    ]
    if versions:
        return max(versions)[1]
    if (initdb := shutil.which("initdb")) and shutil.which("postgres"):
        return Path(initdb).resolve().parent
    raise RuntimeError("these tests need the PostgreSQL server: apt-get install postgresql (or use ./run test)")
