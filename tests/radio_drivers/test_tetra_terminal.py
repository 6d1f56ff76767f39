"""A TETRA radio at the end of a real terminal: through pyserial and its thread, with a line that loses bytes, and unplugged."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import pytest

from radio_drivers.control import Told
from radio_drivers.interface import LinkDown, RadioEvent, RadioSettingsError, TextReceived
from radio_drivers.line.squelch import Change
from radio_drivers.tetra import TetraSettings
from radio_drivers.tetra.control import TetraControl
from tests.peers.tetra import Habits, TetraRadio, on_terminal


class Ear:
    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.events: list[RadioEvent] = []
        self.lost: list[str] = []
        self.told = Told(self.changes.append, self.events.append, self.lost.append)

    @property
    def texts(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, TextReceived)]


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.005)


async def test_calls_texts_and_key_over_a_terminal() -> None:
    radio, ear = TetraRadio(Habits(delivery=None)), Ear()
    with on_terminal(radio) as terminal:
        control = TetraControl("town", TetraSettings(port=terminal.path, ptt="pei", group="500", report_s=1.0))
        await control.open(ear.told)
        radio.incoming()
        radio.talks()
        await until(lambda: ear.changes)
        radio.stops()
        radio.text("82042A0153686F706C6966746572")
        await until(lambda: len(ear.changes) == 2)
        await until(lambda: radio.messages)
        assert ear.texts == ["Shoplifter"]
        await control.key(on=True)
        assert radio.on_air
        await control.key(on=False)
        await until(lambda: not radio.on_air)
        await control.key(on=True)
        await control.close()
        await until(lambda: not radio.on_air)
    assert ear.lost == []


async def test_an_unplugged_radio_is_told_and_found_again_where_it_is_plugged_in() -> None:
    radio, ear = TetraRadio(), Ear()
    with on_terminal(radio) as terminal:
        control = TetraControl("town", TetraSettings(port=terminal.path))
        await control.open(ear.told)
        terminal.hang_up()
        await until(lambda: ear.lost)
        await control.close()
        with pytest.raises(RadioSettingsError, match=r"tetra\.port"):
            await control.open(ear.told)
    assert len(ear.lost) == 1


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_line_that_loses_bytes_works_again_when_it_is_mended(seed: int) -> None:
    radio, ear = TetraRadio(Habits(delivery=None)), Ear()
    with on_terminal(radio, seed=seed) as terminal:
        settings = TetraSettings(port=terminal.path, answer_s=0.2, ptt="pei", group="500", text_report=False)
        control = TetraControl("town", settings)
        await control.open(ear.told)
        terminal.lose = 0.03
        for number in range(8):
            radio.incoming(call=number + 1)
            radio.talks(call=number + 1)
            radio.text("020148454C50")
            radio.ends(call=number + 1)
            try:
                await control.send_text("hello", "1002")
            except LinkDown:
                if ear.lost:
                    break
        terminal.lose = 0.0
        for _ in range(3):  # the first command may meet what is left of a garbled one, or end a link that is past hope
            if ear.lost:
                ear.lost.clear()
                await control.close()
                await control.open(ear.told)
            with contextlib.suppress(LinkDown):
                await control.send_text("first", "1002")
                break
        await until(lambda: radio.messages[-1][2].endswith(b"first".hex().upper()))
        ear.changes.clear()
        radio.incoming("1003", call=20)
        radio.talks("1003", call=20)
        radio.text("0201474F4F44")
        await control.send_text("good", "1002")
        await until(lambda: ear.changes)
        await until(lambda: ear.texts[-1:] == ["GOOD"])
        assert radio.messages[-1][2].endswith(b"good".hex().upper())
        await control.close()
