"""Everything that makes the radio transmit: the key, a selective call before it, texts.

Function 9 keys the transmitter for as long as we like; the radio's own timer doesn't end it. So whatever can go wrong must end in
the key being let go of: `keyed` is true from before the command is written until its release was accepted, and `guard` lets go
when everybody else forgot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from radio_drivers.interface import ChannelBusy, LinkDown, NotSupported
from radio_drivers.tait.hearing import Hearing
from radio_drivers.tait.messages import DESTINATION, KEY, NOT_ACCEPTED, NOT_READY, UNKEY, Kind, Progress, dial, read
from radio_drivers.tait.messages import text_to as text_frame
from radio_drivers.tait.protocol import Frame
from radio_drivers.tait.settings import TaitSettings
from radio_drivers.tait.setup import Setup
from radio_drivers.tait.text import as_ascii
from radio_drivers.tait.transactions import NoAnswer, Refused, Transactions

log = structlog.get_logger(__name__)

OVER_S = 2.0
"""How much longer than `KeyingRules.time_out_s` the key may be down before the guard lets go: then the manners have failed."""

AGAIN_S = 1.0
"""The guard's pause before it tries once more."""

STOP_S = 0.5
"""The radio says so soon that it stopped transmitting."""

START_S = 2.0
"""A selective call or a text is on the air so soon after it was accepted ..."""

TEXT_S = 10.0
"""... and a text is over after this."""


class Talking:
    """One radio's transmitter.

    Args:
        setup: the radio, and how long the channel may be busy and the key down.
        transactions: of this link.
        hearing: what the radio says.
    """

    def __init__(self, setup: Setup, transactions: Transactions, hearing: Hearing) -> None:
        self._settings = setup.settings
        self._rules = setup.rules
        self._clock = setup.clock
        self._transactions = transactions
        self._waiting = transactions.waiting
        self._hearing = hearing
        self._text_turn = asyncio.Lock()
        self._keyed_at: float | None = None
        self._release_failed = False
        """A release was tried and not accepted; the guard goes on trying."""
        self._sending_text = False

    @property
    def keyed(self) -> bool:
        """We pressed the key, or tried to, and the radio hasn't yet accepted the release."""
        return self._keyed_at is not None

    def _stopped(self) -> None:
        """The radio must have stopped transmitting; the message about it was lost."""
        self._hearing.not_transmitting()
        self._waiting.look()

    def _set_keyed_at(self, at_s: float | None) -> None:
        self._keyed_at = at_s
        self._release_failed = False
        self._waiting.look()

    def _set_release_failed(self) -> None:
        self._release_failed = True
        self._waiting.look()

    async def press(self) -> None:
        """Send the selective call if there is one, then key the transmitter.

        Raises:
            ChannelBusy: the radio doesn't want to transmit now.
            LinkDown: it doesn't answer, or doesn't say that it transmits.
            NotSupported: it can't be keyed by command.
        """
        await self._waiting.until(lambda: not self._sending_text)
        if not await self._waiting.until(lambda: not self._hearing.transmitting, self._rules.busy_wait_s):
            raise ChannelBusy("somebody kept talking into the base station's own microphone")
        if self._settings.selcall:
            await self._call()
        before = self._hearing.inhibited
        self._set_keyed_at(self._clock())
        try:
            await self._transactions.tell(KEY, _is(Kind.PTT_ON, Kind.INHIBITED))
            confirm_s = self._settings.key_confirm_s
            if confirm_s:
                await self._waiting.until(
                    lambda: self._hearing.transmitting or self._hearing.inhibited > before, confirm_s
                )
        except Refused as error:
            await self._let_go()
            raise _explained(error) from error
        except NoAnswer:
            await self._let_go()
            raise
        if self._hearing.inhibited > before:
            await self._let_go()
            raise ChannelBusy("the radio refuses to transmit: its programming inhibits it just now")
        if self._settings.key_confirm_s and not self._hearing.transmitting:
            await self._let_go()
            raise LinkDown(
                f"the radio was told to transmit, but didn't say within {self._settings.key_confirm_s:g} s that it does "
                "(tait.key_confirm_s)"
            )

    async def release_first(self, *, may_be_keyed: bool) -> None:
        """Let go of whatever key is down as the link begins.

        Args:
            may_be_keyed: we pressed it, and the link went before it was let go of; then the guard insists.

        Raises:
            LinkDown.
        """
        try:
            await self._transactions.tell(UNKEY)
        except Refused as error:
            log.warning("the radio refuses to release its key as the link begins", reason=str(error))
            if may_be_keyed:
                self._hearing.transmitting = True
                self._set_keyed_at(self._clock())
                self._set_release_failed()

    async def release(self) -> None:
        """Let go of the key; also where we don't know of having pressed it.

        Raises:
            LinkDown: the radio didn't accept it.
        """
        pressed_at = self._keyed_at
        try:
            await self._transactions.tell(UNKEY, _is(Kind.PTT_OFF))
        except Refused as error:
            if self._hearing.transmitting:
                self._set_release_failed()
                raise LinkDown(f"the key could not be released: {error}") from error
            log.warning("the radio refuses to release a key that it doesn't hold", reason=str(error))
        except BaseException:  # the asker may have lost patience; the guard has not
            self._set_release_failed()
            raise
        if self._keyed_at != pressed_at:
            return  # pressed anew meanwhile: this was not the release of that
        self._set_keyed_at(None)
        if pressed_at is None or not self._hearing.transmitting:
            return
        if not await self._waiting.until(lambda: not self._hearing.transmitting, STOP_S):
            # Perhaps only the message was lost. Once more does no harm.
            log.warning("the radio didn't say that it stopped transmitting; telling it again")
            await self._transactions.tell(UNKEY, _is(Kind.PTT_OFF))
            self._stopped()

    async def guard(self) -> None:
        """Let go of a key that has been down for too long, or that could not be let go of. Runs until the link ends.

        Raises:
            LinkDown: the link ended, or the radio answers nothing any more.
        """
        most_s = self._rules.time_out_s + OVER_S
        while True:
            await self._waiting.until(lambda: self.keyed)
            since = self._keyed_at

            def over(since: float | None = since) -> bool:
                return self._keyed_at != since

            await self._waiting.until(lambda: over() or self._release_failed, self._left_s(most_s))
            if over():
                continue
            log.error("the key is still down; letting go of it", seconds=self._clock() - (since or 0.0))
            await self._let_go(silent=False)
            await self._waiting.pause(AGAIN_S)

    def _left_s(self, most_s: float) -> float:
        return max(0.0, self._keyed_at + most_s - self._clock()) if self._keyed_at is not None else 0.0

    async def send_text(self, text: str, to: str | None) -> None:
        """Send one message when the channel is clear.

        Args:
            text: of at most `TaitSettings.text_max` characters.
            to: unit, or fleet and unit; None: all.

        Raises:
            NotSupported: there are no texts, or the radio isn't programmed for them.
            ChannelBusy: somebody talked for too long, or the radio doesn't want to transmit now.
            LinkDown: no answer; it may have been sent.
        """
        frame, destination = text_command(self._settings, text, to)
        async with self._text_turn:
            await self._until_clear()
            self._sending_text = True
            try:
                await self._send(frame, destination)
            finally:
                self._sending_text = False
                self._waiting.look()

    async def _send(self, frame: Frame, destination: str) -> None:
        hearing = self._hearing
        before = hearing.inhibited
        hearing.text_receipt = None
        try:
            await self._transactions.tell(frame, _is(Kind.PTT_ON, Kind.INHIBITED), repeat=False)
        except Refused as error:
            raise _explained(error) from error
        if await self._waiting.until(lambda: hearing.transmitting or hearing.inhibited > before, START_S):
            await self._waiting.until(lambda: not hearing.transmitting, TEXT_S)
        if hearing.inhibited > before:
            raise ChannelBusy("the radio refuses to send the text: its programming inhibits transmission just now")
        if "*" in destination or not self._settings.text_receipt_s:
            return
        await self._waiting.until(lambda: hearing.text_receipt is not None, self._settings.text_receipt_s)
        if hearing.text_receipt:
            hearing.signalled("text acknowledged", to=destination)
        else:
            # A TM8110 that has itself acknowledged a text lately misses the acknowledgement of its own.
            hearing.signalled("text not acknowledged; it may have arrived all the same", to=destination)

    async def _until_clear(self) -> None:
        """Wait as `Keying` does, for our own voice as well."""
        rules, hearing = self._rules, self._hearing
        deadline = self._clock() + rules.busy_wait_s
        own_s = rules.time_out_s + OVER_S

        def taken() -> bool:
            return hearing.busy or hearing.transmitting or self.keyed

        while True:
            if self.keyed:
                if not await self._waiting.until(lambda: not self.keyed, own_s):
                    raise ChannelBusy("our own key is still down; the text was not sent")
                deadline = self._clock() + rules.busy_wait_s
            if not await self._waiting.until(lambda: not taken(), max(0.0, deadline - self._clock())):
                if self.keyed:
                    continue
                raise ChannelBusy(f"somebody kept talking for {rules.busy_wait_s:g} s; the text was not sent")
            if not await self._waiting.until(taken, rules.clear_for_s):
                return

    async def _call(self) -> None:
        hearing = self._hearing
        before = hearing.inhibited
        try:
            await self._transactions.tell(dial(self._settings.selcall), _is(Kind.PTT_ON, Kind.INHIBITED), repeat=False)
        except Refused as error:
            raise _explained(error) from error
        if await self._waiting.until(lambda: hearing.transmitting or hearing.inhibited > before, START_S):
            if hearing.inhibited > before:
                raise ChannelBusy("the radio refuses to send the selective call: it is inhibited just now")
            if not await self._waiting.until(lambda: not hearing.transmitting, self._settings.selcall_s):
                self._stopped()

    async def _let_go(self, *, silent: bool = True) -> None:
        """Release as well as can be; `keyed` tells whether it worked.

        Args:
            silent: also where the radio doesn't answer; otherwise that is `NoAnswer`.
        """
        try:
            await self.release()
        except (LinkDown, Refused) as error:
            if isinstance(error, NoAnswer) and not silent:
                raise
            problem = str(error)
        else:
            return
        log.error("the key could not be released", problem=problem)


def text_command(settings: TaitSettings, text: str, to: str | None) -> tuple[Frame, str]:
    """The command that sends a text, and whom it is for.

    Raises:
        NotSupported: no texts go out, the text is too long, or nobody can have that id.
    """
    most = settings.text_max
    if most is None:
        raise NotSupported("this radio sends no texts: tait.text_to is not set")
    plain = as_ascii(text)
    if len(plain) > most:
        raise NotSupported(f"a text of {len(plain)} characters; one message has room for {most}")
    destination = settings.text_to if to is None else settings.text_to[: 8 - len(to)] + to
    if not DESTINATION.fullmatch(destination) or to == "":
        raise NotSupported(f"no radio can have the id {to!r}: give up to 8 letters and digits")
    lead_in_s = settings.text_lead_in_ms / 1000
    return text_frame(destination, plain, lead_in_s=lead_in_s, simple=settings.text_simple), destination


def _explained(error: Refused) -> ChannelBusy | NotSupported:
    if error.code == NOT_READY:
        return ChannelBusy(str(error))
    if error.code == NOT_ACCEPTED and error.command == KEY:
        return ChannelBusy(str(error))  # in emergency mode, for instance
    return NotSupported(f"{error}. Is it enabled in the radio's programming?")


def _is(*kinds: Kind) -> Callable[[Frame], bool]:
    def wanted(frame: Frame) -> bool:
        message = read(frame)
        return isinstance(message, Progress) and message.kind in kinds

    return wanted
