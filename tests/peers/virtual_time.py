"""An event loop whose clock jumps to the next timer whenever nothing else is to be done: minutes pass in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from typing_extensions import override

T = TypeVar("T")


class _Selector(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1_000.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise AssertionError("everybody waits for everybody: nothing can ever happen again")
        self.now_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """For tests without real sockets, files or threads."""

    def __init__(self) -> None:
        self._own_selector = _Selector()
        super().__init__(self._own_selector)

    @override
    def time(self) -> float:
        return self._own_selector.now_s


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on virtual time. Tasks left behind fail the test."""
    loop = VirtualTimeLoop()
    problems: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, problem: problems.append(problem))
    try:
        result = loop.run_until_complete(main)
        assert not problems, f"a callback failed: {problems}"
        left = asyncio.all_tasks(loop)
        assert not left, f"tasks left running: {left}"
        return result
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
