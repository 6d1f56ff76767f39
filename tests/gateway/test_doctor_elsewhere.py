"""The doctor on engines at other machines: reached, given work, and what to do when they aren't there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.channels.announcement import VoiceSettings
from gateway.doctor import Level
from gateway.doctor_elsewhere import speech_elsewhere, voice_elsewhere
from gateway.settings import SettingsError, load_settings
from gateway.speech.settings import SpeechSettings
from tests.gateway.speech.wyoming import hostile
from tests.gateway.speech.wyoming.hostile import rude
from tests.peers.wyoming_server import WyomingServer


async def test_nothing_to_say_where_none_is_set() -> None:
    assert await speech_elsewhere(SpeechSettings()) == []
    assert await voice_elsewhere(VoiceSettings()) == []


async def test_engines_that_work() -> None:
    async with WyomingServer("parrot", text="x") as server:
        (found,) = await speech_elsewhere(SpeechSettings(url=server.url))
    assert (found.level, found.part) == (Level.OK, "speech elsewhere")
    assert found.text.startswith(f"wyoming parrot en-us at {server.url.removeprefix('tcp://')} answers and works, in ")
    async with WyomingServer("espeak") as server:
        (found,) = await voice_elsewhere(VoiceSettings(url=server.url))
    assert (found.level, found.part) == (Level.OK, "voice elsewhere")
    assert "wyoming espeak en-gb" in found.text


async def test_engines_that_do_not() -> None:
    async with rude(hostile.regrets) as server:
        (found,) = await speech_elsewhere(SpeechSettings(url=server.url))
        assert found.level is Level.WARN, "the engine here stands in"
        assert "out of" in found.text
        assert f"correct speech.url ({server.url})" in found.mend
        server.mood = hostile.other_trade
        (found,) = await voice_elsewhere(VoiceSettings(url=server.url))
        assert found.level is Level.WARN
        assert "can't speak: is it the right port (10200)?" in found.text
        assert "voice.url" in found.mend
        assert found.text.endswith("? The engine here stands in")


@pytest.mark.parametrize("table", ["speech", "voice"])
def test_an_address_that_is_none_is_refused_at_the_start(table: str, tmp_path: Path) -> None:
    file = tmp_path / "huecry.toml"
    file.write_text(f'\n[{table}]\nurl = "http://box:10300"\n')
    with pytest.raises(SettingsError) as error:
        load_settings(file)
    assert f"huecry.toml:3: {table}.url: is 'http://box:10300', but an address like tcp://host:10300" in str(
        error.value
    )
    file.write_text(f'[{table}]\nurl = "tcp://box:10300"\n')
    assert getattr(load_settings(file), table).url == "tcp://box:10300"
