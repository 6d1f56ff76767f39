"""Servers that do what no server should: each a coroutine over raw bytes, on a loopback port of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.speech.wyoming.framing import Decoder, Event, encode

Mood = Callable[["Guest"], Awaitable[None]]

ASR_INFO = encode(Event("info", {"asr": [{"name": "rude", "installed": True, "models": [{"name": "m"}]}]}))
TTS_INFO = encode(Event("info", {"tts": [{"name": "rude", "installed": True, "voices": [{"name": "v"}]}]}))
CD = {"rate": 44_100, "width": 2, "channels": 2}


class Guest:
    """One connection, seen from the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = Decoder()
        self._events: list[Event] = []

    async def until(self, kind: str) -> Event:
        """Read up to an event of this type."""
        while True:
            while self._events:
                event = self._events.pop(0)
                if event.type == kind:
                    return event
            piece = await self._reader.read(65_536)
            if not piece:
                raise ConnectionResetError
            self._events += self._decoder.feed(piece)

    async def say(self, *parts: bytes | Event) -> None:
        """Send bytes, or events."""
        for part in parts:
            self._writer.write(encode(part) if isinstance(part, Event) else part)
        await self._writer.drain()

    async def gone(self) -> None:
        """Wait until the other end hung up."""
        while await self._reader.read(65_536):
            pass

    def reset(self) -> None:
        """Hang up so that the other end gets an error instead of an end."""
        self._writer.transport.abort()


@dataclass
class Rude:
    """A server in one mood, which may be changed."""

    mood: Mood
    url: str = ""
    guests: int = 0
    open: set[asyncio.Task[None]] = field(default_factory=set)


@asynccontextmanager
async def rude(mood: Mood) -> AsyncIterator[Rude]:
    """Serve in this mood."""
    made = Rude(mood)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        made.guests += 1
        made.open.add(task)
        try:
            await made.mood(Guest(reader, writer))
        except OSError:
            pass
        finally:
            made.open.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.url = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        left = list(made.open)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        await server.wait_closed()


async def silent(guest: Guest) -> None:
    await guest.gone()


async def slams(guest: Guest) -> None:
    """Hangs up at once."""


async def web(guest: Guest) -> None:
    await guest.say(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await guest.gone()


async def noise(guest: Guest) -> None:
    await guest.say(bytes(range(256)) * 16)
    await guest.gone()


async def half_an_info(guest: Guest) -> None:
    await guest.until("describe")
    await guest.say(ASR_INFO[:20])


async def other_trade(guest: Guest) -> None:
    """Speaks where one that hears is wanted, and the other way round."""
    await guest.say(Event("info", {"asr": [], "tts": [], "wake": [{"name": "w"}]}))
    await guest.gone()


async def endless_line(guest: Guest) -> None:
    while True:
        await guest.say(b"x" * 65_536)


async def endless_events(guest: Guest) -> None:
    while True:
        await guest.say(Event("zeal", {"n": "x" * 400_000}))


async def huge_promise(guest: Guest) -> None:
    await guest.say(b'{"type": "info", "data_length": 99999999999}\n')
    await guest.gone()


async def hangs_over_work(guest: Guest) -> None:
    await guest.until("describe")
    await guest.say(ASR_INFO)
    await guest.gone()


async def drips(guest: Guest) -> None:
    """One byte at a time, for ever in the middle of its answer."""
    await guest.until("describe")
    await guest.say(ASR_INFO)
    for byte in encode(Event("transcript", {"text": "x" * 2000})):
        await guest.say(bytes([byte]))
        await asyncio.sleep(0.02)


async def chatters(guest: Guest) -> None:
    """Always something to say, never a transcript."""
    await guest.until("describe")
    await guest.say(ASR_INFO)
    while True:
        await guest.say(Event("transcript-chunk", {"text": "er"}))
        await asyncio.sleep(0.01)


async def resets_in_mid_call(guest: Guest) -> None:
    await guest.until("describe")
    await guest.say(ASR_INFO)
    await guest.until("audio-chunk")
    guest.reset()


async def closes_before_the_answer(guest: Guest) -> None:
    await guest.until("describe")
    await guest.say(ASR_INFO)
    await guest.until("audio-stop")


async def never_reads_on(guest: Guest) -> None:
    """Takes the question and none of the audio."""
    await guest.until("describe")
    await guest.say(ASR_INFO)
    await asyncio.sleep(3600)


async def regrets(guest: Guest) -> None:
    await guest.until("describe")
    await guest.say(ASR_INFO, Event("error", {"text": "out of\x1b[31m memory", "code": "oom"}))
    await guest.gone()


async def says_nothing_with_many_fields(guest: Guest) -> None:
    await guest.until("describe")
    await guest.say(ASR_INFO)
    await guest.until("audio-stop")
    await guest.say(Event("transcript", {"text": ["not", "a", "text"], "language": 5}))
    await guest.gone()


def hears(text: str, info: bytes = ASR_INFO) -> Mood:
    """Well behaved: always this text, after some events that nobody asked for."""

    async def mood(guest: Guest) -> None:
        await guest.until("describe")
        await guest.say(Event("pong"), info)
        await guest.until("audio-stop")
        await guest.say(Event("transcript-start"), Event("transcript-chunk", {"text": text}), Event("transcript-stop"))
        await guest.say(Event("transcript", {"text": text}))
        await guest.gone()

    return mood


def speaks(*events: Event | bytes) -> Mood:
    """Answers a text with these."""

    async def mood(guest: Guest) -> None:
        await guest.until("describe")
        await guest.say(TTS_INFO)
        await guest.until("synthesize")
        await guest.say(*events)
        await guest.gone()

    return mood
