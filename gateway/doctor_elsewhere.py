"""What `huecry doctor` finds about engines on other machines: reached, and given a moment's work."""

from __future__ import annotations

import time

from dispatch.channels.announcement import VoiceSettings
from gateway import doctor
from gateway.doctor import Finding
from gateway.speech.elsewhere import Remote
from gateway.speech.settings import SpeechSettings
from gateway.speech.transcript import SpeechError
from gateway.speech.voice_worker import VoiceError
from gateway.speech.wyoming.synthesiser import WyomingSynthesiser
from gateway.speech.wyoming.transcriber import WyomingTranscriber


async def speech_elsewhere(speech: SpeechSettings) -> list[Finding]:
    """Have the engine at `speech.url` hear a moment of silence; nothing where none is set."""
    if speech.url is None:
        return []
    remote = WyomingTranscriber(
        speech.url, model=speech.url_model, language=speech.language, time_out_s=speech.url_time_out_s
    )
    return [await _tried("speech elsewhere", remote, f"speech.url ({speech.url})")]


async def voice_elsewhere(voice: VoiceSettings) -> list[Finding]:
    """Have the voice at `voice.url` say something into nowhere; nothing where none is set."""
    if voice.url is None:
        return []
    remote = WyomingSynthesiser(voice.url, voice=voice.url_voice, time_out_s=voice.url_time_out_s)
    return [await _tried("voice elsewhere", remote, f"voice.url ({voice.url})")]


async def _tried(part: str, remote: Remote, where: str) -> Finding:
    began = time.perf_counter()
    try:
        what = await remote.look()
        await remote.prove()
    except (SpeechError, VoiceError) as error:
        return doctor.check_elsewhere(part, where, None, None, str(error))
    return doctor.check_elsewhere(part, where, what, time.perf_counter() - began, None)
