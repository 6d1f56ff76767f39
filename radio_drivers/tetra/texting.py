"""Messages that go out, and what becomes of them."""

from __future__ import annotations

import asyncio

import structlog

from radio_drivers.interface import LinkDown
from radio_drivers.tetra import sds
from radio_drivers.tetra.dialogue import Ask
from radio_drivers.tetra.protocol import SendReport
from radio_drivers.tetra.settings import TetraSettings

log = structlog.get_logger(__name__)

BITS_MAX = 1_184
"""Longest payload of a type 4 message that radios say they take (`AT+CMGS=?`)."""

SENT, FAILED = 4, 5
"""Status in `+CMGS`."""

SENT_S = 5.0
"""So long we wait for the radio to say that a message went out. One that never says it is not waited for again."""

SERVICES = ("AT+CTSDS=12,0,0,0,1", "AT+CTSDS=12,0,0,0,0")
"""Messages of type 4, to an individual's or group's short number. Radios differ in the last field (end-to-end encryption)."""

_PROTOCOLS = {"text": sds.TEXT, "immediate": sds.IMMEDIATE, "simple": sds.SIMPLE}


class Texting:
    """Messages of one link, one at a time.

    Args:
        settings: kind, limits, reports.
        ask: says a command.
    """

    def __init__(self, settings: TetraSettings, ask: Ask) -> None:
        self._settings = settings
        self._ask = ask
        self._turn = asyncio.Lock()
        self._selected = False
        self._reference = 0
        self._bits_max = BITS_MAX
        self._tells_sent = True
        self._sent: asyncio.Future[bool] | None = None
        self._delivered: dict[int, asyncio.Future[bool]] = {}

    @property
    def text_max(self) -> int:
        """Characters in one text, by the settings and by what the radio says it takes."""
        return max(1, min(self._settings.text_max, self._bits_max // 8 - 4))

    def limit(self, bits: int) -> None:
        """The radio said how much it takes."""
        if bits >= 64:
            self._bits_max = min(bits, BITS_MAX)

    def forget_service(self) -> None:
        """The radio restarted: the service has to be selected again."""
        self._selected = False

    async def text(self, text: str, to: str, *, report: bool) -> None:
        """Send a text; with `report`, wait for the delivery report.

        Raises:
            LinkDown: the radio or the network refused it, or it could not be delivered.
        """
        report = report and self._settings.text_as != "simple"
        self._reference = reference = self._reference % 255 + 1
        payload = sds.write_text(
            text,
            protocol=_PROTOCOLS[self._settings.text_as],
            reference=reference,
            report=report,
            most_bytes=self._bits_max // 8,
        )
        delivered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._delivered[reference] = delivered
        try:
            await self._send(to, payload, tell_sent=True)
            if report:
                await self._wait_delivered(to, delivered)
        finally:
            _seen(self._delivered.pop(reference, None))

    async def answer(self, to: str, payload: bytes) -> None:
        """Send a report or an acknowledgement; a radio that refuses it is not asked again.

        Raises:
            LinkDown: no answer to the command.
        """
        try:
            await self._send(to, payload, tell_sent=False)
        except Refused as error:
            log.info("the radio refused a delivery report", reason=str(error))

    def on_sent(self, report: SendReport) -> None:
        """`+CMGS` came."""
        if report.status in {SENT, FAILED} and self._sent is not None and not self._sent.done():
            self._sent.set_result(report.status == SENT)

    def lost(self, reason: str) -> None:
        """The link has gone; whoever waits waits no longer."""
        for waiting in (self._sent, *self._delivered.values()):
            if waiting is not None and not waiting.done():
                waiting.set_exception(LinkDown(reason))

    def on_report(self, report: sds.Report) -> None:
        """A delivery report came."""
        delivered = self._delivered.get(report.reference)
        if delivered is not None and not delivered.done() and report.delivered is not None:
            delivered.set_result(report.delivered)

    async def _send(self, to: str, payload: bytes, *, tell_sent: bool) -> None:
        async with self._turn:
            await self._select()
            self._sent = asyncio.get_running_loop().create_future()
            try:
                done = await self._ask(f"AT+CMGS={to},{8 * len(payload)}", payload=payload.hex().upper())
                if not done.ok:
                    raise Refused(f"the radio refused the message (error {done.error or 'without a number'})")
                if tell_sent and self._tells_sent and not await self._went_out(self._sent):
                    raise Refused("the network didn't take the message")
            finally:
                _seen(self._sent)
                self._sent = None

    async def _select(self) -> None:
        if self._selected:
            return
        for command in SERVICES:
            if (await self._ask(command)).ok:
                break
        self._selected = True  # refused by all: then there is nothing to select

    async def _went_out(self, sent: asyncio.Future[bool]) -> bool:
        try:
            async with asyncio.timeout(SENT_S):
                return await sent
        except TimeoutError:
            self._tells_sent = False
            return True

    async def _wait_delivered(self, to: str, delivered: asyncio.Future[bool]) -> None:
        try:
            async with asyncio.timeout(self._settings.report_s):
                arrived = await delivered
        except TimeoutError:
            log.info("no delivery report; the text counts as sent", to=to)
            return
        if not arrived:
            raise LinkDown(f"the text could not be delivered to {to}")


def _seen(future: asyncio.Future[bool] | None) -> None:
    """An error that nobody waited for any more is no news."""
    if future is not None and future.done() and not future.cancelled():
        future.exception()


class Refused(LinkDown):
    """Not taken this time; worth another try later, as with a link that is down."""
