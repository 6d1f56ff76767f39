"""Manners on the channel, on a clock that only moves when everybody waits."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radio_drivers.interface import (
    ChannelBusy,
    KeyingRules,
    LinkDown,
    RadioEvent,
    TransmitEnded,
    TransmitStarted,
    TransmitTimeout,
)
from radio_drivers.keying import KeyDropped, Keying

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULES = KeyingRules(lead_in_s=0.3, tail_s=0.1, clear_for_s=0.4, busy_wait_s=20.0, time_out_s=30.0)
SECOND = bytes(32_000)
KEY_S = 0.05


class FakeTime:
    """Sleepers wake in order; time jumps to the next one once nothing else can run."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def clock(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.seconds + seconds, self._count, wake))
        await wake

    def at(self, seconds: float, call: Callable[[], object]) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        wake.add_done_callback(lambda _: call())
        self._count += 1
        heapq.heappush(self._sleepers, (seconds, self._count, wake))

    async def until_done(self, *tasks: asyncio.Task[None]) -> None:
        while not all(task.done() for task in tasks):
            for _ in range(30):
                await asyncio.sleep(0)
            if self._sleepers and not all(task.done() for task in tasks):
                self.seconds, _, wake = heapq.heappop(self._sleepers)
                if not wake.done():
                    wake.set_result(None)


class FakePort:
    """A base station that takes 50 ms for a key command and plays in real (fake) time."""

    def __init__(self, time: FakeTime) -> None:
        self.time = time
        self.on = False
        self.said: list[tuple[float, str]] = []
        self.unkeys_lost = 0
        self.deaf = False
        self.fails: str | None = None

    async def key(self, on: bool) -> None:
        if not on and self.unkeys_lost:
            self.unkeys_lost -= 1
            raise LinkDown("shops: no answer to unkey")
        if on:
            self.on = True  # in force at once; the answer comes later
        await self.time.sleep(10_000 if self.deaf else KEY_S)
        self.on = on
        self.said.append((round(self.time.seconds, 3), "key" if on else "unkey"))
        if on and self.fails == "key":
            raise LinkDown("shops: the answer to key was lost")

    async def play(self, pcm: bytes) -> None:
        self.said.append((round(self.time.seconds, 3), "play"))
        if self.fails == "play":
            raise LinkDown("shops: sound device gone")
        await self.time.sleep(len(pcm) / 32_000)
        self.said.append((round(self.time.seconds, 3), "played"))


class Scene:
    """Fake time, fake base station, and the keying between them."""

    def __init__(self, rules: KeyingRules = RULES) -> None:
        self.time = FakeTime()
        self.port = FakePort(self.time)
        self.busy = False
        self.quiet_since: float | None = None
        self.events: list[RadioEvent] = []
        self.keying = Keying(
            "shops",
            rules,
            self.port,
            busy=lambda: self.busy,
            put=self.events.append,
            quiet_since=lambda: self.quiet_since,
            now=self.time.now,
            clock=self.time.clock,
            sleep=self.time.sleep,
        )

    def hear(self, busy: bool) -> None:
        self.busy = busy

    def start(self, pcm: bytes = SECOND) -> asyncio.Task[None]:
        return asyncio.create_task(self.keying.transmit(pcm))

    async def transmit(self, pcm: bytes = SECOND) -> None:
        task = self.start(pcm)
        await self.time.until_done(task)
        await task

    def assert_let_go(self) -> None:
        assert not self.port.on
        assert not self.keying.keyed
        assert not self.keying.transmitting
        kinds = [type(event) for event in self.events]
        assert kinds == [TransmitStarted, TransmitEnded] * (len(kinds) // 2)


async def test_clear_wait_key_lead_in_play_tail_unkey_in_that_order() -> None:
    scene = Scene()
    await scene.transmit()
    assert scene.port.said == [(0.45, "key"), (0.75, "play"), (1.75, "played"), (1.9, "unkey")]
    scene.assert_let_go()
    started, ended = scene.events
    assert isinstance(started, TransmitStarted)
    assert started.at == T0 + timedelta(seconds=0.4), "told before the key goes down"
    assert isinstance(ended, TransmitEnded)
    assert ended.at == T0 + timedelta(seconds=1.9), "told after the key is up"


async def test_a_channel_known_to_be_quiet_needs_no_wait() -> None:
    scene = Scene()
    scene.quiet_since = -5.0
    await scene.transmit()
    assert scene.port.said[0] == (KEY_S, "key")


async def test_a_busy_channel_is_waited_for_and_must_stay_clear() -> None:
    scene = Scene()
    scene.busy = True
    scene.quiet_since = -5.0
    scene.time.at(2.0, lambda: scene.hear(busy=False))
    scene.time.at(2.3, lambda: scene.hear(busy=True))  # a reply: not clear for long enough
    scene.time.at(3.0, lambda: scene.hear(busy=False))
    await scene.transmit()
    assert scene.port.said[0][1] == "key"
    assert 3.4 <= scene.port.said[0][0] <= 3.4 + KEY_S + 0.04


async def test_a_channel_that_stays_busy_is_given_up_without_touching_the_key() -> None:
    scene = Scene()
    scene.busy = True
    with pytest.raises(ChannelBusy, match="shops: somebody kept talking for 20 s"):
        await scene.transmit()
    assert scene.port.said == []
    assert scene.events == []
    assert scene.time.seconds == pytest.approx(20.0, abs=0.05)


async def test_two_transmissions_follow_each_other_with_a_gap_for_others() -> None:
    scene = Scene()
    scene.quiet_since = -5.0
    first, second = scene.start(), scene.start()
    await scene.time.until_done(first, second)
    assert [what for _, what in scene.port.said] == ["key", "play", "played", "unkey"] * 2
    released, keyed_again = scene.port.said[3][0], scene.port.said[4][0]
    assert keyed_again - KEY_S - released == pytest.approx(RULES.clear_for_s, abs=0.03)
    scene.assert_let_go()
    assert len(scene.events) == 4


async def test_the_time_out_timer_drops_the_key_in_the_middle_of_the_audio() -> None:
    scene = Scene(KeyingRules(time_out_s=3.0))
    with pytest.raises(TransmitTimeout, match="3 s"):
        await scene.transmit(SECOND * 60)
    scene.assert_let_go()
    unkeyed_at = next(at for at, what in scene.port.said if what == "unkey")
    assert unkeyed_at == pytest.approx(0.4 + 3.0 + KEY_S)
    assert "played" not in [what for _, what in scene.port.said]


async def test_the_timer_also_ends_a_key_command_that_never_returns() -> None:
    scene = Scene(KeyingRules(time_out_s=3.0))
    scene.port.deaf = True
    scene.time.at(2.0, lambda: setattr(scene.port, "deaf", False))
    with pytest.raises(TransmitTimeout):
        await scene.transmit()
    scene.assert_let_go()


@pytest.mark.parametrize("step", ["key", "play"])
async def test_a_link_that_fails_while_keyed_still_gets_the_unkey(step: str) -> None:
    scene = Scene()
    scene.port.fails = step
    with pytest.raises(LinkDown):
        await scene.transmit()
    assert scene.port.said[-1][1] == "unkey"
    scene.assert_let_go()


async def test_an_unkey_that_got_lost_is_sent_again() -> None:
    scene = Scene()
    scene.port.unkeys_lost = 1
    await scene.transmit()
    scene.assert_let_go()


async def test_an_unkey_that_cannot_be_sent_is_remembered_and_reception_goes_on() -> None:
    scene = Scene()
    scene.port.unkeys_lost = 99
    await scene.transmit()
    assert scene.keying.keyed, "the driver must release after it has reconnected"
    assert not scene.keying.transmitting
    assert isinstance(scene.events[-1], TransmitEnded)
    scene.port.unkeys_lost = 0
    drop = asyncio.create_task(scene.keying.drop())
    await scene.time.until_done(drop)
    scene.assert_let_go()


async def test_an_unkey_without_answer_does_not_hang() -> None:
    scene = Scene()
    scene.time.at(1.0, lambda: setattr(scene.port, "deaf", True))
    await scene.transmit()
    assert scene.keying.keyed
    assert not scene.keying.transmitting


@pytest.mark.parametrize(
    ("step", "at"),
    [("waiting", 0.2), ("key command", 0.42), ("lead-in", 0.6), ("playing", 1.2), ("tail", 1.8), ("unkeying", 1.87)],
)
@pytest.mark.parametrize("times", [1, 3])
async def test_cancelled_anywhere_the_key_is_up_and_the_cancellation_goes_on(step: str, at: float, times: int) -> None:
    scene = Scene()
    task = scene.start()
    for count in range(times):
        scene.time.at(at + count * 0.001, task.cancel)
    await scene.time.until_done(task)
    assert task.cancelled(), step
    scene.assert_let_go()
    await scene.transmit()  # and the turn was given back
    scene.assert_let_go()


@pytest.mark.parametrize("at", [0.42, 0.6, 1.2, 1.8])
async def test_drop_ends_the_transmission_that_holds_the_key(at: float) -> None:
    scene = Scene()
    task = scene.start()
    drops: list[asyncio.Task[None]] = []
    scene.time.at(at, lambda: drops.append(asyncio.ensure_future(scene.keying.drop())))
    await scene.time.until_done(task)
    await scene.time.until_done(*drops)
    with pytest.raises(KeyDropped):
        await task
    first_unkey = next(when for when, what in scene.port.said if what == "unkey")
    assert first_unkey == pytest.approx(at + KEY_S)
    scene.assert_let_go()


async def test_a_base_station_that_keys_late_though_it_was_called_off_is_unkeyed_again() -> None:
    scene = Scene()
    obey = scene.port.key

    async def late(on: bool) -> None:
        try:
            await obey(on)
        except asyncio.CancelledError:
            await scene.time.sleep(0.3)
            scene.port.on = on
            raise

    scene.port.key = late  # type: ignore[method-assign]  # a fake made worse
    task = scene.start()
    scene.time.at(0.42, task.cancel)
    await scene.time.until_done(task)
    assert scene.time.seconds > 0.72
    scene.assert_let_go()


async def test_drop_with_nothing_keyed_releases_once_and_never_raises() -> None:
    scene = Scene()
    scene.port.unkeys_lost = 99
    drop = asyncio.create_task(scene.keying.drop())
    await scene.time.until_done(drop)
    assert drop.exception() is None
    assert scene.events == []


@given(
    cancels=st.lists(st.floats(0, 2.5), max_size=4),
    drops=st.lists(st.floats(0, 2.5), max_size=2),
    busy=st.lists(st.tuples(st.floats(0, 2.5), st.booleans()), max_size=4),
    fails=st.sampled_from([None, "key", "play"]),
    unkeys_lost=st.integers(0, 1),
    time_out_s=st.sampled_from([0.2, 1.0, 30.0]),
)
def test_whatever_happens_the_key_ends_up_released(
    cancels: list[float],
    drops: list[float],
    busy: list[tuple[float, bool]],
    fails: str | None,
    unkeys_lost: int,
    time_out_s: float,
) -> None:
    async def scenario() -> None:
        scene = Scene(KeyingRules(time_out_s=time_out_s, busy_wait_s=5.0))
        scene.port.fails = fails
        scene.port.unkeys_lost = unkeys_lost
        task = scene.start()
        dropping: list[asyncio.Task[None]] = []
        for at in cancels:
            scene.time.at(at, task.cancel)
        for at in drops:
            scene.time.at(at, lambda: dropping.append(asyncio.ensure_future(scene.keying.drop())))
        for at, on in busy:
            scene.time.at(at, partial(scene.hear, busy=on))
        await scene.time.until_done(task)
        await scene.time.until_done(*dropping)
        if not task.cancelled():
            task.exception()
        scene.assert_let_go()

    asyncio.run(scenario())
