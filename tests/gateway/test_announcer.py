"""Announcements that somebody asked for: what is said, what is refused, and who goes first. The clock is the test's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.channels.announcement import VoiceSettings
from dispatch.channels.mqtt import Heard
from dispatch.channels.voice import SpeakError, VoiceRefused
from dispatch.store.errors import StoreError
from gateway.announcer import OPENING, Announcer, AnnouncerRules
from tests.radio_drivers.broker_side import tone

NOON = datetime(2026, 3, 7, 12, tzinfo=UTC)


class Radio:
    """Keys nothing."""

    def __init__(self) -> None:
        self.said = 0
        self.refuses: Exception | None = None
        self.holds: asyncio.Event | None = None
        self.keyed = asyncio.Event()
        self.cut_off = False

    async def send_voice(self, pcm: bytes) -> None:
        assert len(pcm) > 1000
        self.keyed.set()
        if self.refuses is not None:
            raise self.refuses
        if self.holds is not None:
            try:
                await self.holds.wait()
            finally:
                self.cut_off = not self.holds.is_set()
        self.said += 1


class Town:
    """An announcer with everything around it."""

    def __init__(self, **rules: float) -> None:
        self.now = NOON
        self.radios = {"town": Radio(), "market": Radio()}
        self.spoken: list[str] = []
        self.notes: list[tuple[str, str, Mapping[str, object]]] = []
        self.store_away = False
        self.voice_away = False
        self.announcer = Announcer(
            self.radios,
            self.speak,
            VoiceSettings(),
            trail=self,
            clock=lambda: self.now,
            rules=AnnouncerRules(**rules),  # type: ignore[arg-type]  # numbers all of them
            sleep=self.sleep,
        )

    async def speak(self, text: str) -> bytes:
        if self.voice_away:
            raise SpeakError("no voice is left")
        self.spoken.append(text)
        return tone(0.3)

    async def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    async def note(
        self, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, object] | None = None
    ) -> None:
        if self.store_away:
            raise StoreError("the database is away")
        self.notes.append((action, subject, detail or {}))

    def ask(self, text: str | bytes, by: str = "") -> None:
        self.announcer.heard(Heard(text.encode() if isinstance(text, str) else text, by))

    def reasons(self) -> list[str]:
        return [str(detail["reason"]) for _, _, detail in self.notes]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.announcer.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.005)


async def test_it_is_said_on_every_channel_after_a_word_that_tells_it_from_an_alert() -> None:
    town = Town()
    async with town.running():
        town.ask("  the north\ngate is shut ", by="Jo")
        await until(lambda: len(town.notes) == 2)
    assert town.spoken == [OPENING, "the north gate is shut"] * 2
    assert [(action, subject) for action, subject, _ in town.notes] == [
        ("announcement spoken", "radio town"),
        ("announcement spoken", "radio market"),
    ]
    assert town.notes[0][2] == {"by": "Jo", "text": "the north gate is shut", "reason": ""}


async def test_json_can_choose_a_channel_and_say_who_asks() -> None:
    town = Town()
    async with town.running():
        town.ask(json.dumps({"text": "the café is shut", "channel": "market", "by": "front desk"}))
        await until(lambda: town.notes)
    assert (town.radios["town"].said, town.radios["market"].said) == (0, 1)
    assert town.notes[0][2]["by"] == "front desk"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is nothing to say"),
        (" \x00\n ", "there is nothing to say"),
        ("x" * 301, "301 characters are too many; 300 are said"),
        (json.dumps({"text": "hello", "channel": "hill"}), "is called 'hill'; there is town, market"),
    ],
)
async def test_what_cannot_be_said_is_refused_and_noted(text: str, reason: str) -> None:
    town = Town()
    async with town.running():
        town.ask(text)
        await until(lambda: town.notes)
    ((action, _, detail),) = town.notes
    assert action == "announcement refused"
    assert reason in str(detail["reason"])
    assert town.spoken == []


async def test_a_crowd_is_refused() -> None:
    town = Town(waiting_max=2)
    for number in range(4):
        town.ask(f"number {number}")
    async with town.running():
        await until(lambda: len(town.notes) == 2 + 2 * 2)
    assert [text for text in town.spoken if text != OPENING] == ["number 0", "number 0", "number 1", "number 1"]
    assert town.reasons().count("2 are waiting already") == 2


async def test_a_call_for_help_cuts_it_off_and_keeps_the_air_free() -> None:
    town = Town()
    radio = town.radios["town"]
    radio.holds = asyncio.Event()
    async with town.running():
        town.ask(json.dumps({"text": "a long one", "channel": "town"}))
        await radio.keyed.wait()
        town.ask(json.dumps({"text": "the next", "channel": "market"}))
        town.announcer.emergency()
        await until(lambda: len(town.notes) == 2)
        assert radio.cut_off
        assert town.reasons() == ["cut off: somebody called for help", ""]
        assert town.now - NOON >= timedelta(seconds=45), "the next one waited on every channel"


async def test_what_would_be_said_too_late_is_dropped() -> None:
    town = Town(quiet_s=90.0)
    async with town.running():
        town.announcer.emergency()
        town.ask(json.dumps({"text": "the gate", "channel": "town"}))
        await until(lambda: town.notes)
        assert town.reasons() == ["somebody called for help; dropped"]
        town.now += timedelta(seconds=90)
        town.ask(json.dumps({"text": "the gate", "channel": "town"}))
        town.now += timedelta(seconds=60)
        await until(lambda: len(town.notes) == 2)
    assert town.reasons()[1] == "could not be said within 60 s; dropped"
    assert town.radios["town"].said == 0


async def test_a_radio_or_voice_that_refuses_is_noted_and_the_next_one_is_said() -> None:
    town = Town()
    town.radios["town"].refuses = VoiceRefused("somebody kept talking", retryable=True)
    async with town.running():
        town.ask("the gate")
        await until(lambda: len(town.notes) == 2)
        assert town.reasons() == ["somebody kept talking", ""]
        town.voice_away = True
        town.ask("the gate")
        await until(lambda: len(town.notes) == 4)
    assert town.reasons()[2:] == ["no voice is left"] * 2


async def test_it_is_said_even_when_the_trail_cannot_be_written() -> None:
    town = Town()
    town.store_away = True
    async with town.running():
        town.ask("the gate")
        await until(lambda: town.radios["market"].said)


async def test_a_stop_cuts_it_off() -> None:
    town = Town()
    radio = town.radios["town"]
    radio.holds = asyncio.Event()
    async with town.running():
        town.ask("the gate")
        await radio.keyed.wait()
    assert radio.cut_off


async def test_nobody_can_speak_where_no_radio_can() -> None:
    town = Town()
    town.announcer = Announcer({}, town.speak, VoiceSettings(), trail=town, clock=lambda: town.now)
    async with town.running():
        town.ask("the gate")
        await until(lambda: town.notes)
    assert town.reasons() == ["no radio channel can speak"]


@given(st.binary(max_size=400) | st.text(max_size=100).map(str.encode), st.text(max_size=80))
def test_any_payload_is_a_wish_or_a_refusal(payload: bytes, by: str) -> None:
    town = Town(waiting_max=1)
    for _ in range(3):
        town.announcer.heard(Heard(payload, by))
    assert len(town.announcer.waiting) <= 1
    for wanted in town.announcer.waiting:
        assert 0 < len(wanted.text) <= 300
        assert wanted.text.isprintable()
