"""A TETRA radio and its sound on the daemon, beside a simulated one: heard, known, logged, transmitted by, and an emergency."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest
import soxr

from tests.end_to_end.conftest import Say
from tests.end_to_end.town import Town
from tests.peers.pulse import RATE, Pulse
from tests.peers.tetra import Habits, TetraRadio, on_terminal

pytestmark = [pytest.mark.sound, pytest.mark.speech]

RADIO = """
[[radio]]
name = "tetra"
driver = "tetra"
[radio.tetra]
port = "{port}"
ptt = "pei"
group = "500"
strength_s = 0.5
[radio.line]
sound_in = "radio_hears"
sound_out = "radio_says"
[radio.keying]
clear_for_s = 0.2
"""


async def talk(card: Pulse, radio: TetraRadio, pcm: bytes, *, caller: str) -> None:
    """Somebody on the group, from the call to its end."""
    loud = soxr.resample(np.frombuffer(pcm, np.int16), 16_000, RATE)
    radio.incoming(caller, "500")
    radio.talks(caller)
    player = await asyncio.to_thread(card.say, np.asarray(loud, np.int16).tobytes())
    await asyncio.to_thread(player.wait)
    radio.stops()
    radio.ends()


def entries(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.timeout(240)
async def test_it_is_heard_known_logged_and_spoken_through(town: Town, say: Say, card: Pulse) -> None:
    radio = TetraRadio(Habits(delivery=None))
    with on_terminal(radio) as terminal:
        with town.config.open("a") as config:
            config.write(RADIO.format(port=terminal.path))
        await town.start()
        await town.until(lambda: radio.listening)
        await asyncio.sleep(1)

        await talk(card, radio, say("Thanks, see you tomorrow, over."), caller="1002")
        await town.until(lambda: town.rows("select id from calls"), 60)
        (heard,) = entries(await town.command("log", "search", "--json", "--channel", "tetra"))
        assert (heard["unit"], heard["unit_member"], heard["unit_site"]) == ("1002", "Corner Books", "Market Square")
        assert heard["signalling"] == ["TETRA: 1002 talks to 500"]
        assert heard["strength_dbm"] == -77.0
        assert "tomorrow" in heard["text"].lower()

        recording = await asyncio.to_thread(card.record)
        radio.text("0000", source="1002", service=13)
        await town.until(lambda: town.rows("select id from alerts where kind = 'emergency'"), 30)
        await town.nothing_more_to_send(90)
        said = await asyncio.to_thread(recording.stop)
        assert "ATD500" in radio.heard, "it was called to announce the emergency"
        assert not radio.on_air
        assert np.abs(np.frombuffer(said[: len(said) // 2 * 2], np.int16)).max() > 1_000
        to, _, digits = radio.messages[-1]
        assert to == "500"
        assert "Corner Books" in "".join(bytes.fromhex(text)[4:].decode("latin-1") for _, _, text in radio.messages), (
            digits
        )

        code, _ = await town.stop()
        assert code == 0
