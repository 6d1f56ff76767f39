"""Rhasspy's own programs: a microphone, a loudspeaker and a synthesiser on a broker, each a process.

    python -m tests.peers.rhasspy        makes their environment (`./run test` does; seconds, once)

They live in `.cache/rhasspy-env`, since they pin an old MQTT library.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers.mosquitto import Mosquitto

REPOSITORY = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).with_name("rhasspy-requirements.txt")
ENVIRONMENT = REPOSITORY / ".cache/rhasspy-env"


def prepare_environment() -> Path:
    """Make the environment if it is missing or its list has changed; returns its `python`.

    Raises:
        FileNotFoundError: no uv.
        subprocess.CalledProcessError: a package could not be installed; uv's words are on the terminal.
    """
    python, stamp = ENVIRONMENT / "bin/python", ENVIRONMENT / "rhasspy-stamp"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    if python.exists() and stamp.is_file() and stamp.read_text() == wanted:
        return python
    brought = sorted(REPOSITORY.glob(".tools/uv-*/bin/uv"))
    uv = str(brought[-1]) if brought else shutil.which("uv")
    if uv is None:
        raise FileNotFoundError("uv is not here: start with `./run test`, which brings it")
    quiet = ["--quiet", "--no-config", "--no-progress"]
    install = [uv, "pip", "install", *quiet, "--no-deps", "--python", str(python), "-r", str(REQUIREMENTS)]
    subprocess.run([uv, "venv", *quiet, "--clear", "--python", sys.executable, str(ENVIRONMENT)], check=True)
    subprocess.run(install, check=True)
    stamp.write_text(wanted)
    return python


@contextmanager
def _program(broker: Mosquitto, module: str, site: str, *arguments: str, subscribes: str | None) -> Iterator[None]:
    """One of the programs, once it has subscribed to what it serves."""
    command = [str(prepare_environment()), "-m", module, "--host", "127.0.0.1", "--port", str(broker.port)]
    before = len(broker.log)
    written = broker.folder / f"{module}.log"
    with written.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--site-id", site, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            deadline = time.monotonic() + 30.0
            while subscribes is not None and f"\t{subscribes} (QoS" not in broker.log[before:]:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{module} did not come up: {written.read_text(errors='replace')[-1500:]}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)


@contextmanager
def microphone(broker: Mosquitto, site: str, record_command: str) -> Iterator[None]:
    """Publishes what the command writes: mono int16 at 16 kHz."""
    how = ["--sample-rate", "16000", "--sample-width", "2", "--channels", "1"]
    with _program(
        broker, "rhasspymicrophone_cli_hermes", site, "--record-command", record_command, *how, subscribes=None
    ):
        yield


@contextmanager
def loudspeaker(broker: Mosquitto, site: str, played: Path) -> Iterator[None]:
    """Plays into a file: whole WAVs, one after the other."""
    play = f"sh -c 'cat >> {played}'"
    topic = f"hermes/audioServer/{site}/playBytes/#"
    with _program(broker, "rhasspyspeakers_cli_hermes", site, "--play-command", play, subscribes=topic):
        yield


@contextmanager
def synthesiser(broker: Mosquitto, site: str, tts_command: str = "espeak-ng --stdout") -> Iterator[None]:
    """Turns text into a WAV for the site's loudspeaker."""
    with _program(broker, "rhasspytts_cli_hermes", site, "--tts-command", tts_command, subscribes="hermes/tts/say"):
        yield


if __name__ == "__main__":
    prepare_environment()
