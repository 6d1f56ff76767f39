"""Speaks on the radio what somebody asked for over the broker: "the north gate is shut". Off unless `mqtt.announce` is on.

These are no alerts: they carry no decision, are not kept over a restart, and wait for nobody.

- Every one is in the audit trail: the whole text, who asked as far as anybody can know, and what became of it.
- Nothing is said while somebody calls for help, on any channel, nor for `quiet_s` after it; one that is being said stops.
- One that could not be said within `life_s` is dropped. At most `waiting_max` wait; more are refused.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from dispatch.channels.announcement import Tone, VoiceSettings, compose
from dispatch.channels.mqtt import Heard
from dispatch.channels.voice import Speak, SpeakError, VoiceRadio, VoiceRefused
from dispatch.store.errors import StoreError

log = structlog.get_logger()

ACTOR = "announcer"
OPENING = "Message."
"""Said first, so that nobody takes it for an alert."""
LOOK_S = 0.5


class Trail(Protocol):
    """Where deeds are noted: `dispatch.store.audit.AuditStore`."""

    def note(
        self, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, object] | None = None
    ) -> Awaitable[None]:
        """Add one line."""
        ...


@dataclass(frozen=True, slots=True)
class AnnouncerRules:
    """How far strangers' announcements may go. Seconds."""

    text_max: int = 300
    """Characters."""
    waiting_max: int = 5
    life_s: float = 60.0
    quiet_s: float = 45.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to be said."""

    text: str
    channel: str | None
    """None: on every channel."""
    by: str
    at: datetime


class Announcer:
    """One announcement at a time. Construct (no I/O), then `run` in a task of its own.

    Args:
        radios: channel name -> what keys it.
        speak: the voice, running in a process of its own.
        voice: tone, longest announcement.
        trail: where what is asked and said is noted.
        clock: aware UTC now.
        rules: limits.
        sleep: waits on the clock.
    """

    def __init__(
        self,
        radios: Mapping[str, VoiceRadio],
        speak: Speak,
        voice: VoiceSettings,
        *,
        trail: Trail,
        clock: Callable[[], datetime],
        rules: AnnouncerRules | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._radios = dict(radios)
        self._speak = speak
        self._voice = voice
        self._trail = trail
        self._clock = clock
        self._rules = rules or AnnouncerRules()
        self._sleep = sleep
        self._waiting: deque[Wanted] = deque()
        self._asked = asyncio.Event()
        self._refused: deque[tuple[Wanted, str]] = deque(maxlen=20)
        self._on_air: asyncio.Task[None] | None = None
        self._quiet_until: datetime | None = None

    @property
    def waiting(self) -> tuple[Wanted, ...]:
        """What is still to be said, next first."""
        return tuple(self._waiting)

    def heard(self, heard: Heard) -> None:
        """Somebody published a text, or JSON {"text", "channel", "by"}. Quick, and never raises."""
        wanted = self._read(heard)
        reason = self._reason_against(wanted)
        if reason is not None:
            log.warning("announcement refused", by=wanted.by, channel=wanted.channel, reason=reason)
            self._refused.append((wanted, reason))
        else:
            log.info(
                "announcement asked for", by=wanted.by, channel=wanted.channel or "all", characters=len(wanted.text)
            )
            self._waiting.append(wanted)
        self._asked.set()

    def emergency(self) -> None:
        """Somebody calls for help: the air is theirs."""
        self._quiet_until = self._clock() + timedelta(seconds=self._rules.quiet_s)
        if self._on_air is not None:
            log.warning("announcement cut off: somebody calls for help")
            self._on_air.cancel()

    async def run(self) -> None:
        """Say what is asked, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self._refused:
                wanted, reason = self._refused.popleft()
                await self._note(wanted, "announcement refused", wanted.channel, reason)
            while self._waiting:
                await self._serve(self._waiting.popleft())

    def _read(self, heard: Heard) -> Wanted:
        text = heard.payload[: 8 * self._rules.text_max].decode("utf-8", "replace")
        channel, by = None, heard.by
        if text.lstrip().startswith("{"):
            try:
                fields = json.loads(text)
            except (ValueError, RecursionError):
                fields = None
            if isinstance(fields, dict) and isinstance(fields.get("text"), str):
                text = fields["text"]
                channel = fields["channel"] if isinstance(fields.get("channel"), str) and fields["channel"] else None
                by = by or (fields["by"] if isinstance(fields.get("by"), str) else "")
        clean = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
        return Wanted(clean, channel, _short(by) or "somebody on the broker", self._clock())

    def _reason_against(self, wanted: Wanted) -> str | None:
        if not wanted.text:
            return "there is nothing to say"
        if len(wanted.text) > self._rules.text_max:
            return f"{len(wanted.text)} characters are too many; {self._rules.text_max} are said"
        if not self._radios:
            return "no radio channel can speak"
        if wanted.channel is not None and wanted.channel not in self._radios:
            return f"no radio channel that can speak is called {_short(wanted.channel)!r}; there is {', '.join(self._radios)}"
        if len(self._waiting) >= self._rules.waiting_max:
            return f"{self._rules.waiting_max} are waiting already"
        return None

    async def _serve(self, wanted: Wanted) -> None:
        channels = [wanted.channel] if wanted.channel is not None else list(self._radios)
        for channel in channels:
            outcome = await self._outcome(wanted, channel)
            log.info("announcement", by=wanted.by, channel=channel, outcome=outcome or "spoken")
            action = "announcement not spoken" if outcome else "announcement spoken"
            await self._note(wanted, action, channel, outcome)

    async def _outcome(self, wanted: Wanted, channel: str) -> str:
        """Empty when it was spoken, or why not."""
        while self._quiet_until is not None and self._clock() < self._quiet_until:
            if self._too_old(wanted):
                return "somebody called for help; dropped"
            await self._sleep(LOOK_S)
        if self._too_old(wanted):
            return f"could not be said within {self._rules.life_s:g} s; dropped"
        self._on_air = asyncio.create_task(self._say(wanted.text, channel), name=f"announcement {channel}")
        try:
            await asyncio.wait({self._on_air})
            if self._on_air.cancelled():
                return "cut off: somebody called for help"
            error = self._on_air.exception()
            if isinstance(error, SpeakError | VoiceRefused):
                return str(error)
            if error is not None:
                raise error
        finally:
            self._on_air.cancel()
            await asyncio.wait({self._on_air})
            self._on_air = None
        return ""

    async def _say(self, text: str, channel: str) -> None:
        pcm = (await self._speak(OPENING), await self._speak(text))
        announcement = await asyncio.to_thread(compose, pcm, Tone.NORMAL, self._voice)
        await self._radios[channel].send_voice(announcement.pcm)

    def _too_old(self, wanted: Wanted) -> bool:
        return self._clock() - wanted.at >= timedelta(seconds=self._rules.life_s)

    async def _note(self, wanted: Wanted, action: str, channel: str | None, reason: str) -> None:
        detail = {"by": wanted.by, "text": wanted.text[: 2 * self._rules.text_max], "reason": reason}
        subject = f"radio {_short(channel)}" if channel else "radio"
        try:
            await self._trail.note(self._clock(), ACTOR, action, subject, detail)
        except StoreError as error:
            log.warning("an announcement is missing in the audit trail", by=wanted.by, what=action, reason=str(error))


def _short(text: str) -> str:
    return "".join(sign for sign in text[:60] if sign.isprintable())
