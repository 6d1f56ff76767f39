"""Hearing while the guard still talks: used where it works, given up without harm where it does not."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway import listening_along
from gateway.listening_along import Along
from gateway.speech.transcript import SpeechError, Transcript


@dataclass
class Stream:
    """Says what it was fed. Implements `TranscriptStream`."""

    fed: list[bytes] = field(default_factory=list)
    abandoned: bool = False
    fails: bool = False
    gate: asyncio.Event | None = None

    async def feed(self, pcm: bytes) -> str:
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise SpeechError("the worker died")
        self.fed.append(pcm)
        return " ".join(part.decode() for part in self.fed)

    async def finish(self) -> Transcript:
        text = " ".join(part.decode() for part in self.fed)
        return Transcript(text, (), (), -0.1, 0.0, "stream", 0.0)

    async def abandon(self) -> None:
        self.abandoned = True


async def test_the_transcript_is_there_at_key_down_and_partial_texts_before() -> None:
    stream, partials = Stream(), []

    async def opened() -> Stream:
        return stream

    along = Along(opened, lambda channel, text: partials.append((channel, text)))
    along.start("town")
    for word in (b"he", b"is", b"back"):
        along.feed("town", word)
    task = along.finish("town")
    assert task is not None
    assert (await task).text == "he is back"
    assert partials == [("town", "he"), ("town", "he is"), ("town", "he is back")]


async def test_what_was_no_transmission_is_forgotten() -> None:
    stream = Stream()

    async def opened() -> Stream:
        return stream

    along = Along(opened)
    along.start("town")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    along.abandon("town")
    assert along.finish("town") is None
    for _ in range(5):
        await asyncio.sleep(0)
    assert stream.abandoned


async def test_a_stream_that_fails_says_so_to_whoever_waits() -> None:
    async def opened() -> Stream:
        return Stream(fails=True)

    along = Along(opened)
    along.start("town")
    along.feed("town", b"word")
    task = along.finish("town")
    assert task is not None
    with pytest.raises(SpeechError, match="the worker died"):
        await task


async def test_an_engine_that_can_not_listen_along_costs_nothing() -> None:
    async def opened() -> None:
        return None

    along = Along(opened)
    along.start("town")
    task = along.finish("town")
    assert task is not None
    with pytest.raises(SpeechError):
        await task


async def test_falling_behind_gives_up_instead_of_growing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening_along, "BEHIND_MAX", 3)
    stream = Stream(gate=asyncio.Event())

    async def opened() -> Stream:
        return stream

    along = Along(opened)
    along.start("town")
    await asyncio.sleep(0)
    for _ in range(10):
        along.feed("town", b"x")
    assert along.finish("town") is None
    for _ in range(5):
        await asyncio.sleep(0)
    assert stream.abandoned


async def test_two_channels_do_not_mix() -> None:
    streams = {"a": Stream(), "b": Stream()}
    order = iter(streams.values())

    async def opened() -> Stream:
        return next(order)

    along = Along(opened)
    for channel in streams:
        along.start(channel)
        await asyncio.sleep(0)
    along.feed("a", b"one")
    along.feed("b", b"two")
    first, second = along.finish("a"), along.finish("b")
    assert first is not None
    assert second is not None
    assert ((await first).text, (await second).text) == ("one", "two")
