"""Bringing the radio into a known state, and asking it to tell us of calls and messages. All but `AT` is optional."""

from __future__ import annotations

import structlog

from radio_drivers.tetra.dialogue import Ask, NoAnswer
from radio_drivers.tetra.settings import TetraSettings

log = structlog.get_logger(__name__)

REFRESH_S = 300.0
"""A radio that was switched off and on may not say so; the services are asked for again this often."""

VOICE = "0,0"
TEXTS = ("3,2", "3,9", "3,130", "3,137", "3,138")
"""Simple text, simple immediate text; text, immediate text, text with user data header by SDS-TL."""


class Services:
    """The radio's state as we want it, on one link.

    Args:
        channel: for the log.
        settings: what we need.
        ask: says a command.
    """

    def __init__(self, channel: str, settings: TetraSettings, ask: Ask) -> None:
        self._channel = channel
        self._settings = settings
        self._ask = ask
        self._echo_is_off = False
        self._echoed = False
        self._asked_at: float | None = None

    async def begin(self) -> None:
        """The radio's defaults, then as `again`. Only at first: a reset may end a call.

        Raises:
            LinkDown: the radio has gone.
        """
        await self._said("ATZ")
        await self.again()

    async def again(self) -> None:
        """No echo, Latin letters, and to be told of everything; what the radio refuses it does without.

        Raises:
            LinkDown: the radio has gone.
        """
        self._echo_is_off = False
        self._echo_is_off = await self._said("ATE0")
        self._echoed = False
        await self._said("AT+CSCS=8859-1")
        for question in ("AT+CTOM?", "AT+CNUMF?", "AT+CTGS?", "AT+CMGS=?"):
            await self._said(question)
        await self._register()

    async def _register(self) -> None:
        """Ask for calls, group changes, statuses and texts (`AT+CTSP`)."""
        voice = await self._profile(VOICE)
        await self._profile("1,11")
        status = await self._profile("2,20")
        texts = [await self._profile(service) for service in TEXTS]
        if self._settings.emergency_location:
            await self._profile("3,10")
        if not voice and self._settings.squelch == "pei":
            log.warning(
                'the radio refuses to tell of calls: nobody will be heard with squelch = "pei"; set tetra.squelch = "vox"',
                channel=self._channel,
            )
        if not (status or any(texts)):
            log.warning("the radio refuses to tell of statuses and texts", channel=self._channel)

    def echoed(self) -> bool:
        """It sent our own words back. True: it did not before, so it has been switched off and on."""
        self._echoed = self._echoed or self._echo_is_off
        return self._echoed

    def stale(self, now_s: float) -> bool:
        """The services have to be asked for again.

        Args:
            now_s: on a clock that never goes back.
        """
        if self._asked_at is None:
            self._asked_at = now_s
        if not self._echoed and now_s - self._asked_at < REFRESH_S:
            return False
        self._asked_at = now_s
        return True

    async def _profile(self, service: str) -> bool:
        for profile in (2, 1) if self._settings.share or service == VOICE else (1, 2):  # 2: radio and we, 1: only we
            if await self._said(f"AT+CTSP={profile},{service}"):
                return True
        return False

    async def _said(self, command: str) -> bool:
        try:
            return (await self._ask(command)).ok
        except NoAnswer:  # some radios are silent where others say ERROR
            return False
