"""One command at a time: prompts, late errors, silence, and commands whose asker has gone. On virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest

from radio_drivers.interface import LinkDown
from radio_drivers.tait import messages as m
from radio_drivers.tait.protocol import Frame, FrameReader
from radio_drivers.tait.transactions import NoAnswer, Refused, Transactions
from radio_drivers.tait.waiting import Waiting
from tests.peers import virtual_time
from tests.peers.tait import framed

STEP = Frame("f", "041")
NOT_NOW, NOT_READY, DAMAGED = framed("e", "006") + b".", framed("e", "005") + b".", framed("e", "002") + b"."
BUSY = framed("p", "05")


class Desk:
    """Transactions with a radio that answers by a list: after so many seconds, these bytes. One list for each command."""

    def __init__(self, *answers: list[tuple[float, bytes]], baud: int = 28_800) -> None:
        self.loop = asyncio.get_running_loop()
        self.answers = list(answers)
        self.written: list[tuple[float, bytes]] = []
        self.waiting = Waiting()
        self.waiting.begin()
        self.transactions = Transactions(self._write, self.waiting, self.loop.time, baud)
        self._reader = FrameReader()
        self._start = self.loop.time()

    @property
    def now(self) -> float:
        return self.loop.time() - self._start

    def _write(self, data: bytes) -> None:
        self.written.append((self.now, data))
        if data != b"\r" and self.answers:
            for after, answer in self.answers.pop(0):
                self.loop.call_later(after, self.say, answer)

    def say(self, data: bytes) -> None:
        for item in self._reader.feed(data):
            self.transactions.take(item)
            self.waiting.look()

    @property
    def commands(self) -> list[bytes]:
        return [data for _, data in self.written if data != b"\r"]


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    virtual_time.run(test())


def test_a_prompt_alone_is_acceptance_after_the_grace() -> None:
    async def test() -> None:
        desk = Desk([(0.014, b".")])
        assert await desk.transactions.tell(STEP) is None
        assert 0.11 < desk.now < 0.13

    run(test)


@pytest.mark.parametrize("late", [0.0, 0.005, 0.08])
def test_the_error_comes_after_the_prompt(late: float) -> None:
    async def test() -> None:
        desk = Desk([(0.014, b"."), (0.014 + late, NOT_NOW)])
        with pytest.raises(Refused) as refused:
            await desk.transactions.tell(STEP)
        assert refused.value.code == m.NOT_ACCEPTED
        assert refused.value.command == STEP
        assert desk.now < 0.1

    run(test)


def test_on_a_slow_line_the_error_may_be_slow() -> None:
    async def test() -> None:
        # 1200 bit/s: the error's nine characters take 75 ms, after the prompt that ends the command's 83 ms.
        desk = Desk([(0.1, b"."), (0.25, NOT_NOW)], baud=1_200)
        with pytest.raises(Refused):
            await desk.transactions.tell(STEP)

    run(test)


def test_a_message_that_shows_it_ends_the_waiting_at_once() -> None:
    async def test() -> None:
        desk = Desk([(0.014, b"."), (0.034, framed("p", "07") + b".")])
        reply = await desk.transactions.tell(m.KEY, lambda frame: frame == Frame("p", "07"))
        assert reply == Frame("p", "07")
        assert desk.now == pytest.approx(0.034)

    run(test)


def test_the_prompt_of_a_message_is_not_the_commands() -> None:
    async def test() -> None:
        # The channel becomes busy just as we write; the command itself is lost on the way.
        desk = Desk([(0.002, BUSY + b".")], [(0.014, b"."), (0.016, NOT_NOW)])
        with pytest.raises(Refused):
            await desk.transactions.tell(STEP)
        assert desk.commands == 2 * [STEP.to_bytes()]

    run(test)


def test_the_prompt_of_a_message_just_before_is_not_the_commands_either() -> None:
    async def test() -> None:
        desk = Desk([(0.001, b".")], [(0.014, b".")])
        desk.say(BUSY)
        await desk.transactions.tell(STEP)
        assert len(desk.commands) == 2

    run(test)


def test_a_radio_that_gives_messages_no_prompt_is_understood_all_the_same() -> None:
    async def test() -> None:
        desk = Desk([(0.002, BUSY), (0.014, b".")], [(0.014, b".")], [(0.014, b".")])
        await desk.transactions.tell(STEP)
        assert len(desk.commands) == 2, "asked again, as nothing was sure"
        await desk.transactions.tell(STEP)
        assert len(desk.commands) == 3

    run(test)


def test_a_command_that_must_not_be_said_twice_is_not() -> None:
    async def test() -> None:
        desk = Desk([(0.002, BUSY), (0.014, b".")], [])
        await desk.transactions.tell(STEP, repeat=False)
        with pytest.raises(NoAnswer):
            await desk.transactions.tell(STEP, repeat=False)
        assert len(desk.commands) == 2

    run(test)


def test_silence_is_answered_once_and_then_it_is_over() -> None:
    async def test() -> None:
        desk = Desk([], [(0.014, b".")], [], [])
        await desk.transactions.tell(STEP)
        assert [data for _, data in desk.written] == [STEP.to_bytes(), b"\r", STEP.to_bytes()]
        with pytest.raises(NoAnswer, match="f041"):
            await desk.transactions.tell(STEP)

    run(test)


@pytest.mark.parametrize("refusal", [NOT_READY, DAMAGED])
def test_not_ready_and_damaged_are_tried_again(refusal: bytes) -> None:
    async def test() -> None:
        no = [(0.014, b"." + refusal)]
        desk = Desk(no, no, [(0.014, b".")], no, no, no, no)
        await desk.transactions.tell(STEP, repeat=False)
        assert len(desk.commands) == 3
        with pytest.raises(Refused):
            await desk.transactions.tell(STEP)

    run(test)


def test_after_something_unreadable_nothing_is_sure() -> None:
    async def test() -> None:
        damaged = NOT_NOW.replace(b"6", b"7")
        desk = Desk([(0.014, b"."), (0.02, damaged)], [(0.014, b"."), (0.02, NOT_NOW)])
        with pytest.raises(Refused):
            await desk.transactions.tell(STEP)
        desk.answers = [[(0.014, b"."), (0.02, damaged)]] * 3
        await desk.transactions.tell(STEP)
        await desk.transactions.tell(STEP, repeat=False)
        assert len(desk.commands) == 2 + 2 + 1

    run(test)


def test_a_system_error_is_nobodys() -> None:
    async def test() -> None:
        desk = Desk([(0.002, framed("e", "101") + b"."), (0.014, b".")])
        await desk.transactions.tell(STEP)

    run(test)


def test_a_question_waits_for_its_answer_among_others() -> None:
    async def test() -> None:
        answer = framed("j", "063-1042")
        desk = Desk([(0.014, b"."), (0.02, BUSY + b"."), (0.03, answer + b".")], [(0.014, b"."), (0.015, NOT_NOW)])

        def is_strength(frame: Frame) -> bool:
            return frame.ident == "j"

        assert await desk.transactions.ask(m.GET_STRENGTH, is_strength) == Frame("j", "063-1042")
        assert desk.now == pytest.approx(0.03)
        with pytest.raises(Refused):
            await desk.transactions.ask(m.GET_STRENGTH, is_strength)
        with pytest.raises(NoAnswer):
            await desk.transactions.ask(m.GET_STRENGTH, is_strength)
        assert await desk.transactions.try_once(m.GET_STRENGTH, is_strength, 0.5) is None

    run(test)


def test_only_one_command_is_under_way() -> None:
    async def test() -> None:
        desk = Desk(*[[(0.014, b".")]] * 5)
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(desk.transactions.tell(STEP))
        times = [at for at, _ in desk.written]
        assert all(later - sooner > 0.1 for sooner, later in pairwise(times))

    run(test)


@pytest.mark.parametrize("cancel_after", [0.001, 0.02])
def test_the_late_error_of_a_cancelled_command_is_not_the_next_ones(cancel_after: float) -> None:
    async def test() -> None:
        desk = Desk([(0.014, b"."), (0.06, NOT_NOW)], [(0.014, b".")])
        asking = asyncio.create_task(desk.transactions.tell(m.KEY))
        await asyncio.sleep(cancel_after)
        asking.cancel()
        await asyncio.wait({asking})
        await desk.transactions.tell(m.UNKEY)
        assert desk.written[1][0] > 0.059, "not before the first was over"
        assert desk.now < 0.3

    run(test)


def test_a_cancelled_command_that_is_never_answered_holds_nothing_up() -> None:
    async def test() -> None:
        desk = Desk([], [(0.014, b".")])
        asking = asyncio.create_task(desk.transactions.tell(m.KEY))
        await asyncio.sleep(0.001)
        asking.cancel()
        await asyncio.wait({asking})
        await desk.transactions.tell(m.UNKEY)
        assert desk.written[1][0] < 0.25

    run(test)


def test_every_wait_ends_with_the_link() -> None:
    async def test() -> None:
        desk = Desk([], [])
        waits = [
            asyncio.create_task(desk.transactions.tell(STEP)),
            asyncio.create_task(desk.transactions.tell(STEP)),
            asyncio.create_task(desk.waiting.until(lambda: False)),
            asyncio.create_task(desk.waiting.pause(1_000)),
        ]
        await asyncio.sleep(0.5)
        desk.waiting.end("the plug was pulled")
        desk.waiting.end("and something else")
        for problem in await asyncio.gather(*waits, return_exceptions=True):
            assert isinstance(problem, LinkDown)
            assert str(problem) == "the plug was pulled"
        assert desk.now == pytest.approx(0.5)
        with pytest.raises(LinkDown):
            await desk.waiting.until(lambda: True)

    run(test)
