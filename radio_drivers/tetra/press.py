"""Pressing talk: asking the network for the right to talk, and giving it back whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from radio_drivers.interface import ChannelBusy, LinkDown, NotSupported
from radio_drivers.tetra.dialogue import Ask
from radio_drivers.tetra.protocol import CallEnded, CallUp, Grant
from radio_drivers.tetra.settings import TetraSettings
from radio_drivers.tetra.talk import OTHERS, OURS, REFUSED, Talk

log = structlog.get_logger(__name__)


class Press:
    """The key of one link, by commands (`ptt = "pei"`).

    Args:
        channel: for the log.
        settings: group, call, time limits.
        ask: says a command.
        talk: knows the calls that run.
        selected_group: the group that the radio has selected, if it said so.
    """

    def __init__(
        self,
        channel: str,
        settings: TetraSettings,
        ask: Ask,
        talk: Talk,
        *,
        selected_group: Callable[[], str | None],
    ) -> None:
        self._channel = channel
        self._settings = settings
        self._ask = ask
        self._talk = talk
        self._selected_group = selected_group
        self._wanted = False
        self._call: int | None = None
        self._granted: asyncio.Future[int] | None = None
        self._taken = False

    @property
    def wanted(self) -> bool:
        """We asked to talk and haven't given that back."""
        return self._wanted

    @property
    def group(self) -> str | None:
        """The group that we call."""
        return self._settings.group or self._selected_group()

    def on_call(self, frame: Grant | CallUp | CallEnded) -> bool:
        """What the radio says of a call. True: it gives us the key and nobody wants it, so it must be released."""
        match frame:
            case Grant(call, grant):
                if grant == OURS:
                    if not self._wanted:
                        self._call = call
                        return True
                    self._call = call
                    self._settle(call)
                elif grant == REFUSED:
                    self._settle(ChannelBusy(f"{self._channel}: the network refused us the right to talk"))
                elif grant == OTHERS and self._call == call and self._granted is None and self._wanted:
                    self._lose("somebody of higher priority took the channel")
            case CallUp(call):
                if self._granted is not None and self._call is None:
                    self._call = call
            case CallEnded(call):
                if self._call == call:
                    self._settle(ChannelBusy(f"{self._channel}: the call ended before we could talk"))
                    if self._wanted:
                        self._lose("the network ended the call")
                    self._call = None
        return False

    async def press(self) -> None:
        """Ask for the right to talk; returns when we have it.

        Raises:
            ChannelBusy: refused, or nothing within `grant_s`.
            NotSupported: no group to call.
            LinkDown: the radio doesn't answer.
        """
        group = self.group
        if group is None:
            raise NotSupported(f"{self._channel}: no group to call; set tetra.group, or select one on the radio")
        # Before the command: a lost answer must still lead to a release.
        self._wanted, self._taken, self._call = True, False, None
        granted: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._granted = granted
        try:
            async with asyncio.timeout(self._settings.grant_s):
                await self._request(group)
                self._call = await granted
        except TimeoutError as error:
            raise ChannelBusy(
                f"{self._channel}: the network didn't let us talk within {self._settings.grant_s:g} s (tetra.grant_s)"
            ) from error
        finally:
            self._granted = None
            if granted.done() and not granted.cancelled():
                granted.exception()  # seen, even where a cancellation goes on instead of it

    async def _request(self, group: str) -> None:
        running = self._talk.call_to(group)
        if running is not None:
            self._call = running
            if (await self._ask(f"AT+CTXD={running},1")).ok:
                return
            self._call = None
        await self._ask(f"AT+CTSDC={self._settings.call_setup}")  # refused: then the radio's own idea of a call must do
        if not (await self._ask(f"ATD{group}")).ok:
            raise ChannelBusy(f"{self._channel}: the radio refused to call group {group}")

    async def release(self) -> None:
        """Give the right to talk back.

        Raises:
            LinkDown: the radio doesn't take it.
        """
        if not self._wanted:
            return
        if self._taken:
            self._wanted = False  # hanging up now would end the other's call
            return
        await self.give_back()
        self._wanted = False

    async def give_back(self) -> None:
        """Stop talking in our call, or hang up where there is no such call."""
        if self._call is not None and (await self._ask(f"AT+CUTXC={self._call}", first=True)).ok:
            return
        if not (await self._ask("ATH", first=True)).ok:
            raise LinkDown(f"{self._channel}: the radio refuses to release the key")
        if self._call is not None:
            self._talk.forget(self._call)

    def lost(self, reason: str) -> None:
        """The link has gone; whoever waits waits no longer."""
        self._settle(LinkDown(reason))

    def _settle(self, outcome: int | ChannelBusy | LinkDown) -> None:
        if self._granted is None or self._granted.done():
            return
        if isinstance(outcome, int):
            self._granted.set_result(outcome)
        else:
            self._granted.set_exception(outcome)

    def _lose(self, reason: str) -> None:
        if not self._taken:
            self._taken = True
            log.warning("the rest of our announcement was not heard", channel=self._channel, reason=reason)
