"""Finding out whether a radio answers on a port: at which speed, and in command mode or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import structlog

from radio_drivers.interface import LinkDown, RadioSettingsError
from radio_drivers.tait.messages import GET_MODEL, Model, read
from radio_drivers.tait.protocol import BadLine, Frame, Item
from radio_drivers.tait.settings import SPEEDS, TaitSettings
from radio_drivers.tait.transactions import Transactions

log = structlog.get_logger(__name__)

SETTLE_S = 0.2
"""After the first CR: what the radio says to a half-typed line, and noise, is over by then."""

PROBE_S = 0.5
"""For the answer of a radio that is there and runs at this speed."""

QUIET_S = 2.1
"""Nothing must be sent for 2 s before and after the escape characters."""

RESTART_S = 6.0
"""A TM8110 needs 5 to 6 s from power-up, or from leaving CCR mode, until it answers."""

LEAVE_CCR = b"^\r"


def speeds(settings: TaitSettings, found: int | None = None) -> tuple[int, ...]:
    """The speeds to try, in order.

    Args:
        settings: the port and perhaps its speed.
        found: where a radio answered before.
    """
    if settings.baud:
        return (settings.baud,)
    if settings.port is not None and settings.port.lower().startswith("socket:"):
        return SPEEDS[:1]  # whoever is at the other end of a plain socket sets the speed
    return tuple(dict.fromkeys(([found] if found else []) + list(SPEEDS)))


class Finder:
    """Looks for a radio in command mode on an open link.

    Args:
        write: sends bytes.
        transactions: of this link.
    """

    def __init__(self, write: Callable[[bytes], None], transactions: Transactions) -> None:
        self._write = write
        self.transactions = transactions
        self._ccr = False

    def take(self, item: Item) -> None:
        """Something was received. A radio in CCR mode refuses what it doesn't understand with a line that begins with `-`."""
        if isinstance(item, BadLine) and item.start.startswith((b"-", b"M01R")):
            self._ccr = True

    async def probe(self) -> Model | None:
        """Is a radio in command mode there, at this speed? One in CCR mode is brought back.

        Raises:
            LinkDown: the link ended.
        """
        await self.transactions.settle(SETTLE_S)
        model = await self._ask()
        if model is None and self._ccr:
            log.info("the radio is in CCR mode; bringing it back")
            self._write(LEAVE_CCR)
            await self.transactions.waiting.pause(RESTART_S)
            self._ccr = False
            await self.transactions.settle(SETTLE_S)
            model = await self._ask()
        return model

    async def probe_after_escape(self, escape: str) -> Model | None:
        """The same after the way out of transparent mode: silence, the escape character three times, silence.

        Raises:
            LinkDown: the link ended.
        """
        await self.transactions.waiting.pause(QUIET_S)
        self._write(3 * escape.encode())
        await self.transactions.waiting.pause(QUIET_S)
        return await self.probe()

    async def _ask(self) -> Model | None:
        def is_model(frame: Frame) -> bool:
            return isinstance(read(frame), Model)

        reply = await self.transactions.try_once(GET_MODEL, is_model, PROBE_S)
        message = read(reply) if reply is not None else None
        return message if isinstance(message, Model) else None


async def find(
    settings: TaitSettings,
    found: int | None,
    try_at: Callable[[int], Awaitable[Finder]],
) -> tuple[int, Model]:
    """Try the speeds, first plainly, then with the way out of transparent mode.

    Args:
        settings: the port.
        found: the speed at which a radio answered before.
        try_at: opens the link at a speed anew.

    Returns:
        The speed and what answered.

    Raises:
        RadioSettingsError, LinkDown: the port can't be opened, or nothing answers on it.
    """
    refused: dict[int, RadioSettingsError] = {}
    for escape in dict.fromkeys(("", settings.escape)):
        for baud in speeds(settings, found):
            if baud in refused:
                continue
            try:
                finder = await try_at(baud)
            except RadioSettingsError as error:  # some adapters can't do 14400 and 28800 bit/s
                refused[baud] = error
                continue
            model = await (finder.probe_after_escape(escape) if escape else finder.probe())
            if model is not None:
                return baud, model
    tried = [baud for baud in speeds(settings, found) if baud not in refused]
    if not tried:
        raise next(iter(refused.values()))
    reason = f"no Tait radio answers on port {settings.port!r} at {_listed(tried)} bit/s"
    if refused:
        reason += f" (the port can't do {_listed(refused)})"
    raise LinkDown(
        f"{reason}. Is it on, is the cable right, and is its data port programmed for command mode at that speed?"
    )


def _listed(speeds: Iterable[int]) -> str:
    return ", ".join(str(speed) for speed in speeds)
