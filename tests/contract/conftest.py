"""Prism, once for the session, with Twilio's own OpenAPI description."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.peers.ports import free_port
from tests.peers.twilio import TwilioPeer

REPOSITORY = Path(__file__).parents[2]
PRISM = REPOSITORY / "tests/contract/node_modules/.bin/prism"

LEFT_OUT = (
    "left out: Twilio's own OpenAPI description is not here. It is Twilio's, so it is not part of this repository: "
    "get twilio_api_v2010.json from Twilio's public collection and run with TWILIO_OPENAPI=/path/to/it"
)


@pytest.fixture(scope="session")
def description_file() -> Path:
    """Twilio's description of its API. CI must have it; elsewhere these tests are left out without it."""
    named = os.environ.get("TWILIO_OPENAPI")
    path = Path(named) if named else REPOSITORY.parent / "shared/twilio/twilio_api_v2010.json"
    if path.is_file():
        return path.resolve()
    if named or os.environ.get("CI") == "true":
        pytest.fail(f"{path} is missing. {LEFT_OUT}")
    pytest.skip(LEFT_OUT)


@pytest.fixture(scope="session")
def description(description_file: Path) -> dict[str, Any]:
    """The same, read."""
    read: dict[str, Any] = json.loads(description_file.read_text())
    return read


@dataclass(frozen=True)
class Prism:
    """A running Prism."""

    url: str


def _run(arguments: list[str], port: int, log: Path) -> Iterator[Prism]:
    """Prism as a child of ours until the generator is closed."""
    with log.open("w") as out:
        process = subprocess.Popen(
            [str(PRISM), *arguments, "--port", str(port), "--host", "127.0.0.1"],
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + 90
        # Its port opens before its routes are there; the log says when it is ready.
        while "Prism is listening" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"Prism did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield Prism(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@pytest.fixture(scope="session")
def installed(description_file: Path) -> None:
    """Prism's packages, by the locked list."""
    script = REPOSITORY / "scripts/contract-twilio"
    done = subprocess.run([script], check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, f"Prism could not be installed:\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def prism(installed: None, description_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prism]:
    """Prism playing Twilio: answers with Twilio's examples what is as described, and refuses the rest (HTTP 4xx)."""
    log = tmp_path_factory.mktemp("prism") / "mock.log"
    yield from _run(["mock", str(description_file)], free_port(), log)


@pytest.fixture
def twilio() -> Iterator[TwilioPeer]:
    """Our own counterpart."""
    with TwilioPeer() as peer:
        yield peer


@pytest.fixture
def judge(
    installed: None, description_file: Path, twilio: TwilioPeer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prism]:
    """Prism between our channel and our own counterpart of Twilio, judging both: violations come as a header."""
    log = tmp_path_factory.mktemp("prism") / "proxy.log"
    yield from _run(["proxy", str(description_file), twilio.url], free_port(), log)
