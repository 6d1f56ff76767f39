"""Every test with a `store` runs twice: on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockBuster

from dispatch.store.store import Store, open_store
from tests.conftest import OURS
from tests.dispatch.store.making import Clock
from tests.peers.postgres import PostgresServer

TEMPLATE = "huecry_template"
"""A database that holds the migrated tables and nothing else."""


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """As for all tests, but asyncpg may look for its password and certificate files, once a connection."""
    blocker = BlockBuster(OURS)
    for function in blocker.functions.values():
        function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
    blocker.activate()
    yield
    blocker.deactivate()


def run_apart(work: Coroutine[Any, Any, None]) -> None:
    """Run it in an event loop of its own: session fixtures may be wanted while a test's loop runs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests."""
    server = PostgresServer()
    try:
        server.start()
        run_apart(_make_template(server))
        yield server
    finally:
        server.remove()


async def _make_template(server: PostgresServer) -> None:
    name = await server.create_database()
    async with open_store(server.url(name)):
        pass
    await server.rename_database(name, TEMPLATE)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the migrated tables and nothing else."""
    path = tmp_path_factory.mktemp("template") / "huecry.db"

    async def make() -> None:
        async with open_store(f"sqlite:///{path}"):
            pass

    run_apart(make())
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> str:
    """Which engine this run is on."""
    name: str = request.param
    return name


@pytest.fixture
async def empty_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database without tables."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'huecry.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = await server.create_database()
    yield server.url(name)
    await server.drop_database(name)


@pytest.fixture
async def url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database with the tables of today."""
    if engine == "sqlite":
        path = tmp_path / "huecry.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = await server.create_database(TEMPLATE)
    yield server.url(name)
    await server.drop_database(name)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still unless told otherwise."""
    return Clock()


@pytest.fixture
async def store(url: str, clock: Clock) -> AsyncIterator[Store]:
    """An open store."""
    async with open_store(url, clock=clock) as opened:
        yield opened
