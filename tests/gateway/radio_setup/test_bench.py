"""Trying things out: talk is never held longer than promised, whatever goes wrong; what wires tell is what a radio does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from gateway.radio_setup import bench
from gateway.radio_setup.bench import Wires, press, tone, watch
from gateway.radio_setup.rigs import rigs_here
from gateway.radio_setup.wires import CM108_INPUTS, wires_of
from radio_drivers.interface import LinkDown, RadioSettingsError
from tests.peers.ports import free_port
from tests.peers.rigctld import Rigctld, StandIn
from tests.peers.tait import TaitRadio, on_a_pty
from tests.peers.terminals import Terminal
from tests.peers.tetra import TetraRadio, on_terminal


@dataclass
class ScriptedWires:
    """A radio whose key is on or off."""

    keys: tuple[str, ...] = ("rts",)
    levels: dict[str, bool] = field(default_factory=dict)
    pressed: list[bool] = field(default_factory=list)
    fails: bool = False

    async def looks(self) -> dict[str, bool]:
        if self.fails:
            raise LinkDown("pulled")
        return self.levels

    async def press(self, key: str, *, on: bool) -> None:
        self.pressed.append(on)
        if on and self.fails:
            raise LinkDown("pulled")


@dataclass
class ScriptedKeys:
    """Somebody presses a key after so many looks."""

    after: int = 1_000_000

    def pressed(self) -> str:
        self.after -= 1
        return "x" if self.after < 0 else ""


class Loudspeaker:
    """Plays for as long as it takes, or breaks."""

    breaks: str | None = None
    opened: list[bool] = []  # noqa: RUF012 - what the tests look at

    def __init__(self, *_: object) -> None:
        pass

    async def open(self) -> None:
        if self.breaks == "open":
            raise RadioSettingsError("no such sound device")
        self.opened.append(True)

    async def play(self, pcm: bytes) -> None:
        if self.breaks == "play":
            raise LinkDown("the sound device stopped")
        await asyncio.sleep(len(pcm) / 32_000)

    async def close(self) -> None:
        self.opened.append(False)


@pytest.fixture
def loudspeaker(monkeypatch: pytest.MonkeyPatch) -> type[Loudspeaker]:
    monkeypatch.setattr(bench, "Playback", Loudspeaker)
    monkeypatch.setattr(bench, "HOLD_S", 0.2)
    monkeypatch.setattr(Loudspeaker, "opened", [])
    monkeypatch.setattr(Loudspeaker, "breaks", None)
    return Loudspeaker


def nothing(_: float) -> None:
    """Draws nothing."""


async def test_talk_is_pressed_and_released(loudspeaker: type[Loudspeaker]) -> None:
    wires, left = ScriptedWires(), list[float]()
    await press(wires, "rts", None, 0.0, ScriptedKeys(), left.append)
    assert wires.pressed == [True, False]
    assert loudspeaker.opened == [True, False]
    assert left == sorted(left, reverse=True)


async def test_any_key_releases_at_once(loudspeaker: type[Loudspeaker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "HOLD_S", 3600.0)
    monkeypatch.setattr(bench, "tone", lambda _: tone(60.0))
    wires = ScriptedWires()
    async with asyncio.timeout(20):
        await press(wires, "rts", None, 0.0, ScriptedKeys(after=1), nothing)
    assert wires.pressed == [True, False]
    assert loudspeaker.opened == [True, False]


async def test_a_terminal_that_takes_nothing_does_not_hold_talk(loudspeaker: type[Loudspeaker]) -> None:
    wires, stuck = ScriptedWires(), threading.Event()

    def draw(_: float) -> None:
        stuck.wait(20)

    trying = asyncio.create_task(press(wires, "rts", None, 0.0, ScriptedKeys(), draw))
    async with asyncio.timeout(15):
        while wires.pressed != [True, False]:
            await asyncio.sleep(0.01)
    assert not trying.done(), "it still waits for the terminal"
    stuck.set()
    await trying


@pytest.mark.parametrize(("breaks", "pressed"), [("open", []), ("play", [True, False])])
async def test_sound_that_fails_releases(loudspeaker: type[Loudspeaker], breaks: str, pressed: list[bool]) -> None:
    loudspeaker.breaks = breaks
    wires = ScriptedWires()
    with pytest.raises((LinkDown, RadioSettingsError)):
        await press(wires, "rts", None, 0.0, ScriptedKeys(), nothing)
    assert wires.pressed == pressed, "no dead air for a missing sound device"


async def test_cancelling_releases(loudspeaker: type[Loudspeaker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "HOLD_S", 60.0)
    wires = ScriptedWires()
    trying = asyncio.create_task(press(wires, "rts", None, 0.0, ScriptedKeys(), nothing))
    while wires.pressed != [True]:
        await asyncio.sleep(0.005)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert wires.pressed == [True, False]
    assert loudspeaker.opened == [True, False]


async def test_a_radio_that_keys_itself_only_gets_the_tone(loudspeaker: type[Loudspeaker]) -> None:
    wires = ScriptedWires(keys=())
    await press(wires, "", None, 0.0, ScriptedKeys(), nothing)
    assert wires.pressed == []
    assert loudspeaker.opened == [True, False]


async def test_a_lost_radio_ends_the_watching(monkeypatch: pytest.MonkeyPatch) -> None:
    class Microphone:
        def __init__(self, *_: object) -> None:
            pass

        async def open(self, on_audio: object, on_lost: Callable[[str], None]) -> None:
            self.lost = on_lost

        async def close(self) -> None:
            pass

    monkeypatch.setattr(bench, "Capture", Microphone)
    with pytest.raises(LinkDown, match="pulled"):
        await watch(ScriptedWires(fails=True), None, ScriptedKeys(), lambda *_: None)
    lines, _ = await watch(ScriptedWires(levels={"cts": True}), None, ScriptedKeys(after=2), lambda *_: None)
    assert lines.lines == {"cts": (True, False)}


async def always_looking(wires: Wires) -> None:
    async with asyncio.timeout(10):
        while True:
            await wires.looks()
            await asyncio.sleep(0.01)


async def test_all_pins_of_a_cm108_are_in_view_and_can_be_tried() -> None:
    with Terminal() as node:
        async with wires_of("cm108", node.path) as wires:
            await node.receives(bytes(5))
            assert await wires.looks() == dict.fromkeys(CM108_INPUTS, False)
            node.write(bytes.fromhex("02 09 00 00"))
            while (levels := await wires.looks()) != {
                "volume_down": True, "volume_up": False, "gpio1": True, "gpio2": False, "gpio4": True,
            }:  # fmt: skip
                assert levels
                await asyncio.sleep(0.01)
            assert wires.keys[0] == "gpio3"
            await wires.press("gpio3", on=True)
            await wires.press("gpio3", on=False)
        # High, then all inputs again: once when released, once when left.
        await node.receives(bytes(5) + bytes.fromhex("00 00 04 04 00") + bytes(10))


async def test_rigctld_is_found_and_tried() -> None:
    with Rigctld("-P", "RIG") as rig:
        (found,) = await rigs_here(port=rig.port)
        assert found.port == rig.port
        async with wires_of("rigctld", f"127.0.0.1:{rig.port}") as wires:
            assert wires.keys == ("talk",)
            assert set(await wires.looks()) == {"squelch"}
            await wires.press("talk", on=True)
            await wires.press("talk", on=False)


async def seen(wires: Wires, levels: dict[str, bool]) -> None:
    async with asyncio.timeout(10):
        while await wires.looks() != levels:
            await asyncio.sleep(0.01)


async def test_a_tait_radio_is_tried_by_its_data_port() -> None:
    radio = TaitRadio()
    async with on_a_pty(radio) as pty, wires_of("tait", pty.path) as wires:
        assert wires.keys == ("talk",)
        await seen(wires, {"squelch": False})
        radio.carrier(on=True)
        await seen(wires, {"squelch": True})
        radio.carrier(on=False)
        await seen(wires, {"squelch": False})
        await wires.press("talk", on=True)
        assert radio.keyed
        await wires.press("talk", on=False)
        assert not radio.keyed


async def test_a_tetra_radio_is_listened_to_by_its_pei() -> None:
    radio = TetraRadio()
    with on_terminal(radio) as terminal:
        async with wires_of("tetra", terminal.path) as wires:
            assert wires.keys == (), "for which group is a matter of settings"
            await seen(wires, {"squelch": False})


async def test_squelch_and_loss_of_a_control_are_seen() -> None:
    radio = StandIn()
    await radio.start()
    try:
        async with wires_of("rigctld", f"127.0.0.1:{radio.port}") as wires:
            radio.talking = True
            async with asyncio.timeout(10):
                while not (await wires.looks())["squelch"]:
                    await asyncio.sleep(0.01)
            await wires.press("talk", on=True)
            assert radio.keyed
            await wires.press("talk", on=False)
            assert not radio.keyed
            await radio.stop()
            with pytest.raises(LinkDown):
                await always_looking(wires)
    finally:
        await radio.stop()


async def test_nobody_there_is_no_rig() -> None:
    assert await rigs_here(port=free_port()) == ()


async def test_something_else_at_the_port_is_no_rig(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.radio_setup.rigs.ANSWER_S", 0.2)

    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        while await reader.read(100):
            pass
        writer.close()
        ended.set()

    port = free_port()
    async with await asyncio.start_server(silent, "127.0.0.1", port):
        found = await rigs_here(port=port)
        await ended.wait()
    assert all(not rig.model.startswith("220") for rig in found)
