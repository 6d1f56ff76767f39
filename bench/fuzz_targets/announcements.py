"""Fuzz target: what anybody may publish to be spoken on the radio."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from dispatch.channels.announcement import VoiceSettings
from dispatch.channels.mqtt import Heard
from gateway.announcer import Announcer

SEEDS = (b"the north gate is shut", b'{"text": "the gate", "channel": "town", "by": "Jo"}')


class _Radio:
    async def send_voice(self, pcm: bytes) -> None:
        """Nothing is said: the announcer is never run."""


class _Trail:
    async def note(
        self, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, object] | None = None
    ) -> None:
        """Nothing is noted."""


async def _speak(text: str) -> bytes:
    return text.encode()


def one_input(data: bytes) -> None:
    """One message; what is taken is short and can be printed."""
    clock = datetime(2026, 3, 7, tzinfo=UTC)
    announcer = Announcer({"town": _Radio()}, _speak, VoiceSettings(), trail=_Trail(), clock=lambda: clock)
    announcer.heard(Heard(data, ""))
    for wanted in announcer.waiting:
        if not (0 < len(wanted.text) <= 300 and wanted.text.isprintable() and wanted.channel in {None, "town"}):
            raise AssertionError(f"{wanted!r} would be said")
