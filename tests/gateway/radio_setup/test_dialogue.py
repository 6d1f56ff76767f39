"""Every turn that the conversation can take; what is tried on the radio is by script here."""

from __future__ import annotations

import asyncio
import io
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typing_extensions import override

from gateway.radio_setup import dialogue
from gateway.radio_setup.bench import NoWires, Wires
from gateway.radio_setup.dialogue import Setup, Work
from gateway.radio_setup.levels import Meter
from gateway.radio_setup.seems import Candidate
from gateway.radio_setup.terminal import NoAnswer, Terminal
from gateway.radio_setup.watching import LineWatch
from gateway.terminal_keys import Pressed
from radio_drivers.interface import LinkDown
from radio_drivers.line.squelch import Samples

SERIAL = Candidate("serial", "/dev/ttyUSB0", "/dev/ttyUSB0", "FTDI", "", likely=True, hint="may not be opened")
PINS = Candidate("cm108", "usb-2", "/dev/hidraw0", "CM108", "", likely=True)
RIG = Candidate("rigctld", "127.0.0.1:4532", "rig", "rigctld", "", likely=True)
CARD = Candidate("sound", "Card", "Card", "", "", None, 2, 2)
MOUTH = Candidate("sound", "Mouth", "Mouth", "", "", None, 0, 2)
ALL = (SERIAL, PINS, RIG, CARD, MOUTH)


class Script(Terminal):
    """Answers by script: each answer belongs to a question, in order."""

    def __init__(self, *answers: tuple[str, str]) -> None:
        self.shown = io.StringIO()
        super().__init__(Console(file=self.shown, width=120))
        self.answers = list(answers)

    @override
    def ask(self, question: str, default: str = "") -> str:
        self.console.print(question, markup=False)
        assert self.answers, f"nobody answers {question!r}"
        expected, answer = self.answers.pop(0)
        assert expected in question, f"{question!r} instead of {expected!r}"
        return answer or default

    @property
    def text(self) -> str:
        return " ".join(self.shown.getvalue().split())


@dataclass
class Radio:
    """What is heard and what works."""

    lines: tuple[str, ...] = ()
    """Inputs that move with talk."""
    dbfs: float | None = -20.0
    keys: tuple[str, ...] = ("rts", "dtr")
    broken: str | None = None
    opened: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    pressed: list[tuple[str, str | None, float]] = field(default_factory=list)


def talk(dbfs: float) -> Samples:
    at = np.arange(32_000) / 16_000
    wave: Samples = np.clip(np.sin(1200 * at) * 32768 * 10 ** (dbfs / 20) * 1.414, -32768, 32767).astype(np.int16)
    return wave


@contextmanager
def nobody() -> Iterator[Pressed]:
    class Nothing:
        def pressed(self) -> str:
            return ""

    yield Nothing()


@pytest.fixture
def radio(monkeypatch: pytest.MonkeyPatch) -> Radio:
    """The one at the other end; tests change it before they begin."""
    radio = Radio()

    @asynccontextmanager
    async def wires_of(driver: str, address: str | None, hold: str | None = None) -> AsyncIterator[Wires]:
        radio.opened.append((driver, address, hold))
        if radio.broken:
            raise LinkDown(radio.broken)
        wires = NoWires()
        wires.keys = radio.keys if address else ()
        yield wires

    async def watch(*_: object) -> tuple[LineWatch, Meter]:
        lines, meter = LineWatch(), Meter()
        for step in range(100):
            lines.feed(dict.fromkeys(radio.lines, step // 20 % 2 == 1) | {"ri": False}, step / 20)
        meter.feed(np.zeros(8000, np.int16))
        if radio.dbfs is not None:
            meter.feed(talk(radio.dbfs))
        return lines, meter

    async def press(_: Wires, key: str, sound_out: str | None, gain: float, *__: object) -> None:
        radio.pressed.append((key, sound_out, gain))

    monkeypatch.setattr(dialogue, "wires_of", wires_of)
    monkeypatch.setattr(dialogue, "watch", watch)
    monkeypatch.setattr(dialogue, "press", press)
    return radio


@dataclass
class Done:
    written: bool
    radio: dict[str, Any]
    terminal: Script


def talked(file: Path, *answers: tuple[str, str], channel: str | None = None) -> Done:
    terminal = Script(*answers)
    with asyncio.Runner() as runner:
        written = Setup(terminal, Work(file, ALL, channel, nobody), runner).run()
    assert not terminal.answers, "answers that nobody asked for"
    radios = tomllib.loads(file.read_text()).get("radio", []) if file.exists() else []
    return Done(written, radios[-1] if radios else {}, terminal)


CHOOSES = [("Which", "1"), ("Which", "radio"), ("hears", "4"), ("speaks", "4"), ("Enter", "")]
WRITES = [("Name", "town"), ("Write", "yes")]


def test_the_whole_way(radio: Radio, tmp_path: Path) -> None:
    radio.lines = ("dcd",)
    keyed = [("RTS", "yes"), ("hear", "tone"), ("loud", "good")]
    done = talked(tmp_path / "huecry.toml", *CHOOSES, *keyed, *WRITES)
    assert done.written
    assert done.radio == {
        "name": "town",
        "driver": "line",
        "line": {"port": "/dev/ttyUSB0", "ptt": "rts", "squelch": "dcd", "sound_in": "Card", "sound_out": "Card"},
    }
    assert "may not be opened" in done.terminal.text, "the hint is told before it fails"
    assert "DCD is on while somebody talks" in done.terminal.text


def test_the_second_way_of_pressing_talk(radio: Radio, tmp_path: Path) -> None:
    radio.lines = ("cts", "dsr")
    keyed = [("RTS", "yes"), ("hear", "nothing"), ("DTR", "yes"), ("hear", "tone"), ("loud", "good")]
    done = talked(tmp_path / "huecry.toml", *CHOOSES, *keyed, *WRITES)
    assert (done.radio["line"]["ptt"], done.radio["line"]["squelch"]) == ("dtr", "cts")
    assert "(DSR moved, too)" in done.terminal.text
    assert [key for key, *_ in radio.pressed] == ["rts", "dtr"]


def test_a_carrier_without_sound_is_another_sound_device(radio: Radio, tmp_path: Path) -> None:
    keyed = [("RTS", "yes"), ("hear", "carrier"), ("speaks", "5"), ("RTS", "yes"), ("hear", "tone"), ("loud", "good")]
    done = talked(tmp_path / "huecry.toml", *CHOOSES, *keyed, *WRITES)
    assert [sound for _, sound, _ in radio.pressed] == ["Card", "Mouth"]
    assert (done.radio["line"]["sound_in"], done.radio["line"]["sound_out"]) == ("Card", "Mouth")


def test_louder_until_it_is_good(radio: Radio, tmp_path: Path) -> None:
    keyed = [("RTS", "yes"), ("hear", "tone"), ("loud", "quiet"), ("again", "yes"), ("hear", "tone"), ("loud", "loud")]
    keyed += [("again", "yes"), ("hear", "tone"), ("loud", "quiet"), ("again", "no")]
    done = talked(tmp_path / "huecry.toml", *CHOOSES, *keyed, *WRITES)
    assert [gain for *_, gain in radio.pressed] == [0.0, 6.0, 0.0]
    assert done.radio["line"]["gain_out_db"] == 6.0


def test_vox_gets_a_threshold_and_a_quiet_receiver_a_gain(radio: Radio, tmp_path: Path) -> None:
    radio.dbfs = -40.0
    done = talked(tmp_path / "huecry.toml", *CHOOSES, ("Take +20 dB", "take"), ("RTS", "no"), ("DTR", "no"), *WRITES)
    line = done.radio["line"]
    assert (line["squelch"], line["ptt"], line["gain_in_db"]) == ("vox", "none", 20.0)
    assert -70 <= line["vox_threshold_dbfs"] <= -25
    assert "only listens" in done.terminal.text
    assert radio.pressed == []


def test_a_clipped_receiver_is_sent_to_the_knob(radio: Radio, tmp_path: Path) -> None:
    radio.dbfs = 0.0
    answers = [*CHOOSES, ("Go on", "no"), ("Again", "go on"), ("RTS", "no"), ("DTR", "no"), *WRITES]
    done = talked(tmp_path / "huecry.toml", *answers)
    assert "overdriven" in done.terminal.text
    assert "gain_in_db" not in done.radio["line"]


def test_nothing_heard_can_be_tried_with_power_and_other_sound(radio: Radio, tmp_path: Path) -> None:
    radio.dbfs = None
    again = [("Again", "power"), ("Enter", ""), ("Again", "sound"), ("hears", "-"), ("speaks", "-"), ("Enter", "")]
    answers = [*CHOOSES, *again, ("Again", "go on"), ("RTS", "no"), ("DTR", "no"), *WRITES]
    done = talked(tmp_path / "huecry.toml", *answers)
    assert done.radio["line"]["hold"] == "dtr"
    assert "sound_in" not in done.radio["line"]
    assert radio.opened[-1] == ("line", "/dev/ttyUSB0", "dtr")


def test_a_broken_port_is_told_and_the_rest_goes_on(radio: Radio, tmp_path: Path) -> None:
    radio.broken = "serial port '/dev/ttyUSB0' is in use by another program"
    done = talked(tmp_path / "huecry.toml", *CHOOSES, ("Again", "go on"), ("Name", "town"), ("Write", "no"))
    assert not done.written
    assert "in use by another program" in done.terminal.text


@pytest.mark.parametrize(
    ("number", "driver", "table", "values"),
    [
        ("2", "cm108", "cm108", {"device": "usb-2", "ptt_gpio": 3, "squelch": "volume_down"}),
        ("3", "rigctld", "rigctld", {"host": "127.0.0.1", "port": 4532}),
    ],
)
def test_other_controls(
    radio: Radio, tmp_path: Path, number: str, driver: str, table: str, values: dict[str, object]
) -> None:
    radio.keys = ("gpio3",) if driver == "cm108" else ("talk",)
    radio.lines = ("volume_down",) if driver == "cm108" else ("squelch",)
    answers = [("Which", number), ("hears", "4"), ("speaks", "4"), ("Enter", ""), ("pressed", "yes"), ("hear", "tone")]
    done = talked(tmp_path / "huecry.toml", *answers, ("loud", "good"), *WRITES)
    assert (done.radio["driver"], done.radio[table]) == (driver, values)


def test_an_address_of_ones_own_and_a_data_port(radio: Radio, tmp_path: Path) -> None:
    radio.keys, radio.lines = ("talk",), ("squelch",)
    answers = [("Which", "nonsense"), ("Which", "rfc2217://10.0.0.5:4000"), ("Which", "tait"), ("hears", "9")]
    answers += [("hears", "4"), ("speaks", "5"), ("Enter", ""), ("TALK", "yes"), ("hear", "tone"), ("loud", "good")]
    done = talked(tmp_path / "huecry.toml", *answers, *WRITES)
    assert done.radio["tait"] == {"port": "rfc2217://10.0.0.5:4000"}
    assert "neither one of 1, 2, 3, - nor an address" in done.terminal.text


def test_a_radio_that_keys_itself(radio: Radio, tmp_path: Path) -> None:
    answers = [("Which", "-"), ("hears", "4"), ("speaks", "4"), ("Enter", ""), ("only the tone", "yes")]
    done = talked(tmp_path / "huecry.toml", *answers, ("hear", "tone"), ("loud", "good"), *WRITES)
    assert done.radio["line"]["ptt"] == "vox"
    assert "port" not in done.radio["line"]


def test_a_name_that_can_not_be_is_not_written(radio: Radio, tmp_path: Path) -> None:
    file = tmp_path / "huecry.toml"
    done = talked(file, *CHOOSES, ("RTS", "no"), ("DTR", "no"), ("Name", "High Street"))
    assert not done.written
    assert not file.exists()
    assert "letters, digits" in done.terminal.text


def test_a_channel_of_the_command_line_changes_that_radio(radio: Radio, tmp_path: Path) -> None:
    file = tmp_path / "huecry.toml"
    file.write_text('[[radio]]\nname = "hill" # up there\ndriver = "line"\n[radio.line]\nport = "/dev/old"\n')
    done = talked(file, *CHOOSES, ("RTS", "no"), ("DTR", "no"), ("Write", "yes"), channel="hill")
    assert done.written
    assert "# up there" in file.read_text()
    again = talked(file, *CHOOSES, ("RTS", "no"), ("DTR", "no"), channel="hill")
    assert not again.written
    assert "says so already" in again.terminal.text


def test_answers_may_be_begun_and_are_asked_for_again() -> None:
    class Typed(Terminal):
        answers = iter(["x", "", "TO"])

        @override
        def ask(self, question: str, default: str = "") -> str:
            return next(self.answers)

    terminal = Typed(Console(file=io.StringIO()))
    assert terminal.choose("What", ("tone", "carrier")) == "tone"


def test_nobody_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(NoAnswer, match="--list"):
        Terminal(Console(file=io.StringIO())).ask("Anybody")
