"""Speech and a town for the end-to-end tests."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dispatch.channels.synthesis import make_synthesizer
from tests.end_to_end.town import Town
from tests.peers.pulse import Pulse
from tests.peers.twilio import TwilioPeer

Say = Callable[[str], bytes]


@pytest.fixture(scope="session")
def say() -> Say:
    """Text to what a guard says: mono int16, 16 kHz, with a breath before and after."""
    apart = ThreadPoolExecutor(1, "ThreadPoolExecutor-say")  # loading a voice reads files: not in a test's event loop
    voice = apart.submit(make_synthesizer, "hibari").result()
    spoken: dict[str, bytes] = {}

    def speak(text: str) -> bytes:
        if text not in spoken:
            spoken[text] = bytes(9600) + apart.submit(voice.speak, text).result() + bytes(9600)
        return spoken[text]

    return speak


@pytest.fixture
def twilio() -> Iterator[TwilioPeer]:
    """Twilio's counterpart, which outlives the gateway."""
    with TwilioPeer() as peer:
        yield peer


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with register and members imported by the commands that people use."""
    folder = tmp_path_factory.mktemp("settled")
    with TwilioPeer() as peer, ThreadPoolExecutor(1) as apart:
        town = Town(folder / "town", peer)
        apart.submit(asyncio.run, town.settle()).result()
    return town.state


@pytest.fixture
async def town(tmp_path: Path, twilio: TwilioPeer, settled: Path) -> AsyncIterator[Town]:
    """A settled town whose gateway is not running yet."""
    made = Town(tmp_path / "town", twilio)
    await asyncio.to_thread(shutil.copytree, settled, made.state)
    yield made
    if made.running:
        await made.stop()


@pytest.fixture
async def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pulse]:
    """A sound server of its own, for this process and the gateways it starts."""
    folder = tmp_path / "pulse"
    folder.mkdir()
    server = Pulse(folder)
    await asyncio.to_thread(server.start)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    yield server
    await asyncio.to_thread(server.stop)
