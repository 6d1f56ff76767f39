"""`huecry radio setup` as its user types: a pseudo-terminal, a radio behind a port server, a sound card, a file with comments."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pexpect
import pytest

from gateway.radio_setup.bench import HOLD_S, TONE_HZ
from radio_drivers.line.squelch import level_dbfs
from tests.peers.pulse import RATE, Pulse, pulse
from tests.peers.rfc2217 import RadioServer, radio_server

pytestmark = [
    pytest.mark.sound,
    pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning"),  # in pyserial 3.5 itself
]

BEFORE = """# Fernley, set up by Pat
[scheme]
short = "FERN"   # as on the air

# Alerts to the control room
[mqtt]
enabled = false
"""


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pulse]:
    with pulse(tmp_path_factory.mktemp("pulse")) as server:
        yield server


@pytest.fixture
def server() -> Iterator[RadioServer]:
    with radio_server() as running:
        yield running


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "huecry.toml"
    file.write_text(BEFORE)
    file.chmod(0o604)
    return file


def speech(seconds: float, dbfs: float) -> bytes:
    """A buzz like a voice: many harmonics, loud and soft syllables."""
    at = np.arange(int(seconds * RATE)) / RATE
    wave = sum(np.sin(2 * np.pi * 140 * n * at + n * n) / n for n in range(1, 20)) * (
        0.6 + 0.4 * np.sin(2 * np.pi * 3 * at)
    )
    wave *= 32768 * 10 ** (dbfs / 20) / np.sqrt(np.mean(wave**2))
    return bytes(np.clip(wave, -32768, 32767).astype("<i2").tobytes())


def plain(screen: str) -> str:
    """Without colours and cursor movements."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)


class Installer:
    """Somebody at a terminal of 100 columns."""

    def __init__(self, card: Pulse, *arguments: str) -> None:
        environment = {**os.environ, **card.environment, "TERM": "xterm-256color", "PYTHONUNBUFFERED": "1"}
        environment.pop("NO_COLOR", None)
        self.screen = pexpect.spawn(
            sys.executable,
            ["-m", "gateway", "radio", *arguments],
            env=environment,
            dimensions=(40, 100),
            timeout=25,
            encoding="utf-8",
        )

    def sees(self, text: str) -> str:
        """Waits until this is on the screen; what came before it."""
        try:
            self.screen.expect_exact(text)
        except (pexpect.TIMEOUT, pexpect.EOF):
            raise AssertionError(f"not on the screen: {text!r}, but {plain(str(self.screen.before))[-800:]}") from None
        return plain(str(self.screen.before))

    def watches(self, seconds: float) -> None:
        """Only looks: a terminal that nobody reads stops the program that draws on it."""
        self.screen.expect_exact([pexpect.TIMEOUT], timeout=seconds)

    def interrupts(self, until: str) -> None:
        """Ctrl-C; where the terminal made nothing of it, the signal that it stands for.

        A pseudo-terminal under load has been seen to swallow the character twice in a row: it came neither as a signal nor as a key.
        """
        self.screen.send("\x03")
        if self.screen.expect_exact([until, pexpect.TIMEOUT], timeout=0.7) == 0:
            return
        self.screen.kill(signal.SIGINT)
        self.sees(until)

    def answers(self, question: str, answer: str = "") -> None:
        self.sees(question)
        self.screen.send(f"{answer}\r")

    def ends(self) -> int:
        self.screen.expect(pexpect.EOF)
        self.screen.close()
        return int(self.screen.exitstatus if self.screen.exitstatus is not None else -1)


def test_a_radio_is_found_out_tried_and_written(card: Pulse, server: RadioServer, config: Path) -> None:
    person = Installer(card, "setup", "--config", str(config))
    person.sees("seems to be")
    person.answers("Which", server.url)
    person.answers("Which (radio, tait, tetra) [radio]")
    person.answers("hears the radio", "-")
    person.answers("speaks into it", "-")
    person.answers("Enter begins")
    person.sees("dBFS")
    person.watches(0.5)
    for _ in range(2):  # presses talk, says something, lets go
        server.radio.talking = True
        card.say(speech(2.0, -36))
        person.watches(2.5)
        server.radio.talking = False
        person.watches(1.2)
    person.screen.send("\r")
    person.sees("CTS is on while somebody talks: that is the squelch.")
    person.sees("too quiet")
    person.answers("or turn a knob and listen again", "take")
    heard = card.record()
    person.answers("Transmit now, with RTS pressed (yes, no) [no]", "yes")
    person.sees("ON THE AIR")
    person.answers("What did the hand-held hear", "tone")
    said = np.frombuffer(heard.stop(), np.int16)
    (_, down), (released, up) = server.radio.keyings[-2:]
    assert (down, up) == (True, False)
    assert released - server.radio.keyings[-2][0] < HOLD_S + 1
    loud = said[np.abs(said) > 300]
    assert len(loud) > 0.5 * RATE, "a tone was heard"
    spectrum = np.abs(np.fft.rfft(said))
    assert abs(np.argmax(spectrum) * RATE / len(said) - TONE_HZ) < 20
    person.answers("how loud was it", "good")
    person.answers("Name [town]", "market")
    shown = person.sees("Write this to")
    assert '+port = "rfc2217' in shown
    assert "-" not in [line.strip()[:1] for line in shown.splitlines() if "FERN" in line], "nothing else changes"
    person.screen.send("yes\r")
    person.sees("is written")
    assert person.ends() == 0
    text = config.read_text()
    assert text.startswith(BEFORE)
    assert 'name = "market"' in text
    assert 'ptt = "rts"' in text
    assert 'squelch = "cts"' in text
    assert stat.S_IMODE(config.stat().st_mode) == 0o604
    assert (config.with_name("huecry.toml.before-setup")).read_text() == BEFORE
    gain = float(text.split("gain_in_db = ")[1].split()[0])
    assert 8 <= gain <= 24, f"-36 dBFS of talk need about 16 dB, not {gain}"
    checked = subprocess.run(
        [sys.executable, "-c", "from gateway.settings import load_settings; print(load_settings().radio[0].line.port)"],
        env={**os.environ, "HUECRY_CONFIG": str(config)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert checked.stdout.strip() == server.url


def test_nothing_is_keyed_or_written_unasked(card: Pulse, server: RadioServer, config: Path) -> None:
    person = Installer(card, "setup", "--config", str(config), "--channel", "town")
    person.answers("Which", server.url)
    person.answers("Which (radio, tait, tetra) [radio]", "radio")
    person.answers("hears the radio", "-")
    person.answers("speaks into it", "-")
    person.answers("Enter begins")
    person.sees("dBFS")
    person.watches(0.2)  # what is pressed while the terminal changes its mode is lost: nobody is that quick
    person.screen.send("\r")
    person.sees("No line moved and no talk was heard.")
    person.screen.send("go on\r")
    person.answers("Transmit now, with RTS pressed (yes, no) [no]")  # Enter alone must not key
    person.answers("Transmit now, with DTR pressed (yes, no) [no]")
    person.answers("Transmit now, with RTS+DTR pressed (yes, no) [no]")
    person.sees("only listens")
    person.answers("Write this to", "no")
    person.sees("Nothing was written")
    assert person.ends() == 1
    assert config.read_text() == BEFORE
    assert not any(keyed for _, keyed in server.radio.keyings)


def test_interrupting_releases_talk(card: Pulse, server: RadioServer, config: Path) -> None:
    person = Installer(card, "setup", "--config", str(config))
    person.answers("Which", server.url)
    person.answers("Which (radio, tait, tetra)", "radio")
    person.answers("hears the radio", "-")
    person.answers("speaks into it", "-")
    person.answers("Enter begins")
    person.sees("dBFS")
    person.watches(0.2)  # what is pressed while the terminal changes its mode is lost: nobody is that quick
    person.screen.send("\r")
    person.sees("No line moved")
    person.screen.send("go on\r")
    person.answers("Transmit now, with RTS pressed", "yes")
    person.sees("ON THE AIR")
    person.sees("any key releases")
    person.watches(0.2)  # as above
    person.interrupts("Nothing was written; nothing is keyed.")
    assert person.ends() == 1
    assert not server.radio.keyed
    pressed = next(at for at, keyed in server.radio.keyings if keyed)
    released = next(at for at, keyed in server.radio.keyings if not keyed and at > pressed)
    assert released - pressed < HOLD_S, "by Ctrl-C, not because its time was over"
    assert config.read_text() == BEFORE


def test_the_list_needs_nobody(card: Pulse) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "radio", "setup", "--list"],
        env={**os.environ, **card.environment, "COLUMNS": "120"}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "default" in done.stdout, "the sound device"
    assert "seems to be" in done.stdout
    silent = subprocess.run(
        [sys.executable, "-m", "gateway", "radio", "setup"],
        env={**os.environ, **card.environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert silent.returncode == 2
    assert "run it in a terminal, or use --list" in silent.stderr


def test_levels_of_the_test_voice() -> None:
    assert level_dbfs(np.frombuffer(speech(1.0, -36), np.int16)) == pytest.approx(-36, abs=0.5)
