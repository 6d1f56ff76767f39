"""The desk by itself: uploads that break off at every byte, memory that is bounded, keys, and calls that wait their turn."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from structlog.testing import capture_logs

from radio_drivers.interface import RATE
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.upload import answers, desk, driver
from radio_drivers.upload.answers import BUSY, IMPORTED, Answer
from radio_drivers.upload.call import Call
from radio_drivers.upload.desk import Desk
from radio_drivers.upload.driver import UploadDriver
from radio_drivers.upload.http import Aborted, Request, TooSlow
from radio_drivers.upload.server import Servers
from radio_drivers.upload.settings import Source, UploadSettings

AT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
SOUND = b"RIFF" + bytes(200)
FORM = {"key": "6f1c2d8a-roof", "system": "1", "talkgroup": "9001", "dateTime": "1795280400"}


class Taker:
    """A channel that notes what it is given."""

    def __init__(self, channel: str = "town", **settings: object) -> None:
        self.channel = channel
        self.settings = UploadSettings(**{"key": SecretStr("roof 6f1c2d8a-roof"), **settings})  # type: ignore[arg-type]
        self.calls: list[tuple[Call, Source]] = []

    async def take(self, call: Call, source: Source) -> Answer:
        self.calls.append((call, source))
        return IMPORTED


def body_of(audio: bytes = SOUND, **fields: str) -> bytes:
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in {**FORM, **fields}.items()
    ]
    head = b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n'
    return b"".join([head, audio, b"\r\n", *parts, b"--b--\r\n"])


def request_of(*pieces: bytes, ends: Exception | None = None, length: int | None = None) -> Request:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
            await asyncio.sleep(0)
        if ends is not None:
            raise ends

    return Request("POST", "/api/call-upload", ("multipart/form-data; boundary=b",), length, "192.0.2.7", body())


def desk_of(takers: Sequence[Taker]) -> Desk:
    made = Desk()
    for taker in takers:
        made.add(taker)
    return made


async def test_an_upload_that_breaks_off_at_any_byte_enters_nothing() -> None:
    taker, whole = Taker(), body_of()
    made = desk_of([taker])
    with capture_logs():
        for length in range(len(whole)):
            for ends in (Aborted("gone"), TooSlow("slow")):
                with pytest.raises(type(ends)):
                    await made.handle(request_of(whole[: length // 2], whole[length // 2 : length], ends=ends))
        # A body that ends too early is a broken form (all but its last line end must be there).
        for length in range(len(whole) - 2):
            assert (await made.handle(request_of(whole[:length]))).status == 417
    assert taker.calls == []
    assert made.in_hand == 0
    assert await made.handle(request_of(whole)) == IMPORTED
    assert [source.name for _, source in taker.calls] == ["roof"]


async def test_unfinished_uploads_together_may_take_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "IN_HAND_MAX", 250_000)
    taker = Taker()
    made = desk_of([taker])
    piece = body_of(bytes(100_000))
    half, rest = piece[:60_000], piece[60_000:]
    with capture_logs():
        said = await asyncio.gather(*(made.handle(request_of(half, rest)) for _ in range(5)))
    assert BUSY in said
    assert said.count(IMPORTED) >= 2
    assert made.in_hand == 0
    assert await made.handle(request_of(piece)) == IMPORTED


async def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    made = desk_of([Taker(audio_max_mb=1.0)])
    with capture_logs():
        said = await made.handle(request_of(ends=AssertionError("it was read"), length=1_500_000))
    assert said == answers.too_large(1.0)


async def test_one_that_says_nothing_is_cut_off_when_it_is_too_large() -> None:
    made = desk_of([Taker(audio_max_mb=0.1)])
    with capture_logs():
        assert (await made.handle(request_of(body_of(bytes(150_000))))).status == 413
        assert (await made.handle(request_of(*[b"--b\r\nContent-Disposition: x"] * 40_000))).status in {413, 417}
    assert made.in_hand == 0


async def test_every_key_is_compared_whatever_the_first_says(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    real = hmac.compare_digest

    def compare(known: bytes, given_: bytes) -> bool:
        compared.append(known)
        return real(known, given_)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    keys = SecretStr("6f1c2d8a-roof\nanother-key-1\nanother-key-2")
    made = desk_of([Taker(key=keys), Taker("hill", key=keys, talkgroups=(7,))])
    counts = []
    with capture_logs():
        for key in ("6f1c2d8a-roof", "another-key-2", "wrong-key-1", ""):
            compared.clear()
            await made.handle(request_of(body_of(key=key)))
            counts.append(len(compared))
    assert counts == [6, 6, 6, 6]
    assert all(len(known) == 32 for known in compared)  # digests: equal length, whatever the key


@given(st.integers(1, 3), st.integers(1, 3), st.lists(st.integers(1, 3), max_size=2))
def test_a_call_goes_to_one_channel_the_one_that_names_it(system: int, talkgroup: int, patches: list[int]) -> None:
    takers = [
        Taker("rest"),
        Taker("system", systems=(1,)),
        Taker("group", talkgroups=(2,)),
        Taker("both", systems=(1,), talkgroups=(2,)),
    ]
    made = desk_of(takers)
    fields = {"system": str(system), "talkgroup": str(talkgroup), "patches": str(patches)}
    assert asyncio.run(made.handle(request_of(body_of(SOUND, **fields)))) == IMPORTED
    (got,) = [taker.channel for taker in takers if taker.calls]
    named = 2 in (talkgroup, *patches)
    expected = {(True, True): "both", (False, True): "group", (True, False): "system", (False, False): "rest"}
    assert got == expected[system == 1, named]


class Slow:
    """A ledger that stores nothing until it may."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def has(self, channel: str, at: datetime, seconds: float) -> bool:
        return False

    async def stored(self, channel: str, begins: tuple[datetime, ...], tell: object) -> bool:
        await self.go.wait()
        return True


def calls(number: int) -> list[Call]:
    return [Call(1, 9001, AT + timedelta(seconds=n), write_wav(bytes(2 * RATE), RATE)) for n in range(number)]


async def test_calls_that_wait_their_turn_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "WAITING_MAX", 3)

    slow = Slow()
    made = UploadDriver("town", UploadSettings(), Servers(), slow, now=lambda: AT + timedelta(minutes=1))
    with capture_logs():
        tasks = [asyncio.create_task(made.take(call, Source("roof", "k"))) for call in calls(5)]
        async with asyncio.timeout(10):
            while sum(task.done() for task in tasks) < 1:
                await asyncio.sleep(0.005)
        slow.go.set()
        said = await asyncio.gather(*tasks)
    assert said == [IMPORTED, IMPORTED, IMPORTED, IMPORTED, BUSY]


async def test_nobody_waits_long_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "TURN_S", 0.05)
    slow = Slow()
    made = UploadDriver("town", UploadSettings(), Servers(), slow, now=lambda: AT + timedelta(minutes=1))
    with capture_logs():
        first = asyncio.create_task(made.take(calls(1)[0], Source("roof", "k")))
        await asyncio.sleep(0)
        assert await made.take(calls(2)[1], Source("roof", "k")) == BUSY
        slow.go.set()
        assert await first == IMPORTED
        # It was put off, not entered: it may come again.
        assert await made.take(calls(2)[1], Source("roof", "k")) == IMPORTED
