"""Two voices for one rebroadcast: espeak-ng behind a foreign Wyoming server, and the one here when it fails."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from dispatch.channels.announcement import VoiceSettings
from gateway.speech.elsewhere import Waits
from gateway.speech.transcript import Hints
from gateway.speech.voice_worker import LONGEST_TEXT, VoiceError, VoiceWorker
from gateway.speech.voices import FallbackVoice, load_voice
from gateway.speech.whisper import WhisperEngine
from gateway.speech.wyoming import client
from gateway.speech.wyoming.framing import Event
from gateway.speech.wyoming.synthesiser import WyomingSynthesiser
from tests.gateway.speech.wyoming import hostile
from tests.gateway.speech.wyoming.hostile import CD, rude
from tests.gateway.speech.wyoming.test_ears import until
from tests.peers.wyoming_server import WyomingServer

SOON = Waits(first_s=0.02, trial_s=0.05)
PCM = b"\x10\x20" * 16_000
GOOD = hostile.speaks(Event("audio-chunk", CD, b"\x00\x20" * 88_200), Event("audio-stop"))


class Near:
    """The voice here, by script. Implements `Voice`."""

    voice = "near"

    def __init__(self) -> None:
        self.said: list[str] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def speak(self, text: str) -> bytes:
        self.said.append(text)
        if len(text) > LONGEST_TEXT:
            raise VoiceError("too long")
        return PCM


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DESCRIBE_S", 1.0)


def voices(url: str, near: Near) -> FallbackVoice:
    return FallbackVoice(near, WyomingSynthesiser(url, time_out_s=3.0), waits=SOON)


@pytest.mark.speech
async def test_a_real_voice_behind_a_foreign_server_is_understood(whisper: WhisperEngine) -> None:
    near = Near()
    async with WyomingServer("espeak") as server, voices(server.url, near) as voice:
        pcm = await voice.speak("All stores, a man in a green coat is near the library.")
        assert voice.voice == f"wyoming espeak en-gb at {server.url.removeprefix('tcp://')}"
        assert 2 < len(pcm) / 32_000 < 8, "espeak-ng's 22050 Hz have become ours"
        heard = (await asyncio.to_thread(whisper.transcribe, pcm, Hints())).text.casefold()
        assert "library" in heard, heard
        assert not near.said

        await server.kill()
        assert await voice.speak("Stand down.") == PCM, "this very announcement"
        assert (near.said, voice.voice) == (["Stand down."], "near")
        await server.start()
        await until(lambda: voice.elsewhere.there)
        assert await voice.speak("Stand down.") != PCM
        server.freeze()
        assert await voice.speak("Hold on.") == PCM
        server.thaw()
        await until(lambda: voice.elsewhere.there)


@pytest.mark.parametrize("mood", [hostile.noise, hostile.silent, hostile.speaks(Event("audio-stop")), hostile.slams])
async def test_whatever_it_does_the_announcement_is_spoken_here(
    mood: hostile.Mood, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "DESCRIBE_S", 0.8)
    near = Near()
    async with rude(GOOD) as server, voices(server.url, near) as voice:
        far = await voice.speak("All stores.")
        assert len(far) == 32_000
        assert np.frombuffer(far, "<i2")[8000] == pytest.approx(0x2000, rel=0.01)
        server.mood = mood
        assert await voice.speak("All stores.") == PCM
        assert not voice.elsewhere.there
        assert await voice.speak("All stores.") == PCM
        server.mood = GOOD
        await until(lambda: voice.elsewhere.there)
        assert await voice.speak("All stores.") == far


async def test_too_long_for_anybody() -> None:
    async with rude(GOOD) as server, voices(server.url, Near()) as voice:
        with pytest.raises(VoiceError, match="too long"):
            await voice.speak("word " * 1000)
        assert voice.elsewhere.there


def test_which_voice_the_settings_ask_for() -> None:
    assert isinstance(load_voice(VoiceSettings()), VoiceWorker)
    both = load_voice(VoiceSettings(url="tcp://box:10200", engine="espeak"))
    assert isinstance(both, FallbackVoice)
    assert (both.elsewhere.name, both.voice) == ("voice at box:10200", "espeak")
    for wrong in (0.5, 61.0):
        with pytest.raises(ValueError, match="url_time_out_s"):
            VoiceSettings(url_time_out_s=wrong)
