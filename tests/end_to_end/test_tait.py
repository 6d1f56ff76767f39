"""Two Tait radios and their sound on one daemon, beside a simulated one: heard, known, logged, and transmitted by."""

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
from tests.peers.tait import TaitRadio, on_a_pty

pytestmark = [pytest.mark.sound, pytest.mark.speech]

RADIO = """
[[radio]]
name = "{name}"
driver = "tait"
[radio.tait]
port = "{port}"
text_to = "{text_to}"
[radio.line]
sound_in = "radio_hears"
sound_out = "radio_says"
[radio.keying]
clear_for_s = 0.2
"""


async def talk(card: Pulse, radio: TaitRadio, pcm: bytes, *, caller: str, dbm: float) -> None:
    """Somebody on the channel, from key-up to key-down; their radio calls with its digits first."""
    loud = soxr.resample(np.frombuffer(pcm, np.int16), 16_000, RATE)
    radio.carrier(on=True, dbm=dbm)
    radio.ring(caller=caller)
    player = await asyncio.to_thread(card.say, np.asarray(loud, np.int16).tobytes())
    await asyncio.to_thread(player.wait)
    radio.carrier(on=False)


def entries(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.timeout(240)
async def test_two_of_them_are_heard_known_logged_and_spoken_through(town: Town, say: Say, card: Pulse) -> None:
    north, south = TaitRadio(seed=1), TaitRadio("TM8200", seed=2)
    async with on_a_pty(north) as north_port, on_a_pty(south) as south_port:
        with town.config.open("a") as config:
            config.write(RADIO.format(name="north", port=north_port.path, text_to="5200****"))
            config.write(RADIO.format(name="south", port=south_port.path, text_to=""))
        await town.start()
        await town.until(lambda: north.progress and south.progress)
        await asyncio.sleep(1)

        await talk(card, north, say("Thanks, see you tomorrow, over."), caller="1002", dbm=-71.0)
        await town.until(lambda: town.rows("select id from calls"), 60)
        (heard,) = entries(await town.command("log", "search", "--json", "--channel", "north"))
        assert (heard["unit"], heard["unit_member"], heard["unit_site"]) == ("1002", "Corner Books", "Market Square")
        assert heard["signalling"] == ["Tait: call"]
        assert -75 < heard["strength_dbm"] < -67
        assert "tomorrow" in heard["text"].lower()

        recording = await asyncio.to_thread(card.record)
        south.ring(types="0100", caller="1002")
        await town.until(lambda: town.rows("select id from alerts where kind = 'emergency'"), 30)
        await town.nothing_more_to_send(90)
        said = await asyncio.to_thread(recording.stop)
        for radio in (north, south):
            assert [on for _, on in radio.keyings] == [True, False], town.log.read_text()[-3_000:]
            assert radio.keyings[1][0] - radio.keyings[0][0] > 2, "an announcement takes its time"
        assert np.abs(np.frombuffer(said[: len(said) // 2 * 2], np.int16)).max() > 1_000
        texts = [text for _, text in north.sent_texts]
        assert len(texts) > 1
        assert all(len(text) <= 32 and text.startswith(f"{n}/{len(texts)} ") for n, text in enumerate(texts, 1))
        assert "Corner Books" in " ".join(texts)
        assert south.sent_texts == []
        (help_wanted,) = entries(await town.command("log", "search", "--json", "--channel", "south"))
        assert (help_wanted["unit"], help_wanted["alert_kind"]) == ("1002", "emergency")
        assert help_wanted["strength_dbm"] is None

        code, _ = await town.stop()
        assert code == 0
