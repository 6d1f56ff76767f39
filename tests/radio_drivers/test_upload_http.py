"""The HTTP server against hostile and clumsy senders: slow, silent, many, cut off at every byte."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from radio_drivers.upload.answers import IMPORTED, Answer
from radio_drivers.upload.http import Aborted, HttpServer, Limits, Request

QUICK = Limits(head_s=0.3, idle_s=0.3, body_s=0.8, answer_s=0.3, drain_s=0.3, connections=8, connections_each=8)


class Desk:
    """Reads every body and remembers what came."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.bodies: list[bytes] = []
        self.aborted = 0
        self.reads = True

    async def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        if not self.reads:
            return Answer(413, "too large\n")
        body = bytearray()
        try:
            async for piece in request.body:
                body += piece
        except Aborted:
            self.aborted += 1
            raise
        self.bodies.append(bytes(body))
        return IMPORTED


@asynccontextmanager
async def serving(desk: Desk, limits: Limits = QUICK) -> AsyncIterator[tuple[HttpServer, int]]:
    server = HttpServer(desk, limits)
    async with server.listening("127.0.0.1", 0) as port:
        yield server, port


async def until(true: Callable[[], bool], within_s: float = 8.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def exchange(port: int, *pieces: bytes, eof: bool = False) -> bytes:
    """Everything that comes back until the server closes."""
    async with connected(port) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if eof:
            writer.write_eof()
        async with asyncio.timeout(8):
            return await reader.read()


HEAD = b"POST /api/call-upload?x=1 HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
ONE = HEAD + b"Content-Length: 5\r\n\r\nhello"
CLOSE = HEAD + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello"


async def test_a_request() -> None:
    desk = Desk()
    async with serving(desk) as (_, port):
        answer = await exchange(port, CLOSE)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\nCall imported successfully.\n")
    (request,) = desk.requests
    assert (request.method, request.path, request.length) == ("POST", "/api/call-upload", 5)
    assert request.content_types == ("multipart/form-data; boundary=b",)
    assert desk.bodies == [b"hello"]


async def test_a_chunked_request() -> None:
    desk = Desk()
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with serving(desk) as (_, port):
        answer = await exchange(port, chunked)
    assert answer.startswith(b"HTTP/1.1 200")
    assert desk.bodies == [b"abcde"]


async def test_one_connection_is_one_request_and_the_answer_says_so() -> None:
    desk = Desk()
    async with serving(desk) as (_, port):
        answer = await exchange(port, ONE + b"\r\n" + ONE)
    assert answer.count(b"HTTP/1.1 200") == 1
    assert b"connection: close\r\n" in answer.lower()
    assert desk.bodies == [b"hello"]


async def test_sdrtrunk_asks_for_http_2_and_sends_two_content_types() -> None:
    desk = Desk()
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\nContent-Type: audio/mpeg\r\n"
    async with serving(desk) as (_, port):
        answer = await exchange(port, HEAD + upgrade + b"Content-Length: 5\r\n\r\nhello", eof=True)
    assert answer.startswith(b"HTTP/1.1 200")
    assert desk.requests[0].content_types == ("multipart/form-data; boundary=b", "audio/mpeg")
    assert desk.bodies == [b"hello"]


async def test_whoever_waits_for_100_continue_gets_it_only_where_the_body_is_wanted() -> None:
    expects = HEAD + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    desk = Desk()
    async with serving(desk) as (_, port):
        async with connected(port) as (reader, writer), asyncio.timeout(5):
            writer.write(expects)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
            writer.write(b"hello")
            assert b" 200 " in await reader.read()
        desk.reads = False
        answer = await exchange(port, expects)
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "piece",
    [b"", b"POST /api", HEAD, b"GET / HTTP/1.1\r\nA: b\r\n"],
    ids=["nothing", "half a line", "half a head", "half a get"],
)
async def test_a_head_that_never_ends_is_cut_off(piece: bytes) -> None:
    desk = Desk()
    began = time.monotonic()
    async with serving(desk) as (server, port):
        assert await exchange(port, piece) == b""
        assert time.monotonic() - began < 5
        await until(lambda: server.connections == 0)
    assert desk.requests == []


async def test_a_head_that_drips_is_cut_off_though_something_always_comes() -> None:
    async with serving(Desk()) as (server, port), connected(port) as (reader, writer), asyncio.timeout(5):
        with suppress(ConnectionError):
            for sign in HEAD * 100:
                writer.write(bytes([sign]))
                await writer.drain()
                if reader.at_eof():
                    break
                await asyncio.sleep(0.02)
        await until(lambda: server.connections == 0)


async def test_a_body_that_stops_is_answered_408() -> None:
    desk = Desk()
    async with serving(desk) as (server, port):
        answer = await exchange(port, HEAD + b"Content-Length: 500\r\n\r\nhello")
        await until(lambda: server.connections == 0)
    assert answer.startswith(b"HTTP/1.1 408")
    assert desk.bodies == []


async def test_a_body_that_drips_ends_with_its_time() -> None:
    desk = Desk()
    async with serving(desk) as (_, port), connected(port) as (reader, writer), asyncio.timeout(8):
        writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
        reading = asyncio.create_task(reader.read())
        with suppress(ConnectionError):
            while not reading.done():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        assert (await reading).startswith(b"HTTP/1.1 408")
    assert desk.bodies == []


async def test_an_early_answer_arrives_although_the_sender_goes_on_sending() -> None:
    desk = Desk()
    desk.reads = False
    async with serving(desk) as (_, port):
        answer = await exchange(port, HEAD + b"Content-Length: 3000000\r\n\r\n", *[bytes(50_000)] * 60)
    assert answer.startswith(b"HTTP/1.1 413")
    assert answer.endswith(b"too large\n")


async def test_too_many_connections_are_turned_away_and_the_others_are_served() -> None:
    few = Limits(head_s=5.0, connections=3, connections_each=3)
    async with serving(Desk(), few) as (server, port), AsyncExitStack() as stack:
        held = [await stack.enter_async_context(connected(port)) for _ in range(3)]
        await until(lambda: server.connections == 3)
        assert (await exchange(port, CLOSE)).startswith(b"HTTP/1.1 503")
        held[0][1].close()
        await until(lambda: server.connections == 2)
        assert (await exchange(port, CLOSE)).startswith(b"HTTP/1.1 200")


async def test_one_address_can_not_take_all_connections() -> None:
    few = Limits(head_s=5.0, connections=50, connections_each=2)
    async with serving(Desk(), few) as (server, port), AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context(connected(port))
        await until(lambda: server.connections == 2)
        assert (await exchange(port, CLOSE)).startswith(b"HTTP/1.1 503")


async def test_an_upload_cut_off_at_every_byte_leaves_nothing_behind() -> None:
    desk = Desk()
    async with serving(desk) as (server, port):
        for length in range(len(CLOSE)):
            async with connected(port) as (_, writer):
                writer.write(CLOSE[:length])
        await until(lambda: server.connections == 0)
        assert desk.bodies == []
        assert (await exchange(port, CLOSE)).startswith(b"HTTP/1.1 200")


async def test_a_reset_in_the_middle_leaves_nothing_behind() -> None:
    desk = Desk()
    async with serving(desk) as (server, port):
        async with connected(port) as (_, writer):
            writer.write(HEAD + b"Content-Length: 500\r\n\r\nhello")
            await until(lambda: bool(desk.requests))
            writer.transport.abort()
        await until(lambda: server.connections == 0)
    assert desk.bodies == []


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 3,  # somebody tries TLS
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"POST /api/call-upload HTTP/1.1\r\n\r\n",  # no Host
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        b"POST /" + b"a" * 40_000 + b" HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_an_error_and_the_door(rubbish: bytes) -> None:
    desk = Desk()
    async with serving(desk) as (_, port):
        answer = await exchange(port, rubbish)
    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 431", b"HTTP/1.1 501", b""}
    assert desk.bodies == []


async def test_a_broken_chunk_is_answered_and_nothing_is_entered() -> None:
    desk = Desk()
    async with serving(desk) as (_, port):
        answer = await exchange(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\nXX\r\nabc\r\n")
    assert answer.startswith(b"HTTP/1.1 400")
    assert b"ioread" in answer
    assert desk.bodies == []


async def test_stopping_cuts_off_what_is_not_complete() -> None:
    desk = Desk()
    async with AsyncExitStack() as stack:
        async with serving(desk, Limits()) as (_, port):
            reader, writer = await stack.enter_async_context(connected(port))
            writer.write(HEAD + b"Content-Length: 500\r\n\r\nhello")
            await until(lambda: bool(desk.requests))
        async with asyncio.timeout(5):
            assert await reader.read() == b""
    assert desk.bodies == []


@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from([ONE, HEAD, b"\r\n\r\n"])), max_size=6))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_end_in_answers_or_the_door(pieces: list[bytes]) -> None:
    async def talk() -> bytes:
        async with serving(Desk(), Limits(head_s=0.05, idle_s=0.05, body_s=0.1, drain_s=0.05)) as (_, port):
            try:
                return await exchange(port, *pieces, eof=True)
            except ConnectionError:
                return b""

    answer = asyncio.run(talk())
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")


async def test_a_fault_of_ours_is_answered_and_the_server_goes_on() -> None:
    asked = 0

    async def stumble(_: Request) -> Answer:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise OSError("no space left")
        return IMPORTED

    server = HttpServer(stumble, QUICK)
    async with server.listening("127.0.0.1", 0) as port:
        with capture_logs() as logs:
            assert (await exchange(port, CLOSE)).startswith(b"HTTP/1.1 500")
        assert [entry["log_level"] for entry in logs] == ["error"]
        assert (await exchange(port, CLOSE)).startswith(b"HTTP/1.1 200")
