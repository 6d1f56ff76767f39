"""Feeds systemd's watchdog, but only while the event loop and everything asked about answers.

A gateway whose loop hangs, or whose speech workers no longer answer though their pool should have replaced them, is
better restarted: what was recorded is on disk, and a restart works it off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from gateway.health import Health
from gateway.notify import Notifier

log = structlog.get_logger()

Check = Callable[[], Awaitable[str | None]]
"""Gives None when all is well, else what is wrong."""

FALLBACK_S = 10.0
"""Seconds between looks where no watchdog is set; the status line is kept up to date all the same."""
LAG_S = 1.0
"""The event loop answered this much late: something blocks it, which deserves a log line."""


class Watchdog:
    """Looks at the checks, keeps the status line, feeds systemd."""

    def __init__(
        self,
        notifier: Notifier,
        health: Health,
        checks: Mapping[str, Check],
        status: Callable[[], str],
        every_s: float | None = None,
    ) -> None:
        """Args: `checks` by the name of the part; `status` gives the activity; `every_s` overrides systemd's interval."""
        self._notifier = notifier
        self._health = health
        self._checks = checks
        self._status = status
        # A third of systemd's patience: two feeds may come late before it loses it. sd_watchdog_enabled(3) says half.
        self.every_s = every_s or (notifier.watchdog_s or FALLBACK_S * 3) / 3

    async def run(self) -> None:
        """Look again and again until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self.look()
            due = loop.time() + self.every_s
            await asyncio.sleep(self.every_s)
            if (late := loop.time() - due) > LAG_S:
                log.warning("the event loop was blocked", late_s=round(late, 2))

    async def look(self) -> bool:
        """Ask every check once, all at the same time; feed if all is well. Gives whether it was."""
        names = list(self._checks)
        answers = await asyncio.gather(*(self._ask(name) for name in names))
        for name, wrong in zip(names, answers, strict=True):
            if wrong is None:
                self._health.clear_fault(name)
            else:
                self._health.raise_fault(name, wrong)
        self._notifier.status(self._health.status_line(self._status()))
        well = all(wrong is None for wrong in answers)
        if well:
            self._notifier.alive()
        return well

    async def _ask(self, name: str) -> str | None:
        try:
            async with asyncio.timeout(self.every_s):
                return await self._checks[name]()
        except TimeoutError:
            return f"gave no answer within {self.every_s:g} s"
