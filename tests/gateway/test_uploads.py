"""Uploaded calls through the real recorder, recordings and store: "imported" means on disk, and a restart knows them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dispatch.store.errors import StoreUnavailable
from dispatch.store.store import Store, open_store
from gateway.health import Health
from gateway.recorder import ChannelRecorder, Finished, RecorderRules
from gateway.recordings import Recordings
from gateway.uploads import UploadLedger
from radio_drivers.interface import RATE, EmergencyPressed, LinkRestored, Signalled
from radio_drivers.mqtt.wav import write_wav
from radio_drivers.upload.answers import DUPLICATE, IMPORTED, NOT_STORED
from radio_drivers.upload.call import Call, Talker
from radio_drivers.upload.driver import UploadDriver
from radio_drivers.upload.server import Servers
from radio_drivers.upload.settings import Source, UploadSettings

AT = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
ROOF = Source("roof", "key")


def now() -> datetime:
    return AT + timedelta(seconds=30)


def there() -> asyncio.Event:
    recovered = asyncio.Event()
    recovered.set()
    return recovered


def call(seconds: float, *talkers: Talker, after_s: float = 0.0) -> Call:
    return Call(
        1, 9001, AT + timedelta(seconds=after_s), write_wav(bytes(int(seconds * RATE) * 2), RATE), talkers=talkers
    )


class Daemon:
    """The few lines of `gateway.daemon` between a driver and the disk."""

    def __init__(self, folder: Path, store: Store, ledger: UploadLedger, *, max_s: float = 120.0) -> None:
        self.ledger = ledger
        self.recorder = ChannelRecorder("town", RecorderRules(max_s=max_s))
        self.recordings = Recordings(folder, store.transmissions, Health())
        self.driver = UploadDriver("town", UploadSettings(), Servers(), ledger, now=now)
        self.emergencies = 0

    async def listen(self) -> None:
        async for event in self.driver.events():
            self.emergencies += isinstance(event, EmergencyPressed)
            assert not isinstance(event, LinkRestored)
            for outcome in self.recorder.feed(event):
                self.ledger.recorder(outcome)
                if isinstance(outcome, Finished):
                    for kept in await self.recordings.keep(outcome.take):
                        self.ledger.kept(kept)


@asynccontextmanager
async def daemon(folder: Path, *, within_s: float = 5.0, max_s: float = 120.0) -> AsyncIterator[tuple[Daemon, Store]]:
    async with open_store(f"sqlite+aiosqlite:///{folder / 'db'}") as store:
        ledger = UploadLedger(within_s)
        ledger.open(store.recorded, there())
        made = Daemon(folder / "audio", store, ledger, max_s=max_s)
        listening = asyncio.create_task(made.listen())
        try:
            yield made, store
        finally:
            listening.cancel()
            await asyncio.wait({listening})


async def kept(store: Store) -> list[tuple[datetime, float, str | None]]:
    rows = await store.transmissions.unfinished()
    return sorted((row.started_at, row.duration_s, row.unit) for row in rows)


async def test_imported_means_stored(tmp_path: Path) -> None:
    async with daemon(tmp_path) as (gateway, store):
        assert await gateway.driver.take(call(2.0, Talker(0.0, "12345")), ROOF) == IMPORTED
        assert await kept(store) == [(AT, 2.0, "12345")]


async def test_each_talker_is_stored_before_the_answer(tmp_path: Path) -> None:
    async with daemon(tmp_path) as (gateway, store):
        assert await gateway.driver.take(call(5.0, Talker(0.0, "1"), Talker(2.5, "2")), ROOF) == IMPORTED
        assert await kept(store) == [(AT, 2.5, "1"), (AT + timedelta(seconds=2.5), 2.5, "2")]


async def test_a_click_is_no_transmission_and_is_answered_at_once(tmp_path: Path) -> None:
    async with daemon(tmp_path, within_s=60.0) as (gateway, store):
        async with asyncio.timeout(20):
            assert await gateway.driver.take(call(0.1), ROOF) == IMPORTED
        assert await kept(store) == []


@pytest.mark.parametrize("max_s", [120.0, 2.0], ids=["whole", "cut at the maximum length"])
async def test_after_a_restart_what_was_stored_is_a_duplicate(tmp_path: Path, max_s: float) -> None:
    async with daemon(tmp_path, max_s=max_s) as (gateway, store):
        await gateway.driver.take(call(3.0), ROOF)
        before = await kept(store)
    async with daemon(tmp_path, max_s=max_s) as (gateway, store):
        assert await gateway.driver.take(call(3.0), ROOF) == DUPLICATE
        # Of the same second, and another call: recorders' times are whole seconds.
        if max_s > 100:
            assert await gateway.driver.take(call(1.0), ROOF) == IMPORTED
            assert await kept(store) == sorted([*before, (AT, 1.0, None)])
        assert await gateway.driver.take(call(3.0, after_s=10), ROOF) == IMPORTED


async def test_while_nothing_can_be_stored_the_recorder_is_asked_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with daemon(tmp_path, within_s=0.2) as (gateway, store):

        async def refuse(new: object) -> int:
            raise StoreUnavailable("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(store.transmissions, "record", refuse)
            assert await gateway.driver.take(call(2.0), ROOF) == NOT_STORED
        # It waits in memory; once there is room it is stored, once.
        assert await gateway.driver.take(call(2.0), ROOF) == DUPLICATE
        await gateway.recordings.retry()
        assert await kept(store) == [(AT, 2.0, None)]


async def test_a_store_that_can_not_be_asked_makes_no_duplicate(tmp_path: Path) -> None:
    class Away:
        async def has(self, channel: str, at: datetime, duration_s: float) -> bool:
            raise StoreUnavailable("gone")

    ledger = UploadLedger()
    assert not await ledger.has("town", AT, 1.0)
    ledger.open(Away(), there())
    assert not await ledger.has("town", AT, 1.0)


async def test_what_an_earlier_run_left_is_entered_before_anybody_asks_for_it() -> None:
    class Late:
        entered = False

        async def has(self, channel: str, at: datetime, duration_s: float) -> bool:
            return self.entered

    late, recovered = Late(), asyncio.Event()
    ledger = UploadLedger()
    ledger.open(late, recovered)
    asking = asyncio.create_task(ledger.has("town", AT, 1.0))
    await asyncio.sleep(0)
    late.entered = True
    recovered.set()
    assert await asking
    # And where that never ends, a call must not wait for ever.
    hasty = UploadLedger(0.05)
    hasty.open(late, asyncio.Event())
    assert not await hasty.has("town", AT, 1.0)


async def test_an_emergency_is_told_once_though_the_call_comes_twice(tmp_path: Path) -> None:
    async with daemon(tmp_path) as (gateway, _):
        cry = Call(1, 9001, AT, write_wav(bytes(2 * RATE), RATE), emergency=True)
        assert await gateway.driver.take(cry, ROOF) == IMPORTED
        assert await gateway.driver.take(cry, ROOF) == DUPLICATE
        assert gateway.emergencies == 1


async def test_of_an_encrypted_call_nothing_is_heard_but_its_emergency(tmp_path: Path) -> None:
    async with daemon(tmp_path) as (gateway, store):
        noise = Call(1, 9001, AT, write_wav(bytes(2 * RATE), RATE), encrypted=True)
        assert (await gateway.driver.take(noise, ROOF)).status == 415
        cry = Call(1, 9001, AT, write_wav(bytes(2 * RATE), RATE), emergency=True, encrypted=True)
        assert await gateway.driver.take(cry, ROOF) == IMPORTED
        assert await gateway.driver.take(cry, ROOF) == DUPLICATE
        async with asyncio.timeout(5):
            while not gateway.emergencies:
                await asyncio.sleep(0.005)
        assert gateway.emergencies == 1
        assert await kept(store) == []


def test_events_of_signalling_are_known_to_the_recorder() -> None:
    recorder = ChannelRecorder("town", RecorderRules())
    assert recorder.feed(Signalled("town", AT, "call upload", "talkgroup 9001")) == []
