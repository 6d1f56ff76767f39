"""The rebroadcast's voice: the one here, and before it the one on another machine where the settings name one."""

from __future__ import annotations

from contextlib import AsyncExitStack
from types import TracebackType
from typing import Protocol, Self

from dispatch.channels.announcement import VoiceSettings
from gateway.speech.elsewhere import Elsewhere, Waits
from gateway.speech.voice_worker import LONGEST_TEXT, VoiceError, VoiceWorker
from gateway.speech.wyoming.synthesiser import WyomingSynthesiser


class Voice(Protocol):
    """What speaks for a gateway."""

    @property
    def voice(self) -> str:
        """The voice that spoke last, or the one asked for."""
        ...

    async def speak(self, text: str) -> bytes:
        """Say a text: mono int16 little-endian at 16 kHz.

        Raises:
            VoiceError: the attempt failed.
        """
        ...

    async def __aenter__(self) -> Self:
        """Start it.

        Raises:
            VoiceSettingsError: the settings can't work.
        """
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End it."""
        ...


class FallbackVoice:
    """The voice elsewhere first, the one here when it fails. Use it as an `async with`.

    Args:
        local: the voice here; always running, so that it takes over within the very announcement.
        remote: the voice elsewhere.
        waits: when to try again after a failure.
    """

    def __init__(self, local: Voice, remote: WyomingSynthesiser, *, waits: Waits | None = None) -> None:
        self.elsewhere = Elsewhere(f"voice at {remote.address}", remote, VoiceError, waits=waits)
        self.voice = local.voice
        """The voice that spoke last."""
        self._local = local
        self._remote = remote
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start the voice here, and meet the one elsewhere.

        Raises:
            VoiceSettingsError: no such voice here.
        """
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._local)
            await stack.enter_async_context(self.elsewhere)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def speak(self, text: str) -> bytes:
        """Say a text: mono int16 little-endian at 16 kHz.

        Raises:
            VoiceError: neither voice could, or nobody should say so much.
        """
        if self.elsewhere.there and len(text) <= LONGEST_TEXT:
            try:
                pcm = await self._remote.speak(text)
            except VoiceError as error:
                self.elsewhere.failed(str(error))
            else:
                self.elsewhere.served()
                self.voice = self._remote.name
                return pcm
        pcm = await self._local.speak(text)
        self.voice = self._local.voice
        return pcm


def load_voice(settings: VoiceSettings) -> Voice:
    """The voice that the settings ask for; nothing is started before its `async with`."""
    local = VoiceWorker(settings.engine, speed=settings.speed)
    if settings.url is None:
        return local
    remote = WyomingSynthesiser(settings.url, voice=settings.url_voice, time_out_s=settings.url_time_out_s)
    return FallbackVoice(local, remote)
