"""The rebroadcast's voice in a process of its own."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from gateway.speech.transcript import Hints
from gateway.speech.voice_worker import VoiceError, VoiceSettingsError, VoiceWorker
from gateway.speech.whisper import WhisperEngine

pytestmark = pytest.mark.speech


async def test_speaks_so_that_it_is_understood_and_survives_a_crash(whisper: WhisperEngine) -> None:
    async with VoiceWorker("hibari") as voice:
        pcm = await voice.speak("All stores, a man in a green coat is near the library.")
        assert 2 < len(pcm) / 32_000 < 8
        assert np.abs(np.frombuffer(pcm, "<i2")).max() > 2000
        heard = whisper.transcribe(pcm, Hints()).text.casefold()
        assert "green coat" in heard
        assert "library" in heard
        assert await voice.ping()
        assert voice.pid is not None
        os.kill(voice.pid, signal.SIGKILL)
        assert len(await voice.speak("Stand down.")) > 16_000
        assert voice.fault is None
        with pytest.raises(VoiceError, match="too long"):
            await voice.speak("word " * 1000)


async def test_a_voice_that_does_not_exist() -> None:
    with pytest.raises(VoiceSettingsError, match="no voice is called 'nobody'"):
        async with VoiceWorker("nobody"):
            pass
